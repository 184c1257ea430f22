"""Parameters in a dict whose keys the code counts, as `parameters["W" + str(l)]`, and that nobody makes.

Which letters there are is read off the code; how the arrays lie is tried: (out, in) beside columns, (in, out) beside
rows.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from gradcheck_cli.model import Array
from gradcheck_cli.targets.functions.pair import PlainFunction

_COUNTED = r"""\[\s*(?:(['"])([A-Za-z_]+)\1\s*\+\s*str\(|[fF](['"])([A-Za-z_]+)\{|(['"])([A-Za-z_]+)%[ds]\5\s*%)"""
# Weights and a bias for each output.
_BIASES = ("b", "B", "bias", "Bias")
_Lie = Callable[[int, int], tuple[tuple[int, ...], tuple[int, ...]]]
# (inputs, outputs) -> the shapes of the weights and of the bias.
_LIES: tuple[_Lie, ...] = (
    lambda inputs, outputs: ((outputs, inputs), (outputs, 1)),
    lambda inputs, outputs: ((inputs, outputs), (1, outputs)),
    lambda inputs, outputs: ((inputs, outputs), (outputs,)),
)


def counted_letters(source: str, name: str) -> tuple[str, ...]:
    """What stands before the number in the keys of a dict: ("W", "b"); () where none are counted."""
    found = [match[2] or match[4] or match[6] for match in re.finditer(rf"\b{re.escape(name)}{_COUNTED}", source)]
    return tuple(dict.fromkeys(found))


def keyed_makings(source: str, name: str) -> Iterator[PlainFunction]:
    """Makers of such a dict, one for each way in which its arrays may lie; none where the code counts no such keys.

    Args:
        source: of the forward and of what it uses.
        name: of the dict.
    """
    letters = counted_letters(source, name)
    weights = [letter for letter in letters if letter not in _BIASES]
    biases = [letter for letter in letters if letter in _BIASES]
    if len(weights) != 1 or len(biases) > 1:
        return
    for lie in _LIES if biases else _LIES[:2]:
        yield PlainFunction(_maker(weights[0], biases, lie), None, f"the code, as it counts the keys of {name},")


def _maker(weight: str, biases: Sequence[str], lie: _Lie) -> Callable[..., Mapping[str, Any]]:
    def make(layer_dims: Sequence[int]) -> Mapping[str, Array]:
        generator = np.random.default_rng(0)
        made: dict[str, Array] = {}
        for number, (inputs, outputs) in enumerate(itertools.pairwise(layer_dims), 1):
            shapes = dict(zip((weight, *biases), lie(inputs, outputs), strict=False))
            made |= {f"{letter}{number}": generator.standard_normal(shape) for letter, shape in shapes.items()}
        return made

    return make
