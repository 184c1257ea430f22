"""Why gradients are the same or differ, computed from X and G."""

import numpy as np
import pytest

from gradcheck_cli.reasons import channel_reason, filter_reason, percent

PLANE = np.arange(1.0, 5.0).reshape(2, 2)


def planes(*each):
    """(1, m, 2, 2) from planes."""
    return np.stack(each)[None]


def test_equal_channels_are_the_reason():
    """A gray picture has equal channels, and that is said."""
    expected = "X's channels are equal, so every filter correlates the same plane"

    assert expected == channel_reason(planes(PLANE, PLANE, PLANE))


def test_one_channel_has_nothing_to_compare():
    """A single channel needs no reason."""
    assert "X has one channel" == channel_reason(planes(PLANE))


def test_the_difference_of_the_channels_is_told_in_numbers():
    """||(3,4) - (3,0)|| / 5 = 80 %."""
    first, second = np.array([[3.0, 4.0]]), np.array([[3.0, 0.0]])

    assert channel_reason(planes(first, second)).startswith("X's channels differ (by 80 %)")


def test_an_affine_channel_is_recognised():
    """X[1] = 2 X[0] + 3 is told with its numbers."""
    assert channel_reason(planes(PLANE, 2 * PLANE + 3)).endswith("; X[1] = 2 X[0] + 3")


def test_a_channel_that_is_nearly_affine_is_not_called_affine():
    """One pixel off by a millionth breaks the claim."""
    bent = 2 * PLANE + 3
    bent[0, 0] += 1e-6

    assert "X[1] =" not in channel_reason(planes(PLANE, bent))


def test_some_equal_channels_are_counted():
    """Two of three channels equal is one of three pairs."""
    assert "; 1 of 3 pairs are equal" in channel_reason(planes(PLANE, PLANE, PLANE[::-1] ** 2))


def test_every_output_below_the_reference_is_the_reason():
    """All signs -1: the filters share one G."""
    signs = -np.ones((1, 3, 2, 2))
    expected = "G is the same for all filters: every output is below the reference, so every sign(O - ref) is -1"

    assert expected == filter_reason(signs, "l1")


def test_the_share_of_agreeing_signs_is_told():
    """Three of four signs agree."""
    first, second = np.ones((2, 2)), np.array([[1.0, 1.0], [1.0, -1.0]])

    assert "sign(O - ref) agrees between two filters at 75 % of the outputs" == filter_reason(
        planes(first, second), "l1"
    )


def test_filters_that_share_g_are_counted():
    """Two of three filters with the same G are one of three pairs."""
    text = filter_reason(planes(PLANE, PLANE, -PLANE), "l1")

    assert text.endswith("; 1 of 3 pairs of filters have the same G")


def test_a_smooth_loss_tells_the_difference_of_g():
    """Without signs the relative difference of G is told."""
    assert filter_reason(planes(PLANE, 2 * PLANE), "mse").startswith("G differs between filters (by 50 %")


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0%"),
        (1, "100%"),
        (0.5, "50 %"),
        (0.00004, "0.004 %"),
        (0.9999, "99.99 %"),
        (0.999999, "99.9999 %"),
        (1.53, "150 %"),
    ],
)
def test_a_share_is_never_rounded_to_nothing_or_everything(share, text):
    """Two significant digits of the share, or of what is missing to 100 %."""
    assert text == percent(share)
