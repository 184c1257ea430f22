"""How a forward of somebody's is a known layer: their arrays as ours, our gradients as theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcheck_cli.layers.known.binding import BoundArguments, Theirs, read
from gradcheck_cli.layers.known.fitting import Fit, fits
from gradcheck_cli.layers.known.layer import KnownLayer, LayerConstant, LayerUpstream
from gradcheck_cli.layers.known.naming import plain
from gradcheck_cli.model import Array


@dataclass(frozen=True)
class ObservedCall:
    """One call of a forward.

    Attributes:
        values: what was handed over by the names of the parameters: arrays, constants, dicts of such.
        outputs: the arrays (and numbers) that came back, in order; what else came back (a cache) is left out.
    """

    values: Mapping[str, Any]
    outputs: Sequence[Any]


@dataclass(frozen=True)
class Match:
    """How a forward is a known layer.

    Attributes:
        layer: which.
        bound: which of their arrays is which of ours, and how it is read.
        settings: the layer's constants, theirs or those that were found.
        outputs: for each of our outputs, which of theirs it is.
        arrangement: the order of axes, one of the layer's.
    """

    layer: KnownLayer
    bound: tuple[BoundArguments, ...]
    settings: Mapping[str, LayerConstant]
    outputs: tuple[int, ...]
    arrangement: Mapping[str, tuple[int, ...]]

    @property
    def names(self) -> dict[str, str]:
        """Their name of an argument -> ours."""
        return {bound.theirs: bound.argument for bound in self.bound}

    def reads(self, theirs: Mapping[str, Any]) -> bool:
        """Have the arrays of a call as many axes as they were recognised with?"""
        arrays = read(theirs).arrays
        return all(bound.fit.shape(arrays[bound.theirs].shape) is not None for bound in self.bound)

    def values(self, theirs: Mapping[str, Any]) -> dict[str, Any]:
        """Their values as the layer's forward takes them: of a call of any sizes, but with as many axes."""
        given = read(theirs)
        ours = {bound.argument: bound.fit.to_ours(given.arrays[bound.theirs]) for bound in self.bound}
        return {**ours, **self.settings, **stated(self.layer, given)}

    def upstream(self, theirs: Mapping[str, Any], grad_outputs: Sequence[Any]) -> LayerUpstream:
        """Their G, one for each of their outputs, as ours; None stands for zeros."""
        results = self.layer.outputs_of(self.values(theirs))
        ours = []
        for result, index in zip(results, self.outputs, strict=True):
            given = grad_outputs[index]
            fit = None if given is None else output_fit(np.asarray(given), result, self.arrangement)
            ours.append(np.zeros(result.shape) if fit is None else fit.to_ours(np.asarray(given, np.float64)))
        return ours[0] if len(ours) == 1 else tuple(ours)

    def gradients(self, ours: Mapping[str, Array], theirs: Mapping[str, Any]) -> dict[str, Array]:
        """Gradients by our names, in our shapes, as theirs; `theirs` are the values of the call."""
        arrays = read(theirs).arrays
        return {
            bound.theirs: bound.fit.to_theirs(ours[bound.argument], arrays[bound.theirs].shape)
            for bound in self.bound
            if bound.argument in ours
        }

    def exact(self, theirs: Mapping[str, Any], seed: int) -> dict[str, Any] | None:
        """Values of theirs at which forward and backward are exact in float64; see `KnownLayer.exact_sample`.

        Of the sizes of `theirs`, or the power of two below where the layer divides by a size; their constants stay.
        None where the layer has no such points, not with these constants, or not with these axes.
        """
        given = read(theirs)
        ours = self.layer.exact_sample(seed, self.sizes(given.arrays))
        if ours is None or not self._keeps(given, ours):
            return None
        found = dict(theirs)
        for bound in self.bound:
            held = _held(bound.fit, ours[bound.argument], given.arrays[bound.theirs].shape)
            if held is None or bound.theirs not in theirs:
                return None
            found[bound.theirs] = held
        return found

    def sizes(self, arrays: Mapping[str, Array]) -> dict[str, int]:
        """What the letters of the layer's axes stand for in a call."""
        letters = {argument.name: argument.axes for argument in self.layer.arguments}
        sizes: dict[str, int] = {}
        for bound in self.bound:
            shape = bound.fit.shape(arrays[bound.theirs].shape) or ()
            sizes.update(zip(letters[bound.argument], shape, strict=False))
        return sizes

    def _keeps(self, given: Theirs, ours: Mapping[str, Any]) -> bool:
        """Whether exact points are exact with the settings of this call."""
        settings = {**self.settings, **stated(self.layer, given)}
        lost = {setting.name: setting.lost for setting in self.layer.settings}
        return all(
            ours[name] == value or (isinstance(value, int | float) and 0 <= value <= lost[name])
            for name, value in settings.items()
        )

    def read_gradients(self, theirs: Mapping[str, Array]) -> dict[str, Array]:
        """Gradients of theirs by our names, in our shapes; those of another shape than their array are left out."""
        found = {}
        for bound in self.bound:
            gradient = theirs.get(bound.theirs)
            if gradient is not None and bound.fit.shape(gradient.shape) is not None:
                found[bound.argument] = bound.fit.to_ours(gradient)
        return found


def stated(layer: KnownLayer, theirs: Theirs) -> dict[str, LayerConstant]:
    """The settings that they hand over by one of their names."""
    said: dict[str, LayerConstant] = {}
    for setting in layer.settings:
        spelled = {plain(name) for name in setting.spellings}
        given = [value for name, value in theirs.constants.items() if plain(name) in spelled and value is not None]
        if given:
            said[setting.name] = given[0]
    return said


def output_fit(theirs: Array, result: Array, arrangement: Mapping[str, tuple[int, ...]]) -> Fit | None:
    """How their output is read as one of this shape."""
    order = arrangement.get("out", ())
    return next((fit for fit, ours in fits(theirs.shape, result.ndim, order) if ours == result.shape), None)


def _held(fit: Fit, array: Array, shape: tuple[int, ...]) -> Array | None:
    """Our array as theirs: of this shape, or of other sizes where they have as many axes as we."""
    if fit.shape(shape) == array.shape:
        return fit.to_theirs(array, shape)
    if len(shape) != array.ndim:
        return None
    return array.transpose(np.argsort(fit.order)) if fit.order else array
