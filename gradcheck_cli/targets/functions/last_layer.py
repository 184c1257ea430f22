"""A loss whose backward may be handed a G and does not look at it: `def backward(self, dout=1)`, as the last layer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gradcheck_cli.model import Sample
from gradcheck_cli.targets.functions.form import WrittenFunction
from gradcheck_cli.targets.functions.layer import LayerForm

NOTE = "its backward does not look at the G that it may be handed: it is judged as the last layer, where G is 1"


def as_last_layer(form: WrittenFunction, sample: Sample) -> WrittenFunction | None:
    """The form without a G; None where it looks at G, or has no default for it, or gives more than a number."""
    if not isinstance(form, LayerForm) or not form.methods.may_be_last:
        return None
    try:
        outputs = form.forward(sample.values)
        if [out.size for out in outputs] != [1]:
            return None
        once, twice = (form.run(sample.values, [factor * np.ones_like(outputs[0])]).gradients for factor in (1.0, 2.0))
    except Exception:  # a backward that raises is told where it is judged
        return None
    same = bool(once) and once.keys() == twice.keys() and all(np.array_equal(once[name], twice[name]) for name in once)
    return replace(form, methods=replace(form.methods, is_last=True)) if same else None
