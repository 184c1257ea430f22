"""The oracles on layers of every form, each against another source of the same numbers."""

import random

import numpy as np
import pytest
from layer_forms import disagreeing, drawn, whole

from gradcheck_cli.layers import conv
from gradcheck_cli.model import CONVS, GRADIENTS, Case, Gradients, Loss, TorchLayer
from gradcheck_cli.oracles import adjoint, autograd, losses, numeric, reference
from gradcheck_cli.oracles.forward import forward, forward_bound
from gradcheck_cli.oracles.layer import Layer

FLOAT64 = autograd.LayerSettings("float64")


@pytest.mark.parametrize("name", CONVS)
def test_autograd_and_the_definition_agree_bit_for_bit(name):
    """With the hand-written backward, on fifty random layers of each form."""
    generator = random.Random(name)
    assert [] == [wrong for seed in range(50) for wrong in disagreeing(drawn(generator, name), seed)]


@pytest.mark.stress
@pytest.mark.parametrize("name", CONVS)
def test_autograd_and_the_definition_agree_on_thousands(name):
    """3,000 in all."""
    generator = random.Random(f"many {name}")
    assert [] == [wrong for seed in range(500) for wrong in disagreeing(drawn(generator, name), seed)]


@pytest.mark.parametrize("name", CONVS)
def test_forward_and_gauges(name):
    """O is that of the hand-written side; a gauge is the gradient of sizes, from above and hardly more."""
    generator = random.Random(name)
    for seed in range(15):
        case = whole(drawn(generator, name), seed)
        sizes = conv.backward(Case(case.spec, abs(case.x), abs(case.weight), case.bias, abs(case.grad_output)))

        assert np.array_equal(conv.forward(case), forward(case.x, case.weight, case.bias, case.spec))
        for at in GRADIENTS:
            gauge = reference.GAUGE[at](case)
            assert (gauge >= sizes[at]).all()
            assert (gauge <= sizes[at] * (1 + 1e-6)).all()


@pytest.mark.parametrize("name", CONVS)
def test_the_bound_of_the_forward_holds_for_float64(name):
    """Against the same sums in extended precision."""
    generator, rng = random.Random(name), np.random.default_rng(0)
    for _ in range(10):
        spec = drawn(generator, name)
        x, weight, bias = (rng.standard_normal(shape) for shape in (spec.x_shape, spec.weight_shape, spec.bias_shape))
        wide = Case(spec, *(array.astype(np.longdouble) for array in (x, weight, bias)), np.zeros(spec.output_shape))

        assert (abs(forward(x, weight, bias, spec) - conv.forward(wide)) <= forward_bound(x, weight, bias, spec)).all()


@pytest.mark.parametrize("name", CONVS)
def test_the_adjoint_identity_holds_for_right_gradients_and_for_no_wrong_one(name):
    """One entry off by one is enough."""
    generator, rng = random.Random(name), np.random.default_rng(0)
    for seed in range(10):
        case = whole(drawn(generator, name), seed)
        right = conv.backward(case)
        wrong = Gradients(**{at: right[at].copy() for at in GRADIENTS})
        for at in GRADIENTS:
            wrong[at].flat[-1] += 1

        assert adjoint.adjoint_mismatch(case, right, rng).equal
        assert adjoint.adjoint_mismatch(case, wrong, rng).wrong == GRADIENTS


@pytest.mark.parametrize("loss", ["l1", "mse", "sum", "random"])
@pytest.mark.parametrize("name", CONVS)
def test_finite_differences_keep_their_own_bound(name, loss):
    """With residuals of 0 among them: what cannot be known there is in the bound."""
    generator = random.Random(f"{name} {loss}")
    for seed in range(4):
        spec = drawn(generator, name)
        case = whole(spec, seed)
        reference_ = np.random.default_rng(seed).integers(-30, 30, (1, 1, *spec.output_size)).astype(float)
        layer = Layer(case.x, case.weight, case.bias, reference_, spec, Loss(loss, "mean"), seed)
        with numeric.workers(1) as pool:
            found = numeric.start(layer, pool).result()
        upstream = losses.grad_output(conv.forward(case), reference_, layer.loss, seed)
        right, sizes = (conv.grad_weight(*pair, spec) for pair in ((case.x, upstream), (abs(case.x), abs(upstream))))

        assert found.grad_weight.shape == spec.weight_shape
        assert (abs(found.grad_weight - right) <= found.bound + (spec.terms + 2) * 2.0**-52 * sizes).all(), spec


@pytest.mark.parametrize("name", CONVS)
def test_finite_differences_show_a_wrong_gradient(name):
    """A millionth of the sizes is far outside of the bound, where no output is at its kink."""
    spec = TorchLayer(
        conv=name, batch=2, in_channels=2, out_channels=4, size=6, kernel_size=3, stride=2, padding=1, groups=2
    ).spec
    case = whole(spec)
    layer = Layer(case.x, case.weight, case.bias, np.full((1, 1, *spec.output_size), 0.25), spec, Loss("l1", "mean"))
    with numeric.workers(1) as pool:
        found = numeric.start(layer, pool).result()
    right = conv.grad_weight(case.x, found.grad_output, spec)
    wrong = right + 1e-6 * conv.grad_weight(abs(case.x), abs(found.grad_output), spec)

    assert (abs(found.grad_weight - right) <= found.bound).all()
    assert (abs(found.grad_weight - wrong) > found.bound).all()


@pytest.mark.parametrize("name", CONVS)
def test_weights_are_drawn_as_torch_draws_them(name):
    """A layer of one axis gets the same numbers in a kernel of height 1."""
    spec = TorchLayer(conv=name, in_channels=2, out_channels=4, size=6, kernel_size=3, groups=2).spec
    weight, bias = autograd.draw_parameters(spec, 7, bias=True)

    assert (spec.weight_shape, spec.bias_shape) == (weight.shape, bias.shape)
    assert weight.any()


@pytest.mark.parametrize("name", CONVS)
def test_a_run_of_torch_has_the_axes_of_the_spec(name):
    """O, G and the gradients; the loss is that of numpy."""
    spec = TorchLayer(
        conv=name, in_channels=2, out_channels=3, size=5, kernel_size=2, padding=[(1, 0)] * int(name[-2])
    ).spec
    case = whole(spec)
    layer = Layer(case.x, case.weight, case.bias, np.zeros((1, 1, *spec.output_size)), spec, Loss("mse", "mean"))
    run = autograd.run_layer(layer, FLOAT64, GRADIENTS)
    expected = conv.backward(case.with_array("grad_output", run.grad_output.astype(np.float64)))

    assert np.array_equal(conv.forward(case), run.output)
    assert run.loss == pytest.approx(losses.value(run.output, layer.reference, layer.loss, 0))
    assert all(np.allclose(expected[at], run.gradients[at]) for at in GRADIENTS)
