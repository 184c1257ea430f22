"""A forward that returns its output and its own backward, a function that remembers what it needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from gradcheck_cli.model import Array, Case, ConvSpec
from gradcheck_cli.targets.conventions import binding, meanings, settings
from gradcheck_cli.targets.conventions.assigned import AssignedCandidate
from gradcheck_cli.targets.conventions.base import (
    Prepared,
    RefusedError,
    Returned,
    changed,
    check_output,
    collect,
    during,
    to_numpy,
)
from gradcheck_cli.targets.conventions.binding import Backend
from gradcheck_cli.targets.conventions.callee import Callee
from gradcheck_cli.targets.conventions.function_search import forms
from gradcheck_cli.targets.conventions.layout import Layout
from gradcheck_cli.targets.conventions.results import result_names
from gradcheck_cli.targets.conventions.source import Source


@dataclass(frozen=True)
class ClosureCandidate(AssignedCandidate):
    """One way to call such a forward; `locate` gives the definition of the backward that it returned.

    `square`: the forward stands elsewhere in the file, so that it is not read whether it takes one size for both
    directions of the kernel; one that raises on another kernel does not take it.
    """

    callee: Callee
    locate: Callable[[Any], Source]
    square: bool = False
    family: str = field(default="function", init=False)

    def why(self) -> str:
        """How it was told."""
        return f"{self.callee.name} ({self.meaning}) returns its own backward, which is called with G"

    def refuses(self, spec: ConvSpec) -> str:
        """Why it cannot take `spec`."""
        source = self.callee.source
        plain = binding.refuses(spec, self.form, self.roles_in(source), self.same)
        return plain or binding.square_only(spec, self.form, [source])

    def start(self, case: Case) -> Prepared:
        """Fresh arguments for each call."""
        return lambda: self._call(case)

    def forward_output(self, case: Case) -> Array | None:
        """What the forward gives, None where it fails: evidence only."""
        try:
            return to_numpy(_first_array(self._run_forward(binding.values(case, self.form))))
        except Exception:
            return None

    def _call(self, case: Case) -> Returned:
        given = binding.values(case, self.form)
        before = {name: np.array(to_numpy(given[name])) for name in binding.ARRAY_ROLES}
        with during("forward"):
            result = self._forward(given, case.spec)
        check_output(to_numpy(_first_array(result)), self.layout, case.spec, self.same or self.form.mode)
        backward = _callable(result)
        if backward is None:
            raise TypeError(f"{self.callee.name} returns no function here")
        given["cache"] = _rest(result)
        with during("backward"):
            returned = backward(**self._inner_arguments(backward, given))
        names = result_names(returned, self.locate(backward))
        return Returned(collect(returned), names, changed(before, given), to_numpy(_first_array(result)))

    def _forward(self, given: dict[str, Any], spec: ConvSpec) -> Any:
        try:
            return self._run_forward(given)
        except Exception as error:
            if self.square and spec.kernel_size[0] != spec.kernel_size[1]:
                raise RefusedError("its own forward raises on a kernel that is not square") from error
            raise

    def _run_forward(self, given: dict[str, Any]) -> Any:
        arguments: dict[str, Any] = {}
        for name, role in self.assignment.items():
            if role == "params":
                arguments[name] = settings.settings_of(self.callee.source, name, given)
            elif given.get(role) is not None or self.callee.default(name) is None:
                arguments[name] = given.get(role)
        return self.callee.function(**arguments)

    def _inner_arguments(self, backward: Any, given: dict[str, Any]) -> dict[str, Any]:
        """G and the values of names that tell something; any other is what the forward returned besides."""
        needed = [item for item in binding.parameters(backward) if binding.required(item)]
        assigned = meanings.assignments(needed, ("grad_output",), self.locate(backward))[0]
        values = {item.name: given.get(assigned.get(item.name, "")) for item in needed}
        return {name: given["cache"] if value is None else value for name, value in values.items()}


def closure_candidates(
    callee: Callee,
    locate: Callable[[Any], Source],
    layouts: Sequence[Layout],
    backends: Sequence[Backend],
    square: bool = False,
) -> Iterator[ClosureCandidate]:
    """Ways to call a forward that returns a function: one inside it, a lambda, a partial, what a bound method is.

    Args:
        callee: the forward.
        locate: the definition of what it returned.
        layouts: axis orders, the likeliest first.
        backends: libraries whose arrays it may want.
        square: see `ClosureCandidate`.
    """
    for assigned in callee.assignments("x", "weight"):
        for form in forms(callee, None, assigned, layouts, backends):
            plain = ClosureCandidate(callee, locate, square, assignment=assigned, form=form)
            yield plain
            if not {"padding", "padding_h", "params"} & set(assigned.values()):
                yield replace(plain, same=True)


def _parts(result: Any) -> list[Any]:
    return list(result) if isinstance(result, tuple | list) else [result]


def _callable(result: Any) -> Any:
    """The function among what was returned; arrays and modules are called in other ways."""
    found = [item for item in _parts(result) if callable(item) and to_numpy(item) is None]
    return found[-1] if found else None


def _first_array(result: Any) -> Any:
    return next((item for item in _parts(result) if to_numpy(item) is not None), None)


def _rest(result: Any) -> Any:
    """What is neither the output nor the backward: the cache of `out, cache, backward`."""
    output, backward = _first_array(result), _callable(result)
    rest = [item for item in _parts(result) if item is not output and item is not backward]
    return rest[0] if len(rest) == 1 else tuple(rest)
