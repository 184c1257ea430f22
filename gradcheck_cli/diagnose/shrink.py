"""The smallest geometry on which a backward is still wrong in the same way, with the terms of one wrong entry."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from gradcheck_cli.diagnose.terms import terms_of
from gradcheck_cli.mistakes import Problem
from gradcheck_cli.model import TENSORS, Array, Case, ConvSpec, Counterexample, GradientName, Gradients
from gradcheck_cli.model.errors import GeometryError

Backward = Callable[[Case], Gradients]

_SHRINK_CALLS = 240
_TERM_CALLS = 160
# A gradient of zeros is right whatever it is multiplied by.
_DRAWS = 5


@dataclass
class _Trial:
    """The target under a budget of calls; every kind of failure of the target becomes a word."""

    backward: Backward
    gradient: GradientName
    seed: int
    calls: int = 0
    seen: dict[ConvSpec, str] = field(default_factory=dict)

    def actual(self, case: Case) -> tuple[Array | None, str]:
        """What the target returns and how it failed: "", or the exception's name."""
        self.calls += 1
        try:
            returned = self.backward(case).get(self.gradient)
        except Exception as error:
            return None, type(error).__name__
        return (None if returned is None else np.asarray(returned)), ""

    def failure(self, spec: ConvSpec) -> str:
        """How the target fails on fresh data of this geometry; "" where it is right."""
        if spec not in self.seen:
            case = fresh_case(spec, self.seed)
            self.seen[spec] = _kind(Problem(case).right(self.gradient), *self.actual(case))
        return self.seen[spec]


def shrink(
    backward: Backward, spec: ConvSpec, gradient: GradientName, seed: int, seen: dict[ConvSpec, str] | None = None
) -> Counterexample | None:
    """Shrink a failing geometry while it fails in the same way, then read off the terms of one wrong entry.

    Args:
        backward: the target; it may raise. It is called at most 400 times, on small integers in float64.
        spec: a geometry on which it fails.
        gradient: the one that is wrong.
        seed: decides the data.
        seen: is filled with how it failed on each geometry that was tried, "" where it was right.

    Returns:
        The counterexample; `actual` is None where the target returned nothing. None where it does not fail on `spec`.
    """
    trial = _Trial(backward, gradient, seed, seen={} if seen is None else seen)
    kind = trial.failure(spec)
    if not kind:
        return None
    smallest = _smallest(trial, spec, kind)
    case = fresh_case(smallest, seed)
    right = Problem(case).right(gradient)
    actual, _ = trial.actual(case)
    entry = _wrong_entry(right, actual) if kind == "numbers" else None
    terms = (
        () if entry is None else terms_of(lambda changed: trial.actual(changed)[0], case, gradient, entry, _TERM_CALLS)
    )
    return Counterexample(
        gradient=gradient,
        spec=smallest,
        x=case.x,
        weight=case.weight,
        grad_output=case.grad_output,
        expected=right,
        actual=actual,
        entry=entry,
        other=TENSORS[gradient].partner,
        terms=terms,
        bias=case.bias,
    )


def fresh_case(spec: ConvSpec, seed: int) -> Case:
    """Integers from 1 to 9, G with signs: no zeros that hide a term, all sums exact, no gradient of zeros alone."""
    for attempt in range(_DRAWS):
        case = _drawn(spec, (seed, *spec.x_shape, *spec.weight_shape, *[attempt] * bool(attempt)))
        if np.any(case.grad_output.sum(axis=(0, 2, 3))):
            break
    return case


def _drawn(spec: ConvSpec, entropy: tuple[int, ...]) -> Case:
    random = np.random.default_rng(entropy)

    def digits(shape: tuple[int, ...]) -> Array:
        return random.integers(1, 10, shape).astype(np.float64)

    signs = random.choice((-1.0, 1.0), spec.output_shape)
    return Case(
        spec=spec,
        x=digits(spec.x_shape),
        weight=digits(spec.weight_shape),
        bias=digits((spec.out_channels,)),
        grad_output=digits(spec.output_shape) * signs,
    )


def _kind(right: Array, actual: Array | None, error: str) -> str:
    if error:
        return f"error {error}"
    if actual is None:
        return "missing"
    if actual.shape != right.shape:
        return "shape"
    if not np.isfinite(actual).all():
        return "not finite"
    return "" if np.array_equal(right, actual) else "numbers"


def _smallest(trial: _Trial, spec: ConvSpec, kind: str) -> ConvSpec:
    """Take the first smaller geometry that fails in the same way, and start over, until none does."""
    while True:
        for smaller in _smaller(spec):
            if trial.calls >= _SHRINK_CALLS:
                return spec
            if trial.failure(smaller) == kind:
                spec = smaller
                break
        else:
            return spec


def _smaller(spec: ConvSpec) -> Iterator[ConvSpec]:
    """Simpler geometries, the boldest first: each number to its least value, then halfway, then one less."""
    for share in (0, 2, 1):
        for change in _changes(spec, share):
            try:
                smaller = change()
            except GeometryError:
                continue
            if smaller != spec:
                yield smaller


def _changes(spec: ConvSpec, share: int) -> Iterator[Callable[[], ConvSpec]]:
    """`share` 0: to the least value; 2: half the way; 1: one less. Each may turn out impossible."""
    if spec.groups > 1 and share == 0:
        yield partial(replace, spec, groups=1)
        yield partial(replace, spec, in_channels=spec.groups, out_channels=spec.groups)
        yield partial(replace, spec, groups=2, in_channels=2, out_channels=2)
    for name in ("dilation", "stride", "kernel_size", "padding"):
        pair: tuple[int, int] = getattr(spec, name)
        low = 0 if name == "padding" else 1
        both = (_less(pair[0], low, share), _less(pair[1], low, share))
        for value in (both, (both[0], pair[1]), (pair[0], both[1])):
            yield partial(_with, spec, name, value)
    if share == 0 and not spec.is_symmetric:
        # Code that pads 'same' takes a smaller kernel only with the margin that belongs to it.
        yield partial(replace, spec, extra_after=(0, 0))
        yield from _with_even_kernel(spec)
    for name in ("batch", "in_channels", "out_channels", "height", "width"):
        yield partial(_with, spec, name, _less(getattr(spec, name), 1, share))


def _with_even_kernel(spec: ConvSpec) -> Iterator[Callable[[], ConvSpec]]:
    """Two taps where the sides differ, one elsewhere, and zeros on one side only: the least that 'same' can pad."""
    kernel = (1 + abs(spec.extra_after[0]), 1 + abs(spec.extra_after[1]))
    before = (max(-spec.extra_after[0], 0), max(-spec.extra_after[1], 0))
    yield partial(replace, spec, kernel_size=kernel, padding=before, dilation=(1, 1))


def _with(spec: ConvSpec, name: str, value: object) -> ConvSpec:
    values: dict[str, Any] = {name: value}
    return replace(spec, **values)


def _less(value: int, low: int, share: int) -> int:
    if share == 0:
        return low
    return max(low, (value + low) // 2 if share == 2 else value - 1)


def _wrong_entry(right: Array, actual: Array | None) -> tuple[int, ...] | None:
    """The first entry that differs; None where code that answers differently each time is right this once."""
    if actual is None or np.array_equal(right, actual):
        return None
    return tuple(int(i) for i in np.argwhere(right != actual)[0])
