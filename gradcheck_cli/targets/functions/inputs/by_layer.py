"""Inputs as the known layers have them, where a target's name or its parameters' names tell one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import cast

import numpy as np

from gradcheck_cli.layers.known.inputs import guesses
from gradcheck_cli.model import Sample, Value
from gradcheck_cli.targets.functions.form import WrittenFunction
from gradcheck_cli.targets.functions.inputs.beside import beside_known
from gradcheck_cli.targets.functions.inputs.drawing import drawn_states
from gradcheck_cli.targets.functions.inputs.fitting import fitted
from gradcheck_cli.targets.functions.inputs.guessed import Guess
from gradcheck_cli.targets.functions.inputs.running import is_good, takes
from gradcheck_cli.targets.functions.inputs.variations import with_equal_lengths
from gradcheck_cli.targets.functions.total_loss import ready_forms

# Ways to call it: those of the layers of its name come first, so that more would only be chance.
MOST = 40

# G is drawn with the sample's own seed: with the same one here it would be x itself, along which a norm has no slope.
_APART = 10**6


def known_samples(form: WrittenFunction, seed: int) -> Iterator[tuple[Sample, Sample]]:
    """A sample and one of other sizes, for each way in which a known layer would be called; the likeliest first."""
    wanted = {item.name: not item.has_default for item in form.parameters if not item.is_state}
    own = seed + _APART
    pairs = zip(guesses(form.title, wanted, own), guesses(form.title, wanted, own, grown=1), strict=False)
    for one, other in islice(pairs, MOST):
        held = drawn_states(form, np.random.default_rng(own))
        owed = (*one.differentiated, *held)
        yield (
            Sample({**cast("dict[str, Value]", dict(one.values)), **held}, owed, seed),
            Sample({**cast("dict[str, Value]", dict(other.values)), **held}, owed, seed),
        )


def as_known(form: WrittenFunction, samples: Sequence[Sample]) -> Guess | None:
    """The form on the first of these samples, with the others that it takes; None where it does not fit there.

    Raises:
        Exception: whatever its forward raises.
    """
    for ready in ready_forms(form, samples[0]):
        outputs = ready.forward(samples[0].values)
        if is_good(outputs) and fitted(ready, samples[0], outputs).share == 1:
            others = tuple(other for other in samples[1:] if takes(ready, other))
            others += (*with_equal_lengths(ready, samples[0]), *beside_known(ready, samples[0]))
            return Guess(ready, (samples[0], *others), "layer")
    return None
