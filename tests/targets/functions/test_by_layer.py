"""Samples of a known layer are drawn apart from the G that its backward is handed."""

from types import SimpleNamespace

import numpy as np

from gradcheck_cli.targets.functions.form import Parameter
from gradcheck_cli.targets.functions.inputs.by_layer import known_samples


def test_no_sample_is_the_g_that_is_drawn_for_it():
    """Along its own input a norm has next to no slope: whatever a backward gives there looks right."""
    form = SimpleNamespace(title="instance_norm", parameters=tuple(map(Parameter, ("x", "weight", "bias"))))
    first, _ = next(known_samples(form, 5))
    x = first.array("x")
    upstream = np.random.default_rng(first.seed).standard_normal(x.shape)
    assert not np.allclose(x, upstream)
