"""Builds an instance of the user's layer class for one geometry, whatever its constructor is called with."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from gradcheck_cli.model import Case, ConvSpec
from gradcheck_cli.targets.conventions import binding, layouts
from gradcheck_cli.targets.conventions.binding import Form
from gradcheck_cli.targets.conventions.constructor_use import use_of
from gradcheck_cli.targets.conventions.layout import Layout
from gradcheck_cli.targets.conventions.names import corners
from gradcheck_cli.targets.conventions.slots import Holder, Slot, holder_of, slots_of
from gradcheck_cli.targets.conventions.source import Source
from gradcheck_cli.targets.conventions.stand_ins import StandInInitializer, StandInOptimizer, StandInRandom, identity
from gradcheck_cli.targets.setting_now import made_in_float64

INPUT_SHAPES = ("image", "batch", "size", "side", "none-batch")
# Also tried for a value that tells nothing by its name and is merely kept.
LINEAR: tuple[Any, ...] = (None, "linear", "identity", "none", 1.0)
# What a parameter is handed that may be a stride or a padding and is not known to be one.
STILL: Mapping[str, int] = {"one": 1, "zero": 0}
SIZES = ("in_channels", "out_channels", "kernel_size", "kernel_h", "kernel_w")
# Axis orders of a shape that a constructor is handed.
ORDERS = (
    Layout(),
    Layout("nhwc", "uvio", "npqo"),
    Layout("nhwc", "ouvi", "npqo"),
    Layout("hw", "ouv", "pqo"),
    Layout("nhwc", "uvgm", "npqo"),
    Layout("nhwc", "uvgi", "npqo"),
)
# Meanings of what a constructor takes that are tried, the likeliest first: each is built in several layouts.
MAX_RECIPES = 24
# Meanings that are kept while more parameters join: they multiply with each that has no telling name.
MAX_PARTIAL = 64
# Of a picture, of which each may be padded by a number of its own.
SIDES = 4


@dataclass(frozen=True)
class Constructor:
    """A class, what its constructor wants, and how parameters that hold several settings are made."""

    make: Callable[..., Any]
    parameters: tuple[inspect.Parameter, ...]
    slots: tuple[Slot, ...]
    holders: Mapping[str, Holder]

    def call(self, values: Mapping[str, Any]) -> Any:
        """An instance, from slot id -> value."""
        arguments: dict[str, Any] = {}
        for item in self.parameters:
            mine = {
                slot.key: values[slot.id] for slot in self.slots if slot.parameter == item.name and slot.id in values
            }
            holder = self.holders.get(item.name)
            if holder is not None and holder.spread:
                arguments |= holder.make(mine)
            elif holder is not None:
                arguments[item.name] = holder.make(mine)
            elif mine:
                arguments[item.name] = mine[""]
        positional = [item.name for item in self.parameters if item.kind is inspect.Parameter.POSITIONAL_ONLY]
        first = [arguments.pop(name) for name in positional if name in arguments]
        with made_in_float64():
            return self.make(*first, **arguments)


def constructor_of(make: Callable[..., Any], source: Source, scope: Mapping[str, Any]) -> Constructor:
    """What the constructor of a class wants; `scope`: names of the user's module."""
    parameters = tuple(_wanted(make, source))
    holders = {item.name: found for item in parameters if (found := holder_of(item, source, scope))}
    return Constructor(make, parameters, tuple(slots_of(parameters, source, scope)), holders)


def _wanted(make: Callable[..., Any], source: Source) -> list[inspect.Parameter]:
    """The named parameters, and `**settings` where the class reads keys of them and declares no dict beside."""
    named = binding.parameters(make)
    with suppress(TypeError, ValueError):
        rest = [item for item in inspect.signature(make).parameters.values() if item.kind is item.VAR_KEYWORD]
        uses = {item.name: use_of(source, item.name) for item in rest}
        named += [item for item in rest if uses[item.name].keys or uses[item.name].merged]
    return named


@dataclass(frozen=True)
class Recipe:
    """How a constructor is called.

    Attributes:
        roles: parameter -> role; absent ones keep their defaults.
        pairs: strides, paddings and dilations as tuples.
        kernel_pair: the kernel size as a tuple.
        mode: padding as "same" or "valid".
        upper: the mode in capitals.
        input_shape: which form an input shape has, one of `INPUT_SHAPES`.
        order: axis order of an input shape and a weight shape.
        activation: what stands for "no activation".
    """

    roles: Mapping[str, str]
    pairs: bool = False
    kernel_pair: bool = False
    mode: bool = False
    upper: bool = False
    input_shape: str = "image"
    order: Layout = ORDERS[0]
    activation: Any = None

    def hands_over(self, layout: Layout) -> bool:
        """Whether weights that it hands to a constructor are in the order of `layout`: equal sizes hide another."""
        return "weight" not in self.roles.values() or self.order.weight == layout.weight

    def corners(self, constructor: Constructor) -> tuple[str, ...]:
        """The roles of four margins in the order in which it is told them; () of one that is told no four."""
        padding = (slot for slot in constructor.slots if self.roles.get(slot.id) == "padding")
        of_sides = next((slot for slot in padding if _number_of_parts(slot) == SIDES), None)
        return () if of_sides is None or self.mode else corners(of_sides.use.names)

    def build(self, constructor: Constructor, case: Case, optimizer: StandInOptimizer) -> Any:
        """An instance for the geometry of `case`."""
        given = {**self.values(case), "optimizer": optimizer}
        slots = [slot for slot in constructor.slots if slot.id in self.roles]
        return constructor.call({slot.id: self._argument(slot, given) for slot in slots})

    def _argument(self, slot: Slot, given: Mapping[str, Any]) -> Any:
        role = self.roles[slot.id]
        if role == "use_bias" and not slot.required and not isinstance(slot.default, bool):
            return given["bias"] if slot.default is not None else slot.default
        if role == "dilation" and slot.default == 0:
            return given["dilation_h"] - 1  # zeros between the taps instead of their distance
        if role == "padding" and _number_of_parts(slot) == SIDES:
            return tuple(given[margin] for margin in corners(slot.use.names))
        if role == "b_shape":  # as one number for `np.zeros(shape)`, which takes both, and for `randn(size)`
            return (given[role],) if slot.use.spread else given[role]
        if role == "text":
            return _plainest(slot.use.texts)
        if role == "padding" and self.mode:
            mode = given["mode"]
            return mode.upper() if self.upper else mode
        return given[role]

    def values(self, case: Case) -> dict[str, Any]:
        """The value of every role."""
        spec = case.spec
        form = Form(self.order, pairs=self.pairs)
        given = binding.values(case, form)
        given |= {
            "kernel_size": self._kernel_size(spec),
            "in_size": spec.width if self.order.spatial == 1 else spec.height,
            "input_shape": self._input_shape(case),
            "use_bias": True,
            "activation": self.activation,
            "name": "conv",
            **STILL,
            "initializer": StandInInitializer(),
            "text": "",  # each has words of its own
            "w_shape": self._weight_shape(given["w_shape"]),
            "b_shape": spec.out_channels,
            "mode": "same" if spec.is_padded else "valid",
            "params": {"stride": given["stride"], "pad": given["padding"], "padding": given["padding"]},
        }
        # To seed one takes longer than all the others.
        return given | ({"random": StandInRandom(0)} if "random" in self.roles.values() else {})

    def _kernel_size(self, spec: ConvSpec) -> int | tuple[int, ...]:
        """A number where one says it, and tuples are not asked for."""
        sides = spec.kernel_size[-self.order.spatial :]
        return sides if self.kernel_pair or len(set(sides)) > 1 else sides[0]

    def _weight_shape(self, whole: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of one filter where the number of filters is asked for apart."""
        if "out_channels" not in self.roles.values():
            return whole
        return tuple(size for size, axis in zip(whole, self.order.letters("weight"), strict=True) if axis != "o")

    def _input_shape(self, case: Case) -> Any:
        spec = case.spec
        whole = self.order.shape("x", spec.x_shape, spec.groups)
        image = tuple(size for size, axis in zip(whole, self.order.x, strict=True) if axis != "n")
        if self.input_shape == "batch":
            return (spec.batch, *image)
        if self.input_shape == "none-batch":
            return (None, *image)
        if self.input_shape == "size":
            return spec.input_size[-self.order.spatial :]
        return spec.input_size[-self.order.spatial] if self.input_shape == "side" else image


def _number_of_parts(slot: Slot) -> int:
    """How many numbers it is."""
    return len(slot.default) if isinstance(slot.default, list | tuple) else slot.use.parts


def _plainest(texts: Sequence[str]) -> str:
    """The word that changes least, where a setting is one of several."""
    plain = [text for text in texts if text.lower() in ("none", "linear", "identity", "zeros", "valid", "normal")]
    return (plain or list(texts))[0]


def recipes(slots: Sequence[Slot], kind: layouts.LayerKind = layouts.PICTURES) -> Iterator[Recipe]:
    """Ways to call a constructor, the likeliest first.

    Args:
        slots: what it wants.
        kind: of the arrays.
    """
    for roles in _role_choices(slots):
        used = set(roles.values())
        defaults = {roles[slot.id]: _example(slot) for slot in slots if slot.id in roles}
        parts = {roles[slot.id]: slot.use.parts for slot in slots if slot.id in roles}
        axes = max((slot.use.axes for slot in slots if roles.get(slot.id) == "weight"), default=0)
        for plain in _orders(used, axes, kind):
            for shaped in _input_shapes(used, plain, parts.get("input_shape", 0)):
                for paired in _pairings(used, defaults, shaped):
                    for moded in _modes(defaults, paired):
                        yield from _activations(used, defaults, moded, roles)


def _example(slot: Slot) -> Any:
    """Its default, or a pair where it is taken apart into one: both tell how numbers are spelled."""
    if isinstance(slot.default, list):
        return tuple(slot.default)
    return (0, 0) if slot.use.parts in (1, 2) and not isinstance(slot.default, tuple) else slot.default


def _role_choices(slots: Sequence[Slot]) -> list[dict[str, str]]:
    """Meanings of what is wanted: unambiguous names first, then every choice for the rest, at most a few.

    What has no telling name takes a size that is missing, by trial, where it is used as one; else a stand-in.
    """
    options = {slot.id: slot.roles() for slot in slots}
    required = {slot.id: slot for slot in slots if slot.required}
    sized = {slot.id for slot in slots if _is_size(slot)}
    partial: list[dict[str, str]] = [{}]
    for name in sorted(options, key=lambda name: len(options[name]) or 99):
        grown: list[dict[str, str]] = []
        for chosen in partial:
            free = _free(options[name], chosen)
            grown += [{**chosen, name: role} for role in free]
            if not free and name in sized:
                grown += [{**chosen, name: role} for role in _missing(chosen) if role in SIZES]
            if not free and name in required:
                grown += [{**chosen, name: role} for role in _missing(chosen) if required[name].use.sized]
            if not free:
                grown.append({**chosen, **({name: "activation"} if name in required else {})})
        partial = grown[:MAX_PARTIAL]
    partial += [other for chosen in partial if (other := _resized(chosen, required))]
    partial.sort(key=lambda roles: _unsettled(roles, required) - _settled(roles))
    return partial[:MAX_RECIPES]


def _free(options: Sequence[str], chosen: Mapping[str, str]) -> list[str]:
    """The roles that nothing plays yet; the width first where the height is told: `filterHeight`, `filterWidth`."""
    free = [role for role in options if role not in chosen.values()]
    other = {"kernel_h": "kernel_w", "kernel_w": "kernel_h"}
    partners = [other[role] for role in chosen.values() if other.get(role) in free]
    return partners or free


def _is_size(slot: Slot) -> bool:
    """A default of two or more, that nothing explains, may be the size of the kernel or the number of filters."""
    numbers = slot.default if isinstance(slot.default, tuple) and slot.default else (slot.default,)
    whole = all(isinstance(number, int) and not isinstance(number, bool) and number > 1 for number in numbers)
    return whole and not slot.roles() and slot.use.sized


def _missing(chosen: Mapping[str, str]) -> list[str]:
    """Sizes that a convolution has and that nothing has yet; where it has all, a stride and a padding."""
    used = set(chosen.values())
    if "weight" in used:
        sizes = [] if "bias" in used else ["bias"]
    elif "w_shape" in used:
        return []
    else:
        kernel = [] if used & {"kernel_size"} else ["kernel_h", "kernel_w"]
        whole = [] if used & {"kernel_size", "kernel_h", "kernel_w"} else ["kernel_size"]
        channels = [] if used & {"input_shape"} else ["in_channels"]
        sizes = [role for role in ("out_channels", *channels, *whole, *kernel) if role not in used]
    return sizes or [role for role in ("stride", "padding") if not used & {role, f"{role}_h"}]


def _resized(chosen: Mapping[str, str], required: Mapping[str, Slot]) -> dict[str, str]:
    """(out, in, h, w): the sizes of the kernel, where nothing else is, and not of the image; a width alone is its side.

    Empty where there are none.
    """
    alone = [name for name, role in chosen.items() if role == "in_w" and "in_h" not in chosen.values()]
    if alone and alone[0] in required and "kernel_size" in _missing(chosen):
        return {name: "kernel_size" if name in alone else role for name, role in chosen.items()}
    missing = {"kernel_h", "kernel_w"} <= set(_missing(chosen))
    swapped = {"in_h": "kernel_h", "in_w": "kernel_w"}
    if not missing or not all(role in chosen.values() for role in swapped):
        return {}
    return {name: swapped.get(role, role) if name in required else role for name, role in chosen.items()}


def _settled(roles: Mapping[str, str]) -> int:
    """A recipe that settles filters and kernel size, or hands over the arrays, comes first."""
    used = list(roles.values())
    if "weight" in used:
        return sum(role in ("weight", "bias") for role in used)
    sizes = sum(role in ("in_channels", "out_channels", "kernel_size", "w_shape") for role in used)
    return sizes + int({"kernel_h", "kernel_w"} <= set(used))


def _unsettled(roles: Mapping[str, str], required: Mapping[str, Slot]) -> int:
    """How many values that are used as sizes would get a stand-in."""
    stands = [name for name, role in roles.items() if role == "activation" and name in required]
    return sum(required[name].use.sized and "activation" not in required[name].roles() for name in stands)


def _orders(used: set[str], axes: int, kind: layouts.LayerKind) -> list[Layout]:
    """`axes`: how many F has that is handed over, where the class says so."""
    known = _known_orders(kind)
    if not used & {"input_shape", "w_shape", "weight"}:
        return known[:1]
    if "weight" not in used:
        return known
    orders = _kernel_orders(kind)
    return [order for order in orders if axes in (0, order.axes("weight"))] or orders


def _known_orders(kind: layouts.LayerKind) -> list[Layout]:
    made = (kind.layout(order) for order in ORDERS)
    return list(dict.fromkeys(order for order in made if order is not None))


@cache
def _kernel_orders(kind: layouts.LayerKind) -> list[Layout]:
    """One layout for every order in which F is kept, for constructors that are handed F itself."""
    found = [*_known_orders(kind), *layouts.every(kind)]
    return list({layout.weight: layout for layout in found[::-1] if layout.weight.count("(") < 2}.values())[::-1]


def _input_shapes(used: set[str], plain_order: Layout, parts: int) -> list[Recipe]:
    """`parts`: into how many the constructor takes it apart, where it does."""
    image = 1 + plain_order.spatial
    known = {image - 1: ("size",), image: ("image",), image + 1: ("batch", "none-batch")}
    forms = known.get(parts, INPUT_SHAPES) if parts > 1 else INPUT_SHAPES
    forms = forms if "input_shape" in used else ("image",)
    return [Recipe({}, input_shape=form, order=plain_order) for form in forms]


def _pairings(used: set[str], defaults: Mapping[str, Any], plain: Recipe) -> list[Recipe]:
    """Numbers or tuples, for the kernel and for the rest apart; a default tells where there is one."""
    kernels = _spellings(used & {"kernel_size"}, defaults)
    others = _spellings(used & {"stride", "padding", "dilation"}, defaults)
    return [replace(plain, kernel_pair=kernel, pairs=other) for other in others for kernel in kernels]


def _spellings(used: set[str], defaults: Mapping[str, Any]) -> tuple[bool, ...]:
    known = [defaults[role] for role in used if isinstance(defaults.get(role), int | tuple)]
    if known:
        return (True, False) if any(isinstance(value, tuple) for value in known) else (False, True)
    return (False, True) if used else (False,)


def _modes(defaults: Mapping[str, Any], plain: Recipe) -> list[Recipe]:
    default = defaults.get("padding")
    if isinstance(default, str):
        return [replace(plain, mode=True, upper=default.isupper())]
    if "padding" in defaults and default is inspect.Parameter.empty:
        return [plain, replace(plain, mode=True)]
    return [plain]


def _activations(
    used: set[str], defaults: Mapping[str, Any], plain: Recipe, roles: Mapping[str, str]
) -> Iterator[Recipe]:
    if "activation" not in used or defaults.get("activation", "") is None:
        yield replace(plain, roles=roles)
        if defaults.get("optimizer", inspect.Parameter.empty) is None:
            yield replace(plain, roles={name: role for name, role in roles.items() if role != "optimizer"})
        return
    for value in (*LINEAR, identity):
        yield replace(plain, roles=roles, activation=value)
    if isinstance(defaults.get("activation"), type):  # it makes an object of it, which no word or function of ours is
        yield replace(plain, roles={name: role for name, role in roles.items() if role != "activation"})
