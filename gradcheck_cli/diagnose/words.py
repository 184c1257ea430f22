"""The user's own names for X, F, G and the gradients, so that a hint speaks of their code."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from gradcheck_cli.diagnose.one_axis import of_one_axis
from gradcheck_cli.mistakes import Mistake
from gradcheck_cli.mistakes.mistake import Told
from gradcheck_cli.model import TENSORS, GradientName
from gradcheck_cli.targets import Described


@dataclass(frozen=True)
class Words:
    """What a convention calls the arrays. The texts of the catalogue are written with the defaults.

    `turned`: the layer's own forward turns F by 180 degrees, a true convolution, so other words are right; so they are
    of a `transposed` one.
    """

    x: str = "X"
    weight: str = "F"
    grad_output: str = "G"
    grad_weight: str = "dE/dF"
    grad_input: str = "dE/dX"
    grad_bias: str = "dE/db"
    layout: str = "NCHW"
    turned: bool = False
    transposed: bool = False

    @property
    def spatial(self) -> int:
        """How many axes it has beside batch and channels: 2 of pictures, 1 of lines, 3 of volumes."""
        return 1 + ("H" in self.layout) + ("D" in self.layout)

    def gradient(self, name: GradientName) -> str:
        """The user's name of a gradient."""
        return {"weight": self.grad_weight, "input": self.grad_input, "bias": self.grad_bias}[name]

    def retold(self, text: str) -> str:
        """`text` as it is said of the target's kind of arrays."""
        return of_one_axis(text) if self.spatial == 1 else text

    def rename(self, text: str) -> str:
        """`text` with our names replaced by theirs; of code for one axis, without rows."""
        text = self.retold(text)
        theirs = {
            "dE/dF": self.grad_weight,
            "dE/dX": self.grad_input,
            "dE/db": self.grad_bias,
            "X": self.x,
            "F": self.weight,
            "G": self.grad_output,
        }
        return re.sub(r"dE/d[FXb]\b|(?<![\w/])[XFG]\b(?!\()", lambda found: theirs[found[0]], text)

    def spoken(self, mistake: Mistake) -> Told:
        """Title and fix of a mistake, as they are true of this kind of layer."""
        return mistake.told(of_turned=self.turned, of_transposed=self.transposed)


def axis_words(gradient: GradientName, spatial: int) -> tuple[tuple[str, str], ...]:
    """What the axes of a gradient are called, for one and for many; a line has no rows, and taps or positions."""
    axes = TENSORS[gradient].axes
    if spatial == 3 and gradient != "bias":
        return (*axes[:2], ("plane", "planes"), *axes[2:])
    if spatial > 1 or gradient == "bias":
        return axes
    own = ("tap", "taps") if gradient == "weight" else ("position", "positions")
    return (*((of_one_axis(one), of_one_axis(many)) for one, many in axes[:2]), own)


# As the exercises call them that hand a cache from the forward to the backward: those with channels first, and those
# with channels last.
_CACHE = Words("x", "w", "dout", "dw", "dx", "db")
_CACHE_NHWC = Words("A_prev", "W", "dZ", "dW", "dA_prev", "db", "NHWC")
_AUTOGRAD = Words("x", "weight", "grad_output", "grad_weight", "grad_input", "grad_bias")


def words_for(convention: str, layout: str = "NCHW", *, turned: bool = False) -> Words:
    """The names that a convention uses; our own where it is not known.

    Args:
        convention: id of the convention ("cache", "autograd-function", ...).
        layout: NCHW, NHWC, CHW, HWC or HW.
        turned: see `Words`.
    """
    if "autograd" in convention:
        base = _AUTOGRAD
    elif "cache" in convention:
        base = _CACHE_NHWC if layout == "NHWC" else _CACHE
    else:
        base = Words()
    return replace(base, layout=layout, turned=turned)


def words_of(described: Described) -> Words:
    """What is said of a target, by how it was recognised."""
    words = words_for(described.convention, described.layout, turned=described.flipped)
    return replace(words, transposed=described.layer.startswith("conv_transpose"))
