"""The adjoint identity: right gradients always pass, a single wrong entry does not."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from random_layers import integers, specs

from gradcheck_cli.model import GRADIENTS, Case, ConvSpec, Gradients
from gradcheck_cli.oracles import adjoint, reference
from gradcheck_cli.oracles.adjoint import adjoint_mismatch, exact_dot, is_whole

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


@pytest.mark.parametrize("exponent", [30, 31, 32, 52])
def test_exact_dot_at_the_limit_of_int64(exponent):
    """A few products that fit one by one, and whose sum is 2^63 or a little less or more."""
    for count in (1, 2, 3, 4, 5):
        for first, second in ((2**exponent, 2**exponent), (2**exponent - 1, 2 ** (62 - exponent) + 1)):
            arrays = (np.full(count, number, np.int64) for number in (first, second))
            assert exact_dot(*arrays) == count * first * second


def test_exact_dot_of_many_small_numbers_and_large_ones():
    """2^12 ones times 2^52 are 2^64, on either side; so are that many zeros, and 300 ones are 300."""
    ones, large = np.ones(2**12, np.int64), np.full(2**12, 2**52)
    assert exact_dot(ones, large) == exact_dot(large, ones) == 2**64
    assert exact_dot(0 * ones, large) == exact_dot(large, 0 * ones) == 0
    assert exact_dot(ones[:300], ones[:300]) == 300


def test_is_whole_by_hand():
    """Whole and below 2^53; a half, 2^53 itself, NaN and infinity are not."""
    assert is_whole(np.array([0.0, -3.0, 2.0**53 - 1]))
    for number in (0.5, 2.0**53, -(2.0**53), np.nan, np.inf):
        assert not is_whole(np.array([1.0, number]))


def test_random_factors_take_every_value_up_to_the_limit():
    """From -2 to 2, both among them."""
    assert set(adjoint.draw_factors(np.random.default_rng(0), 2, (500,)).tolist()) == {-2, -1, 0, 1, 2}


@given(specs(), st.integers(0, 53), st.integers(0, 2**53 - 1))
def test_the_limit_is_the_largest_that_keeps_the_forward_exact(spec, bits, number):
    """L * max |fixed| * terms < 2^53, and no longer with L + 1; at most 2^15."""
    case, largest = Case(spec, *[None] * 4), number >> bits
    size = max(largest, 1) * spec.in_channels // spec.groups * spec.kernel_size[0] * spec.kernel_size[1]
    limit = adjoint.largest_factor(np.array([1 if largest else 0, -largest]), case)
    assert isinstance(limit, int)
    assert limit * size < 2**53
    assert limit == 2**15 or (limit + 1) * size >= 2**53


@pytest.mark.parametrize(
    ("kernel", "largest", "expected"),
    [
        ((1, 1), 1, 2**15),
        ((2**20, 2**20), 0, 2**13 - 1),
        ((2**20, 2**20), 1, 2**13 - 1),
        ((2**20, 2**10), 3, 2**23 // 3),
        ((69431, 1), 20394401, 6361),
    ],
)
def test_limits_by_hand(kernel, largest, expected):
    """(2^53 - 1) / 2^40 = 2^13 - 1 / 2^40, and 2^53 - 1 = 6361 * 69431 * 20394401."""
    case = Case(ConvSpec(1, 1, 1, *kernel, kernel), *[None] * 4)
    assert min(expected, 2**15) == adjoint.largest_factor(np.array([-largest]), case)


class Drawn:
    """A generator that "draws" 3, -2, 0, 1, 3 and so on."""

    def integers(self, low, high, shape, endpoint):
        """Whatever the range."""
        return np.resize([3, -2, 0, 1], shape)


def test_both_sides_by_hand():
    """F' = 3, -2 and X' = 3, -2, 0 and b' = 3; each side is that equation's own, and a miss has a chance of 1 in 7."""
    x, grad_output = np.array([[[[1.0, 2.0, 4.0]]]]), np.array([[[[10.0, 100.0]]]])
    case = Case(ConvSpec(1, 1, 1, 1, 3, (1, 2)), x, np.array([[[[5.0, 7.0]]]]), np.zeros(1), grad_output)
    gradients = Gradients(np.array([[[[210.0, 420.0]]]]), np.array([[[[50.0, 570.0, 700.0]]]]), np.array([110.0]))
    result = adjoint_mismatch(case, gradients, Drawn())
    assert [
        adjoint.Identity("weight", -210, -210, 1 / 7),
        adjoint.Identity("input", -990, -990, 1 / 7),
        adjoint.Identity("bias", 330, 330, 1 / 7),
    ] == list(result.identities)
    assert result.equal
    assert result.wrong == ()


@given(specs(), st.integers(0, 999))
@settings(max_examples=40)
def test_right_gradients_satisfy_every_equation(spec, seed):
    """Any stride, padding, dilation, groups, batch and shape."""
    case, gradients = problem(spec, seed)
    result = adjoint_mismatch(case, gradients, np.random.default_rng(seed))
    assert result.equal
    assert len(result.identities) == 3
    assert all(identity.forward_side == identity.gradient_side for identity in result.identities)


@pytest.mark.parametrize("name", GRADIENTS)
@pytest.mark.parametrize("fault", [1, -1, 1e-9, np.nan])
def test_a_single_wrong_entry_is_found_and_named(name, fault):
    """Planted: one entry off by one, by a fraction, or not a number, in 20 places each."""
    case, gradients = problem(SPEC, 0)
    rng = np.random.default_rng(1)
    for _ in range(20):
        wrong = gradients.get(name).astype(np.float64)
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
    assert result.identities == ()


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
