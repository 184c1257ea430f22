"""`torch.autograd.Function`s and `torch.nn.Module`s: forward on tensors that require a gradient, then backward(G)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradcheck_cli.model import Array, Case, ConvSpec
from gradcheck_cli.targets.conventions import binding
from gradcheck_cli.targets.conventions.base import Returned, Session, changed, to_numpy
from gradcheck_cli.targets.conventions.binding import Assignment, Form
from gradcheck_cli.targets.conventions.function import Callee
from gradcheck_cli.targets.conventions.layout import Layout

LEAVES = ("x", "weight", "bias")


@dataclass(frozen=True)
class AutogradCandidate:
    """A Function whose `apply` is called with tensors; the gradients are read from the leaves."""

    target: Any
    forward: Callee
    assignment: Assignment
    form: Form
    prior: int = 0
    family: str = field(default="autograd-function", init=False)

    @property
    def layout(self) -> Layout:
        """Axis orders of what is passed."""
        return self.form.layout

    @property
    def bias_form(self) -> str:
        """How b is passed."""
        return "o" if "bias" in self.assignment.values() else ""

    def why(self) -> str:
        """How it was told."""
        meaning = ", ".join(f"{name} = {role}" for name, role in self.assignment.items())
        return f"it is a torch.autograd.Function; apply is called with ({meaning}), then backward(G)"

    def notes(self) -> tuple[str, ...]:
        """Autograd itself casts and checks what a Function returns."""
        return ()

    def refuses(self, spec: ConvSpec) -> str:
        """Why it cannot take `spec`."""
        roles = set(self.assignment.values())
        for name, role in self.assignment.items():
            if role == "params":
                roles |= binding.parameter_keys(self.forward.source, name)
        return binding.refuses(spec, self.form, roles)

    def start(self, case: Case) -> Session:
        """Fresh leaves for each call."""

        def call() -> Returned:
            refused: dict[str, Array] = {}
            while True:
                try:
                    return self._call(case, refused)
                except RuntimeError as error:
                    name, shape = self._refused(error)
                    if not name or name in refused:
                        raise
                    refused[name] = np.zeros(shape)

        return call

    def _call(self, case: Case, refused: Mapping[str, Array]) -> Returned:
        """One forward and backward; the leaves in `refused` ask for no gradient, theirs has a wrong shape."""
        given = binding.values(case, self.form)
        before = {name: np.array(to_numpy(given[name])) for name in binding.ARRAY_ROLES}
        for name in LEAVES:
            given[name].requires_grad_(name not in refused)
        output = self.target.apply(*self._arguments(given))
        output = output[0] if isinstance(output, tuple) else output
        if output.requires_grad:
            output.backward(given["grad_output"])
        grads = {name: refused.get(name, to_numpy(given[name].grad)) for name in LEAVES if name in self._passed()}
        items = {name: array for name, array in grads.items() if array is not None}
        names = {name: f"d{letter}" for name, letter in zip(LEAVES, "xwb", strict=True) if name in self._passed()}
        return Returned(items, names, changed(before, given), to_numpy(output))

    def _passed(self) -> set[str]:
        return set(self.assignment.values())

    def _refused(self, error: RuntimeError) -> tuple[str, tuple[int, ...]]:
        """Autograd refuses a gradient of a wrong shape: whose it is, and its shape."""
        found = re.search(r"invalid gradient at index (\d+) - got \[([\d, ]*)\]", str(error))
        if found is None or int(found[1]) >= len(self.forward.parameters):
            return "", ()
        name = self.assignment.get(self.forward.parameters[int(found[1])].name, "")
        return name if name in LEAVES else "", tuple(int(size) for size in found[2].split(",") if size.strip())

    def _arguments(self, given: dict[str, Any]) -> list[Any]:
        """`apply` takes positions only; what we have no value for keeps its default."""
        arguments = []
        for item in self.forward.parameters:
            role = self.assignment.get(item.name, "")
            if role == "params":
                arguments.append(binding.parameter_dict(self.forward.source, item.name, given))
            elif given.get(role) is not None:
                arguments.append(given[role])
            else:
                arguments.append(self.forward.default(item.name))
        return arguments


def autograd_candidates(target: Any, forward: Callee, layouts: Sequence[Layout]) -> Iterator[AutogradCandidate]:
    """Ways to call `target.apply`."""
    for assigned in binding.assignments(forward.parameters, ("x", "weight")):
        for layout in layouts:
            pair = any(isinstance(item.default, tuple) for item in forward.parameters)
            for pairs in (True,) if pair else (False, True):
                yield AutogradCandidate(target, forward, assigned, Form(layout, pairs=pairs, torch=True))
