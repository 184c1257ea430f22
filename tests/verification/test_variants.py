"""Neighbours of a geometry."""

from gradcheck_cli.model import ConvSpec
from gradcheck_cli.verification.variants import variants

ONE_CHANNEL = ConvSpec(1, 1, 1, 6, 6, (3, 3))


def test_neighbours_change_one_thing():
    """A larger batch first: N = 1 hides the most mistakes."""
    found = list(variants(ONE_CHANNEL))

    assert found[0] == ConvSpec(3, 1, 1, 6, 6, (3, 3))
    assert found[1] == ConvSpec(1, 1, 1, 8, 8, (3, 3))
    assert ConvSpec(1, 1, 1, 6, 6, (3, 3), stride=(2, 2)) in found


def test_groups_stay_possible():
    """Channels and filters grow by whole groups."""
    grouped = ConvSpec(2, 4, 6, 7, 8, (3, 3), groups=2)
    assert {spec.groups for spec in variants(grouped)} == {2}


def test_what_fits_no_convolution_is_left_out():
    """A kernel that fills its image has no larger neighbour."""
    tight = ConvSpec(1, 1, 1, 3, 3, (3, 3))
    assert all(spec.kernel_size == (3, 3) for spec in variants(tight))
