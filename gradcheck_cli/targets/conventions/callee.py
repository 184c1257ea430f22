"""A function of the user's file, with its source and the meanings that its parameters may have."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from gradcheck_cli.targets.conventions import binding, meanings
from gradcheck_cli.targets.conventions.source import Source


@dataclass(frozen=True)
class Callee:
    """A function of the user's file, with its source."""

    function: Callable[..., Any]
    name: str
    source: Source
    skip: int = 0

    @cached_property
    def parameters(self) -> list[inspect.Parameter]:
        """Its named parameters."""
        return binding.parameters(self.function, self.skip)

    def default(self, name: str) -> Any:
        """The default of a parameter, None without one."""
        found = [item.default for item in self.parameters if item.name == name]
        return None if not found or found[0] is inspect.Parameter.empty else found[0]

    def named(self, role: str) -> str:
        """The parameter whose first role is `role`, "" without one."""
        return next((item.name for item in self.parameters if self.source.roles(item.name)[:1] == [role]), "")

    def assignments(self, *needed: str) -> list[dict[str, str]]:
        """Possible meanings of its parameters, see `meanings.assignments`."""
        if needed not in self._meanings:
            self._meanings[needed] = meanings.assignments(self.parameters, needed, self.source)
        return self._meanings[needed]

    @cached_property
    def _meanings(self) -> dict[tuple[str, ...], list[dict[str, str]]]:
        """Those that were found, for a forward is run again and again while its layout is looked for."""
        return {}
