"""The colours of words on a screen. They are read on black and on white: nobody knows what a terminal stands on."""

from __future__ import annotations

from rich.theme import Theme

SOFT, GOOD, BAD, OPEN = "soft", "good", "bad", "open"
# The same, bold.
STRONGLY_GOOD, STRONGLY_BAD, STRONGLY_OPEN = "strongly-good", "strongly-bad", "strongly-open"
_STRONGLY = {STRONGLY_GOOD: GOOD, STRONGLY_BAD: BAD, STRONGLY_OPEN: OPEN}

# Where a screen has the colours for it, they lie in the middle between black and white, with a contrast of about 4 or
# more to either. On white a theme's own yellow has 1.6 (xterm) to 3, its green 2.1 to 5, and "dim" in VS Code 2.9.
TONES = {
    "truecolor": {SOFT: "#7a7a7a", GOOD: "#1a8f3c", BAD: "#ea2f2f", OPEN: "#b06a00"},
    "256": {SOFT: "color(243)", GOOD: "color(28)", BAD: "color(196)", OPEN: "color(130)"},
}
_OF_SIXTEEN = {SOFT: "dim", GOOD: "green", BAD: "red", OPEN: "yellow"}


def theme_of(colour_system: str | None) -> Theme:
    """What the tones are on this screen; where there are sixteen colours, they are those of the user's own theme."""
    tones = TONES.get(colour_system or "", _OF_SIXTEEN)
    return Theme(tones | {name: f"bold {tones[tone]}" for name, tone in _STRONGLY.items()})
