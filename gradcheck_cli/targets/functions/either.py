"""Convolution or any function: what the names speak for is tried first, the other where that is not it."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from gradcheck_cli.targets.conventions import AmbiguousError, NotRecognisedError
from gradcheck_cli.targets.functions.find import forms_of
from gradcheck_cli.targets.functions.form import NotAFunctionError
from gradcheck_cli.targets.functions.inputs.guess import guess
from gradcheck_cli.targets.functions.service import FunctionReady
from gradcheck_cli.targets.functions.spelling import tokens, word_set
from gradcheck_cli.targets.load import Loaded
from gradcheck_cli.targets.wire import Message

Ready = TypeVar("Ready")

# Words of a convolution's code. None of the layers that are none has them, but pooling: see `_POOLING`.
_OF_CONVOLUTIONS = word_set(
    "conv conv2d conv1d conv3d convolution convolve correlate kernel kernels stride strides padding padded filter "
    "filters im2col col2im fold unfold dilation kh kw"
)
_POOLING = word_set("pool pooling maxpool avgpool maxpooling avgpooling")


@dataclass(frozen=True)
class Wanted:
    """What is asked for.

    Attributes:
        kinds: what the target may be.
        is_spelled: the user said how it is called as a convolution.
        seed: makes every call draw the same.
        number: the seed of the samples.
        seconds: for all tries.
    """

    kinds: tuple[str, ...]
    is_spelled: bool
    seed: Callable[[], None]
    number: int
    seconds: float

    @classmethod
    def of(cls, message: Message, *, is_spelled: bool, seed: Callable[[], None], seconds: float) -> Wanted:
        """What a request to load says."""
        kinds = tuple(map(str, message.get("kinds", ("convolution",))))
        return cls(kinds, is_spelled, seed, int(message.get("seed", 0)), seconds)


def either(loaded: Loaded, wanted: Wanted, as_convolution: Callable[[], Ready]) -> Ready | FunctionReady:
    """The target as what it is.

    Raises:
        NotRecognisedError, AmbiguousError: it is neither, and a convolution is what it looks like.
        NotAFunctionError: it is neither, and has a forward of something else.
    """
    if "function" not in wanted.kinds or wanted.is_spelled:
        return as_convolution()
    if looks_like_convolution(loaded):
        try:
            return as_convolution()
        except (NotRecognisedError, AmbiguousError) as refusal:
            try:
                return as_function(loaded, wanted)
            except NotAFunctionError:
                raise refusal from None
    try:
        return as_function(loaded, wanted)
    except NotAFunctionError as error:
        if error.step != "build":  # it has a forward, and that is no convolution's
            raise
        return as_convolution()


def as_function(loaded: Loaded, wanted: Wanted) -> FunctionReady:
    """The target as a function, with what it runs on.

    Raises:
        NotAFunctionError: it is none, or runs on nothing.
    """
    wanted.seed()
    found = guess(forms_of(loaded), wanted.number)
    return FunctionReady(loaded.module.__file__ or "", found.form, found.samples, "guess", wanted.seed, loaded.notes)


def looks_like_convolution(loaded: Loaded) -> bool:
    """Do the names of the target, or those in its code, speak of a convolution?"""
    own = {word for part in loaded.name.split(".") for word in tokens(part)}
    own |= set(tokens(getattr(loaded.owner, "__name__", "")))
    if own & _OF_CONVOLUTIONS:
        return True
    if own & _POOLING:
        return False
    node = loaded.node(getattr(loaded.owner, "__name__", loaded.name))
    return bool(_words(node) & _OF_CONVOLUTIONS)


def _words(node: ast.AST | None) -> set[str]:
    found: set[str] = set()
    for inner in ast.walk(node) if node is not None else ():
        for name in (getattr(inner, "id", ""), getattr(inner, "attr", ""), getattr(inner, "arg", "")):
            found |= set(tokens(name or ""))
    return found
