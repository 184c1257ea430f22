"""Numbers rounded to so many bits, and the cases that need them."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from random_layers import specs

from gradcheck_cli.model import ConvSpec
from gradcheck_cli.numbers import exact, graded
from gradcheck_cli.numbers.formats import BITS, cut_to, limit_of, rounded_to
from gradcheck_cli.numbers.rounding import UNIT_ROUNDOFF

SPEC = ConvSpec(2, 3, 4, 8, 7, (3, 3))


def rng(seed=0):
    """A generator."""
    return np.random.default_rng(seed)


def test_bits_are_those_of_the_unit_roundoff():
    """One fact, seen from two sides."""
    assert all(limit_of(BITS[name]) * unit == 1 for name, unit in UNIT_ROUNDOFF.items())


@pytest.mark.parametrize(
    ("number", "rounded", "cut"),
    [(256, 256, 256), (257, 256, 256), (259, 260, 258), (-771, -772, -768)],
)
def test_bfloat16_by_hand(number, rounded, cut):
    """Eight bits; in the middle to the even one."""
    assert (rounded_to(np.array(number), 8), cut_to(np.array(number), 8)) == (rounded, cut)


@given(st.floats(-1e4, 1e4))
def test_eleven_bits_are_float16(number):
    """Where float16 has all of its bits."""
    if abs(number) > 1e-3:
        assert rounded_to(np.array(number), 11) == np.float16(number)


@given(specs(), st.integers(0, 9))
def test_small_cases_need_eight_bits(spec, seed):
    """Whole numbers, and no sum of absolute values reaches 2^8."""
    case = graded.small_case(spec, rng(seed), 8)
    assert exact.certificate(case).exact_below(2**8)
    assert all((array == np.rint(array)).all() for array in case.values())


def test_summed_cases_have_inputs_of_eight_bits_and_stay_below_infinity():
    """Of float16 too."""
    case = graded.summed_case(SPEC, rng(), "float16")
    assert max(np.abs(array).max() for array in case.values()) < 2**8
    assert 2**11 < exact.certificate(case).largest < 65_504


def test_fine_cases_are_exact_in_float32_and_in_no_fewer_bits():
    """Every number of X and F is another one with 11 bits."""
    case = graded.fine_case(SPEC, rng())
    assert exact.certificate(case).exact_in_float32
    assert (rounded_to(case.x, 11) != case.x).all()
    assert (rounded_to(case.weight, 11) != case.weight).all()
    assert (rounded_to(case.x, 13) == case.x).all()


@pytest.mark.parametrize("terms", [384, 3072])
def test_larger_layers_have_as_many_terms_as_are_asked_for(terms):
    """The first for grad_weight and grad_bias, the second for grad_input; the batch stays."""
    longer, wider = graded.with_terms(SPEC, terms)
    assert min(longer.terms_of("weight"), longer.terms_of("bias"), wider.terms_of("input")) >= terms
    assert (longer.batch, wider.batch, longer.out_channels, wider.width) == (2, 2, 4, 7)
