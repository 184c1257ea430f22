"""Where a named cause would show: its formula, asked on geometries beside those on which the code was tried.

A condition that fits what was tried may be an accident of the list: all geometries with a stride and a wide output have
a batch, say. The formula knows better, so its answers on the neighbours count as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from gradcheck_cli import exact
from gradcheck_cli.diagnose.causes import Cause
from gradcheck_cli.diagnose.observation import Evidence
from gradcheck_cli.diagnose.summary import Result
from gradcheck_cli.errors import GeometryError
from gradcheck_cli.mistakes import Problem
from gradcheck_cli.model import ConvSpec, GradientName

# Enough to meet every kind of geometry, few enough to cost a tenth of a second.
_OF_EACH_KIND = 6


def results_beside(cause: Cause, evidence: Sequence[Evidence], gradient: GradientName) -> list[Result]:
    """Geometries near those that were tried, and whether the cause gives the right numbers there.

    Nothing for a cause that is fitted to the numbers seen, such as a learning rate: elsewhere it says nothing.
    """
    if cause.structure.fits_rate:
        return []
    chosen = [seen.spec for kind in (True, False) for seen in _some(evidence, wrong=kind)]
    tried = {seen.spec for seen in evidence}
    beside = dict.fromkeys(spec for one in chosen for spec in _neighbours(one) if spec not in tried)
    return [(spec, _harmless(cause, spec, gradient)) for spec in beside]


def _some(evidence: Sequence[Evidence], *, wrong: bool) -> list[Evidence]:
    """The small ones of a kind."""
    of_kind = [seen for seen in evidence if seen.wrong == wrong]
    return sorted(of_kind, key=lambda seen: seen.problem.case.grad_output.size)[:_OF_EACH_KIND]


def _neighbours(spec: ConvSpec) -> Iterator[ConvSpec]:
    for change in _changes(spec):
        try:
            yield replace(spec, **change)
        except GeometryError:
            continue


def _changes(spec: ConvSpec) -> Iterator[dict[str, Any]]:
    """One thing at a time, of those that conditions speak of and that need not be what matters."""
    yield {"batch": 1}
    yield {"batch": spec.batch + 1}
    yield {"in_channels": spec.groups}
    yield {"out_channels": spec.groups}
    yield {"in_channels": 2 * spec.in_channels, "out_channels": 2 * spec.in_channels}
    yield {"height": spec.width, "width": spec.height}
    yield {"height": spec.height + 2 * spec.stride[0]}
    yield {"width": spec.width + 2 * spec.stride[1]}


def _harmless(cause: Cause, spec: ConvSpec, gradient: GradientName) -> bool:
    problem = Problem(exact.narrow_case(spec, np.random.default_rng(spec.terms)))
    if cause.factor.value(spec) != 1:
        return False
    result = cause.structure.formula(problem)
    return result is None or np.array_equal(result, problem.right(gradient))
