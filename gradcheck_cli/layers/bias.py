"""What a forward adds its bias for: once for an output, or inside of the sum, for each of its terms."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from gradcheck_cli.model import ConvSpec


def bias_counts(spec: ConvSpec) -> Mapping[str, int]:
    """In words, what b may be added for; and how many of these one output has."""
    taps, channels = prod(spec.kernel_size), spec.in_channels // spec.groups
    return {"product of the window": taps * channels, "channel": channels, "tap of the kernel": taps}
