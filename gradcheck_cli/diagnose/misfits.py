"""Sizes that do not fit: which two arrays, in which axis, and whether a constant on the line is one of the sizes.

What is read off the exception is said as it is; of the code, only what stands on the line that raised.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from gradcheck_cli.diagnose.code import Code

_SHAPE = re.compile(
    r"\(\d+(?:, ?\d+)*,?\)|\(\)|(?<![\w\]])\[\d+(?:, ?\d+)*\]|\(\d+(?:x\d+)+|(?<=and )\d+(?:x\d+)+|size \d+|\(\d+\)"
)
# Exceptions that hold two whole shapes which are compared axis by axis, the last with the last.
_BY_AXIS = re.compile(
    r"could not broadcast input array|be broadcast together with shapes|non-broadcastable output|shape mismatch"
)
# "The size of tensor a (7) must match the size of tensor b (8) at non-singleton dimension 3"
_OF_TORCH = re.compile(
    r"size of tensor a \((?P<one>\d+)\) must match the size of tensor b \((?P<other>\d+)\)"
    r" at non-singleton dimension (?P<axis>\d+)"
)
# A longer left side of an assignment is not read in a sentence.
_LONGEST = 40
# A literal from here on can be a size that was written down; 0 and 1 begin and step.
_SMALLEST_SIZE = 2


def misfit(error: str, code: Code, line: int | None) -> str:
    """What is known of two sizes that do not fit, and where to look.

    Args:
        error: the exception's own sentence.
        code: the user's file.
        line: that raised; None where it is not known.
    """
    pair = _pair(error)
    empty = next((shape for shape in pair if re.search(r"(?<!\d)0(?!\d)", shape)), "")
    if empty:
        fit = f": {pair[0]} and {pair[1]} do not fit" if len(pair) > 1 else ""
        return f"Look at what gives {empty}, which is empty here{fit}."
    if "negative" in error:
        return "A size that this line uses comes out below 0: look at how it is computed."
    differ = _differing(error, pair)
    if len(pair) < 2 and not differ:
        return "Look at the sizes of what this line uses: they do not fit."
    sizes = {size for _, *both in differ for size in both}
    written = next((text for text, value in _constants(code, line) if value in sizes), "")
    where = (
        f"Probably the constant {written} stands where a size of the arrays is due."
        if written
        else f"Look at where each of the two takes {'that size' if len(differ) == 1 else 'its sizes'} from."
    )
    return f"{_said(pair, differ, _names(error, code, line))}{where}"


def _pair(error: str) -> list[str]:
    if _OF_TORCH.search(error):
        return []  # it names sizes, no shapes
    found = (match[0] for match in _SHAPE.finditer(error))
    return list(dict.fromkeys(text.strip("(") if "x" in text else text for text in found))


def _differing(error: str, pair: list[str]) -> list[tuple[int, int, int]]:
    """(axis, size of the one, size of the other), counted from the first axis of the longer one."""
    torch = _OF_TORCH.search(error)
    if torch:
        return [(int(torch["axis"]), int(torch["one"]), int(torch["other"]))]
    if not _BY_AXIS.search(error) or len(pair) < 2:
        return []
    one, other = (tuple(map(int, re.findall(r"\d+", shape))) for shape in pair[:2])
    longer = max(len(one), len(other))
    sides = zip((1,) * (longer - len(one)) + one, (1,) * (longer - len(other)) + other, strict=True)
    # An array that something is stored in is not spread; any other is, over an axis of length 1.
    spreads = "broadcast together" in error
    return [
        (axis, first, second)
        for axis, (first, second) in enumerate(sides)
        if first != second and not (spreads and 1 in (first, second))
    ]


def _said(pair: list[str], differ: list[tuple[int, int, int]], names: tuple[str, str] | None) -> str:
    if len(differ) == 1 and len(pair) < 2:
        axis, one, other = differ[0]
        return f"The two differ in axis {axis}, {one} and {other}. "
    if len(pair) < 2:
        return ""
    first, second = pair[:2] if names is None else (f"{names[0]} {pair[0]}", f"{names[1]} {pair[1]}")
    first = first[:1].upper() + first[1:]
    axes = " and ".join(f"axis {axis}, {one} and {other}" for axis, one, other in differ)
    return f"{first} and {second} " + (f"differ in {axes}. " if differ else "do not fit. ")


def _names(error: str, code: Code, line: int | None) -> tuple[str, str] | None:
    """What the two shapes belong to, in the order of the exception; None where the line has more than one pair."""
    statement = next(iter(code.at(line)), None)
    if isinstance(statement, ast.Assign) and "could not broadcast input array" in error:
        place = ast.unparse(statement.targets[0])
        return ("the right side", f"`{place}`") if len(place) <= _LONGEST else None
    if isinstance(statement, ast.AugAssign) and _is_of_target(error):
        place = ast.unparse(statement.target)
        return (f"`{place}`", "the right side") if len(place) <= _LONGEST else None
    return None


def _is_of_target(error: str) -> bool:
    """Whether the first shape is that of what is added to: the shape of the result comes last, and is the same."""
    shapes = [match[0] for match in _SHAPE.finditer(error)]
    return "non-broadcastable output" in error or (
        "broadcast together with shapes" in error and len(shapes) > 2 and shapes[0] == shapes[-1]
    )


def _constants(code: Code, line: int | None) -> Iterator[tuple[str, int]]:
    """The sizes that are written down on a line: literals, and names that are nothing but a literal in the file."""
    statement = next(iter(code.at(line)), None)
    for node in ast.walk(statement) if statement is not None else ():
        for part in _sizes_in(node):
            if isinstance(part, ast.Constant) and type(part.value) is int and part.value >= _SMALLEST_SIZE:
                yield f"`{part.value}`", part.value
            elif isinstance(part, ast.Name | ast.Attribute):
                value = code.only_value(ast.unparse(part))
                if value is not None and value >= _SMALLEST_SIZE:
                    yield f"`{ast.unparse(part)}` ({value})", value


def _sizes_in(node: ast.AST) -> list[ast.expr]:
    """What is a size where it stands: the end of a slice, a part of a shape or of a sum; no index and no axis."""
    if isinstance(node, ast.Slice):
        return [part for part in (node.lower, node.upper) if part is not None]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        return [node.left, node.right]
    name = getattr(getattr(node, "func", None), "attr", "")
    if isinstance(node, ast.Call) and name in ("zeros", "ones", "empty", "full", "reshape", "view"):
        given = [*node.args, *(keyword.value for keyword in node.keywords)]
        return [part for each in given for part in (each.elts if isinstance(each, ast.Tuple | ast.List) else [each])]
    return []
