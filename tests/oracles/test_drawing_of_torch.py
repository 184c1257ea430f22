"""The weights that torch draws, drawn without torch."""

import random

import numpy as np
import pytest
from layer_forms import drawn

from gradcheck_cli.model import CONVS
from gradcheck_cli.oracles import autograd
from gradcheck_cli.oracles.drawing_of_torch import draw_as_torch


@pytest.mark.parametrize("conv", CONVS)
@pytest.mark.parametrize("seed", [0, 7, 2**31, 2**33 + 5])
@pytest.mark.parametrize("bias", [True, False])
def test_weights_are_drawn_bit_for_bit_as_torch_draws_them(conv, seed, bias):
    """What is begun before torch is loaded is of use only then."""
    spec = drawn(random.Random(seed), conv)
    mine_and_theirs = draw_as_torch(spec, seed, bias), autograd.draw_parameters(spec, seed, bias)

    for mine, theirs in zip(*mine_and_theirs, strict=True):
        assert mine.dtype == theirs.dtype == np.float32
        assert np.array_equal(mine, theirs)
