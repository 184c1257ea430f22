"""A gradient that is returned without a name: of arguments of one shape it is that whose derivative it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gradcheck_cli.model import Array, Sample
from gradcheck_cli.targets.functions.form import Ran, Values, WrittenFunction
from gradcheck_cli.targets.functions.pair import PairForm, float_arrays
from gradcheck_cli.targets.functions.pairs import is_named_derivative
from gradcheck_cli.targets.functions.slopes import are_slopes, is_slope
from gradcheck_cli.targets.functions.spelling import LOSS_WORDS, belongs_to, is_target, tokens
from gradcheck_cli.targets.functions.total_loss import TotalLossForm
from gradcheck_cli.targets.functions.wrapped import WrappedForm

_OF_ONE = "it is the derivative by {} alone: no gradient of {} is owed"
NOTE = "the gradient that it returns has no name: it is taken as that of {}, whose derivative it is"


@dataclass(frozen=True)
class OtherArgumentForm(WrappedForm["PairForm | TotalLossForm"]):
    """The same pair, whose one gradient belongs to `argument`."""

    argument: str

    def owing(self, sample: Sample) -> Sample:
        """The sample; where one gradient alone is owed, or a loss has been given data, it is this one."""
        is_loss = _is_alone(self.inner) and bool(LOSS_WORDS & set(tokens(self.title)))
        is_alone = is_loss or len(sample.differentiated) == 1
        return replace(sample, differentiated=(self.argument,)) if is_alone else sample

    def forward(self, values: Values) -> tuple[Array, ...]:
        """As it is."""
        return self.inner.forward(values)

    def run(self, values: Values, upstream: Sequence[Array]) -> Ran:
        """As in training."""
        ran = self.inner.run(values, upstream)
        (gradient,) = map(self.meant, ran.gradients.values())
        named = [replace(entry, name=self.argument, shape=gradient.shape) for entry in ran.returned if entry.name]
        unnamed = [entry for entry in ran.returned if not entry.name]
        return replace(ran, gradients={self.argument: gradient}, returned=(*named, *unnamed))

    def meant(self, gradient: Array) -> Array:
        """The gradient, of what is returned."""
        return gradient


@dataclass(frozen=True)
class RowsForm(OtherArgumentForm):
    """The same, of which it returns a row for each output: (outputs, *shape of the argument)."""

    @property
    def why(self) -> str:
        """How it was told, and what the rows are."""
        return f"{self.inner.why}; it gives a row for each output, which are added up"

    def owing(self, sample: Sample) -> Sample:
        """What is learned by such rows is this one alone."""
        return replace(sample, differentiated=(self.argument,))

    def meant(self, gradient: Array) -> Array:
        """What the rows, weighed by G, come to."""
        return np.asarray(gradient.sum(axis=0))


def as_other_argument(form: WrittenFunction, samples: Sequence[Sample]) -> OtherArgumentForm | None:
    """The form with the argument that its gradient is of; None where the first of that shape may be meant."""
    unnamed = _unnamed(form, samples)
    return None if unnamed is None else unnamed.of_another()


def of_one_argument(form: WrittenFunction, samples: Sequence[Sample]) -> tuple[str, tuple[Sample, ...]] | None:
    """What is said of a Jacobian by one of several arguments, and the samples that owe it alone; None of others."""
    first = samples[0]
    if not isinstance(form, PairForm) or not form.is_bare or not is_named_derivative(form.backward):
        return None
    try:
        gradients = form.run(first.values, [np.ones_like(out) for out in form.forward(first.values)]).gradients
    except Exception:  # what raises is told where it is judged
        return None
    others = [name for name in first.differentiated if name not in gradients]
    if len(gradients) != 1 or not others:
        return None
    (alone,) = gradients
    note = _OF_ONE.format(alone, " and ".join(others))
    return note, tuple(replace(each, differentiated=(alone,)) for each in samples)


def may_be_another(form: WrittenFunction, samples: Sequence[Sample]) -> bool:
    """Is the one gradient, which has no name, not the derivative by the argument of its shape, and there are others?"""
    unnamed = _unnamed(form, samples)
    return unnamed is not None and len(float_arrays(unnamed.sample.values)) > 1


def may_skip_others(form: WrittenFunction, sample: Sample) -> bool:
    """Does it give several gradients without names that would skip an argument between those whose shapes they have,
    and are not the derivatives by these? In other shapes they may be those of the first ones. So may those of data, as
    of distances, where one of another argument is owed.

    Raises:
        Exception: whatever the forward or the backward raises.
    """
    arguments = list(float_arrays(sample.values))
    if not isinstance(form, PairForm) or any(belongs_to(name, arguments) for name in form.returned(arguments) if name):
        return False
    gradients = form.run(sample.values, [np.ones_like(out) for out in form.forward(sample.values)]).gradients
    if gradients and sample.differentiated and not set(gradients) & set(sample.differentiated):
        return not are_slopes(form, sample)
    places = sorted(arguments.index(name) for name in gradients)
    skips_one = len(places) > 1 and places[-1] - places[0] >= len(places)
    return skips_one and not are_slopes(form, sample)


@dataclass(frozen=True)
class _Unnamed:
    """A pair whose one gradient has no name and is not the derivative by `first`, which has its shape."""

    form: PairForm | TotalLossForm
    sample: Sample
    first: str
    gradient: Array
    upstream: list[Array]

    def of_another(self) -> OtherArgumentForm | None:
        arguments = float_arrays(self.sample.values)
        # Nobody steps what predictions are compared with: its slope is that by the predictions with the sign lost.
        is_loss = bool(LOSS_WORDS & set(tokens(self.form.title)))
        others = [name for name in arguments if name != self.first and not (is_loss and is_target(name))]
        forms = [OtherArgumentForm(self.form, name) for name in others]
        forms += [RowsForm(self.form, name) for name in others if self._is_a_row_each(arguments[name])]
        try:
            found = [form for form in forms if self._is_slope(form, arguments[form.argument])]
        except Exception:  # what raises is told where it is judged
            return None
        return found[0] if len(found) == 1 else None

    def _is_a_row_each(self, argument: Array) -> bool:
        return _is_alone(self.form) and self.gradient.shape == (self.upstream[0].size, *argument.shape)

    def _is_slope(self, form: OtherArgumentForm, argument: Array) -> bool:
        meant = form.meant(self.gradient)
        return meant.shape == argument.shape and is_slope(self.form, self.sample, form.argument, meant, self.upstream)


def _is_alone(form: PairForm | TotalLossForm) -> bool:
    """Is its backward handed no G, as that of a loss of each sample?"""
    return form.is_bare if isinstance(form, PairForm) else True


def _unnamed(form: WrittenFunction, samples: Sequence[Sample]) -> _Unnamed | None:
    pair = form.inner if isinstance(form, TotalLossForm) else form
    if not isinstance(form, PairForm | TotalLossForm) or not isinstance(pair, PairForm):
        return None
    arguments = list(float_arrays(samples[0].values))
    if any(belongs_to(name, arguments) for name in pair.returned(arguments) if name):
        return None
    for sample in samples:
        try:
            upstream = [np.ones_like(out) for out in form.forward(sample.values)]
            gradients = form.run(sample.values, upstream).gradients
            if len(gradients) != 1:
                return None
            ((first, gradient),) = gradients.items()
            if not gradient.any():  # where a hinge is at rest, nothing tells whose slope that is
                continue
            is_right = is_slope(form, sample, first, gradient, upstream)
        except Exception:  # what raises is told where it is judged
            return None
        return None if is_right else _Unnamed(form, sample, first, gradient, upstream)
    return None
