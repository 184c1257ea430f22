"""The arrays that a backward is given and returns, by name."""

from dataclasses import replace

import numpy as np
import pytest

from gradcheck_cli.model import GRADIENTS, TENSORS, Case, ConvSpec, Gradients

SPEC = ConvSpec(1, 2, 4, 5, 6, (3, 2), groups=2)
WEIGHT, BIAS = np.ones(SPEC.weight_shape), np.zeros(SPEC.bias_shape)
CASE = Case(SPEC, np.full(SPEC.x_shape, 3.0), WEIGHT, BIAS, np.full(SPEC.output_shape, 7.0))


def test_a_case_holds_what_a_backward_is_given():
    """By the names of the arguments, in their order."""
    assert ["x", "weight", "bias", "grad_output"] == list(CASE)
    assert [3, 1, 0, 7] == [array.flat[0] for array in CASE.values()]
    assert CASE["x"] is CASE.x


@pytest.mark.parametrize("name", ["spec", "input", "stride"])
def test_a_case_holds_nothing_else(name):
    """Its geometry is no array, and the input is called x."""
    assert CASE.get(name) is None
    with pytest.raises(KeyError, match=name):
        CASE[name]


def test_another_array_leaves_the_case_as_it_was():
    """A new case with it, and the old one."""
    other = CASE.with_array("weight", WEIGHT + 1)

    assert (2, 1) == (other.weight.flat[0], CASE.weight.flat[0])
    assert other.x is CASE.x


def test_gradients_hold_what_was_returned():
    """In the usual order, and nothing that was not."""
    some = Gradients(bias=BIAS, weight=WEIGHT)

    assert ["weight", "bias"] == list(some)
    assert some["weight"] is some.weight is WEIGHT
    assert some.get("input") is some.input is None
    with pytest.raises(KeyError, match="input"):
        some["input"]


def test_no_gradients_are_an_empty_mapping():
    """So `if gradients` asks whether any came back."""
    assert not Gradients()
    assert Gradients() == Gradients()
    assert {} == dict(Gradients())


def test_gradients_are_made_of_a_mapping():
    """What one source returned, with one of them changed."""
    changed = Gradients(**{**Gradients(weight=WEIGHT), "bias": BIAS})

    assert ["weight", "bias"] == list(changed) == list(replace(changed, weight=WEIGHT + 1))


@pytest.mark.parametrize(
    ("gradient", "symbol", "shape", "partner"),
    [
        ("weight", "dE/dF", (4, 1, 3, 2), "x"),
        ("input", "dE/dX", (1, 2, 5, 6), "weight"),
        ("bias", "dE/db", (4,), ""),
    ],
)
def test_what_is_known_of_each_tensor(gradient, symbol, shape, partner):
    """Its symbol, its shape, also from the axes of the geometry, and what G is multiplied by in its gradient."""
    tensor = TENSORS[gradient]

    assert (symbol, shape, partner) == (tensor.gradient, tensor.shape(SPEC), tensor.partner)
    assert tensor.shape(SPEC) == tensor.shape(SPEC.geometry) == CASE[tensor.name].shape
    assert len(shape) == len(tensor.axes)


def test_the_words_for_the_axes():
    """One of it, and many."""
    words = {gradient: [one for one, _ in TENSORS[gradient].axes] for gradient in GRADIENTS}

    assert ["filter", "channel", "row", "column"] == words["weight"]
    assert ["image", "channel", "row", "column"] == words["input"]
    assert ["filter"] == words["bias"]
    assert ("column", "columns") == TENSORS["input"].axes[-1]
