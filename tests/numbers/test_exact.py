"""Integer probes: certified, exact in the format they promise, and revealing in the next narrower one."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from random_layers import specs

from gradcheck_cli.model import GRADIENTS, Case, ConvSpec, Gradients
from gradcheck_cli.numbers import drawing, exact, magnitudes
from gradcheck_cli.numbers.formats import largest_given
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


def test_sizes_of_float32_are_summed_in_float64():
    """In float32 the ones behind 2^24 would be lost, and the bound lie below the sum."""
    planes = np.ones((1, 1, 1, 9), np.float32)
    planes[..., 0] = 2**24
    assert magnitudes.measured(planes).sums == 2**24 + 8


def test_the_limit_itself_is_not_certified():
    """Below 2^24, not at it."""
    assert exact.Certificate(2**24 - 1, 1, 1).exact_in_float32
    assert not exact.Certificate(1, 2**24, 1).exact_in_float32


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


def test_a_narrower_format_has_the_kernel_made_smaller_before_the_picture():
    """2^11 is what float16 holds: 200 filters of ones at each pixel fit, and X keeps all of its steps."""
    spec = ConvSpec(1, 1, 200, 8, 8, (3, 3))
    case = exact.narrow_case(spec, rng(), limit=2**11)
    assert exact.certificate(case).exact_below(2**11)
    assert np.abs(case.weight).max() == np.abs(case.grad_output).max() == 1
    assert np.abs(case.x).max() > exact.SMALLEST_RANGE


@given(specs(), st.integers(0, 999))
@settings(max_examples=50)
def test_wide_cases_are_exact_in_float64_and_not_in_float32(spec, seed):
    """max A < 2^53 is proved; cutting X, F and G to float32 changes numbers in all three gradients."""
    case = exact.wide_case(spec, rng(seed))
    assert exact.certificate(case).largest < magnitudes.FLOAT64_LIMIT
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
        assert exact.certificate(whole).largest < magnitudes.FLOAT64_LIMIT
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
    moved = drawing.with_fractions(np.array([0.0, 2.0, -3.0]), 2, rng())

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
    assert all(np.array_equal(right.get(name), back.get(name)) for name in GRADIENTS)
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


def test_what_is_drawn_covers_its_whole_range():
    """X from 1 to 255, F to 7, G to 3, each with both signs and never 0; the bias counts from 1."""
    spec = ConvSpec(1, 3, 4, 60, 60, (9, 9))
    case = exact.narrow_case(spec, rng())

    for array, largest in (
        (case.weight, 7),
        (drawing.draw(rng(), (9, 999), 255), 255),
        (drawing.draw(rng(), (99,), 3), 3),
    ):
        assert [*range(-largest, 0), *range(1, largest + 1)] == np.unique(array).tolist()
    assert [1.0, 2.0, 3.0, 4.0] == case.bias.tolist() == exact.wide_case(spec, rng()).bias.tolist()
    small = exact.narrow_case(ConvSpec(1, 1, 2, 12, 12, (1, 1)), rng())
    assert {1.0, 2.0, 3.0} == set(np.unique(np.abs(small.grad_output)))
    assert 200 < np.abs(small.x).max() <= 255


def test_the_certificate_looks_at_each_group_by_itself():
    """A large X in one group meets only the G of its own filters; F of both filters of a group add up."""
    spec = ConvSpec(1, 2, 4, 1, 2, (1, 1), groups=2)
    x = np.array([1.0, -2.0, 100.0, 0.0]).reshape(spec.x_shape)
    grad_output = np.array([50.0, 1.0, 1.0, 0.0, 0.0, -1.0, 2.0, 0.0]).reshape(spec.output_shape)
    weight = np.array([5.0, -6.0, 7.0, 1.0]).reshape(spec.weight_shape)

    # weight: group 0 min(51*2, 50*3) = 102; group 1 min(2*100, 2*100) = 200. input: 50*5 + 6, 7 + 2*1. bias: 51.
    assert exact.Certificate(200, 256, 51) == exact.certificate(Case(spec, x, weight, np.zeros(4), grad_output))


def test_the_largest_magnitude_of_each_channel():
    """Of either sign, and of no other channel."""
    assert [1, 9] == magnitudes.maxima(np.array([1.0, -9.0]).reshape(1, 2, 1, 1)).tolist()
    assert [9, 1] == magnitudes.maxima(np.array([9.0, -1.0]).reshape(1, 2, 1, 1)).tolist()


@pytest.mark.parametrize(
    ("bound", "whole"),
    [(7.0, 7), (2.0**53 - 1, 2**53 - 1), (2.0**53, 2**53 + 2**33 + 1), (2.0**60, 2**60 + 2**40 + 1)],
)
def test_a_bound_that_may_have_been_rounded_is_raised(bound, whole):
    """By a part in 2^20 and 1, from 2^53 on."""
    assert whole == magnitudes.above(bound)


def case_of(upstream, weight=1.0, x=100.0):
    """One channel, two outputs in a row."""
    spec = ConvSpec(1, 1, 1, 1, 2, (1, 1))
    arrays = np.full(spec.x_shape, x), np.full(spec.weight_shape, weight), np.zeros(1), np.full((1, 1, 1, 2), upstream)
    return Case(spec, *arrays)


LIMIT = 2**24


@pytest.mark.parametrize(
    ("case", "proof", "expected"),
    [
        # G is halved while it holds more than signs, whatever else is too large.
        (case_of(3.0), exact.Certificate(LIMIT, LIMIT, LIMIT), case_of(1.0)),
        (case_of(2.0), exact.Certificate(LIMIT, LIMIT, LIMIT), case_of(1.0)),
        # Then F, where grad_input is too large; its signs stay.
        (case_of(1.0, weight=-5.0), exact.Certificate(LIMIT, LIMIT, 1), case_of(1.0, weight=-2.0)),
        (case_of(1.0, weight=2.0), exact.Certificate(LIMIT, LIMIT, 1), case_of(1.0, weight=1.0)),
        # Then the low bits of X, down to 15.
        (case_of(1.0, x=-101.0), exact.Certificate(LIMIT, LIMIT - 1, LIMIT - 1), case_of(1.0, x=-50.0)),
        (case_of(1.0, x=16.0), exact.Certificate(LIMIT, 1, 1), case_of(1.0, x=8.0)),
        # Then G, which where grad_bias is too large comes before X; this draw leaves both of its numbers.
        (case_of(1.0), exact.Certificate(LIMIT, 1, LIMIT), case_of(1.0)),
    ],
)
def test_one_step_towards_the_limit_is_the_least_harmful_one(case, proof, expected):
    """By hand, at the limits themselves."""
    found = exact.one_step_smaller(case, proof, rng())

    for name in ("x", "weight", "grad_output"):
        assert np.array_equal(getattr(expected, name), getattr(found, name))


def test_the_last_steps_thin_out():
    """F of signs about by half; G where X has no more bits to lose, or where G alone is too large."""
    spec = ConvSpec(1, 1, 1, 60, 60, (30, 30))
    ones = [np.ones(shape) for shape in (spec.x_shape, spec.weight_shape, (1,), spec.output_shape)]
    case = Case(spec, ones[0] * 15, *ones[1:])

    by_half = exact.one_step_smaller(case, exact.Certificate(1, LIMIT, 1), rng()).weight
    assert {0.0, 1.0} == set(np.unique(by_half))
    assert 0.4 < by_half.mean() < 0.6
    without_bits = exact.one_step_smaller(case, exact.Certificate(2 * LIMIT, 1, 1), rng())
    assert np.array_equal(case.x, without_bits.x)
    inside = without_bits.grad_output[:, :, 1:-1, 1:-1]
    assert 0.35 < inside.mean() < 0.55
    assert without_bits.grad_output[:, :, [0, -1]].all()
    assert without_bits.grad_output[..., [0, -1]].all()
    of_bias = exact.one_step_smaller(replace(case, x=case.x * 9), exact.Certificate(1, 1, 2 * LIMIT), rng())
    assert np.array_equal(case.x * 9, of_bias.x)
    assert of_bias.grad_output.mean() < 1


@pytest.mark.parametrize("place", [(1, 1), (1, 2), (2, 1), (2, 2)])
def test_borders_are_kept_while_anything_inside_is_left(place):
    """One number inside, wherever it is, and the border stays; none, and the border is thinned out too."""
    plane = np.zeros((1, 1, 4, 4))
    plane[..., [0, -1], :] = plane[..., [0, -1]] = 1.0
    assert drawing.thinned_inside(plane, 0.1, rng()).sum() < plane.sum()

    plane[0, 0][place] = 1.0
    kept = drawing.thinned_inside(plane, 0.1, rng())
    border = np.ones((4, 4), bool)
    border[1:-1, 1:-1] = False
    assert kept[0, 0][border].all()


def test_the_border_of_a_line_is_its_two_ends():
    """One row is none: what is thinned is all between the first and the last column."""
    kept = drawing.thinned_inside(np.ones((1, 1, 1, 40)), 0.1, rng())
    assert kept[0, 0, 0, [0, -1]].all()
    assert 0 < np.count_nonzero(kept) < 20


def test_between_two_rows_lies_nothing():
    """So there is nothing to thin before the border."""
    assert not drawing.thinned_inside(np.ones((1, 1, 2, 40)), 0.0, rng()).any()


def windows(axis, spec):
    """Rows (or columns) of the padded input that each output reads, by the definition."""
    return [
        [spec.stride[axis] * p + spec.dilation[axis] * u - spec.padding[axis] for u in range(spec.kernel_size[axis])]
        for p in range(spec.output_size[axis])
    ]


@given(specs())
def test_wide_numbers_are_put_where_windows_meet_the_picture(spec):
    """Rows and columns that are read at all, and outputs whose window reads more than padding."""
    for axis in (0, 1):
        inside = range(spec.input_size[axis])
        reads = windows(axis, spec)
        touched = sorted({place for window in reads for place in window if place in inside})
        meeting = [p for p, window in enumerate(reads) if any(place in inside for place in window)]
        assert touched == drawing.touched(spec)[axis].tolist()
        assert meeting == drawing.meeting(spec)[axis].tolist()


@pytest.mark.parametrize(("size", "count"), [(1, 1), (2, 1), (3, 3), (4, 3), (12, 3)])
@pytest.mark.parametrize("seed", range(4))
def test_three_numbers_of_a_filter_become_wide_and_its_sum_odd(size, count, seed):
    """One of fewer than three; where the sum is even, one of the others is moved by 1."""
    for filled in (2.0, 1.0, 0.0):
        plane = np.full((1, 1, size), filled)
        drawing.widen(plane, (np.arange(1), np.arange(size)), rng(seed))
        wide = plane[plane >= 2**24]
        assert count == wide.size
        assert np.all(wide % 4 == 1)
        assert 1 == plane.sum() % 2
        others = plane[plane < 2**24]
        assert set(others.tolist()) <= {filled, filled + 1}
        assert np.count_nonzero(others != filled) <= 1


def test_outputs_that_meet_the_picture_are_made_wide_first():
    """Where only two do, the third is one that meets padding."""
    plane = np.full((1, 1, 6), 2.0)
    drawing.widen(plane, (np.array([0]), np.array([2, 3])), rng())

    assert (plane[0, 0, 2:4] >= 2**24).all()
    assert 1 == np.count_nonzero(plane[0, 0, [0, 1, 4, 5]] >= 2**24)


@pytest.mark.parametrize(
    ("given_x", "expected"),
    [
        ([0.0, 0.0], [0, 0]),
        ([0.5, -1.0], [128, -255]),
        ([1.5, 2.0], [2, 2]),
        ([0.4, 65536.0], [0, 65536]),
        ([65537.0, 0.0], [255, 0]),
        ([], []),
    ],
)
def test_pixels_as_integers(given_x, expected):
    """Rounded; spread over 255 steps where they lie within 1, and brought back to 255 above what is allowed."""
    assert expected == drawing.whole_pixels(np.array(given_x), 2**16).tolist()


def test_pixels_of_a_narrow_case_are_what_tf32_has():
    """A picture of 16 bits is spread over 255 steps for it; one of 11 bits stays as it is."""
    spec, most = ConvSpec(1, 1, 1, 1, 2, (1, 1)), largest_given("tf32")
    cases = [exact.narrow_case(spec, rng(), x=np.array([[[[1.0, top]]]]), most=most) for top in (2048, 2049)]
    assert [case.x.max() for case in cases] == [2048, 255]
    assert largest_given("float32") == largest_given("bfloat16") == 2**16


@pytest.mark.parametrize(
    ("numbers", "bit", "least"),
    [([0.0], 0, 1.0), ([6.0, 4.0], 1, 4.0), ([0.75, -0.5], -2, 0.5), ([3.0, 2.0**40], 0, 3.0), ([0.1], -55, 0.1)],
)
def test_the_grid_of_an_array(numbers, bit, least):
    """The largest power of 2 that divides every number, and the smallest magnitude; 0 and 1 for zeros."""
    assert bit == magnitudes.lowest_bit(np.array(numbers))
    assert least == magnitudes.smallest(np.array(numbers))


def test_the_grid_of_an_array_is_that_of_its_last_number_too():
    """However many come before it."""
    numbers = np.full(3 * magnitudes.BLOCK, 4.0)
    numbers[: magnitudes.BLOCK] = 0
    numbers[-1] = 0.5

    assert (2, -1) == (magnitudes.lowest_bit(numbers[:-1]), magnitudes.lowest_bit(numbers))


def test_halves_stay_whole_and_none_becomes_zero():
    """Magnitudes 7, 6, 3, 1 become 3, 3, 1, 1; the signs and the zeros stay."""
    halved = drawing.halved(np.array([7.0, -6.0, 3.0, -1.0, 1.0, 0.0]))

    assert [3.0, -3.0, 1.0, -1.0, 1.0, 0.0] == halved.tolist()


def test_powers_of_two_are_found_where_no_number_divides_the_others():
    """X of quarters and G of eighths, of which the smallest is no divisor of the rest."""
    spec = ConvSpec(1, 1, 1, 1, 3, (1, 1))
    x, grad_output = np.array([[[[0.25, 0.5, 1.75]]]]), np.array([[[[0.25, 0.375, -1.0]]]])

    scaled = exact.dyadic(x, grad_output, spec)

    assert (2, 0.125) == (scaled.exponent, scaled.factor)
    assert [1.0, 2.0, 7.0] == scaled.x.ravel().tolist()
    assert [2.0, 3.0, -8.0] == scaled.grad_output.ravel().tolist()


def test_a_gradient_of_zeros_has_a_scale_too():
    """Nothing divides by the smallest of no numbers."""
    spec = ConvSpec(1, 1, 1, 1, 3, (1, 1))

    assert [0.0] * 3 == exact.dyadic(np.ones((1, 1, 1, 3)), np.zeros((1, 1, 1, 3)), spec).grad_output.ravel().tolist()


def test_the_limit_of_float64_itself_is_too_large():
    """max A = 2^53 is refused, one less is taken: there 2^53 + 1 could not be told from it."""
    spec = ConvSpec(1, 1, 1, 1, 1, (1, 1))
    one = np.ones((1, 1, 1, 1))

    assert exact.dyadic(one * (2.0**53 - 1), one, spec) is not None
    assert exact.dyadic(np.array([[[[2.0**53, 1.0]]]]), np.ones((1, 1, 1, 2)), ConvSpec(1, 1, 1, 1, 2, (1, 1))) is None
