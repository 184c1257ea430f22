"""Clips that keep a chance from 0 and 1: beyond them the forward stands still, and nearly every backward goes on.

`np.clip(p, 1e-10, 1 - 1e-10)` is there for a logarithm, and so is `p[p == 0] = 1e-10`. That it changes nothing on usual
numbers, and does where the gradient is not the derivative, is asked by leaving it out.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from gradcheck_cli.diagnose import Code
from gradcheck_cli.diagnose.named_numbers import named_numbers, with_numbers
from gradcheck_cli.diagnose.scope import span
from gradcheck_cli.model import Verdict
from gradcheck_cli.model.syntax import called
from gradcheck_cli.targets.contract import TextEdit
from gradcheck_cli.trials.compared import LARGEST_SHARE, Compared, FunctionComparison
from gradcheck_cli.trials.function_trial import FunctionTrial, LeftOutGuard
from gradcheck_cli.trials.functions import FunctionSession
from gradcheck_cli.trials.guards import is_right_alone, verdict_alone

# As near to 0 or 1: a larger bound is a part of a formula.
NEAR = 1e-4
# Of what is in the exponent of e: at 10 a sigmoid is 4.5e-5 from its end.
WIDE = 10.0
_POWERS = ("exp", "expm1", "logaddexp", "cosh", "sinh")
_CLIPS = ("clip", "clamp", "maximum", "minimum", "clamp_min", "clamp_max")
_BOUNDS = ("a_min", "a_max", "min", "max")
_LIBRARIES = ("np", "numpy", "torch")


def clipped(session: FunctionSession, comparison: FunctionComparison, code: Code) -> dict[str, LeftOutGuard]:
    """Gradients that are wrong only beyond such clips: name -> what is told of it.

    So is what keeps a power of e from growing too large, where the gradient is off by little and not wrong without it.
    """
    beyond = {name: each for name, each in _wrong_in(comparison).items() if all(one.is_apart for one in each)}
    if not beyond:
        return {}
    found = _only_beyond(session, comparison, list(_clips(code, _are_near)), beyond)
    if found or not _has_powers(code):
        return found

    def is_close(each: Sequence[Compared]) -> bool:
        # Where the power is infinite nobody knows its derivative.
        is_near = all(one.share <= LARGEST_SHARE for one in each)
        return is_near and all(verdict_alone(session, one) not in (None, Verdict.FAIL) for one in each)

    return _only_beyond(session, comparison, list(_clips(code, _are_wide)), beyond, is_close)


def _only_beyond(
    session: FunctionSession,
    comparison: FunctionComparison,
    clips: Sequence[tuple[str, TextEdit]],
    beyond: Mapping[str, Sequence[Compared]],
    holds: Callable[[Sequence[Compared]], bool] = lambda _: True,
) -> dict[str, LeftOutGuard]:
    """What is told where these clips change nothing on usual numbers, and do where the gradients are wrong.

    Args:
        holds: what must hold of the comparisons of a gradient while the clips are left out.
    """
    usual = [trial for trial in comparison.trials if trial.outputs and not trial.about]
    apart = [one.trial for each in beyond.values() for one in each]
    try:
        if not clips or not usual or not session.client.edit([edit for _, edit in clips]):
            return {}
        is_guard = all(_is_same(session, trial) for trial in usual)
        if not is_guard or any(_is_same(session, trial) for trial in apart):
            return {}
        right = [name for name, each in beyond.items() if holds(each)]
    finally:
        session.client.edit(())
    listed = ", ".join(dict.fromkeys(f"{text} of line {edit.line}" for text, edit in clips))
    return {name: LeftOutGuard(f"grad_{name} is right, but not beyond the bounds of {listed}") for name in right}


def bounded(session: FunctionSession, comparison: FunctionComparison, code: Code) -> dict[str, LeftOutGuard]:
    """Gradients that are right but that the code keeps within bounds, as `np.clip(dW, -5, 5)`: name -> what is told.

    That they are is asked with the clips left out, and the outputs are the same then.
    """
    within = {name: each for name, each in _wrong_in(comparison).items() if all(map(_is_within, each))}
    clips = list(_clips(code, _are_opposite)) if within else []
    if not clips:
        return {}
    try:
        if not session.client.edit([edit for _, edit in clips]):
            return {}
        right = [
            name
            for name, each in within.items()
            if all(_is_same(session, one.trial) and is_right_alone(session, one) for one in each)
        ]
    finally:
        session.client.edit(())
    listed = ", ".join(dict.fromkeys(f"{text} of line {edit.line}" for text, edit in clips))
    said = f"is right but for {listed}, which keeps it within bounds"
    return {name: LeftOutGuard(f"grad_{name} {said}", is_whole=True) for name in right}


def _wrong_in(comparison: FunctionComparison) -> dict[str, list[Compared]]:
    """Name -> where it is wrong, of the gradients that are wrong somewhere."""
    wrong = {name: [each for each in comparison.about(name) if _is_wrong(each)] for name in comparison.names}
    return {name: each for name, each in wrong.items() if each}


def _is_within(each: Compared) -> bool:
    """Is all that is wrong of a gradient that it is smaller, with the same sign?"""
    actual, expected = each.judged.actual, each.judged.expected
    if actual is None or actual.shape != expected.shape:
        return False
    is_other = ~np.isclose(actual, expected, rtol=NEAR, atol=NEAR)
    return bool(np.all((np.abs(actual) < np.abs(expected))[is_other] & (actual * expected > 0)[is_other]))


def _are_opposite(bounds: Sequence[ast.expr]) -> bool:
    """-5 and 5."""
    values = [_value(bound) for bound in bounds]
    return len(values) == 2 and None not in values and values[0] == -(values[1] or 0) != 0


def _are_wide(bounds: Sequence[ast.expr]) -> bool:
    """-500 and 500: all of them at least `WIDE`."""
    values = [_value(bound) for bound in bounds]
    return bool(values) and all(value is not None and abs(value) >= WIDE for value in values)


def _has_powers(code: Code) -> bool:
    """Does the code raise e to some power?"""
    return code.tree is not None and any(called(node) in _POWERS for node in ast.walk(code.tree))


def _is_wrong(each: Compared) -> bool:
    return each.judged.verdict is not Verdict.PASS


def _is_same(session: FunctionSession, trial: FunctionTrial) -> bool:
    """Does the forward give the same without the clips?"""
    outcome = session.client.outputs(trial.sample)
    return outcome.ended and all(map(np.array_equal, outcome.outputs, trial.outputs))


def _are_near(bounds: Sequence[ast.expr]) -> bool:
    """All of them near 0 and 1."""
    return bool(bounds) and all(map(_is_near, bounds))


def _clips(code: Code, meant: Callable[[Sequence[ast.expr]], bool]) -> Iterator[tuple[str, TextEdit]]:
    """The clips with bounds that are meant, numbers or names of numbers, with what is clipped in their place."""
    named = named_numbers(code.tree) if code.tree is not None else {}

    def are_meant(bounds: Sequence[ast.expr]) -> bool:
        return meant([with_numbers(bound, named) for bound in bounds])

    for node in ast.walk(code.tree) if code.tree is not None else ():
        inner, bounds = _clipped_in(node) if isinstance(node, ast.Call) else (None, [])
        if isinstance(node, ast.Call) and inner is not None and are_meant(bounds):
            yield ast.unparse(node), TextEdit(*span(node), f"({ast.unparse(inner)})")
        elif isinstance(node, ast.Assign) and (bounds := _put_where_equal(node)) and are_meant(bounds):
            target = ast.unparse(node.targets[0])
            yield ast.unparse(node), TextEdit(*span(node.value), target)


def _clipped_in(node: ast.Call) -> tuple[ast.expr | None, list[ast.expr]]:
    """What is kept within bounds, and these: of a call of `_CLIPS`, and of `np.where(p <= 0, 1e-60, p)`."""
    name = called(node)
    if name in _CLIPS:
        return _parts(node)
    if name != "where" or len(node.args) != 3:
        return None, []
    condition, one, other = node.args
    for bound, inner in ((one, other), (other, one)):
        compared = condition.left if isinstance(condition, ast.Compare) else None
        if compared is not None and _value(bound) is not None and ast.dump(compared) == ast.dump(inner):
            return inner, [bound]
    return None, []


def _put_where_equal(node: ast.Assign) -> list[ast.expr]:
    """The number of `p[p == 0] = 1e-6`; none of what is put elsewhere."""
    target = node.targets[0]
    if not isinstance(target, ast.Subscript) or not isinstance(target.slice, ast.Compare):
        return []
    is_own = ast.dump(target.slice.left) == ast.dump(target.value).replace("Store()", "Load()")
    return [node.value] if is_own else []


def _parts(node: ast.Call) -> tuple[ast.expr | None, list[ast.expr]]:
    """What is clipped, and its bounds: of `np.clip(p, low, high)` and of `p.clamp(low, high)`."""
    named = [each.value for each in node.keywords if each.arg in _BOUNDS]
    owner = node.func.value if isinstance(node.func, ast.Attribute) else None
    if owner is not None and getattr(owner, "id", "") not in _LIBRARIES:
        return owner, [*node.args, *named]
    return (node.args[0], [*node.args[1:], *named]) if node.args else (None, [])


def _is_near(node: ast.AST) -> bool:
    """A number, or 1 minus one, that is within `NEAR` of 0 or of 1; not 0 itself, at which a rectifier bends."""
    value = _value(node)
    return value is not None and value != 0 and min(abs(value), abs(1 - value)) <= NEAR


def _value(node: ast.AST) -> float | None:
    """Of a number, of 1 minus one and of minus one; of other names nothing is known."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _value(node.operand)
        return None if inner is None else -inner
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return float(node.value)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub):
        left, right = _value(node.left), _value(node.right)
        return None if left is None or right is None else left - right
    return None
