"""A 1-D geometry as that of a picture of one row, which it stays."""

from dataclasses import replace

import pytest

from gradcheck_cli.model import ConvSpec
from gradcheck_cli.model.errors import GeometryError
from gradcheck_cli.model.line import LineSpec, OneRow, as_asked, as_line, as_picture, number_of_axes, without_rows

LINE = LineSpec(2, 3, 4, 1, 9, (1, 3), stride=(1, 2), padding=(0, 1))


@pytest.mark.parametrize(
    ("name", "asked", "kept"),
    [("stride", (3, 4), (1, 4)), ("padding", (2, 3), (0, 3)), ("kernel_size", (5, 2), (1, 2)), ("height", 7, 1)],
)
def test_a_line_stays_one_whatever_is_changed(name, asked, kept):
    """The half for the rows is put aside."""
    assert getattr(replace(LINE, **{name: asked}), name) == kept


def test_the_columns_of_a_picture_are_a_line():
    """Its rows are left out, however they are padded."""
    picture = ConvSpec(2, 3, 4, 8, 9, (5, 3), stride=(3, 2), padding=(2, 1))
    assert as_line(picture) == LINE
    assert as_line(picture).conv == "conv1d"


def test_a_transposed_picture_becomes_a_transposed_line():
    """With its output padding."""
    spec = ConvSpec(2, 3, 4, 5, 6, (3, 3), (2, 2), output_padding=(1, 1), conv="conv_transpose2d")
    line = as_line(spec)
    assert (line.conv, line.output_padding, line.output_size) == ("conv_transpose1d", (0, 1), (1, 14))


def test_columns_that_make_no_convolution_are_refused():
    """As any geometry is."""
    with pytest.raises(GeometryError):
        replace(LINE, kernel_size=(1, 12))


def test_the_picture_of_a_line_may_get_rows_and_knows_that_its_code_has_none():
    """So that a formula can exchange what it likes."""
    picture = as_picture(LINE)
    assert type(picture) is OneRow
    assert replace(picture, padding=(1, 1)).padding == (1, 1)
    assert (number_of_axes(picture), number_of_axes(LINE), picture.conv) == (1, 1, "conv2d")


def test_shapes_and_indices_of_a_line_have_three_numbers():
    """Others are as they are."""
    assert without_rows((2, 3, 1, 9), LINE) == (2, 3, 9)
    assert without_rows((4,), LINE) == (4,)
    assert without_rows((2, 3, 1, 9), ConvSpec(2, 3, 4, 1, 9, (1, 3))) == (2, 3, 1, 9)


def test_a_named_geometry_of_one_axis_is_a_line():
    """A volume is what it is."""
    assert as_asked(ConvSpec(2, 3, 4, 1, 9, (1, 3), (1, 2), (0, 1), conv="conv1d")) == LINE
    spec = ConvSpec(1, 1, 1, 3, 3, (2, 2))
    assert as_asked(spec) is spec
