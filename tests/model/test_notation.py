"""A geometry is read back from the words in which a report names it."""

import pytest

from gradcheck_cli.layers.geometries import QUICK, SAME, full
from gradcheck_cli.mistakes import describe
from gradcheck_cli.model import ConvSpec
from gradcheck_cli.model.errors import GeometryError, UsageError
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
