"""Plain functions of torch: they are handed tensors that share their memory with the arrays of a sample."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from gradcheck_cli.model import Array
from gradcheck_cli.targets.functions.composed import ComposedPair
from gradcheck_cli.targets.functions.form import each_array
from gradcheck_cli.targets.functions.loss import LossForm
from gradcheck_cli.targets.functions.pair import PairForm
from gradcheck_cli.targets.functions.plain import PlainFunction, call_by_name

# The name, or a method or a word of one that tensors have and arrays of numpy have not.
_OF_TORCH = re.compile(
    r"torch|Tensor|\.(?:mm|bmm|clone|unsqueeze|permute|clamp|pow|float|double|long)\(|\.t\(\)"
    r"|\b(?:keepdim|unbiased)=|\.(?:exp|log|sqrt|tanh|sigmoid|relu)\(\)"
)


@dataclass(frozen=True)
class TensorPairForm(PairForm):
    """A pair of torch's operations; its forward can be recorded."""

    def call(self, given: Mapping[str, Any]) -> Any:
        """The outputs of the forward for tensors, as the wiring has them."""
        result = call_by_name(self.fore.call, given)
        places = None if self.wiring is None else self.wiring.outputs
        return result if places is None else [result[place] for place in places]


@dataclass(frozen=True)
class TensorLossForm(LossForm):
    """A loss of torch's operations; what gives its gradients is left out of the recording."""

    def call(self, given: Mapping[str, Any]) -> Any:
        """The loss for tensors."""
        return self._parts(call_by_name(self.function.call, given))[0]


def on_tensors(form: PairForm | LossForm) -> PairForm | LossForm:
    """The same with functions that are handed tensors in the place of arrays; what they return is read as it is."""
    if isinstance(form, LossForm):
        return TensorLossForm(handed_tensors(form.function))
    fore, back, others = handed_tensors(form.fore), handed_tensors(form.back), tuple(map(handed_tensors, form.others))
    if isinstance(form, ComposedPair):
        return replace(form, fore=fore, back=back, losses=tuple(map(handed_tensors, form.losses)))
    return TensorPairForm(fore, back, others=others)


def is_of_torch(form: PairForm | LossForm) -> bool:
    """Does the text of its functions speak of torch: in an annotation, or in what they call?"""
    parts = (form.function,) if isinstance(form, LossForm) else (form.fore, form.back)
    return any(_OF_TORCH.search(part.source) for part in parts)


def handed_tensors(function: PlainFunction) -> PlainFunction:
    """The function with tensors in the place of the arrays that it is handed."""
    return replace(function, call=_with_tensors(function.call))


def _with_tensors(call: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(call)
    def called(*args: Any, **kwargs: Any) -> Any:
        return call(*(_shared(value) for value in args), **{name: _shared(value) for name, value in kwargs.items()})

    return called


def _shared(value: Any) -> Any:
    """Tensors over the same numbers, so that what is written into them is seen."""
    return each_array(value, _tensor)


def _tensor(array: Array) -> Any:
    import torch  # it is there already: the user's file imported it

    return torch.from_numpy(array if array.flags.writeable else array.copy())
