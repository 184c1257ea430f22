"""The user's own names for X, F, G and the gradients, so that a hint speaks of their code."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from gradcheck_cli.model import GradientName


@dataclass(frozen=True)
class Words:
    """What a convention calls the arrays. The texts of the catalogue are written with the defaults.

    `turned`: the layer's own forward turns F by 180 degrees, a true convolution, so other words are right.
    """

    x: str = "X"
    weight: str = "F"
    grad_output: str = "G"
    grad_weight: str = "dE/dF"
    grad_input: str = "dE/dX"
    grad_bias: str = "dE/db"
    layout: str = "NCHW"
    turned: bool = False

    def gradient(self, name: GradientName) -> str:
        """The user's name of a gradient."""
        return {"weight": self.grad_weight, "input": self.grad_input, "bias": self.grad_bias}[name]

    def rename(self, text: str) -> str:
        """`text` with our names replaced by theirs."""
        theirs = {
            "dE/dF": self.grad_weight,
            "dE/dX": self.grad_input,
            "dE/db": self.grad_bias,
            "X": self.x,
            "F": self.weight,
            "G": self.grad_output,
        }
        return re.sub(r"dE/d[FXb]\b|(?<![\w/])[XFG]\b(?!\()", lambda found: theirs[found[0]], text)

    def speak(self, text: str) -> str:
        """`rename`, and a layout other than NCHW is said at the end where the text writes axes."""
        spoken = self.rename(text)
        if self.layout != "NCHW" and "[:, :" in text:
            spoken += f" (The axes are written as NCHW; yours are {self.layout}.)"
        return spoken


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
