"""rest-skipped: what does not fill a whole block is left out."""

from __future__ import annotations

from gradcheck_cli.mistakes.left_out import LeftOut, Part, knows, leaving_out
from gradcheck_cli.mistakes.mistake import Mistake, Variant
from gradcheck_cli.model import GRADIENTS, GradientName

# As people write them: vectors, tiles, blocks of threads.
_BLOCKS = (2, 3, 4, 5, 6, 8, 10, 12, 16, 32, 64)
_PARTS: tuple[Part, ...] = ("filters", "channels", "images", "rows of G", "columns of G", "outputs")


def _rest(block: int) -> LeftOut:
    """range(max(count // block, 1)) blocks: fewer than one block are done."""
    return lambda count: slice(count // block * block if count > block else count, None)


def _rest_or_all(block: int) -> LeftOut:
    """range(count // block) blocks: fewer than one block are none."""
    return lambda count: slice(count // block * block, None)


def _first_of_rest(block: int) -> LeftOut:
    """The loop over the rest, after whole blocks, starts one too far."""
    return lambda count: slice(count // block * block, count // block * block + 1)


_WAYS = {
    "{part} in blocks of {block}; fewer than {block} are done": _rest,
    "{part} in blocks of {block}": _rest_or_all,
    "{part} in blocks of {block}; only the first one of the rest": _first_of_rest,
}


def _variants(gradient: GradientName) -> tuple[Variant, ...]:
    return tuple(
        Variant(label.format(part=part, block=block), leaving_out(gradient, (part,), way(block)))
        for part in _PARTS
        if knows(gradient, (part,))
        for block in _BLOCKS
        for label, way in _WAYS.items()
    )


_VARIANTS = {gradient: _variants(gradient) for gradient in GRADIENTS}
MISTAKE = Mistake(
    id="rest-skipped",
    order=350,
    title="leaves out the rest that fills no whole block",
    formulas={gradient: variants[0].formula for gradient, variants in _VARIANTS.items()},
    variants=_VARIANTS,
    why=(
        "Tiles and vectors go through filters, channels or images a block at a time, and `range(count // BLOCK)` "
        "rounds down: the last block, which is not full, is never done."
    ),
    hides_when="every size is a multiple of its block",
    fix=(
        "Go through all of them: round the number of blocks up, `-(-count // BLOCK)`, and end the last one at "
        "`min(start + BLOCK, count)`; a loop of its own over the rest begins at `count // BLOCK * BLOCK`."
    ),
    shown_by="an odd number of filters (--out 3)",
    numbers="{filters}, {channels}, batch {N}, outputs {P}x{Q}",
    alone=True,
    # A block larger than all that was tried leaves out the first one, or all: where that is named, no block is assumed.
    yields=True,
)
