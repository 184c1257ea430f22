"""What candidates say alike that hand each parameter what it is for by its role, one layout for all arrays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

from gradcheck_cli.targets.conventions import settings
from gradcheck_cli.targets.conventions.base import KEEPS_SIZE
from gradcheck_cli.targets.conventions.binding import Assignment, Form
from gradcheck_cli.targets.conventions.layout import Layout
from gradcheck_cli.targets.conventions.source import Source

Same = TypeVar("Same", bound="AssignedCandidate")


@dataclass(frozen=True, kw_only=True)
class AssignedCandidate:
    """The roles of a forward's parameters, and how what plays them is handed over.

    Attributes:
        assignment: parameter -> role.
        form: axis orders and spellings.
        same: it pads by itself to keep the size.
        in_text: its source speaks of this order of the axes.
    """

    assignment: Assignment
    form: Form
    same: bool = False
    in_text: bool = False

    @property
    def layout(self) -> Layout:
        """Axis orders of what is passed."""
        return self.form.layout

    @property
    def bias_form(self) -> str:
        """How b is passed; "" when it is not."""
        return self.form.bias if "bias" in self.assignment.values() else ""

    @property
    def meaning(self) -> str:
        """What each parameter is, in words: "x = x, w = weight"."""
        return ", ".join(f"{name} = {role}" for name, role in self.assignment.items())

    def notes(self) -> tuple[str, ...]:
        """What a reader of the verdict should know."""
        return (KEEPS_SIZE,) if self.same else ()

    def turned(self: Same) -> Same:
        """The same for a true convolution."""
        return replace(self, form=replace(self.form, layout=self.layout.turned()))

    def with_bias(self: Same, form: str) -> Same:
        """The same with a bias of another shape."""
        return replace(self, form=replace(self.form, bias=form))

    def roles_in(self, source: Source) -> set[str]:
        """What it can be told, by its parameters and by the keys of those that hold settings."""
        roles = set(self.assignment.values())
        for name, role in self.assignment.items():
            roles |= settings.parameter_keys(source, name) if role == "params" else set()
        return roles
