import pytest

from gradcheck_cli.layers.conv import patchwise, pointwise, rowwise, tapwise
from gradcheck_cli.layers.conv.cost import RATES, Effort
from gradcheck_cli.layers.conv.direct import input_way, weight_way
from gradcheck_cli.model import ConvSpec

CHOICES = {
    "forum": (ConvSpec(1, 3, 3, 256, 256, kernel_size=(32, 32)), rowwise),
    "large depthwise": (ConvSpec(1, 128, 128, 56, 56, (31, 31), padding=(15, 15), groups=128), rowwise),
    "small depthwise": (ConvSpec(1, 32, 32, 112, 112, (3, 3), padding=(1, 1), groups=32), tapwise),
    "few channels": (ConvSpec(1, 3, 64, 224, 224, (7, 7), stride=(2, 2), padding=(3, 3)), patchwise),
    "large stride": (ConvSpec(1, 3, 64, 224, 224, (11, 11), stride=(4, 4), padding=(2, 2)), patchwise),
    "pointwise": (ConvSpec(1, 16, 32, 512, 1024, (1, 1)), pointwise),
    "one output": (ConvSpec(2, 1024, 512, 3, 3, (3, 3)), pointwise),
}


@pytest.mark.parametrize(("spec", "expected"), CHOICES.values(), ids=CHOICES)
def test_the_rule_takes_the_way_made_for_the_layer(spec, expected):
    """Where another way takes twice as long: large kernels by rows, depthwise ones by taps, few channels by patches."""
    assert expected is weight_way(spec)


def test_thin_products_cost_more_per_multiplication():
    """The rule charges the factors as well as the multiplications, so thin products cost more."""
    thin, thick = (Effort.product(1, 1000, filters, 1000).nanoseconds / filters for filters in (2, 200))
    assert thin > thick


def test_effort_is_added_and_multiplied_part_by_part():
    """Three steps with five copies each, and two copies: 3 * 5 + 2 copies and 3 steps, told in nanoseconds."""
    effort = Effort(copied=5, steps=1).times(3) + Effort(copied=2)
    assert Effort(copied=17, steps=3) == effort
    assert 17 * RATES.copied + 3 * RATES.steps == pytest.approx(effort.nanoseconds)


def test_large_kernels_spread_by_rows_and_patch_embeddings_by_patches():
    """dE/dX of the forum layer goes by rows; a stride as long as the kernel makes patches cheaper."""
    forum = ConvSpec(1, 3, 3, 256, 256, kernel_size=(32, 32))
    embedding = ConvSpec(1, 3, 768, 224, 224, kernel_size=(16, 16), stride=(16, 16))
    assert input_way(forum) is rowwise
    assert input_way(embedding) is patchwise
