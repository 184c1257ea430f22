"""What a mistake is called that one change of the text mends, where the numbers alone gave it no name."""

from __future__ import annotations

import ast
import re

from gradcheck_cli.diagnose.changes import Change
from gradcheck_cli.mistakes import Sign
from gradcheck_cli.model import syntax

_NAME = re.compile(r"[A-Za-z_][\w.]*")
_NUMBER = re.compile(r"-?\d+")
_FRACTION = re.compile(r"\d*\.\d*(?:e-?\d+)?")
# The parts of a + b - c. What has no more is exchanged by an operation that is not symmetric: another kind of slip.
_OF_A_SUM = 5
# One where a count is meant.
_COUNTED = re.compile(r"[-+]= 1$")
# A statement's beginning, before what it stores in one place or returns.
_STORES = re.compile(r"(?:return |[\w.]+(?:\[[^=]*\])? = )")
# In front of an exponent.
_EXPONENT = re.compile(r"\*\*\s*$")
# How a reduction says its axis.
_REDUCED_ALONG = re.compile(r"(?:(?<=\()|, )(?:(?:axis|dim) ?= ?)?(-?\d)(?:, keepdims? ?= ?True)?(?=\)$)")
# In front of the number of an axis.
_AXIS = re.compile(r"\b(?:axis|dim)\s*=\s*-?$")


def sign_of(change: Change, line: str) -> Sign | None:
    """The kind of the mistake; None where the change says no more than that it mends it.

    Args:
        change: makes the gradient right on all samples.
        line: of the file, on which it stands.
    """
    was, now = _what_is_stored(change.was, change.edit.text)
    if change.also is not None:
        return None
    if change.takes_away and not _is_complement(was, now):
        return Sign.SURPLUS if _is_an_operand_of(now, was) else None
    if _NAME.fullmatch(was) and _NAME.fullmatch(now):
        return Sign.OPERAND
    if _NUMBER.fullmatch(was) and _NUMBER.fullmatch(now) and _AXIS.search(line[: change.edit.column]):
        return Sign.SETTING
    if _is_along_another_axis(was, now):
        return Sign.SETTING
    if now == f"{was} ** 2":
        return Sign.WRONG_DERIVATIVE
    if _FRACTION.fullmatch(was) and _NAME.fullmatch(now):
        return Sign.SETTING
    if _is_exchanged(was, now) or _is_renamed(was, now):
        return Sign.OPERAND
    if _is_complement(was, now) or _EXPONENT.search(line[: change.mark[1]]):
        return Sign.WRONG_DERIVATIVE
    if _is_reduced(was, now):
        return Sign.TOTALLED
    if now in (f"-{was}", f"-({was})"):
        return Sign.OPPOSITE
    if _is_added(was, now):
        return Sign.LAST_WINS
    if _COUNTED.search(was) and now.endswith(".sum(axis=1)"):
        return Sign.UNREDUCED
    return Sign.UNREDUCED if now.startswith((f"{was}.sum(", f"({was}).sum(")) else None


def _what_is_stored(was: str, now: str) -> tuple[str, str]:
    """The values of two statements that store in one place, or return; anything else as it is."""
    start = _STORES.match(was)
    if start is None or not now.startswith(start[0]):
        return was, now
    return was[start.end() :], now[start.end() :]


def _is_an_operand_of(now: str, was: str) -> bool:
    """Is it what is left of `a * b`, or of `a + b`, without the other one?"""
    try:
        node = syntax.parse_expression(was).body
    except SyntaxError:  # a statement
        return False
    return isinstance(node, ast.BinOp) and now in (ast.unparse(node.left), ast.unparse(node.right))


def _is_along_another_axis(was: str, now: str) -> bool:
    """`a.sum(axis=0)` and `a.sum(axis=1, keepdims=True)`: the same but for the axis, and whether it is kept."""
    first, second = (_REDUCED_ALONG.sub("", text) for text in (was, now))
    axes = [_REDUCED_ALONG.findall(text) for text in (was, now)]
    return first == second and all(len(each) == 1 for each in axes) and axes[0] != axes[1]


def _is_exchanged(was: str, now: str) -> bool:
    """Are these the same names and numbers in another order, in a sum of more than two?"""
    parts = [re.findall(r"[\w.]+|[^\w\s()]", text) for text in (was, now)]
    return parts[0] != parts[1] and sorted(parts[0]) == sorted(parts[1]) and len(parts[0]) > _OF_A_SUM


def _is_renamed(was: str, now: str) -> bool:
    """Is it the same but for one name, in each of its places?"""
    one, other = (re.findall(r"[\w.]+|[^\w\s]", text) for text in (was, now))
    pairs = {pair for pair in zip(one, other, strict=False) if pair[0] != pair[1]}
    return len(one) == len(other) and len(pairs) == 1 and all(_NAME.fullmatch(name) for name in pairs.pop())


def _is_complement(was: str, now: str) -> bool:
    """Does `1 - s` stand where s is right, or the other way round?"""
    return now == f"(1 - {was})" or was == f"1 - {now}"


def _is_reduced(was: str, now: str) -> bool:
    """Was an array added up, of which each entry is right?"""
    return any(
        was.startswith((f"np.{name}({now}", f"torch.{name}({now}", f"{now}.{name}(")) for name in ("sum", "mean")
    )


def _is_added(was: str, now: str) -> bool:
    """Is a statement the same but that it adds to what it stored in?"""
    place, stored, _ = was.partition(" = ")
    return bool(stored) and "=" not in place and now.startswith(f"{place} += ")
