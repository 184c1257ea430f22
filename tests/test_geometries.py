"""The geometries on which a backward is tried."""

from gradcheck_cli.geometries import FULL_COUNT, QUICK, full


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
