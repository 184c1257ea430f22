"""Functions that write into arrays which they are handed, as C code and its ports do: `gelu_backward(dinp, inp, dout)`.

They become functions that return what they write: the arrays are made here, of the shape that is written to the last
entry, and filled with NaN before a forward and with 0 before a backward, which may add.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradcheck_cli.model import Array, Shape, syntax
from gradcheck_cli.targets.functions.in_place import working_in_place
from gradcheck_cli.targets.functions.inputs.documented import indices_in
from gradcheck_cli.targets.functions.inputs.ranked import by_rank
from gradcheck_cli.targets.functions.plain import PlainFunction, call_by_name
from gradcheck_cli.targets.functions.spelling import belongs_to

# Longer than what is written into in one row: what stays NaN was not.
_ROOM = 4096
# Tries of shapes: the arrays of one call are few, and a wrong shape raises soon.
_MOST = 200


def returning(fore: PlainFunction, back: PlainFunction) -> tuple[PlainFunction, PlainFunction]:
    """Both as functions that return what they write; each as it is where it returns something already."""
    if (in_place := working_in_place(fore, back)) is not None:
        return in_place
    owners = [item.name for item in fore.parameters()]
    outputs, grads = _written(fore.node), _written(back.node)
    if outputs:
        chosen = frozenset(outputs) & indices_in(back.source)
        fore = PlainFunction(
            _FilledForward(fore.call, outputs, chosen), _definition(fore, list(outputs)), fore.name, fore.source
        )
    produced = {name: owner for name in grads if (owner := belongs_to(name, owners)) not in ("", name)}
    if produced:
        back = PlainFunction(_FilledBackward(back.call, produced), None, back.name, back.source)
    return fore, back


def _written(node: ast.AST | None) -> dict[str, int]:
    """The parameters that a function without a result writes into, in order, and by how many indices."""
    if not isinstance(node, ast.FunctionDef) or any(
        isinstance(inner, ast.Return) and inner.value is not None and not _is_length(inner.value, node)
        for inner in ast.walk(node)
    ):
        return {}
    indices: dict[str, int] = {}
    for inner in ast.walk(node):
        if isinstance(inner, ast.Subscript) and isinstance(inner.ctx, ast.Store) and isinstance(inner.value, ast.Name):
            indices[inner.value.id] = max(indices.get(inner.value.id, 0), _count(inner.slice))
        elif isinstance(inner, ast.AugAssign) and isinstance(inner.target, ast.Name):
            indices.setdefault(inner.target.id, 0)
    return {item.arg: indices[item.arg] for item in node.args.args if item.arg in indices}


def _is_length(returned: ast.expr, node: ast.FunctionDef) -> bool:
    """Is it a number that the function ends a loop by, as C code returns how much it wrote?"""
    ends = (inner for inner in ast.walk(node) if isinstance(inner, ast.Call) and syntax.called(inner) == "range")
    names = {syntax.identifier(each) for call in ends for each in call.args}
    return isinstance(returned, ast.Name) and returned.id in names


def _count(index: ast.expr) -> int:
    parts = index.elts if isinstance(index, ast.Tuple) else [index]
    return sum(not isinstance(part, ast.Slice | ast.Constant) for part in parts)


def _definition(function: PlainFunction, outputs: Sequence[str]) -> ast.AST:
    """What the names of its results are read off."""
    return syntax.parse(f"def {function.name}():\n    return {', '.join(outputs)}").body[0]


def _without(call: Callable[..., Any], names: Sequence[str], further: Sequence[str] = ()) -> inspect.Signature:
    items = [item for name, item in inspect.signature(call).parameters.items() if name not in names]
    known = {item.name for item in items}
    more = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in further if name not in known]
    return inspect.Signature([*items, *more])


@dataclass
class _FilledForward:
    """A forward that returns the arrays which it filled.

    `outputs`: name -> how many axes it has at least. `chosen`: those of whole numbers, by which a backward chooses.
    """

    call: Callable[..., Any]
    outputs: Mapping[str, int]
    chosen: frozenset[str] = frozenset()
    _known: dict[tuple[Shape, ...], tuple[Shape, ...]] = field(default_factory=dict)

    @property
    def __signature__(self) -> inspect.Signature:
        return _without(self.call, list(self.outputs))

    def __call__(self, **given: Any) -> Any:
        arrays = [value for value in given.values() if isinstance(value, np.ndarray)]
        numbers = tuple((value,) for value in given.values() if isinstance(value, int))
        key = (*(array.shape for array in arrays), *numbers)  # a stride and a padding tell how much is written, too
        listed = [self._known[key]] if key in self._known else self._listed(given, arrays)
        error: Exception | None = None
        for shapes in listed:
            try:
                filled = self._filled(given, shapes, np.result_type(np.float64, *arrays))
            except Exception as raised:
                error = error or raised
                continue
            if not any(np.isnan(np.asarray(array)).any() for array in filled):
                self._known[key] = shapes
                return filled if len(filled) > 1 else filled[0]
        raise error or ValueError("it leaves entries unwritten")

    def _listed(self, given: Mapping[str, Any], arrays: Sequence[Array]) -> Iterator[tuple[Shape, ...]]:
        """What the written arrays may be; rows one behind the other, last, as long as they are written."""
        yield from _shapes(arrays, list(self.outputs.values()))
        if all(least == 1 for least in self.outputs.values()):
            written = [~np.isnan(array) for array in self._filled(given, [(_ROOM,)] * len(self.outputs), np.float64)]
            yield tuple((int(np.argmin(each)),) for each in written)

    def _filled(self, given: Mapping[str, Any], shapes: Sequence[Shape], dtype: Any) -> tuple[Array, ...]:
        made = {name: np.full(shape, np.nan, dtype) for name, shape in zip(self.outputs, shapes, strict=True)}
        call_by_name(self.call, {**given, **made})
        return tuple(array.astype(np.int64) if self._is_chosen(name, array) else array for name, array in made.items())

    def _is_chosen(self, name: str, array: Array) -> bool:
        return name in self.chosen and not np.isnan(array).any()


@dataclass
class _FilledBackward:
    """A backward that returns the gradients which it filled. `produced`: parameter -> the argument whose it is."""

    call: Callable[..., Any]
    produced: Mapping[str, str]

    @property
    def __signature__(self) -> inspect.Signature:
        return _without(self.call, list(self.produced), list(self.produced.values()))

    def __call__(self, **given: Any) -> dict[str, Array]:
        wanted = inspect.signature(self.call).parameters
        made = {name: np.zeros_like(given[owner]) for name, owner in self.produced.items() if owner in given}
        made = {name: array for name, array in made.items() if array.dtype.kind in "fc"}
        handed = {name: value for name, value in given.items() if name in wanted}
        call_by_name(self.call, {**dict.fromkeys(self.produced), **handed, **made})
        return made


def _shapes(arrays: Sequence[Array], axes: Sequence[int]) -> Iterator[tuple[Shape, ...]]:
    """What the written arrays may be: as an argument, as its first axes, as these with an axis of another one."""
    whole = [array.shape for array in arrays]
    starts = [shape[:length] for shape in whole for length in range(len(shape) - 1, 0, -1)]
    ends = [(*shape[:-1], other[axis]) for shape in whole for other in whole if len(other) == 2 for axis in (0, 1)]
    more = [(*shape, length) for shape in whole for other in whole for length in other[-1:]]
    # The fewest axes first: a number that is written for each row fills a larger array too.
    listed = sorted(dict.fromkeys([*whole, *starts, *ends, *more, ()]), key=len)
    fitting = [[shape for shape in listed if len(shape) >= least] for least in axes]
    for number, places in enumerate(by_rank([len(each) for each in fitting])):
        if number == _MOST:
            return
        yield tuple(each[place] for each, place in zip(fitting, places, strict=True))
