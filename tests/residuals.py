"""Residuals of the finite differences, made by hand or at random, and who meets whom in a convolution."""

import numpy as np

from gradcheck_cli.model import ConvSpec, Loss, no_progress
from gradcheck_cli.oracles import numeric, numeric_bounds
from gradcheck_cli.oracles.layer import Layer

PAIR = ConvSpec(1, 1, 1, 1, 2, (1, 1))


def meetings(spec):
    """Which pixel meets which kernel entry at which output, by the plainest loops; the border of zeros is left out."""
    c_in, c_out = spec.weight_shape[1], spec.out_channels // spec.groups
    for n, o, p, q in np.ndindex(spec.output_shape):
        for i, u, v in np.ndindex(spec.weight_shape[1:]):
            row = spec.stride[0] * p + spec.dilation[0] * u - spec.padding[0]
            column = spec.stride[1] * q + spec.dilation[1] * v - spec.padding[1]
            if 0 <= row < spec.height and 0 <= column < spec.width:
                yield (n, o, p, q), (o, i, u, v), (n, o // c_out * c_in + i, row, column)


def known_of(spec, name, seed, unit=0.25, residual_unit=0.25):
    """Whole multiples of two units, zeros among them; each residual with an error of its own; E is a mean."""
    rng = np.random.default_rng(seed)
    x = rng.integers(-9, 10, spec.x_shape) * rng.choice([0.0, unit], (spec.batch, spec.in_channels, 1, 1), p=[0.2, 0.8])
    residual = rng.integers(-40, 41, spec.output_shape) * residual_unit
    error = rng.choice([0.0, 2.0**-20, 0.5, 3.0], spec.output_shape) * residual_unit
    factor = rng.integers(1, 8, spec.output_shape).astype(float) if name == "random" else None
    scale = 1 / residual.size
    slope = {"l1": np.sign(residual), "mse": 2 * residual, "sum": np.ones(spec.output_shape), "random": factor}[name]
    return numeric_bounds.Residuals(spec, Loss(name), x, residual, error, factor, scale, slope * scale)


def two(name, x, residual, error=(0.0, 0.0), scale=1.0):
    """Two pixels, a kernel of one entry, two outputs; every factor is 3."""
    arrays = (np.array([[[numbers]]], float) for numbers in (x, residual, error))
    factor = np.full((1, 1, 1, 2), 3.0) if name == "random" else None
    return numeric_bounds.Residuals(PAIR, Loss(name), *arrays, factor, scale, np.full((1, 1, 1, 2), 3.0))


def layer_of(spec, loss, seed=0, scale=1.0):
    """Photograph-like inputs, small weights, a reference of its own for each sample."""
    rng = np.random.default_rng(seed)
    x = (rng.integers(0, 256, spec.x_shape) * scale).astype(np.float32)
    weight = (rng.standard_normal(spec.weight_shape) / 10).astype(np.float32)
    bias = rng.standard_normal(spec.out_channels).astype(np.float32)
    target = (rng.integers(0, 256, (spec.batch, 1, *spec.output_size)) * scale).astype(np.float32)
    return Layer(x, weight, bias, target, spec, loss, seed)


def check_entries(layer, progress=no_progress, threads=1):
    """Finite differences from start to end."""
    with numeric.workers(threads) as pool:
        return numeric.start(layer, pool).result(progress)
