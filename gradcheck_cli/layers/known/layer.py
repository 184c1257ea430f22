"""What a known layer is. Each file of `catalogue/` holds one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from gradcheck_cli.layers.known.domains import REAL, Domain
from gradcheck_cli.layers.known.namespace import NUMPY
from gradcheck_cli.layers.known.notes import DerivationStep, Notes, silent
from gradcheck_cli.model import Array

LayerConstant: TypeAlias = "float | int | bool | str | None"
# Arrays (or tensors) and constants by the layer's own names of its arguments.
LayerValues: TypeAlias = Mapping[str, Any]
# One array, or for a layer with several outputs one for each.
LayerUpstream: TypeAlias = "Array | tuple[Array, ...]"


@dataclass(frozen=True)
class Argument:
    """One argument of a layer that is an array.

    Attributes:
        name: ours.
        axes: a letter for each axis, "nd"; the letters stand for the layer's `sizes`.
        names: what people call it, beside ours.
        domain: what it may hold.
        limit: the letter of the size that its indices stay below; "" where it holds none.
        is_optional: whether the layer works with None in its place.
    """

    name: str
    axes: str
    names: tuple[str, ...] = ()
    domain: Domain = REAL
    limit: str = ""
    is_optional: bool = False

    @property
    def spellings(self) -> tuple[str, ...]:
        """Every name it goes by, ours first."""
        return (self.name, *self.names)


@dataclass(frozen=True)
class LayerSetting:
    """One argument of a layer that is a plain constant, such as eps.

    Attributes:
        values: those that occur, the usual one first: where a target does not say, they are tried.
        lost: exact points stay exact for every value up to this one.
    """

    name: str
    values: tuple[LayerConstant, ...]
    names: tuple[str, ...] = ()
    lost: float = 0.0

    @property
    def spellings(self) -> tuple[str, ...]:
        """Every name it goes by, ours first."""
        return (self.name, *self.names)


@dataclass(frozen=True)
class Pack:
    """A dict in which courses hand over the constants of a layer, "bn_param".

    Attributes:
        names: of the parameter.
        contents: what it holds at least, to call the forward with.
    """

    names: tuple[str, ...]
    contents: Mapping[str, LayerConstant]


@dataclass(frozen=True)
class Slip:
    """A mistake that people make in this layer's backward: an id of the catalogue, and what it is here."""

    id: str
    words: str


@dataclass(frozen=True)
class LayerExample:
    """Numbers small enough for a page, and G for them.

    Attributes:
        values: lists or arrays, and constants; settings that are not said have their usual values.
        grad_output: G, as long as the layer has one output; a tuple where it has several.
        words: what to know of the numbers, a sentence; "" for nothing.
    """

    values: LayerValues
    grad_output: Any
    words: str = ""

    @property
    def arrays(self) -> dict[str, Any]:
        """The values with arrays in the place of lists."""
        return {name: _as_array(value) for name, value in self.values.items()}

    @property
    def upstream(self) -> LayerUpstream:
        """G as an array, or a tuple of them."""
        if isinstance(self.grad_output, tuple):
            return tuple(np.asarray(part, np.float64) for part in self.grad_output)
        return np.asarray(self.grad_output, np.float64)


@dataclass(frozen=True, eq=False)
class KnownLayer:
    """One layer: what it computes, the derivative of that, and what people make of both.

    Attributes:
        id: kebab-case, as the file is named.
        title: what it does, one clause.
        names: what people call it ("BatchNorm1d", "batchnorm"), as part of a function's or class's name.
        arguments: the arrays, in the order in which people take them.
        settings: the constants.
        outputs: letters of the axes for each output; "" is a number.
        upstreams: what the gradient of each output is called in `code`.
        sizes: a size for each letter.
        related: a letter that follows from another: letter -> (the other, how many times it).
        forward: the composition, `forward(xp, **values)`: plain operations, no convenience functions. `xp` is a
            namespace (`namespace.NUMPY`, or the module torch).
        derive: the right backward by hand in numpy, `derive(note, grad_output, **values)` -> gradients by argument.
        formula: the forward in one or more lines of plain text.
        code: the backward as one would write it in numpy; the names are the layer's, `G` is the gradient of the output.
        example: worked in `explain`.
        slips: the usual mistakes.
        exact: (generator, sizes) -> values on which both forward and backward are exact in float64, whatever the order
            of the operations. None where the domains' own exact values are such.
        is_exact: whether there are exact points at all.
        laws: what holds for dx whatever G is; sentences.
        tips: what to try where a check is done by hand; "" for nothing.
        arrangements: other orders of axes in which people hold the arrays: argument (or "out", for the outputs)
            -> the axes of theirs in our order, as for numpy.transpose. Where they have more axes than we, the further
            ones are merged into our first (or last) after that: (n, c, h, w) by (0, 2, 3, 1) is our (n h w, c).
        packs: the dicts in which its constants come.
    """

    id: str
    title: str
    names: tuple[str, ...]
    arguments: tuple[Argument, ...]
    sizes: Mapping[str, int]
    forward: Callable[..., Any]
    derive: Callable[..., dict[str, Array]]
    formula: str
    code: str
    example: LayerExample
    slips: tuple[Slip, ...]
    outputs: tuple[str, ...]
    related: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    settings: tuple[LayerSetting, ...] = ()
    upstreams: tuple[str, ...] = ("G",)
    exact: Callable[[np.random.Generator, Mapping[str, int]], dict[str, Any]] | None = None
    is_exact: bool = True
    laws: tuple[str, ...] = ()
    tips: str = ""
    arrangements: tuple[Mapping[str, tuple[int, ...]], ...] = ()
    packs: tuple[Pack, ...] = ()

    @property
    def differentiated(self) -> tuple[str, ...]:
        """The arguments that have a gradient."""
        return tuple(argument.name for argument in self.arguments if argument.domain.is_differentiated)

    @property
    def defaults(self) -> dict[str, LayerConstant]:
        """The usual value of each setting."""
        return {setting.name: setting.values[0] for setting in self.settings}

    def sizes_grown(self, by: int) -> dict[str, int]:
        """All sizes larger by as much; those that follow from others stay so."""
        grown = {letter: size + by for letter, size in self.sizes.items()}
        return {
            letter: grown[self.related[letter][0]] * self.related[letter][1] if letter in self.related else size
            for letter, size in grown.items()
        }

    def outputs_of(self, values: LayerValues) -> tuple[Array, ...]:
        """The forward in numpy, always as a tuple."""
        result = self.forward(NUMPY, **{**self.defaults, **values})
        return tuple(np.asarray(part) for part in (result if isinstance(result, tuple) else (result,)))

    def gradients(self, values: LayerValues, grad_output: LayerUpstream) -> dict[str, Array]:
        """The hand-written backward in numpy, by argument."""
        return self.derive(silent, grad_output, **{**self.defaults, **values})

    def steps(self, values: LayerValues, grad_output: LayerUpstream) -> list[DerivationStep]:
        """The same, step by step."""
        notes = Notes()
        self.derive(notes, grad_output, **{**self.defaults, **values})
        return notes.steps

    def sample(self, seed: int, sizes: Mapping[str, int] | None = None) -> dict[str, Any]:
        """Generic values in float64, the same for the same seed; settings at their usual values."""
        sizes, rng = {**self.sizes, **(sizes or {})}, np.random.default_rng(seed)
        drawn = {
            argument.name: argument.domain.draw(rng, _shape(argument.axes, sizes), sizes.get(argument.limit, 0))
            for argument in self.arguments
        }
        return {**drawn, **self.defaults}

    def exact_sample(self, seed: int, sizes: Mapping[str, int] | None = None) -> dict[str, Any] | None:
        """Values at which every right backward gives the same bits in float64, for an integer G; None without any."""
        if not self.is_exact:
            return None
        sizes, rng = {**self.sizes, **(sizes or {})}, np.random.default_rng(seed)
        if self.exact is not None:
            return {**self.defaults, **self.exact(rng, sizes)}
        drawn = {
            argument.name: (argument.domain.exact or argument.domain.draw)(
                rng, _shape(argument.axes, sizes), sizes.get(argument.limit, 0)
            )
            for argument in self.arguments
        }
        return {**drawn, **self.defaults}


def _as_array(value: Any) -> Any:
    """Lists of whole numbers become float64 too; arrays stay as they are, indices among them."""
    return np.asarray(value, np.float64) if isinstance(value, list) else value


def _shape(axes: str, sizes: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(sizes[letter] for letter in axes)


def upstream(outputs: tuple[Array, ...], seed: int, *, integers: bool) -> LayerUpstream:
    """A G for these outputs: integers from -4 to 4 or normal numbers; one array for one output, else a tuple."""
    rng = np.random.default_rng(seed)
    drawn = tuple(
        np.asarray(rng.integers(-4, 5, out.shape) if integers else rng.standard_normal(out.shape), np.float64)
        for out in outputs
    )
    return drawn[0] if len(drawn) == 1 else drawn
