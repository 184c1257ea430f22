"""The layer and its loss as every oracle is given them: the forward problem, before any gradient is known."""

from __future__ import annotations

from dataclasses import dataclass

from gradcheck_cli.model import Array, ConvSpec, Loss


@dataclass(frozen=True)
class Layer:
    """One convolution and the loss behind it.

    `x` (n, c_in, h, w), `weight` (c_out, c_in/groups, kh, kw), `bias` (c_out,), `reference` (n or 1, 1, h_out, w_out).
    `seed` is that of the loss "random".
    """

    x: Array
    weight: Array
    bias: Array
    reference: Array
    spec: ConvSpec
    loss: Loss
    seed: int = 0
