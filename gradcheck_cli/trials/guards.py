"""Small numbers that a forward adds against a division by 0 or a log of 0, and that its backward leaves out.

`log(p + 1e-7)` has the derivative 1 / (p + 1e-7), and nearly everybody writes 1 / p. That is no other formula: with 0
in the place of the guard the target's own gradient is the derivative of its own forward, which is asked, not supposed.
A guard is a number in the text, or a setting with a tiny default, as `epsilon=1e-10`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gradcheck_cli.checks.ladder.contract import is_finite
from gradcheck_cli.diagnose import Code
from gradcheck_cli.diagnose.named_numbers import named_numbers
from gradcheck_cli.diagnose.scope import span
from gradcheck_cli.model import Sample, Verdict
from gradcheck_cli.targets.contract import TextEdit
from gradcheck_cli.targets.functions.inputs.variations import epsilons_raised
from gradcheck_cli.trials.compared import LARGEST_SHARE, Compared, FunctionComparison, judged_of
from gradcheck_cli.trials.function_trial import LeftOutGuard
from gradcheck_cli.trials.functions import FunctionSession

# 1e-3 and above is a part of a formula.
LARGEST_GUARD = 1e-4
# The same of a setting: it is there to be changed, so that only what nobody would see at its default is excused.
LARGEST_SHARE_OF_SETTING = 1e-6


@dataclass(frozen=True)
class AddedGuard:
    """A small number in the text: `text` as it is written, and its place."""

    text: str
    edit: TextEdit


def guards_of(session: FunctionSession, comparison: FunctionComparison, code: Code) -> dict[str, LeftOutGuard]:
    """Gradients that are right but for a guard: name -> what is told of it, with the proof."""
    raised = {name for trial in comparison.trials for name in epsilons_raised(trial.sample)}
    limit = LARGEST_SHARE_OF_SETTING if raised else LARGEST_SHARE
    near: dict[str, list[Compared]] = {}
    for name in comparison.names:
        wrong = [each for each in comparison.about(name) if each.judged.verdict is not Verdict.PASS]
        excusable = [each for each in wrong if each.is_apart or each.share <= LARGEST_SHARE]
        if excusable and all(each.share <= limit for each in excusable if not each.is_apart):
            near[name] = excusable
    # What passes by itself where it is asked in the way of the proof is wrong by something else, as a truth's rounding.
    near = {name: wrong for name, wrong in near.items() if not any(is_right_alone(session, each) for each in wrong)}
    settings = sorted(raised)
    said = {
        name: LeftOutGuard(_said(name, wrong, " and ".join(settings)), tuple(settings))
        for name, wrong in near.items()
        if raised and _are_right_now(session, wrong, settings)
    }
    left = {name: wrong for name, wrong in near.items() if name not in said}
    return said | _in_the_text(session, left, list(guards_in(code)), settings)


def _in_the_text(
    session: FunctionSession, near: dict[str, list[Compared]], guards: list[AddedGuard], settings: Sequence[str]
) -> dict[str, LeftOutGuard]:
    try:
        if not near or not guards or not session.client.edit([guard.edit for guard in guards]):
            return {}
        listed = ", ".join(dict.fromkeys(f"the {guard.text} of line {guard.edit.line}" for guard in guards))
        return {
            name: LeftOutGuard(_said(name, wrong, listed), tuple(settings))
            for name, wrong in near.items()
            if _are_right_now(session, wrong, settings)
        }
    finally:
        session.client.edit(())


def guards_in(code: Code) -> Iterator[AddedGuard]:
    """Those that stand in the text as numbers, or as what is a number to whoever reads it: the name of one, too."""
    named = named_numbers(code.tree) if code.tree is not None else {}
    for node in ast.walk(code.tree) if code.tree is not None else ():
        text = (_guard(node) or _named(node, named)) if isinstance(node, ast.expr) else ""
        if text:
            yield AddedGuard(text, TextEdit(*span(node), "0.0", is_statement=False))


def _guard(node: ast.expr) -> str:
    """`1e-9`, `10 ** -9`, `pow(10.0, -9)`, `np.finfo(float).eps`, as it is told; "" of what is no small number."""
    match node:
        case ast.Constant(value=float(value)):
            return f"{value:g}" if 0 < abs(value) <= LARGEST_GUARD else ""
        case ast.BinOp(left=base, op=ast.Pow(), right=power):
            return _power(node, base, power)
        case ast.Call(func=ast.Name(id="pow") | ast.Attribute(attr="pow" | "power"), args=[base, power]):
            return _power(node, base, power)
        case ast.Attribute(attr="eps" | "epsilon" | "tiny", value=ast.Call(func=ast.Attribute(attr="finfo"))):
            return ast.unparse(node)
        case ast.Attribute(attr="epsilon", value=ast.Attribute(attr="float_info")):
            return ast.unparse(node)
    return ""


def _named(node: ast.expr, named: Mapping[str, float]) -> str:
    """`EPS`, `self.eps`, where that is a small number all over the file."""
    if not isinstance(node, ast.Name | ast.Attribute) or not isinstance(node.ctx, ast.Load):
        return ""
    value = named.get(getattr(node, "id", getattr(node, "attr", "")), 0.0)
    return f"{ast.unparse(node)} = {value:g}" if 0 < value <= LARGEST_GUARD else ""


def _power(node: ast.expr, base: ast.expr, power: ast.expr) -> str:
    """A number to the power of another."""
    try:
        one, other = ast.literal_eval(base), ast.literal_eval(power)
        value = float(one) ** float(other)
    except (ValueError, TypeError, ArithmeticError):
        return ""
    return ast.unparse(node) if isinstance(value, float) and 0 < value <= LARGEST_GUARD else ""


def _are_right_now(session: FunctionSession, wrong: list[Compared], settings: Sequence[str]) -> bool:
    """On the same samples with 0 in the place of the guards; beyond the usual data the guard may be all there is."""
    apart = [each for each in wrong if each.is_apart and not is_right_alone(session, each, settings)]
    others = [each for each in wrong if each not in apart]
    right = all(is_right_alone(session, each, settings) for each in others if not each.is_apart)
    return bool(others) and right and not any(_is_finite(session, each, settings) for each in apart)


def _is_finite(session: FunctionSession, each: Compared, settings: Sequence[str]) -> bool:
    """Does the forward give finite numbers there with 0 for these settings? Else nothing but the guard decides."""
    return is_finite(session.client.outputs(_without(each.trial.sample, settings)))


def _without(sample: Sample, settings: Sequence[str]) -> Sample:
    for name in settings:
        sample = sample.replacing(name, 0.0)
    return sample


def is_right_alone(session: FunctionSession, each: Compared, settings: Sequence[str] = ()) -> bool:
    """Is a gradient right where it is asked once more, with 0 for these settings?"""
    return verdict_alone(session, each, settings) is Verdict.PASS


def verdict_alone(session: FunctionSession, each: Compared, settings: Sequence[str] = ()) -> Verdict | None:
    """What is said of a gradient that is asked once more, with 0 for these settings; None where it cannot be."""
    trial = session.about(_without(each.trial.sample, settings), each.name, each.asking.upstream)
    judged = judged_of(trial, trial.askings[0], each.name) if trial.askings else None
    return None if judged is None else judged.verdict


def _said(name: str, wrong: list[Compared], listed: str) -> str:
    shares = [each.share for each in wrong if not each.is_apart]
    off = f", as it stands it is off by at most {max(shares):.1g} of its largest entry" if shares else ""
    return f"grad_{name} is right but for {listed}: with 0 there it is the derivative{off}"
