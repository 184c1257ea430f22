"""sum-for-product: + where * is due, so every window counts F + G in dE/dX, or X + G in dE/dF."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gradcheck_cli.mistakes.mistake import Mistake, Problem, Variant, of_convolutions
from gradcheck_cli.mistakes.pieces import on_other_case, with_grad_output
from gradcheck_cli.model import Array, Case


def _upstream_of_ones(case: Case) -> Case:
    return with_grad_output(case, np.ones_like(case.grad_output))


def _kernels_of_ones(case: Case) -> Case:
    return replace(case, weight=np.ones_like(case.weight))


def _weight(problem: Problem) -> Array | None:
    """A zero of the padding is added as well: so G counts once for each tap and each output.

    None of a transposed layer, whose windows lie in G.
    """
    if problem.spec.transposed:
        return None
    windows = on_other_case("weight", _upstream_of_ones)(problem)
    totals = problem.case.grad_output.sum(axis=(0, *range(2, problem.case.grad_output.ndim)))
    return None if windows is None else windows + totals.reshape(-1, *[1] * (windows.ndim - 1))


def _input(problem: Problem) -> Array | None:
    kernels = on_other_case("input", _upstream_of_ones)(problem)
    upstream = on_other_case("input", _kernels_of_ones)(problem)
    return None if kernels is None or upstream is None else kernels + upstream


MISTAKE = Mistake(
    id="sum-for-product",
    order=455,
    title="adds G to the factor that it is to be multiplied with",
    written_for=of_convolutions,
    formulas={"input": _input},
    variants={"weight": (Variant("X + G for X * G", _weight),)},
    elsewhere={"weight": (Variant("", _weight),), "input": (Variant("", _input),)},
    why=(
        "`W[f] + G[n, f, p, q]` beside `dX[...] += ...`: the plus of the sum over the windows slips into the term. The "
        "chain rule multiplies: each window of X gets F times the one value of G that it made."
    ),
    hides_when="the two numbers have the same sum and product, as 2 and 2",
    fix="Multiply: `dX[...] += F[f] * G[n, f, p, q]` and `dF[f] += window * G[n, f, p, q]`.",
    shown_by="gradcheck verify (dE/dX)",
)
