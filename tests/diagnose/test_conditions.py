"""Which conditions fit, and what is asked to tell them apart."""

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st
from mistaken import SPECS

from gradcheck_cli.diagnose.conditions import condition, confirming, deciding, fitting, settled
from gradcheck_cli.diagnose.pool import mixtures
from gradcheck_cli.diagnose.table import AXES, NAMED, parsed
from gradcheck_cli.model import ConvSpec

# A base for which each condition is told by one change: (the changes that fulfil it, those that do not).
BASE = ConvSpec(1, 1, 1, 9, 9, (3, 3))
TABLE = {
    "batch > 1": ([{"batch": 2}], [{}]),
    "padding = 0": ([{}], [{"padding": (0, 1)}, {"padding": (1, 1)}, {"extra_after": (0, 1)}]),
    "padding differs between the sides": (
        [{"extra_after": (0, 1)}, {"padding": (1, 1), "extra_after": (-1, 0)}],
        [{}, {"padding": (1, 2)}],
    ),
    "stride > 1": ([{"stride": (1, 2)}], [{}]),
    "output padding > 0": (
        [{"conv": "conv_transpose2d", "stride": (2, 2), "output_padding": (0, 1)}],
        [{"conv": "conv_transpose2d", "stride": (2, 2)}],
    ),
    "a remainder is left over": ([{"stride": (1, 2), "width": 10}, {"stride": (2, 1), "height": 10}], [{}]),
    "rows are left over": ([{"stride": (2, 1), "height": 10}], [{}, {"stride": (1, 2), "width": 10}]),
    "columns are left over": ([{"stride": (1, 2), "width": 10}], [{}, {"stride": (2, 1), "height": 10}]),
    "dilation > 1": ([{"dilation": (1, 2)}], [{}]),
    "groups > 1": ([{"groups": 2, "in_channels": 2, "out_channels": 2}], [{"in_channels": 2, "out_channels": 2}]),
    "in channels > 1": ([{"in_channels": 2}], [{}]),
    "out channels > 1": ([{"out_channels": 2}], [{}]),
    "the kernel is larger than 1x1": ([{}, {"kernel_size": (1, 2)}], [{"kernel_size": (1, 1)}]),
    "the kernel is not square": ([{"kernel_size": (3, 2)}], [{}]),
    "the image is not square": ([{"width": 8}], [{}]),
    "the kernel has an even side": ([{"kernel_size": (2, 3)}, {"kernel_size": (3, 4)}], [{}, {"kernel_size": (1, 3)}]),
    "padding differs from 1": (
        [{}, {"padding": (1, 2)}, {"padding": (1, 1), "extra_after": (0, 1)}],
        [{"padding": (1, 1)}],
    ),
    "padding differs from (kernel - 1) / 2": (
        [
            {},
            {"padding": (1, 2)},
            {"padding": (1, 1), "dilation": (2, 1)},
            {"kernel_size": (1, 5), "padding": (0, 1)},
            {"padding": (1, 1), "extra_after": (1, 1)},
        ],
        [{"padding": (1, 1)}, {"kernel_size": (5, 5), "padding": (2, 2)}, {"kernel_size": (1, 1)}],
    ),
    "stride or padding differ between rows and columns": (
        [{"stride": (1, 2)}, {"padding": (1, 0)}, {"extra_after": (1, 0)}],
        [{}, {"stride": (2, 2), "padding": (1, 1)}],
    ),
    "in and out channels differ": ([{"in_channels": 2}], [{}]),
    "there is more than one output": ([{}, {"height": 3}], [{"height": 3, "width": 3}]),
    "there is more than one row of outputs": ([{}, {"width": 3}], [{"height": 3}]),
    "there is more than one column of outputs": ([{}, {"height": 3}], [{"width": 3}]),
    "the output is not square": ([{"height": 8}, {"stride": (1, 2)}], [{}, {"stride": (1, 2), "height": 6}]),
    "the image is wider than high": ([{"width": 10}], [{}, {"height": 10}]),
    "the image is higher than wide": ([{"height": 10}], [{}, {"width": 10}]),
    "the output is wider than high": ([{"width": 10}, {"stride": (2, 1)}], [{}, {"height": 10}]),
    "the output is higher than wide": ([{"height": 10}, {"stride": (1, 2)}], [{}, {"width": 10}]),
    "the kernel is wider than high": ([{"kernel_size": (3, 4)}], [{}, {"kernel_size": (4, 3)}]),
    "the kernel is higher than wide": ([{"kernel_size": (4, 3)}], [{}, {"kernel_size": (3, 4)}]),
    "stride differs between rows and columns": ([{"stride": (1, 2)}], [{}, {"padding": (1, 0)}]),
    "padding differs between rows and columns": (
        [{"padding": (1, 0)}, {"extra_after": (1, 0)}],
        [{}, {"stride": (1, 2)}, {"extra_after": (1, 1)}],
    ),
    "padding = 0 on a side": (
        [{}, {"padding": (1, 0)}, {"extra_after": (1, 1)}, {"padding": (1, 1), "extra_after": (-1, 0)}],
        [{"padding": (1, 1)}, {"padding": (1, 2), "extra_after": (1, -1)}],
    ),
    "padding of the rows = 0": ([{"padding": (0, 1)}], [{"padding": (1, 0)}, {"extra_after": (1, 0)}]),
    "padding of the columns = 0": ([{"padding": (1, 0)}], [{"padding": (0, 1)}, {"extra_after": (0, 1)}]),
    "in channels > out channels": ([{"in_channels": 2}], [{}, {"out_channels": 2}]),
    "in channels < out channels": ([{"out_channels": 2}], [{}, {"in_channels": 2}]),
    "windows overlap": ([{}, {"width": 3}], [{"width": 3, "height": 3}, {"stride": (3, 3)}, {"kernel_size": (1, 1)}]),
    "the kernel has more than one row": ([{"kernel_size": (2, 1)}], [{"kernel_size": (1, 2)}]),
    "the kernel has more than one column": ([{"kernel_size": (1, 2)}], [{"kernel_size": (2, 1)}]),
    "the kernel has rows and columns": (
        [{"kernel_size": (2, 2)}],
        [{"kernel_size": (2, 1)}, {"kernel_size": (1, 2)}, {"kernel_size": (1, 1)}],
    ),
    "stride of the rows > 1": ([{"stride": (2, 1)}], [{"stride": (1, 2)}]),
    "stride of the columns > 1": ([{"stride": (1, 2)}], [{"stride": (2, 1)}]),
}
# The changes that give BASE, of 1 channel, 1 filter, 1 image of 9x9 and a kernel of 3x3, this size of the axis.
SIZES = {
    "in channels": lambda size: {"in_channels": size},
    "out channels": lambda size: {"out_channels": size},
    "batch": lambda size: {"batch": size},
    "rows of outputs": lambda size: {"height": size + 2},
    "columns of outputs": lambda size: {"width": size + 2},
    "outputs of an image": lambda size: {"height": 3, "width": size + 2},
    "rows of the image": lambda size: {"height": max(size, 1), "kernel_size": (1, 1)},
    "columns of the image": lambda size: {"width": max(size, 1), "kernel_size": (1, 1)},
    "rows of the kernel": lambda size: {"height": 200, "kernel_size": (size, 3)},
    "columns of the kernel": lambda size: {"width": 200, "kernel_size": (3, size)},
}


def test_every_condition_is_in_the_table():
    """None goes without its two sides; none has two rows."""
    assert sorted(TABLE) == sorted(phrase for phrase, _, _ in NAMED)
    assert sorted(SIZES) == sorted(axis.name for axis in AXES)


@pytest.mark.parametrize("phrase", TABLE)
def test_a_condition_tells_its_two_sides_apart(phrase):
    """By the smallest change that fulfils it, and by the nearest one that does not."""
    holds = parsed(phrase).holds
    fulfilled, not_fulfilled = TABLE[phrase]

    assert [True] * len(fulfilled) == [holds(replace(BASE, **changes)) for changes in fulfilled]
    assert [False] * len(not_fulfilled) == [holds(replace(BASE, **changes)) for changes in not_fulfilled]


@pytest.mark.parametrize("axis", AXES, ids=lambda axis: axis.name)
@pytest.mark.parametrize("number", [2, 3, 4, 8, 10, 16, 32, 64])
def test_a_size_and_its_multiples_are_told_from_their_neighbours(axis, number):
    """Above a number and not at it; beside a multiple and not at it."""
    specs = [replace(BASE, **SIZES[axis.name](size)) for size in (number, number + 1, 2 * number + 1, 3 * number)]
    more, rest = parsed(f"{axis.name} > {number}"), parsed(f"{axis.name} {axis.are} no multiple of {number}")
    assert [more.holds(spec) for spec in specs] == [False, True, True, True]
    assert [rest.holds(spec) for spec in specs] == [False, True, True, False]


SMALL = ConvSpec(1, 1, 1, 6, 6, (3, 3))
# Stride and batch never differ alone: which of the two it is cannot be told.
TOGETHER = (SMALL, replace(SMALL, batch=2, stride=(2, 2)), replace(SMALL, batch=3, stride=(2, 2)))


def seen(specs, wrong):
    """Every geometry, right unless `wrong` says otherwise."""
    return [(spec, not wrong(spec)) for spec in specs]


def test_a_condition_that_has_a_rival_is_not_said():
    """Both fit what was asked; a geometry on which they differ is named, and its answer decides."""
    known = seen(TOGETHER, lambda spec: spec.batch > 1)
    phrases = [found.phrase for found in fitting(known)]
    assert {"batch > 1", "stride > 1"} <= set(phrases)
    assert condition(known) == ""

    wanted = deciding(known)
    held = [found.holds(wanted) for found in fitting(known)]
    assert any(held)
    assert not all(held)
    assert condition(settled(known, lambda spec: spec.batch == 1, 8)) == "batch > 1"
    assert condition(settled(known, lambda spec: max(spec.stride) == 1, 8)) == "stride > 1"
    assert condition(settled(known, lambda spec: spec.batch == 1 or max(spec.stride) == 1, 0)) == ""


def test_a_rival_on_refused_geometries_alone_is_none():
    """They cannot be asked, so nobody meets the difference."""
    known = seen(TOGETHER, lambda spec: spec.batch > 1)
    rivals = fitting(known)
    apart = frozenset(spec for spec in mixtures(TOGETHER) if len({rival.holds(spec) for rival in rivals}) > 1)
    assert deciding(known, apart) is None
    assert condition(known, refused=apart) == "batch > 1"


def test_a_kind_of_geometry_that_was_refused_twice_is_asked_no_more():
    """Whatever their sizes: the rivals hold on all of them alike."""
    known = seen(TOGETHER, lambda spec: spec.batch > 1)
    refused: list[ConvSpec] = []
    while (spec := deciding(known, frozenset(refused))) is not None:
        refused.append(spec)
    assert 2 <= len(refused) <= 12
    assert condition(known, refused=frozenset(refused)) == "batch > 1"
    assert condition(known, refused=frozenset(refused[:1])) == ""


def test_results_of_elsewhere_must_agree():
    """They refute a condition, and ask for no geometries like them."""
    known = seen(SPECS, lambda spec: max(spec.padding) == 0)
    assert condition(known) == "padding = 0"
    assert condition(known, [(SMALL, False)]) == "padding = 0"
    assert "padding = 0" != condition(known, [(SMALL, True)])


def test_confirming_geometries_are_fresh_and_on_both_sides():
    """So that a condition which is too wide shows as well as one which is too narrow."""
    known = seen(SPECS, lambda spec: max(spec.stride) > 1)
    found = confirming(known, frozenset(), 4)
    assert len(found) == len(set(found)) == 4
    assert not set(found) & set(SPECS)
    assert {max(spec.stride) > 1 for spec in found} == {True, False}
    assert not set(found) & set(confirming(known, frozenset(found), 4))
    assert confirming(seen(SPECS, lambda spec: True), frozenset(), 4) == []


def test_what_shows_nothing_settles_nothing():
    """A geometry without an answer is neither right nor wrong, and is asked once."""
    asked = []

    def right(spec):
        asked.append(spec)
        return

    known = seen(SPECS, lambda spec: max(spec.padding) == 0)
    assert settled(known, right, 8) == known
    assert len(asked) == len(set(asked)) > 0


@pytest.mark.parametrize(
    "phrase",
    ["padding = 0", "batch > 1 and stride > 1", "in and out channels differ or stride and padding are the same for "
     "rows and columns"],
)  # fmt: skip
def test_a_phrase_is_read_as_it_was_written(phrase):
    """Also where a row has an "and" of its own."""
    assert parsed(phrase).phrase == phrase


def test_other_phrases_are_no_conditions_on_the_geometry():
    """What is said of sums."""
    assert parsed("a sum needs more than 24 bits") is None
    assert parsed("") is None


@given(st.lists(st.booleans(), min_size=len(SPECS), max_size=len(SPECS)))
def test_what_is_negated_holds_exactly_where_the_condition_does_not(right):
    """Of pairs as well, in words that can be read back."""
    for found in fitting(list(zip(SPECS, right, strict=True)))[:3]:
        assert all(found.negated.holds(spec) is not found.holds(spec) for spec in SPECS)
        assert parsed(found.negated.phrase) == found.negated


@given(st.lists(st.booleans(), min_size=len(SPECS), max_size=len(SPECS)))
def test_every_fitting_condition_holds_exactly_where_it_is_wrong(right):
    """Nothing fits where all is right or all is wrong."""
    known = list(zip(SPECS, right, strict=True))
    found = fitting(known)
    assert all(each.holds(spec) is not good for each in found[:5] for spec, good in known)
    assert not found or len(set(right)) == 2


# What a condition on a size is asked of, given only what the short list has of it.
KNOWN_SIZES = (1, 2, 3, 4, 5, 6, 7, 8, 9, 17, 37)


@pytest.mark.parametrize(
    ("field", "wrong", "expected"),
    [
        ("out_channels", lambda size: size > 8 and size % 8, "out channels > 8 and out channels are no multiple of 8"),
        ("in_channels", lambda size: size > 8, "in channels > 8"),
        ("in_channels", lambda size: size % 4, "in channels are no multiple of 4"),
        ("batch", lambda size: size > 6, "batch > 6"),
        ("batch", lambda size: size > 4 and size % 4, "batch > 4 and batch is no multiple of 4"),
        ("out_channels", lambda size: size % 6, "out channels are no multiple of 6"),
        ("out_channels", lambda size: size % 4 == 0, "out channels are a multiple of 4"),
    ],
)
def test_a_size_is_asked_at_its_multiples_and_beside_it(field, wrong, expected):
    """16 channels were never asked by themselves: "out channels > 8" would be false there."""
    known = seen([replace(SMALL, **{field: size}) for size in KNOWN_SIZES], lambda spec: wrong(getattr(spec, field)))

    def right(spec):
        return not wrong(getattr(spec, field))

    for _ in range(8):
        known = settled(known, right, 32)
        fresh = confirming(known, frozenset(), 3)
        known += seen(fresh, lambda spec: not right(spec))
    assert condition(known) == expected
    assert parsed(expected).phrase == expected


@pytest.mark.parametrize("number", [3, 5, 6, 10, 12])
def test_a_multiple_of_what_nobody_vectorises_is_no_reason(number):
    """True of all that was asked, and nothing that a reader could act on: it is not said, nor its twin of a pair."""
    sizes = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 18, 20, 24, 30, 36)
    known = seen([replace(SMALL, out_channels=size) for size in sizes], lambda spec: spec.out_channels % number == 0)
    assert condition(known) == ""
    assert all(f"a multiple of {number}" not in found.phrase for found in fitting(known))


def test_sizes_of_different_axes_are_not_joined():
    """With so many sizes some pair of them fits anything: nothing is said."""
    known = seen(
        [
            replace(SMALL, batch=batch, out_channels=filters, width=width)
            for batch in (1, 5, 7)
            for filters in (1, 9, 11)
            for width in (6, 9)
        ],
        lambda spec: spec.batch > 5 and spec.out_channels > 9,
    )
    assert fitting(known) == []


def test_uneven_strides_are_mixed_only_where_they_were_taken():
    """So that what is wrong in the columns only is said of the columns."""
    uneven = (*TOGETHER, replace(SMALL, stride=(2, 1)))
    assert {(1, 1), (2, 1), (1, 2), (2, 2)} == {spec.stride for spec in mixtures(uneven)}
    columns = seen(uneven, lambda spec: spec.stride[1] > 1)
    assert condition(settled(columns, lambda spec: spec.stride[1] == 1, 16)) == "stride of the columns > 1"


def test_mixtures_are_cheap_ones_first_and_take_what_was_taken():
    """No stride, no padding that none of the given has."""
    found = mixtures(TOGETHER)
    costs = [spec.terms * spec.kernel_size[0] for spec in found]
    assert costs[0] == min(costs)
    assert {spec.stride for spec in found} == {(1, 1), (2, 2)}
    assert {spec.padding for spec in found} == {(0, 0)}
    assert {(3, 3), (6, 6)} == {spec.input_size for spec in found}


def test_mixtures_keep_both_sides_of_a_padding_together():
    """Code that pads by itself pads one of the ways that were seen, not one side of each."""
    first = ConvSpec(1, 1, 1, 6, 7, (2, 2), extra_after=(1, 1))
    second = ConvSpec(1, 1, 1, 6, 7, (3, 3), padding=(1, 1))

    sides = {(spec.padding, spec.padding_after) for spec in mixtures((first, second))}

    assert sides == {((0, 0), (1, 1)), ((1, 1), (1, 1))}
