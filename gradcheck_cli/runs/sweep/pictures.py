"""`run` over more pictures than memory holds: one at a time, and their gradients added up.

dE/dF is a sum over pictures, so shares of it add up. Under torchrun each rank reads its share, and all_reduce adds.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from hashlib import sha256
from typing import Any

import numpy as np

from gradcheck_cli.checks import of_a_run as checks
from gradcheck_cli.model import Array, Power, Progress, Verdict, no_progress
from gradcheck_cli.model.errors import GeometryError, ImageError, UnfitInputError
from gradcheck_cli.model.files import is_array
from gradcheck_cli.model.limits import BUILT_IN_BACKWARDS
from gradcheck_cli.model.option import recorded
from gradcheck_cli.model.options import RunOptions, SumOptions
from gradcheck_cli.model.ranks import Ranks
from gradcheck_cli.model.sweep import OF_PICTURES, SweepAnswer, SweepReport
from gradcheck_cli.numbers import exact
from gradcheck_cli.numbers.formats import largest_given
from gradcheck_cli.oracles import autograd
from gradcheck_cli.runs.environment import environment
from gradcheck_cli.runs.picture.answer import verdict_of
from gradcheck_cli.runs.picture.data import load_data
from gradcheck_cli.runs.picture.judged import judged_code
from gradcheck_cli.runs.picture.layer import run_layer, set_up
from gradcheck_cli.runs.picture.under_test import UnderTest
from gradcheck_cli.runs.plan import with_batch
from gradcheck_cli.runs.reproduce import sweep_run_command
from gradcheck_cli.runs.sweep.collective import gathered, group, summed, wait_for_the_others
from gradcheck_cli.runs.sweep.folder import pictures_in
from gradcheck_cli.runs.sweep.found import begun, begun_files, own_file
from gradcheck_cli.runs.sweep.kept import Head, Keeper
from gradcheck_cli.runs.sweep.kept_sums import AboutSums, KeptSums, merged, read_sums, write_sums
from gradcheck_cli.runs.sweep.pace import pace
from gradcheck_cli.runs.sweep.reports import report_on_pictures
from gradcheck_cli.runs.sweep.shard import Shard, shard_among
from gradcheck_cli.runs.sweep.shares import PictureSums
from gradcheck_cli.runs.sweep.versions import versions_of
from gradcheck_cli.targets import resolve

# Of one process: as if two shared the pictures.
AS_IF = 2


@dataclass(frozen=True, eq=False)
class AddedUp:
    """What came of each picture, and of all of them.

    Attributes:
        head: what was asked.
        answers: one for each picture, in their order.
        kept: the sums of each rank's pictures; of one process, those of two that would share them.
        sums: over all pictures, on every rank the same; None where there are none.
        shard: which part of the sweep this is, "" for all.
    """

    head: Head
    answers: tuple[SweepAnswer, ...]
    kept: KeptSums
    sums: PictureSums | None
    shard: str = ""


def sweep_run(options: SumOptions, progress: Progress = no_progress) -> SweepReport:
    """Judge the code on every picture by itself, and on the sum over all of them.

    Raises:
        UsageError: a folder without pictures, or a file that is of another sweep.
        ImageError: a picture that is not there.
    """
    found = added_up(options, progress)
    return report_on_pictures(found.head, found.answers, found.kept, found.sums, found.shard)


def added_up(options: SumOptions, progress: Progress = no_progress) -> AddedUp:
    """Every picture of this shard asked that is in no sum yet, and the sums; by ranks, those of all.

    Raises:
        UsageError, ImageError: as of `sweep_run`.
    """
    names, ranks = pictures_in(options.images), Ranks.of()
    shard, own = shard_among(options.shard, ranks), own_file(options.resume, ranks)
    mine = [number for number, name in enumerate(names) if _is_mine(number, name, shard, ranks)]
    head = _head(names, options)
    found = begun(options.resume, head)
    answers = found.answers
    sums_begun = {file: kept for file in begun_files(options.resume) if (kept := read_sums(file))}
    with judged_code(options) as code, Keeper(own, head) as keeper:
        parts = max(ranks.count, AS_IF)
        about = AboutSums(options.backward, options.seed, options.loss, options.reduction, parts, code.judged.is_exact)
        others = [KeptSums(about), *(kept for file, kept in sums_begun.items() if file != own)]
        kept = sums_begun.get(own, KeptSums(about))
        done = merged([*others, kept]).numbers | _that_failed(answers.values())
        todo = [number for number in mine if number not in done]
        for answer, sums in _announced(_of_pictures(todo, names, code, options), len(mine), len(todo), progress):
            keeper.keep(answer)
            answers[answer.id] = answer
            if sums is not None:
                kept = kept.with_picture(answer.number, sums)
                if own:
                    write_sums(own, kept)
            # After a call that gave nothing its process may be gone, and nothing is asked of it any more.
            if answer.verdict is Verdict.FAIL and (options.fail_fast or sums is None):
                break
    if ranks.count > 1:
        return _of_all_ranks(options, head, list(answers.values()), kept)
    whole = merged([*others, kept])
    asked = replace(found.head, questions=len(whole.numbers | set(mine)) + 1) if shard.text else found.head
    return AddedUp(asked, _in_sums(answers.values(), whole), whole, whole.total, shard.text)


def _is_mine(number: int, name: str, shard: Shard, ranks: Ranks) -> bool:
    """Ranks have equal shares, as far as that goes: those of data-parallel training."""
    return number % ranks.count == ranks.rank if ranks.count > 1 else shard.holds(_id(name))


def _id(name: str) -> str:
    return f"{OF_PICTURES}{name}"


def _head(names: Sequence[str], options: SumOptions) -> Head:
    """Of the sweep over all pictures; the layer and the data are the command's."""
    command = sweep_run_command(options)
    digest = sha256("\n".join([command, *map(_id, names)]).encode()).hexdigest()[:16]
    code = {} if options.backward in BUILT_IN_BACKWARDS else versions_of(resolve((options.backward,)))
    return Head(digest, len(names) + 1, command, recorded(options), environment(), code)


def _that_failed(answers: Iterable[SweepAnswer]) -> set[int]:
    """Numbers of pictures of which no grad_weight came back; what could not be read is asked again."""
    return {answer.number for answer in answers if answer.verdict is Verdict.FAIL and answer.adds_nothing}


def _in_sums(answers: Iterable[SweepAnswer], kept: KeptSums) -> tuple[SweepAnswer, ...]:
    found = (answer for answer in answers if kept.answers(answer))
    return tuple(sorted(found, key=lambda answer: answer.number))


def _of_all_ranks(options: SumOptions, head: Head, answers: list[SweepAnswer], mine: KeptSums) -> AddedUp:
    """What all ranks found: from their files where they keep any, else each tells the others."""
    if options.resume:
        wait_for_the_others()
        kept = merged(
            [KeptSums(mine.about), *(found for found in map(read_sums, begun_files(options.resume)) if found)]
        )
        found = begun(options.resume, head)
        return AddedUp(found.head, _in_sums(found.answers.values(), kept), kept, kept.total)
    with group() as distributed:
        sums = _all_reduced(distributed, mine.total)
        shares = dict(enumerate(gathered(distributed, list(mine.in_order))))
        kept = replace(mine, numbers=frozenset(gathered(distributed, list(mine.numbers))), shares=shares)
        return AddedUp(head, _in_sums(gathered(distributed, answers), kept), kept, sums)


def _of_pictures(
    numbers: Sequence[int], names: Sequence[str], code: UnderTest, options: SumOptions
) -> Iterator[tuple[SweepAnswer, PictureSums | None]]:
    for number in numbers:
        name = names[number]
        try:
            yield _of_picture(name, number, code, options)
        except (ImageError, GeometryError, UnfitInputError) as error:
            # One bad file of thousands must not end the sweep, and is no part of the sum.
            answer = SweepAnswer(_id(name), number, options.backward, name, options.seed, Verdict.ERROR)
            yield replace(answer, message=error.sentence), None


def _announced(
    found: Iterator[tuple[SweepAnswer, PictureSums | None]], pictures: int, left: int, progress: Progress
) -> Iterator[tuple[SweepAnswer, PictureSums | None]]:
    """With how fast it goes and how long it takes from here."""
    begun = time.perf_counter()
    for count, (answer, sums) in enumerate(found, start=1):
        progress(f"{answer.geometry}  {pace(begun, count, left)}", 1 - (left - count) / pictures)
        yield answer, sums


def _of_picture(name: str, number: int, code: UnderTest, options: SumOptions) -> tuple[SweepAnswer, PictureSums | None]:
    """Both sides on one picture, as it is and on whole numbers; no sums where no grad_weight comes back."""
    alone = with_batch(options.alone(name))
    surroundings = set_up(load_data(alone), alone)
    run = run_layer(surroundings, options.seed)
    judged, case = code.judged, run.case
    settings, rng = surroundings.settings, np.random.default_rng((options.seed, number))
    most = largest_given(settings.precision)
    narrow = exact.narrow_case(case.spec, rng, x=surroundings.data.x, signs=case.grad_output, most=most)
    whole, returned = judged.backward(narrow), autograd.backward(narrow, settings.for_integers)
    found = checks.exact_checks(narrow, judged, whole, returned, f"integers in {settings.for_integers.dtype}")
    begun = time.perf_counter()
    real = run.real(settings, judged.backward(case))
    seconds = round(time.perf_counter() - begun, 6)
    found += checks.real_checks(real, judged, {check.gradient for check in found if check.verdict is Verdict.PASS})
    verdict = verdict_of(found, Power())
    wrong = next((f"{check.name} of grad_{check.gradient}" for check in found if check.verdict is verdict), "")
    message = "" if verdict is Verdict.PASS else f"{wrong}: {verdict}"
    answer = SweepAnswer(_id(name), number, options.backward, name, options.seed, verdict, {}, message, seconds)
    hand, theirs = real.hand.weight, run.grad_weight.astype(np.float64)
    assert returned.weight is not None
    if whole.weight is None or hand is None or hand.shape != theirs.shape:
        said = f"no grad_weight of this layer came back: gradcheck run --backward {options.backward} {name} says more"
        return replace(answer, verdict=Verdict.FAIL, gradients={"weight": Verdict.MISSING}, message=said), None
    largest = np.asarray(exact.certificate(narrow).weight, np.float64)
    allowed = checks.allowed_between(real, judged, "weight", theirs)
    # Sums of whole numbers leave what float32 has.
    whole_autograd = returned.weight.astype(np.float64)
    sums = PictureSums(whole.weight, whole_autograd, largest, hand, theirs, allowed, np.abs(hand), np.ones(()))
    return answer, sums.of_samples(samples_of(name, alone), options.reduction)


def samples_of(name: str, alone: RunOptions) -> int:
    """How many of the training are in it: a picture is one, however many rows a layer reads of it."""
    return alone.held or 1 if is_array(name) else 1


def _all_reduced(distributed: Any, mine: PictureSums | None) -> PictureSums:
    """The sums over all ranks; one without pictures adds zeros to each."""
    shape = max(gathered(distributed, [mine.whole.shape] if mine else []))

    def parts() -> Iterator[Array]:
        for one in fields(PictureSums):
            is_number = one.name in ("largest", "pictures")
            yield summed(distributed, getattr(mine, one.name) if mine else np.zeros(() if is_number else shape))

    return PictureSums(*parts())
