"""Which products an entry holds: read one by one, or several at a time as digits of a number."""

import numpy as np
import pytest

from gradcheck_cli.diagnose.terms import NotLinearError, digits_of, read_terms
from gradcheck_cli.mistakes import Problem
from gradcheck_cli.model import Case, ConvSpec, Term

SPEC = ConvSpec(1, 1, 1, 3, 3, (2, 2))
X = np.arange(1.0, 10).reshape(1, 1, 3, 3)
WEIGHT = np.array([1.0, -2.0, 3.0, 5.0]).reshape(1, 1, 2, 2)
G = np.array([2.0, -1.0, 1.0, 4.0]).reshape(1, 1, 2, 2)
CASE = Case(SPEC, X, WEIGHT, np.zeros(1), G)
FIRST = (0, 0, 0, 0)
# 4 outputs with 9 pixels each one by one, or in two portions of five; two calls more check the sum.
ONE_BY_ONE, CODED = 4 * 9 + 2, 4 * 2 + 2


def at(row, column):
    """An index of the one plane."""
    return (0, 0, row, column)


class Counted:
    """A backward of grad_weight that is `change` of the right one, and how often it was called."""

    def __init__(self, change):
        self.change, self.calls = change, 0

    def __call__(self, case):
        self.calls += 1
        return self.change(Problem(case))


def right(problem):
    """The truth."""
    return problem.grad_weight


RIGHT_TERMS = tuple(Term(at(p, q), at(p, q), 1.0, 1.0) for p in (0, 1) for q in (0, 1))


@pytest.mark.parametrize(("budget", "calls"), [(ONE_BY_ONE, ONE_BY_ONE), (ONE_BY_ONE - 1, CODED), (CODED, CODED)])
def test_both_ways_of_reading_find_the_same_products(budget, calls):
    """grad_weight[0,0,0,0] is the sum of G[p,q] X[p,q]; the more expensive way is taken where it can be paid."""
    backward = Counted(right)

    assert RIGHT_TERMS == read_terms(backward, CASE, "weight", FIRST, budget)
    assert calls == backward.calls


def test_too_small_a_budget_reads_nothing():
    """Not even a call is spent."""
    backward = Counted(right)

    assert () == read_terms(backward, CASE, "weight", FIRST, CODED - 1)
    assert 0 == backward.calls


def wrong(problem):
    """X[2,2] G[0,0] stands 511 times in the first entry, X[0,1] G[0,1] -3 times, X[1,1] G[1,1] not at all."""
    gradient = problem.grad_weight.copy()
    x, g = problem.case.x[0, 0], problem.case.grad_output[0, 0]
    gradient[FIRST] += 511 * x[2, 2] * g[0, 0] - 4 * x[0, 1] * g[0, 1] - x[1, 1] * g[1, 1]
    return gradient


@pytest.mark.parametrize("budget", [ONE_BY_ONE, CODED])
def test_coefficients_of_any_size_and_sign_are_read(budget):
    """In the order of G's indices, what should be there beside what is."""
    expected = (
        Term(at(0, 0), at(0, 0), 1.0, 1.0),
        Term(at(0, 0), at(2, 2), 0.0, 511.0),
        Term(at(0, 1), at(0, 1), 1.0, -3.0),
        Term(at(1, 0), at(1, 0), 1.0, 1.0),
        Term(at(1, 1), at(1, 1), 1.0, 0.0),
    )

    assert expected == read_terms(lambda case: wrong(Problem(case)), CASE, "weight", FIRST, budget)


@pytest.mark.parametrize("budget", [4 * 4 + 2, 4 + 2])
def test_grad_input_pairs_g_with_f(budget):
    """dE/dX[1,1] meets every tap once."""
    terms = read_terms(lambda case: Problem(case).grad_input, CASE, "input", at(1, 1), budget)

    assert tuple(Term(at(p, q), at(1 - p, 1 - q), 1.0, 1.0) for p in (0, 1) for q in (0, 1)) == terms


def test_grad_bias_holds_g_alone():
    """Its terms have no second factor; a half is a coefficient too."""

    def half(case):
        assert case.x is CASE.x
        assert case.weight is CASE.weight
        return Problem(case).grad_bias / 2

    terms = read_terms(half, CASE, "bias", (0,), 4 + 2)

    assert tuple(Term(at(p, q), (), 1.0, 0.5) for p in (0, 1) for q in (0, 1)) == terms


@pytest.mark.parametrize(
    "change",
    [
        lambda problem: problem.grad_weight + 1,
        lambda problem: problem.grad_weight * (1 + 1e-6 * (np.abs(problem.case.x).max() == 9)),
        lambda problem: np.abs(problem.grad_weight) ** 2,
        lambda problem: problem.grad_weight[0],
        lambda problem: problem.grad_weight[:, :, 1:, :0],
        lambda problem: None,
    ],
    ids=["a constant", "other on the case itself", "a square", "an axis less", "empty", "failed"],
)
@pytest.mark.parametrize("budget", [ONE_BY_ONE, CODED])
def test_nothing_is_claimed_of_what_is_not_linear(change, budget):
    """The terms must add up to the entry, and to 0 for G = 0."""
    assert () == read_terms(Counted(change), CASE, "weight", FIRST, budget)


def test_halves_cannot_be_read_as_digits():
    """One by one they can."""
    half = Counted(lambda problem: problem.grad_weight / 2)

    assert () == read_terms(half, CASE, "weight", FIRST, CODED)
    assert {0.5} == {term.actual for term in read_terms(half, CASE, "weight", FIRST, ONE_BY_ONE)}


@pytest.mark.parametrize(
    "digits", [[5, -3, 7, 0, 0], [0, 0, 0, 0, 1], [-512, 511, -1, 1, -511], [0, 0, 0, 0, 0], [511, -512, 0, 0, 2]]
)
def test_balanced_digits_by_hand(digits):
    """Base 1024, from -512 to 511, the lowest first."""
    value = sum(digit * 1024**power for power, digit in enumerate(digits))

    assert digits == list(digits_of(float(value)))
    with pytest.raises(NotLinearError):
        list(digits_of(value + 0.5))


def test_a_last_portion_that_is_not_full_is_a_call_too():
    """6 pixels are two portions of five at the most: 2 * 2 calls and two more."""
    spec = ConvSpec(1, 1, 1, 2, 3, (2, 2))
    case = Case(spec, X[:, :, :2], WEIGHT, np.zeros(1), G[:, :, :1])
    calls = Counted(right)

    assert () == read_terms(calls, case, "weight", FIRST, 5)
    assert 0 == calls.calls
    assert 2 == len(read_terms(calls, case, "weight", FIRST, 6))


@pytest.mark.parametrize(
    ("value", "fits"),
    # Of an entry that holds nothing: 1e-9 is the last that counts as nothing.
    [(1e-9, True), (1.5e-9, False)],
)
def test_what_is_left_may_be_a_billionth_of_1(value, fits):
    """The probes see 0 everywhere, the case itself a little."""

    def backward(problem):
        is_itself = problem.case.x.max() == 9 and abs(problem.case.grad_output).max() == 4
        return np.full((1, 1, 2, 2), value if is_itself else 0.0)

    terms = read_terms(Counted(backward), CASE, "weight", FIRST, ONE_BY_ONE)
    assert (len(RIGHT_TERMS) if fits else 0) == len(terms)


@pytest.mark.parametrize(("error", "fits"), [(5e-10, True), (2e-9, False)])
def test_what_is_left_may_be_a_billionth_of_the_entry(error, fits):
    """An entry of some 20."""

    def backward(problem):
        return problem.grad_weight * (1 + error * (problem.case.x.max() == 9))

    assert abs(Problem(CASE).grad_weight[FIRST]) > 10
    terms = read_terms(Counted(backward), CASE, "weight", FIRST, ONE_BY_ONE)
    assert (RIGHT_TERMS if fits else ()) == terms
