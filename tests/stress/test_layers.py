"""The attack on the known layers is an attack: its faults are faults, and a checker that sleeps would be seen."""

import ast

import numpy as np
import pytest
from stress.layers import RIGHT, again, algorithms, asked, right, samples_of, verdicts, written
from stress.slips import results, slips

from gradcheck_cli.layers.known import KNOWN

LAYERS = {layer.id: layer for layer in KNOWN.values()}


def test_slips_are_single_and_no_two_are_the_same():
    """Of a line with a sum: the path lost, the mean for the sum, another array ..."""
    code = "dx = G - y * (G * y).sum(axis=-1)"
    found = {slip.code for slip in slips(code)}
    assert {
        "dx = G",
        "dx = G - y * (G * y).mean(axis=-1)",
        "dx = G - y * (G * y)",
        "dx = G - y * G.sum(axis=-1)",
    } <= found
    assert ast.unparse(ast.parse(code)) not in found


@pytest.mark.parametrize(("name", "what"), [(name, what) for name, codes in RIGHT.items() for what in codes])
def test_every_right_algorithm_gives_the_layer_s_gradients(name, what):
    """They are right, or the attack would blame the checker for what they do."""
    layer = LAYERS[name]
    (sample,) = samples_of(layer, 3, (1,))
    values = {**layer.defaults, **sample.values}
    grads = [np.random.default_rng(1).normal(size=out.shape) for out in layer.outputs_of(values)]
    upstream = tuple(grads) if len(grads) > 1 else grads[0]
    found = results(layer, algorithms(layer)[what], values, upstream)
    for gradient, expected in layer.gradients(values, upstream).items():
        np.testing.assert_allclose(found[gradient], expected, rtol=1e-9, atol=1e-12)


def test_a_right_backward_passes_and_a_slip_fails():
    """What the attack counts comes from the verdict itself."""
    layer = LAYERS["softmax"]
    transcript = asked(layer, right(layer), samples_of(layer, 0))
    assert {"x": "pass"} == verdicts(again(layer, transcript, right(layer)))
    slip = layer.code.replace(" - (G * y).sum(axis=-1, keepdims=True)", "")
    assert {"x": "fail"} == verdicts(again(layer, transcript, written(layer, slip)))
