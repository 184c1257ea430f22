"""What the five photographs say of the forum's question over ten seeds: measured facts that must come out."""

from collections import Counter

import pytest

from gradcheck_cli.model import RunOptions
from gradcheck_cli.runs.picture.data import load_data
from gradcheck_cli.runs.picture.layer import run_layer, set_up
from gradcheck_cli.runs.picture.sameness import both_directions
from helpers import IMAGES

SEEDS = range(10)


def over_seeds(picture, **changes):
    """Both directions of sameness for ten seeds: ([across channels], [across filters])."""
    options = RunOptions((str(IMAGES / picture),), **changes)
    surroundings = set_up(load_data(options), options)
    both = [both_directions(run_layer(surroundings, seed)) for seed in SEEDS]
    return [channels for channels, _ in both], [filters for _, filters in both]


def digits(value, count):
    """Rounded to `count` significant digits."""
    return float(f"{value:.{count}g}")


def spread(results):
    """Smallest and largest relative difference, to two digits."""
    smallest = min(found.relative_difference[0] for found in results)
    largest = max(found.relative_difference[1] for found in results)
    return digits(smallest, 2), digits(largest, 2)


def identical(results):
    """How many pairs are identical."""
    return sum((Counter(found.counts) for found in results), Counter())["identical"]


@pytest.mark.parametrize(
    ("picture", "across_channels", "correlation", "across_filters", "identical_filters"),
    [
        ("astronaut.jpg", (0.040, 1.5), 0.998, (0.026, 1.1), 0),
        ("coffee.jpg", (0.18, 1.8), 0.993, (0.0054, 1.0), 0),
        ("chelsea.jpg", (0.22, 0.49), 0.987, (0.00005, 0.55), 0),
        ("rocket.jpg", (0.16, 0.66), 0.988, (0.0, 1.9), 6),
    ],
)
def test_a_colour_photograph(picture, across_channels, correlation, across_filters, identical_filters):
    """Never the same across channels, however alike; across filters the answer hangs on the seed."""
    channels, filters = over_seeds(picture)

    assert 90 == sum(sum(found.counts.values()) for found in channels)
    assert across_channels == spread(channels)
    assert correlation == digits(max(found.correlation[1] for found in channels), 3)
    assert 0 == identical(channels)
    assert across_filters == spread(filters)
    assert identical_filters == identical(filters)


def test_a_gray_photograph_is_identical_across_channels():
    """All 90 pairs of channels, whatever the seed; the filters still differ."""
    channels, filters = over_seeds("camera-gray.jpg")

    assert 90 == identical(channels)
    assert (0.0, 0.0) == spread(channels)
    assert (0.0012, 1.6) == spread(filters)
    assert 0 == identical(filters)


@pytest.mark.parametrize("picture", ["coffee.jpg", "chelsea.jpg", "rocket.jpg", "camera-gray.jpg"])
def test_a_mismatch_of_scales_makes_all_filters_identical(picture):
    """Pixels / 255 against a reference of 0..255: every output is below it, so every sign is -1."""
    _, filters = over_seeds(picture, unit_range=True)

    assert 90 == identical(filters)
    assert all("every sign(O - ref) is -1" in found.reason for found in filters)
