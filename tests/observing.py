"""What a target does on geometries of our own: asked while `verify` has it at hand, so that it is recognised once."""

from contextlib import contextmanager
from functools import cache

import numpy as np
import pytest
from mistaken import PAST_EIGHT

from gradcheck_cli.layers import conv, forms
from gradcheck_cli.layers.geometries import SAME
from gradcheck_cli.model import Case, ConvSpec
from gradcheck_cli.numbers import exact
from gradcheck_cli.runs.verify import target as target_run
from gradcheck_cli.targets import Worker, WorkerLimits

HIDDEN_BY_INTEGERS = ("integer-dtype", "rounded-decimals")
# A verdict may have cost it some starts.
LIMITS = WorkerLimits(timeout=60, restarts=20)
SPECS = (
    ConvSpec(3, 2, 4, 8, 7, (3, 3)),
    ConvSpec(2, 3, 4, 8, 7, (3, 3), padding=(1, 1)),
    ConvSpec(2, 2, 3, 9, 8, (3, 3), stride=(2, 2), padding=(1, 1)),
    ConvSpec(1, 2, 3, 9, 8, (3, 3), stride=(2, 2)),
    ConvSpec(2, 1, 2, 7, 8, (3, 3)),
    ConvSpec(1, 3, 2, 8, 7, (3, 3)),
    ConvSpec(1, 1, 1, 6, 6, (3, 3)),
    ConvSpec(1, 1, 3, 6, 7, (3, 3)),
    ConvSpec(2, 3, 3, 8, 7, (3, 2)),
    ConvSpec(2, 4, 2, 9, 8, (3, 3), dilation=(2, 2)),
    ConvSpec(2, 3, 2, 8, 14, (2, 3), stride=(3, 2)),
    ConvSpec(2, 3, 4, 9, 8, (3, 3), padding=(2, 2)),
    ConvSpec(2, 2, 3, 13, 9, (2, 4), stride=(2, 3)),
    ConvSpec(2, 2, 3, 8, 15, (3, 3), stride=(2, 2), padding=(0, 1)),
    ConvSpec(2, 4, 2, 9, 8, (3, 3), groups=2),
    ConvSpec(1, 2, 3, 7, 13, (3, 3), stride=(2, 2)),
    ConvSpec(2, 2, 3, 9, 8, (2, 2), stride=(3, 3)),
)

# What code that pads more on one side is asked, whichever of the rules it follows.
SIDED = tuple(spec for specs in SAME.values() for spec in specs if not spec.is_symmetric)
# A filter for each channel, and all zeros in front.
CAUSAL = tuple(
    ConvSpec(n, c, c, 1, 9, (1, taps), padding=(0, taps - 1), groups=c, extra_after=(0, 1 - taps))
    for n, c, taps in ((2, 3, 4), (1, 4, 3))
)
# A single signal and its taps, as long behind as before: one zero more in front where the taps are even.
ALONE = tuple(
    ConvSpec(1, 1, 1, 1, 9, (1, taps), padding=(0, taps // 2), extra_after=(0, taps - 1 - 2 * (taps // 2)))
    for taps in (3, 4)
)
# A filter for each channel, of pictures and of lines.
LONE = tuple(
    ConvSpec(n, c, c, height, 9, (taps, 3), groups=c)
    for height, taps in ((7, 3), (1, 1))
    for n, c in ((2, 3), (1, 4), (3, 4))
)
# Whole blocks, which code takes that cuts an image into them.
BLOCKS = tuple(ConvSpec(n, 2, 3, 2 * side, 3 * side, (side, side), stride=(side, side)) for n, side in ((3, 2), (2, 3)))
# A margin around one image, and around many with a filter for each channel.
FRAMED = (
    ConvSpec(1, 2, 3, 6, 7, (3, 3), padding=(1, 1)),
    ConvSpec(1, 3, 2, 7, 6, (3, 3), padding=(2, 2)),
    ConvSpec(2, 3, 3, 7, 9, (3, 3), padding=(1, 1), groups=3),
)
OF_A_FAMILY = {
    "one_axis": ALONE,
    "same_sides": (*SIDED, ConvSpec(2, 2, 3, 6, 7, (3, 5), padding=(1, 2))),
    "blocked": PAST_EIGHT,
    "causal": CAUSAL,
    "further_hands": LONE,
    "strangers": (*LONE, *CAUSAL, *SIDED, *BLOCKS, *FRAMED, ConvSpec(2, 4, 6, 5, 6, (2, 2), groups=2)),
    "own_hands": (ConvSpec(2, 4, 6, 5, 6, (2, 3), groups=2),),
}


def case_of(spec, largest):
    """Integers up to `largest`, as float64."""
    draw = np.random.default_rng(11)
    shapes = (spec.x_shape, spec.weight_shape, (spec.out_channels,), spec.output_shape)
    return Case(spec, *(draw.integers(-largest, largest + 1, shape).astype(float) for shape in shapes))


@cache
def question(spec, largest, scale):
    """A case and its right gradients: hundreds of files are asked about the same ones, and none changes them."""
    case = exact.scaled(case_of(spec, largest), scale)
    return case, conv.backward(case)


def wrong_gradients(worker, case, expected):
    """Names of what is not right in one outcome; None when the geometry is refused."""
    outcome = worker.backward(case)
    if not outcome.supported:
        return None
    wrong = set(outcome.mutated)
    for name in worker.describe().yields:
        calls = (outcome.gradients.get(name), outcome.second.get(name) if outcome.second else None)
        if any(array is None or not np.array_equal(array, expected.get(name)) for array in calls):
            wrong.add(name)
    return wrong


def observe(worker, planted):
    """What is wrong on each supported geometry: of a right file with small integers too, of a wrong one with large."""
    described = worker.describe()
    specs = SPECS + OF_A_FAMILY.get(planted.file.parent.name, ())
    specs = tuple(forms.of_layer(described.layer, described.modes, specs))
    sizes = (4, 2**14) if planted.is_right else (2**14,)
    scale = 2.0**-10 if planted.mistake in HIDDEN_BY_INTEGERS else 1.0
    found = [wrong_gradients(worker, *question(spec, largest, scale)) for spec in specs for largest in sizes]
    return [wrong for wrong in found if wrong is not None]


@contextmanager
def observing(files):
    """Inside, every target that `verify` judges is observed too, before its process ends: target -> what is seen."""
    by_target, seen = {each.target: each for each in files}, {}

    class Observed(Worker):
        """A worker that is asked more at its end."""

        def __init__(self, ref, limits=None, how=None):
            super().__init__(ref, limits, how)
            # One that is made meanwhile judges the same target once more, as a function.
            self.planted = by_target.pop(ref.text, None)

        def __exit__(self, kind, value, trace):
            if kind is None and self.planted is not None:
                self.limits = LIMITS
                seen[self.planted.target] = observe(self, self.planted)
            super().__exit__(kind, value, trace)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(target_run, "Worker", Observed)
        yield seen
