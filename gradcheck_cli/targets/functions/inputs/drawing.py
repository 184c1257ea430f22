"""Arrays for a choice of proposals: the letters become lengths, the kinds become numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from gradcheck_cli.model import Array, Sample, Value
from gradcheck_cli.targets.functions.form import WrittenFunction
from gradcheck_cli.targets.functions.inputs.proposals import REAL, Proposal, ProposalKind, positive

_AXIS = re.compile(r"^(\d*)([a-z]?)$")
# Of a network's weights: with 1 three layers give probabilities of 1 - 1e-9, whose logarithm has few digits left.
_SMALL = 0.5
# Of a share: a power of 2, and more than twice the largest length.
_PARTS = 64
ProposalChoice = Mapping[str, Proposal]
"""What each parameter is taken as."""


def shape_of(axes: str, sizes: Mapping[str, int]) -> tuple[int, ...]:
    """ "n 4m" -> (3, 28), "m m+d" -> (7, 12), "n*d" -> (15,)."""
    return tuple(sum(_product(part, sizes) for part in word.split("+")) for word in axes.split())


def _product(part: str, sizes: Mapping[str, int]) -> int:
    return math.prod(_length(word, sizes) for word in part.split("*"))


def _length(word: str, sizes: Mapping[str, int]) -> int:
    found = _AXIS.match(word)
    assert found is not None
    factor, letter = found.groups()
    return int(factor or 1) * (sizes[letter] if letter else 1)


def drawn(choice: ProposalChoice, sizes: Mapping[str, int], seed: int) -> Sample:
    """A sample of normal numbers and whatever else the choice says; the same for the same seed."""
    generator = np.random.default_rng([seed, *map(ord, ",".join(choice))])
    values: dict[str, Value] = {
        name: _value(proposal, sizes, generator) for name, proposal in choice.items() if proposal.kind != "keep"
    }
    owed = tuple(name for name, proposal in choice.items() if proposal.kind in REAL and proposal.is_owed)
    return Sample(values, owed, seed)


def above_zero(choice: ProposalChoice) -> Iterator[ProposalChoice]:
    """The same without numbers below 0: of the data alone, and of its weights too, whose sum has a root or logarithm.

    Last between 0 and 1, as what has a logarithm of `1 - p` too. None where that is the same.
    """
    before = choice
    tried: tuple[tuple[ProposalKind, ...], ...] = (("real",), ("real", "small"))
    for kinds in tried:
        changed = {name: positive(proposal, kinds) for name, proposal in choice.items()}
        if changed != before:
            yield changed
        before = changed
    shares = {
        name: replace(each, kind="unit") if each.kind == "real" and each.axes else each for name, each in choice.items()
    }
    if shares != choice:
        yield shares


def drawn_states(form: WrittenFunction, generator: np.random.Generator) -> dict[str, Value]:
    """Normal numbers for what an object of the first sizes holds."""
    return normal_arrays({item.name: item.shapes[0] for item in form.parameters if item.is_state}, generator)


def normal_arrays(shapes: Mapping[str, tuple[int, ...]], generator: np.random.Generator) -> dict[str, Value]:
    """Normal numbers in these shapes, one after the other."""
    return {name: generator.standard_normal(shape) for name, shape in shapes.items()}


def axes_of(sample: Sample) -> tuple[int, ...]:
    """How many axes each array of a sample has."""
    return tuple(value.ndim for value in sample.values.values() if isinstance(value, np.ndarray))


def symmetric_among(samples: Sequence[Sample]) -> list[str]:
    """The arguments that are symmetric matrices on every sample, as none is by chance."""
    arrays = [{name: value for name, value in each.values.items() if _is_symmetric(value)} for each in samples]
    return [name for name in arrays[0] if all(name in each for each in arrays)]


def _is_symmetric(value: Value) -> bool:
    if not isinstance(value, np.ndarray) or value.ndim != 2 or value.dtype.kind != "f" or len(value) < 2:
        return False
    return np.array_equal(value, value.T)


def plainness(axes: tuple[int, ...]) -> tuple[bool, int]:
    """Most code is meant for rows of numbers, and for no more axes than it needs."""
    return axes[:1] != (2,), sum(axes)


def among_drawn(choice: ProposalChoice, sample: Sample) -> ProposalChoice:
    """The choice with whole numbers only up to those of a sample drawn from it."""
    arrays = {name: sample.array(name) for name, proposal in choice.items() if proposal.kind == "index"}
    return {**choice, **{name: replace(choice[name], below=int(found.max()) + 1) for name, found in arrays.items()}}


def _value(proposal: Proposal, sizes: Mapping[str, int], generator: np.random.Generator) -> Value:
    if proposal.kind == "constant":
        usual: Value = proposal.value
        return usual
    if proposal.kind == "length":
        return sizes[str(proposal.below)]
    shape = shape_of(proposal.axes, sizes)
    if proposal.kind == "lengths":
        return shape
    below = proposal.below if isinstance(proposal.below, int) else sizes.get(proposal.below, 2)
    match proposal.kind:
        case "index":
            return _indices(shape, below, generator) if shape else int(generator.integers(0, below))
        case "mask":
            third: Array = generator.permutation(np.arange(int(np.prod(shape)))) % 3
            return (third > 0).reshape(shape).astype(np.float64)
        case "one-hot":
            rows: Array = np.eye(shape[-1])[_indices(shape[:-1], shape[-1], generator)]
            return rows
        case "one-hot-columns":
            columns: Array = np.eye(shape[0])[_indices(shape[1:], shape[0], generator)].T
            return columns
        case "shares":
            return _shares(shape, generator)
        case "small":
            return np.asarray(_SMALL * generator.standard_normal(shape))
        case "positive":
            return generator.uniform(0.5, 2.0, shape)
        case "symmetric" if len(shape) == 2 and shape[0] == shape[1]:
            root = generator.standard_normal(shape)
            return np.asarray(root @ root.T / len(root) + np.eye(len(root)))
        case "distances" | "joint":
            return _of_pairs(proposal.kind, shape, generator)
        case "unit":
            return generator.uniform(0.05, 0.95, shape)
        case _:
            return generator.standard_normal(shape)


def _of_pairs(kind: ProposalKind, shape: tuple[int, ...], generator: np.random.Generator) -> Array:
    """A square matrix that is symmetric, with nothing between a thing and itself."""
    count = shape[0] if shape else 1
    upper = np.triu(generator.uniform(0.5, 2.0, (count, count)), 1)
    found = upper + upper.T
    return np.asarray(found / found.sum() if kind == "joint" else found)


def _shares(shape: tuple[int, ...], generator: np.random.Generator) -> Array:
    """Rows of positive numbers that sum to 1 exactly, in every dtype: what rounds its labels keeps the sum."""
    if not shape:
        return np.ones(())
    others = generator.integers(1, max(2, _PARTS // shape[-1]), (*shape[:-1], shape[-1] - 1))
    last = _PARTS - others.sum(axis=-1, keepdims=True)
    return np.asarray(np.concatenate((others, last), axis=-1) / _PARTS)


def _indices(shape: tuple[int, ...], below: int, generator: np.random.Generator) -> Array:
    """With a repeat, which shows what writes where it should add, and not all the same."""
    found = generator.integers(0, below, shape)
    if found.size > 1:
        found.flat[-1] = found.flat[0]
    if found.size > 2 and np.ptp(found) == 0:
        found.flat[1] = (found.flat[1] + 1) % below
    return found
