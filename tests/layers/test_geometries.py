"""The geometries on which a backward is tried."""

import pytest

from gradcheck_cli.layers.geometries import FULL_COUNT, MOST_AROUND, QUICK, around, full


def some(predicate):
    """Does one of the quick geometries have this?"""
    return any(predicate(spec) for spec in QUICK)


def test_the_quick_geometries_hold_every_place_where_code_breaks():
    """Each special case that is known to reveal a mistake is there."""
    assert some(lambda spec: spec.padding == (0, 0) and spec.stride == (1, 1))
    assert some(lambda spec: spec.remainder != (0, 0) and spec.padding == (0, 0))
    assert some(lambda spec: spec.remainder != (0, 0) and spec.padding != (0, 0))
    assert some(lambda spec: spec.height != spec.width and spec.padding == (1, 1))
    assert {1, 2, 3, 4, 5, 32} <= {spec.kernel_size[0] for spec in QUICK}
    assert some(lambda spec: spec.kernel_size == (3, 2))
    assert some(lambda spec: spec.out_channels == 1)
    assert some(lambda spec: spec.in_channels == 1)
    assert {1, 2, 3} <= {spec.batch for spec in QUICK}
    assert some(lambda spec: spec.dilation == (2, 2))
    assert some(lambda spec: spec.groups == 2)
    assert some(lambda spec: spec.groups == spec.in_channels == spec.out_channels > 1)


def test_most_quick_geometries_have_no_two_equal_sizes():
    """A mix-up of two equal sizes cannot be seen."""
    clear = [spec for spec in QUICK if len({*spec.x_shape, spec.out_channels}) == 5]

    assert len(clear) > len(QUICK) / 2


def test_full_begins_with_the_quick_ones_and_is_the_same_for_a_seed():
    """A thousand geometries, reproducible, another thousand for another seed."""
    first, again, other = list(full(7)), list(full(7)), list(full(8))

    assert FULL_COUNT == len(first)
    assert QUICK == tuple(first[: len(QUICK)])
    assert first == again
    assert first != other


def test_every_axis_reaches_past_32_with_a_rest_for_every_usual_block():
    """Blocks of 4, 8, 16 and 32 each have a second one, and leave something over."""
    axes = {
        "batch": lambda spec: spec.batch,
        "in channels": lambda spec: spec.in_channels,
        "filters": lambda spec: spec.out_channels,
        "rows": lambda spec: spec.height,
        "columns": lambda spec: spec.width,
        "kernel": lambda spec: min(spec.kernel_size),
        "rows of the output": lambda spec: spec.output_size[0],
        "columns of the output": lambda spec: spec.output_size[1],
    }
    for name, size in axes.items():
        assert some(lambda spec, size=size: size(spec) > 32 and size(spec) % 4), name


def test_geometries_with_a_large_axis_are_cheap_for_plain_loops():
    """All loops together turn no more often than those of an ordinary geometry do."""
    for spec in QUICK:
        turns = spec.terms * spec.out_channels * spec.weight_shape[1] * spec.kernel_size[0] * spec.kernel_size[1]
        assert turns <= 2 * 3 * 4 * 72 * 25, spec


AXES = {
    "batch": lambda spec: spec.batch,
    "in channels": lambda spec: spec.in_channels,
    "filters": lambda spec: spec.out_channels,
    "rows": lambda spec: spec.height,
    "columns": lambda spec: spec.width,
    "output rows": lambda spec: spec.output_size[0],
    "output columns": lambda spec: spec.output_size[1],
    "kernel": lambda spec: spec.kernel_size[0],
}


@pytest.mark.parametrize("number", [4, 5, 7, 12, 24, 64, 100])
def test_a_number_in_the_code_brings_sizes_at_below_above_and_no_multiple_of_it(number):
    """On every axis, together with the quick list."""
    for name, size in AXES.items():
        sizes = {size(spec) for spec in (*QUICK, *around((number,)))}
        assert {number, number + 1} <= sizes, name
        assert any(1 < other < number for other in sizes), name
        assert name == "kernel" or any(o > 2 * number and o % number for o in sizes), name


def test_small_numbers_bring_strides_and_margins_too():
    """Code has special cases for a stride of 4, none for one of 64."""
    assert any(spec.stride == (4, 4) for spec in around((4,)))
    assert any(spec.padding == (4, 4) for spec in around((4,)))
    assert all(spec.stride == (1, 1) for spec in around((64,)))


def test_what_code_holds_brings_few_geometries_and_cheap_ones():
    """0, 1 and 2 bring none; a page of numbers no more than the bound; 256 images are cheap, a kernel of 256 is not."""
    assert [] == list(around((0, 1, 2)))
    assert MOST_AROUND == len(list(around(range(20, 60))))
    assert any(spec.batch == 256 for spec in around((256,)))
    assert all(spec.kernel_size[0] < 200 for spec in around((256,)))
    assert len(list(around((8,)))) < 25


@pytest.mark.parametrize("number", [500, 2000, 5000, 10_000])
def test_a_number_too_large_for_an_axis_brings_one_array_with_more_entries(number):
    """Code that takes another way for large arrays is asked on one; what costs plain loops too much is not."""
    (spec,) = around((number,))
    assert spec.batch * spec.in_channels * spec.height * spec.width > number
    assert [] == list(around((1_000_000,)))
