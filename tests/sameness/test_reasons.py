"""Why gradients are the same or differ, computed from X and G."""

import math
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from gradcheck_cli.sameness.reasons import channel_reason, filter_reason, percent

SEEDS = st.integers(0, 2**32 - 1)
PLANE = np.arange(1.0, 5.0).reshape(2, 2)


def planes(*each):
    """(1, m, 2, 2) from planes."""
    return np.stack(each)[None]


def test_equal_channels_are_the_reason():
    """A gray picture has equal channels, and that is said."""
    expected = "X's channels are equal, so every filter correlates the same plane"

    assert expected == channel_reason(planes(PLANE, PLANE, PLANE))


def test_one_channel_has_nothing_to_compare():
    """A single channel needs no reason."""
    assert "X has one channel" == channel_reason(planes(PLANE))


def test_equal_is_said_of_all_channels_and_numbers_of_the_first_64():
    """The 65th channel and filter are the odd ones out: the others, all equal, are not the whole."""
    odd = planes(*[PLANE] * 64, 3 * PLANE)
    pairs = "among the first 64"

    assert f"X's channels differ (by 0 % to 0 %, {pairs}); 2016 of 2016 pairs are equal" == channel_reason(odd)
    assert f"G differs between filters (by 0 % to 0 %, {pairs}); 2016 of 2016 pairs of filters have the same G" == (
        filter_reason(odd, "mse")
    )
    assert f" at 100 % to 100 % of the outputs, {pairs}; 2016 of 2016 pairs" in filter_reason(odd, "l1")
    assert "among" not in channel_reason(planes(*[PLANE] * 63, 3 * PLANE)) + filter_reason(odd[:, 1:], "mse")


def test_the_difference_of_the_channels_is_told_in_numbers():
    """||(3,4) - (3,0)|| / 5 = 80 %, ||(3,4) - (0,4)|| / 5 = 60 %, ||(3,0) - (0,4)|| / 4 = 125 %."""
    first, second, third = (np.array([[*pixels, 0.0, 0.0]]) for pixels in ((3.0, 4.0), (3.0, 0.0), (0.0, 4.0)))

    assert "X's channels differ (by 80 %)" == channel_reason(planes(first, second))
    assert "X's channels differ (by 60 % to 120 %)" == channel_reason(planes(first, second, third))


def test_all_samples_of_a_channel_are_its_plane():
    """Two channels that agree in the first sample and differ in the second are not equal."""
    first, second = planes(PLANE, PLANE), planes(PLANE, -PLANE)

    text = channel_reason(np.concatenate([first, second]))

    # ||2 PLANE|| / ||(PLANE, PLANE)|| = sqrt(2)
    assert "X's channels differ (by 140 %)" == text


def test_an_affine_channel_is_recognised():
    """X[1] = 2 X[0] + 3 is told with its numbers: ||(4,5,6,7)|| / ||(5,7,9,11)|| = sqrt(126 / 276)."""
    assert "X's channels differ (by 68 %); X[1] = 2 X[0] + 3" == channel_reason(planes(PLANE, 2 * PLANE + 3))


def test_at_most_two_affine_channels_are_told():
    """Three channels that are affine to each other make three pairs; the first two are enough."""
    text = channel_reason(planes(PLANE, 2 * PLANE + 3, 5 - PLANE))

    assert text.endswith("; X[1] = 2 X[0] + 3, X[2] = -1 X[0] + 5")


@pytest.mark.parametrize("order", [1, -1])
def test_a_constant_channel_of_the_unit_range_is_not_called_affine(order):
    """The mean of 225 x 225 times 7/255 is not 7/255 in floating point, and yet that channel does not vary."""
    picture = np.random.default_rng(0).integers(0, 256, (225, 225)) / 255

    assert "X[" not in channel_reason(planes(picture, np.full((225, 225), 7 / 255))[:, ::order])


@pytest.mark.parametrize("order", [1, -1])
def test_a_constant_channel_is_not_called_affine(order):
    """X[1] = 0 X[0] + 7 says nothing, and nothing is a multiple of what does not vary."""
    text = channel_reason(planes(PLANE, np.full((2, 2), 7.0))[:, ::order])

    # ||(6,5,4,3)|| / ||(7,7,7,7)|| = sqrt(86 / 196)
    assert "X's channels differ (by 66 %)" == text


@pytest.mark.parametrize(("residual", "affine"), [(1e-12, True), (1.01e-12, False)])
def test_affine_means_up_to_a_millionth_of_a_millionth(residual, affine):
    """What is left is 2 r, orthogonal to X[0], beside a plane of norm 2."""
    wave, rest = [1.0, -1.0, 1.0, -1.0], [residual, -residual, residual, -residual]
    first, second = np.array([[*wave, 0, 0, 0, 0]]), np.array([[*wave, *rest]])

    assert affine == channel_reason(planes(first, second)).endswith("; X[1] = 1 X[0] + 0")


def test_a_channel_that_is_nearly_affine_is_not_called_affine():
    """One pixel off by a millionth breaks the claim."""
    bent = 2 * PLANE + 3
    bent[0, 0] += 1e-6

    assert "X[1] =" not in channel_reason(planes(PLANE, bent))


def test_some_equal_channels_are_counted():
    """Two of three channels equal is one of three pairs."""
    text = channel_reason(planes(PLANE, PLANE, PLANE[::-1] ** 2))

    # ||(9,16,1,4) - (1,2,3,4)|| = sqrt(264), ||(9,16,1,4)|| = sqrt(354)
    assert "X's channels differ (by 0 % to 86 %); 1 of 3 pairs are equal" == text


def test_one_filter_has_nothing_to_compare():
    """A single filter needs no reason."""
    assert "there is one filter" == filter_reason(np.ones((2, 1, 2, 2)), "l1")


@pytest.mark.parametrize(
    ("plane", "why"),
    [
        ([-1, -1], ": every output is below the reference, so every sign(O - ref) is -1"),
        ([1, 1], ": every output is above the reference, so every sign(O - ref) is +1"),
        ([1, -1], ": sign(O - ref) agrees at every output"),
        ([0, -1], ": sign(O - ref) agrees at every output"),
        ([0, 0], ": sign(O - ref) agrees at every output"),
    ],
)
def test_filters_that_share_one_g_are_the_reason(plane, why):
    """The L1 loss has G = sign(O - ref) / numel; a sign that is everywhere the same is told, of the others that."""
    signs = np.array([[[plane]] * 3] * 2) / 12

    assert f"G is the same for all filters{why}" == filter_reason(signs[:, :, 0], "l1")
    assert "G is the same for all filters" == filter_reason(signs[:, :, 0], "mse")


def test_all_samples_of_a_filter_are_its_g():
    """Two filters that agree in the first sample and at no output of the second agree at half of the outputs."""
    grad_output = np.concatenate([planes(PLANE, PLANE), planes(PLANE, -PLANE)])

    assert "sign(O - ref) agrees between two filters at 50 % of the outputs" == filter_reason(grad_output, "l1")


def test_the_share_of_agreeing_signs_is_told():
    """Three of four signs agree between the first two, two and three between each and the third."""
    first, second, third = np.array([[[1, 1], [1, 1]], [[1, 1], [1, -1]], [[1, -1], [-1, 1]]]) / 12
    share = "sign(O - ref) agrees between two filters at"

    assert f"{share} 75 % of the outputs" == filter_reason(planes(first, second), "l1")
    assert f"{share} 25 % to 75 % of the outputs" == filter_reason(planes(first, second, third), "l1")


def test_filters_that_share_g_are_counted():
    """Two of three filters with the same G are one of three pairs."""
    three = planes(PLANE, PLANE, -PLANE)
    counted = "; 1 of 3 pairs of filters have the same G"

    assert f"sign(O - ref) agrees between two filters at 0 % to 100 % of the outputs{counted}" == filter_reason(
        three, "l1"
    )
    assert f"G differs between filters (by 0 % to 200 %){counted}" == filter_reason(three, "mse")


def test_a_smooth_loss_tells_the_difference_of_g():
    """Without signs the relative difference of G is told."""
    three = planes(PLANE, 2 * PLANE, 4 * PLANE)

    assert "G differs between filters (by 50 %)" == filter_reason(three[:, :2], "mse")
    assert "G differs between filters (by 50 % to 75 %)" == filter_reason(three, "mse")


@given(SEEDS)
def test_the_reason_is_what_the_pairs_of_planes_say(seed):
    """Gaps, equal pairs and affine pairs of random pixels, from plain loops over integers and fractions."""
    pixels = random_planes(np.random.default_rng(seed))
    lists = [pixels[:, k].ravel().tolist() for k in range(pixels.shape[1])]
    pairs = list(combinations(range(len(lists)), 2))
    gaps = [gap(lists[a], lists[b]) for a, b in pairs]
    equal, least, most = gaps.count(0), percent(min(gaps)), percent(max(gaps))
    lines = [(a, b, line(lists[a], lists[b])) for a, b in pairs]
    told = [f"X[{b}] = {float(s):.3g} X[{a}] + {float(t):.3g}" for a, b, (s, t) in lines if s and (s, t) != (1, 0)]
    shares = [sum(p == q for p, q in zip(lists[a], lists[b], strict=True)) / len(lists[a]) for a, b in pairs]

    if not any(gaps):
        assert "X's channels are equal, so every filter correlates the same plane" == channel_reason(pixels)
        return
    span = f"by {least} to {most}" if len(pairs) > 1 else f"by {least}"
    counted = f"; {equal} of {len(pairs)} pairs are equal" if equal else ""
    affine = f"; {', '.join(told[:2])}" if told else ""
    assert f"X's channels differ ({span}){counted}{affine}" == channel_reason(pixels)
    if len(pairs) > 1:
        counted = f"; {equal} of {len(pairs)} pairs of filters have the same G" if equal else ""
        share = f"{percent(min(shares))} to {percent(max(shares))} of the outputs"
        assert f"G differs between filters (by {least} to {most}){counted}" == filter_reason(pixels, "mse")
        assert f"sign(O - ref) agrees between two filters at {share}{counted}" == filter_reason(pixels, "l1")


def random_planes(rng):
    """(2, 2 to 4, 1, 2 or 4) small integers; some planes are equal, affine or constant."""
    base = rng.integers(-3, 4, (2, 1, 1, int(rng.choice([2, 4]))))
    count = int(rng.integers(2, 5))
    slopes, offsets = rng.choice([0, 1, 1, 2, -3], (1, count, 1, 1)), rng.choice([0, 0, 1, -2], (1, count, 1, 1))
    bumps = rng.integers(0, 2, (2, count, 1, base.shape[3])) * (rng.random((1, count, 1, 1)) < 0.3)
    return (slopes * base + offsets + bumps).astype(float)


def gap(first, second):
    """||first - second|| / max(||first||, ||second||), 0 for two zeros."""
    squares = [sum(int(entry) ** 2 for entry in plane) for plane in (first, second)]
    apart = sum(int(p - q) ** 2 for p, q in zip(first, second, strict=True))
    return math.sqrt(apart) / math.sqrt(max(squares)) if apart else 0.0


def line(first, second):
    """(slope, offset) with second = slope * first + offset in every entry, (0, 0) where there is none."""
    points = sorted({(Fraction(p), Fraction(q)) for p, q in zip(first, second, strict=True)})
    if points[0][0] == points[-1][0]:
        return 0, 0
    slope = (points[-1][1] - points[0][1]) / (points[-1][0] - points[0][0])
    offset = points[0][1] - slope * points[0][0]
    return (slope, offset) if all(q == slope * p + offset for p, q in points) else (0, 0)


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0 %"),
        (1, "100 %"),
        (0.5, "50 %"),
        (0.00004, "0.004 %"),
        (0.9999, "99.99 %"),
        (0.999999, "99.9999 %"),
        (1.53, "150 %"),
        (0.994, "99.4 %"),
        (0.985, "98 %"),
        (1 - 1e-12, "99.9999999999 %"),
        (1.002, "100.2 %"),
    ],
)
def test_a_share_is_never_rounded_to_nothing_or_everything(share, text):
    """Two significant digits of the share, or of what is missing to 100 %."""
    assert text == percent(share)


@given(st.floats(1e-9, 2).filter(lambda share: share not in (0, 1)))
def test_a_share_is_rounded_by_less_than_half_a_unit_of_its_second_digit(share):
    """What is told is as near as two significant digits can be, within 1 % of 100 % as two of the rest can be."""
    told = float(percent(share).removesuffix(" %"))

    digits = 100 * (abs(1 - share) if abs(1 - share) < 0.01 else share)
    assert abs(told - 100 * share) <= 0.5 * 10 ** (math.floor(math.log10(digits)) - 1) * (1 + 1e-6)


def test_with_as_many_groups_as_channels_there_is_nothing_to_compare():
    """Each filter reads one channel; with as many groups as filters each channel is read by one filter."""
    three = planes(PLANE, 2 * PLANE, 5 - PLANE)

    assert "each filter reads one channel" == channel_reason(three, 3)
    assert "each channel is read by one filter" == filter_reason(three, "l1", 3)
    assert channel_reason(three).startswith("X's channels differ")
