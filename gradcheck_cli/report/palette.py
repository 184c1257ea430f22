"""The colours of every picture of a report. Both palettes are safe for colour-blind people.

The rising one also keeps its order in black and white print: each colour is lighter than the one before.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gradcheck_cli.model import Array

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Palette:
    """Colours from the low end of a scale to the high one; `missing` is for what is not a finite number."""

    name: str
    colours: tuple[Colour, ...]
    missing: Colour
    missing_name: str

    def paint(self, values: Array, low: float, high: float) -> Array:
        """The colour of every entry, (rows, columns, 3) uint8.

        Infinities have the colour of their end where the scale has ends. Without any extent of the scale an entry
        below, at or above it has the first, the middle or the last colour.
        """
        whole = np.where(np.isnan(values), low, np.asarray(values, np.float64))
        middle = (low + high) / 2
        with np.errstate(over="ignore", invalid="ignore"):
            share = (whole - low) / (high - low) if high > low else 0.5 + 0.5 * np.sign(whole - middle)
        places = np.linspace(0.0, 1.0, len(self.colours))
        clipped = np.clip(share, 0.0, 1.0)
        mixed = np.stack([np.interp(clipped, places, [each[k] for each in self.colours]) for k in range(3)], axis=-1)
        mixed[np.isnan(values)] = self.missing
        painted: Array = mixed.round().astype(np.uint8)
        return painted


# matplotlib's "viridis", which the post's `imshow` used, at 17 of its places: between them it is straight to within
# six of 255 levels.
RISING = Palette(
    "viridis: from dark violet over green to light yellow",
    (
        *((68, 1, 84), (72, 24, 106), (71, 45, 123), (66, 64, 134), (59, 82, 139), (51, 99, 141), (44, 114, 142)),
        *((38, 130, 142), (33, 145, 140), (31, 160, 136), (40, 174, 128), (63, 188, 115), (94, 201, 98)),
        *((132, 212, 75), (173, 220, 48), (216, 226, 25), (253, 231, 37)),
    ),
    (255, 255, 255),
    "white",
)
# ColorBrewer's "RdBu": its blue and its red are told apart with every kind of colour blindness, and white is zero.
AROUND_ZERO = Palette(
    "blue over white to red", ((33, 102, 172), (247, 247, 247), (178, 24, 43)), (255, 200, 0), "amber"
)
TOLD = (
    f"Colours: {RISING.name} (lighter is larger, in print too; {RISING.missing_name} is not a number); differences "
    f"{AROUND_ZERO.name} (white is none, in print too; {AROUND_ZERO.missing_name} is not a number). "
    "Both are safe for colour-blind people."
)
