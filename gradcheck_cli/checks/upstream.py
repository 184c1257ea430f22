"""G = dE/dO is a check of its own: is autograd's G the loss's formula, and where do float32 and float64 decide a sign
differently? Arrays in, evidence out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gradcheck_cli.checks.compare import Subject, compare_within, undecided, with_detail, within
from gradcheck_cli.model import Array, Check, GradOutput, Loss, Verdict
from gradcheck_cli.numbers.rounding import UNIT_ROUNDOFF
from gradcheck_cli.oracles import losses

# Roundings between O and G in any of the losses: the subtraction, the factor 2, 1/numel and the product.
ROUNDINGS = 4


@dataclass(frozen=True)
class Upstream:
    """What is known of O and G, (n, c_out, h_out, w_out); the two references are (n or 1, 1, h_out, w_out).

    Attributes:
        output, grad_output: autograd's, in the run's dtype.
        output_exact, grad_output_exact: of an own forward in float64.
        reference: as the layer used it, rounded to its dtype.
        reference_exact: as the own forward used it.
        forward_bound: how far autograd's O - reference may be from the true one.
    """

    output: Array
    grad_output: Array
    output_exact: Array
    grad_output_exact: Array
    reference: Array
    reference_exact: Array
    forward_bound: Array
    loss: Loss
    seed: int
    dtype: str


def grad_output_check(upstream: Upstream) -> Check:
    """Autograd's G against the formula of the loss on autograd's own O, and every flipped sign against the bound."""
    unit = UNIT_ROUNDOFF[upstream.dtype]
    subject = Subject(
        "grad-output", "output", f"G = dE/dO of {upstream.loss.name} on autograd's own O, {ROUNDINGS} roundings"
    )
    expected = losses.grad_output(upstream.output.astype(np.float64), upstream.reference, upstream.loss, upstream.seed)
    tiny = float(np.finfo(np.float64).smallest_subnormal if upstream.dtype == "float64" else 2.0**-149)
    tiny = 2.0**-24 if upstream.dtype == "float16" else tiny
    allowed = ROUNDINGS * unit * np.abs(expected) + tiny
    check = compare_within(subject, expected, upstream.grad_output.astype(np.float64), allowed)
    flushed = allowed + float(np.finfo(np.float64 if upstream.dtype == "float64" else np.float32).tiny)
    if check.verdict is Verdict.FAIL and within(expected, upstream.grad_output, flushed).all():
        return undecided(subject, "flushed denormals could explain the difference", check.entries)
    if upstream.loss.name != "l1":
        return check
    return _with_flips(check, upstream)


def grad_output_facts(upstream: Upstream) -> GradOutput:
    """Signs, kinks and flips of G, counted."""
    grad_output = upstream.grad_output
    gap = np.abs(grad_output.astype(np.float64) - upstream.grad_output_exact)
    is_l1 = upstream.loss.name == "l1"
    return GradOutput(
        outputs=int(grad_output.size),
        sign_flips=int(np.count_nonzero(_flips(upstream))) if is_l1 else None,
        kinks=int(np.count_nonzero(upstream.output == upstream.reference)) if is_l1 else 0,
        positive=int(np.count_nonzero(grad_output > 0)),
        negative=int(np.count_nonzero(grad_output < 0)),
        max_abs_difference=float(np.max(gap)),
    )


def _with_flips(check: Check, upstream: Upstream) -> Check:
    flips = _flips(upstream)
    count = int(np.count_nonzero(flips))
    if not count:
        return with_detail(check, f"{upstream.dtype} and float64 decide every sign alike")
    residual = np.abs(upstream.output_exact - upstream.reference_exact)
    unexplained = int(np.count_nonzero(flips & (residual > upstream.forward_bound)))
    detail = f"{count} of {flips.size} signs differ between {upstream.dtype} and float64"
    if unexplained:
        sentence = f"{detail}, {unexplained} of them beyond the forward's rounding"
        return replace(check, verdict=Verdict.FAIL, mismatched=unexplained, detail=sentence)
    largest = float(residual[flips].max())
    return with_detail(check, f"{detail}; their residuals are at most {largest:.2g}, within the forward's rounding")


def _flips(upstream: Upstream) -> Array:
    exact = np.sign(upstream.output_exact - upstream.reference_exact)
    flips: Array = np.sign(upstream.output.astype(np.float64) - upstream.reference) != exact
    return flips
