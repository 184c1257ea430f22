"""Conditions that agree with every result."""

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st
from mistaken import SPECS

from gradcheck_cli.diagnose import condition, summarise_geometries
from gradcheck_cli.diagnose.summary import _CONDITIONS
from gradcheck_cli.model import ConvSpec


def results(wrong):
    """Every geometry, right unless `wrong` says otherwise."""
    return [(spec, not wrong(spec)) for spec in SPECS]


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        (lambda spec: False, "right on all 15 geometries"),
        (lambda spec: True, "wrong on all 15 geometries"),
        (lambda spec: spec.padding == (0, 0), "right, except when padding = 0 (wrong on 6 of 15 geometries)"),
        (lambda spec: spec.groups > 1, "right, except when groups > 1 (wrong on 2 of 15 geometries)"),
        (
            lambda spec: spec.batch > 1,
            "right only when batch = 1 (wrong on 12 of 15 geometries)",
        ),
        (
            lambda spec: spec.stride > (1, 1) and spec.padding == (0, 0),
            "right, except when padding = 0 and stride > 1 (wrong on 1 of 15 geometries)",
        ),
        (
            lambda spec: spec.stride > (1, 1) or spec.batch == 1,
            "right, except when batch = 1 or stride > 1 (wrong on 7 of 15 geometries)",
        ),
    ],
)
def test_the_sentence_names_the_cause(wrong, expected):
    """Single conditions first, then pairs."""
    assert summarise_geometries(results(wrong)) == expected


def test_no_cause_is_admitted():
    """A set that no condition and no pair describes."""
    picked = [(spec, place not in (0, 3, 5, 8, 10)) for place, spec in enumerate(SPECS)]
    assert summarise_geometries(picked) == "no single cause: wrong on 5 of 15 geometries"


@pytest.mark.parametrize(
    ("right", "expected"),
    [
        ([True], "right on the one geometry compared"),
        ([False], "wrong on the one geometry compared"),
        ([True, True], "right on all 2 geometries"),
        ([False, False], "wrong on all 2 geometries"),
        # Wrong on half of them: the exception is told, not the rule.
        ([False, True], "right, except when padding > 0 (wrong on 1 of 2 geometries)"),
    ],
)
def test_one_geometry_is_spoken_of_as_one(right, expected):
    """And two are all."""
    assert summarise_geometries(list(zip(SPECS, right, strict=False))) == expected


def test_nothing_compared_is_no_pass():
    """No result, no praise."""
    assert summarise_geometries([]) == "no geometry was compared"


@given(st.lists(st.booleans(), min_size=len(SPECS), max_size=len(SPECS)))
def test_a_condition_is_never_given_when_all_are_alike(right):
    """Always right or always wrong has no condition; everything else is counted truly."""
    picked = list(zip(SPECS, right, strict=True))
    text = summarise_geometries(picked)
    if all(right) or not any(right):
        assert condition(picked) == ""
    else:
        assert f"wrong on {right.count(False)} of 15 geometries" in text


# A base for which each condition is told by one change: (the changes that fulfil it, those that do not).
BASE = ConvSpec(1, 1, 1, 9, 9, (3, 3))
TABLE = {
    "batch > 1": ([{"batch": 2}], [{}]),
    "padding = 0": ([{}], [{"padding": (0, 1)}, {"padding": (1, 1)}]),
    "stride > 1": ([{"stride": (1, 2)}], [{}]),
    "a remainder is left over": ([{"stride": (1, 2), "width": 10}, {"stride": (2, 1), "height": 10}], [{}]),
    "dilation > 1": ([{"dilation": (1, 2)}], [{}]),
    "groups > 1": ([{"groups": 2, "in_channels": 2, "out_channels": 2}], [{"in_channels": 2, "out_channels": 2}]),
    "in channels > 1": ([{"in_channels": 2}], [{}]),
    "out channels > 1": ([{"out_channels": 2}], [{}]),
    "the kernel is larger than 1x1": ([{}, {"kernel_size": (1, 2)}], [{"kernel_size": (1, 1)}]),
    "the kernel is not square": ([{"kernel_size": (3, 2)}], [{}]),
    "the image is not square": ([{"width": 8}], [{}]),
    "the kernel has an even side": ([{"kernel_size": (2, 3)}, {"kernel_size": (3, 4)}], [{}, {"kernel_size": (1, 3)}]),
    "padding differs from 1": ([{}, {"padding": (1, 2)}], [{"padding": (1, 1)}]),
    "padding differs from (kernel - 1) / 2": (
        [{}, {"padding": (1, 2)}, {"padding": (1, 1), "dilation": (2, 1)}, {"kernel_size": (1, 5), "padding": (0, 1)}],
        [{"padding": (1, 1)}, {"kernel_size": (5, 5), "padding": (2, 2)}, {"kernel_size": (1, 1)}],
    ),
    "stride or padding differ between rows and columns": (
        [{"stride": (1, 2)}, {"padding": (1, 0)}],
        [{}, {"stride": (2, 2), "padding": (1, 1)}],
    ),
    "in and out channels differ": ([{"in_channels": 2}], [{}]),
    "there is more than one output": ([{}, {"height": 3}], [{"height": 3, "width": 3}]),
}


def test_every_condition_is_in_the_table():
    """None goes without its two sides."""
    assert list(TABLE) == [phrase for phrase, _, _ in _CONDITIONS]


@pytest.mark.parametrize("phrase", TABLE)
def test_a_condition_tells_its_two_sides_apart(phrase):
    """By the smallest change that fulfils it, and by the nearest one that does not."""
    ((_, _, holds),) = [row for row in _CONDITIONS if row[0] == phrase]
    fulfilled, not_fulfilled = TABLE[phrase]

    assert [True] * len(fulfilled) == [holds(replace(BASE, **changes)) for changes in fulfilled]
    assert [False] * len(not_fulfilled) == [holds(replace(BASE, **changes)) for changes in not_fulfilled]
