"""Which kind of layer a target may be the backward of: what its text says, and what it is tried on first."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from gradcheck_cli.model import PADDING_MODES, ConvSpec, PaddingMode
from gradcheck_cli.model.conventions import LINES, PICTURES, VOLUMES
from gradcheck_cli.model.syntax import identifier
from gradcheck_cli.targets.conventions import probes
from gradcheck_cli.targets.conventions.one_tap import says_one_tap
from gradcheck_cli.targets.conventions.use import nodes_of
from gradcheck_cli.targets.conventions.written_kernel import MAKERS, with_written
from gradcheck_cli.targets.load import Loaded
from gradcheck_cli.targets.resolve import definitions

Specs = tuple[ConvSpec, ...]
# What tells a backward from its forward in their names.
_BACKWARD = re.compile(r"_?(backward|bwd|back|grads?|gradients?|vjp|bprop)_?", re.IGNORECASE)
# A helper that pads is called by the target, or by a helper of it.
_CALLS_DEEP = 2
# How names say it: Conv1d, conv_1d_backward, temporal_conv, CausalConv; the first that is said counts.
_AXES = {
    1: re.compile(r"1_?[dD](?![a-z])|(?i:temporal|causal|tcn|wavenet)"),
    2: re.compile(r"2_?[dD](?![a-z])"),
    3: re.compile(r"3_?[dD](?![a-z])|(?i:volum|voxel|c3d)"),
}
_TRANSPOSED = re.compile(
    r"transpos|deconv|((?<![a-z])t|(?-i:T))_?conv|conv_?t(?![a-z])|((?<![a-z])up|(?-i:Up))_?conv|up_?sampl|fraction"
    r"|backward_?conv",
    re.IGNORECASE,
)
_SAID_TRANSPOSED = re.compile(r"transposed\s+conv|deconvolution", re.IGNORECASE)
_DOCUMENTED = ast.FunctionDef | ast.ClassDef
_DEPTHWISE = re.compile(r"depth_?wise|dw_?conv|conv_?dw", re.IGNORECASE)
_MODES: dict[PaddingMode, re.Pattern[str]] = {
    "reflect": re.compile(r"reflect|mirror", re.IGNORECASE),
    "replicate": re.compile(r"replicat|[\"']edge[\"']|edge_?pad|pad\w*_?edge|clamp|\bclip\b|nearest", re.IGNORECASE),
    "circular": re.compile(
        r"circular|[\"']wrap[\"']|periodic|torus|toroidal|cyclic|\broll\b|wrap_?around", re.IGNORECASE
    ),
}
# Arrays of volumes: images, channels and three more.
VOLUME_ARRAYS = 5
_BY_AXES: dict[int, Specs] = {1: probes.LINES, 2: probes.PICTURES, 3: probes.VOLUMES}
_TRANSPOSED_BY_AXES: dict[int, Specs] = {
    1: probes.TRANSPOSED_LINES,
    2: probes.TRANSPOSED,
    3: probes.TRANSPOSED_VOLUMES,
}
_POINTWISE_BY_AXES: dict[int, Specs] = {
    1: probes.POINTWISE_LINES,
    2: probes.POINTWISE,
    3: probes.POINTWISE_VOLUMES,
}


def kinds_to_try(loaded: Loaded, wanted: Sequence[str]) -> list[Specs]:
    """The geometries to try it on, of each kind that it may be of, the likelier kind first.

    Args:
        wanted: words of `--convention`.
    """
    looks = _Looks(loaded)
    axes = [number for number in looks.axes if number in _asked(wanted)] or sorted(_asked(wanted))
    plain = [with_written(_BY_AXES[number], looks.nodes) for number in axes]
    plain = [tuple(sorted(specs, key=_is_mixed)) for specs in plain] if looks.is_depthwise else plain
    plain = [tuple(sorted(specs, key=_count)) for specs in plain] if looks.of_signals else plain
    moded = [probes.of_mode(mode, specs) for mode in looks.modes for specs in plain[:2]]
    turned = [_TRANSPOSED_BY_AXES[number] for number in axes] if looks.transposed else []
    # Last: what is named so may take other kernels all the same.
    of_one_tap = [_POINTWISE_BY_AXES[number] for number in axes] if looks.pointwise else []
    return [*turned, *moded, *plain, *of_one_tap]


def reads_windows(loaded: Loaded) -> bool:
    """Whether its text reads windows of an array: `x[t : t + k]`, `x[t + j]`."""
    return _Looks(loaded).has_windows


def speaks_of_pictures(loaded: Loaded) -> bool:
    """Whether its text reads windows, or names an axis that rows have not: `x.shape[2]`, `axis=(0, 2, 3)`."""
    looks = _Looks(loaded)
    return looks.has_windows or any(map(_names_a_third_axis, looks.nodes))


def _names_a_third_axis(node: ast.AST) -> bool:
    if isinstance(node, ast.Subscript) and identifier(node.value) == "shape":
        return isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, int) and node.slice.value > 1
    axes = node.value if isinstance(node, ast.keyword) and node.arg in ("axis", "dim") else None
    named = axes.elts if isinstance(axes, ast.Tuple | ast.List) else [axes]
    return any(isinstance(axis, ast.Constant) and isinstance(axis.value, int) and axis.value > 1 for axis in named)


def _count(spec: ConvSpec) -> int:
    """How many signals there are: images, channels and filters."""
    return spec.batch * spec.in_channels * spec.out_channels


def _is_mixed(spec: ConvSpec) -> bool:
    """Whether a filter sees several channels, or there is no more than one."""
    return spec.groups == 1 or spec.in_channels > spec.groups


def transposed_kinds(loaded: Loaded, wanted: Sequence[str]) -> list[Specs]:
    """Those of transposed layers: where a forward that was run is one, whatever the names say."""
    return [_TRANSPOSED_BY_AXES[number] for number in _Looks(loaded).axes if number in _asked(wanted)]


def _asked(wanted: Sequence[str]) -> set[int]:
    """The numbers of axes that the words of `--convention` leave."""
    words = {1: LINES, 2: PICTURES, 3: VOLUMES}
    return {number for number, layouts in words.items() if set(wanted) & set(layouts)} or set(words)


@dataclass(frozen=True)
class _Looks:
    """What the text of a target says."""

    loaded: Loaded

    @property
    def axes(self) -> list[int]:
        """Numbers of axes, the likelier first; three only where something says so."""
        named = [number for number, pattern in _AXES.items() if pattern.search(self._name)]
        if named:
            return [*named, *(number for number in (2, 1) if number not in named)]
        known = {*_taken_apart(self.nodes), *_indexed(self.nodes), *_padded(self.nodes)}
        if VOLUME_ARRAYS in known or any(map(_is_of_volumes, self.nodes)):
            return [3, 2, 1]
        # `g[:, :, t]` may be a row of four axes.
        is_line = (3 in set(_taken_apart(self.nodes)) and 4 not in known) or self.of_signals
        is_line = is_line and not any(map(_reads_two_windows, self.nodes))  # batches of images of one channel
        return [1, 2] if is_line or any(map(_is_of_lines, (*self.nodes, *self._reached))) else [2, 1]

    @cached_property
    def of_signals(self) -> bool:
        """Whether nothing in it is of arrays with more than one axis: it makes lists of numbers out of lists."""
        nodes = (*self.nodes, *self._reached)
        lengths = {id(node.value) for node in nodes if isinstance(node, ast.Subscript) and _is_first(node.slice)}
        of_axes = any(_is_of_axes(node) for node in nodes if id(node) not in lengths)
        several = max((*_taken_apart(nodes), *_indexed(nodes)), default=0) > 1 or of_axes
        return not several and self.has_windows

    @property
    def has_windows(self) -> bool:
        """Whether windows of something are read in it, or in the functions of the file that it uses."""
        return _has_window((*self.nodes, *self._reached))

    @property
    def transposed(self) -> bool:
        """Whether a name says so, its own or that of its class, or what is written of it or of its forward."""
        said = (ast.get_docstring(node) or "" for node in self._written if isinstance(node, _DOCUMENTED))
        return bool(_TRANSPOSED.search(self._name)) or any(map(_SAID_TRANSPOSED.search, said))

    @property
    def pointwise(self) -> bool:
        """Whether something in it says that its kernel has one tap."""
        nodes = [each for node in self._written for each in nodes_of(node)]
        return says_one_tap(self._name, nodes, _has_window(nodes))

    @property
    def is_depthwise(self) -> bool:
        """Whether its name says so."""
        return bool(_DEPTHWISE.search(self._name))

    @property
    def modes(self) -> list[PaddingMode]:
        """What its padding may repeat beside zeros; what its own name says comes first."""
        said = [mode for mode in PADDING_MODES[1:] if _MODES[mode].search(self._text)]
        return sorted(said, key=lambda mode: not _MODES[mode].search(self._name))

    @property
    def _name(self) -> str:
        owner = self.loaded.target if isinstance(self.loaded.target, type) else self.loaded.owner
        return f"{getattr(owner, '__name__', '')}.{self.loaded.name}"

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Those of its definition, and of its class with what that inherits from."""
        owner = self.loaded.target if isinstance(self.loaded.target, type) else self.loaded.owner
        names = [self.loaded.name] if owner is None else [kind.__name__ for kind in owner.__mro__]
        found = map(self.loaded.node, names)
        return [each for node in found for each in nodes_of(node)]

    @cached_property
    def _reached(self) -> list[ast.AST]:
        """Those of the functions of the file that it uses, too."""
        return [each for node in self._definitions([]) for each in nodes_of(node)]

    def _definitions(self, more: Sequence[ast.AST]) -> list[ast.AST]:
        """Its own, `more`, and those of the functions of the file that these use."""
        known = definitions(self.loaded.tree)
        reached = {id(node): node for node in (*self.nodes[:1], *more)}
        for _ in range(_CALLS_DEEP):
            names = {item.id for node in reached.values() for item in nodes_of(node) if isinstance(item, ast.Name)}
            reached |= {id(known[name]): known[name] for name in names & set(known)}
        return list(reached.values())

    @cached_property
    def _text(self) -> str:
        """Its definition, the functions of the file that it uses, and those that are named like it: its forward."""
        return "\n".join(map(ast.unparse, self._written))

    @cached_property
    def _written(self) -> list[ast.AST]:
        known = definitions(self.loaded.tree)
        stem = _BACKWARD.sub("", self.loaded.name)
        return self._definitions([known[name] for name in known if stem and stem in name])


# What nobody asks of an array with one axis.
_OF_AXES = frozenset(("shape", "ndim", "reshape", "transpose", "T", "swapaxes", "einsum", "tensordot", "axis", "dim"))


def _is_of_axes(node: ast.AST) -> bool:
    """`x.shape`, `np.sum(x, axis=0)`, `einsum(...)`."""
    return (isinstance(node, ast.Attribute | ast.Name) and identifier(node) in _OF_AXES) or (
        isinstance(node, ast.keyword) and node.arg in _OF_AXES
    )


def _is_first(index: ast.expr) -> bool:
    """The 0 of `x.shape[0]`, which is the length of a list."""
    return isinstance(index, ast.Constant) and index.value == 0


def _has_window(nodes: Sequence[ast.AST]) -> bool:
    """`x[t : t + k]`, or `x[t + j]` where t and j are counted by loops."""
    counters = {
        name.id for node in nodes if isinstance(node, ast.For | ast.comprehension) for name in _names(node.target)
    }
    indices = [node.slice for node in nodes if isinstance(node, ast.Subscript)]
    slides = any(isinstance(index, ast.Slice) and index.lower for index in indices)
    sums = (index for index in indices if isinstance(index, ast.BinOp))
    return slides or any(len(counters & {name.id for name in _names(index)}) > 1 for index in sums)


def _names(node: ast.AST) -> Iterator[ast.Name]:
    return (each for each in ast.walk(node) if isinstance(each, ast.Name))


def _is_of_lines(node: ast.AST) -> bool:
    """`F.conv1d`, or numpy's own correlation, which knows one axis only."""
    if not isinstance(node, ast.Attribute):
        return False
    of_numpy = identifier(node.value) in ("np", "numpy") and node.attr in ("correlate", "convolve")
    return of_numpy or node.attr.lower() == "conv1d"


def _reads_two_windows(node: ast.AST) -> bool:
    """`x[:, i : i + kh, j : j + kw]`."""
    parts = node.slice.elts if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple) else []
    windows = (each for each in parts if isinstance(each, ast.Slice) and each.lower is not None)
    return sum(isinstance(each.upper, ast.BinOp) for each in windows) > 1


def _taken_apart(nodes: Sequence[ast.AST]) -> Iterator[int]:
    """Into how many names shapes are taken apart, and of how many sizes they are made."""
    for each in nodes:
        if isinstance(each, ast.Call) and identifier(each.func) in MAKERS:
            yield from (len(one.elts) for one in each.args if isinstance(one, ast.Tuple))
            yield len(each.args)
        if isinstance(each, ast.Assign) and isinstance(each.targets[0], ast.Tuple) and _is_shape(each.value):
            yield len(each.targets[0].elts)


def _indexed(nodes: Sequence[ast.AST]) -> Iterator[int]:
    """With how many numbers arrays are indexed; None makes an axis and takes none."""
    for each in nodes:
        if isinstance(each, ast.Subscript) and isinstance(each.slice, ast.Tuple):
            yield sum(not (isinstance(part, ast.Constant) and part.value is None) for part in each.slice.elts)


def _padded(nodes: Sequence[ast.AST]) -> Iterator[int]:
    """On how many axes arrays are padded: `np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))`."""
    for each in nodes:
        if isinstance(each, ast.Call) and identifier(each.func) == "pad":
            yield from (len(one.elts) for one in each.args[1:2] if isinstance(one, ast.Tuple | ast.List))


def _is_shape(node: ast.AST) -> bool:
    return identifier(node) == "shape" or (isinstance(node, ast.Call) and identifier(node.func) == "size")


def _is_of_volumes(node: ast.AST) -> bool:
    """`F.conv3d`, `conv_transpose3d`, `torch.nn.grad.conv3d_weight`: torch's names for three axes."""
    return re.match(r"conv(_?transpose)?3d", identifier(node), re.IGNORECASE) is not None
