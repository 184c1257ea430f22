"""A layer is explained by a derivation whose numbers are those of the code that is tested."""

import re

import pytest

from gradcheck_cli.explain.about_layers import layer_called, of_layer
from gradcheck_cli.explain.lookup import explain
from gradcheck_cli.layers.known import KNOWN


def test_softmax_is_derived_in_four_steps():
    """The whole of what a student reads, to the letter."""
    sections = {section.heading: section.body for section in explain("softmax").sections}
    assert sections["An example"] == (
        "x                      y                   G\n"
        "     0 0.6931 1.6094   0.125  0.25 0.625   8 0 0\n"
        "0.6931 0.6931 1.3863    0.25  0.25   0.5   1 2 4\n"
        "\n"
        "The x are logarithms of 1, 2, 5 and of 2, 2, 4: so the rows of e^x sum to 8. G\n"
        "is the gradient that comes from above, dE/dy."
    )
    assert sections["Backward, step by step"].endswith(
        "3. s = sum over j of G[j] y[j], one number a row\n"
        "   The other part is -y[i] times this number, the mean of G weighted by y. It\n"
        "   is the same for the whole row.\n"
        "          1\n"
        "       2.75\n"
        "\n"
        "4. dx = y (G - s)\n"
        "   Both together. What counts is how far G[i] lies above the row's mean; y\n"
        "   says how much is at stake.\n"
        "         0.875   -0.25  -0.625\n"
        "       -0.4375 -0.1875   0.625"
    )
    assert sections["And it is the derivative"] == (
        "Move x[0,0] by 0.0001 up and down: the sum of G y changes by 0.000175. Over 0.0002 that is a slope of 0.875, "
        "and dx[0,0] is 0.875."
    )


@pytest.mark.parametrize("layer", KNOWN.values(), ids=lambda layer: layer.id)
def test_differences_confirm_the_number_that_is_told(layer):
    """The slope and the entry of the gradient are the same number, and it is not zero."""
    (words,) = [section.body for section in of_layer(layer).sections if section.heading == "And it is the derivative"]
    slope, told = re.search(r"a slope of (\S+), and d\S+ is (\S+)\.$", words).groups()
    assert float(slope) == float(told) != 0


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("LayerNorm", "layer-norm"),
        ("batchnorm", "batch-norm"),
        ("softmax_loss", "cross-entropy"),
        ("LSTM", "lstm-cell"),
        ("swish", "silu"),
        ("RoPE", "rotary"),
        ("SVM", "hinge"),
    ],
)
def test_a_layer_is_found_under_the_names_that_people_give_it(name, layer):
    """Whatever the case and the hyphens."""
    assert layer == layer_called(name).id == explain(name).id


def test_what_is_no_layer_is_none():
    """No guess from a part of a name."""
    assert layer_called("norm") is None


@pytest.mark.parametrize("layer", KNOWN.values(), ids=lambda layer: layer.id)
def test_every_gradient_of_a_layer_is_a_step(layer):
    """What the backward returns was told under a name that begins with d."""
    values = layer.example.arrays
    gradients = layer.gradients(values, layer.example.upstream)
    told = [step.value for step in layer.steps(values, layer.example.upstream) if step.symbol.startswith("d")]
    for gradient in gradients.values():
        assert any(value is gradient or (value.shape == gradient.shape and (value == gradient).all()) for value in told)
