"""Hessians: the derivative of a gradient, all of it, by the argument of which the gradient is one."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from gradcheck_cli.targets.functions.inputs.proposals import is_weight_name
from gradcheck_cli.targets.functions.plain import PlainFunction, call_by_name


@dataclass(frozen=True)
class _Named:
    """What a Hessian gives, by the name of the argument: `return A` is no gradient of A."""

    call: Callable[..., Any]
    argument: str

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(self.call)

    def __call__(self, **given: Any) -> dict[str, Any]:
        """The Hessian, as the gradient of this argument."""
        return {self.argument: call_by_name(self.call, given)}


def by_first_argument(function: PlainFunction) -> PlainFunction:
    """A Hessian by the only weight that it takes, else by its first argument; itself where it takes none."""
    names = [item.name for item in function.parameters() if not item.has_default]
    weights = [name for name in names if is_weight_name(name)]
    argument = weights[0] if len(weights) == 1 else next(iter(names), "")
    return replace(function, call=_Named(function.call, argument), node=None) if argument else function
