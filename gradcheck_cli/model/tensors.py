"""The tensors of a convolution, one description each: what would else be asked as `if gradient == "weight"`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

GradientName: TypeAlias = Literal["weight", "input", "bias"]
ArrayName: TypeAlias = Literal["x", "weight", "bias", "grad_output"]


class Shapes(Protocol):
    """What a geometry says of its tensors."""

    @property
    def x_shape(self) -> tuple[int, ...]:
        """(n, c_in, ...)"""

    @property
    def weight_shape(self) -> tuple[int, ...]:
        """(c_out, c_in/groups, ...)"""

    @property
    def bias_shape(self) -> tuple[int, ...]:
        """(c_out,)"""

    @property
    def output_shape(self) -> tuple[int, ...]:
        """(n, c_out, ...)"""


# What an axis is called: one of it, and many.
_WORDS: Mapping[str, tuple[str, str]] = {
    **dict.fromkeys("n", ("image", "images")),
    **dict.fromkeys("ci", ("channel", "channels")),
    **dict.fromkeys("o", ("filter", "filters")),
    **dict.fromkeys("hup", ("row", "rows")),
    **dict.fromkeys("wvq", ("column", "columns")),
}


@dataclass(frozen=True)
class Tensor:
    """One tensor of a convolution of pictures.

    Attributes:
        name: of its array, in a `Case` and as an argument.
        symbol: in formulas.
        letters: of its axes, in our order.
        shape: from the geometry.
        partner: the array that G is multiplied by, product by product, in the gradient of this tensor; "" where G
            alone is summed.
    """

    name: ArrayName
    symbol: str
    letters: str
    shape: Callable[[Shapes], tuple[int, ...]]
    partner: Literal["x", "weight", ""] = ""

    @property
    def gradient(self) -> str:
        """The symbol of its gradient, "dE/dF"."""
        return f"dE/d{self.symbol}"

    @property
    def axes(self) -> tuple[tuple[str, str], ...]:
        """The words for its axes, for one and for many: ("row", "rows")."""
        return tuple(_WORDS[letter] for letter in self.letters)


X = Tensor("x", "X", "nchw", lambda sizes: sizes.x_shape, partner="weight")
F = Tensor("weight", "F", "oiuv", lambda sizes: sizes.weight_shape, partner="x")
B = Tensor("bias", "b", "o", lambda sizes: sizes.bias_shape)
G = Tensor("grad_output", "G", "nopq", lambda sizes: sizes.output_shape)

# What a backward is given, and which of them it returns the gradients of, by the name of the gradient.
GIVEN: Mapping[ArrayName, Tensor] = {tensor.name: tensor for tensor in (X, F, B, G)}
TENSORS: Mapping[GradientName, Tensor] = {"weight": F, "input": X, "bias": B}
GRADIENTS: tuple[GradientName, ...] = tuple(TENSORS)
