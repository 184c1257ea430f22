"""The derivative of a forward that is only called: two sources that agree, and bit for bit where it is straight."""

from dataclasses import replace

import numpy as np
import pytest

from gradcheck_cli.oracles import blackbox
from gradcheck_cli.oracles.blackbox import (
    EvaluationError,
    complex_step,
    differences,
    direction,
    exact_differences,
    noise_of,
    with_its_rounding,
)

POINT = np.random.default_rng(3).standard_normal((3, 4))


def stacked(function):
    """A forward of one array as the oracles call it."""
    return lambda values: (np.stack([function(value) for value in values]),)


def norm(x):
    """A row norm: no entry of its derivative is simple."""
    return x / np.sqrt((x * x).sum(1, keepdims=True) + 0.1)


def test_two_sources_agree_within_what_they_say():
    """One without a difference, one by differences."""
    first, second = complex_step(POINT, stacked(norm)), differences(POINT, stacked(norm))
    assert (np.abs(first.values - second.values) <= first.error + second.error).all()
    assert second.error.max() < 1e-10


def test_a_direction_confirms_the_right_derivative_only():
    """One wrong entry of many is enough to tell."""
    right = complex_step(POINT, stacked(norm))
    second = direction(POINT, stacked(norm), seed=1)
    wrong = replace(right, values=right.values + 1e-8 * np.eye(12))
    assert (second.confirms_all(right), second.confirms_all(wrong)) == (True, False)


def test_a_direction_confirms_a_right_gradient_only():
    """The same for one G."""
    grad = [np.ones((3, 4))]
    value, radius, _ = complex_step(POINT, stacked(norm)).gradient(grad, POINT.shape)
    second = direction(POINT, stacked(norm), seed=1)
    assert second.confirms(value, radius, grad)
    assert not second.confirms(value + 1e-8, radius, grad)


def test_code_that_drops_imaginary_parts_is_refused():
    """Half a derivative would be taken for a whole one."""
    with pytest.raises(EvaluationError):
        complex_step(POINT, stacked(lambda x: np.tanh(x.real)))


def test_a_product_is_straight_along_each_entry():
    """So its derivative is exact on whole numbers."""
    point = np.arange(1.0, 7.0).reshape(2, 3)
    weight = np.array([[2.0, -1.0], [3.0, 5.0], [-4.0, 1.0]])
    slope = exact_differences(point, stacked(lambda x: x @ weight))
    assert np.array_equal(slope.values, np.kron(np.eye(2), weight))


def test_a_curve_is_not_straight():
    """Its differences change with the step."""
    assert exact_differences(np.arange(1.0, 4.0), stacked(np.square)) is None


def test_near_a_kink_the_error_says_so():
    """Nothing is claimed of an entry at which both sides differ."""
    jacobian = differences(np.array([0.0, 1.0]), stacked(np.abs))
    assert jacobian.error[1, 1] < 1e-12
    assert jacobian.values[0, 0] == 0 or jacobian.error[0, 0] > 0.1


@pytest.mark.parametrize("bent", [lambda x: 0 * x, np.exp])
@pytest.mark.parametrize("is_coarse", [False, True])
def test_wherever_a_kink_lies_the_error_covers_it(is_coarse, bent):
    """Between the steps, or nearer than all of them: slopes of both of its sides may agree by chance."""
    step = 2.0**-2 if is_coarse else 2.0**-4
    away = np.concatenate([np.geomspace(step * 2.0**-9, 2 * step, 400), [0.0]])
    noise = np.full(away.size, 1e-7 if is_coarse else 1e-17)

    found = differences(away, stacked(lambda x: np.abs(x) + bent(x)), noise)

    true = np.sign(away) + complex_step(away, stacked(bent)).values.diagonal()
    off = np.abs(found.values.diagonal() - true)
    assert (off[:-1] <= found.error.diagonal()[:-1]).all()
    assert found.error[-1, -1] >= 1


def test_a_direction_tells_a_straight_forward_from_a_curve():
    """Also where outputs cancel: only what is straight is asked for exact differences."""
    weight = np.random.default_rng(4).standard_normal((4, 9))
    assert direction(POINT, stacked(lambda x: x @ weight - (x @ weight).mean(0)), seed=2).is_straight
    assert not direction(POINT, stacked(np.tanh), seed=2).is_straight


def single(x):
    """The row norm as float32 computes it, whatever it is handed."""
    x = x.astype(np.float32)
    return (x / np.sqrt((x * x).sum(1, keepdims=True) + np.float32(0.1))).astype(np.float64)


def test_rounding_in_float32_is_measured_through_float64_outputs():
    """Some units of float32, where float64 has some 1e-16."""
    way = np.ones_like(POINT)
    noise, fine = noise_of(POINT, way, stacked(single)), noise_of(POINT, way, stacked(norm))
    assert 1e-9 < noise.min() < noise.max() < 1e-6
    assert fine.max() < 1e-14


def test_rounding_in_half_precision_is_measured():
    """A step that moves float32 moves no float16."""
    noise = noise_of(POINT, np.ones_like(POINT), stacked(lambda x: np.tanh(x.astype(np.float16)).astype(np.float64)))
    assert 1e-5 < np.median(noise) < 1e-2


@pytest.mark.parametrize("seed", range(8))
def test_differences_of_a_rounded_forward_say_how_far_off_they_are(seed):
    """A lucky agreement of two neighbours in the table is no accuracy."""
    point = np.random.default_rng(seed).standard_normal((3, 4))
    second = direction(point, stacked(single), seed=1)
    found, true = differences(point, stacked(single), second.noise), complex_step(point, stacked(norm))
    assert (np.abs(found.values - true.values) <= found.error).all()
    assert found.error.max() < 1e-4


def sure(z):
    """The loss of a chance of almost 1 whose label is 0, and its slope, which is almost 1."""
    chance = 1 / (1 + np.exp(-z))
    return (-np.log(1 - chance),)


@pytest.mark.skipif(np.finfo(np.longdouble).eps == np.finfo(float).eps, reason="no number is longer than float64 here")
@pytest.mark.parametrize("z", [20.0, 27.0, 30.0, 33.0])
def test_what_a_forward_has_rounded_is_a_part_of_the_error(z):
    """Of 1 - p only the last digits are left: a complex step cancels nothing, and is as far off as these are."""
    point, right = np.array([z]), 1 / (1 + np.exp(-z))
    known = complex_step(point, sure)

    found = with_its_rounding(known, complex_step(point.astype(np.longdouble), sure))

    off = abs(found.values[0, 0] - right)
    assert off <= found.error[0, 0]
    assert abs(known.values[0, 0] - right) > known.error[0, 0]  # it does not know
    assert off < abs(known.values[0, 0] - right)


def test_a_forward_that_makes_float64_of_longer_numbers_has_no_better_derivative():
    """Then nothing is known beside what was."""
    point = np.array([0.3, 0.7])

    def as_float64(values):
        return (np.sin(np.asarray(values, np.float64)),)

    known = differences(point, as_float64)

    longer = differences(point.astype(np.longdouble), as_float64)

    assert np.allclose(with_its_rounding(known, longer).values, np.diag(np.cos(point)), atol=1e-9)


@pytest.mark.parametrize(("most", "questions"), [(2**20, 2), (1, 1 + blackbox.HALVINGS)])
def test_small_steps_are_asked_about_in_one_question(monkeypatch, most, questions):
    """Large ones each by itself; the numbers are the same."""
    monkeypatch.setattr(blackbox, "MOST_BYTES", most)
    asked, point = [], np.array([0.5, 2.0])

    def counted(values):
        asked.append(len(values))
        return (np.exp(values),)

    found = differences(point, counted)
    assert len(asked) == 1 + questions
    assert np.abs(found.values - np.diag(np.exp(point))).max() <= found.error.max() < 1e-9
