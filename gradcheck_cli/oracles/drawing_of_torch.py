"""The weights that torch draws, drawn without torch: to begin with what follows from them while torch is being loaded.

Nothing rests on it: whoever uses these compares them with torch's own, and takes those where they differ.
"""

from __future__ import annotations

from math import prod, sqrt

import numpy as np

from gradcheck_cli.model import Array, ConvSpec

# torch takes the low 24 bits of a word of the Mersenne twister, as many as a float32 has.
BITS = 24
# Only so many bits of a seed reach the twister.
SEED_BITS = 32


def draw_as_torch(spec: ConvSpec, seed: int, bias: bool) -> tuple[Array, Array]:
    """What `autograd.draw_parameters` gives on a CPU, as far as one can know without torch.

    Args:
        spec: the geometry.
        seed: of torch's generator.
        bias: does the layer have one?

    Returns:
        weight (c_out, c_in/groups, kh, kw) and bias (c_out,), float32; zeros where the layer has none.

    Source:
        torch.nn.modules.conv, `reset_parameters`; ATen/core/TransformationHelper.h, `uniform_real`. Matsumoto and
        Nishimura's `init_genrand`, which `numpy.random.RandomState` starts with, too.
    """
    twister = np.random.RandomState(seed % 2**SEED_BITS)
    fan_in = prod(spec.weight_shape[1:])
    # kaiming_uniform_ with a = sqrt(5): a gain of sqrt(2 / (1 + 5)), and sqrt(3) standard deviations.
    weight = _uniform(twister, prod(spec.weight_shape), sqrt(3) * (sqrt(2 / (1 + 5)) / sqrt(fan_in)))
    of_bias = _uniform(twister, spec.out_channels, 1 / sqrt(fan_in)) if bias else np.zeros(spec.out_channels)
    return weight.reshape(spec.weight_shape), of_bias.astype(np.float32)


def _uniform(twister: np.random.RandomState, count: int, limit: float) -> Array:
    words = twister.randint(0, 2**SEED_BITS, size=count, dtype=np.uint32)
    parts = (words % 2**BITS).astype(np.float64) / 2**BITS
    low, high = np.float32(-limit), np.float32(limit)
    # One rounding behind a product and a sum: torch's compilers fuse them.
    return np.asarray(parts * (high - low) + low, np.float32)
