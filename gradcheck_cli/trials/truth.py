"""The numbers of a question and the truth on them: the definition's sum, with which torch.autograd must agree."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from threading import Lock

import numpy as np

from gradcheck_cli.checks.referee import truths_of
from gradcheck_cli.model import CONVS, GRADIENTS, PADDING_MODES, Case, ConvSpec, Gradients
from gradcheck_cli.numbers import exact
from gradcheck_cli.trials.question import ProbeName, Question

Draw = Callable[[ConvSpec, np.random.Generator], Case]

# How often numbers are drawn anew because a gradient came out as zeros: five times over it is no accident any more.
MOST_DRAWS = 5


@dataclass(frozen=True)
class Numbers:
    """How the numbers of a probe are drawn. `salt` is part of the seed: each kind is fresh on the same geometry."""

    draw: Draw
    salt: int


# A second use is asked about the numbers of the first: the difference is what came before.
_NARROW = Numbers(exact.narrow_case, 6)
# Any salts that differ; they stay, so that reports repeat from version to version.
_NUMBERS: Mapping[ProbeName, Numbers] = {
    "narrow": _NARROW,
    "after-another": _NARROW,
    "wide": Numbers(exact.wide_case, 4),
    "fractional": Numbers(exact.fractional_case, 10),
    "tiny": Numbers(exact.tiny_case, 5),
}


@dataclass(frozen=True)
class Truth:
    """A case: its right gradients, and whether autograd gives them too."""

    case: Case

    @cached_property
    def gradients(self) -> Gradients:
        """The sums by the definition; of a case that nobody was asked about they are not needed."""
        return truths_of(self.case)

    @cached_property
    def autograd_agrees(self) -> bool:
        """Asked where an answer is judged only: most of what a target refuses is drawn for nothing."""
        from gradcheck_cli.oracles import autograd

        returned = autograd.backward(self.case, autograd.LayerSettings("float64"))
        return all(
            np.array_equal(self.gradients.get(name), returned.get(name))  # type: ignore[arg-type]
            for name in GRADIENTS
        )


class Truths:
    """The truth of every question, the same for every target: each is drawn and summed once. Safe in threads."""

    def __init__(self) -> None:
        self._known: dict[tuple[Numbers, ConvSpec, int], Truth] = {}
        self._lock = Lock()

    def of(self, question: Question) -> Truth:
        """What is right. The question's probe is one of narrow, wide, fractional, tiny and after-another."""
        key = _key(question)
        with self._lock:
            if key not in self._known:
                self._known[key] = _drawn(*key)
            return self._known[key]

    def unasked(self, question: Question) -> Truth:
        """The numbers that would have stood for a question to a target that is not called on this geometry."""
        return self._known.get(_key(question)) or _attempted(*_key(question), 0)


def _key(question: Question) -> tuple[Numbers, ConvSpec, int]:
    return _NUMBERS[question.probe], question.geometry, question.seed


def _drawn(numbers: Numbers, spec: ConvSpec, seed: int) -> Truth:
    """A gradient of zeros shows no mistake, and looks like none at all where it is read off an update."""
    for attempt in range(MOST_DRAWS):
        truth = _attempted(numbers, spec, seed, attempt)
        if all(np.any(truth.gradients.get(name)) for name in GRADIENTS):
            break
    return truth


def _attempted(numbers: Numbers, spec: ConvSpec, seed: int, attempt: int) -> Truth:
    entropy = (seed, numbers.salt, *_sizes(spec), attempt)
    return truth_on(numbers.draw(spec, np.random.default_rng(entropy)))


def load_oracles() -> None:
    """Import torch, which takes a second."""
    import_module("gradcheck_cli.oracles.autograd")


def truth_on(case: Case) -> Truth:
    """The sums by the definition, which are formed when they are first asked for.

    Args:
        case: whole multiples of a power of 2 whose sums are exact, float64.
    """
    return Truth(case)


def _sizes(spec: ConvSpec) -> list[int]:
    """All numbers of a geometry, in a row; none is below 0, and those of both sides stand there where they differ."""
    # As they were before there were other forms, so that the numbers of pictures among zeros stay what they are.
    sizes = (spec.height, spec.width, spec.kernel_size, spec.stride, spec.padding, spec.dilation, spec.groups)
    values = (spec.batch, spec.in_channels, spec.out_channels, *sizes, () if spec.is_symmetric else spec.padding_after)
    form = (CONVS.index(spec.conv), spec.depth, PADDING_MODES.index(spec.padding_mode), spec.output_padding)
    usual = (spec.conv, spec.padding_mode) == ("conv2d", "zeros")
    return [int(number) for value in (*values, *(() if usual else form)) for number in np.atleast_1d(value)]
