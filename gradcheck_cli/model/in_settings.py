"""What came of asking the same in a setting: a line of the table of settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gradcheck_cli.model.evidence import Verdict

Level = Literal[
    "",
    "bit for bit",
    "rounded once",
    "rounded in parts",
    "TF32 rounding",
    "transformed",
    "rounded inputs",
    "accumulates in low precision",
    "not rounding",
    "as plain code",
    "worse than plain code",
    "not returned",
    "raised",
]
"""How far off a gradient is and of which kind, from the best to the worst; "" where nothing was compared.

bit for bit: equal on whole numbers on which every order of summation is exact. rounded once: the exact sum, rounded to
the setting's number format. rounded in parts: as torch does that rounds the sums of samples, or of taps, before it adds
them. TF32 rounding: exactly the sum of inputs rounded to 11 bits. transformed: on a device, fractions that are the
right whole numbers when they are rounded, as of an algorithm that transforms (Winograd, FFT): not told apart here, so
inconclusive. rounded inputs: inputs of fewer bits than the format
has. accumulates in low precision: further off than sums in float32 can be, and right where few bits are enough. not
rounding: wrong where 8 bits are enough, so another formula. as plain code: of a function, for which no exact sums are
known, no further off than its forward as it is written, differentiated in the same format; worse than plain code: more
than eight times as far.
"""


@dataclass(frozen=True)
class SettingResult:
    """One gradient in one setting.

    Attributes:
        setting: in words, "bfloat16 on cpu, channels_last".
        gradient: which; "call" where the call gave none.
        verdict: NOT_APPLICABLE where the target refuses the setting, or the machine lacks it.
        level: see `Level`.
        detail: one clause with the numbers.
        error: the largest |error| / A; None where nothing was compared.
        allowed: what rounding in this setting explains of it.
    """

    setting: str
    gradient: str
    verdict: Verdict
    level: Level = ""
    detail: str = ""
    error: float | None = None
    allowed: float | None = None
