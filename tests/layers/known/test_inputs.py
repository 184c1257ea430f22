"""A call is put together from names alone: what a course's forward takes, and what its dicts hold."""

import numpy as np
import pytest

from gradcheck_cli.layers.known import called
from gradcheck_cli.layers.known.inputs import guesses, setting_values


def first(name, *parameters, **options):
    """The likeliest."""
    return next(guesses(name, dict.fromkeys(parameters, True), 0, **options))


def shapes(guess):
    """Of the arrays."""
    return {name: value.shape for name, value in guess.values.items() if isinstance(value, np.ndarray)}


@pytest.mark.parametrize(
    ("name", "parameters", "layer", "expected"),
    [
        ("affine_forward", ("x", "w", "b"), "linear", {"x": (4, 5), "w": (5, 3), "b": (3,)}),
        (
            "batchnorm_forward",
            ("x", "gamma", "beta", "bn_param"),
            "batch-norm",
            {"x": (4, 3), "gamma": (3,), "beta": (3,)},
        ),
        (
            "spatial_batchnorm_forward",
            ("x", "gamma", "beta", "bn_param"),
            "batch-norm",
            {"x": (4, 3, 2, 3), "gamma": (3,), "beta": (3,)},
        ),
        ("temporal_affine_forward", ("x", "w", "b"), "linear", {"x": (4, 2, 5), "w": (5, 3), "b": (3,)}),
        ("softmax_loss", ("x", "y"), "cross-entropy", {"x": (4, 5), "y": (4,)}),
        ("svm_loss", ("scores", "y"), "hinge", {"scores": (4, 5), "y": (4,)}),
        (
            "lstm_step_forward",
            ("x", "prev_h", "prev_c", "Wx", "Wh", "b"),
            "lstm-cell",
            {"x": (3, 4), "prev_h": (3, 2), "prev_c": (3, 2), "Wx": (4, 8), "Wh": (2, 8), "b": (8,)},
        ),
        ("word_embedding_forward", ("x", "W"), "embedding", {"x": (6,), "W": (4, 3)}),
        (
            "MultiHeadAttention",
            ("query", "key", "value"),
            "attention",
            {"query": (2, 4, 3), "key": (2, 5, 3), "value": (2, 5, 6)},
        ),
    ],
)
def test_a_course_s_forward_is_called_as_the_course_calls_it(name, parameters, layer, expected):
    """The layer by the function's name, each parameter by its own."""
    guess = first(name, *parameters)
    assert (layer, expected) == (guess.layer.id, shapes(guess))
    assert list(parameters) == list(guess.values)


def test_the_dict_of_parameters_is_the_course_s():
    """With the mode, since the forward asks for it."""
    assert {"mode": "train", "eps": 1e-5, "momentum": 0.9} == first(
        "bn_forward", "x", "gamma", "beta", "bn_param"
    ).values["bn_param"]
    assert {"pool_height": 2, "pool_width": 2, "stride": 2} == first("max_pool_forward", "x", "pool_param").values[
        "pool_param"
    ]


def test_only_floating_arguments_are_owed_a_gradient():
    """Labels are none."""
    assert ("x",) == first("softmax_loss", "x", "y").differentiated


def test_a_second_sample_has_other_sizes():
    """Related sizes stay related: four gates for each state."""
    guess = first("lstm_step_forward", "x", "prev_h", "prev_c", "Wx", "Wh", "b", grown=1)
    assert {"x": (4, 5), "prev_h": (4, 3), "prev_c": (4, 3), "Wx": (5, 12), "Wh": (3, 12), "b": (12,)} == shapes(guess)


def test_a_name_that_says_two_layers_means_the_longer():
    """And a short one counts only as a word of its own."""
    assert ["cross-entropy", "softmax"] == [layer.id for layer in called("softmax_loss")]
    assert ["log-softmax", "softmax"] == [layer.id for layer in called("LogSoftmax")]
    assert ["batch-norm"] == [layer.id for layer in called("bn_forward")]
    assert () == called("allnormed_thing")


def test_a_constant_is_told_by_its_very_name():
    """G is the number of groups of a group norm, and g its gain; elsewhere G is nothing that is known."""
    assert (2, 1, 3, 4, 8) == setting_values("spatial_groupnorm_forward", "G")
    assert () == setting_values("groupnorm", "g") == setting_values("affine_forward", "G")
