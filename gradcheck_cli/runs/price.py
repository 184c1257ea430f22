"""What a run costs before it starts: products, bytes and seconds from the geometry alone, by written rates.

Arithmetic on sizes; nothing is measured here and no array is made. What follows from a price is decided in
`runs.plan`. The rates were fitted to runs with kernels 3 to 128, 3 and 64 filters, 1 and 8 pictures on one core of an
x86-64 server, a product's later to larger kernels, filters and pictures one at a time; they hold within a factor of 2
there, and a user's own backward is not in them.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from math import prod

from gradcheck_cli.model import ConvSpec
from gradcheck_cli.model.errors import UsageError
from gradcheck_cli.model.options import Dtype

GIB = 2**30
"""Bytes."""
SHARE_OF_MEMORY = 0.8
"""How much of the machine's memory a run may plan with; the rest is the system's and the estimate's error."""

LOAD_BYTES = 24
"""Bytes per value of the input while pictures are decoded, resized and stacked."""


@dataclass(frozen=True)
class Rates:
    """Nanoseconds and bytes of one kind of run, beside a fixed start.

    Attributes:
        product: ns per product of one pass over the layer.
        value: ns per value of input and output.
        pair: ns per pair of gradient planes that the sameness ladder compares.
        value_bytes: bytes per value of input and output.
        entry_bytes: bytes per kernel entry.
        pair_bytes: bytes per pair of planes.
    """

    product: float
    value: float
    pair: float
    value_bytes: int
    entry_bytes: int
    pair_bytes: int


# Importing torch and starting the workers.
START_SECONDS = 2.0
# Python with torch imported.
START_BYTES = 350 * 2**20
FULL = Rates(product=3.5, value=500, pair=25_000, value_bytes=130, entry_bytes=250, pair_bytes=500)
"""All checks of one seed."""
SEED = Rates(product=2, value=150, pair=25_000, value_bytes=0, entry_bytes=0, pair_bytes=0)
"""One seed more of --seeds."""
PROBE = Rates(product=1.1, value=180, pair=0, value_bytes=50, entry_bytes=150, pair_bytes=0)
"""Integers through the code under test and through autograd, and the adjoint identity."""


@dataclass(frozen=True)
class Price:
    """`products` of one pass over the layer, `bytes` at the peak, `seconds` on one core."""

    products: int
    bytes: int
    seconds: float

    def fits(self, seconds: float, memory: int) -> bool:
        """Is it within both?"""
        return self.seconds <= seconds and self.bytes <= memory

    @property
    def text(self) -> str:
        """ "4.7e+08 products a pass, about 0.4 GiB and 5 s"."""
        return f"{self.products:.2g} products a pass, about {self.bytes / GIB:,.1f} GiB and {duration(self.seconds)}"


def full_price(spec: ConvSpec, dtype: Dtype = "float32", seeds: int = 1) -> Price:
    """All checks of `gradcheck run`.

    Args:
        spec: the layer.
        dtype: of autograd; its float64 convolution unfolds the input.
        seeds: how many draws of the weights.
    """
    first, further = _price(spec, FULL, dtype), _price(spec, SEED, dtype)
    return Price(first.products, first.bytes, START_SECONDS + first.seconds + (seeds - 1) * further.seconds)


def probe_price(spec: ConvSpec, dtype: Dtype = "float32", at_once: int = 1) -> Price:
    """The exact probe and the adjoint identity at full size, one picture after the other: the memory is one's.

    Args:
        spec: the layer.
        dtype: of autograd.
        at_once: samples that a picture gives.
    """
    one = _price(replace(spec, batch=min(at_once, spec.batch)), PROBE, dtype)
    return Price(products_of(spec), one.bytes, -(-spec.batch // at_once) * one.seconds)


def unfolded_bytes(spec: ConvSpec) -> int:
    """What torch's float64 convolution on the CPU copies: every window of the input, 8 bytes a number.

    Source:
        Measured: 1.24 GB at the forum's layer, 3,072 windows of 50,625 numbers.
    """
    return 8 * prod(spec.weight_shape[1:]) * spec.terms


def products_of(spec: ConvSpec) -> int:
    """Products of one pass over the layer: kernel entries times n * h_out * w_out."""
    return prod(spec.weight_shape) * spec.terms


def memory_of_machine() -> int | None:
    """Bytes that this process may have: physical memory, its control group's limit or its own; None if unknown."""
    found = [limit for limit in (_physical(), _control_group(), _address_space()) if limit is not None]
    return min(found, default=None)


def refuse_beyond_memory(needed: int, what: str, hint: str, memory: int | None = None) -> None:
    """Refuse before the start what the machine's memory cannot hold.

    Args:
        needed: bytes.
        what: what needs them, the beginning of the sentence.
        hint: what would fit.
        memory: bytes of the machine, None to ask it.

    Raises:
        UsageError: with both numbers.
    """
    memory = memory_of_machine() if memory is None else memory
    if memory is None or needed <= SHARE_OF_MEMORY * memory:
        return
    raise UsageError(
        f"{what} would take about {needed / GIB:,.1f} GiB; this machine has {memory / GIB:,.1f} GiB.",
        facts={"planned with": f"{100 * SHARE_OF_MEMORY:.0f} % of it, {SHARE_OF_MEMORY * memory / GIB:,.1f} GiB"},
        hint=hint,
    )


def duration(seconds: float) -> str:
    """ "12 s", "8 min", "4.6 h", "29 days"."""
    for size, unit, digits in ((86_400, "days", 0), (3600, "h", 1), (60, "min", 0)):
        if seconds >= 2 * size:
            return f"{seconds / size:,.{digits}f} {unit}"
    return f"{seconds:.0f} s"


def _price(spec: ConvSpec, rates: Rates, dtype: Dtype) -> Price:
    products, entries, pairs = products_of(spec), prod(spec.weight_shape), pairs_of_planes(spec)
    values = prod(spec.x_shape) + prod(spec.output_shape)
    taken = START_BYTES + rates.value_bytes * values + rates.entry_bytes * entries + rates.pair_bytes * pairs
    unfolded = unfolded_bytes(spec) if dtype == "float64" else 0
    nanoseconds = rates.product * products + rates.value * values + rates.pair * pairs
    return Price(products, taken + unfolded, nanoseconds * 1e-9)


def pairs_of_planes(spec: ConvSpec) -> int:
    """Pairs of channels of a filter, and of filters of a channel, within their groups."""
    filters, channels = spec.out_channels // spec.groups, spec.weight_shape[1]
    across_channels = spec.out_channels * channels * (channels - 1) // 2
    return across_channels + spec.groups * channels * filters * (filters - 1) // 2


def _physical() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # Windows has no sysconf, and not every Unix has this name
        return None


def _control_group() -> int | None:
    """The limit of a Linux container, version 2 or 1; "max" is none."""
    for name in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            with open(name, encoding="ascii") as file:
                return int(file.read())
        except (OSError, ValueError):
            continue
    return None


def _address_space() -> int | None:
    """The soft limit that `ulimit -v` sets."""
    try:
        import resource  # not on Windows
    except ImportError:
        return None
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    return None if limit == resource.RLIM_INFINITY else limit
