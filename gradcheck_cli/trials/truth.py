"""The truth on exact cases: the definition's sum and torch.autograd, which must agree with it bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, dataclass
from functools import cached_property
from importlib import import_module
from threading import Lock

import numpy as np

from gradcheck_cli.model import GRADIENTS, Case, ConvSpec, Gradients
from gradcheck_cli.numbers import exact
from gradcheck_cli.oracles import reference

Draw = Callable[[ConvSpec, np.random.Generator], Case]

MOST_DRAWS = 5
# Part of the seed, so that each kind asks fresh numbers on the same geometry.
KINDS = {"narrow": 6, "wide": 4, "fractional": 10, "tiny": 5}


@dataclass(frozen=True)
class Truth:
    """The right gradients of a case, and whether autograd gives them too."""

    case: Case
    gradients: Gradients

    @cached_property
    def autograd_agrees(self) -> bool:
        """Asked where an answer is judged only: most of what a target refuses is drawn for nothing."""
        from gradcheck_cli.oracles import autograd

        returned = autograd.backward(self.case, autograd.LayerSettings("float64"))
        return all(
            np.array_equal(self.gradients.get(name), returned.get(name))  # type: ignore[arg-type]
            for name in GRADIENTS
        )


@dataclass(frozen=True)
class Question:
    """A case and its answer."""

    case: Case
    truth: Truth


class Questions:
    """The exact cases of one seed, the same for every target: each is drawn and answered once. Safe in threads."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._known: dict[tuple[str, ConvSpec], Question] = {}
        self._lock = Lock()

    def narrow(self, spec: ConvSpec) -> Question:
        """Integers on which float32 is exact."""
        return self._asked("narrow", spec, exact.narrow_case)

    def wide(self, spec: ConvSpec) -> Question:
        """Integers on which float64 is exact and float32 is not."""
        return self._asked("wide", spec, exact.wide_case)

    def fractional(self, spec: ConvSpec) -> Question:
        """Numbers with something behind the point: what cuts them to whole numbers shows."""
        return self._asked("fractional", spec, exact.fractional_case)

    def tiny(self, spec: ConvSpec) -> Question:
        """Numbers near 0: what rounds gradients to decimals shows."""
        return self._asked("tiny", spec, exact.tiny_case)

    def _asked(self, kind: str, spec: ConvSpec, draw: Draw) -> Question:
        with self._lock:
            if (kind, spec) not in self._known:
                self._known[kind, spec] = self._drawn(spec, draw, (self.seed, KINDS[kind], *_numbers(spec)))
            return self._known[kind, spec]

    def _drawn(self, spec: ConvSpec, draw: Draw, entropy: tuple[int, ...]) -> Question:
        """A gradient of zeros shows no mistake, and looks like none at all where it is read off an update."""
        for attempt in range(MOST_DRAWS):
            case = draw(spec, np.random.default_rng((*entropy, attempt)))
            question = Question(case, truth_of(case))
            if all(np.any(question.truth.gradients.get(name)) for name in GRADIENTS):
                break
        return question


def load_oracles() -> None:
    """Import torch, which takes a second."""
    import_module("gradcheck_cli.oracles.autograd")


def truth_of(case: Case) -> Truth:
    """The sums by the definition.

    Args:
        case: whole multiples of a power of 2 whose sums are exact, float64.
    """
    gradients = Gradients(
        weight=reference.grad_weight(case.x, case.grad_output, case.spec).astype(np.float64),
        input=reference.grad_input(case.weight, case.grad_output, case.spec).astype(np.float64),
        bias=reference.grad_bias(case.grad_output).astype(np.float64),
    )
    return Truth(case, gradients)


def _numbers(spec: ConvSpec) -> list[int]:
    """All numbers of a geometry, in a row; none is below 0, and those of both sides stand there where they differ."""
    *values, _ = astuple(spec)
    sides = () if spec.is_symmetric else spec.padding_after
    return [int(number) for value in (*values, sides) for number in np.atleast_1d(value)]
