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
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import CodeType, ModuleType
from typing import Any, Protocol

import numpy as np

from gradcheck_cli.model import Array, Case, ConvSpec, GradientName, syntax
from gradcheck_cli.model.spelled import names_in
from gradcheck_cli.targets.conventions import binding
from gradcheck_cli.targets.conventions.base import (
    KEEPS_SIZE,
    NotRecognisedError,
    Prepared,
    Returned,
    changed,
    during,
    to_numpy,
)
from gradcheck_cli.targets.conventions.binding import Form
from gradcheck_cli.targets.conventions.handed_back import ReadingError, by_exact_keys, by_keys, by_returns
from gradcheck_cli.targets.conventions.layout import Layout
from gradcheck_cli.targets.conventions.one_of_many import Single, singles
from gradcheck_cli.targets.resolve import CALL

ARGUMENTS = ("x", "weight", "bias", "grad_output", "stride", "padding", "dilation", "groups")
PLACE = "--call"
"""The file name of an expression's frame in a traceback."""

ARRAYS: Mapping[str, tuple[str, ...]] = {
    "x": ("x",),
    "weight": ("w", "weight"),
    "bias": ("b", "bias"),
    "grad_output": ("G", "grad_output"),
}
# The short name is one number, for code that takes one; the long one is the pair (rows, columns), or one number too
# where the code runs on nothing else (`PLAIN`).
SIZES: Mapping[str, tuple[str, str]] = {
    "stride": ("s", "stride"),
    "padding": ("p", "padding"),
    "dilation": ("d", "dilation"),
    "kernel_size": ("k", "kernel_size"),
}
COUNTS = ("groups", "in_channels", "out_channels")
PLAIN: tuple[frozenset[str], ...] = (frozenset({"stride", "padding", "dilation"}), frozenset(SIZES))
"""Sizes whose long name is one number where pairs do not run: what code most often takes so, then all."""
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

    @property
    def numbers(self) -> tuple[str, ...]:
        """Sizes whose long name is one number."""

    def with_numbers(self, sizes: Collection[str]) -> Spelled:
        """The same call, handed one number for each of `sizes` that it takes by its long name."""

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
    """`--call`, evaluated in the namespace of the target's file.

    `returns` names the results in order; `numbers` are the sizes whose long name is one number, too.
    """

    text: str
    returns: tuple[str, ...]
    scope: Mapping[str, Any] = field(repr=False)
    numbers: tuple[str, ...] = ()

    @cached_property
    def names(self) -> frozenset[str]:
        """The names that it reads and does not bind itself."""
        return frozenset(names_in(self.text))

    @property
    def why(self) -> str:
        """As it was typed."""
        return f"called as --call says: {self.text}{_handed_as(self.numbers)}"

    @property
    def takes_tensors(self) -> bool:
        """The file imports torch, and the expression makes no tensors itself."""
        return "torch" not in self.names and any(map(_from_torch, self.scope.values()))

    def with_numbers(self, sizes: Collection[str]) -> Expression:
        """Those of them that it reads by the long name."""
        return replace(self, numbers=tuple(size for size in SIZES if size in sizes and SIZES[size][1] in self.names))

    def says(self, size: str) -> bool:
        """By one of its names."""
        return bool(self.names & {*SIZES.get(size, (size,)), *((MODE,) if size == "padding" else ())})

    def refuses(self, spec: ConvSpec) -> str:
        """One number stands for both directions; a mode for two paddings; `x[0]` for one image."""
        for size, (number, pair) in SIZES.items():
            if {number, pair} & self.names and not self._passes_pair(size) and len(set(_own(spec, size))) > 1:
                return f"--call passes one number for the {size.replace('_', ' ')}{self._its_pair(size)}"
        if MODE in self.names and spec.is_padded and not binding.is_same(spec):
            return "its padding is 'same' or 'valid'"
        return next((why for single in self._singles if (why := single.refuses(spec))), "")

    def result(self, case: Case, given: Mapping[str, Any]) -> Any:
        """In a namespace of its own, so that `:=` leaves nothing behind."""
        arrays = {name: given[role] for role, names in ARRAYS.items() for name in names}
        packages = {name: sys.modules[package] for name, package in PACKAGES.items() if package in sys.modules}
        sizes = _sizes(case.spec, MODE in self.names) | _as_numbers(case.spec, self.numbers)
        return eval(self._code, {**packages, **self.scope, **arrays, **sizes})

    def gradients(self, result: Any) -> dict[GradientName, Array]:
        """By `--returns`, else by the keys of a dict. That nothing comes back is the fault of a function alone."""
        if result is None and not self._is_plain_call:
            raise ReadingError("--call gives None")
        return by_returns(result, self.returns) if self.returns else by_keys(result)

    def missing(self) -> list[str]:
        """Names that neither the file nor Python knows."""
        return sorted(self.names - {*self.scope, *STANDARD, *PACKAGES, *dir(builtins)})

    @cached_property
    def _singles(self) -> tuple[Single, ...]:
        return singles(self.text, ARRAYS)

    @cached_property
    def _code(self) -> CodeType:
        return compile(self.text, PLACE, "eval", dont_inherit=True)

    def _passes_pair(self, size: str) -> bool:
        return SIZES[size][1] in self.names and size not in self.numbers

    def _its_pair(self, size: str) -> str:
        return "" if size in self.numbers else f" ({SIZES[size][1]} is the pair)"

    @property
    def _is_plain_call(self) -> bool:
        body = syntax.parse_expression(self.text).body
        return isinstance(body, ast.Call) and isinstance(body.func, ast.Name)


@dataclass(frozen=True)
class OwnCall:
    """`gradcheck_call` of the target's file, with those of its parameters that are handed over.

    `numbers` are the sizes that are handed over as one number.
    """

    function: Callable[..., Any]
    parameters: tuple[str, ...]
    numbers: tuple[str, ...] = ()
    takes_tensors: bool = field(default=False, init=False)

    @property
    def why(self) -> str:
        """By the name that was looked for."""
        return f"called through {CALL} of its file{_handed_as(self.numbers)}"

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

    def with_numbers(self, sizes: Collection[str]) -> OwnCall:
        """Those of them that it has a parameter for."""
        return replace(self, numbers=tuple(size for size in SIZES if size in sizes and size in self.parameters))

    def says(self, size: str) -> bool:
        """It has a parameter for it."""
        return size in self.parameters

    def refuses(self, spec: ConvSpec) -> str:
        """A pair where it is handed one number; what else it does not take, it refuses by NotImplementedError."""
        for size in self.numbers:
            if len(set(_own(spec, size))) > 1:
                return f"{CALL} takes one number for the {size}"
        return ""

    def result(self, case: Case, given: Mapping[str, Any]) -> Any:
        """By name; sizes have a number for each axis but for `numbers`."""
        values = {**given, **{size: _own(case.spec, size) for size in binding.GEOMETRY}}
        values |= _as_numbers(case.spec, self.numbers)
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
    in_text: bool = field(default=False, init=False)

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
        return (KEEPS_SIZE,) if self.same else ()

    def refuses(self, spec: ConvSpec) -> str:
        """What is not handed over, and what the layout has no axis for."""
        if self.same and not binding.is_same(spec):
            return KEEPS_SIZE
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


def _as_numbers(spec: ConvSpec, sizes: Collection[str]) -> dict[str, int]:
    return {SIZES[size][1]: _own(spec, size)[0] for size in sizes}


def _handed_as(numbers: Sequence[str]) -> str:
    """How it was understood, for the report: "" where it is as documented."""
    names = " and ".join(", ".join(SIZES[size][1] for size in numbers).rsplit(", ", 1))
    return f" ({names} as one number{' each' if len(numbers) > 1 else ''})" if numbers else ""


def _own(spec: ConvSpec, size: str) -> Any:
    """A number for each axis that the code has; groups are one number."""
    value = getattr(spec, size)
    return spec.own(value) if isinstance(value, tuple) else value


def _from_torch(value: Any) -> bool:
    name = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", "")
    return str(name).partition(".")[0] == "torch"
