"""Small numbers that a forward adds against a division by 0 or a log of 0, and that its backward leaves out.

`log(p + 1e-7)` has the derivative 1 / (p + 1e-7), and nearly everybody writes 1 / p. That is no other formula: with 0
in the place of the guard the target's own gradient is the derivative of its own forward, which is asked, not supposed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from gradcheck_cli.diagnose import Code
from gradcheck_cli.model import Verdict
from gradcheck_cli.targets.contract import TextEdit
from gradcheck_cli.trials.compared import Compared, FunctionComparison, judged_of
from gradcheck_cli.trials.functions import FunctionSession

# 1e-3 and above is a part of a formula.
LARGEST_GUARD = 1e-4
# Of the largest entry: what a guard that is left out may move. Where it moves more, it is no guard on these numbers.
LARGEST_SHARE = 1e-2


@dataclass(frozen=True)
class AddedGuard:
    """A small number in the text: `text` as it is written, and its place."""

    text: str
    edit: TextEdit


def guards_of(session: FunctionSession, comparison: FunctionComparison, code: Code) -> dict[str, str]:
    """Gradients that are right but for a guard: name -> what is told of it, with the proof."""
    guards = list(_guards(code))
    near = {name: _wrong(comparison, name) for name in comparison.names if _is_near(comparison, name)}
    if not guards or not near:
        return {}
    try:
        if not session.client.edit([guard.edit for guard in guards]):
            return {}
        return {name: _said(name, wrong, guards) for name, wrong in near.items() if _are_right_now(session, wrong)}
    finally:
        session.client.edit(())


def _guards(code: Code) -> Iterator[AddedGuard]:
    for node in ast.walk(code.tree) if code.tree is not None else ():
        if isinstance(node, ast.Constant) and isinstance(node.value, float) and 0 < abs(node.value) <= LARGEST_GUARD:
            where = (node.lineno, node.col_offset, node.end_lineno or node.lineno, node.end_col_offset or 0)
            yield AddedGuard(f"{node.value:g}", TextEdit(*where, "0.0", is_statement=False))


def _wrong(comparison: FunctionComparison, name: str) -> list[Compared]:
    return [each for each in comparison.about(name) if each.judged.verdict is not Verdict.PASS]


def _is_near(comparison: FunctionComparison, name: str) -> bool:
    """Not right, and off by little everywhere."""
    wrong = _wrong(comparison, name)
    return bool(wrong) and all(_share(each) <= LARGEST_SHARE for each in wrong)


def _share(each: Compared) -> float:
    """The largest error, of the largest entry."""
    actual, expected = each.judged.actual, each.judged.expected
    if actual is None or actual.shape != expected.shape:
        return np.inf
    largest = np.max(np.abs(expected), initial=0.0)
    off = np.max(np.abs(actual - expected), initial=0.0)
    return float(off / largest) if largest and np.isfinite(off) else np.inf


def _are_right_now(session: FunctionSession, wrong: list[Compared]) -> bool:
    for each in wrong:
        trial = session.about(each.trial.sample, each.name, each.asking.upstream)
        judged = judged_of(trial, trial.askings[0], each.name) if trial.askings else None
        if judged is None or judged.verdict is not Verdict.PASS:
            return False
    return True


def _said(name: str, wrong: list[Compared], guards: list[AddedGuard]) -> str:
    listed = ", ".join(dict.fromkeys(f"the {guard.text} of line {guard.edit.line}" for guard in guards))
    share = max(_share(each) for each in wrong)
    return (
        f"grad_{name} is right but for {listed}: with 0 there it is the derivative, as it stands it "
        f"is off by at most {share:.1g} of its largest entry"
    )
