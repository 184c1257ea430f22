"""Wrong formulas for layers of any form: they are the right ones under another rule."""

import numpy as np
import pytest
from mistaken import CAUSAL, integers

from gradcheck_cli.diagnose import Observation, diagnose
from gradcheck_cli.layers import forms, geometries
from gradcheck_cli.mistakes import CATALOGUE, Problem
from gradcheck_cli.mistakes.any_form import following, right
from gradcheck_cli.model import Case, ConvSpec, Gradients
from gradcheck_cli.model.line import LineSpec

REFLECTED = tuple(forms.of_layer("conv2d", ("reflect",), geometries.QUICK[:6]))
CIRCULAR = tuple(forms.of_layer("conv1d", ("circular",), geometries.QUICK[:6]))
LAYERS = {
    "conv3d": forms.VOLUMES[4:12],
    "conv_transpose2d": forms.TRANSPOSED[:10],
    "conv_transpose3d": forms.TRANSPOSED_VOLUMES[:4],
    "reflect": REFLECTED,
    "circular": CIRCULAR,
    "replicate": tuple(forms.of_layer("conv2d", ("replicate",), geometries.QUICK[:6])),
    "causal": (*CAUSAL, LineSpec(2, 3, 4, 1, 12, (1, 3), padding=(0, 6), dilation=(1, 3), extra_after=(0, -6))),
    "same": geometries.SAME["tensorflow-more-after"],
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
    ("conv3d", "groups-ignored", "input"),
    ("conv3d", "wrong-index", "weight"),
    ("conv3d", "reshape-not-transpose", "bias"),
    ("conv_transpose2d", "reshape-not-transpose", "weight"),
    ("conv3d", "bias-axes-wrong", "bias"),
    ("conv_transpose2d", "bias-axes-wrong", "bias"),
    ("reflect", "bias-axes-wrong", "bias"),
    ("conv3d", "full-margin-wrong", "input"),
)


# (layer, mistake, gradient, a word of the way)
WAYS = (
    ("replicate", "fold-back-missing", "corners"),
    ("circular", "padding-mode-wrong", "beside it"),
    ("causal", "dilation-ignored", "back from the last tap"),
    ("same", "padding-split-wrong", "whatever the stride"),
    ("conv3d", "rows-columns-mixed", "the padding of the depth for the height, cut from dX_padded"),
)


@pytest.mark.parametrize(("layer", "identifier", "word"), WAYS)
def test_a_further_way_to_make_it_is_told_by_its_words(layer, identifier, word):
    """It alone explains the numbers on all geometries."""
    ways = CATALOGUE[identifier].forms_for("input", LAYERS[layer][0])
    form, seen = next(way for way in ways if word in way.label), []
    for number, spec in enumerate(LAYERS[layer]):
        problem = Problem(integers(spec, number))
        wrong = form.formula(problem)
        seen.append(Observation(problem.case, Gradients(input=problem.right("input") if wrong is None else wrong)))
    (found,) = diagnose(seen, "input")
    assert (found.id, found.certainty) == (identifier, "proved")
    assert word in found.message


def test_the_corners_are_lost_by_hand():
    """X of 2x2 repeated once on every side, one filter of one tap that is 2, every G is 1: 8 of 32 are lost."""
    spec = ConvSpec(1, 1, 1, 2, 2, (1, 1), padding=(1, 1), padding_mode="replicate")
    case = Case(spec, np.ones((1, 1, 2, 2)), np.full((1, 1, 1, 1), 2.0), np.zeros(1), np.ones((1, 1, 4, 4)))
    way = next(way for way in CATALOGUE["fold-back-missing"].forms_for("input", spec) if "corners" in way.label)
    np.testing.assert_array_equal(way.formula(Problem(case)), np.full((1, 1, 2, 2), 6.0))


@pytest.mark.parametrize("layer", ["conv3d", "conv_transpose2d", "conv_transpose3d", "reflect", "circular"])
@pytest.mark.parametrize("gradient", ["weight", "input"])
def test_the_right_rule_gives_the_right_gradient(layer, gradient):
    """Bit for bit, so that a formula differs by its mistake alone."""
    for number, spec in enumerate(LAYERS[layer]):
        problem = Problem(integers(spec, number))
        np.testing.assert_array_equal(following(gradient, right)(problem), problem.right(gradient))


@pytest.mark.parametrize(("layer", "identifier", "gradient"), PLANTED)
def test_a_mistake_of_such_a_layer_is_named_and_proved(layer, identifier, gradient):
    """Its usual way, and no other beside it."""
    first, seen = Problem(integers(LAYERS[layer][0])), []
    ways = CATALOGUE[identifier].forms_for(gradient, first.spec)
    form = next((way for way in ways if way.formula(first) is not None), ways[0])
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
