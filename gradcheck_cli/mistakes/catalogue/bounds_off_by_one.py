"""bounds-off-by-one: a loop or a test of bounds misses the first one or the last one."""

from __future__ import annotations

from gradcheck_cli.mistakes.left_out import LeftOut, Parts, knows, leaving_out
from gradcheck_cli.mistakes.mistake import Mistake, Variant
from gradcheck_cli.mistakes.shown import Sign
from gradcheck_cli.model import GRADIENTS, GradientName


def _first(count: int) -> slice:
    return slice(0, min(count, 1))


def _last(count: int) -> slice:
    return slice(max(count - 1, 0), None)


_ENDS: dict[str, LeftOut] = {"first": _first, "last": _last}
# Outputs have a mistake of their own, partial-output.
_PARTS: dict[str, Parts] = {
    "row and column of X": ("rows of X", "columns of X"),
    "row of X": ("rows of X",),
    "column of X": ("columns of X",),
    "filter": ("filters",),
    "channel": ("channels",),
    "image": ("images",),
    "row of taps": ("rows of F",),
    "column of taps": ("columns of F",),
    "row and column of taps": ("rows of F", "columns of F"),
}


def _variants(gradient: GradientName) -> tuple[Variant, ...]:
    return tuple(
        Variant(f"the {end} {name} is left out", leaving_out(gradient, parts, which))
        for name, parts in _PARTS.items()
        if knows(gradient, parts)
        for end, which in _ENDS.items()
    )


_VARIANTS = {gradient: _variants(gradient) for gradient in GRADIENTS}
MISTAKE = Mistake(
    id="bounds-off-by-one",
    order=260,
    title="misses the first or the last one: a loop or a test of bounds is off by one",
    formulas={gradient: variants[0].formula for gradient, variants in _VARIANTS.items()},
    variants=_VARIANTS,
    why=(
        "`0 < i < h` in place of `0 <= i < h`, `range(1, n)`, `range(n - 1)`: indices start at 0, and the end of a "
        "range is not part of it. What the first or the last one adds is missing."
    ),
    hides_when="what is left out is zero, as the first and last rows of X under a margin that no output reaches",
    fix="Visit all of them: `range(n)`, and `0 <= i < h` for the rows and columns of X that exist.",
    of_function="Visit all of them: `range(n)`.",
    shown_by="any picture",
    alone=True,
    sign=Sign.TURN_MISSING,
)
