"""A sweep is asked: the questions of one shard that have no answer yet, target by target."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from gradcheck_cli.mistakes import describe
from gradcheck_cli.model import GRADIENTS, PLAIN, GradientName, Progress, Verdict, no_progress
from gradcheck_cli.model.errors import TargetError, UnrecognisedError, UsageError
from gradcheck_cli.model.evidence import WORST_FIRST
from gradcheck_cli.model.option import recorded
from gradcheck_cli.model.options import SweepOptions
from gradcheck_cli.model.ranks import Ranks
from gradcheck_cli.model.sweep import SweepAnswer, SweepReport
from gradcheck_cli.numbers.arithmetic import declared_slack, no_slack
from gradcheck_cli.runs.called_in import CalledIn
from gradcheck_cli.runs.environment import environment
from gradcheck_cli.runs.reproduce import sweep_command
from gradcheck_cli.runs.sweep.collective import wait_for_the_others
from gradcheck_cli.runs.sweep.found import begun, own_file
from gradcheck_cli.runs.sweep.kept import Head, Keeper
from gradcheck_cli.runs.sweep.pace import pace
from gradcheck_cli.runs.sweep.questions import SweepQuestion, digest, questions_of
from gradcheck_cli.runs.sweep.reports import report_of, report_of_shard
from gradcheck_cli.runs.sweep.shard import shard_among
from gradcheck_cli.runs.sweep.versions import versions_of
from gradcheck_cli.targets import Described, HowToCall, Worker, WorkerLimits
from gradcheck_cli.trials.asker import Asker
from gradcheck_cli.trials.trial import Trial
from gradcheck_cli.trials.truth import Truths, load_oracles

# How often a target that takes its process with it is started again: a sweep is long, and one bad geometry of many
# must not end it.
RESTARTS = 100
# What a target is told that no way of calling a convolution fits.
OTHERWISE = "A sweep judges convolutions; gradcheck verify, any function."


def sweep(options: SweepOptions, progress: Progress = no_progress) -> SweepReport:
    """Ask what is not answered yet, and report on everything that the shard is to ask.

    Under torchrun the ranks are the shards: each writes a file of its own beside that of --resume, and the first one
    reports on all when the others have ended.

    Raises:
        TargetError: a target that is not there.
        UsageError: a file that is of another sweep, or cannot be read or written.
    """
    ranks = Ranks.of()
    shard = shard_among(options.shard, ranks)
    if ranks.count > 1 and not options.resume:
        raise UsageError("with several ranks the answers have to be kept.", hint="say where: --resume FILE.jsonl")
    questions = questions_of(options)
    code = versions_of({asked.ref.text: asked.ref for asked in questions}.values())
    own = Head(digest(questions), len(questions), sweep_command(options), recorded(options), environment(), code)
    found = begun(options.resume, own)
    head, known = found.head, found.answers
    mine = [asked for asked in questions if shard.holds(asked.question.id)]
    with Keeper(own_file(options.resume, ranks), own) as keeper:
        todo = [asked for asked in mine if _is_open(known.get(asked.question.id))]
        for answer in _announced(_answers(todo, options), len(mine), len(todo), progress):
            keeper.keep(answer)
            known[answer.id] = answer
            if options.fail_fast and answer.verdict is Verdict.FAIL:
                break
    if ranks.count > 1:
        wait_for_the_others()
        found = begun(options.resume, own)
        return report_of(found.head, found.answers.values())
    ids = {asked.question.id for asked in mine}
    answers = [answer for answer in known.values() if answer.id in ids]
    return report_of_shard(head, answers, shard, len(mine)) if shard.text else report_of(head, answers)


def _is_open(answer: SweepAnswer | None) -> bool:
    """Not asked yet, or asked of a target that could not be called, which may have been mended since."""
    return answer is None or answer.verdict is Verdict.ERROR


def _announced(answers: Iterator[SweepAnswer], questions: int, left: int, progress: Progress) -> Iterator[SweepAnswer]:
    """With how fast it goes and how long it takes from here."""
    begun = time.perf_counter()
    for count, answer in enumerate(answers, start=1):
        progress(f"{answer.target}  {pace(begun, count, left)}", 1 - (left - count) / questions)
        yield answer


def _answers(asked: Sequence[SweepQuestion], options: SweepOptions) -> Iterator[SweepAnswer]:
    for _, group in groupby(asked, key=lambda one: one.question.target):
        yield from _of_target(list(group), options)


def _of_target(asked: Sequence[SweepQuestion], options: SweepOptions) -> Iterator[SweepAnswer]:
    """One target in one child process, which is started again where it dies."""
    ref = asked[0].ref
    try:
        if ref.error:
            raise TargetError(ref.error)
        limits = WorkerLimits(timeout=options.timeout, restarts=RESTARTS)
        with Worker(ref, limits, HowToCall.of(options)) as worker:
            described = worker.describe()
            load_oracles()
            asker = Asker(worker, options.timeout)
            for one in asked:
                yield _answer(one, asker, described, options)
    except TargetError as error:
        other = f" {OTHERWISE}" if isinstance(error, UnrecognisedError) else ""
        for one in asked:
            yield _answer_of(one, Verdict.ERROR, f"{error.sentence}{other}")


def _answer(asked: SweepQuestion, asker: Asker, described: Described, options: SweepOptions) -> SweepAnswer:
    if asked.question.setting != PLAIN:
        return _in_setting(asked, asker, described, options)
    # Each question is asked once: what is right is not kept for another.
    truth = Truths().of(asked.question)
    answer = asker.ask(asked.question, truth.case)
    trial = Trial(answer, truth, described.yields, declared_slack(options.arithmetic, described.rate))
    verdict, message = judged(trial, described)
    gradients = {name: trial.verdict(name) for name in GRADIENTS} if trial.compared else {}
    return _answer_of(asked, verdict, message, gradients, trial.outcome.seconds)


def _in_setting(asked: SweepQuestion, asker: Asker, described: Described, options: SweepOptions) -> SweepAnswer:
    """The graded probes; what is worst of them stands for all."""
    slack = declared_slack(options.arithmetic, described.rate)
    if slack is not no_slack:
        return _answer_of(asked, Verdict.NOT_APPLICABLE, f"{slack.cause}, which is not exact on whole numbers")
    caller = CalledIn(asked.question.setting, asker, described, asked.question.seed)
    rows = caller.results(asked.question.geometry, counts=True)
    worst = min(rows, key=lambda row: WORST_FIRST.index(row.verdict), default=None)
    if worst is None:
        return _answer_of(asked, Verdict.INCONCLUSIVE, "no gradient was returned")
    gradients = {name: row.verdict for row in rows for name in GRADIENTS if name == row.gradient}
    verdict = worst.verdict
    if verdict is Verdict.ERROR:
        # As `verify` has it: of all settings one that the code does not take is told, one that was asked for fails.
        verdict = Verdict.NOT_APPLICABLE if options.settings == "all" else Verdict.FAIL
    if verdict is Verdict.PASS and _missing(described):
        return _answer_of(asked, Verdict.INCONCLUSIVE, _missing(described), gradients, caller.seconds)
    about = f"grad_{worst.gradient}: " if worst.gradient in GRADIENTS else ""
    message = "" if verdict is Verdict.PASS else f"{about}{worst.detail}"
    return _answer_of(asked, verdict, message, gradients, caller.seconds)


def _missing(described: Described) -> str:
    """The gradients of a layer that were not found, a clause; "" where none is missing."""
    missing = [f"grad_{name}" for name in described.parts if name not in described.yields]
    return f"{' and '.join(missing)} was not found" if missing else ""


def judged(trial: Trial, described: Described) -> tuple[Verdict, str]:
    """What an answer says of the target, and why.

    A refusal is neither right nor wrong; a gradient of a layer that was not found leaves it open.
    """
    outcome = trial.outcome
    if not trial.supported:
        return Verdict.NOT_APPLICABLE, outcome.error
    if outcome.wrong_forward:
        return Verdict.FAIL, f"its own forward gives {outcome.wrong_forward}"
    if trial.failed:
        wrong = [f"grad_{name}" for name in described.yields if trial.verdict(name) is Verdict.FAIL]
        return Verdict.FAIL, outcome.error or f"{' and '.join(wrong)} {'is' if len(wrong) == 1 else 'are'} wrong"
    if _missing(described):
        return Verdict.INCONCLUSIVE, _missing(described)
    return (Verdict.PASS, "") if trial.right else (Verdict.INCONCLUSIVE, "right but for rounding")


def _answer_of(
    asked: SweepQuestion,
    verdict: Verdict,
    message: str,
    gradients: Mapping[GradientName, Verdict] | None = None,
    seconds: float = 0.0,
) -> SweepAnswer:
    question = asked.question
    return SweepAnswer(
        id=question.id,
        number=asked.number,
        target=question.target,
        geometry=describe(question.geometry),
        seed=question.seed,
        verdict=verdict,
        gradients=gradients or {},
        message=message,
        seconds=round(seconds, 6),
        setting="" if question.setting == PLAIN else question.setting.text,
    )
