"""The two ways out that always work: the caller says how the code is called.

    --call "conv_backward(G, (x, w, b, {'stride': s, 'pad': p}))" --returns input,weight,bias
    def gradcheck_call(x, weight, bias, grad_output, stride, padding, dilation, groups): ...     in the target's file

An expression is evaluated in the namespace of the target's file, with the standard names on top of it.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import CodeType, ModuleType
from typing import Any, Protocol

import numpy as np

from gradcheck_cli.model import Array, Case, ConvSpec, GradientName
from gradcheck_cli.targets.conventions import binding
from gradcheck_cli.targets.conventions.base import NotRecognisedError, Prepared, Returned, changed, during, to_numpy
from gradcheck_cli.targets.conventions.binding import Form
from gradcheck_cli.targets.conventions.handed_back import ReadingError, by_exact_keys, by_keys, by_returns
from gradcheck_cli.targets.conventions.layout import Layout
from gradcheck_cli.targets.resolve import CALL, names_in

ARGUMENTS = ("x", "weight", "bias", "grad_output", "stride", "padding", "dilation", "groups")
PLACE = "--call"
"""The file name of an expression's frame in a traceback."""

ARRAYS: Mapping[str, tuple[str, ...]] = {
    "x": ("x",),
    "weight": ("w", "weight"),
    "bias": ("b", "bias"),
    "grad_output": ("G", "grad_output"),
}
# The short name is one number, for code that takes one; the long one is the pair (rows, columns).
SIZES: Mapping[str, tuple[str, str]] = {
    "stride": ("s", "stride"),
    "padding": ("p", "padding"),
    "dilation": ("d", "dilation"),
    "kernel_size": ("k", "kernel_size"),
}
COUNTS = ("groups", "in_channels", "out_channels")
MODE = "padding_mode"
STANDARD = (*(name for names in (*ARRAYS.values(), *SIZES.values()) for name in names), *COUNTS, MODE, "np")
PACKAGES = {"np": "numpy", "torch": "torch"}


class Spelled(Protocol):
    """A call in the user's own words."""

    @property
    def why(self) -> str:
        """Its words, for the report."""

    @property
    def takes_tensors(self) -> bool:
        """Whether it is tried with torch's tensors too."""

    def says(self, size: str) -> bool:
        """Whether it hands over this size: stride, padding, dilation, groups."""

    def refuses(self, spec: ConvSpec) -> str:
        """Why it cannot hand over `spec`, but for sizes of which it says nothing; "" when it can."""

    def result(self, case: Case, given: Mapping[str, Any]) -> Any:
        """What the user's code gives; `given` is role -> value."""

    def gradients(self, result: Any) -> dict[GradientName, Array]:
        """Which result is which, in the user's axes."""


@dataclass(frozen=True)
class Expression:
    """`--call`, evaluated in the namespace of the target's file. `returns` names the results in order."""

    text: str
    returns: tuple[str, ...]
    scope: Mapping[str, Any] = field(repr=False)

    @cached_property
    def names(self) -> frozenset[str]:
        """The names that it reads and does not bind itself."""
        return frozenset(names_in(self.text))

    @property
    def why(self) -> str:
        """As it was typed."""
        return f"called as --call says: {self.text}"

    @property
    def takes_tensors(self) -> bool:
        """The file imports torch, and the expression makes no tensors itself."""
        return "torch" not in self.names and any(map(_from_torch, self.scope.values()))

    def says(self, size: str) -> bool:
        """By one of its names."""
        return bool(self.names & {*SIZES.get(size, (size,)), *((MODE,) if size == "padding" else ())})

    def refuses(self, spec: ConvSpec) -> str:
        """One number stands for both directions; a mode for two paddings."""
        for size, (number, pair) in SIZES.items():
            if number in self.names and pair not in self.names and len(set(_own(spec, size))) > 1:
                return f"--call passes one number for the {size.replace('_', ' ')} ({pair} is the pair)"
        if MODE in self.names and spec.is_padded and not binding.is_same(spec):
            return "its padding is 'same' or 'valid'"
        return ""

    def result(self, case: Case, given: Mapping[str, Any]) -> Any:
        """In a namespace of its own, so that `:=` leaves nothing behind."""
        arrays = {name: given[role] for role, names in ARRAYS.items() for name in names}
        packages = {name: sys.modules[package] for name, package in PACKAGES.items() if package in sys.modules}
        return eval(self._code, {**packages, **self.scope, **arrays, **_sizes(case.spec, MODE in self.names)})

    def gradients(self, result: Any) -> dict[GradientName, Array]:
        """By `--returns`, else by the keys of a dict. That nothing comes back is the fault of a function alone."""
        if result is None and not self._is_plain_call:
            raise ReadingError("--call gives None")
        return by_returns(result, self.returns) if self.returns else by_keys(result)

    def missing(self) -> list[str]:
        """Names that neither the file nor Python knows."""
        return sorted(self.names - {*self.scope, *STANDARD, *PACKAGES, *dir(builtins)})

    @cached_property
    def _code(self) -> CodeType:
        return compile(self.text, PLACE, "eval", dont_inherit=True)

    @property
    def _is_plain_call(self) -> bool:
        body = ast.parse(self.text, mode="eval").body
        return isinstance(body, ast.Call) and isinstance(body.func, ast.Name)


@dataclass(frozen=True)
class OwnCall:
    """`gradcheck_call` of the target's file, with those of its parameters that are handed over."""

    function: Callable[..., Any]
    parameters: tuple[str, ...]
    takes_tensors: bool = field(default=False, init=False)
    why: str = field(default=f"called through {CALL} of its file", init=False)

    @classmethod
    def of(cls, function: Callable[..., Any]) -> OwnCall:
        """With the parameters that it has.

        Raises:
            NotRecognisedError: it asks for something else.
        """
        try:
            found = inspect.signature(function).parameters
        except (TypeError, ValueError) as error:
            raise NotRecognisedError("run", f"{CALL} is not a function", error=error) from error
        named = [name for name, item in found.items() if item.kind not in binding.SKIPPED]
        by_place = [name for name, item in found.items() if item.kind is inspect.Parameter.POSITIONAL_ONLY]
        odd = [name for name in named if name not in ARGUMENTS and binding.required(found[name])] + by_place
        if odd or not named:
            raise NotRecognisedError("run", f"{CALL} takes ({', '.join(found)}), and is given ({', '.join(ARGUMENTS)})")
        takes_all = any(item.kind is inspect.Parameter.VAR_KEYWORD for item in found.values())
        return cls(function, ARGUMENTS if takes_all else tuple(name for name in named if name in ARGUMENTS))

    def says(self, size: str) -> bool:
        """It has a parameter for it."""
        return size in self.parameters

    def refuses(self, _spec: ConvSpec, /) -> str:
        """Nothing: what it does not take, it refuses itself by NotImplementedError."""
        return ""

    def result(self, case: Case, given: Mapping[str, Any]) -> Any:
        """By name; sizes are always pairs."""
        values = {**given, **{size: _own(case.spec, size) for size in binding.GEOMETRY}}
        return self.function(**{name: values[name] for name in self.parameters})

    def gradients(self, result: Any) -> dict[GradientName, Array]:
        """By the keys weight, input, bias."""
        return by_exact_keys(result)


@dataclass(frozen=True)
class CallCandidate:
    """A call that was said. `same`: nothing is said of the padding, and the code keeps the size by itself."""

    spelled: Spelled
    form: Form
    same: bool = False
    family: str = field(default="call", init=False)
    bias_form: str = field(default="", init=False)
    prior: int = field(default=0, init=False)

    @property
    def layout(self) -> Layout:
        """Axis orders of what is handed over and taken back."""
        return self.form.layout

    @property
    def has_mode(self) -> bool:
        """The padding is said as 'same' or 'valid'."""
        return isinstance(self.spelled, Expression) and MODE in self.spelled.names

    def why(self) -> str:
        """The user's own words."""
        return self.spelled.why + (" (with torch's tensors)" if self.form.torch else "")

    def notes(self) -> tuple[str, ...]:
        """How it was understood where nothing was said."""
        return ("it always pads to keep the size",) if self.same else ()

    def refuses(self, spec: ConvSpec) -> str:
        """What is not handed over, and what the layout has no axis for."""
        if self.same and not binding.is_same(spec):
            return "it always pads to keep the size"
        for size in spec.unusual:
            if not self.spelled.says(size) and not (self.same and size == "padding"):
                return f"{PLACE if isinstance(self.spelled, Expression) else CALL} passes no {size}"
        if not spec.is_symmetric and not self.same and not self.has_mode:
            return "it is told one padding for both sides"
        return self.spelled.refuses(spec) or self.layout.refuses(spec)

    def start(self, case: Case) -> Prepared:
        """Fresh arrays for each call."""

        def call() -> Returned:
            given = binding.values(case, self.form)
            before = {name: np.array(to_numpy(given[name])) for name in binding.ARRAY_ROLES}
            with during("backward"):
                found = self.spelled.gradients(self.spelled.result(case, given))
            items: dict[str, Array] = {str(name): array for name, array in found.items()}
            return Returned(items, {}, changed(before, given))

        return call


def _sizes(spec: ConvSpec, mode: bool) -> dict[str, Any]:
    """The sizes by all of their names; the number is that of the rows, and is used only where columns agree."""
    values: dict[str, Any] = {name: getattr(spec, name) for name in COUNTS}
    for size, (number, pair) in SIZES.items():
        values |= {number: _own(spec, size)[0], pair: _own(spec, size)}
    return values | ({MODE: binding.padding_mode(spec)} if mode else {})


def _own(spec: ConvSpec, size: str) -> Any:
    """A number for each axis that the code has; groups are one number."""
    value = getattr(spec, size)
    return spec.own(value) if isinstance(value, tuple) else value


def _from_torch(value: Any) -> bool:
    name = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", "")
    return str(name).partition(".")[0] == "torch"
