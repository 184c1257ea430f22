"""Is this forward a layer that we know? Told from its values and results alone; no code is looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, permutations, product
from typing import Any

import numpy as np

from gradcheck_cli.layers.known.binding import Theirs, bindings, read
from gradcheck_cli.layers.known.layer import KnownLayer, LayerConstant
from gradcheck_cli.layers.known.match import Match, ObservedCall, output_fit, stated
from gradcheck_cli.layers.known.naming import called
from gradcheck_cli.layers.known.registry import KNOWN
from gradcheck_cli.model import Array

# Ways to read one target as one layer that are tried at most: the right one is among the first, since names come
# before shapes, and a search that is bounded cannot hold up a run.
_MOST_WAYS = 400
# Two orders of summation, and a handful of operations around them, differ by less; see `_equal`.
_OPERATIONS = 16


def equals_known(samples: Sequence[ObservedCall], name: str = "", *, unit: float = 2.0**-53) -> Match | None:
    """The known layer that gives these results for these values, to rounding; None for none.

    Every sample must agree: the first finds the way to read it, the others confirm it.

    Args:
        samples: calls with generic values, at least one. Sizes may differ from sample to sample.
        name: of the function or class; layers that are called so are tried first.
        unit: the unit roundoff of the arithmetic inside.
    """
    return next(matches(samples, name, unit=unit), None)


def matches(samples: Sequence[ObservedCall], name: str = "", *, unit: float = 2.0**-53) -> Iterator[Match]:
    """All known layers that fit, one match each: those of the name first, the longest name before."""
    first, *others = samples
    for layer in dict.fromkeys([*called(name), *KNOWN.values()]):
        found = (match for match in _ways_of(layer, first) if _holds(match, first, unit))
        for match in found:
            if all(_confirmed(match, other, unit) for other in others):
                yield match
                break


def _ways_of(layer: KnownLayer, sample: ObservedCall) -> Iterator[Match]:
    """The first of them."""
    return islice(_ways(layer, sample), _MOST_WAYS)


def _ways(layer: KnownLayer, sample: ObservedCall) -> Iterator[Match]:
    """Every way to read the sample as this layer: names before shapes, our order of axes before others."""
    theirs = read(sample.values)
    for arrangement in ({}, *layer.arrangements):
        for bound in bindings(layer, theirs, arrangement):
            for settings in _settings(layer, theirs):
                for outputs in permutations(range(len(sample.outputs)), len(layer.outputs)):
                    yield Match(layer, bound, settings, outputs, arrangement)


def _settings(layer: KnownLayer, theirs: Theirs) -> Iterator[dict[str, LayerConstant]]:
    """Their constants where they hand them over by name, else what occurs."""
    said = stated(layer, theirs)
    choices = [(said[setting.name],) if setting.name in said else setting.values for setting in layer.settings]
    for values in product(*choices):
        yield dict(zip((setting.name for setting in layer.settings), values, strict=True))


def _confirmed(match: Match, sample: ObservedCall, unit: float) -> bool:
    """Whether a further sample is read in the same way, perhaps with other sizes and another number of axes."""
    return _holds(match, sample, unit) or any(
        _is_same(way, match, sample) and _holds(way, sample, unit) for way in _ways_of(match.layer, sample)
    )


def _is_same(way: Match, match: Match, sample: ObservedCall) -> bool:
    """Same names, outputs, order of axes, and settings, but for those that are theirs to choose call by call."""
    said = stated(match.layer, read(sample.values))
    settings = {name: value for name, value in match.settings.items() if name not in said}
    return (way.names, way.outputs, way.arrangement) == (match.names, match.outputs, match.arrangement) and all(
        way.settings[name] == value for name, value in settings.items()
    )


def _holds(match: Match, sample: ObservedCall, unit: float) -> bool:
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
        fit = output_fit(theirs, result, match.arrangement)
        if fit is None or not _equal(result, fit.to_ours(theirs), allowed, scale):
            return False
    return True


def _is_real(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.size > 0 and value.dtype.kind == "f"


def _equal(ours: Array, theirs: Array, allowed: float, scale: float) -> bool:
    """Equal to what rounding explains: relative to the largest number that takes part, since sums may cancel.

    This recognises a layer; it is no verdict. A gradient is judged against the target's own forward as well.
    """
    if not np.isfinite(ours).all() or theirs.dtype.kind not in "fiub":
        return False
    size = max(float(np.abs(ours).max(initial=0.0)), scale)
    return bool((np.abs(ours - theirs) <= allowed * size).all())
