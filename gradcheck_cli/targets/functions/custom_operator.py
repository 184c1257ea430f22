"""A custom operator of torch.library: called as any function, its registered backward seen as it returns."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from gradcheck_cli.model import FunctionForm
from gradcheck_cli.targets.functions.autograd import AutogradForm
from gradcheck_cli.targets.functions.form import NotAFunctionError, Parameter
from gradcheck_cli.targets.functions.plain import parameters_of


def is_custom_operator(target: Any) -> bool:
    """What torch.library.custom_op makes of a function."""
    kind = type(target)
    return kind.__name__ == "CustomOpDef" and kind.__module__.startswith("torch")


def custom_operator(target: Any, source: str) -> OperatorForm:
    """The form of an operator.

    Raises:
        NotAFunctionError: no backward is registered.
    """
    if target._backward_fn is None:
        hint = "register_autograd gives it one: NAME.register_autograd(backward, setup_context=...)"
        raise NotAFunctionError("build", f"{target._qualname} has no backward", hint)
    return OperatorForm(target, source)


@dataclass(frozen=True)
class OperatorForm(AutogradForm):
    """An operator; `owner` is what torch.library.custom_op returned."""

    @property
    def kind(self) -> FunctionForm:
        """A custom operator."""
        return "custom-operator"

    @property
    def title(self) -> str:
        """The name of the function that it was made of."""
        return str(self.owner._init_fn.__name__)

    @property
    def why(self) -> str:
        """How it is called."""
        names = ", ".join(item.name for item in self.parameters)
        return f"it is the custom operator {self.owner._qualname}; called with ({names}), then backward(dE/dO)"

    @property
    def backward(self) -> str:
        """The function that is registered."""
        return str(getattr(self.owner._backward_fn, "__name__", self.title))

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """Those of the function that it was made of."""
        return parameters_of(self.owner._init_fn)

    def call(self, given: Mapping[str, Any]) -> Any:
        """The function itself, whose operations are torch's own; the operator is one that nobody else knows."""
        return self.owner._init_fn(**given)

    @contextlib.contextmanager
    def _watched(self, raw: list[Any]) -> Iterator[Any]:
        registered = self.owner._backward_fn

        def backward(ctx: Any, *grads: Any) -> Any:
            returned = registered(ctx, *grads)
            raw.append(returned)
            return returned

        self.owner._backward_fn = backward
        try:
            yield self.owner
        finally:
            self.owner._backward_fn = registered

    def _applied(self, owner: Any, given: Mapping[str, Any]) -> Any:
        return owner(*self._by_place(given))
