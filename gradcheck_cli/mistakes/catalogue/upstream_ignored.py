"""upstream-ignored: the gradient of O.sum(), whatever G is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gradcheck_cli.layers import conv
from gradcheck_cli.mistakes.mistake import Mistake, Problem, Told, Variant
from gradcheck_cli.mistakes.pieces import each, on_other_case, with_grad_output
from gradcheck_cli.mistakes.shown import Sign
from gradcheck_cli.model import GRADIENTS, Array, Case


def _ones(case: Case) -> Case:
    return with_grad_output(case, np.ones_like(case.grad_output))


def _weight(problem: Problem) -> Array:
    """With G = 1 all filters of a group get the same sums: they are computed for one."""
    spec, case = problem.spec, problem.case
    one = replace(spec, out_channels=spec.groups)
    sums = conv.grad_weight(case.x, np.ones(one.output_shape, dtype=case.grad_output.dtype), one)
    return np.repeat(sums, spec.out_channels // spec.groups, axis=0)


MISTAKE = Mistake(
    id="upstream-ignored",
    order=450,
    title="does not use G, as if the loss were the sum of all outputs",
    formulas={"weight": _weight, **each(lambda gradient: on_other_case(gradient, _ones), "input", "bias")},
    elsewhere={gradient: (Variant("", on_other_case(gradient, _ones)),) for gradient in GRADIENTS},
    why=(
        "dO/dF is computed, and the factor dE/dO of the chain rule is forgotten. A test with `O.sum().backward()`, "
        "where G is 1 everywhere, cannot see it."
    ),
    hides_when="G is 1 everywhere",
    fix="Multiply by G: each window of X counts G[n,o,p,q] times.",
    of_function="Multiply by G: it is what the loss behind the outputs makes of them.",
    transposed=Told(fix="Multiply by G: each entry of X counts the window of G that it was spread into."),
    shown_by="--loss random",
    prepare=_ones,
    sign=Sign.UPSTREAM_IGNORED,
)
