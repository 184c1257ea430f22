"""How a report puts a value into text: names made harmless, numbers, indices, geometries. No format is known here."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TypeVar

from gradcheck_cli.model import (
    Check,
    ConvSpec,
    Experiment,
    Finding,
    Geometries,
    Report,
    RunReport,
    Size,
    TargetReport,
    Verdict,
    VerifyReport,
)
from gradcheck_cli.model.files import file_and_name
from gradcheck_cli.model.limits import BUILT_IN_BACKWARDS
from gradcheck_cli.model.sweep import SweepAnswer, SweepReport
from gradcheck_cli.model.text import counted

Item = TypeVar("Item")
# A first line names this many lines that never ran; the JSON report has them all.
MOST_LINES = 8
MOST_IMAGES = 2


def number(value: float | None, digits: int = 4) -> str:
    """A number for people: "64.41", "6.104e-05", "NaN", "infinity"; "-" where there is none."""
    if value is None:
        return "-"
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "infinity" if value > 0 else "-infinity"
    return f"{value:.{digits}g}"


def exact_number(value: float) -> str:
    """All the digits of a number."""
    return number(value, 17) if not math.isfinite(value) else repr(float(value))


def first(items: Sequence[Item], most: int) -> Sequence[Item]:
    """The first of many; one alone is never hidden behind "1 more"."""
    return items if len(items) <= most + 1 else items[:most]


def listed(items: Sequence[object], most: int) -> str:
    """ "a, b, c and 4 more"."""
    shown = first(items, most)
    hidden = len(items) - len(shown)
    return ", ".join(map(str, shown)) + (f" and {hidden:,} more" if hidden else "")


def index(values: tuple[int, ...]) -> str:
    """ "[2, 0, 31, 7]" """
    return f"[{', '.join(map(str, values))}]"


def size(value: Size) -> str:
    """ "256x256" """
    return "x".join(map(str, value))


def conv(ran: Experiment) -> str:
    """Which convolution was run: "conv" of pictures, else its name in torch."""
    return "conv" if ran.conv == "conv2d" else ran.conv


def taken(ran: Experiment) -> str:
    """The input as the layer read it: "256x256", "256 rows of 256", "depth 3 of 64x64", "100" of an array."""
    if ran.size == ran.input_size:
        return size(ran.size)
    if len(ran.input_size) < len(ran.size):
        return f"{ran.size[0]} rows of {ran.size[1]}"
    return f"depth {ran.input_size[0]} of {size(ran.size)}"


def geometry(spec: ConvSpec) -> str:
    """One line that tells a geometry; what has its default is left out."""
    words = [
        *([] if spec.conv == "conv2d" else [spec.conv]),
        f"batch {spec.batch}",
        f"in {spec.in_channels}",
        f"out {spec.out_channels}",
        f"input {size(spec.own(spec.input_size))}",
        f"kernel {size(spec.own(spec.kernel_size))}",
    ]
    words += _steps("stride", spec.own(spec.stride)) + _padding(spec) + _steps("dilation", spec.own(spec.dilation))
    if spec.groups != 1:
        words.append(f"groups {spec.groups}")
    if spec.padding_mode != "zeros":
        words.append(f"padding-mode {spec.padding_mode}")
    if any(spec.output_padding):
        words.append(f"output-padding {_short(spec.own(spec.output_padding))}")
    return ", ".join(words)


def _steps(name: str, value: Size) -> list[str]:
    return [] if set(value) == {1} else [f"{name} {_short(value)}"]


def _padding(spec: ConvSpec) -> list[str]:
    """ "padding 1", "padding 0 before and 1x0 after"."""
    before, after = (_short(spec.own(sides)) for sides in (spec.padding, spec.padding_after))
    if spec.is_symmetric:
        return [f"padding {before}"] if spec.is_padded else []
    return [f"padding {before} before and {after} after"]


def _short(value: Size) -> str:
    return str(value[0]) if len(set(value)) == 1 else size(value)


def reserved(target: TargetReport) -> list[str]:
    """What a pass does not say: "weight only", "lines 14, 15 never ran", "gap was not varied"; nothing of all else.

    What was undecided somewhere is told too: "undecided on 1 of 7".
    """
    if target.verdict is not Verdict.PASS:
        return []
    noun = "line" if len(target.unreached) == 1 else "lines"
    never = f"{noun} {listed(target.unreached, MOST_LINES)} never ran" if target.unreached else ""
    kept = " and ".join(target.unvaried) if len(target.unvaried) < 3 else ", ".join(target.unvaried)
    same = f"{kept} {_was(target.unvaried)} not varied" if target.unvaried else ""
    return [part for part in (target.scope, _undecided(target), never, same) if part]


def _undecided(target: TargetReport) -> str:
    """On how many samples or geometries nothing could be said; of a surrogate nothing is asked."""
    found = target.geometries
    left = 0 if target.is_surrogate else found.supported - found.right
    return f"undecided on {left} of {found.supported}" if left > 0 else ""


def reservations(target: TargetReport) -> str:
    """The same behind a verdict: " (weight only); lines 14, 15 never ran"."""
    told = reserved(target)
    scope = f" ({told[0]})" if told and target.scope else ""
    return "; ".join([scope, *told[bool(scope) :]])


def _was(names: Sequence[str]) -> str:
    return "was" if len(names) == 1 else "were"


_OUTCOMES = (
    (Verdict.PASS, "right"),
    (Verdict.FAIL, "wrong"),
    (Verdict.ERROR, "not judged"),
    (Verdict.INCONCLUSIVE, "could not be checked"),
)


def outcomes(report: VerifyReport) -> str:
    """ "4 targets: 2 right, 1 wrong, 1 not judged" """
    amounts = Counter(target.verdict for target in report.targets if not target.is_surrogate)
    told = [f"{amounts[verdict]} {words}" for verdict, words in _OUTCOMES if amounts[verdict]]
    surrogates = sum(target.is_surrogate for target in report.targets)
    told += [f"{surrogates} not meant as a derivative"] if surrogates else []
    text = f"{counted(len(report.targets), 'target')}: {', '.join(told) or 'nothing was checked'}"
    text += reservations(report.targets[0]) if len(report.targets) == 1 else _with_unreached(report)
    alone = len(report.without_forward)
    text += f"; {counted(alone, 'backward')} not asked (no forward found)" if alone else ""
    return text + (f"; {len(report.not_asked)} more not asked (-x)" if report.not_asked else "")


def _with_unreached(report: VerifyReport) -> str:
    """A pass over many targets is worth no more than theirs."""
    right = [target for target in report.targets if target.verdict is Verdict.PASS]
    told = (
        (sum(bool(_undecided(target)) for target in right), "cases that were not decided"),
        (sum(bool(target.unreached) for target in right), "lines that never ran"),
        (sum(bool(target.unvaried) for target in right), "settings that were not varied"),
    )
    kept_back = ", ".join(f"{amount} with {what}" for amount, what in told if amount)
    return f"; of the right ones {kept_back}" if kept_back else ""


def right(geometries: Geometries) -> str:
    """ "29 of 29": on how many of those that it takes it is right. What it refuses is neither right nor wrong."""
    return f"{geometries.right} of {geometries.supported}"


def right_of_taken(geometries: Geometries) -> str:
    """ "29 of 29 it takes, 9 more not supported", "" where nothing was tried."""
    if not geometries.tried:
        return ""
    refused = geometries.tried - geometries.supported
    return f"{right(geometries)} it takes" + (f", {refused} more not supported" if refused else "")


# What a summary says of its counts, which stand beside it.
_COUNTED = re.compile(
    r" ?\(?(?:right|wrong) on (?:(?:all )?\d+(?: of \d+)? (?:geometries|samples)|the one geometry compared)\)?(?:; )?"
)


def uncounted(summary: str) -> str:
    """A summary without its counts, for where they stand beside it: "", "right, except when batch > 1"."""
    return _COUNTED.sub("", summary)


def where_right(geometries: Geometries) -> str:
    """ "right on 13 of 21 it takes, 9 more not supported; right, except when batch > 1": each count once."""
    if not geometries.tried:
        return geometries.summary
    counted = f"right on {right_of_taken(geometries)}"
    rest = uncounted(geometries.summary)
    return f"{counted}; {rest}" if rest else counted


def headline(report: Report) -> str:
    """The verdict in one line, with what it is about."""
    verdict = report.verdict.value.upper()
    if isinstance(report, RunReport):
        return f"{verdict}: gradcheck run, {subject(report)}"
    return f"{verdict}: gradcheck verify, {outcomes(report)}"


def sweep_headline(report: SweepReport) -> str:
    """The verdict of a sweep in one line."""
    return f"{report.verdict.value.upper()}: gradcheck sweep, {answers_counted(report)}"


# How answers are counted, in this order.
ANSWER_WORDS: dict[str, tuple[Verdict, ...]] = {
    "right": (Verdict.PASS,),
    "wrong": (Verdict.FAIL,),
    "refused": (Verdict.NOT_APPLICABLE,),
    "unclear": (Verdict.INCONCLUSIVE, Verdict.ERROR),
}


def answers_counted(report: SweepReport) -> str:
    """ "120 questions to 2 targets: 97 right, 3 wrong, 20 refused" """
    amounts = [f"{amount:,} {name}" for name, amount in answer_amounts(report.answers).items() if amount]
    left = [f"{report.left:,} not asked"] if report.left else []
    asked = counted(report.questions, "question")
    shard = f", shard {report.shard}" if report.shard else ""
    whom = counted(len(report.targets), "target")
    return f"{asked} to {whom}{shard}: {', '.join([*amounts, *left]) or 'none was asked'}"


def answer_amounts(answers: Sequence[SweepAnswer]) -> dict[str, int]:
    """How many came out how."""
    by_verdict = Counter(answer.verdict for answer in answers)
    return {name: sum(by_verdict[verdict] for verdict in verdicts) for name, verdicts in ANSWER_WORDS.items()}


def channels_named(ran: Experiment) -> str:
    """ "channel 0 is blue, 1 green, 2 red", "" where they have no names."""
    named = [f"{place} {name}" for place, name in enumerate(ran.channel_names)]
    return f"channel {', '.join(named).replace(' ', ' is ', 1)}" if named else ""


GAUGE = "A is the sum of the absolute products of an entry, n how many there are."
_RULES = re.compile(r"\bA\b")
_CLAUSES = re.compile("[:,] ")


def gauge_explained(checks: Sequence[Check]) -> str:
    """What A is, where one of these checks speaks of it."""
    return GAUGE if any(_RULES.search(f"{check.criterion} {check.detail}") for check in checks) else ""


def without_gauge(detail: str) -> str:
    """What a detail says without A, for where A is not explained: "typical rounding: 3 units of 2^-24 A" in brief."""
    return ", ".join(part for part in _CLAUSES.split(detail) if not _RULES.search(part))


def subject(report: RunReport) -> str:
    """What a run judged: the user's function, or one of our own backwards."""
    backward = report.experiment.backward
    return backward if user_file(report) else f"the hand-written backward ({backward})"


def user_file(report: RunReport) -> str:
    """The file of `--backward FILE.py:NAME` or FILE.py, or "" where the backward is one of ours."""
    backward = report.experiment.backward
    return "" if backward in BUILT_IN_BACKWARDS else file_and_name(backward)[0]


def user_name(report: RunReport) -> str:
    """The function or class that was judged, or "" where the backward is one of ours."""
    return report.experiment.name


def findings_with_place(report: Report) -> Iterator[tuple[str, str, int | None, tuple[Finding, ...]]]:
    """(file, name, line, findings) of the run or of each target; `line` is where the function `name` begins."""
    if isinstance(report, RunReport):
        yield user_file(report), user_name(report), None, report.findings
        return
    for target in report.targets:
        yield target.file, target.name, target.line, target.findings
