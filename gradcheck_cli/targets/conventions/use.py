"""What a definition does with a name, told from its syntax. A use says more than a spelling.

Of a constructor's parameters, also by what the class does with the attributes that keep them: `constructor_use`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property

from gradcheck_cli.model.syntax import identifier
from gradcheck_cli.targets.conventions.names import function_roles

ARRAYS = ("x", "x_padded", "weight", "bias", "grad_output", "output")
PADDING_WORDS = ("same", "valid")
# What a padding repeats, as torch calls it, and numpy.
MODE_WORDS = ("zeros", "reflect", "replicate", "circular", "constant", "edge", "wrap", "mirror", "periodic")
ARRAY_ATTRIBUTES = (
    "shape", "ndim", "T", "reshape", "transpose", "permute", "view", "unfold", "flatten", "dtype", "dot", "astype",
    "unsqueeze", "swapaxes", "strides", "contiguous", "at", "device", "size",
)  # fmt: skip
# Calls whose first argument is an array and nothing else.
ARRAY_CALLS = ("zeros_like", "ones_like", "empty_like", "full_like", "pad", "rot90", "flip", "sliding_window_view")
MAPPING_METHODS = ("get", "keys", "items", "values")
LOOKUPS = ("get", "pop", "setdefault")
TEXT_METHODS = ("lower", "upper", "strip")
GEOMETRY_WORDS = ("stride", "padding", "dilation", "groups", "stride_h", "stride_w", "padding_h", "padding_w")


@dataclass(frozen=True)
class Use:
    """Everything that is done with one name.

    Attributes:
        known: whether the definition could be read at all.
        kinds: what the name must be for that: "mapping", "array", "number", "text", "size" (it is spread into a shape),
            "key" (something that the function does not make is looked up with it).
        keys: the string keys, and the attributes with the name of a size, that are read from it.
        texts: the strings with which it is compared.
        unpacked: into how many names it is taken apart, 0 where it is not.
        axes: into how many names its shape is taken apart, 0 where it is not.
        places: up to which place it is read by a number, `stride[0]` and `stride[1]` are 2; 0 where it is not.
        count: how often it is read.
    """

    known: bool = False
    kinds: frozenset[str] = frozenset()
    keys: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    unpacked: int = 0
    axes: int = 0
    places: int = 0
    count: int = 0

    @property
    def unused(self) -> bool:
        """Whether nothing at all is done with it."""
        return self.known and not self.count

    def fits(self, role: str) -> bool:
        """Whether something of this use may play `role`; what is not sure is allowed."""
        arrays = role in ARRAYS
        if "mapping" in self.kinds:
            return role in ("params", "cache")
        if self.unpacked > 2:
            return not arrays
        if self.texts:
            words = {"padding": PADDING_WORDS, "padding_mode": MODE_WORDS}.get(role, ())
            return any(text.lower() in words for text in self.texts)
        if "array" in self.kinds and "number" not in self.kinds:
            return arrays and not (role == "bias" and self.axes > 3)
        if "number" in self.kinds and "array" not in self.kinds:
            return not arrays and role not in ("cache", "params", "x_shape", "w_shape", "lr")
        if self.kinds == {"key"}:
            return role == "key"
        if "size" in self.kinds:
            return role in ("x_shape", "w_shape", "in_size", "cache")
        return True


@dataclass
class _Found:
    """Notes about one name while the definition is walked through."""

    kinds: set[str] = field(default_factory=set)
    keys: dict[str, None] = field(default_factory=dict)
    texts: dict[str, None] = field(default_factory=dict)
    unpacked: int = 0
    axes: int = 0
    places: int = 0
    count: int = 0


class Uses:
    """The uses of every name of one definition."""

    def __init__(self, node: ast.AST | None) -> None:
        self.node = node

    def of(self, name: str) -> Use:
        """What is done with `name`, and with what it is stored as (`ctx.mode = mode`, `s = stride`)."""
        if self.node is None:
            return Use()
        found = _Found()
        aliases = self._aliases(name)
        for node in self._reads(aliases):
            found.count += 1
            self._note(node, found)
        words = (frozenset(found.kinds), tuple(found.keys), tuple(found.texts))
        return Use(True, *words, found.unpacked, found.axes, found.places, found.count)

    @property
    def _nodes(self) -> Sequence[ast.AST]:
        return nodes_of(self.node)

    @cached_property
    def _parents(self) -> dict[ast.AST, ast.AST]:
        return {child: parent for parent in self._nodes for child in ast.iter_child_nodes(parent)}

    def _aliases(self, name: str) -> set[str]:
        """Other names for the same thing; a name that is assigned anew keeps its own meaning."""
        known = {name}
        for target, value in _plain_assignments(self._nodes):
            if identifier(value) in known:
                known.add(identifier(target))
        return known

    def _reads(self, aliases: set[str]) -> Iterator[ast.AST]:
        stores = {value for _, value in _plain_assignments(self._nodes)}
        for node in self._nodes:
            attribute = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
            held = attribute and node.value.id in ("self", "ctx", "cls")  # type: ignore[attr-defined]
            if not (isinstance(node, ast.Name) or held) or identifier(node) not in aliases:
                continue
            if isinstance(node.ctx, ast.Load) and node not in stores:  # type: ignore[attr-defined]
                yield node

    def _note(self, node: ast.AST, found: _Found) -> None:
        parent = self._parents.get(node)
        if isinstance(parent, ast.Attribute):
            self._note_attribute(parent, found)
        elif isinstance(parent, ast.Subscript) and parent.value is node:
            _note_subscript(parent, found)
        elif self._looks_up(parent, node):
            found.kinds.add("key")
        elif isinstance(parent, ast.Assign) and isinstance(parent.targets[0], ast.Tuple | ast.List):
            found.unpacked = max(found.unpacked, _targets(parent.targets[0]))
        elif isinstance(parent, ast.Compare):
            _note_comparison(parent, node, found)
        elif isinstance(parent, ast.Starred) and isinstance(self._parents.get(parent), ast.Tuple):
            found.kinds.add("size")
        elif isinstance(parent, ast.Call) and node in parent.args[:1] and identifier(parent.func) in ARRAY_CALLS:
            found.kinds.add("array")
        if self._counts(node):
            found.kinds.add("number")

    @cached_property
    def _own(self) -> set[str]:
        """Names that the definition is handed or makes."""
        names = {node.id for node in self._nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        return names | {node.arg for node in self._nodes if isinstance(node, ast.arg)}

    def _looks_up(self, parent: ast.AST | None, node: ast.AST) -> bool:
        """`memory[name]`, `memory.pop(name)` where `memory` is a variable of the file."""
        if isinstance(parent, ast.Subscript) and parent.slice is node:
            holder: ast.AST | None = parent.value
        elif isinstance(parent, ast.Call) and node in parent.args[:1] and isinstance(parent.func, ast.Attribute):
            holder = parent.func.value if parent.func.attr in LOOKUPS else None
        else:
            return False
        kept = isinstance(holder, ast.Attribute) and identifier(holder.value) == "self"
        return kept or (isinstance(holder, ast.Name) and holder.id not in self._own)

    def _note_attribute(self, attribute: ast.Attribute, found: _Found) -> None:
        name = attribute.attr
        if name in MAPPING_METHODS:
            found.kinds.add("mapping")
            call = self._parents.get(attribute)
            found.keys |= dict.fromkeys(_strings(call) if isinstance(call, ast.Call) else [])
        elif name in ARRAY_ATTRIBUTES:
            found.kinds.add("array")
            found.axes = max(found.axes, self._axes(attribute) if name == "shape" else self._asserted(attribute))
        elif name in TEXT_METHODS:
            around = self._parents.get(self._parents.get(attribute, attribute))
            found.texts |= dict.fromkeys(_strings(around) if isinstance(around, ast.Compare) else [])
        elif function_roles(name)[:1] and function_roles(name)[0] in GEOMETRY_WORDS and not self._is_called(attribute):
            found.kinds.add("mapping")
            found.keys[name] = None

    def _is_called(self, node: ast.AST) -> bool:
        parent = self._parents.get(node)
        return isinstance(parent, ast.Call) and parent.func is node

    def _axes(self, shape: ast.AST) -> int:
        """Into how many names `a.shape` (or `a.shape[2:]`, or a loop over `np.ndindex(a.shape)`) is taken apart."""
        start, parent = 0, self._parents.get(shape)
        if isinstance(parent, ast.Subscript) and isinstance(parent.slice, ast.Slice) and parent.slice.upper is None:
            lower = parent.slice.lower
            if not isinstance(lower, ast.Constant | None):
                return 0  # `a.shape[-2:]`: how many stand before is not said
            start = lower.value if lower is not None and isinstance(lower.value, int) else 0
            shape, parent = parent, self._parents.get(parent)
        if isinstance(parent, ast.Starred):
            parent = self._parents.get(parent)
        places = parent if isinstance(parent, ast.Call) and identifier(parent.func) == "ndindex" else None
        parent = self._parents.get(places) if places is not None else parent
        if isinstance(parent, ast.Assign) and parent.value is shape and isinstance(parent.targets[0], ast.Tuple):
            return max(0, start) + _targets(parent.targets[0])
        if places is None or not isinstance(parent, ast.For | ast.comprehension):
            return 0
        return max(0, start) + _targets(parent.target) if isinstance(parent.target, ast.Tuple) else 0

    def _asserted(self, ndim: ast.Attribute) -> int:
        """3 of `assert a.ndim == b.ndim == 3`, and of `if a.ndim != 3: raise ...`; 0 of anything else."""
        compared = self._parents.get(ndim)
        if ndim.attr != "ndim" or not isinstance(compared, ast.Compare):
            return 0
        around = self._parents.get(compared)
        raises = isinstance(around, ast.If) and isinstance(around.body[0], ast.Raise)
        wanted = ast.NotEq if raises else ast.Eq if isinstance(around, ast.Assert) else None
        if wanted is None or not all(isinstance(op, wanted) for op in compared.ops):
            return 0
        last = compared.comparators[-1]
        return last.value if isinstance(last, ast.Constant) and isinstance(last.value, int) else 0

    def _counts(self, node: ast.AST) -> bool:
        """Whether it is a bound of a range or of a slice, or a width of np.pad, also inside a sum or a product."""
        parent = self._parents.get(node)
        while isinstance(parent, ast.BinOp | ast.UnaryOp | ast.Tuple | ast.List):
            node, parent = parent, self._parents.get(parent)
        if isinstance(parent, ast.Slice):
            return True
        if not isinstance(parent, ast.Call):
            return False
        called = identifier(parent.func)
        return (called == "range" and node in parent.args) or (called == "pad" and node in parent.args[1:2])


@cache
def nodes_of(node: ast.AST | None) -> tuple[ast.AST, ...]:
    """All nodes of a definition, itself first; of None, none. Listed once: every way to call the target asks again."""
    return tuple(ast.walk(node)) if node is not None else ()


def _plain_assignments(nodes: Sequence[ast.AST]) -> list[tuple[ast.AST, ast.AST]]:
    """Pairs of `a = b` where both are names, also inside `a, c = b, d`."""
    pairs: list[tuple[ast.AST, ast.AST]] = []
    for node in nodes:
        if not isinstance(node, ast.Assign):
            continue
        for target in node.targets:
            both = isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple)
            several = zip(target.elts, node.value.elts, strict=False) if both else [(target, node.value)]  # type: ignore[attr-defined]
            pairs += [(left, right) for left, right in several if identifier(left) and identifier(right)]
    return [(left, right) for left, right in pairs if isinstance(right, ast.Name)]


def _targets(target: ast.expr) -> int:
    """The names of a tuple of targets; one that takes the rest (`*rest`) tells no number."""
    names = target.elts if isinstance(target, ast.Tuple | ast.List) else []
    return 0 if any(isinstance(item, ast.Starred) for item in names) else len(names)


def _note_subscript(node: ast.Subscript, found: _Found) -> None:
    index = node.slice
    if isinstance(index, ast.Constant) and isinstance(index.value, str):
        found.kinds.add("mapping")
        found.keys[index.value] = None
    elif isinstance(index, ast.Tuple) and len(index.elts) > 2:
        found.kinds.add("array")
    elif isinstance(index, ast.Constant) and type(index.value) is int and index.value >= 0:
        found.places = max(found.places, index.value + 1)


def _note_comparison(node: ast.Compare, name: ast.AST, found: _Found) -> None:
    """`mode == "same"` makes it a text, `"pad" in params` a mapping."""
    if node.left is name:
        found.texts |= dict.fromkeys(_strings(node))
    elif isinstance(node.ops[0], ast.In | ast.NotIn) and _strings(node.left):
        found.kinds.add("mapping")
        found.keys |= dict.fromkeys(_strings(node.left))
    else:
        found.texts |= dict.fromkeys(_strings(node.left))


def _strings(node: ast.AST) -> list[str]:
    constants = (item for item in ast.walk(node) if isinstance(item, ast.Constant))
    return [item.value for item in constants if isinstance(item.value, str)]
