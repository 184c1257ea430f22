"""What a run computes without torch, each piece on demand: all that follows from the data and from G.

A piece is computed where it is asked for, unless another process has begun with it: see `beside`.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from gradcheck_cli.checks import of_a_run as checks
from gradcheck_cli.checks.of_a_run import RealData
from gradcheck_cli.checks.power import Probe, power_of
from gradcheck_cli.checks.referee import gauge_of
from gradcheck_cli.layers import conv
from gradcheck_cli.mistakes.mistake import Problem
from gradcheck_cli.model import (
    GRADIENTS,
    Array,
    Case,
    Check,
    Counterfactual,
    GradientName,
    Gradients,
    Power,
    Setting,
)
from gradcheck_cli.numbers import exact
from gradcheck_cli.numbers.arithmetic import Judged, no_slack
from gradcheck_cli.numbers.formats import largest_given
from gradcheck_cli.numbers.rounding import allowed_float64
from gradcheck_cli.oracles import numeric
from gradcheck_cli.oracles.layer import Layer
from gradcheck_cli.oracles.numeric import NumericResult
from gradcheck_cli.runs.picture.own_evidence import equal_upstream, evidence_of
from gradcheck_cli.sameness.channels import Evidence

T = TypeVar("T")

# In the order in which they are asked for; what a later one is made of stands before it.
PIECES = (
    "hand", "narrow", "of_narrow", "gauges", "differences", "by_differences", "adjoint", "hand_again", "evidence",
    "equal_upstream", "power",
)  # fmt: skip


class PieceSource(Protocol):
    """Where a piece may come from that is not computed here."""

    def take(self, name: str) -> list[Any]:
        """The piece called so, alone in a list; an empty list where it must be computed here."""


class Piece(Generic[T]):
    """A property of `OwnHalf` that is computed once, or taken from its source."""

    def __init__(self, compute: Callable[[Any], T]) -> None:
        self._compute, self.__doc__ = compute, compute.__doc__

    def __set_name__(self, _owner: type[Any], name: str) -> None:
        self._name = name

    def __get__(self, half: Any, _owner: type[Any]) -> T:
        """The piece; found in the half's own attributes from now on."""
        taken = half.source.take(self._name) if half.source is not None else []
        value: T = taken[0] if taken else self._compute(half)
        vars(half)[self._name] = value
        return value


class InThread:
    """Pieces that a thread computes one after the other."""

    def __init__(self, half: OwnHalf, thread: Executor) -> None:
        self._pieces = {name: thread.submit(getattr, half, name) for name in PIECES}

    def take(self, name: str) -> list[Any]:
        """Wait for the piece."""
        return [self._pieces.pop(name).result()] if name in self._pieces else []


@dataclass(frozen=True)
class OwnHalf:
    """Of one seed of the layer.

    Attributes:
        x: the pictures, as they were read.
        layer: as it is in the run's dtype, float64.
        grad_output: G, float64.
        setting: of autograd.
        judged: the code under test.
        pool: where finite differences are worked on.
        returned: autograd's grad_weight; the bounds of float32 and wider do not depend on it.
        source: where pieces come from that were begun elsewhere.
    """

    x: Array
    layer: Layer
    grad_output: Array
    setting: Setting
    judged: Judged
    pool: Executor
    returned: Array | None = None
    source: PieceSource | None = None

    @cached_property
    def case(self) -> Case:
        """The data: X, F and b as the layer has them in its dtype, and autograd's own G."""
        return Case(self.layer.spec, self.layer.x, self.layer.weight, self.layer.bias, self.grad_output)

    @property
    def is_formula(self) -> bool:
        """Is the code under test our own, by which right gradients are computed? Then they are not computed again."""
        return self.judged.backward is conv.backward

    @Piece
    def hand(self) -> Gradients:
        """What the code under test gives on the pictures."""
        return self.judged.backward(self.case)

    @Piece
    def hand_again(self) -> Array | None:
        """Its grad_weight once more."""
        return self.judged.backward(self.case, ("weight",)).weight

    @Piece
    def narrow(self) -> Case:
        """The pictures as integers on which float32 is exact."""
        rng, most = np.random.default_rng(self.layer.seed), largest_given(self.setting.precision)
        return exact.narrow_case(self.layer.spec, rng, x=self.x, signs=self.grad_output, most=most)

    @Piece
    def of_narrow(self) -> Gradients:
        """What the code under test gives for them."""
        return self.judged.backward(self.narrow)

    @cached_property
    def wide(self) -> Case:
        """Integers that float64 sums exactly and float32 does not."""
        return exact.wide_case(self.layer.spec, np.random.default_rng(self.layer.seed), x=self.x)

    @cached_property
    def fractions(self) -> Case:
        """The wide integers as fractions so small that code which cuts or rounds gradients shows.

        Each time by far more than it may be off.
        """
        return exact.scaled(self.wide, exact.SMALL_STEP)

    @cached_property
    def of_fractions(self) -> Gradients:
        """What the code under test gives for them."""
        return self.judged.backward(self.fractions)

    @cached_property
    def started(self) -> numeric.Started:
        """Finite differences, on their way in the pool."""
        return numeric.start(self.layer, self.pool)

    def begun(self, thread: Executor | None) -> OwnHalf:
        """The same, worked on from now on: finite differences in the pool, and all pieces in `thread` if there is one.

        Autograd's part of a run then goes on beside them, each of the two on a core.
        """
        _ = self.started
        return self if thread is None else replace(self, source=InThread(self, thread))

    @Piece
    def differences(self) -> NumericResult:
        """Finite differences of the loss."""
        return self.started.result()

    @Piece
    def by_differences(self) -> tuple[list[Check], list[Check]]:
        """What they say of the formula and of the code under test."""
        of_loss, gauge, result = self._of_loss, self._gauge_of_loss, self.differences
        formula = Judged("the formula", conv.backward, no_slack)
        right = self._problem(self._same_loss, of_loss).grad_weight
        return (
            checks.numeric_check(result, self._same_loss, right, formula, gauge),
            checks.numeric_check(result, self._same_loss, of_loss.weight, self.judged, gauge),
        )

    @Piece
    def gauges(self) -> dict[GradientName, Array]:
        """A of the gradients on the pictures: of the user's code as far as it is asked for, by what compares there."""
        return {name: gauge_of(self.case, name) for name in GRADIENTS} if self.is_formula else {}

    def real(self, autograd: Gradients) -> RealData:
        """The pictures' data with both sides' gradients."""
        setting = self.setting
        return RealData(self.case, setting.precision, self.hand, autograd, self.gauges, setting.cuts_sums)

    @cached_property
    def allowed(self) -> Array:
        """What rounding allows between the two sides on the pictures, for every kernel entry."""
        returned = np.zeros(()) if self.returned is None else self.returned.astype(np.float64)
        return checks.allowed_between(self.real(Gradients()), self.judged, "weight", returned)

    @Piece
    def adjoint(self) -> list[Check]:
        """On wide integers, which the code meets as fractions: one that cuts or rounds them shows as a float32 does."""
        rng, gradients = np.random.default_rng(self.layer.seed), Gradients()
        if self.judged.is_exact:
            gradients = exact.unscaled(self.of_fractions, exact.SMALL_STEP)
        return checks.adjoint_checks(self.wide, gradients, self.judged, rng, self.pool)

    @Piece
    def evidence(self) -> Evidence:
        """What sameness is decided on."""
        return evidence_of(self.case)

    @Piece
    def equal_upstream(self) -> Counterfactual:
        """The same X with the G of filter 0 for every filter."""
        return equal_upstream(self.case)

    @Piece
    def power(self) -> Power:
        """What the comparisons of grad_weight would have said of each mistake."""
        # Late: a catalogue of files, which a process that is handed this needs no longer.
        from gradcheck_cli.mistakes import CATALOGUE

        terms = self.layer.spec.terms
        rounding = allowed_float64(terms, self.real(Gradients()).gauge("weight"))
        real = Probe(self._problem(self.case, self.hand), self.allowed, rounding)
        narrow = self._exact_probe(self._problem(self.narrow, self.of_narrow))
        of_fractions = self.of_fractions if self.is_formula else Gradients()
        wide = self._exact_probe(self._problem(self.fractions, of_fractions))
        gauge = self._gauge_of_loss
        allowed = checks.allowed_numeric(self.differences, self._same_loss, self.judged, gauge)
        numbers = Probe(self._problem(self._same_loss, self._of_loss), allowed, allowed_float64(terms, gauge))
        return power_of([narrow, real], [numbers, wide], CATALOGUE)

    @cached_property
    def _same_loss(self) -> Case:
        """The data with the G of the loss that the finite differences are of."""
        return replace(self.case, grad_output=self.differences.grad_output)

    @cached_property
    def _of_loss(self) -> Gradients:
        return self.judged.backward(self._same_loss, ("weight",))

    @cached_property
    def _gauge_of_loss(self) -> Array:
        return gauge_of(self._same_loss, "weight")

    def _problem(self, case: Case, returned: Gradients) -> Problem:
        """The case with its right gradients; what our own code under test returned is them."""
        return Problem.knowing(case, returned) if self.is_formula else Problem(case)

    def _exact_probe(self, problem: Problem) -> Probe:
        """Exact sums allow nothing to direct summation, and its slack to an FFT."""
        return Probe(problem, np.asarray(self.judged.slack(problem.case, "weight")), np.zeros(()))
