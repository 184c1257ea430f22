"""What a loss over many entries is divided by."""

from __future__ import annotations

import math

from gradcheck_cli.layers.known.layer import LayerSetting

# All entries (as torch does), the rows (as courses do), or nothing: a plain sum.
OVER = LayerSetting("over", ("all", "rows", "none"))


def count(shape: tuple[int, ...], over: str) -> int:
    """The divisor for entries of this shape."""
    return {"all": math.prod(shape), "rows": shape[0] if shape else 1, "none": 1}[over]
