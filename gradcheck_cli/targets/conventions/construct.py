"""Builds an instance of the user's layer class for one geometry, whatever its constructor is called with."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gradcheck_cli.model import Case
from gradcheck_cli.targets.conventions import binding
from gradcheck_cli.targets.conventions.binding import Form
from gradcheck_cli.targets.conventions.layout import COMMON, Layout
from gradcheck_cli.targets.conventions.names import constructor_roles

INPUT_SHAPES = ("image", "batch", "size", "side", "none-batch")
LINEAR: tuple[Any, ...] = (None, "linear", "identity", "none")
MAX_RECIPES = 24
ESSENTIAL = ("out_channels", "kernel_size")


class StandInOptimizer:
    """Given where a layer wants an optimiser: plain gradient descent with a learning rate of 1."""

    def __init__(self, *_: Any, **__: Any) -> None:
        self.lr = self.learning_rate = 1.0

    def __call__(self, parameter: Any, gradient: Any, *_: Any, **__: Any) -> Any:
        """parameter - gradient, also when a layer hands over its name or its cost too."""
        return parameter - gradient

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self.__call__

    def __deepcopy__(self, memo: Any) -> StandInOptimizer:
        return self

    def __copy__(self) -> StandInOptimizer:
        return self


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
    order: Layout = COMMON[0]
    activation: Any = None
    batched: bool = True

    def build(self, make: Callable[..., Any], parameters: list[inspect.Parameter], case: Case) -> Any:
        """An instance for the geometry of `case`."""
        given = self._values(case)
        arguments = {}
        for item in parameters:
            role = self.roles.get(item.name)
            if role is None:
                continue
            arguments[item.name] = self._argument(item, role, given)
        positional = [item.name for item in parameters if item.kind is inspect.Parameter.POSITIONAL_ONLY]
        first = [arguments.pop(name) for name in positional if name in arguments]
        return make(*first, **arguments)

    def _argument(self, item: inspect.Parameter, role: str, given: Mapping[str, Any]) -> Any:
        if role == "use_bias" and item.default is not inspect.Parameter.empty and not isinstance(item.default, bool):
            return given["bias"] if item.default is not None else item.default
        if role == "dilation" and item.default == 0:
            return given["dilation_h"] - 1  # zeros between the taps instead of their distance
        if role == "padding" and self.mode:
            mode = given["mode"]
            return mode.upper() if self.upper else mode
        return given[role]

    def _values(self, case: Case) -> dict[str, Any]:
        spec = case.spec
        form = Form(self.order, pairs=self.pairs)
        given = binding.values(case, form)
        height, width = spec.kernel_size
        given |= {
            "kernel_size": (height, width) if self.kernel_pair or height != width else height,
            "kernel_h": spec.kernel_size[0],
            "kernel_w": spec.kernel_size[1],
            "in_size": spec.height,
            "input_shape": self._input_shape(case),
            "use_bias": True,
            "optimizer": StandInOptimizer(),
            "activation": self.activation,
            "name": "conv",
            "w_shape": self._weight_shape(given["w_shape"]),
            "mode": "valid" if spec.padding == (0, 0) else "same",
            "params": {"stride": given["stride"], "pad": given["padding"], "padding": given["padding"]},
        }
        return given

    def _weight_shape(self, whole: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of one filter where the number of filters is asked for apart."""
        if "out_channels" not in self.roles.values():
            return whole
        return tuple(size for size, axis in zip(whole, self.order.weight, strict=True) if axis != "o")

    def _input_shape(self, case: Case) -> Any:
        spec = case.spec
        whole = self.order.shape("x", spec.x_shape)
        image = tuple(size for size, axis in zip(whole, self.order.x, strict=True) if axis != "n")
        if self.input_shape == "batch":
            return (spec.batch, *image)
        if self.input_shape == "none-batch":
            return (None, *image)
        if self.input_shape == "size":
            return (spec.height, spec.width)
        return spec.height if self.input_shape == "side" else image


def recipes(parameters: list[inspect.Parameter]) -> Iterator[Recipe]:
    """Ways to call a constructor, the likeliest first."""
    for roles in _role_choices(parameters):
        used = set(roles.values())
        defaults = {roles[item.name]: item.default for item in parameters if item.name in roles}
        for plain in _orders(used):
            for shaped in _input_shapes(used, plain):
                for paired in _pairings(used, defaults, shaped):
                    for moded in _modes(defaults, paired):
                        yield from _activations(used, defaults, moded, roles)


def _role_choices(parameters: list[inspect.Parameter]) -> list[dict[str, str]]:
    """Meanings of the parameters: unambiguous names first, then every choice for the rest, at most a few."""
    options = {item.name: constructor_roles(item.name) for item in parameters}
    required = {item.name for item in parameters if item.default is inspect.Parameter.empty}
    partial: list[dict[str, str]] = [{}]
    for name in sorted(options, key=lambda name: len(options[name]) or 99):
        grown: list[dict[str, str]] = []
        for chosen in partial:
            free = [role for role in options[name] if role not in chosen.values()]
            grown += [{**chosen, name: role} for role in free]
            if not free:
                grown.append({**chosen, **({name: "activation"} if name in required else {})})
        partial = grown[:64]
    partial.sort(key=lambda roles: -sum(_is_count_or_array(roles, role) for role in roles.values()))
    return partial[:MAX_RECIPES]


def _is_count_or_array(roles: Mapping[str, str], role: str) -> bool:
    """A recipe that settles filters and kernel size, or hands over the arrays, comes first."""
    has_array = "weight" in roles.values()
    return (
        role in ("weight", "bias") if has_array else role in ("in_channels", "out_channels", "kernel_size", "w_shape")
    )


def _orders(used: set[str]) -> list[Layout]:
    if not used & {"input_shape", "w_shape", "weight"}:
        return [Layout()]
    return [
        Layout(),
        Layout("nhwc", "uvio", "npqo"),
        Layout("nhwc", "ouvi", "npqo"),
        Layout("hw", "ouv", "pqo"),
        Layout("nhwc", "uvoi", "npqo"),
    ]


def _input_shapes(used: set[str], plain_order: Layout) -> list[Recipe]:
    forms = INPUT_SHAPES if "input_shape" in used else ("image",)
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
    for value in (*LINEAR, _identity):
        yield replace(plain, roles=roles, activation=value)


def _identity(x: Any, *_: Any, **__: Any) -> Any:
    """An activation that does nothing."""
    return np.asarray(x)
