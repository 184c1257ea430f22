"""`run` over more pictures than memory holds: one at a time, and their gradients added up.

dE/dF is a sum over pictures, so shares of it add up. Under torchrun each rank reads its share, and all_reduce adds.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import reduce
from operator import add
from typing import Any

import numpy as np

from gradcheck_cli.checks import of_a_run as checks
from gradcheck_cli.checks.of_a_run import RealData
from gradcheck_cli.model import Array, Loss, Power, Progress, RunOptions, Verdict, no_progress
from gradcheck_cli.model.errors import UsageError
from gradcheck_cli.model.files import is_array, is_picture
from gradcheck_cli.model.option import recorded
from gradcheck_cli.model.ranks import Ranks
from gradcheck_cli.model.sweep import SweepAnswer, SweepReport
from gradcheck_cli.numbers import exact
from gradcheck_cli.oracles import autograd
from gradcheck_cli.runs.environment import environment
from gradcheck_cli.runs.picture.answer import verdict_of
from gradcheck_cli.runs.picture.data import load_data
from gradcheck_cli.runs.picture.judged import judged_code
from gradcheck_cli.runs.picture.layer import run_layer, set_up
from gradcheck_cli.runs.picture.under_test import UnderTest
from gradcheck_cli.runs.reproduce import sweep_run_command
from gradcheck_cli.runs.sweep.collective import gathered, group, summed
from gradcheck_cli.runs.sweep.merge import VERDICTS, exit_code_of_some
from gradcheck_cli.runs.sweep.shares import PictureSums, data_parallel

# Of one process: as if two shared the pictures.
AS_IF = 2


@dataclass(frozen=True, eq=False)
class AddedUp:
    """What came of each picture, and of all of them.

    Attributes:
        answers: one for each picture, in their order.
        sums: over all pictures, on every rank the same.
        shares: those of each rank; of one process, those of two that would share the pictures.
        is_exact: the code under test is exact on whole numbers.
    """

    answers: tuple[SweepAnswer, ...]
    sums: PictureSums
    shares: tuple[PictureSums, ...]
    is_exact: bool


def sweep_run(options: RunOptions, progress: Progress = no_progress) -> SweepReport:
    """Judge the code on every picture by itself, and on the sum over all of them.

    Raises:
        UsageError: a folder without pictures, or code that gives no grad_weight.
        ImageError: a picture cannot be read.
    """
    found = added_up(options, progress)
    answers = (*found.answers, _of_sum(options, found))
    exit_code = exit_code_of_some(answers, len(answers))
    return SweepReport(
        verdict=VERDICTS[exit_code],
        exit_code=exit_code,
        environment=environment(),
        reproduce=sweep_run_command(options),
        timings={},
        questions=len(answers),
        shard="",
        options=recorded(options),
        answers=answers,
        answer=data_parallel(found.shares, Loss(options.loss, options.reduction)),
    )


def added_up(options: RunOptions, progress: Progress = no_progress) -> AddedUp:
    """Every picture asked, by whichever rank, and the sums.

    Raises:
        UsageError: a folder without pictures, or code that gives no grad_weight.
        ImageError: a picture cannot be read.
    """
    names, ranks = pictures_in(options.images), Ranks.of()
    shares: list[list[PictureSums]] = [[] for _ in range(max(ranks.count, AS_IF))]
    answers: list[SweepAnswer] = []
    with judged_code(options) as code:
        for number, name in enumerate(names):
            if number % ranks.count == ranks.rank:
                progress(name, number / len(names))
                answer, sums = _of_picture(name, number, code, options)
                answers.append(answer)
                shares[number % len(shares)].append(sums)
        is_exact = code.judged.is_exact
    mine = [reduce(add, share) for share in shares if share]
    if ranks.count == 1:
        return AddedUp(tuple(answers), reduce(add, mine), tuple(mine), is_exact)
    with group() as distributed:
        of_all = sorted(gathered(distributed, answers), key=lambda answer: answer.number)
        sums = _all_reduced(distributed, mine)
        return AddedUp(tuple(of_all), sums, tuple(gathered(distributed, mine)), is_exact)


def pictures_in(names: Sequence[str]) -> tuple[str, ...]:
    """The pictures and arrays of folders, by name; every other name as it is.

    Raises:
        UsageError: a folder that holds none.
    """
    return tuple(file for name in names for file in (_of_folder(name) if os.path.isdir(name) else (name,)))


def _of_folder(folder: str) -> tuple[str, ...]:
    found = tuple(
        os.path.join(folder, name) for name in sorted(os.listdir(folder)) if is_picture(name) or is_array(name)
    )
    if not found:
        raise UsageError(f"{folder} holds no picture.", hint="a folder of .jpg, .png or .npy files")
    return found


def _of_picture(name: str, number: int, code: UnderTest, options: RunOptions) -> tuple[SweepAnswer, PictureSums]:
    """Both sides on one picture, as it is and on whole numbers."""
    alone = replace(options, images=(name,))
    surroundings = set_up(load_data(alone), alone)
    run = run_layer(surroundings, options.seed)
    judged, case = code.judged, run.case
    x, signs = surroundings.data.x, case.grad_output
    narrow = exact.narrow_case(case.spec, np.random.default_rng((options.seed, number)), x=x, signs=signs)
    whole, returned = judged.backward(narrow), autograd.backward(narrow, autograd.LayerSettings("float64"))
    found = checks.exact_checks(narrow, judged, whole, returned, "integers in float64")
    real = RealData(case, surroundings.settings.computed, judged.backward(case), run.autograd.gradients)
    found += checks.real_checks(real, judged, {check.gradient for check in found if check.verdict is Verdict.PASS})
    verdict = verdict_of(found, Power())
    wrong = next((f"{check.name} of grad_{check.gradient}" for check in found if check.verdict is verdict), "")
    message = "" if verdict is Verdict.PASS else f"{wrong}: {verdict}"
    answer = SweepAnswer(f"pictures/{name}", number, options.backward, name, options.seed, verdict, message=message)
    hand, theirs = real.hand.weight, run.grad_weight.astype(np.float64)
    if whole.weight is None or hand is None or returned.weight is None or hand.shape != theirs.shape:
        raise UsageError(
            f"{options.backward} gives no grad_weight of this layer, so there is no sum.",
            hint=f"gradcheck run --backward {options.backward} {name} says more",
        )
    largest = np.asarray(exact.certificate(narrow).weight, np.float64)
    allowed = checks.allowed_between(real, judged, "weight", theirs)
    return answer, PictureSums(whole.weight, returned.weight, largest, hand, theirs, allowed, np.abs(hand), np.ones(()))


def _all_reduced(distributed: Any, shares: list[PictureSums]) -> PictureSums:
    """The sums over all ranks; one without pictures adds zeros to each."""
    mine = reduce(add, shares) if shares else None
    shape = max(gathered(distributed, [mine.whole.shape] if mine else []))

    def parts() -> Iterator[Array]:
        for one in fields(PictureSums):
            is_number = one.name in ("largest", "pictures")
            yield summed(distributed, getattr(mine, one.name) if mine else np.zeros(() if is_number else shape))

    return PictureSums(*parts())


def _of_sum(options: RunOptions, found: AddedUp) -> SweepAnswer:
    """The sum over all pictures: on whole numbers bit for bit, on the pictures within what rounding allows."""
    sums, verdict, message = found.sums, Verdict.PASS, ""
    if found.is_exact and not sums.is_exact:
        verdict, message = Verdict.INCONCLUSIVE, "sums of whole numbers pass 2^53: not every order is exact"
    elif found.is_exact and not sums.agree_on_integers:
        verdict, message = Verdict.FAIL, "the sums on whole numbers differ"
    elif sums.largest_share > 1:
        verdict, message = Verdict.FAIL, f"the sums differ by {sums.largest_share:.3g} times what rounding allows"
    where, number = f"the sum of {sums.count} pictures", len(found.answers)
    return SweepAnswer("pictures/sum", number, options.backward, where, options.seed, verdict, message=message)
