"""The user's own names in our sentences."""

import re
from dataclasses import replace

import pytest

from gradcheck_cli.diagnose.words import Words, words_for, words_of
from gradcheck_cli.mistakes import CATALOGUE
from gradcheck_cli.targets import Described

FIRST = ("x", "w", "dout", "dw", "dx", "db")
LAST = ("A_prev", "W", "dZ", "dW", "dA_prev", "db")
AUTOGRAD = ("x", "weight", "grad_output", "grad_weight", "grad_input", "grad_bias")
OURS = ("X", "F", "G", "dE/dF", "dE/dX", "dE/db")


@pytest.mark.parametrize(
    ("convention", "layout", "names"),
    [
        ("cache", "NCHW", FIRST),
        ("cache-dict", "CHW", FIRST),
        ("cache", "NHWC", LAST),
        ("autograd-function", "NCHW", AUTOGRAD),
        ("autograd-function", "NHWC", AUTOGRAD),
        ("function", "NHWC", OURS),
        ("class-update", "HW", OURS),
    ],
)
def test_every_convention_has_its_names(convention, layout, names):
    """All six, and the layout is the target's own."""
    assert Words(*names, layout) == words_for(convention, layout)


def test_the_usual_layout_is_ours():
    """NCHW where none is given."""
    assert "NCHW" == words_for("cache").layout == words_for("function").layout


def test_a_gradient_is_called_by_its_own_name():
    """By the user's word for it."""
    words = words_for("autograd-function")
    assert ["grad_weight", "grad_input", "grad_bias"] == [words.gradient(name) for name in ("weight", "input", "bias")]


def test_names_are_replaced_as_whole_words():
    """Not inside another word, not where X or F is a function."""
    words = words_for("cache")

    assert "x and dout give dw; w and dout give dx; db sums dout" == words.rename(
        "X and G give dE/dF; F and G give dE/dX; dE/db sums G"
    )
    assert "XY, F(3), a/X and Gs stay" == words.rename("XY, F(3), a/X and Gs stay")


@pytest.mark.parametrize("mistake", CATALOGUE.values(), ids=lambda one: one.id)
def test_no_mend_of_a_convolution_is_code_of_one_layout_or_one_library(mistake):
    """It is told of every target, so it names rows and columns, not the place of their axes, and no module."""
    for text in (mistake.fix, mistake.transposed.fix, mistake.transposed.title):
        if mistake.formulas or mistake.variants or mistake.elsewhere or mistake.behaviour:
            assert not re.search(r"\[:, :|\bnp\.|\btorch\.|\.transpose\(|\.reshape\(", text)


def test_a_transposed_layer_is_told_in_its_own_words():
    """There the window that moves is one of G."""
    described = Described("class", "NCHW", "", None, ("weight",), layer="conv_transpose2d")
    words, mistake = words_of(described), CATALOGUE["stride-ignored"]
    assert words.spoken(mistake).fix == mistake.transposed.fix != mistake.fix
    assert words_of(replace(described, layer="conv2d")).spoken(mistake).fix == mistake.fix
    assert words.spoken(CATALOGUE["batch-mean"]).fix == CATALOGUE["batch-mean"].fix
