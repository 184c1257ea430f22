"""Hessians: the derivative of a gradient, all of it, by the argument of which the gradient is one."""

from __future__ import annotations

from dataclasses import replace

from gradcheck_cli.targets.functions.inputs.proposals import is_weight_name
from gradcheck_cli.targets.functions.plain import PlainFunction, Remade


def by_first_argument(function: PlainFunction) -> PlainFunction:
    """A Hessian by the only weight that it takes, else by its first argument; itself where it takes none.

    What it gives has the argument's name: `return A` is no gradient of A.
    """
    names = [item.name for item in function.parameters() if not item.has_default]
    weights = [name for name in names if is_weight_name(name)]
    argument = weights[0] if len(weights) == 1 else next(iter(names), "")
    named = Remade(function.call, lambda hessian: {argument: hessian})
    return replace(function, call=named, node=None) if argument else function
