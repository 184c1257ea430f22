"""What a constructor wants: its parameters, and the keys or attributes of those that hold several settings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gradcheck_cli.targets.conventions import holders
from gradcheck_cli.targets.conventions.binding import required
from gradcheck_cli.targets.conventions.constructor_use import ParameterUse, use_of
from gradcheck_cli.targets.conventions.defaults import values_of
from gradcheck_cli.targets.conventions.listed import listed
from gradcheck_cli.targets.conventions.names import are_margins, constructor_roles
from gradcheck_cli.targets.conventions.source import Source

NOTHING = inspect.Parameter.empty
KERNELS = ("kernel_size", "w_shape", "weight", "out_channels")
PAIRS = ("kernel_size", "input_shape", "stride", "padding", "dilation", "in_size")
ARRAYS = ("weight", "bias")
SHAPES = ("w_shape", "input_shape")
PLAIN = ParameterUse()
# Methods of sources of random numbers: of numpy's two kinds, and of Python's.
RANDOM = frozenset(
    (
        *("normal", "randn", "standard_normal", "uniform", "rand", "random", "random_sample", "integers", "randint"),
        *("gauss", "normalvariate", "choice", "permutation", "truncated_normal"),
    )
)
INITIALIZER = r"init|filler|fill_?fn|sampler|rand"
# Roles that are known by their name and are spelled as words too.
WORDED = ("padding", "activation", "optimizer", "name", "use_bias")


@dataclass(frozen=True)
class Slot:
    """One value that a constructor wants: a parameter, or `key` of a parameter that is a dict or an object."""

    parameter: str
    key: str = ""
    default: Any = NOTHING
    use: ParameterUse = PLAIN

    @property
    def id(self) -> str:
        """What a role is given to: `stride`, `config.stride`."""
        return f"{self.parameter}.{self.key}" if self.key else self.parameter

    @property
    def required(self) -> bool:
        """Without a default."""
        return self.default is NOTHING

    def roles(self) -> list[str]:
        """What it may be, by its name, narrowed by how it is taken apart."""
        named = holders.roles_of(self.key) if self.key else constructor_roles(self.parameter)
        if isinstance(self.default, int) and "padding_mode" in named:  # `border=0` is how wide it is
            named = ["padding", *(role for role in named if role not in ("padding", "padding_mode"))]
        if set(self.use.methods) & RANDOM:
            return ["random"] if self.required else []
        if self.use.called:
            known = [role for role in named if role in ("activation", "optimizer")]
            makes_arrays = self.required and re.search(INITIALIZER, self.parameter.lower())
            return known or (["initializer"] if makes_arrays else [])
        if self.use.texts and self.required and not set(named) & set(WORDED):
            return ["text"]
        if self.use.array:
            return [role for role in named if role in ARRAYS] or list(ARRAYS)
        if self.use.counted:
            named = [role for role in named if role not in (*ARRAYS, *SHAPES)]
        if not self.required:
            named = [role for role in named if role != "params"]
        parts = self.use.parts
        if parts == 4 and ("padding" in named or are_margins(self.use.names)):
            return ["padding"]
        if parts == 4 or (parts == 3 and not self.key):
            # Three sides of a volume's kernel, where the default is three numbers too.
            sides = isinstance(self.default, tuple | list) and len(self.default) == parts == 3
            return [*(["kernel_size"] if sides and "kernel_size" in named else []), *_shape_roles(named)]
        if parts == 2:
            return [role for role in named if role in PAIRS] or (["kernel_size"] if set(named) & set(KERNELS) else [])
        may_be_shape = self.use.shape and "w_shape" not in named and (not named or "input_shape" in named)
        return [*named, "w_shape"] if may_be_shape else named


@dataclass(frozen=True)
class Holder:
    """A parameter that holds several settings.

    Attributes:
        make: builds it from key -> value.
        spread: it is `**settings`: its values are handed over by their names.
    """

    parameter: str
    make: Callable[[Mapping[str, Any]], Any]
    spread: bool = False


def slots_of(parameters: Sequence[inspect.Parameter], source: Source, scope: Mapping[str, Any]) -> list[Slot]:
    """Everything that a constructor wants.

    Args:
        source: the class.
        scope: names of the user's module, to look up an annotation.
    """
    found: list[Slot] = []
    for item in parameters:
        use = use_of(source, item.name)
        keys = _settings(item, source, scope)
        if keys is None:
            found.append(Slot(item.name, default=item.default, use=use))
        else:
            found += [Slot(item.name, key, default) for key, default in keys.items()]
    return found


def holder_of(item: inspect.Parameter, source: Source, scope: Mapping[str, Any]) -> Holder | None:
    """How a parameter that holds several settings is made; None for one value."""
    use = use_of(source, item.name)
    if _settings(item, source, scope) is None:
        return None
    if item.kind is inspect.Parameter.VAR_KEYWORD:
        return Holder(item.name, dict, spread=True)
    found = listed(source.node, item.name)
    if found is not None:
        return Holder(item.name, lambda values: found.make(dict(values)))
    kind = holders.kind_of(item, use, scope)
    if kind is not None:
        return Holder(item.name, lambda values: kind(**values))
    if values_of(use.merged, source.node, scope):
        return Holder(item.name, dict)
    return Holder(item.name, lambda values: holders.settings(values, use))


def _settings(item: inspect.Parameter, source: Source, scope: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Keys of a parameter that holds several settings, with their defaults; None for one value."""
    found = listed(source.node, item.name)
    if found is not None:
        return dict.fromkeys(found.keys, NOTHING)
    use = use_of(source, item.name)
    if item.kind is inspect.Parameter.VAR_KEYWORD:
        return values_of(use.merged, source.node, scope) | dict(use.keys)
    kind = holders.kind_of(item, use, scope)
    if kind is not None:
        return holders.fields(kind)
    defaults = values_of(use.merged, source.node, scope)
    if defaults:
        return defaults | {key: value for key, value in use.keys.items() if key not in defaults}
    if isinstance(item.default, Mapping) and use.keys:
        return {str(key): value for key, value in item.default.items()}
    if not holders.holds_settings(use) or (item.default is not NOTHING and item.default is not None):
        return None
    attributes = dict.fromkeys(use.attributes, NOTHING if required(item) else None)
    return use.keys or (attributes if not use.called else {})


def _shape_roles(named: Sequence[str]) -> list[str]:
    """A tuple of three or four is a shape: of the kernel or of the input, as its name says; else either."""
    if "input_shape" in named and "w_shape" not in named:
        return ["input_shape"]
    return ["w_shape"] if set(named) & set(KERNELS) else ["w_shape", "input_shape"]
