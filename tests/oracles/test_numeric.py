"""Finite differences: by hand, against the referee within their own bound, kinks, and planted faults."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from random_layers import specs
from residuals import check_entries, layer_of

from gradcheck_cli.model import ConvSpec, Loss
from gradcheck_cli.oracles import losses, numeric, reference
from gradcheck_cli.oracles.forward import forward
from gradcheck_cli.oracles.layer import Layer
from gradcheck_cli.oracles.numeric_bounds import Residuals

LOSSES = ("l1", "mse", "sum", "random")
SMALL = ConvSpec(2, 4, 6, 9, 8, (3, 2), (2, 1), (1, 2), (1, 2), 2)


def truth_of(layer, result):
    """The gradient of the very G that the differences belong to, and its gauge."""
    exact = reference.grad_weight(layer.x, result.grad_output, layer.spec)
    return exact, reference.gauge(layer.x, result.grad_output, layer.spec)


def decides(bound, gauge):
    """Is the bound of every entry at most a millionth of its gauge?"""
    return bool((bound <= 1e-6 * gauge).all())


def test_by_hand():
    """O = 2*3 + 1 = 7 and 2*5 + 1 = 11, reference 10: signs -1 and +1, so dE/dF = -3 + 5 over 2."""
    x, target = np.array([[[[3.0, 5.0]]]]), np.full((1, 1, 1, 2), 10.0)
    layer = Layer(x, np.full((1, 1, 1, 1), 2.0), np.ones(1), target, ConvSpec(1, 1, 1, 1, 2, (1, 1)), Loss())
    result = check_entries(layer)
    assert result.grad_weight.item() == 1.0
    assert result.grad_output.tolist() == [[[[-0.5, 0.5]]]]
    assert result.output.tolist() == [[[[7.0, 11.0]]]]
    assert result.loss == 2.0
    assert (result.kinks, result.step) == (0, 2.0**-14)


def test_the_loss_is_really_evaluated_at_both_ends():
    """A step across a kink gives the secant: r = 1, step * x = 3: (|4| - |-2|) / 2 = 1, where the slope is 3."""
    ends = numeric.difference_of_loss(
        "l1", numeric.LossPlanes(np.ones((1, 1, 1)), None), np.full((1, 1), 3.0), np.empty((2, 1, 1, 1))
    )
    assert ends.tolist() == [2.0]


@given(specs(), st.sampled_from(LOSSES), st.sampled_from(["mean", "sum"]), st.integers(0, 999))
@settings(max_examples=80)
def test_the_referee_is_within_the_bound(spec, name, reduction, seed):
    """Any geometry, loss and reduction."""
    layer = layer_of(spec, Loss(name, reduction), seed)
    result = check_entries(layer)
    exact, gauge = truth_of(layer, result)
    assert (np.abs(result.grad_weight - exact) <= result.bound + spec.terms * 2.0**-53 * gauge).all()


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("scale", [1e-30, 1 / 255, 1.0, 1e30])
def test_the_bound_decides_at_any_scale(name, scale):
    """Tiny, unit-range and huge inputs are still conclusive, for every loss."""
    layer = layer_of(SMALL, Loss(name, "mean"), 5, scale)
    result = check_entries(layer)
    exact, gauge = truth_of(layer, result)
    assert (np.abs(result.grad_weight - exact) <= result.bound).all()
    assert decides(result.bound, gauge)


@pytest.mark.parametrize("name", LOSSES)
def test_threads_change_nothing(name):
    """Each column is summed by itself, so the bits are the same."""
    layer = layer_of(SMALL, Loss(name, "mean"))
    one, two = (check_entries(layer, threads=threads) for threads in (1, 2))
    assert (one.grad_weight == two.grad_weight).all()


def test_planes_larger_than_a_block_and_many_samples():
    """Blocks and the copies of a few samples at a time join without a gap."""
    spec = ConvSpec(3, 1, 2, 131, 259, (2, 3))
    layer = layer_of(spec, Loss("l1", "sum"))
    result = check_entries(layer)
    exact, _ = truth_of(layer, result)
    assert (np.abs(result.grad_weight - exact) <= result.bound).all()


def test_blocks_cover_every_number_once():
    """Also where neither the planes nor the counts divide evenly."""
    for shape in ((3, 1, 50625), (64, 5, 49), (7, 3, numeric.BLOCK), (1, 2, numeric.BLOCK + 1), (2000, 5, 49)):
        seen = np.zeros(shape, int)
        for block in numeric.blocks_of(shape):
            seen[block] += 1
            assert seen[block].size <= numeric.BLOCK
        assert (seen == 1).all()


@pytest.mark.parametrize("fault", [1 + 1e-6, -1.0, 0.0])
def test_a_wrong_entry_exceeds_the_bound(fault):
    """Planted: one entry of the gradient multiplied."""
    layer = layer_of(SMALL, Loss())
    result = check_entries(layer)
    exact, _ = truth_of(layer, result)
    exact[3, 1, 2, 0] *= fault
    wrong = np.argwhere(np.abs(result.grad_weight - exact) > result.bound)
    assert wrong.tolist() == [[3, 1, 2, 0]]


@pytest.mark.parametrize("exponent", range(-50, 1, 3))
def test_near_kinks_decide_and_those_at_a_kink_are_within_the_bound(exponent):
    """Residuals of any size, some exactly 0: the gradient of any slope there is within the bound."""
    layer = layer_of(ConvSpec(2, 2, 3, 12, 11, (3, 4)), Loss("l1", "sum"), 3)
    output = forward(layer.x, layer.weight, layer.bias, layer.spec)
    near = output[:, :1] + 2.0**exponent * np.random.default_rng(0).standard_normal(output[:, :1].shape)
    near[:, :, ::3] = output[:, :1, ::3]
    result = check_entries(Layer(layer.x, layer.weight, layer.bias, near, layer.spec, layer.loss))
    residual = output - near
    error = Residuals.of(Layer(layer.x, layer.weight, layer.bias, near, layer.spec, layer.loss), output).error
    is_unknown = np.abs(residual) <= error
    for slope in (-1.0, 0.0, 1.0):
        exact = reference.grad_weight(layer.x, np.where(is_unknown, slope, np.sign(residual)), layer.spec)
        assert (np.abs(result.grad_weight - exact) <= result.bound + 1e-15 * np.abs(exact)).all()
    assert result.kinks == np.count_nonzero(is_unknown) >= np.count_nonzero(residual == 0)


def test_a_residual_of_zero_makes_the_check_inconclusive():
    """Nothing is claimed about a slope at a kink."""
    layer = layer_of(SMALL, Loss())
    output = forward(layer.x, layer.weight, layer.bias, layer.spec)
    target = output[:, :1].copy()
    result = check_entries(Layer(layer.x, layer.weight, layer.bias, target, SMALL, layer.loss))
    assert result.kinks >= target.size
    assert not decides(result.bound, truth_of(layer, result)[1])


def test_a_black_picture_has_the_gradient_zero_exactly():
    """No x, no move: both ends are equal, and the bound is 0 too."""
    layer = layer_of(SMALL, Loss(), scale=0.0)
    result = check_entries(layer)
    assert not result.grad_weight.any()
    assert not result.bound.any()
    assert decides(result.bound, truth_of(layer, result)[1])


def test_overflow_is_inconclusive():
    """Infinite squares never count as agreement."""
    layer = layer_of(SMALL, Loss("mse", "mean"))
    wide = Layer(layer.x.astype(np.float64) * 1e200, layer.weight, layer.bias, layer.reference, SMALL, layer.loss)
    result = check_entries(wide)
    assert not decides(result.bound, np.ones(SMALL.weight_shape))


def test_progress_ends_at_one():
    """The last call says that all is done."""
    seen = []
    check_entries(layer_of(SMALL, Loss()), progress=lambda *told: seen.append(told))
    columns = SMALL.in_channels * SMALL.kernel_size[1]
    assert seen == [("finite differences", done / columns) for done in range(1, columns + 1)]


def test_the_step_is_at_most_a_ten_thousandth():
    """Far from any kink the cap of the design decides."""
    layer = layer_of(SMALL, Loss())
    far = Layer(layer.x, layer.weight, layer.bias, layer.reference + 1e6, SMALL, layer.loss)
    assert check_entries(far).step == 2.0**-14


def two_outputs(residual):
    """O = 4 twice, with the given residual and one of 1."""
    target = np.array([[[[4 - residual, 3.0]]]])
    return Layer(
        np.full((1, 1, 1, 2), 4.0), np.ones((1, 1, 1, 1)), np.zeros(1), target, ConvSpec(1, 1, 1, 1, 2, (1, 1)), Loss()
    )


def test_the_nearest_kink_decides_the_step():
    """A residual of 2^-20 and x = 4: just below 2^-22, so 2^-23, and nothing is at a kink."""
    result = check_entries(two_outputs(2.0**-20))
    assert (result.step, result.kinks) == (2.0**-23, 0)
    assert result.grad_weight.item() == 4.0


def test_a_residual_below_a_thousand_errors_has_a_step_of_its_own():
    """2^-40 is 256 errors: the common step ignores it, and the quotient is exact all the same."""
    result = check_entries(two_outputs(2.0**-40))
    assert (result.step, result.kinks) == (2.0**-14, 0)
    assert result.grad_weight.item() == 4.0
    assert decides(result.bound, np.full((1, 1, 1, 1), 4.0))


def test_a_residual_below_its_error_is_left_out():
    """2^-49 is half an error: only the other output, 4 / 2, is differentiated, and 4 / 2 may be missing."""
    result = check_entries(two_outputs(2.0**-49))
    assert (result.step, result.kinks) == (2.0**-14, 1)
    assert result.grad_weight.item() == 2.0
    assert result.bound.item() == pytest.approx(2.0, rel=1.1e-6)


def test_the_loss_is_that_of_the_layer():
    """The random factors are those of the layer's seed."""
    layer = layer_of(SMALL, Loss("random", "sum"), seed=7)
    result = check_entries(layer)
    assert result.loss == float((losses.random_factors(SMALL.output_shape, 7) * result.output).sum())


def test_as_many_threads_as_asked_for(monkeypatch):
    """One, where nobody asks."""
    asked = []

    class Pool(ThreadPoolExecutor):
        def __init__(self, max_workers):
            asked.append(max_workers)
            super().__init__(max_workers)

    monkeypatch.setattr(numeric, "ThreadPoolExecutor", Pool)
    check_entries(layer_of(SMALL, Loss()))
    check_entries(layer_of(SMALL, Loss()), threads=3)
    assert asked == [1, 3]


@given(specs(), st.sampled_from(LOSSES), st.integers(1, 40), st.integers(1, 200))
@settings(max_examples=40)
def test_blocks_and_copies_of_any_size_give_the_same_differences(spec, name, block, copy):
    """A number, a filter or a sample at a time: the sums are the same but for their rounding."""
    layer = layer_of(spec, Loss(name))
    whole = check_entries(layer)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numeric, "BLOCK", block)
        patch.setattr(numeric, "LARGEST_COPY", copy)
        cut = check_entries(layer)
    assert (np.abs(whole.grad_weight - cut.grad_weight) <= 2 * whole.bound).all()


@pytest.mark.parametrize(("limit", "expected"), [(1, [1] * 5), (2 * 9 * 5, [2, 2, 1]), (3 * 9 * 5 - 1, [2, 2, 1])])
def test_a_few_samples_are_copied_at_a_time(monkeypatch, limit, expected):
    """As many as LARGEST_COPY numbers allow, of 9 rows of 5 columns each, and one at the least."""
    seen, shifts = [], numeric.shifts_of
    monkeypatch.setattr(numeric, "LARGEST_COPY", limit)
    monkeypatch.setattr(numeric, "shifts_of", lambda moves, *others: seen.append(len(moves)) or shifts(moves, *others))
    check_entries(layer_of(ConvSpec(5, 1, 1, 9, 6, (2, 2)), Loss()))
    assert seen == 2 * expected


def test_work_that_has_not_begun_is_dropped_when_the_block_is_left():
    """Ctrl-C in the middle of a run does not wait for the rest of the columns."""
    layer = layer_of(ConvSpec(1, 40, 2, 64, 64, (3, 30)), Loss())
    with suppress(KeyboardInterrupt), numeric.workers(1) as pool:
        started = numeric.start(layer, pool)
        raise KeyboardInterrupt
    assert started.pending.columns[-1].cancelled()
