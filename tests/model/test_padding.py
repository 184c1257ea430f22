"""How a padding is said, and what it adds."""

import pytest

from gradcheck_cli.model.padding import fits, normal_padding, read_padding, sides_of, typed_padding


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


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
@pytest.mark.parametrize("taps", range(1, 8))
def test_same_adds_what_torch_adds(taps):
    """The odd one stands behind the input."""
    import torch

    x = torch.arange(1.0, 9.0).reshape(1, 1, 8)
    weight = torch.arange(1.0, taps + 1).reshape(1, 1, taps)
    for step in (1, 2):
        sides = sides_of("same", [step * (taps - 1) + 1])
        padded = torch.nn.functional.pad(x, sides[0])

        same = torch.nn.functional.conv1d(x, weight, padding="same", dilation=step)
        assert torch.equal(same, torch.nn.functional.conv1d(padded, weight, dilation=step))


def test_valid_adds_nothing():
    """On any axis."""
    assert ((0, 0), (0, 0)) == sides_of("valid", [3, 5])
