"""A form around another one, which it calls in its own way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from gradcheck_cli.model import FunctionForm
from gradcheck_cli.targets.functions.form import Parameter, WrittenFunction

Inner = TypeVar("Inner", bound=WrittenFunction)


@dataclass(frozen=True)
class WrappedForm(Generic[Inner]):
    """What it says of itself is what the form inside says; `forward` and `run` are of who inherits."""

    inner: Inner

    @property
    def kind(self) -> FunctionForm:
        """See `FunctionForm`."""
        return self.inner.kind

    @property
    def title(self) -> str:
        """What the forward is called."""
        return self.inner.title

    @property
    def why(self) -> str:
        """How it was told, one clause."""
        return self.inner.why

    @property
    def backward(self) -> str:
        """What the backward is called, or the class that holds it."""
        return self.inner.backward

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Those of the forward."""
        return self.inner.parameters

    @property
    def source(self) -> str:
        """Its text."""
        return self.inner.source
