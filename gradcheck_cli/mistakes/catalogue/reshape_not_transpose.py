"""reshape-not-transpose: the right numbers in the wrong places."""

from __future__ import annotations

from gradcheck_cli.mistakes.mistake import Mistake, Variant, WrongFormula
from gradcheck_cli.mistakes.pieces import rearranged
from gradcheck_cli.model import Array, GradientName

Axes = tuple[int, int, int, int]


def _read_in_order(gradient: GradientName, axes: Axes) -> WrongFormula:
    def scrambled(right: Array) -> Array:
        return right.transpose(axes).reshape(right.shape)

    return rearranged(gradient, scrambled)


def _ways(gradient: GradientName, *orders: Axes) -> tuple[Variant, ...]:
    letters = "fcuv" if gradient == "weight" else "nchw"
    return tuple(
        Variant(f"memory order {''.join(letters[axis] for axis in axes)}", _read_in_order(gradient, axes))
        for axes in orders
    )


MISTAKE = Mistake(
    id="reshape-not-transpose",
    title="reshapes where a transpose is needed, so the right numbers stand in the wrong places",
    formulas={
        "weight": _read_in_order("weight", (1, 2, 3, 0)),
        "input": _read_in_order("input", (0, 2, 3, 1)),
    },
    variants={
        "weight": _ways("weight", (2, 3, 1, 0), (0, 2, 3, 1), (1, 0, 2, 3), (2, 3, 0, 1)),
        "input": _ways("input", (1, 0, 2, 3), (1, 2, 3, 0), (2, 3, 1, 0), (2, 3, 0, 1)),
    },
    why=(
        "The product of an im2col matrix comes out with its axes in another order, for example (c_in*kh*kw, c_out). "
        "`reshape` only renames the shape and keeps the order in memory; `transpose` moves the numbers."
    ),
    hides_when="one of the moved axes has length 1",
    fix="Reshape to the order that the numbers have in memory, then `.transpose(...)` to the order that is wanted.",
    shown_by="--out 2 or more with --k 3 or larger",
)
