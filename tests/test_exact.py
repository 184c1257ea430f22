"""Integer probes: certified, exact in the format they promise, and revealing in the next narrower one."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from random_layers import specs

from gradcheck_cli import exact
from gradcheck_cli.model import GRADIENTS, Case, ConvSpec, Gradients
from gradcheck_cli.oracles import reference

SPEC = ConvSpec(2, 4, 6, 9, 8, (3, 2), (2, 1), (1, 2), (1, 2), 2)


def rng(seed=0):
    """A generator of its own for each test."""
    return np.random.default_rng(seed)


def largest_sums(case):
    """max A of the three gradients, exactly."""
    x, weight, grad_output = (np.abs(array) for array in (case.x, case.weight, case.grad_output))
    spec = case.spec
    return (
        int(reference.grad_weight(x, grad_output, spec).max()),
        int(reference.grad_input(weight, grad_output, spec).max()),
        int(reference.grad_bias(grad_output).max()),
    )


def gradients(case, dtype):
    """The three gradients, everything cut to `dtype` before and after each tap."""
    x, weight, grad_output = (
        array.astype(dtype).astype(np.float64) for array in (case.x, case.weight, case.grad_output)
    )
    spec = case.spec
    return (
        reference.grad_weight(x, grad_output, spec),
        reference.grad_input(weight, grad_output, spec),
        reference.grad_bias(grad_output),
    )


def test_certificate_by_hand():
    """weight min(7*5, 4*8) = 32, input 4*9, bias 7."""
    spec = ConvSpec(1, 1, 1, 1, 2, (1, 1))
    x, grad_output = np.array([[[[-3.0, 5.0]]]]), np.array([[[[3.0, -4.0]]]])
    case = Case(spec, x, np.full((1, 1, 1, 1), -9.0), np.zeros(1), grad_output)
    assert exact.certificate(case) == exact.Certificate(weight=32, input=36, bias=7)


def test_the_limits_themselves_are_not_certified():
    """Below 2^24 and 2^53, not at them."""
    assert exact.Certificate(2**24 - 1, 1, 1).exact_in_float32
    assert not exact.Certificate(1, 2**24, 1).exact_in_float32
    assert exact.Certificate(1, 1, 2**53 - 1).exact_in_float64
    assert not exact.Certificate(2**53, 1, 1).exact_in_float64


@given(specs(), st.integers(0, 999))
def test_the_certificate_is_above_the_true_sums(spec, seed):
    """For narrow and for wide cases of any geometry."""
    for case in (exact.narrow_case(spec, rng(seed)), exact.wide_case(spec, rng(seed))):
        proof = exact.certificate(case)
        truth = largest_sums(case)
        assert truth <= (proof.weight, proof.input, proof.bias)
        assert all(one <= bound for one, bound in zip(truth, (proof.weight, proof.input, proof.bias), strict=True))


@given(specs(), st.integers(0, 999))
@settings(max_examples=50)
def test_narrow_cases_are_whole_numbers_below_the_limit(spec, seed):
    """float64 carriers, shapes of the geometry, max A < 2^24."""
    case = exact.narrow_case(spec, rng(seed))
    assert exact.certificate(case).exact_in_float32
    assert (case.x.shape, case.weight.shape, case.grad_output.shape) == (
        spec.x_shape,
        spec.weight_shape,
        spec.output_shape,
    )
    for array in (case.x, case.weight, case.bias, case.grad_output):
        assert array.dtype == np.float64
        assert (array == np.rint(array)).all()
        assert array.all()


def test_the_forum_layer_keeps_its_pixels_and_signs():
    """255 * 50,625 < 2^24: nothing has to be made smaller."""
    spec = ConvSpec(1, 3, 3, 256, 256, (32, 32))
    pixels = rng().integers(0, 256, spec.x_shape).astype(np.float32)
    signs = rng(1).choice((-1.0, 0.0, 1.0), spec.output_shape) / 151875
    case = exact.narrow_case(spec, rng(2), pixels, signs)
    assert (case.x == pixels).all()
    assert (case.grad_output == np.sign(signs)).all()


def test_pixels_between_grey_levels_are_rounded():
    """A resized float picture becomes whole numbers."""
    pixels = rng().random(SPEC.x_shape) * 255
    assert (exact.narrow_case(SPEC, rng(), pixels).x == np.rint(pixels)).all()


@pytest.mark.parametrize("scale", [1e-30, 1 / 255, 1e30])
def test_pixels_of_another_range_are_spread_over_255_steps(scale):
    """Rounding a unit-range picture to 0 and 1 would hide most of it."""
    pixels = np.arange(np.prod(SPEC.x_shape)).reshape(SPEC.x_shape) % 256 * scale
    assert (exact.narrow_case(SPEC, rng(), pixels).x == np.arange(pixels.size).reshape(SPEC.x_shape) % 256).all()


@pytest.mark.parametrize(("batch", "size"), [(2, 300), (1, 1500), (3, 1500)])
def test_too_many_terms_cost_low_bits_then_outputs_but_never_exactness(batch, size):
    """More terms than 2^24 / 255: the pixels lose bits down to 4, then G is thinned out, its borders kept."""
    spec = ConvSpec(batch, 1, 1, size, size, (2, 2))
    pixels = rng().integers(0, 256, spec.x_shape)
    case = exact.narrow_case(spec, rng(), pixels, np.ones(spec.output_shape))
    assert exact.certificate(case).exact_in_float32
    assert np.abs(case.x).max() >= exact.SMALLEST_RANGE // 2
    assert case.grad_output[:, :, [0, -1]].all()
    assert case.grad_output[..., [0, -1]].all()
    assert np.count_nonzero(case.grad_output) > spec.terms // 100


def test_a_kernel_with_too_large_sums_is_made_smaller():
    """The limit of grad_input counts too: 65,536 filters."""
    spec = ConvSpec(1, 1, 2**16, 8, 8, (8, 8))
    assert exact.certificate(exact.narrow_case(spec, rng())).exact_in_float32


@given(specs(), st.integers(0, 999))
@settings(max_examples=50)
def test_wide_cases_are_exact_in_float64_and_not_in_float32(spec, seed):
    """max A < 2^53 is proved; cutting X, F and G to float32 changes numbers in all three gradients."""
    case = exact.wide_case(spec, rng(seed))
    assert exact.certificate(case).exact_in_float64
    for kept, cut in zip(gradients(case, np.float64), gradients(case, np.float32), strict=True):
        if kept.any():
            assert (kept != cut).any()


def test_each_array_of_a_wide_case_needs_more_than_float32():
    """A hidden cast of X alone, of F alone or of G alone shows, in every channel and every filter."""
    case = exact.wide_case(SPEC, rng())
    for array, axes in ((case.x, (2, 3)), (case.grad_output, (0, 2, 3))):
        assert (array.astype(np.float32) != array).any(axis=axes).all()
    assert (case.weight.astype(np.float32) != case.weight).any()


@pytest.mark.parametrize("spec", [SPEC, ConvSpec(1, 3, 3, 256, 256, (8, 8)), ConvSpec(2, 3, 4, 7, 6, (3, 2))])
def test_a_float32_accumulator_shows_in_a_wide_case(spec):
    """Planted: exact products, float64 in and out, but a float32 that adds up the outputs of a tap."""
    case = exact.wide_case(spec, rng())
    total = np.zeros(spec.out_channels, np.float32)
    for sample in case.grad_output:
        total += sample.sum(axis=(1, 2), dtype=np.float32)
    assert (total != reference.grad_bias(case.grad_output)).any()
    returned = reference.grad_weight(case.x, case.grad_output, spec)
    assert (returned.astype(np.float32) != returned).any()


def test_a_wide_case_keeps_the_picture():
    """All but one pixel of each plane are those of the narrow case."""
    pixels = rng().integers(1, 256, SPEC.x_shape)
    assert np.count_nonzero(exact.wide_case(SPEC, rng(), pixels).x != pixels) == 2 * 4


def test_filters_and_channels_of_a_probe_differ():
    """A mix-up of samples, channels or filters changes numbers."""
    for case in (exact.narrow_case(SPEC, rng()), exact.wide_case(SPEC, rng())):
        planes = [*case.x.reshape(-1, *SPEC.input_size), *case.grad_output.reshape(-1, *SPEC.output_size)]
        assert len({plane.tobytes() for plane in planes}) == len(planes)


def test_dyadic_by_hand():
    """0.75 and -2 are 3 and -8 quarters; G of one magnitude is its signs."""
    spec = ConvSpec(1, 1, 1, 1, 2, (1, 1))
    scaled = exact.dyadic(np.array([[[[0.75, -2.0]]]]), np.array([[[[1 / 3, -1 / 3]]]]), spec)
    assert (scaled.factor, scaled.exponent) == (1 / 3, 2)
    assert scaled.x.tolist() == [[[[3, -8]]]]
    assert scaled.grad_output.tolist() == [[[[1, -1]]]]


def test_dyadic_of_small_whole_factors():
    """2 and 3 are no multiples of each other, but both are whole."""
    spec = ConvSpec(1, 1, 1, 1, 2, (1, 1))
    scaled = exact.dyadic(np.ones(spec.x_shape), np.array([[[[2.0, 3.0]]]]), spec)
    assert (scaled.factor, scaled.grad_output.tolist()) == (1.0, [[[[2, 3]]]])


def test_dyadic_refuses_what_does_not_fit():
    """Full mantissas on both sides need 106 bits."""
    x, grad_output = rng().random(SPEC.x_shape), rng(1).random(SPEC.output_shape)
    assert exact.dyadic(x, grad_output, SPEC) is None


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_dyadic_refuses_what_is_not_finite(bad):
    """Neither is an integer at any scale."""
    assert exact.dyadic(np.full(SPEC.x_shape, bad), np.ones(SPEC.output_shape), SPEC) is None
    assert exact.dyadic(np.ones(SPEC.x_shape), np.full(SPEC.output_shape, bad), SPEC) is None


def test_dyadic_of_zeros():
    """All zero is whole at any scale."""
    scaled = exact.dyadic(np.zeros(SPEC.x_shape), np.zeros(SPEC.output_shape), SPEC)
    assert (scaled.factor, scaled.exponent) == (1.0, 0)


@given(specs(), st.integers(0, 999), st.integers(-20, 20))
def test_dyadic_gradients_scale_back_exactly(spec, seed, exponent):
    """Real float32 data of one magnitude: the scaled gradient, scaled back, is the gradient."""
    generator = rng(seed)
    x = (generator.integers(-255, 256, spec.x_shape) * 2.0**exponent).astype(np.float32)
    grad_output = generator.choice((-1.0, 0.0, 1.0), spec.output_shape) * 0.125
    scaled = exact.dyadic(x, grad_output, spec)
    product = reference.grad_weight(scaled.x, scaled.grad_output, spec) * scaled.factor
    assert (product * 2.0**-scaled.exponent == reference.grad_weight(x.astype(np.float64), grad_output, spec)).all()


@given(specs(), st.integers(0, 999))
@settings(max_examples=50)
def test_fractional_and_tiny_cases_are_exact_in_float64(spec, seed):
    """As integers on their own grid they have max A < 2^53."""
    for draw in (exact.fractional_case, exact.tiny_case):
        whole = exact.as_integers(draw(spec, rng(seed)))
        assert exact.certificate(whole).exact_in_float64
        assert all(np.array_equal(array, np.rint(array)) for array in (whole.x, whole.weight, whole.grad_output))


def test_fractions_cut_to_integers_are_the_narrow_case():
    """Every number but 0 has something behind the point, on a grid of 1/4, and of 1/64 for G."""
    narrow, case = exact.narrow_case(SPEC, rng()), exact.fractional_case(SPEC, rng())

    for name, parts in (("x", 4), ("weight", 4), ("grad_output", 64)):
        array = getattr(case, name)
        assert np.array_equal(getattr(narrow, name), np.trunc(array))
        assert np.array_equal(array * parts, np.rint(array * parts))
        assert np.all(np.where(array != 0, array != np.rint(array), True))
        assert parts - 1 == len(np.unique(np.abs(array[array != 0]) % 1))


def test_zeros_stay_zeros_among_fractions():
    """A case thinned out to zeros stays thin, and every number is moved away from 0."""
    moved = exact._with_fractions(np.array([0.0, 2.0, -3.0]), 2, rng())

    assert [0.0, 2.5, -3.5] == moved.tolist()


def test_a_tiny_case_is_the_narrow_one_times_a_power_of_2():
    """2^-20 each, so that gradients come near 1e-12; the bias stays."""
    narrow, case = exact.narrow_case(SPEC, rng()), exact.tiny_case(SPEC, rng())

    for name in ("x", "weight", "grad_output"):
        assert np.array_equal(getattr(narrow, name), getattr(case, name) * 2.0**20)
    assert np.array_equal(narrow.bias, case.bias)


def test_scaling_back_gives_the_gradients_of_the_integers():
    """Two factors in grad_weight and grad_input, one in grad_bias; what is None stays None."""
    case = exact.wide_case(SPEC, rng())
    right = Gradients(*gradients(case, np.float64))
    scaled = exact.scaled(case, 2.0**-13)

    back = exact.unscaled(Gradients(*gradients(scaled, np.float64)), 2.0**-13)
    assert all(np.array_equal(right.named(name), back.named(name)) for name in GRADIENTS)
    assert Gradients() == exact.unscaled(Gradients(), 2.0**-13)


def test_as_integers_takes_each_array_to_its_own_grid():
    """The smallest integers that are a power of 2 times the array; zeros stay."""
    spec = ConvSpec(1, 1, 1, 1, 2, (1, 1))
    case = Case(spec, np.array([[[[0.75, -4.0]]]]), np.full((1, 1, 1, 1), 2.0**60), np.ones(1), np.zeros((1, 1, 1, 2)))

    whole = exact.as_integers(case)
    assert [3, -16] == whole.x.ravel().tolist()
    assert [1] == whole.weight.ravel().tolist()
    assert [0, 0] == whole.grad_output.ravel().tolist()
    assert [1] == whole.bias.tolist()
