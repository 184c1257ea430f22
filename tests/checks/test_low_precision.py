"""Autograd of every form in narrow dtypes stays within what is allowed for it."""

import random

import numpy as np
import pytest
from layer_forms import drawn

from gradcheck_cli.checks.of_a_run import RealData, allowed_between
from gradcheck_cli.layers import conv
from gradcheck_cli.model import CONVS, GRADIENTS, Case
from gradcheck_cli.numbers.arithmetic import Judged, no_slack
from gradcheck_cli.oracles import autograd

OURS = Judged("ours", conv.backward, no_slack)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("name", CONVS)
def test_right_gradients_in_narrow_dtypes_are_allowed(name, dtype):
    """What is folded back onto one element is rounded once for each of its copies."""
    generator, rng, settings = random.Random(f"low {name}"), np.random.default_rng(0), autograd.LayerSettings(dtype)
    for _ in range(25):
        spec = drawn(generator, name)
        shapes = (spec.x_shape, spec.weight_shape, spec.bias_shape, spec.output_shape)
        case = Case(spec, *(autograd.rounded(rng.standard_normal(shape), settings.computed) for shape in shapes))
        exact, returned = conv.backward(case), autograd.backward(case, settings)
        real = RealData(case, dtype, exact, returned)
        for at in GRADIENTS:
            allowed = allowed_between(real, OURS, at, exact[at])
            assert (abs(returned[at].astype(np.float64) - exact[at]) <= allowed).all(), (spec, at)
