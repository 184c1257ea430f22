"""A forward written down as data: its operations one by one, so that another process can run and differentiate them.

Plain numbers, words and arrays: a recording crosses the wire, and nothing in it can be executed but by its name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass, field
from typing import Any, Literal

from gradcheck_cli.model.case import Array
from gradcheck_cli.model.evidence import CodePlace

INPUT = "input"
CONSTANT = "constant"
_OPERAND_WORDS = ("dtype", "device", "layout", "memory_format")


@dataclass(frozen=True)
class SourcePlace:
    """Where in the user's source an operation stands.

    Attributes:
        file: as the interpreter knows it.
        line: from 1, of the statement's first line.
        text: that statement as it is written, in one line; "" where the source is not at hand.
        name: the variable that the statement gives a value ("var"); "" where it gives none or several.
        expression: the part of the statement that is the operation ("(x - mu) ** 2"); "" where it is not known.
        code: the expression in its line of the file; None where it is not known, or the line is too long to quote.
    """

    file: str
    line: int
    text: str = ""
    name: str = ""
    expression: str = ""
    code: CodePlace | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Ref:
    """A value: the output numbered `output` of the node numbered `node`."""

    node: int
    output: int = 0


@dataclass(frozen=True)
class Word:
    """An operand of torch that is no number: a dtype, a device, a layout, a memory format, by its name."""

    kind: Literal["dtype", "device", "layout", "memory_format"]
    text: str


Operand = Ref | Word | int | float | bool | str | None | tuple["Operand", ...]


@dataclass(frozen=True)
class Node:
    """One operation, an input, or a constant.

    Attributes:
        op: an overload of torch.ops ("aten.mul.Tensor"), `INPUT`, or `CONSTANT`.
        operands: what it is called with, in order; of a constant the index of its array.
        keywords: further operands by name.
        shapes: of each output; () also for an output that is no array.
        dtypes: of each output ("float64"); "" for one that is no array.
        place: where it stands; None for inputs, and where no line of the user's code is known.
        name: of an input.
        is_followed: a derivative goes through it; False where the forward itself says no_grad.
    """

    op: str
    operands: tuple[Operand, ...] = ()
    keywords: tuple[tuple[str, Operand], ...] = ()
    shapes: tuple[tuple[int, ...], ...] = ()
    dtypes: tuple[str, ...] = ()
    place: SourcePlace | None = None
    name: str = ""
    is_followed: bool = True

    def refs(self) -> Iterator[Ref]:
        """The values that it is computed from, in the order of its operands, twice where it takes one twice."""
        for operand in (*self.operands, *(value for _, value in self.keywords)):
            yield from _refs(operand)


@dataclass(frozen=True)
class Recording:
    """A forward as it ran on one sample.

    Attributes:
        nodes: each after what it is computed from. Inputs that the outputs do not depend on are kept.
        outputs: what the forward returned, flattened; None for what is no array, or does not depend on any input.
        constants: the arrays that came from elsewhere than the inputs (drawn at random, held by the file).
        leaves: where a value left torch (`.item()`, `.numpy()`): what is computed of it there is a constant here.
        layer: the known layer whose composition this is; "" for the user's own code. Its places are none of theirs.
    """

    nodes: tuple[Node, ...]
    outputs: tuple[Ref | None, ...]
    constants: tuple[Array, ...] = ()
    leaves: tuple[SourcePlace, ...] = ()
    layer: str = ""

    @property
    def inputs(self) -> dict[str, int]:
        """Name -> number of the input's node."""
        return {node.name: index for index, node in enumerate(self.nodes) if node.op == INPUT}

    @property
    def left_torch(self) -> bool:
        """Whether numbers may have gone out of torch and come back: then this need not be the graph of the forward."""
        return bool(self.leaves) or None in self.outputs

    def message(self) -> tuple[dict[str, Any], tuple[Array, ...]]:
        """What the wire carries: JSON values, and the constants."""
        written = {
            "nodes": [_written_node(node) for node in self.nodes],
            "outputs": [_written(ref) for ref in self.outputs],
            "leaves": [_written_place(place) for place in self.leaves],
        }
        return written, self.constants

    @classmethod
    def from_message(cls, message: Mapping[str, Any], constants: tuple[Array, ...]) -> Recording:
        """The recording of a message.

        Raises:
            ValueError, KeyError, TypeError: no message of ours.
        """
        nodes = tuple(_read_node(item) for item in message["nodes"])
        outputs = tuple(_read_ref(item) for item in message["outputs"])
        leaves = tuple(_read_place(item) for item in message["leaves"])
        recording = cls(nodes, outputs, constants, leaves)
        recording._check()
        return recording

    def _check(self) -> None:
        for index, node in enumerate(self.nodes):
            if any(not 0 <= ref.node < index for ref in node.refs()):
                raise ValueError(f"node {index} is computed from one that comes later")
            if node.op == CONSTANT and not (
                isinstance(node.operands[0], int) and node.operands[0] < len(self.constants)
            ):
                raise ValueError(f"node {index} has no constant")
        if any(ref is not None and not 0 <= ref.node < len(self.nodes) for ref in self.outputs):
            raise ValueError("an output is no node")


def _refs(operand: Operand) -> Iterator[Ref]:
    if isinstance(operand, Ref):
        yield operand
    elif isinstance(operand, tuple):
        for part in operand:
            yield from _refs(part)


def _written_node(node: Node) -> list[Any]:
    place = None if node.place is None else _written_place(node.place)
    keywords = [[name, _written(value)] for name, value in node.keywords]
    operands = [_written(operand) for operand in node.operands]
    return [node.op, operands, keywords, node.shapes, node.dtypes, place, node.name, node.is_followed]


def _written_place(place: SourcePlace) -> list[Any]:
    code = None if place.code is None else list(astuple(place.code))
    return [place.file, place.line, place.text, place.name, place.expression, code]


def _written(operand: Operand) -> Any:
    """Numbers, words and None as they are; a value, a word of torch and a list as an object of one key."""
    if isinstance(operand, Ref):
        return {"ref": [operand.node, operand.output]}
    if isinstance(operand, Word):
        return {operand.kind: operand.text}
    if isinstance(operand, tuple):
        return {"list": [_written(part) for part in operand]}
    return operand


def _read_node(item: Any) -> Node:
    op, operands, keywords, shapes, dtypes, place, name, is_followed = item
    return Node(
        str(op),
        tuple(_read(operand) for operand in operands),
        tuple((str(key), _read(value)) for key, value in keywords),
        tuple(tuple(int(size) for size in shape) for shape in shapes),
        tuple(str(dtype) for dtype in dtypes),
        None if place is None else _read_place(place),
        str(name),
        bool(is_followed),
    )


def _read_place(item: Any) -> SourcePlace:
    file, line, text, name, expression, code = item
    return SourcePlace(file, line, text, name, expression, None if code is None else CodePlace(*code))


def _read_ref(item: Any) -> Ref | None:
    ref = _read(item)
    if ref is not None and not isinstance(ref, Ref):
        raise ValueError(item)
    return ref


def _read(item: Any) -> Operand:
    if isinstance(item, dict):
        (kind, value), *_ = item.items()
        if kind == "ref":
            return Ref(int(value[0]), int(value[1]))
        if kind == "list":
            return tuple(_read(part) for part in value)
        if kind in _OPERAND_WORDS:
            return Word(kind, str(value))
        raise ValueError(kind)
    if item is None or isinstance(item, bool | int | float | str):
        return item
    raise ValueError(item)
