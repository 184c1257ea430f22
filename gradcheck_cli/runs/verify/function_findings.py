"""What is wrong with a function: broken laws, calls that ended in an exception, and wrong numbers, named or placed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from gradcheck_cli.checks.ladder.contract import Broken
from gradcheck_cli.diagnose.conditions_of_functions import distinguishing_setting
from gradcheck_cli.diagnose.edits.by_layer import AsLayer
from gradcheck_cli.diagnose.edits.naming import findings_of_edits
from gradcheck_cli.diagnose.kinds import is_of_other_calls, stands_for
from gradcheck_cli.diagnose.mends import NOT_WRITTEN
from gradcheck_cli.diagnose.of_functions import Seen, named_by_factor, placed
from gradcheck_cli.mistakes import CATALOGUE, Sign, standing_for
from gradcheck_cli.model import CALL, UNEXPLAINED, Array, Finding, FunctionExample, Sample, Verdict
from gradcheck_cli.model.visible import VISIBLE, visibly_apart
from gradcheck_cli.runs.verify.function_graph import recorded_calls
from gradcheck_cli.trials.compared import Compared, FunctionComparison
from gradcheck_cli.trials.function_trial import FunctionTrial

# Of a line on which an array changed while the call was looked on at.
WRITTEN_HERE = "The array holds other numbers after this line."
_AXES = ("rows", "columns")
# Laws that every sample is asked about: of the others a sample that breaks none may not have been asked.
_OF_EVERY_CALL = (Sign.COUNT, Sign.OTHER_SHAPE, Sign.NOT_FINITE)


def findings_of(comparison: FunctionComparison, layer: AsLayer, file: str) -> tuple[Finding, ...]:
    """What ended a call, the broken laws, then what the numbers tell of each gradient.

    Args:
        layer: the calls as those of the known layer that the forward equals, if it equals one.
        file: where the lines of the findings are counted.
    """
    found: list[Finding] = [*_crashes(comparison.trials), *_forward(comparison)]
    laws: dict[tuple[str, str], Finding] = {}
    for _, each in comparison.broken:
        if each.gradient in comparison.names or each.gradient == CALL:
            laws.setdefault((each.id, each.gradient), _of_law(each, comparison))
    found += (law for law in laws.values() if not is_of_other_calls(law.id))
    explained = {law.gradient for law in found}
    calls = recorded_calls(comparison)
    for name in comparison.names:
        wrong = [each for each in comparison.about(name) if each.judged.verdict is Verdict.FAIL]
        if wrong and name not in explained:
            named = _named(name, comparison, layer, partial(findings_of_edits, name, calls, file))
            when = _condition(comparison, name, wrong)
            found += [
                replace(each, fails_when=each.fails_when or when) for each in named or _unexplained(name, wrong[0])
            ]
    return (*found, *(law for law in laws.values() if is_of_other_calls(law.id)))


def _condition(comparison: FunctionComparison, name: str, wrong: Sequence[Compared]) -> str:
    """The setting on which alone a gradient is wrong, in words; "" where no setting tells."""
    bad = [each.trial for each in wrong]
    good = [each.trial for each in comparison.about(name) if all(each.trial is not trial for trial in bad)]
    return distinguishing_setting([trial.sample.values for trial in bad], [trial.sample.values for trial in good])


def _of_law(broken: Broken, comparison: FunctionComparison) -> Finding:
    """A law that does not hold is proved by the call that breaks it; how it is mended is in the catalogue."""
    mistake = CATALOGUE.get(broken.id)
    fix = broken.mend or ("" if mistake is None else mistake.fix_of_function)
    when = broken.when or (_law_condition(broken, comparison) if broken.sign in _OF_EVERY_CALL else "")
    message = f"the gradients are right, but {broken.message}" if _is_beside(broken, comparison) else broken.message
    finding = Finding(broken.id, broken.gradient, "proved", f"{message}.", fix, when, broken.line)
    return finding if broken.line is None else replace(finding, evidence=WRITTEN_HERE)


def _is_beside(broken: Broken, comparison: FunctionComparison) -> bool:
    """Does the call change what is not its own, with every gradient right that was compared?"""
    verdicts = {each.judged.verdict for each in comparison.compared}
    return broken.sign in (Sign.OVERWRITES_UPSTREAM, Sign.MUTATES) and verdicts == {Verdict.PASS}


def _law_condition(broken: Broken, comparison: FunctionComparison) -> str:
    """The setting on which alone a law does not hold that every call was held to."""
    bad = [trial for trial, each in comparison.broken if (each.id, each.gradient) == (broken.id, broken.gradient)]
    good = [trial for trial in comparison.trials if trial.askings and all(trial is not each for each in bad)]
    when = distinguishing_setting([trial.sample.values for trial in bad], [trial.sample.values for trial in good])
    # It is no value that autograd counts.
    return f"{when.partition(' = ')[0]} is given" if when and broken.sign is Sign.COUNT else when


def example_of(comparison: FunctionComparison) -> FunctionExample | None:
    """The smallest sample on which a gradient is wrong; whole numbers before others, as they are easier to read."""
    wrong = [each for each in comparison.compared if each.judged.verdict is Verdict.FAIL]
    if not wrong:
        return None
    first = min(wrong, key=lambda each: (not each.judged.is_exact, _size(each.trial.sample)))
    judged = first.judged
    return FunctionExample(
        gradient=first.name,
        values=first.trial.sample.values,
        upstream=first.asking.upstream,
        outputs=first.trial.outputs,
        expected=judged.expected,
        actual=judged.actual,
        entry=judged.result.worst,
    )


def _named(
    name: str, comparison: FunctionComparison, layer: AsLayer, of_edits: Callable[[], tuple[Finding, ...]]
) -> tuple[Finding, ...]:
    """The mistake: a constant factor, an edit of the recorded forward, or a slip of a known layer."""
    mine = [each for each in comparison.about(name) if each.judged.actual is not None]
    if comparison.is_unused(name):
        return (_of_unused(name, mine),)
    factor = named_by_factor(name, [_seen(each) for each in mine if np.any(each.judged.expected)])
    if factor is not None:
        return (factor,)
    another = _of_another(name, comparison, mine)
    if another is not None:
        return (another,)
    edits = of_edits()
    # A factor is what is left to say where nothing of the forward explains it: how the layer goes says more.
    says_little = not edits or stands_for(edits[0].id, Sign.FACTOR)
    return (layer.findings(name) if says_little else ()) or edits


def _of_unused(name: str, mine: Sequence[Compared]) -> Finding:
    """No formula gives a gradient of what nothing depends on: that is all there is to say, and it is proved."""
    mistake = standing_for(Sign.UNUSED)
    samples = len({id(each.trial) for each in mine})
    seen = f"on {'every sample' if samples > 1 else 'the sample'} it gives the same bits for far other values of {name}"
    first = next(each for each in mine if each.judged.verdict is Verdict.FAIL)
    message = f"the forward does not use {name}: {seen}; {_placed(name, first)}."
    return Finding(mistake.id, name, "proved", message, mistake.fix_of_function)


def _of_another(name: str, comparison: FunctionComparison, mine: Sequence[Compared]) -> Finding | None:
    """The right gradient of another argument: it stands at the wrong place, or is called by the wrong name."""
    for other in comparison.names:
        right = {(id(each.trial), id(each.asking)): each.judged.expected for each in comparison.about(other)}
        theirs = [right.get((id(each.trial), id(each.asking))) for each in mine]
        pairs = [(each.judged.actual, array) for each, array in zip(mine, theirs, strict=True)]
        if other != name and mine and all(_are_same(actual, array) for actual, array in pairs):
            mistake = standing_for(Sign.OPERAND)
            where = f"on all {len(pairs)} calls" if len(pairs) > 1 else "on the one call that was compared"
            message = f"grad_{name} is exactly the right gradient of {other} {where}."
            return Finding(mistake.id, name, "proved", message, "Return each gradient at the place of its argument.")
    return None


def _are_same(actual: Array | None, other: Array | None) -> bool:
    """To more digits than two gradients have in common by chance."""
    if actual is None or other is None or actual.shape != other.shape or not np.any(other):
        return False
    return bool(np.all(np.abs(actual - other) <= VISIBLE * np.max(np.abs(other))))


def _unexplained(name: str, first: Compared) -> tuple[Finding, ...]:
    message = f"no mistake that is known here gives these numbers; {_placed(name, first)}."
    return (Finding(UNEXPLAINED, name, "probable", message, "Compare with the right numbers of the example."),)


def _placed(name: str, compared: Compared) -> str:
    judged = compared.judged
    assert judged.actual is not None
    return placed(name, judged.expected, judged.actual, visibly_apart(judged.actual, judged.expected))


def _seen(each: Compared) -> Seen:
    assert each.judged.actual is not None
    lengths: dict[str, int] = {}
    for name, value in each.trial.sample.values.items():
        for axis, length in enumerate(getattr(value, "shape", ())):
            what = _AXES[axis] if axis < len(_AXES) else f"entries along axis {axis}"
            lengths[f"{what} of {name}"] = length
    return Seen(each.judged.expected, each.judged.actual, lengths)


def _crashes(trials: Sequence[FunctionTrial]) -> Iterator[Finding]:
    """The first backward that did not end; a forward that refuses a sample is no finding."""
    failed = [(trial, asking.outcome) for trial in trials for asking in trial.askings if not asking.outcome.ended]
    if not failed:
        return
    trial, outcome = failed[0]
    ended = any(asking.outcome.ended for other in trials for asking in other.askings)
    where = f"the {outcome.error_where} raises " if outcome.error_where else ""
    message = f"{where}{outcome.error} on {trial.sample.text}."
    when = f"on {trial.sample.text}" if ended else ""
    fix = NOT_WRITTEN if outcome.error.startswith("NotImplementedError") and not ended else ""
    yield Finding(
        standing_for(Sign.RAISED).id, CALL, "proved", message[:1].upper() + message[1:], fix, when, outcome.error_line
    )


def _forward(comparison: FunctionComparison) -> Iterator[Finding]:
    """The first sample on which the forward is not what the reference says."""
    for trial, judged in comparison.forwards:
        if judged.verdict is Verdict.FAIL:
            message = f"The forward is not the reference: {judged.detail} on {trial.sample.text}."
            yield Finding(standing_for(Sign.OTHER_FORWARD).id, CALL, "proved", message, "Mend the forward first.")
            return


def _size(sample: Sample) -> int:
    return sum(int(getattr(value, "size", 0)) for value in sample.values.values())
