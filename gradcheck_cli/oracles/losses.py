"""The losses E(O, reference) in numpy and float64: value and dE/dO, term by term. No convolution here.

l1 = |O - reference|, mse = (O - reference)^2, sum = O, random = R * O with R drawn from `seed`.
The reduction "mean" divides the sum of the terms by the number of outputs, "sum" does not.
"""

from __future__ import annotations

import numpy as np

from gradcheck_cli.model import Array, Loss

# Whole factors of both signs, of 3 bits: every dtype holds them.
RANDOM_LIMIT = 7


def value(output: Array, reference: Array, loss: Loss, seed: int) -> float:
    """E, a number.

    Args:
        output: O, (n, c_out, h_out, w_out).
        reference: (n or 1, 1, h_out, w_out), the same for all filters; unused by sum and random.
        loss: which terms, and mean or sum.
        seed: of R, for the loss "random".
    """
    return float(np.sum(terms(residuals(output, reference, loss), loss, factors(output.shape, loss, seed))))


def grad_output(output: Array, reference: Array, loss: Loss, seed: int) -> Array:
    """G = dE/dO, (n, c_out, h_out, w_out), float64; the derivative of |r| at r = 0 is taken as 0.

    Args: as `value`.
    """
    residual = residuals(output, reference, loss)
    factor = factors(output.shape, loss, seed)
    if loss.name == "l1":
        return np.asarray(np.sign(residual) * factor)
    if loss.name == "mse":
        return np.asarray(2 * residual * factor)
    return np.array(np.broadcast_to(factor, output.shape))


def residuals(output: Array, reference: Array, loss: Loss) -> Array:
    """What the terms are a function of: O - reference for l1 and mse, O itself for sum and random; float64."""
    if loss.name in ("l1", "mse"):
        return np.subtract(output, reference, dtype=np.float64)
    return np.asarray(output, np.float64)


def factors(shape: tuple[int, ...], loss: Loss, seed: int) -> Array:
    """What each term is multiplied by: 1 or R, over the number of outputs for a mean; shape () or `shape`."""
    divisor = float(np.prod(shape)) if loss.reduction == "mean" else 1.0
    if loss.name == "random":
        return random_factors(shape, seed) / divisor
    return np.asarray(1.0 / divisor)


def terms(residual: Array, loss: Loss, factor: Array) -> Array:
    """The terms whose sum is E, shape of `residual`."""
    if loss.name == "l1":
        return np.asarray(np.abs(residual) * factor)
    if loss.name == "mse":
        return np.asarray(np.square(residual) * factor)
    return np.asarray(residual * factor)


def random_factors(shape: tuple[int, ...], seed: int) -> Array:
    """R: whole numbers from -7 to 7 without 0, shape of O, float64; the same for the same seed on any machine."""
    drawn = np.random.default_rng(seed).integers(1, 2 * RANDOM_LIMIT, size=shape, endpoint=True)
    return np.where(drawn <= RANDOM_LIMIT, drawn - RANDOM_LIMIT - 1, drawn - RANDOM_LIMIT).astype(np.float64)
