"""Layers that give a term of the loss beside their output, `return z, kl`, whose backward adds that term's gradient.

`backward(dz)` is handed no G of the term: it is 1. Of any other it is the same by scale: g B(G / g), as B(G) is a
gradient along G and that of the term once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from gradcheck_cli.model import Array, Sample
from gradcheck_cli.targets.functions.form import Ran, Values, WrittenFunction, as_array, outputs_of
from gradcheck_cli.targets.functions.layer import LayerForm
from gradcheck_cli.targets.functions.methods import Methods
from gradcheck_cli.targets.functions.plain import call_by_name
from gradcheck_cli.targets.functions.wrapped import WrappedForm

NOTE = "its forward gives a term of the loss beside its output, and its backward adds the gradient of that term, G = 1"
# The output and the term.
_BOTH = 2
# What is a sum of the two parts is one to this: of the largest entry.
_SAME = 1e-9


@dataclass(frozen=True)
class _WithTerm(Methods):
    """A forward that gives an output and a number."""

    def called(self, instance: Any, given: Mapping[str, Any]) -> tuple[tuple[Array, ...], Any]:
        """Both.

        Raises:
            TypeError: it gives something else.
            Exception: whatever the forward raises.
        """
        result = call_by_name(getattr(instance, self.fore), given)
        if not isinstance(result, tuple) or len(result) != _BOTH or not _is_number(result[1]):
            raise TypeError(f"{self.fore} gives no output with a number beside it")
        return outputs_of(result), result[-1]


@dataclass(frozen=True)
class OwnTermForm(WrappedForm[LayerForm]):
    """The object with both outputs, and a G for each. `whole`: the same form, whose forward gives both."""

    whole: LayerForm

    def forward(self, values: Values) -> tuple[Array, ...]:
        """The output and the term."""
        return self.whole.forward(values)

    def run(self, values: Values, upstream: Sequence[Array]) -> Ran:
        """Its backward is handed the G of the output alone."""
        outputs, (grad, of_term) = self.forward(values), upstream
        factor = float(np.reshape(of_term, ()))
        ran = self.inner.run(values, [grad / factor if factor else grad])
        gradients = {name: array * factor for name, array in ran.gradients.items()}
        if not factor:  # the output's part alone
            alone = self.inner.run(values, [np.zeros_like(grad)]).gradients
            gradients = {name: array - alone[name] for name, array in ran.gradients.items()}
        return Ran(outputs, gradients, ran.returned, ran.owed, ran.mutated)


def as_with_term(form: WrittenFunction, sample: Sample) -> WrittenFunction | None:
    """The form with both outputs, where its backward gives something for no G at all, and adds to it what G gives."""
    if not isinstance(form, LayerForm) or not form.methods.takes_upstream or type(form.methods) is not Methods:
        return None
    parts = {each.name: getattr(form.methods, each.name) for each in fields(form.methods)}
    whole = LayerForm(
        form.making, form.states, _WithTerm(**parts), form.names, form.source, form.switches, form.is_torch
    )
    try:
        output = whole.forward(sample.values)[0]
        generator = np.random.default_rng([sample.seed, 5])
        grad = np.asarray(generator.standard_normal(output.shape))
        none, once, twice = (form.run(sample.values, [factor * grad]).gradients for factor in (0.0, 1.0, 2.0))
    except Exception:  # what raises is told where it is judged
        return None
    is_sum = all(_is_near(twice[name] - once[name], once[name] - none[name]) for name in once)
    return OwnTermForm(form, whole) if is_sum and any(map(np.any, none.values())) else None


def _is_number(value: Any) -> bool:
    array = as_array(value)
    return array is not None and array.size == 1 and array.dtype.kind == "f"


def _is_near(one: Array, other: Array) -> bool:
    largest = max(float(np.abs(each).max(initial=0.0)) for each in (one, other))
    return one.shape == other.shape and bool(np.all(np.abs(one - other) <= _SAME * largest))
