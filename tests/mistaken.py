"""Backwards with planted mistakes, and cases for them, for the tests of the catalogue and of the diagnosis."""

from dataclasses import replace
from functools import cache

import numpy as np

from gradcheck_cli.diagnose import Observation
from gradcheck_cli.layers import conv, geometries
from gradcheck_cli.mistakes import CATALOGUE, Problem
from gradcheck_cli.model import Case, ConvSpec, Gradients
from gradcheck_cli.model.line import LineSpec
from gradcheck_cli.numbers import exact

# N, C, F, H, W, s, p and the kernel differ wherever the geometry's purpose allows it.
SPECS = (
    ConvSpec(2, 3, 4, 8, 7, (3, 3), padding=(1, 1)),
    ConvSpec(3, 2, 5, 9, 7, (3, 2)),
    ConvSpec(3, 2, 5, 11, 8, (4, 3), stride=(3, 3), padding=(2, 2)),
    ConvSpec(2, 3, 4, 8, 6, (3, 3), stride=(2, 2), padding=(1, 1)),
    ConvSpec(2, 4, 3, 7, 10, (3, 2), stride=(2, 2)),
    ConvSpec(2, 3, 4, 9, 8, (5, 5), padding=(2, 2)),
    ConvSpec(1, 3, 2, 7, 8, (3, 3)),
    ConvSpec(1, 2, 3, 6, 6, (3, 3), padding=(1, 1)),
    ConvSpec(2, 1, 1, 7, 6, (3, 3), padding=(1, 1)),
    ConvSpec(2, 3, 3, 6, 7, (3, 3), padding=(1, 1)),
    ConvSpec(3, 2, 4, 5, 6, (1, 1)),
    ConvSpec(2, 3, 4, 10, 9, (3, 3), stride=(2, 2), padding=(2, 2), dilation=(2, 2)),
    ConvSpec(2, 4, 6, 7, 8, (3, 3), padding=(1, 1), groups=2),
    ConvSpec(1, 4, 4, 7, 9, (3, 2), dilation=(2, 2)),
    ConvSpec(2, 6, 3, 6, 8, (2, 3), groups=3),
)
# Rows and columns that differ in sizes, outputs and steps, one and the other way round; many filters in a group.
UNEQUAL = (
    ConvSpec(2, 3, 4, 11, 10, (3, 2), stride=(3, 2), padding=(2, 1), dilation=(1, 2)),
    ConvSpec(2, 2, 5, 8, 12, (2, 3), stride=(1, 2), padding=(0, 1), dilation=(2, 1)),
    ConvSpec(2, 2, 3, 13, 9, (2, 4), stride=(2, 3)),
    ConvSpec(2, 3, 2, 8, 14, (2, 3), stride=(3, 2)),
    ConvSpec(2, 2, 6, 5, 6, (2, 3), groups=2),
)
# More zeros behind the image than in front of it, and the other way round.
SIDED = (
    ConvSpec(2, 3, 4, 6, 7, (2, 4), padding=(0, 1), extra_after=(1, 1)),
    ConvSpec(3, 2, 4, 9, 7, (4, 3), stride=(2, 2), padding=(2, 1), extra_after=(-1, 0)),
)

# One size past the largest block of the catalogue, and no multiple of any.
PAST_BLOCKS = (
    ConvSpec(67, 1, 1, 3, 3, (2, 2)),
    ConvSpec(1, 67, 1, 3, 3, (2, 2)),
    ConvSpec(1, 1, 67, 3, 3, (2, 2)),
    ConvSpec(1, 1, 1, 68, 3, (2, 2)),
    ConvSpec(1, 1, 1, 3, 68, (2, 2)),
)

# Two sizes past a block of 8 on each axis, unlike to other blocks.
PAST_EIGHT = tuple(
    ConvSpec(*sizes, (2, 2))
    for sizes in (
        *((13, 2, 3, 3, 4), (21, 1, 4, 4, 3), (1, 13, 2, 3, 4), (2, 21, 1, 4, 3), (2, 1, 13, 3, 4), (1, 2, 21, 4, 3)),
        *((1, 2, 3, 14, 3), (2, 1, 4, 22, 3), (1, 2, 3, 3, 14), (2, 1, 4, 3, 22)),
    )
)
# Groups whose channels and filters differ in number, so that one can be counted by the other.
IN_GROUPS = (
    ConvSpec(2, 6, 4, 5, 6, (3, 2), groups=2),
    ConvSpec(1, 6, 3, 6, 5, (2, 3), padding=(1, 1), groups=3),
    ConvSpec(2, 3, 6, 5, 4, (2, 2), groups=3),
)
# Windows with rows and columns between them that none of them reads.
GAPPED = (
    ConvSpec(2, 3, 4, 11, 13, (2, 3), stride=(3, 5)),
    ConvSpec(1, 2, 3, 9, 8, (1, 2), stride=(2, 3), padding=(1, 1)),
    ConvSpec(3, 2, 5, 10, 7, (3, 2), stride=(4, 2)),
)
# Code for one axis that must not see what comes later.
CAUSAL = (
    LineSpec(2, 3, 4, 1, 9, (1, 4), padding=(0, 3), extra_after=(0, -3)),
    LineSpec(3, 2, 5, 1, 11, (1, 3), padding=(0, 4), dilation=(1, 2), extra_after=(0, -4)),
    LineSpec(2, 4, 4, 1, 8, (1, 2), padding=(0, 1), extra_after=(0, -1), groups=4),
    LineSpec(1, 2, 3, 1, 7, (1, 5), padding=(0, 4), extra_after=(0, -4)),
)


def geometries_for(identifier):
    """Where a mistake shows often enough to be proved."""
    if identifier == "future-leak":
        return CAUSAL
    return (
        SPECS
        + UNEQUAL
        + {
            "rest-skipped": PAST_EIGHT,
            "groups-ignored": IN_GROUPS,
            "padding-split-wrong": SIDED + geometries.SAME["tensorflow"] + geometries.SAME["tensorflow-more-after"],
            "gaps-closed": GAPPED,
        }.get(identifier, ())
    )


def is_told(identifier, form):
    """Of a mistake with many forms, a few stand for all."""
    return identifier != "rest-skipped" or "of 8" in form.label or "filters in blocks of 2;" in form.label


@cache
def integers(spec, seed=0):
    """A case of small integers without zeros, so that no term hides.

    The same one each time, not to be written to: what a diagnosis made of it is kept with it, see `RememberingProblem`,
    and hundreds of tests ask the same formulas on the same numbers.
    """
    random = np.random.default_rng((seed, *spec.x_shape, *spec.weight_shape))

    def draw(shape):
        return (random.integers(1, 10, shape) * random.choice((-1, 1), shape)).astype(np.float64)

    return Case(spec, draw(spec.x_shape), draw(spec.weight_shape), draw((spec.out_channels,)), draw(spec.output_shape))


@cache
def fractions(spec, seed=0):
    """The case of small integers with something behind the point, on a grid of 1/4 for X and F and 1/64 for G."""
    case, random = integers(spec, seed), np.random.default_rng(seed)

    def moved(array, parts):
        return array + np.sign(array) * random.integers(1, parts, array.shape) / parts

    return replace(case, x=moved(case.x, 4), weight=moved(case.weight, 4), grad_output=moved(case.grad_output, 64))


@cache
def tiny(spec, seed=0):
    """The case of small integers times 2^-14."""
    case = integers(spec, seed)
    return exact.scaled(case, 2.0**-14)


def planted(identifier, gradient, form=0):
    """Problem -> the wrong gradient; the right one where the mistake has no meaning."""
    formula = CATALOGUE[identifier].forms(gradient)[form].formula

    def wrong(problem):
        result = formula(problem)
        return problem.right(gradient) if result is None else result

    return wrong


def observe(gradient, wrong, specs=SPECS, draw=integers):
    """What a backward with `wrong` (problem -> array) returns on fresh data of every geometry."""
    found = []
    for seed, spec in enumerate(specs):
        case = draw(spec, seed)
        found.append(Observation(case, Gradients(**{gradient: wrong(Problem(case))})))
    return found


def backward_of(gradient, wrong):
    """Case -> Gradients, a target for `shrink`."""
    return lambda case: Gradients(**{gradient: wrong(Problem(case))})


def right_backward(case):
    """The truth, by the definition."""
    return Gradients(
        weight=conv.definition.grad_weight(case.x, case.grad_output, case.spec.geometry),
        input=conv.definition.grad_input(case.weight, case.grad_output, case.spec.geometry),
        bias=conv.definition.grad_bias(case.grad_output),
    )
