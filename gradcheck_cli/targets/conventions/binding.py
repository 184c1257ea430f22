"""From roles to arguments: which parameter gets what, and the values of one case for every role."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from types import FunctionType, MethodType
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

import numpy as np

from gradcheck_cli.model import PADDING_MODES, Array, Case, ConvSpec, PaddingMode, Size
from gradcheck_cli.targets.conventions import probes
from gradcheck_cli.targets.conventions.base import BIAS_FORMS, RefusedError
from gradcheck_cli.targets.conventions.layout import Layout
from gradcheck_cli.targets.conventions.same import followed, rules_of
from gradcheck_cli.targets.conventions.source import Source
from gradcheck_cli.targets.setting_now import numpy_lacks, tensor_of

ARRAY_ROLES = ("x", "weight", "bias", "grad_output")
PAIRS = ("stride", "padding", "dilation", "output_padding")
GEOMETRY = ("stride", "padding", "dilation", "groups")
SKIPPED = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)

SIZES = ("batch", "in_channels", "out_channels", "in_h", "in_w", "out_h", "out_w")
# What tells the sides of a kernel that is handed over as a matrix.
KERNEL_SIZES = {"kernel_size", "kernel_h", "w_shape"}
# Several parameters may be dicts, of weights and of sizes: each is filled with what is read from it.
SHARED = ("params",)
# Of a parameter that is handed None, and of one that is multiplied with the weights.
NO_ROLE, ONES = "nothing", "ones"

Assignment = Mapping[str, str]
"""parameter -> role; a parameter that is absent keeps its default."""

Backend: TypeAlias = str | Callable[[Array], Any]
"""Whose arrays are handed over: "numpy", "torch", or what makes them of those of numpy."""


@dataclass(frozen=True)
class Form:
    """How values are spelled.

    Attributes:
        layout: axis orders.
        bias: a key of `BIAS_FORMS`, or "untied".
        pairs: strides, paddings and kernel sizes are tuples; else numbers.
        mode: padding is "same" or "valid".
        numbers: beside these words it is also told in numbers: the rules of its "same", see `is_by_word`.
        capitals: it is "SAME" or "VALID".
        sides: padding is ((top, bottom), (left, right)).
        corners: padding is one number for each side; `padding_h`, `padding_w_after` and so on, in their order.
        counts: of a role, how many numbers it is taken apart into, whatever `pairs` says of the others.
        words: for what the padding repeats, in the order of `PADDING_MODES`.
        torch: arrays are tensors.
        wrap: makes of an array what is handed over: jax's, or of a type of the file's own; None for numpy and torch.
    """

    layout: Layout
    bias: str = "o"
    pairs: bool = False
    mode: bool = False
    numbers: frozenset[str] | None = None
    capitals: bool = False
    sides: bool = False
    corners: tuple[str, ...] = ()
    counts: tuple[tuple[str, int], ...] = ()
    words: tuple[str, ...] = PADDING_MODES
    torch: bool = False
    wrap: Callable[[Array], Any] | None = None

    @property
    def takes_both_ends(self) -> bool:
        """Whether it is told what is added in front and what behind: two numbers for a line, four for a picture."""
        parts = dict(self.counts).get("padding", 1)
        return bool(self.corners or self.sides) or (self.layout.spatial == 1 and parts == 2)

    def mode_word(self, mode: PaddingMode) -> str:
        """What the padding repeats, in the target's words."""
        return dict(zip(PADDING_MODES, self.words, strict=True))[mode]

    def is_pair(self, role: str) -> bool:
        """Whether a size is handed over as several numbers."""
        return dict(self.counts).get(role, 2 if self.pairs else 1) > 1


def mode_words(sources: Sequence[Source]) -> tuple[str, ...]:
    """What code that is told what its padding repeats calls it: as torch's layers, as torch's pad, or as numpy's."""
    return _mode_words(tuple(sources))


@cache
def _mode_words(sources: tuple[Source, ...]) -> tuple[str, ...]:
    said = [word for word in ("replicate", "circular", "edge", "wrap") if any(one.mentions(word) for one in sources)]
    of_numpy = any(one.mentions("np", "numpy") and one.mentions("pad") for one in sources)
    if {"edge", "wrap"} & set(said) or (not said and of_numpy):
        return ("constant", "reflect", "edge", "wrap")
    zeros = "zeros" if not any(one.mentions("pad") for one in sources) else "constant"
    return (zeros, "reflect", "replicate", "circular")


def parameters(function: Callable[..., Any], skip: int = 0) -> list[inspect.Parameter]:
    """Named parameters of a callable without its first `skip`; [] where Python cannot tell."""
    try:
        found = _of_method(function) if type(function) is MethodType else _all_parameters(function)
    except (TypeError, ValueError):
        return []
    return [parameter for parameter in found[skip:] if parameter.kind not in SKIPPED]


def _all_parameters(function: Callable[..., Any]) -> tuple[inspect.Parameter, ...]:
    return tuple(inspect.signature(function).parameters.values())


def _of_method(method: MethodType) -> tuple[inspect.Parameter, ...]:
    """A layer is made thousands of times, and of each its methods are asked: their function is the same."""
    function = method.__func__
    if type(function) is not FunctionType:
        return _all_parameters(method)
    made_of = (function.__code__, function.__defaults__, function.__kwdefaults__)
    known = _methods.get(function)
    if known is None or any(one is not other for one, other in zip(known[0], made_of, strict=True)):
        known = _methods[function] = (made_of, _all_parameters(method))
    return known[1]


# What a function was made of, which an edit may change, and the parameters of a method that it is.
_methods: WeakKeyDictionary[FunctionType, tuple[tuple[Any, ...], tuple[inspect.Parameter, ...]]] = WeakKeyDictionary()


def required(item: inspect.Parameter) -> bool:
    """A parameter without a default."""
    return item.default is inspect.Parameter.empty


def values(case: Case, form: Form, output: Any = None) -> dict[str, Any]:
    """The value of every role for `case`; arrays are fresh copies."""
    spec, layout = case.spec, form.layout
    arrays = {name: np.array(array) for name, array in _ordered.of(case, layout).items()}
    arrays["bias"] = give_bias(case.bias, spec, form)
    given: dict[str, Any] = {name: as_given(array, form) for name, array in arrays.items()}
    size = spec.width if layout.spatial == 1 else spec.input_size
    shapes = {"x_shape": arrays["x"].shape, "w_shape": arrays["weight"].shape, "in_size": size}
    return {**given, **shapes, **_sizes(spec, form), "output": output, "lr": 1.0, "key": 0}


class _Ordered:
    """The arrays of a case in each layout. Recognition hands the same over in many ways, one after another."""

    def __init__(self) -> None:
        self._last: tuple[Case, dict[Layout, dict[str, Array]]] | None = None

    def of(self, case: Case, layout: Layout) -> dict[str, Array]:
        """Those of X, F and G, and of X with its padding around it; not to be written to."""
        last = self._last
        if last is None or last[0] is not case:
            self._last = last = (case, {})
        known = last[1]
        if layout not in known:
            groups = case.spec.groups
            known[layout] = {
                "x": layout.give("x", case.x, groups),
                "weight": layout.give("weight", case.weight, groups),
                "grad_output": layout.give("output", case.grad_output, groups),
                "x_padded": layout.give("x", probes.padded(case), groups),
            }
            known[layout][ONES] = np.ones_like(known[layout]["weight"])
        return known[layout]


_ordered = _Ordered()


def give_bias(bias: Array, spec: ConvSpec, form: Form) -> Array:
    """b as the target keeps it; untied: one bias for every output."""
    if form.bias != "untied":
        ordered = form.layout.give_filters(bias, spec.groups)
        return ordered.reshape(BIAS_FORMS.get(form.bias, BIAS_FORMS["o"])(spec.out_channels))
    shape = spec.output_shape
    whole = np.broadcast_to(bias.reshape(1, -1, *[1] * (len(shape) - 2)), (1, *shape[1:]))
    given = form.layout.give("output", np.ascontiguousarray(whole), spec.groups)
    return given[0] if form.layout.output.startswith("n") else given


def spelled(pair: Size, form: Form, role: str) -> int | Size:
    """A pair as the target wants it; of a line, its one number, by itself or as a tuple of one.

    Raises:
        RefusedError: the two differ and the target takes one number.
    """
    if form.layout.spatial == 1:
        return pair[1:] if form.is_pair(role) else pair[1]
    if form.is_pair(role):
        return pair
    if len(set(pair)) > 1:
        raise RefusedError(f"it takes one number for the {role.replace('_', ' ')}")
    return pair[0]


def padding_mode(spec: ConvSpec) -> str:
    """ "valid" or "same".

    Raises:
        RefusedError: the padding is neither.
    """
    if not spec.is_padded:
        return "valid"
    if is_same(spec):
        return "same"
    raise RefusedError("its padding is 'same' or 'valid'")


def is_same(spec: ConvSpec) -> bool:
    """Whether code that keeps the size pads so, by one of the usual rules; which rule it follows is seen later."""
    return bool(rules_of(spec))


SQUARE = "its kernel is square: it reads one size for both directions"


def is_by_word(spec: ConvSpec, form: Form) -> bool:
    """Whether the padding of `spec` is said as "same" or "valid".

    Of code that takes words and numbers: "same" for what its own rules pad, and what only a word can say. No padding is
    0 for half of the images and "valid" for the others, by a property of theirs that no condition speaks of.
    """
    if not form.mode or form.numbers is None:
        return form.mode
    if not spec.is_padded:
        return sum(spec.input_size) % 2 == 1
    return not spec.is_symmetric or followed(spec, form.numbers)


def no_block(spec: ConvSpec, blocks: bool) -> str:
    """Why code that takes whole blocks alone, `blocks`, cannot take `spec`; "" where it can."""
    if not blocks:
        return ""
    if spec.kernel_size != spec.stride or set(spec.unusual) - {"stride"}:
        return "it takes kernels as wide as its stride, without padding and dilation"
    sizes = () if spec.transposed else zip(spec.input_size, spec.stride, strict=True)
    return "it takes whole blocks" if any(size % step for size, step in sizes) else ""


def square_only(spec: ConvSpec, form: Form, sources: Sequence[Source]) -> str:
    """ "its kernel is square" when the source says so and `spec`'s is not: `f, f, c, o = W.shape`, `k = W.shape[2]`."""
    letters = form.layout.weight
    if spec.kernel_size[-2] == spec.kernel_size[-1] or "(" in letters or not {"u", "v"} <= set(letters):
        return ""
    height, width = letters.index("u"), letters.index("v")
    for names in (names for source in sources for names in source.shape_names("weight")):
        if len(names) == len(letters) and _one_size(names[height], names[width]):
            return SQUARE
    return SQUARE if any(_reads_one(source, len(letters), {height, width}) for source in sources) else ""


def _reads_one(source: Source, axes: int, sides: set[int]) -> bool:
    """Whether one side of the kernel is read, once in each function that reads one, and the other never.

    Read twice, `kh = W.shape[2]` and `kw = W.shape[2]`, it is a slip of code that means two.
    """
    read = [axis % axes for axis in source.shape_axes("weight")]
    in_each = [sum(axis % axes in sides for axis in each.shape_axes("weight")) for each in source.functions()]
    return len(sides & set(read)) == 1 and max(in_each, default=0) == 1


def _one_size(height: str, width: str) -> bool:
    return (height == width != "_") or ((height == "_") != (width == "_"))


def refuses(spec: ConvSpec, form: Form, roles: set[str], same: bool = False) -> str:
    """Why a target with parameters of these `roles` cannot take `spec`; "" when it can.

    `same`: it has no padding parameter and keeps the size of its input.
    """
    roles = roles | {"groups"} if form.layout.depthwise else roles
    for name in (*spec.unusual, *(("output_padding",) if any(spec.output_padding) else ())):
        if name not in roles and f"{name}_h" not in roles and not (name == "padding" and same):
            return f"it has no parameter for {name.replace('_', ' ')}"
    if same and "padding" not in roles and not is_same(spec):
        return "it always pads to keep the size"
    if _is_matrix(form) and spec.kernel_size[-2] != spec.kernel_size[-1] and not roles & KERNEL_SIZES:
        return "its kernel is a matrix, and it is told no size of it: only a square one can be told"
    pads_by_itself = is_by_word(spec, form) if "padding" in roles else same
    if not spec.is_symmetric and not pads_by_itself and not form.takes_both_ends:
        return "it takes the same padding on both sides"
    try:
        _check_spelling(spec, form, roles)
    except RefusedError as reason:
        return str(reason)
    return form.layout.of_any_mode("padding_mode" in roles).refuses(spec)


def is_value_of(spec: ConvSpec, role: str, value: Any) -> bool:
    """Whether a stride, padding or dilation is the one of `spec`, as a number, one for each axis, or a word."""
    if isinstance(value, str):
        return is_same(spec) == (value.lower() == "same")
    numbers = getattr(spec, role)
    return numbers in (value, tuple(value) if isinstance(value, list) else (value,) * len(numbers))


def _is_matrix(form: Form) -> bool:
    """Whether rows and columns of the kernel are one axis."""
    return bool(re.search(r"\(\w*u\w*v\w*\)", form.layout.weight))


def _check_spelling(spec: ConvSpec, form: Form, roles: set[str]) -> None:
    by_word = is_by_word(spec, form)
    for name in PAIRS:
        if name in roles and not (name == "padding" and (by_word or form.sides or form.corners)):
            spelled(getattr(spec, name), form, name)
    if "kernel_size" in roles and "kernel_h" not in roles:
        spelled(spec.kernel_size, form, "kernel_size")
    if by_word and "padding" in roles:
        padding_mode(spec)


@lru_cache(maxsize=2**8)
def _sizes(spec: ConvSpec, form: Form) -> Mapping[str, Any]:
    numbers: dict[str, Any] = {
        "batch": spec.batch,
        "in_channels": spec.in_channels,
        "out_channels": spec.out_channels,
        "groups": spec.groups,
        "in_h": spec.height,
        "in_w": spec.width,
        "in_d": spec.depth,
        "out_h": spec.output_size[-2],
        "out_w": spec.output_size[-1],
        "out_size": spec.output_size[-1] if form.layout.spatial == 1 else spec.output_size,
        "padding_mode": form.mode_word(spec.padding_mode),
    }
    pairs = {"stride": spec.stride, "padding": spec.padding, "dilation": spec.dilation}
    pairs |= {"output_padding": spec.output_padding}
    behind = ("padding_d_after", "padding_h_after", "padding_w_after")[-len(spec.padding) :]
    numbers |= dict(zip(behind, spec.padding_after, strict=True))
    for name, pair in {**pairs, "kernel_size": spec.kernel_size}.items():
        stem = name.removesuffix("_size")
        numbers |= dict(zip((f"{stem}_d", f"{stem}_h", f"{stem}_w")[-len(pair) :], pair, strict=True))
        numbers[name] = _spelled_or_none(pair, form, name)
    if is_by_word(spec, form):
        word = "same" if spec.is_padded else "valid"
        numbers["padding"] = word.upper() if form.capitals else word
    if form.sides:
        both = zip(spec.padding, spec.padding_after, strict=True)
        numbers["padding"] = tuple(both)[-form.layout.spatial :]
    if form.corners:
        numbers["padding"] = tuple(numbers[margin] for margin in form.corners)
    elif form.takes_both_ends and not form.sides:
        numbers["padding"] = (spec.padding[1], spec.padding_after[1])
    return numbers


def _spelled_or_none(pair: Size, form: Form, role: str) -> int | Size:
    """Numbers that differ are refused before a call; the pair only stands where nobody reads it."""
    try:
        return spelled(pair, form, role)
    except RefusedError:
        return pair


def as_given(array: Array, form: Form) -> Any:
    """The array as the target takes arrays."""
    if not form.torch and numpy_lacks():
        raise RefusedError(numpy_lacks())
    if form.wrap is not None:
        return form.wrap(array)
    return tensor_of(np.ascontiguousarray(array)) if form.torch else array
