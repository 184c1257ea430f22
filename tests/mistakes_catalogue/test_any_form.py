"""Wrong formulas for layers of any form: they are the right ones under another rule."""

import numpy as np
import pytest
from mistaken import integers

from gradcheck_cli.diagnose import Observation, diagnose
from gradcheck_cli.layers import forms, geometries
from gradcheck_cli.mistakes import CATALOGUE, Problem
from gradcheck_cli.mistakes.any_form import following, right
from gradcheck_cli.model import Gradients

REFLECTED = tuple(forms.of_layer("conv2d", ("reflect",), geometries.QUICK[:6]))
CIRCULAR = tuple(forms.of_layer("conv1d", ("circular",), geometries.QUICK[:6]))
LAYERS = {
    "conv3d": forms.VOLUMES[4:10],
    "conv_transpose2d": forms.TRANSPOSED[:10],
    "conv_transpose3d": forms.TRANSPOSED_VOLUMES[:4],
    "reflect": REFLECTED,
    "circular": CIRCULAR,
}
# (layer, mistake, gradient): one of each that these layers alone can have, and some that all can.
PLANTED = (
    ("conv_transpose2d", "output-padding-ignored", "weight"),
    ("conv_transpose2d", "output-padding-ignored", "bias"),
    ("conv_transpose2d", "roles-swapped", "weight"),
    ("conv_transpose2d", "stride-ignored", "input"),
    ("reflect", "fold-back-missing", "input"),
    ("reflect", "fold-back-overwrites", "input"),
    ("circular", "padding-mode-wrong", "weight"),
    ("conv3d", "last-window-only", "input"),
    ("conv3d", "dilation-ignored", "weight"),
)


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("gradient", ["weight", "input"])
def test_the_right_rule_gives_the_right_gradient(layer, gradient):
    """Bit for bit, so that a formula differs by its mistake alone."""
    for number, spec in enumerate(LAYERS[layer]):
        problem = Problem(integers(spec, number))
        np.testing.assert_array_equal(following(gradient, right)(problem), problem.right(gradient))


@pytest.mark.parametrize(("layer", "identifier", "gradient"), PLANTED)
def test_a_mistake_of_such_a_layer_is_named_and_proved(layer, identifier, gradient):
    """Its usual way, and no other beside it."""
    form, seen = CATALOGUE[identifier].forms_for(gradient, LAYERS[layer][0])[0], []
    for number, spec in enumerate(LAYERS[layer]):
        problem = Problem(integers(spec, number))
        wrong = form.formula(problem)
        returned = problem.right(gradient) if wrong is None else wrong
        seen.append(Observation(problem.case, Gradients(**{gradient: returned})))
    (found,) = diagnose(seen, gradient)
    assert (found.id, found.certainty) == (identifier, "proved")


def test_a_convolution_of_pictures_among_zeros_has_the_ways_that_it_had():
    """Those of other layers are beside them, not among them."""
    for mistake in CATALOGUE.values():
        assert mistake.forms_for("input", geometries.QUICK[0]) == mistake.forms("input")
