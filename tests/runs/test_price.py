"""What a run costs before it starts: counts by hand, and refusals that tell both numbers."""

import pytest

from gradcheck_cli.model import ConvSpec
from gradcheck_cli.model.errors import UsageError
from gradcheck_cli.runs import price

FORUM = ConvSpec(1, 3, 3, 256, 256, (32, 32))
LARGE = ConvSpec(1, 3, 3, 4096, 4096, (128, 128))


def test_products_of_the_forum_layer():
    """9,216 kernel entries, each a sum over 225 * 225 outputs."""
    assert 9216 * 50625 == price.products_of(FORUM)


def test_the_forum_layer_costs_seconds():
    """2 s to start, 3.5 ns for each product, 500 ns for each value of X and O, 18 pairs of planes."""
    found = price.full_price(FORUM)
    values = 3 * 256 * 256 + 3 * 225 * 225
    assert 2 + 3.5e-9 * 9216 * 50625 + 5e-7 * values + 18 * 25e-6 == pytest.approx(found.seconds)
    assert 350 * 2**20 + 130 * values + 250 * 9216 + 18 * 500 == found.bytes


def test_a_kernel_of_128_on_4096_pixels_takes_hours():
    """147,456 entries of 3969 * 3969 products each."""
    found = price.full_price(LARGE)
    assert 147_456 * 15_752_961 == found.products
    assert found.seconds > 3600
    assert found.text == "2.3e+12 products a pass, about 12.2 GiB and 2.3 h"


def test_float64_in_torch_unfolds_the_input():
    """1 channel, 2x2 kernel, 3x3 outputs: 4 * 9 numbers of 8 bytes; terabytes for the large layer."""
    assert 8 * 4 * 9 == price.unfolded_bytes(ConvSpec(1, 1, 1, 4, 4, (2, 2)))
    extra = price.full_price(LARGE, "float64").bytes - price.full_price(LARGE).bytes
    assert price.unfolded_bytes(LARGE) == extra
    assert extra > 6e12


def test_more_seeds_take_longer_and_no_more_memory():
    """Each further seed is a forward, a backward and the ladder."""
    one, three = price.full_price(FORUM), price.full_price(FORUM, seeds=3)
    assert one.bytes == three.bytes
    assert 2 * (2e-9 * one.products) < three.seconds - one.seconds


def test_the_probe_needs_the_memory_of_one_picture():
    """Eight pictures take eight times as long as one and the same memory."""
    one, eight = (price.probe_price(ConvSpec(n, 3, 64, 1024, 1024, (7, 7))) for n in (1, 8))
    assert one.bytes == eight.bytes
    assert 8 * one.seconds == pytest.approx(eight.seconds)
    assert 8 * one.products == eight.products


def test_pairs_of_planes_stay_within_their_group():
    """4 channels, 6 filters, 2 groups: 6 pairs of channels, one a filter, and 2 * 2 * 3 pairs of filters."""
    assert 6 * 1 + 2 * 2 * 3 == price.pairs_of_planes(ConvSpec(1, 4, 6, 5, 5, (2, 2), groups=2))


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.4, "0 s"),
        (12, "12 s"),
        (119, "119 s"),
        (120, "2 min"),
        (7200, "2.0 h"),
        (16_560, "4.6 h"),
        (2.6e6, "30 days"),
    ],
)
def test_durations_in_words(seconds, told):
    """The largest unit of which there are at least two."""
    assert told == price.duration(seconds)


def test_more_than_the_memory_is_refused_with_both_numbers():
    """Refused above four fifths of the memory, told in at most six lines."""
    with pytest.raises(UsageError) as refused:
        price.refuse_beyond_memory(9 * 2**30, "this run", "a smaller --size", memory=8 * 2**30)
    assert str(refused.value) == (
        "this run would take about 9.0 GiB; this machine has 8.0 GiB.\n"
        "  planned with  80 % of it, 6.4 GiB\n"
        "  hint: a smaller --size"
    )


def test_four_fifths_of_the_memory_are_not_refused():
    """The limit itself is within it, one byte more is not."""
    price.refuse_beyond_memory(80, "this run", "", memory=100)
    with pytest.raises(UsageError):
        price.refuse_beyond_memory(81, "this run", "", memory=100)


def test_the_smallest_known_limit_is_the_memory(monkeypatch):
    """A container's limit or `ulimit -v` counts where it is below the physical memory."""
    for physical, group, own, expected in [(8, 4, 6, 4), (8, None, 6, 6), (8, None, None, 8), (None, None, None, None)]:
        for name, value in (("_physical", physical), ("_control_group", group), ("_address_space", own)):
            monkeypatch.setattr(price, name, lambda value=value: value)
        assert expected == price.memory_of_machine()
    price.refuse_beyond_memory(10**18, "this run", "")
