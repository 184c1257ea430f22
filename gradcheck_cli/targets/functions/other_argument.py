"""A gradient that is returned without a name: of arguments of one shape it is that whose derivative it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gradcheck_cli.model import Array, Sample
from gradcheck_cli.targets.functions.form import Ran, Values, WrittenFunction
from gradcheck_cli.targets.functions.pair import PairForm, float_arrays
from gradcheck_cli.targets.functions.slopes import is_slope
from gradcheck_cli.targets.functions.spelling import belongs_to, is_target
from gradcheck_cli.targets.functions.wrapped import WrappedForm

NOTE = "the gradient that it returns has no name: it is taken as that of {}, whose derivative it is"


@dataclass(frozen=True)
class OtherArgumentForm(WrappedForm[PairForm]):
    """The same pair, whose one gradient belongs to `argument`."""

    argument: str

    def owing(self, sample: Sample) -> Sample:
        """The sample; where one gradient alone is owed, it is this one."""
        return replace(sample, differentiated=(self.argument,)) if len(sample.differentiated) == 1 else sample

    def forward(self, values: Values) -> tuple[Array, ...]:
        """As it is."""
        return self.inner.forward(values)

    def run(self, values: Values, upstream: Sequence[Array]) -> Ran:
        """As in training."""
        ran = self.inner.run(values, upstream)
        returned = tuple(replace(entry, name=self.argument) if entry.name else entry for entry in ran.returned)
        return replace(ran, gradients=dict.fromkeys([self.argument], *ran.gradients.values()), returned=returned)


def as_other_argument(form: WrittenFunction, sample: Sample) -> OtherArgumentForm | None:
    """The form with the argument that its gradient is of; None where the first of that shape may be meant."""
    unnamed = _unnamed(form, sample)
    return None if unnamed is None else unnamed.of_another(sample)


def may_be_another(form: WrittenFunction, sample: Sample) -> bool:
    """Is the one gradient, which has no name, not the derivative by the argument of its shape, and there are others?"""
    unnamed = _unnamed(form, sample)
    return unnamed is not None and len(float_arrays(sample.values)) > 1


@dataclass(frozen=True)
class _Unnamed:
    """A pair whose one gradient has no name and is not the derivative by `first`, which has its shape."""

    form: PairForm
    first: str
    gradient: Array
    upstream: list[Array]

    def of_another(self, sample: Sample) -> OtherArgumentForm | None:
        arguments = float_arrays(sample.values)
        # Nobody steps what predictions are compared with: its slope is that by the predictions with the sign lost.
        others = [name for name in arguments if name != self.first and not is_target(name)]
        alike = [name for name in others if arguments[name].shape == self.gradient.shape]
        try:
            found = [name for name in alike if is_slope(self.form, sample, name, self.gradient, self.upstream)]
        except Exception:  # what raises is told where it is judged
            return None
        return OtherArgumentForm(self.form, found[0]) if len(found) == 1 else None


def _unnamed(form: WrittenFunction, sample: Sample) -> _Unnamed | None:
    if not isinstance(form, PairForm):
        return None
    arguments = float_arrays(sample.values)
    if any(belongs_to(name, list(arguments)) for name in form.returned(list(arguments)) if name):
        return None
    try:
        upstream = [np.ones_like(out) for out in form.forward(sample.values)]
        gradients = form.run(sample.values, upstream).gradients
        if len(gradients) != 1:
            return None
        ((first, gradient),) = gradients.items()
        is_right = is_slope(form, sample, first, gradient, upstream)
    except Exception:  # what raises is told where it is judged
        return None
    return None if is_right else _Unnamed(form, first, gradient, upstream)
