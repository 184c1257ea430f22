"""Whether the names of a target, or those in its code, speak of a convolution."""

from __future__ import annotations

import ast

from gradcheck_cli.targets.functions.spelling import LOSS_WORDS, tokens, word_set
from gradcheck_cli.targets.load import Loaded

# Words of a convolution's code. None of the layers that are none has them, but pooling: see `_POOLING`.
_OF_CONVOLUTIONS = word_set(
    "conv conv2d conv1d conv3d convolution convolve correlate kernel kernels stride strides padding padded filter "
    "filters im2col col2im fold unfold dilation kh kw"
)
_POOLING = word_set("pool pooling maxpool avgpool maxpooling avgpooling")


def looks_like_convolution(loaded: Loaded) -> bool:
    """Do the names of the target, or those in its code, speak of a convolution?"""
    own = {word for part in loaded.name.split(".") for word in tokens(part)}
    own |= set(tokens(getattr(loaded.owner, "__name__", "")))
    if own & _OF_CONVOLUTIONS:
        return True
    if own & (_POOLING | LOSS_WORDS):  # the likelihood of a process has a kernel too
        return False
    node = loaded.node(getattr(loaded.owner, "__name__", loaded.name))
    return bool(_words(node) & _OF_CONVOLUTIONS)


def _words(node: ast.AST | None) -> set[str]:
    inside = ast.walk(node) if node is not None else ()
    names = (getattr(inner, part, "") for inner in inside for part in ("id", "attr", "arg"))
    return {word for name in names for word in tokens(name or "")}
