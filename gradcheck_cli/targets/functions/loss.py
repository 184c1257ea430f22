"""One function that gives a loss and its gradients at once: `softmax_loss(x, y) -> loss, dx`."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gradcheck_cli.model import Array, FunctionForm
from gradcheck_cli.targets.functions.form import Parameter, Ran, Values, as_array, entry_of, fresh, mutated, outputs_of
from gradcheck_cli.targets.functions.pair import PlainFunction, call_by_name, float_arrays
from gradcheck_cli.targets.functions.reading import entries_of, gradients_among, owners, returned_names
from gradcheck_cli.targets.functions.spelling import LOSS_WORDS, looks_like_gradient, tokens


def gives_gradients(node: ast.AST | None) -> bool:
    """Does a function return something and gradients beside it, by what it or its return statement calls them?"""
    names = returned_names(node)
    if len(names) < 2 or looks_like_gradient(names[0]):
        return False
    is_loss = bool(LOSS_WORDS & set(tokens(getattr(node, "name", ""))))
    return all(looks_like_gradient(name) or (is_loss and not name) for name in names[1:])


@dataclass(frozen=True)
class LossForm:
    """A function that returns its loss first and then the gradients, or a dict of them."""

    function: PlainFunction

    @property
    def kind(self) -> FunctionForm:
        """One function that returns the loss and its gradients."""
        return "loss"

    @property
    def title(self) -> str:
        """Its name."""
        return self.function.name

    @property
    def why(self) -> str:
        """What its return is taken as."""
        return f"{self.title} returns a loss and its gradients"

    @property
    def backward(self) -> str:
        """The function gives both."""
        return self.function.name

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Its own."""
        return self.function.parameters()

    @property
    def source(self) -> str:
        """Its text."""
        return self.function.source

    def forward(self, values: Values) -> tuple[Array, ...]:
        """The loss."""
        return self._loss(call_by_name(self.function.call, fresh(values)))

    def run(self, values: Values, upstream: Sequence[Array]) -> Ran:
        """One call; it is handed no G, as the loss is the end."""
        del upstream
        given = fresh(values)
        result = call_by_name(self.function.call, given)
        rest = result[1] if len(result) == 2 and isinstance(result[1], Mapping) else tuple(result[1:])
        entries = gradients_among(entries_of(rest, returned_names(self.function.node)[1:]))
        names = owners(entries, float_arrays(values))
        gradients = {
            name: array
            for name, (_, value) in zip(names, entries, strict=True)
            if name and (array := as_array(value)) is not None
        }
        returned = tuple(entry_of(name, value) for name, (_, value) in zip(names, entries, strict=True))
        return Ran(self._loss(result), gradients, returned, mutated=mutated(values, given))

    def _loss(self, result: Any) -> tuple[Array, ...]:
        if not isinstance(result, tuple | list) or len(result) < 2:
            raise TypeError(f"{self.title} gives a {type(result).__name__} where a loss and its gradients are expected")
        return outputs_of([result[0]])
