"""The same code with every cast to few bits left out: what it computes, without what rounding does to it.

A function that goes to bfloat16 and back rounds by 2^-8, more than most mistakes move a gradient. Its formula is what
is left where its own casts lead to float64: then it is judged as any other.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gradcheck_cli.model import Array
from gradcheck_cli.model.circumstances import Circumstances
from gradcheck_cli.targets.functions.form import Ran, Values, WrittenFunction
from gradcheck_cli.targets.functions.wrapped import WrappedForm


@dataclass(frozen=True)
class WidenedForm(WrappedForm[WrittenFunction]):
    """A form of torch's, all of whose casts lead to float64."""

    def forward(self, values: Values) -> tuple[Array, ...]:
        """The outputs."""
        with to_float64():
            return self.inner.forward(values)

    def call(self, given: Mapping[str, Any]) -> Any:
        """The forward on tensors, for who records it."""
        with to_float64():
            return self.inner.call(given)  # type: ignore[attr-defined]

    def run(self, values: Values, upstream: Sequence[Array]) -> Ran:
        """Forward and backward."""
        with to_float64():
            return self.inner.run(values, upstream)

    def run_in(self, circumstances: Circumstances, values: Values, upstream: Sequence[Array]) -> Ran:
        """The same in other circumstances."""
        with to_float64():
            return self.inner.run_in(circumstances, values, upstream)  # type: ignore[attr-defined, no-any-return]

    def run_twice(self, values: Values, upstream: Sequence[Array], directions: Values) -> Ran:
        """The derivative of the derivative."""
        with to_float64():
            return self.inner.run_twice(values, upstream, directions)  # type: ignore[attr-defined, no-any-return]


@contextlib.contextmanager
def to_float64() -> Iterator[None]:
    """While torch makes float64 of whatever is asked for in fewer bits."""
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode

    narrow = (torch.float32, torch.float16, torch.bfloat16)

    def widened(value: Any) -> Any:
        if isinstance(value, torch.dtype):
            return torch.float64 if value in narrow else value
        if isinstance(value, torch.Tensor):
            return value.double() if value.dtype in narrow else value
        if isinstance(value, list | tuple):
            return type(value)(map(widened, value))
        return value

    class Widening(TorchDispatchMode):  # type: ignore[no-untyped-call]
        """Sees each operation with the dtype that it is asked for."""

        @classmethod
        def _should_skip_dynamo(cls) -> bool:
            """No: see `Recorder`."""
            return False

        def __torch_dispatch__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None) -> Any:
            """Run the operation; what is written to stays the array that it is."""
            if func._schema.is_mutable:
                return func(*args, **(kwargs or {}))
            return func(*map(widened, args), **{name: widened(value) for name, value in (kwargs or {}).items()})

    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        with Widening():  # type: ignore[no-untyped-call]
            yield
    finally:
        torch.set_default_dtype(before)
