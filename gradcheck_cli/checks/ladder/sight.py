"""Rung 5: how small a mistake may be to be seen by a comparison of a function's gradient. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from gradcheck_cli.checks.ladder.bounded import GAP, allowed
from gradcheck_cli.model import Array
from gradcheck_cli.oracles.blackbox import Jacobian

Shows: TypeAlias = Literal["nothing", "missed", "shown"]
"""What a comparison says of a change: it changes nothing beyond rounding; it would pass; it would not."""


@dataclass(frozen=True)
class Sight:
    """One comparison of rung 3, as blunt everywhere as where it is bluntest.

    Attributes:
        rounding: what two right gradients may differ by.
        radius: what the truth itself may be off by.
    """

    rounding: float
    radius: float

    @classmethod
    def of(cls, truth: Jacobian, upstream: Sequence[Array], *, is_float32: bool = False) -> Sight:
        """The comparison with this truth, for this G; of a gradient in float32, whose rounding passes too."""
        _, radius, gauge = truth.gradient(upstream, (truth.values.shape[0],))
        rounding = allowed(gauge, max(truth.values.shape))
        rounding = rounding * GAP if is_float32 else rounding
        return cls(float(np.max(rounding, initial=0.0)), float(np.max(radius, initial=0.0)))

    def of_change(self, added: Array) -> Shows:
        """What it says of the right gradient to which this is added."""
        size = float(np.max(np.abs(added), initial=0.0))
        if size <= self.rounding:
            return "nothing"
        # Also what is not finite.
        return "missed" if size <= self.rounding + self.radius else "shown"
