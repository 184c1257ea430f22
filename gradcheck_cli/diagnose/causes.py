"""Which wrong formulas give exactly the user's numbers: alone, times a constant factor, or two together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gradcheck_cli.diagnose.factors import NONE, Factor, close, exactly, fitted, named_factors, ratio
from gradcheck_cli.diagnose.observation import Comparison
from gradcheck_cli.mistakes import CATALOGUE, Mistake, Problem, Variant
from gradcheck_cli.model import Array, Case, GradientName

# Entries of a glance: on small integers that many are hardly all proportional by accident.
_GLANCES = 16
# Hundreds of times beyond what `ratio` lets through, for the largest of a few entries may be far from the largest.
_FAR = 1e-3

Formula = Callable[[Problem], "Array | None"]


@dataclass(frozen=True)
class Structure:
    """A wrong formula and the mistakes that it is made of; none of them is the right formula itself."""

    parts: tuple[tuple[Mistake, Variant], ...]
    formula: Formula
    fits_rate: bool = False

    def result(self, problem: Problem) -> Array | None:
        """What it gives; a pair's is not kept, since it is asked for once, and there are tens of thousands."""
        return self.formula(problem) if len(self.parts) > 1 else problem.result_of(self.formula)


@dataclass(frozen=True)
class Cause:
    """A structure and a factor that together give the user's numbers on every observation."""

    structure: Structure
    factor: Factor

    @property
    def ids(self) -> tuple[str, ...]:
        """The mistakes involved, in the order in which they are told."""
        return tuple(mistake.id for mistake, _ in self.structure.parts) + self.factor.ids

    @property
    def brings(self) -> frozenset[str]:
        """The mistakes of behaviour that follow from it."""
        return frozenset(identifier for _, form in self.structure.parts for identifier in form.brings)

    @property
    def cost(self) -> int:
        """How much it assumes; among causes that fit, the cheapest are believed."""
        return len(self.ids)


def singles(gradient: GradientName, evidence: Sequence[Comparison] = ()) -> list[Structure]:
    """The right formula, then every form of every mistake in `gradient` that such a layer may have.

    Args:
        evidence: calls of one target, whose layer decides; without any, a convolution of pictures.
    """
    found = [Structure((), lambda problem: problem.right(gradient))]
    # What is written for pictures among zeros says nothing of other layers; the other way round it does.
    layer = next((seen.spec for seen in evidence if not seen.spec.is_plain), evidence[0].spec if evidence else None)
    for mistake in CATALOGUE.values():
        if mistake.structure:
            ways = mistake.forms(gradient) if layer is None else mistake.forms_for(gradient, layer)
            found += [Structure(((mistake, form),), form.formula) for form in ways]
    for mistake in CATALOGUE.values():
        added = mistake.per_rate.get(gradient)
        if added is not None:
            found.append(Structure(((mistake, Variant("", added)),), added, fits_rate=True))
    return found


def pairs(gradient: GradientName, evidence: Sequence[Comparison]) -> Iterator[Structure]:
    """Two mistakes at once: one on top of the other's result, or on the case that the other prepares.

    Args:
        evidence: only mistakes that change something there are put together; the others can add nothing.
    """
    ordered = sorted(evidence, key=_conclusiveness, reverse=True)
    single: list[Structure] = []
    builders: list[Structure] = []
    for structure in singles(gradient, evidence):
        shown = _shown_on(structure, ordered) if _joins(structure) else None
        if shown is not None:
            single.append(structure)
            builders += [structure] if _builds_on_right(structure, gradient, shown) else []
    for inner in single:
        for outer in builders:
            if outer.parts[0][0] is not inner.parts[0][0]:
                yield Structure(inner.parts + outer.parts, _on_top(inner.formula, outer.formula, gradient))
    for first in CATALOGUE.values():
        if first.prepare is not None and any(structure.parts[0][0] is first for structure in single):
            for second in single:
                if second.parts[0][0] is not first:
                    usual = Variant("", first.formulas[gradient])
                    parts = ((first, usual), *second.parts)
                    yield Structure(parts, on_prepared(first, second.formula))


def _joins(structure: Structure) -> bool:
    """Whether it may be one of two."""
    return bool(structure.parts) and not structure.fits_rate and not structure.parts[0][0].alone


def _shown_on(structure: Structure, evidence: Iterable[Comparison]) -> Comparison | None:
    """The first observation on which the formula differs from the truth; None where it never does."""
    for seen in evidence:
        result = seen.problem.result_of(structure.formula)
        if result is not None and not np.array_equal(result, seen.right):
            return seen
    return None


@dataclass(frozen=True)
class Found:
    """What a search gives, each cheapest first: exact causes, or else those that hold but for float32's rounding."""

    exact: Sequence[Cause] = ()
    rounded: Sequence[Cause] = ()


def search(evidence: Sequence[Comparison], gradient: GradientName) -> Found:
    """Single mistakes, and where none fits, pairs of them.

    Searched once, with room for float32 where sums are large: what is exact is among what that lets through.
    """
    loose = [seen if seen.decisive else replace(seen, unit=2.0**-24) for seen in evidence]
    large = [seen for seen in evidence if not seen.decisive]
    alone = explain_all(singles(gradient, evidence), loose, gradient)
    exact = _still_fitting(alone, large)
    if exact or (alone and not large):
        return Found(exact)
    together = explain_all(pairs(gradient, loose), loose, gradient)
    return Found(_still_fitting(together, large), alone or together)


def _still_fitting(causes: Sequence[Cause], evidence: Sequence[Comparison]) -> list[Cause]:
    return [
        cause
        for cause in causes
        if all(fitting(cause.structure, seen, (cause.factor,), fit=False) for seen in evidence)
    ]


def explain_all(structures: Iterable[Structure], evidence: Sequence[Comparison], gradient: GradientName) -> list[Cause]:
    """Every cause that gives exactly the user's numbers on all of `evidence`, cheapest first.

    Observations on which the user is right count too: the cause must give the truth there.
    """
    ordered = sorted(evidence, key=_conclusiveness, reverse=True)
    factors = (NONE, *named_factors(gradient))
    causes: list[Cause] = []
    for structure in structures:
        left: list[Factor] | None = None
        for seen in ordered:
            left = fitting(structure, seen, factors if left is None else left, fit=left is None)
            if not left:
                break
        causes += [Cause(structure, factor) for factor in left or ()]
    return sorted((cause for cause in causes if cause.ids), key=lambda cause: cause.cost)


def fitting(structure: Structure, seen: Comparison, factors: Sequence[Factor], *, fit: bool) -> list[Factor]:
    """The factors with which the structure gives the user's numbers on one observation.

    Args:
        factors: those to try.
        fit: whether an unnamed constant may be read off when none of them fits.
    """
    base, actual = structure.result(seen.problem), seen.actual
    if structure.fits_rate:
        if actual.shape != seen.right.shape:
            return []
        actual = actual - seen.right
    elif base is None:
        base = seen.right
    if base is None or base.shape != actual.shape:
        return []
    if not may_be_proportional(base, actual):
        return []
    base, actual = _where_known(base, actual)
    if np.array_equal(base, actual):
        return [factor for factor in factors if not base.any() or factor.value(seen.spec) == 1]
    found = ratio(base, actual)
    if found is None:
        return []
    candidates = [factor for factor in factors if close(found, factor.value(seen.spec))]
    constant = fitted(found) if fit else None
    if structure.fits_rate:
        candidates = [factor for factor in candidates if not factor.ids]
    candidates += [] if constant is None else [replace(constant, ids=() if structure.fits_rate else constant.ids)]
    error = _error(structure, seen) if candidates else 0.0
    return [factor for factor in candidates if exactly(base, actual, factor.value(seen.spec), error)]


def may_be_proportional(base: Array, actual: Array) -> bool:
    """A glance at a few entries: most formulas are refuted by it, at a fraction of the price of `ratio`."""
    step = base.size // _GLANCES + 1
    pairs = list(zip(base.ravel()[::step].tolist(), actual.ravel()[::step].tolist(), strict=True))
    largest, its = max(pairs, key=lambda pair: abs(pair[0]), default=(0.0, 0.0))
    room = _FAR * abs(largest * its)
    # NaN, of which a formula says nothing, refutes nothing.
    return not any(abs(found * largest - expected * its) > room for expected, found in pairs)


def _where_known(base: Array, actual: Array) -> tuple[Array, Array]:
    """The entries of which the formula says anything: all, as a rule."""
    unknown = np.isnan(base)
    return (base[~unknown], actual[~unknown]) if unknown.any() else (base, actual)


def _error(structure: Structure, seen: Comparison) -> float:
    """Bound on the rounding in the user's sums, with the structure's own gauge: its formula on absolute values."""
    gauge = structure.formula(seen.gauges)
    largest = float(np.nanmax(np.abs(seen.right if gauge is None else gauge)))
    terms = seen.spec.terms + seen.problem.case.weight.size + 8
    return 2 * terms * seen.unit * largest


def _conclusiveness(seen: Comparison) -> tuple[bool, int, int]:
    """Wrong ones first, then those whose sizes differ most: there the fewest formulas agree by accident."""
    spec = seen.spec
    sizes = {spec.batch, spec.in_channels, spec.out_channels, *spec.input_size, *spec.kernel_size}
    return (seen.wrong, len(sizes - {1}) + max(spec.stride) + max(spec.padding), -seen.right.size)


def _builds_on_right(structure: Structure, gradient: GradientName, seen: Comparison) -> bool:
    """Whether the formula rearranges the right gradient: then another right gradient changes its result."""
    other = seen_through(structure.formula, seen.problem.case, gradient, seen.right * 3 + 1)
    result = seen.problem.result_of(structure.formula)
    return result is not None and other is not None and not np.array_equal(result, other)


def seen_through(formula: Formula, case: Case, gradient: GradientName, array: Array) -> Array | None:
    """`formula` on the problem in which `array` is the right gradient."""
    return formula(Problem.supposing(case, gradient, array))


def _on_top(inner: Formula, outer: Formula, gradient: GradientName) -> Formula:
    def formula(problem: Problem) -> Array | None:
        wrong = problem.result_of(inner)
        if wrong is None or wrong.shape != problem.right(gradient).shape:
            return wrong
        return seen_through(outer, problem.case, gradient, wrong)

    return formula


def on_prepared(first: Mistake, second: Formula) -> Formula:
    """The second formula on what the first mistake makes of the data, where it makes anything of them."""

    def formula(problem: Problem) -> Array | None:
        other = None if first.prepare is None else problem.prepared(first.prepare)
        return second(problem) if other is None else second(other)

    return formula
