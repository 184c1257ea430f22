"""A geometry is read back from the words in which a report names it."""

import random

import pytest
from layer_forms import drawn

from gradcheck_cli.layers.geometries import QUICK, SAME, full
from gradcheck_cli.mistakes import describe
from gradcheck_cli.model import CONVS, ConvSpec, TorchLayer
from gradcheck_cli.model.errors import GeometryError, GradcheckError, UsageError
from gradcheck_cli.model.notation import geometry_of
from gradcheck_cli.report.words import geometry

SPECS = [*QUICK, *(spec for group in SAME.values() for spec in group), *list(full(3))[:200]]


@pytest.mark.parametrize("words", [geometry, describe])
def test_whatever_a_report_says_is_read_again(words):
    """The line of a table, and the words of a finding; paddings that differ on two sides are among them."""
    assert [] == [spec for spec in SPECS if geometry_of(words(spec)) != spec]


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("in 3, out 4, input 8x7, kernel 3", ConvSpec(1, 3, 4, 8, 7, (3, 3))),
        ("kernel 3x2,in 2,out 1,input 9,batch 5,padding 1", ConvSpec(5, 2, 1, 9, 9, (3, 2), padding=(1, 1))),
        ("X (2, 4, 6, 5), weight (6,2,3,3), groups 2", ConvSpec(2, 4, 6, 6, 5, (3, 3), groups=2)),
    ],
)
def test_what_is_left_out_has_its_default(text, spec):
    """In any order, with and without blanks."""
    assert spec == geometry_of(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("in 3, kernel 3, input 8", "the geometry 'in 3, kernel 3, input 8' does not say out."),
        ("kernl 3", "the geometry 'kernl 3' cannot be read: 'kernl' is no word of a geometry."),
        ("in 3, in 4", "the geometry 'in 3, in 4' cannot be read: 'in' is said twice."),
        ("kernel", "the geometry 'kernel' cannot be read: 'kernel' has no value."),
        ("in three, out 1, input 8, kernel 3", "'three' in a geometry is not a number."),
        ("in 3, out 1, input 8x7x6, kernel 3", "'8x7x6' in a geometry is not 2 numbers."),
        ("x (2, 3, 4, 5)", "the geometry says no shape of weight."),
        (f"in 3, out 1, input {'9' * 5000}, kernel 3", f"'{'9' * 5000}' in a geometry is not a number."),
    ],
)
def test_what_cannot_be_read_is_said(text, message):
    """The word or the number, by itself."""
    with pytest.raises(UsageError) as caught:
        geometry_of(text)

    assert message == caught.value.sentence


def test_a_misspelt_word_is_offered():
    """With an example beside."""
    with pytest.raises(UsageError) as caught:
        geometry_of("kernl 3")

    assert "did you mean 'kernel'?" == caught.value.hint


def test_sizes_that_fit_nothing_are_told_as_everywhere():
    """By the geometry itself."""
    with pytest.raises(GeometryError, match="the kernel does not fit the input along its height: 9 > 8"):
        geometry_of("in 3, out 1, input 8, kernel 9")


@pytest.mark.parametrize("name", CONVS)
def test_every_form_is_read_again(name):
    """Its name stands in front, padding modes and output padding behind."""
    generator = random.Random(name)
    specs = [drawn(generator, name) for _ in range(60)]

    assert [] == [geometry(spec) for spec in specs if geometry_of(geometry(spec)) != spec]


@pytest.mark.parametrize(
    ("text", "layer"),
    [
        ("conv1d, in 3, out 4, input 9, kernel 3", {"conv": "conv1d", "size": 9}),
        ("x (1, 3, 9), weight (4, 3, 3)", {"conv": "conv1d", "size": 9}),
        ("x (1, 3, 5, 6, 7), weight (4, 3, 3, 3, 3)", {"conv": "conv3d", "size": (5, 6, 7)}),
        (
            "conv_transpose2d, x (1, 3, 5, 6), weight (3, 4, 3, 3), stride 2, output-padding 1x0",
            {"conv": "conv_transpose2d", "size": (5, 6), "stride": 2, "output_padding": (1, 0)},
        ),
        (
            "in 3, out 4, input 9x8, kernel 3, padding 2x1, padding-mode reflect",
            {"size": (9, 8), "padding": (2, 1), "padding_mode": "reflect"},
        ),
    ],
)
def test_forms_are_named_or_told_by_shapes(text, layer):
    """A kernel of three numbers of a transposed layer has its channels first."""
    assert TorchLayer(in_channels=3, out_channels=4, kernel_size=3, **layer).spec == geometry_of(text)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("conv1d 3, in 3", "the geometry 'conv1d 3, in 3' cannot be read: 'conv1d' stands alone."),
        ("conv1d, conv2d, in 3", "a geometry is of one form, and both conv1d and conv2d are said."),
        ("conv1d, in 3, out 4, input 9x8, kernel 3", "'9x8' in a geometry is not a number."),
        ("in 3, out 4, input 9, kernel 3, padding-mode wrap", "padding mode 'wrap' is none."),
    ],
)
def test_forms_that_cannot_be_read_are_said(text, sentence):
    """A form has no number, is one, and has as many numbers as axes."""
    with pytest.raises(GradcheckError) as caught:
        geometry_of(text)

    assert sentence == caught.value.sentence
