"""A Function that takes float32 alone, as kernels do: what it is given is rounded to float32 before it sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcheck_cli.model import Array
from gradcheck_cli.model.circumstances import Circumstances
from gradcheck_cli.targets.functions.autograd import AutogradForm
from gradcheck_cli.targets.functions.form import Ran, Values
from gradcheck_cli.targets.functions.wrapped import WrappedForm


@dataclass(frozen=True)
class SingleForm(WrappedForm[AutogradForm]):
    """The same Function; arrays of float64 become float32 on the way in."""

    @property
    def why(self) -> str:
        """How it is called."""
        return f"{self.inner.why}, all in float32"

    def forward(self, values: Values) -> tuple[Array, ...]:
        """What apply gives."""
        return self.inner.forward(_single(values))

    def call(self, given: Mapping[str, Any]) -> Any:
        """Apply to tensors, for who records the forward."""
        return self.inner.call({name: _single_tensor(value) for name, value in given.items()})

    def run(self, values: Values, upstream: Sequence[Array]) -> Ran:
        """As in training."""
        return self.inner.run(_single(values), upstream)

    def run_in(self, circumstances: Circumstances, values: Values, upstream: Sequence[Array]) -> Ran:
        """The same in other circumstances."""
        return self.inner.run_in(circumstances, _single(values), upstream)

    def run_twice(self, values: Values, upstream: Sequence[Array], directions: Values) -> Ran:
        """The derivative of the derivative."""
        return self.inner.run_twice(_single(values), upstream, _single(directions))


def rounded(values: Values) -> Values:
    """The numbers that are the same in float32."""
    return {name: _of_array(value, np.float64) for name, value in values.items()}


def _single(values: Values) -> Values:
    return {name: _of_array(value, np.float32) for name, value in values.items()}


def _of_array(value: Any, dtype: type[np.floating[Any]]) -> Any:
    is_double = isinstance(value, np.ndarray) and value.dtype == np.float64
    return value.astype(np.float32).astype(dtype) if is_double else value


def _single_tensor(value: Any) -> Any:
    import torch

    is_double = isinstance(value, torch.Tensor) and value.dtype is torch.float64
    return value.to(torch.float32) if is_double else value
