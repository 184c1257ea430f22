"""How a padding is said, and what it adds."""

import pytest

from gradcheck_cli.model.padding import fits, normal_padding, read_padding, typed_padding


@pytest.mark.parametrize(
    ("text", "padding"),
    [
        ("3", (3,)),
        ("1x2", (1, 2)),
        ("0, 1, 2, 3", ((0, 1), (2, 3))),
        ("Same", "same"),
        ("valid", "valid"),
        ("-1", (-1,)),
        ("0,1,2", None),
        ("1x", None),
        ("sme", None),
        ("", None),
        ("1.5", None),
        ("9" * 5000, None),
    ],
)
def test_a_padding_is_read_from_what_is_typed(text, padding):
    """A word, a number for each axis, or each side."""
    assert padding == read_padding(text)


@pytest.mark.parametrize("padding", [(3, 3), (1, 2), ((0, 1), (2, 3)), "same", "valid", (2,), (1, 2, 3)])
def test_what_is_typed_again_is_the_same_padding(padding):
    """The line that reproduces a run says it."""
    axes = 2 if isinstance(padding, str) else len(padding)

    assert padding == normal_padding(read_padding(typed_padding(padding)), axes)


def test_equal_paddings_are_said_in_one_way():
    """Sides that do not differ are a number for each axis, and a text is read."""
    assert (1, 1) == normal_padding((1,), 2) == normal_padding(((1, 1), (1, 1)), 2) == normal_padding("1", 2)
    assert ((0, 1), (2, 2)) == normal_padding("0,1,2,2", 2)
    assert (4,) == normal_padding(((4, 4),), 1)


def test_what_fits_no_layer_of_these_axes_stays_for_the_one_who_refuses_it():
    """Nothing is spread that was said of one axis alone."""
    for padding in [(1, 2, 3), ((1, 2),), ((0, 1), (0, 1), (0, 1))]:
        assert padding == normal_padding(padding, 2)
        assert not fits(padding, 2)
