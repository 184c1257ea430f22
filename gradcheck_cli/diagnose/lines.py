"""The line of the user's file in which a named mistake most likely stands. A search in the text: it never judges."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from gradcheck_cli.diagnose.code import Code

_Test = Callable[[ast.AST], bool]

_BATCH_SIZE = re.compile(
    r"(N|n|m|B|bs|batch\w*|num_\w+|n_(samples|examples|images)|len\(.*\)|[\w.]+\.shape\[0\]|[\w.]+\.size\(0\))"
)
_GOES_BACKWARD = re.compile(r"back|grad|update|step")
_RESULTS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        "input": re.compile(r"_?(d|grad_?)_?(x|a|in|input|z_prev|prev)"),
        "weight": re.compile(r"_?(d|grad_?)_?(w|f|k|theta)"),
        "bias": re.compile(r"_?(d|grad_?)_?b"),
    }
)
_SHORT = re.compile(r"float32|\.float\(\)")
_WHOLE = re.compile(r"(dtype=|astype\()(np\.|numpy\.|torch\.|['\"])?u?(int|long|i[1248])")
_CLIPS = ("clip", "clamp", "clip_", "clamp_", "clip_grad_norm_", "clip_grad_value_")


def likely_line(source: str, finding_id: str, function_line: int | None, gradient: str = "") -> int | None:
    """The one line of a function that looks like the mistake.

    Args:
        source: text of the user's file.
        finding_id: id of the catalogue.
        function_line: where the function or class that was judged is defined; None searches the whole file. Of a
            class only the methods are searched whose names speak of a backward pass.
        gradient: a line that clearly computes another one is not it.

    Returns:
        None where no line looks like it, where several do, or where nothing is known to look for.
    """
    looks_like, body = _LOOKS.get(finding_id), Code(source, function_line).definition
    if looks_like is None or body is None:
        return None
    nodes = (node for node in _searched(body) if isinstance(node, ast.expr | ast.stmt) and looks_like(node))
    others = {line for name, pattern in _RESULTS.items() if name != gradient for line in _assigning(body, pattern)}
    lines = {node.lineno for node in nodes} - (others if gradient in _RESULTS else set())
    return lines.pop() if len(lines) == 1 else None


def _assigning(body: ast.AST, pattern: re.Pattern[str]) -> Iterator[int]:
    """The lines of the statements that assign to such a name only, or add to it."""
    for node in _searched(body):
        if not isinstance(node, ast.Assign | ast.AugAssign):
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if all(pattern.match(_root(target)) for target in targets):
            yield from range(node.lineno, (node.end_lineno or node.lineno) + 1)


def _root(target: ast.AST) -> str:
    """dx of dx[:, i], dW of self.dW."""
    while isinstance(target, ast.Subscript):
        target = target.value
    return str(getattr(target, "attr", getattr(target, "id", ""))).lower()


def _searched(body: ast.AST) -> Iterator[ast.AST]:
    if not isinstance(body, ast.ClassDef):
        yield from ast.walk(body)
        return
    for node in body.body:
        if isinstance(node, ast.FunctionDef) and _GOES_BACKWARD.search(node.name):
            yield from ast.walk(node)


def _divides_by_batch(node: ast.AST) -> bool:
    """x / N, x /= m, 1 / len(x), a mean."""
    if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
        divisor = node.right if isinstance(node, ast.BinOp) else node.value
        return _BATCH_SIZE.fullmatch(ast.unparse(divisor)) is not None
    return _means(node)


def _means(node: ast.AST) -> bool:
    return _called(node) in ("mean", "average")


def _called(node: ast.AST) -> str:
    """The last name of what is called, "" where nothing is."""
    function = getattr(node, "func", None)
    return str(getattr(function, "attr", getattr(function, "id", "")))


def unpads_by_name(node: ast.AST) -> bool:
    """a[:, :, p:-p], or slice(p, -p)."""
    parts = [ast.Slice(*node.args[:2])] if isinstance(node, ast.Call) and _called(node) == "slice" else _slices(node)
    return any(_symmetric(part) and not isinstance(part.lower, ast.Constant) for part in parts)


def _unpads_by_number(node: ast.AST) -> bool:
    """a[:, :, 1:-1]"""
    return any(_symmetric(part) and isinstance(part.lower, ast.Constant) for part in _slices(node))


def _symmetric(part: ast.Slice) -> bool:
    """From something to its negative."""
    low, high = part.lower, part.upper
    if low is None or not isinstance(high, ast.UnaryOp) or not isinstance(high.op, ast.USub):
        return False
    return ast.unparse(high.operand) == ast.unparse(low)


def _slices(node: ast.AST) -> list[ast.Slice]:
    if not isinstance(node, ast.Subscript):
        return []
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    return [part for part in parts if isinstance(part, ast.Slice)]


def _turns(node: ast.AST) -> bool:
    """rot90, flip, convolve2d, [::-1]"""
    backward = any(part.step is not None and ast.unparse(part.step) == "-1" for part in _slices(node))
    return backward or _called(node) in ("rot90", "flip", "flipud", "fliplr", "convolve2d", "convolve")


def _overwrites(node: ast.AST) -> bool:
    """dw[f] = ... * ..., without dw[f] on the right."""
    if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Subscript):
        return False
    value = ast.unparse(node.value)
    adds_up = ast.unparse(node.targets[0]) in value
    return not adds_up and any(isinstance(part, ast.Mult) for part in ast.walk(node.value))


def _in_float32(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and _SHORT.search(ast.unparse(node)) is not None


def _in_integers(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and _WHOLE.search(ast.unparse(node)) is not None


def _rounds(node: ast.AST) -> bool:
    return _called(node) in ("round", "around", "round_")


def _clips(node: ast.AST) -> bool:
    return _called(node) in _CLIPS


def _exchanges_axes(node: ast.AST) -> bool:
    return _called(node) in ("transpose", "swapaxes", "permute", "moveaxis") or getattr(node, "attr", "") == "T"


def _reshapes(node: ast.AST) -> bool:
    return _called(node) in ("reshape", "view")


def _totals(node: ast.AST) -> bool:
    """np.sum(a) or a.sum(), without an axis."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr != "sum":
        return False
    of_a_module = ast.unparse(node.func.value) in ("np", "numpy", "torch")
    return len(node.args) + len(node.keywords) == (1 if of_a_module else 0)


_LOOKS: Mapping[str, _Test] = MappingProxyType(
    {
        "batch-mean": _divides_by_batch,
        "bias-spatial-mean": _means,
        "bias-totalled": _totals,
        "upstream-rotated": _turns,
        "kernel-rotated": _turns,
        "channels-reversed": _turns,
        "axes-transposed": _exchanges_axes,
        "in-out-swapped": _exchanges_axes,
        "reshape-not-transpose": _reshapes,
        "last-window-only": _overwrites,
        "last-sample-only": _overwrites,
        "unpad-empty": unpads_by_name,
        "padding-hard-coded": _unpads_by_number,
        "single-precision": _in_float32,
        "integer-dtype": _in_integers,
        "rounded-decimals": _rounds,
        "clipped": _clips,
    }
)
