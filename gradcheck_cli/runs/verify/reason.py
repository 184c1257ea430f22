"""Why a target has its verdict, in one line: for tables, where a hundred of them stand below one another."""

from __future__ import annotations

import re

from gradcheck_cli.model import GeometryResult, TargetReport, Verdict

_LINE = re.compile(r"^:(\d+) ")
# How `diagnose.calls` tells of a call that did not end: who, where, and, last, why.
_RAISED = re.compile(r"The (?P<who>\w+) (?:raises|stops) (?P<where>on [^,:]*|with)[^:]*: (?P<why>.*)\.", re.DOTALL)


def reason_of(target: TargetReport) -> str:
    """One clause for every verdict: what holds, which mistakes it makes, or why nothing could be said."""
    if target.findings:
        first = target.findings[0]
        ids = ", ".join(dict.fromkeys(finding.id for finding in target.findings))
        return f"{'probably ' if first.is_supposed else ''}{ids}: {_why_first(first.message, target.name)}"
    if target.error:
        return _error(target)
    wrong = [row for row in target.settings if row.verdict in (Verdict.FAIL, Verdict.ERROR)]
    if wrong and target.verdict is Verdict.FAIL:
        return f"in {wrong[0].setting}, grad_{wrong[0].gradient}: {wrong[0].detail}"
    if target.verdict is Verdict.INCONCLUSIVE:
        return _open(target)
    return target.geometries.summary


def _why_first(message: str, name: str) -> str:
    """A row of a table may show no more than its beginning: why a call did not end, and only then on what.

    The target's own name stands beside it: "returns nothing (no return statement), on all 19 geometries."
    """
    found = _RAISED.fullmatch(message)
    if found is None:
        return message.removeprefix("The backward raises ")
    on = [found["where"]] if found["where"] != "with" else []
    who = ["in the forward"] if found["who"] == "forward" else []
    why = found["why"].removeprefix(f"{name.rpartition('.')[2]} ").removeprefix("the process was ")
    return f"{', '.join([why, ' '.join([*who, *on])]).rstrip(', ')}."


def _error(target: TargetReport) -> str:
    """The first sentence of the error, without the name that stands beside it in every table."""
    sentence = target.error.strip().partition("\n")[0]
    for beginning in (target.target, target.file, target.target.rpartition(":")[0]):
        rest = sentence.removeprefix(beginning) if beginning else sentence
        if rest != sentence:
            return _LINE.sub(r"line \1 ", rest).removeprefix(":").strip()
    return sentence


def _open(target: TargetReport) -> str:
    """Nothing was compared, or numbers that are neither right nor wrong, or not all was asked."""
    refused = [result for result in target.geometries.list if not result.supported]
    if refused and not target.geometries.supported:
        return f"every geometry was refused: {min(refused, key=_size).message}"
    undecided = any(result.verdict is Verdict.INCONCLUSIVE for result in target.gradients.values())
    if undecided or not target.notes:
        return target.geometries.summary
    # What was found while it was judged stands behind what was known before.
    return target.notes[-1]


def _size(result: GeometryResult) -> int:
    spec = result.spec
    return sum(spec.stride + spec.dilation + spec.padding)
