"""What is called as labels are, and is learnt all the same: its gradient is returned as that of all others is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gradcheck_cli.model import Sample
from gradcheck_cli.targets.functions.form import WrittenFunction, is_real
from gradcheck_cli.targets.functions.spelling import belongs_to


def owing_what_is_returned(form: WrittenFunction, samples: tuple[Sample, ...]) -> tuple[Sample, ...]:
    """The samples, owing also what is called as labels are where its gradient is returned as that of all others is.

    So of `Y` that is moved until it fits, where nothing else is owed, and of `return gX, gY`.
    """
    first = samples[0]
    try:
        ran = form.run(first.values, [np.ones_like(out) for out in form.forward(first.values)])
    except Exception:  # what raises is told where it is judged
        return samples
    real = tuple(name for name in first.values if is_real(first.values[name]))
    named = {entry.name for entry in ran.returned if entry.called and belongs_to(entry.called, real) == entry.name}
    owed = tuple(name for name in real if name in ran.gradients)
    if any(sample.differentiated for sample in samples) and (set(real) != named or len(real) < 2):
        return samples
    return tuple(replace(sample, differentiated=owed) for sample in samples)
