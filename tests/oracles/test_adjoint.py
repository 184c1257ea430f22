"""The adjoint identity: right gradients always pass, a single wrong entry does not."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from random_layers import integers, specs

from gradcheck_cli.model import GRADIENTS, Case, ConvSpec, Gradients
from gradcheck_cli.oracles import reference
from gradcheck_cli.oracles.adjoint import adjoint_mismatch, exact_dot

SPEC = ConvSpec(2, 4, 6, 7, 8, (3, 2), (2, 1), (1, 2), (1, 2), 2)


def problem(spec, seed):
    """A case of small integers and its right gradients."""
    x, weight, grad_output = integers(spec, seed)
    case = Case(spec, x, weight, np.zeros(spec.out_channels), grad_output)
    grad_weight = reference.grad_weight(x, grad_output, spec)
    grad_input = reference.grad_input(weight, grad_output, spec)
    return case, Gradients(grad_weight, grad_input, reference.grad_bias(grad_output))


def test_exact_dot_by_hand():
    """1*4 - 2*5 + 3*6 = 12."""
    assert exact_dot(np.array([1, -2, 3]), np.array([4, 5, 6])) == 12


@given(st.lists(st.tuples(*[st.integers(-(2**53) + 1, 2**53 - 1)] * 2), min_size=1, max_size=50))
def test_exact_dot_never_overflows(pairs):
    """Products of 106 bits are summed to the last unit."""
    first, second = (np.array(column, np.int64) for column in zip(*pairs, strict=True))
    assert exact_dot(first, second) == sum(a * b for a, b in pairs)


@given(specs(), st.integers(0, 999))
@settings(max_examples=40)
def test_right_gradients_satisfy_every_equation(spec, seed):
    """Any stride, padding, dilation, groups, batch and shape."""
    case, gradients = problem(spec, seed)
    result = adjoint_mismatch(case, gradients, np.random.default_rng(seed))
    assert result.equal
    assert len(result.identities) == 3
    assert result.forward_side == result.weight_side


@pytest.mark.parametrize("name", GRADIENTS)
@pytest.mark.parametrize("fault", [1, -1, 1e-9, np.nan])
def test_a_single_wrong_entry_is_found_and_named(name, fault):
    """Planted: one entry off by one, by a fraction, or not a number, in 20 places each."""
    case, gradients = problem(SPEC, 0)
    rng = np.random.default_rng(1)
    for _ in range(20):
        wrong = gradients.named(name).astype(np.float64)
        wrong.flat[rng.integers(wrong.size)] += fault
        result = adjoint_mismatch(case, Gradients(**{**vars(gradients), name: wrong}), rng)
        assert result.wrong == (name,)
        assert not result.equal


def test_nothing_given_is_not_a_pass():
    """No gradient, no equation, no agreement."""
    case, _ = problem(SPEC, 0)
    result = adjoint_mismatch(case, Gradients(), np.random.default_rng(0))
    assert not result.equal
    assert result.miss_probability == 1.0
    assert (result.forward_side, result.weight_side, result.input_side) == (None, None, None)


def test_numbers_too_large_for_any_random_factor_are_not_a_pass():
    """Random factors of 0 compare 0 with 0."""
    case, gradients = problem(SPEC, 0)
    large = Case(SPEC, case.x * 2.0**51, case.weight, case.bias, case.grad_output)
    result = adjoint_mismatch(large, Gradients(weight=np.zeros_like(gradients.weight)), np.random.default_rng(0))
    assert result.miss_probability == 1.0
    assert not result.equal
    assert result.wrong == ()


def test_the_chance_to_miss_is_told():
    """65,537 values for each random factor, fewer where the forward would leave the exact range."""
    case, gradients = problem(SPEC, 0)
    rng = np.random.default_rng(0)
    assert adjoint_mismatch(case, Gradients(weight=gradients.weight), rng).miss_probability < 1 / 60000
    large = Case(SPEC, case.x * 2**40, case.weight, case.bias, case.grad_output)
    result = adjoint_mismatch(large, Gradients(weight=gradients.weight * 2**40), rng)
    assert result.equal
    assert result.miss_probability > 1 / 1000
