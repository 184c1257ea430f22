"""Is this forward a layer that we know? Told from its values and results alone; no code is looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, permutations, product
from typing import Any

import numpy as np

from gradcheck_cli.layers.known.binding import Bound, Theirs, bindings, read
from gradcheck_cli.layers.known.fitting import Fit, fits
from gradcheck_cli.layers.known.layer import Constant, KnownLayer, Upstream
from gradcheck_cli.layers.known.naming import called, plain
from gradcheck_cli.layers.known.registry import KNOWN
from gradcheck_cli.model import Array

# Ways to read one target as one layer that are tried at most: the right one is among the first, since names come
# before shapes, and a search that is bounded cannot hold up a run.
_MOST_WAYS = 400
# Two orders of summation, and a handful of operations around them, differ by less; see `_equal`.
_OPERATIONS = 16


@dataclass(frozen=True)
class Observed:
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
    bound: tuple[Bound, ...]
    settings: Mapping[str, Constant]
    outputs: tuple[int, ...]
    arrangement: Mapping[str, tuple[int, ...]]

    @property
    def names(self) -> dict[str, str]:
        """Their name of an argument -> ours."""
        return {bound.theirs: bound.argument for bound in self.bound}

    def values(self, theirs: Mapping[str, Any]) -> dict[str, Any]:
        """Their values as the layer's forward takes them: of a call of any sizes, but with as many axes."""
        given = read(theirs)
        ours = {bound.argument: bound.fit.to_ours(given.arrays[bound.theirs]) for bound in self.bound}
        return {**ours, **self.settings, **_said(self.layer, given)}

    def upstream(self, theirs: Mapping[str, Any], grad_outputs: Sequence[Any]) -> Upstream:
        """Their G, one for each of their outputs, as ours; None stands for zeros."""
        results = self.layer.outputs_of(self.values(theirs))
        ours = []
        for result, index in zip(results, self.outputs, strict=True):
            given = grad_outputs[index]
            fit = None if given is None else _output_fit(np.asarray(given), result, self.arrangement)
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

    def read_gradients(self, theirs: Mapping[str, Array]) -> dict[str, Array]:
        """Gradients of theirs by our names, in our shapes; those of another shape than their array are left out."""
        found = {}
        for bound in self.bound:
            gradient = theirs.get(bound.theirs)
            if gradient is not None and bound.fit.shape(gradient.shape) is not None:
                found[bound.argument] = bound.fit.to_ours(gradient)
        return found


def equals_known(samples: Sequence[Observed], name: str = "", *, unit: float = 2.0**-53) -> Match | None:
    """The known layer that gives these results for these values, to rounding; None for none.

    Every sample must agree: the first finds the way to read it, the others confirm it.

    Args:
        samples: calls with generic values, at least one. Sizes may differ from sample to sample.
        name: of the function or class; layers that are called so are tried first.
        unit: the unit roundoff of the arithmetic inside.
    """
    return next(matches(samples, name, unit=unit), None)


def matches(samples: Sequence[Observed], name: str = "", *, unit: float = 2.0**-53) -> Iterator[Match]:
    """All known layers that fit, one match each: those of the name first, the longest name before."""
    first, *others = samples
    for layer in dict.fromkeys([*called(name), *KNOWN.values()]):
        found = (match for match in _ways_of(layer, first) if _holds(match, first, unit))
        for match in found:
            if all(_confirmed(match, other, unit) for other in others):
                yield match
                break


def _ways_of(layer: KnownLayer, sample: Observed) -> Iterator[Match]:
    """The first of them."""
    return islice(_ways(layer, sample), _MOST_WAYS)


def _ways(layer: KnownLayer, sample: Observed) -> Iterator[Match]:
    """Every way to read the sample as this layer: names before shapes, our order of axes before others."""
    theirs = read(sample.values)
    for arrangement in ({}, *layer.arrangements):
        for bound in bindings(layer, theirs, arrangement):
            for settings in _settings(layer, theirs):
                for outputs in permutations(range(len(sample.outputs)), len(layer.outputs)):
                    yield Match(layer, bound, settings, outputs, arrangement)


def _settings(layer: KnownLayer, theirs: Theirs) -> Iterator[dict[str, Constant]]:
    """Their constants where they hand them over by name, else what occurs."""
    said = _said(layer, theirs)
    choices = [(said[setting.name],) if setting.name in said else setting.values for setting in layer.settings]
    for values in product(*choices):
        yield dict(zip((setting.name for setting in layer.settings), values, strict=True))


def _said(layer: KnownLayer, theirs: Theirs) -> dict[str, Constant]:
    """The settings that they hand over by one of their names."""
    said: dict[str, Constant] = {}
    for setting in layer.settings:
        spelled = {plain(name) for name in setting.spellings}
        given = [value for name, value in theirs.constants.items() if plain(name) in spelled and value is not None]
        if given:
            said[setting.name] = given[0]
    return said


def _confirmed(match: Match, sample: Observed, unit: float) -> bool:
    """Whether a further sample is read in the same way, perhaps with other sizes and another number of axes."""
    return _holds(match, sample, unit) or any(
        _is_same(way, match, sample) and _holds(way, sample, unit) for way in _ways_of(match.layer, sample)
    )


def _is_same(way: Match, match: Match, sample: Observed) -> bool:
    """Same names, outputs, order of axes, and settings, but for those that are theirs to choose call by call."""
    said = _said(match.layer, read(sample.values))
    settings = {name: value for name, value in match.settings.items() if name not in said}
    return (way.names, way.outputs, way.arrangement) == (match.names, match.outputs, match.arrangement) and all(
        way.settings[name] == value for name, value in settings.items()
    )


def _holds(match: Match, sample: Observed, unit: float) -> bool:
    """Whether the layer gives their results, and what it is fed fits it at all."""
    try:
        values = match.values(sample.values)
        with np.errstate(all="ignore"):
            ours = match.layer.outputs_of(values)
    except (ValueError, KeyError, IndexError, TypeError, ZeroDivisionError, OverflowError):
        return False
    scale = max((float(np.abs(value).max()) for value in values.values() if _is_real(value)), default=0.0)
    terms = max((value.size for value in values.values() if isinstance(value, np.ndarray)), default=1)
    allowed = unit * (terms + _OPERATIONS) * _OPERATIONS
    for result, index in zip(ours, match.outputs, strict=True):
        theirs = np.asarray(sample.outputs[index])
        fit = _output_fit(theirs, result, match.arrangement)
        if fit is None or not _equal(result, fit.to_ours(theirs), allowed, scale):
            return False
    return True


def _is_real(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.size > 0 and value.dtype.kind == "f"


def _output_fit(theirs: Array, result: Array, arrangement: Mapping[str, tuple[int, ...]]) -> Fit | None:
    """How their output is read as one of this shape."""
    order = arrangement.get("out", ())
    return next((fit for fit, ours in fits(theirs.shape, result.ndim, order) if ours == result.shape), None)


def _equal(ours: Array, theirs: Array, allowed: float, scale: float) -> bool:
    """Equal to what rounding explains: relative to the largest number that takes part, since sums may cancel.

    This recognises a layer; it is no verdict. A gradient is judged against the target's own forward as well.
    """
    if not np.isfinite(ours).all() or theirs.dtype.kind not in "fiub":
        return False
    size = max(float(np.abs(ours).max(initial=0.0)), scale)
    return bool((np.abs(ours - theirs) <= allowed * size).all())
