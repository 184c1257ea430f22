"""Every known layer is what torch says it is: forward, backward, exact points, and the code that is shown."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st
from known_layers import autograd, tensors

from gradcheck_cli.layers.known import KNOWN, upstream

LAYERS = list(KNOWN.values())


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.id)
@pytest.mark.parametrize("seed", [0, 1])
def test_the_backward_by_hand_is_the_derivative_of_the_composition(layer, seed):
    """On generic values, in float64: what is left is rounding."""
    values = layer.sample(seed)
    grad_output = upstream(layer.outputs_of(values), seed + 7, integers=False)
    by_hand, by_torch = layer.gradients(values, grad_output), autograd(layer, values, grad_output)
    assert set(by_torch) == set(by_hand) == set(layer.differentiated)
    for name, gradient in by_torch.items():
        assert by_hand[name].shape == gradient.shape
        np.testing.assert_allclose(by_hand[name], gradient, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("layer", [layer for layer in LAYERS if layer.is_exact], ids=lambda layer: layer.id)
@pytest.mark.parametrize("seed", [0, 1])
def test_on_exact_points_both_give_the_same_bits(layer, seed):
    """No rounding happens there, so equality is demanded, and it says something: no gradient is all zero."""
    values = layer.exact_sample(seed)
    grad_output = upstream(layer.outputs_of(values), seed + 7, integers=True)
    by_hand, by_torch = layer.gradients(values, grad_output), autograd(layer, values, grad_output)
    for name, gradient in by_torch.items():
        assert np.array_equal(gradient, by_hand[name])
        assert gradient.any()


@given(st.sampled_from(LAYERS), st.integers(0, 4), st.integers(0, 2**32 - 1))
@settings(max_examples=70, deadline=None)
def test_the_backward_holds_at_every_size(layer, grown, seed):
    """Larger sizes than usual, the related ones along: no size is special."""
    values = layer.sample(seed, layer.sizes_grown(grown))
    grad_output = upstream(layer.outputs_of(values), seed, integers=False)
    by_hand, by_torch = layer.gradients(values, grad_output), autograd(layer, values, grad_output)
    for name, gradient in by_torch.items():
        np.testing.assert_allclose(by_hand[name], gradient, rtol=1e-10, atol=1e-12)


@given(st.sampled_from([layer for layer in LAYERS if layer.is_exact]), st.integers(0, 4), st.integers(0, 2**32 - 1))
@settings(max_examples=70, deadline=None)
def test_exact_points_are_exact_at_every_size(layer, grown, seed):
    """Bit for bit, whatever the size: each file sees to it that what it divides by is a power of two."""
    values = layer.exact_sample(seed, layer.sizes_grown(grown))
    grad_output = upstream(layer.outputs_of(values), seed, integers=True)
    by_hand, by_torch = layer.gradients(values, grad_output), autograd(layer, values, grad_output)
    for name, gradient in by_torch.items():
        assert np.array_equal(gradient, by_hand[name])


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.id)
def test_numpy_and_torch_agree_on_the_forward(layer):
    """One composition, two namespaces."""
    values = layer.sample(3)
    result = layer.forward(torch, **tensors(layer, values, leaves=False))
    for ours, theirs in zip(layer.outputs_of(values), result if isinstance(result, tuple) else (result,), strict=True):
        np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.id)
def test_the_code_that_is_shown_is_the_backward(layer):
    """Run as it stands: it gives the gradient of every argument under the name d + argument."""
    values = layer.sample(5)
    grad_output = upstream(layer.outputs_of(values), 12, integers=False)
    names = {"np": np, **values}
    each = grad_output if isinstance(grad_output, tuple) else (grad_output,)
    names |= dict(zip(layer.upstreams, each, strict=True))
    exec(layer.code, names)
    for name, gradient in layer.gradients(values, grad_output).items():
        np.testing.assert_allclose(names[f"d{name}"], gradient, rtol=1e-12, atol=1e-13)
