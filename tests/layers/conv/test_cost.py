import pytest

from gradcheck_cli.layers.conv import cost, patchwise, rowwise, tapwise
from gradcheck_cli.model import ConvSpec

CHOICES = {
    "forum": (ConvSpec(1, 3, 3, 256, 256, kernel_size=(32, 32)), rowwise),
    "large depthwise": (ConvSpec(1, 128, 128, 56, 56, (31, 31), padding=(15, 15), groups=128), rowwise),
    "small depthwise": (ConvSpec(1, 32, 32, 112, 112, (3, 3), padding=(1, 1), groups=32), tapwise),
    "few channels": (ConvSpec(1, 3, 64, 224, 224, (7, 7), stride=(2, 2), padding=(3, 3)), patchwise),
    "deep": (ConvSpec(1, 256, 256, 14, 14, (3, 3), padding=(1, 1)), patchwise),
}


@pytest.mark.parametrize(("spec", "expected"), CHOICES.values(), ids=CHOICES)
def test_the_rule_takes_the_way_made_for_the_layer(spec, expected):
    """Large kernels go by rows, small depthwise ones by taps, small ones with many filters by patches."""
    actual = min((rowwise, tapwise, patchwise), key=lambda way: way.grad_weight_cost(spec))
    assert expected is actual


def test_thin_products_cost_more_per_multiplication():
    """The rule charges the factors as well as the multiplications, so thin products cost more."""
    thin, thick = cost.products(1, 1000, 2, 1000), cost.products(1, 1000, 200, 1000)
    assert thin / 2 > thick / 200


def test_large_kernels_spread_by_rows_and_patch_embeddings_by_patches():
    """dE/dX of the forum layer goes by rows; a stride as long as the kernel makes patches cheaper."""
    forum = ConvSpec(1, 3, 3, 256, 256, kernel_size=(32, 32))
    embedding = ConvSpec(1, 3, 768, 224, 224, kernel_size=(16, 16), stride=(16, 16))
    assert rowwise.grad_input_cost(forum) < patchwise.grad_input_cost(forum)
    assert rowwise.grad_input_cost(embedding) > patchwise.grad_input_cost(embedding)
