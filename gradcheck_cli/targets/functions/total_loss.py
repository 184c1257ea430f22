"""Pairs whose forward gives a loss for each sample, and whose backward, which is handed no G, that of their total.

`hinge_loss(X, y, w, b)` gives a row of losses, and `hinge_loss_gradient` adds up over the samples or averages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from gradcheck_cli.model import Array, Sample
from gradcheck_cli.targets.functions.form import Ran, Values, WrittenFunction
from gradcheck_cli.targets.functions.pair import PairForm
from gradcheck_cli.targets.functions.spelling import LOSS_WORDS, tokens
from gradcheck_cli.targets.functions.wrapped import WrappedForm

LossTotal = Literal["sum", "mean"]
_TOTALS: Mapping[LossTotal, Callable[[Array], Array]] = {"sum": np.sum, "mean": np.mean}


@dataclass(frozen=True)
class TotalLossForm(WrappedForm[WrittenFunction]):
    """What gives a loss for each sample, with its losses as one number."""

    total: LossTotal

    @property
    def why(self) -> str:
        """How it is called, and what is made of its losses."""
        return f"{self.inner.why}; the {self.total} of its losses"

    def forward(self, values: Values) -> tuple[Array, ...]:
        """One number."""
        return self._totals(self.inner.forward(values))

    def run(self, values: Values, upstream: Sequence[Array]) -> Ran:
        """Its backward is handed no G: that of the one number is a factor."""
        ran = self.inner.run(values, ())
        gradients = {name: array * upstream[0] for name, array in ran.gradients.items()}
        return Ran(self._totals(ran.outputs), gradients, ran.returned, ran.owed, ran.mutated)

    def _totals(self, outputs: Sequence[Array]) -> tuple[Array, ...]:
        return tuple(np.asarray(_TOTALS[self.total](out)) for out in outputs)


def with_totals(form: PairForm, sample: Sample) -> Iterator[WrittenFunction]:
    """A pair in each way in which it may hang together on a sample, then with each total of its losses.

    A loss whose gradients have no product with a G of its losses is of a total alone.

    Raises:
        Exception: whatever its forward raises.
    """
    waiting: list[TotalLossForm] = []
    for ready in form.wirings(sample.values):
        totals = list(_totals_of(ready, sample))
        if not totals or _has_product(ready, sample):
            yield ready
        waiting += totals
    yield from waiting


def ready_forms(form: WrittenFunction, sample: Sample) -> Iterator[WrittenFunction]:
    """The form itself; a pair in each way in which it may hang together on this sample, its losses as such first.

    Raises:
        Exception: whatever the forward of a pair raises.
    """
    if isinstance(form, PairForm) and form.wiring is None:
        yield from with_totals(form, sample)
    else:
        yield form


def _has_product(form: PairForm, sample: Sample) -> bool:
    outputs = form.forward(sample.values)
    try:
        form.run(sample.values, [np.ones_like(out) for out in outputs])
    except ValueError:
        return False
    except Exception:  # its own: it is told where it is judged
        return True
    return True


def _totals_of(form: PairForm, sample: Sample) -> Iterator[TotalLossForm]:
    """The form with the sum and with the mean of its losses; none of one number, or of what is called no loss."""
    if form.wiring is None or not form.wiring.bare or form.wiring.is_loss:
        return
    if LOSS_WORDS & set(tokens(form.title)) and form.forward(sample.values)[0].size > 1:
        whole = replace(form, wiring=replace(form.wiring, bare=False, is_loss=True))
        yield from (TotalLossForm(whole, total) for total in _TOTALS)
