"""Neighbours of a geometry."""

from dataclasses import replace

from gradcheck_cli.layers.variants import EACH, KINDS, in_layout, kind_of, of_missing_kinds, plainer, variants
from gradcheck_cli.model import ConvSpec

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
    assert all(spec.kernel_size <= (3, 3) or spec.padding != (0, 0) for spec in variants(tight))


def test_every_kind_that_is_not_taken_is_asked_about():
    """Of a square, plain geometry: the uneven, even, strided and padded forms around it, a few for each."""
    found = list(of_missing_kinds([ONE_CHANNEL]))
    missing = [kind for kind in KINDS if not kind(ONE_CHANNEL)]

    assert all(any(kind(spec) for spec in found) for kind in missing)
    assert len(found) <= EACH * len(missing)


def test_what_is_taken_is_not_asked_about_again():
    """A target that takes all kinds has no missing ones."""
    many = [ONE_CHANNEL, *variants(ONE_CHANNEL), *variants(ConvSpec(2, 2, 3, 7, 6, (3, 3), (2, 2)))]
    assert [] == list(of_missing_kinds(many))


def test_code_that_keeps_the_size_has_neighbours_that_keep_it():
    """Taps and margins grow together, rows and columns apart."""
    same = ConvSpec(2, 3, 4, 7, 6, (3, 3), padding=(1, 1))
    kept = [spec for spec in variants(same) if spec.output_size == spec.input_size]

    assert any(spec.kernel_size == (5, 3) for spec in kept)
    assert any(spec.kernel_size == (3, 5) for spec in kept)


def test_options_are_taken_back_one_after_the_other():
    """All forms of a padded, dilated geometry: first those that lack one option, at last the plain one."""
    padded = ConvSpec(2, 3, 4, 9, 8, (3, 3), padding=(1, 1), dilation=(2, 2))
    dilated, plain = replace(padded, padding=(0, 0)), ConvSpec(2, 3, 4, 9, 8, (3, 3))

    assert [dilated, replace(padded, dilation=(1, 1)), plain] == list(plainer(padded))
    assert {"padding", "dilation", "several channels"} == kind_of(padded)
    assert [] == list(plainer(plain))


def test_uneven_options_are_evened_before_they_go():
    """A target that takes one number for the stride has a stride all the same."""
    uneven = ConvSpec(2, 3, 4, 9, 8, (3, 3), stride=(2, 1))

    assert {"stride", "uneven stride", "several channels"} == kind_of(uneven)
    assert [ConvSpec(2, 3, 4, 9, 8, (3, 3)), replace(uneven, stride=(2, 2))] == list(plainer(uneven))


def test_what_no_convolution_has_is_left_out_of_the_plainer_ones():
    """Without its padding this kernel would not fit."""
    tight = ConvSpec(1, 1, 1, 2, 2, (3, 3), stride=(2, 2), padding=(1, 1))
    assert [replace(tight, stride=(1, 1))] == list(plainer(tight))


def test_code_of_one_image_or_one_plane_is_asked_about_just_that():
    """What the list has for batches is asked with one image, or one channel."""
    padded = ConvSpec(2, 4, 6, 9, 8, (2, 2), padding=(1, 1), groups=2)

    assert replace(padded, batch=1) == in_layout(padded, "HWC")
    assert ConvSpec(1, 1, 1, 9, 8, (2, 2), padding=(1, 1)) == in_layout(padded, "HW")
    assert padded == in_layout(padded, "CHWN")


def test_gaps_even_kernels_and_depth_multipliers_are_kinds_of_their_own():
    """No option tells them, and each hides mistakes."""
    assert {"stride", "gaps"} == kind_of(ConvSpec(1, 1, 1, 9, 9, (3, 3), stride=(4, 4)))
    assert {"even kernel"} == kind_of(ConvSpec(1, 1, 1, 9, 9, (2, 2)))
    assert {"groups", "depth multiplier"} == kind_of(ConvSpec(1, 2, 4, 9, 9, (3, 3), groups=2))
