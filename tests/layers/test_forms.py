"""The geometries on which layers of other forms are tried."""

import pytest

from gradcheck_cli.layers import forms, geometries
from gradcheck_cli.model.spec import CONVS


@pytest.mark.parametrize("conv", CONVS)
def test_what_a_layer_is_asked_is_of_its_form_and_each_once(conv):
    """At least ten geometries, batches of one and of several, with and without a stride."""
    specs = list(forms.of_layer(conv, ("zeros",), geometries.QUICK))
    assert {spec.conv for spec in specs} == {conv}
    assert len(set(specs)) == len(specs) >= 10
    assert {spec.batch > 1 for spec in specs} == {max(spec.stride) > 1 for spec in specs} == {True, False}


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
@pytest.mark.parametrize("conv", ["conv1d", "conv2d", "conv3d"])
def test_a_padding_that_repeats_is_asked_where_there_is_one(conv, mode):
    """Without a margin nothing is repeated."""
    specs = list(forms.of_layer(conv, (mode,), geometries.QUICK))
    assert len(specs) >= 5
    assert all(spec.is_padded and spec.padding_mode == mode for spec in specs)


def test_output_padding_is_among_what_transposed_layers_are_asked():
    """Its mistakes show nowhere else."""
    assert sum(any(spec.output_padding) for spec in forms.TRANSPOSED) >= 3
    assert any(any(spec.output_padding) for spec in forms.TRANSPOSED_VOLUMES)
