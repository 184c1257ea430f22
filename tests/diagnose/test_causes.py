"""Which formulas with which factors give the user's numbers, by hand-made structures and by the catalogue's."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from mistaken import SPECS, integers

from gradcheck_cli.diagnose.causes import (
    Cause,
    Structure,
    explain_all,
    fitting,
    may_be_proportional,
    on_prepared,
    pairs,
    seen_through,
    singles,
)
from gradcheck_cli.diagnose.factors import NONE, Factor
from gradcheck_cli.diagnose.observation import Comparison
from gradcheck_cli.layers import conv
from gradcheck_cli.mistakes import CATALOGUE, Problem, Variant
from gradcheck_cli.model import GRADIENTS, Case, ConvSpec

UNIT = 2.0**-53
# 3 outputs and 2 taps: 3 + 2 + 8 = 13 terms.
SPEC = ConvSpec(1, 1, 1, 1, 4, (1, 2))
NOT_STRUCTURE = {
    *("batch-mean", "scaled-constant", "sign-flipped", "bias-spatial-mean"),
    *("accumulates-between-calls", "single-precision"),
}


def case(spec=SPEC, x=1.0, weight=1.0, bias=1.0, grad_output=1.0):
    """Every array full of one number."""
    return Case(
        spec,
        np.full(spec.x_shape, x),
        np.full(spec.weight_shape, weight),
        np.full(spec.out_channels, bias),
        np.full(spec.output_shape, grad_output),
    )


def seen(actual, right=(0.0, 0.0), spec=SPEC, unit=UNIT):
    """Comparison of numbers made by hand."""
    arrays = [np.asarray(array, np.float64) for array in (right, actual)]
    return Comparison(Problem(case(spec)), *arrays, unit)


def giving(*numbers, identifier="kernel-rotated", rate=False):
    """A structure whose formula always gives these numbers; None for none."""
    array = None if numbers == (None,) else np.array(numbers, np.float64)
    return Structure(((CATALOGUE[identifier], Variant("", lambda _: array)),), lambda _: array, fits_rate=rate)


def constant(value, name="c", ids=("scaled-constant",)):
    """A factor that is the same everywhere."""
    return Factor(name, ids, lambda _: Fraction(value))


HALF, MINUS = constant(Fraction(1, 2), "1/2"), constant(-1, "-1", ("sign-flipped",))
BATCH = Factor("N", ("batch-mean",), lambda spec: Fraction(spec.batch))


def named(factors):
    """Names, ids and values."""
    return [(factor.name, factor.ids, factor.value(SPEC)) for factor in factors]


@pytest.mark.parametrize("gradient", GRADIENTS)
def test_the_right_formula_comes_first_and_then_every_form_of_every_mistake(gradient):
    """But for those told apart by a factor, a dtype or a second call; dE/dX has an early update of any rate."""
    expected = [
        (mistake.id, form.label, form.formula, False)
        for mistake in CATALOGUE.values()
        if mistake.id not in NOT_STRUCTURE
        for form in mistake.forms(gradient)
    ]
    right, *others = singles(gradient)
    if gradient == "input":
        *others, early = others
        ((mistake, form),) = early.parts
        assert ("updated-too-early", "", True) == (mistake.id, form.label, early.fits_rate)
        assert form.formula is early.formula
        problem = Problem(integers(SPECS[3]))
        lost = conv.definition.grad_input(problem.grad_weight, problem.case.grad_output, problem.spec.geometry)
        assert np.array_equal(-lost, early.formula(problem))

    problem = Problem(integers(SPECS[0]))
    assert ((), False) == (right.parts, right.fits_rate)
    assert right.formula(problem) is problem.right(gradient)
    assert expected == [
        (other.parts[0][0].id, other.parts[0][1].label, other.formula, other.fits_rate) for other in others
    ]
    assert {1} == {len(other.parts) for other in others}


def showing(gradient, problem):
    """The forms that differ from the truth, but for those of a learning rate."""
    results = [(one, one.formula(problem)) for one in singles(gradient)[1:] if not one.fits_rate]
    right = problem.right(gradient)
    return [one for one, result in results if result is not None and not np.array_equal(result, right)]


def building(gradient, problem):
    """Those of them whose result changes when other numbers are taken for the right gradient."""
    other = Problem.supposing(problem.case, gradient, problem.right(gradient) * 5 - 2)
    return [one for one in showing(gradient, problem) if not np.array_equal(one.formula(problem), one.formula(other))]


def joined(structures):
    """Without those that are told by themselves only."""
    return [one for one in structures if not one.parts[0][0].alone]


def told(structure):
    """Ids and labels of a structure's parts."""
    return [(mistake.id, form.label) for mistake, form in structure.parts]


@pytest.mark.parametrize("gradient", GRADIENTS)
def test_pairs_are_every_mistake_under_one_that_rearranges_and_on_every_prepared_case(gradient):
    """Never two forms of one mistake, nor one that shows nowhere, nor one that stays alone; the inner is told first."""
    problem = Problem(integers(SPECS[3]))
    single, outermost = joined(showing(gradient, problem)), joined(building(gradient, problem))
    expected = [
        told(inner) + told(outer) for inner in single for outer in outermost if told(inner)[0][0] != told(outer)[0][0]
    ]
    for first in CATALOGUE.values():
        if first.prepare is not None and any(told(one)[0][0] == first.id for one in single):
            expected += [[(first.id, ""), *told(second)] for second in single if told(second)[0][0] != first.id]

    found = list(pairs(gradient, [evidence_of(gradient, problem)]))

    assert expected == [told(structure) for structure in found]
    assert not any(structure.fits_rate for structure in found)


def evidence_of(gradient, problem):
    """A right answer."""
    return Comparison(problem, problem.right(gradient), problem.right(gradient), UNIT)


def pair_of(gradient, first, second):
    """The pair with these ids, in their usual forms, on geometries with and without padding."""
    seen = [evidence_of(gradient, Problem(integers(spec))) for spec in (SPECS[2], SPECS[1])]
    return next(pair for pair in pairs(gradient, seen) if told(pair) == [(first, ""), (second, "")])


def test_a_mistake_that_shows_elsewhere_is_put_together_too():
    """groups-ignored changes nothing without groups; one geometry with groups is enough."""
    plain, grouped = (evidence_of("weight", Problem(integers(SPECS[place]))) for place in (3, 12))

    def ids(seen):
        return {mistake.id for pair in pairs("weight", seen) for mistake, _ in pair.parts}

    assert "groups-ignored" not in ids([plain])
    assert "groups-ignored" in ids([plain, grouped])


@pytest.mark.parametrize("identifier", ["shifted", "partial-output"])
def test_a_formula_that_sums_anew_is_never_put_on_top_of_another(identifier):
    """Half of its result would come from the wrong numbers, half from X and G: no code computes that."""
    problem = Problem(integers(SPECS[0]))
    outers = {pair.parts[1][0].id for pair in pairs("weight", [evidence_of("weight", problem)])}
    formula = CATALOGUE[identifier].formulas["weight"]
    other = Problem.supposing(problem.case, "weight", problem.grad_weight * 5 - 2)

    assert np.array_equal(formula(problem), formula(other))
    assert "kernel-rotated" in outers


def test_a_mistake_on_top_of_another_gets_the_other_s_result():
    """Rotated, then transposed where it is; a result of another shape, or none, is left as it comes."""
    problem = Problem(integers(SPECS[3]))
    form = pair_of("weight", "upstream-rotated", "kernel-rotated")
    inner = CATALOGUE["upstream-rotated"].formulas["weight"](problem)
    assert np.array_equal(inner[..., ::-1, ::-1], form.formula(problem))

    empty = pair_of("input", "unpad-empty", "channels-reversed").formula(Problem(integers(SPECS[1])))
    assert 0 == empty.size

    nowhere = pair_of("weight", "wrong-index", "kernel-rotated")
    assert nowhere.formula(Problem(integers(SPECS[12]))) is None


def test_a_mistake_on_a_prepared_case_sees_that_case():
    """The last image alone; where nothing is prepared it is the case itself."""
    form = pair_of("weight", "last-sample-only", "upstream-rotated")
    problem = Problem(integers(SPECS[0]))
    last = CATALOGUE["last-sample-only"].prepare(problem.case)
    rotated = CATALOGUE["upstream-rotated"].formulas["weight"]
    assert np.array_equal(rotated(Problem(last)), form.formula(problem))
    assert not np.array_equal(rotated(problem), form.formula(problem))

    for first in (
        replace(CATALOGUE["last-sample-only"], prepare=lambda _: None),
        replace(CATALOGUE["last-sample-only"], prepare=None),
    ):
        assert np.array_equal(rotated(problem), on_prepared(first, rotated)(problem))


def test_a_formula_sees_the_array_that_stands_for_the_right_gradient():
    """In its own place only."""
    problem, array = Problem(integers(SPECS[0])), np.arange(4.0)

    assert seen_through(lambda other: other.grad_bias, problem.case, "bias", array) is array
    other = seen_through(lambda other: other.grad_weight, problem.case, "bias", array)
    assert np.array_equal(problem.grad_weight, other)


@pytest.mark.parametrize(
    ("structure", "actual", "expected"),
    [
        # The formula as it is: factors that are 1 here.
        (giving(2, 6), (2, 6), [NONE, BATCH]),
        # Zeros are any factor times zeros.
        (giving(0, 0), (0, 0), [NONE, HALF, MINUS, BATCH]),
        (giving(2, 6), (1, 3), [HALF]),
        (giving(2, 6), (-2, -6), [MINUS]),
        (giving(2, 6), (6, 18), []),
        (giving(2, 6), (2, 7), []),
        (giving(2, 6), (2, 6, 0), []),
        (giving(0, 0), (2, 6), []),
        # A formula without a meaning here stands for the truth, (8, 4).
        (giving(None), (8, 4), [NONE, BATCH]),
        (giving(None), (4, 2), [HALF]),
        (giving(None), (2, 6), []),
        # Rates: what is added to the truth, times the formula; a name is never a rate.
        (giving(2, 6, rate=True), (10, 10), [NONE, BATCH]),
        (giving(2, 6, rate=True), (9, 7), []),
        (giving(2, 6, rate=True), (10, 10, 0), []),
        (giving(None, rate=True), (10, 10), []),
    ],
)
def test_named_factors_that_fit(structure, actual, expected):
    """Exactly these of four, with no other constant read off."""
    found = fitting(structure, seen(actual, (8, 4)), (NONE, HALF, MINUS, BATCH), fit=False)

    assert expected == found


@pytest.mark.parametrize(
    ("structure", "actual", "expected"),
    [
        (giving(2, 6), (6, 18), [("3", ("scaled-constant",), 3)]),
        (giving(2, 6), (1, 3), [("1/2", ("scaled-constant",), 0.5), ("0.5", ("scaled-constant",), 0.5)]),
        (giving(2, 6), (2, 6), [("", (), 1)]),
        (giving(3, 6), (1, 2), [("1/3", ("scaled-constant",), Fraction(1, 3))]),
        (giving(2, 6), (2 * 2**0.5, 6 * 2**0.5), []),
        (giving(2, 6, rate=True), (9, 7), [("0.5", (), 0.5)]),
        (giving(2, 6, rate=True), (8.2, 4.6), [("0.1", (), Fraction(1, 10))]),
        (giving(2, 6, rate=True), (10, 10), [("", (), 1)]),
    ],
)
def test_a_constant_is_read_off_where_it_may_be(structure, actual, expected):
    """Beside the named factors that fit; a learning rate is no mistake of its own."""
    found = fitting(structure, seen(actual, (8, 4)), (NONE, HALF), fit=True)

    assert expected == named(found)


CORNER = Structure(
    (), lambda p: np.array([p.case.x.flat[0] + p.case.weight.flat[0], p.case.bias[0] + p.case.grad_output.flat[0]])
)


@pytest.mark.parametrize(
    ("structure", "largest"), [(CORNER, 9 * 2.0**40), (giving(None), 2.0**40)], ids=["absolute values", "the truth"]
)
def test_what_rounding_may_do_is_measured_on_absolute_values(structure, largest):
    """(X + F, b + G) = (2^40, 0), on absolute values (5 2^40, 9 2^40): twice 2 (3 + 2 + 8) u of the largest."""
    made = case(x=3 * 2.0**40, weight=-2.0 * 2**40, bias=-4.5 * 2.0**40, grad_output=4.5 * 2.0**40)
    right = np.array([2.0**40, 0.0])
    allowed = 2 * 2 * 13 * 2.0**-40 * largest

    def fits(error):
        actual = np.array([2.0**40, error])
        return bool(fitting(structure, Comparison(Problem(made), right, actual, 2.0**-40), (NONE,), fit=False))

    assert fits(allowed)
    assert fits(-allowed)
    assert not fits(np.nextafter(allowed, np.inf))


def test_a_glance_refutes_only_what_no_factor_could_explain():
    """A thousandth of the largest entry seen is room enough for any rounding; NaN and zeros refute nothing."""
    base = np.arange(-3.0, 4.0)

    assert may_be_proportional(base, base)
    assert may_be_proportional(base, base / -7)
    assert may_be_proportional(base, base * (1 + 1e-6))
    assert not may_be_proportional(base, base + 1)
    assert not may_be_proportional(base, base[::-1] ** 2)
    assert may_be_proportional(np.where(base > 2, np.nan, base), np.where(base > 2, 1e300, base))
    assert may_be_proportional(np.zeros(3), np.arange(3.0))
    assert may_be_proportional(np.zeros((1, 0)), np.zeros((1, 0)))
    long = np.arange(1.0, 1001.0)
    assert not may_be_proportional(long, long[::-1])


def test_small_numbers_get_no_more_room_than_their_size_gives():
    """The bound is far below 1/4 and the factor 1: equal, or not."""
    base, unit = (2.0**-10, 2.0**-11), 2.0**-4

    assert [NONE] == fitting(giving(*base), seen(base, unit=unit), (NONE,), fit=False)
    moved = (base[0], base[1] * (1 + 2.0**-40))
    assert [] == fitting(giving(*base), seen(moved, unit=unit), (NONE,), fit=False)


def test_a_cause_costs_one_for_every_mistake_in_it():
    """The structure's first, then the factor's."""
    cause = Cause(giving(1, identifier="shifted"), constant(-2, ids=("sign-flipped", "scaled-constant")))

    assert ("shifted", "sign-flipped", "scaled-constant") == cause.ids
    assert 3 == cause.cost


def test_a_cause_must_give_the_numbers_on_all_observations_and_the_cheapest_come_first():
    """Also where the user is right; equal costs stay in the catalogue's order."""
    shifted, other, right = (
        giving(*numbers, identifier=name)
        for numbers, name in (((-6, 18), "shifted"), ((-6, 18), "wrong-index"), ((6, -18), "clipped"))
    )
    truth = Structure((), lambda _: np.array([6.0, -18.0]))
    evidence = [seen((-6, 18), (6, -18))]

    found = explain_all([right, shifted, truth, other], evidence, "weight")
    # On one geometry whose sizes are 1, 2, 3 and 4 each factor with the value 1 (or -1) fits as well.
    ones, minus = ["P", "H", "c_in", "c_out", "stride", "groups"], [("sign-flipped",)]
    assert [("shifted",), *minus, *minus, ("wrong-index",)] == [cause.ids for cause in found if cause.cost == 1]
    named_ones = [cause.factor.name for cause in found if cause.ids == ("shifted", "scaled-constant")]
    assert sorted(["N", *ones, *(f"1/{name}" for name in ones)]) == sorted(named_ones)
    costs = [cause.cost for cause in found]
    assert sorted(costs) == costs
    assert 3 == costs[-1]

    assert [] == explain_all([shifted, other], [*evidence, seen((6, -18), (6, -18))], "weight")
    assert [] == explain_all([], evidence, "weight")
    # The right formula without a factor is no mistake.
    assert [] == [cause for cause in explain_all([truth], [seen((6, -18))], "weight") if not cause.ids]


def by_batch(**numbers):
    """A structure that gives other numbers for another batch size."""
    return Structure(
        ((CATALOGUE["shifted"], Variant("", lambda _: None)),),
        lambda problem: np.array(numbers[f"n{problem.spec.batch}"], np.float64),
    )


def test_factors_by_name_are_kept_while_they_fit():
    """2 here and 3 there is N; 2 on both is a constant; 2 and 5 is nothing."""
    structure = by_batch(n2=[1, 5], n3=[1, 7])
    two, three = (ConvSpec(batch, 1, 1, 1, 9, (1, 7)) for batch in (2, 3))

    def names(factor_two, factor_three):
        evidence = [
            seen(np.array([1, 5]) * factor_two, spec=two),
            seen(np.array([1, 7]) * factor_three, spec=three),
        ]
        found = explain_all([structure], evidence, "weight")
        assert len(found) == len(explain_all([structure], evidence[::-1], "weight"))
        return [cause.factor.name for cause in found]

    assert ["N"] == names(2, 3)
    assert ["2"] == names(2, 2)
    assert [] == names(2, 5)
    assert ["1/N"] == names(1 / 2, 1 / 3)
    assert "" == names(1, 1)[0]


def test_a_constant_is_read_off_the_most_telling_observation():
    """Many different sizes, a large stride and padding, then few entries; a right one comes last."""
    order = []

    def noting(problem):
        order.append(problem.spec)
        return np.array([-6.0, 0.0]) if problem.spec.height < 90 else np.array([6.0, 0.0])

    structure = Structure(((CATALOGUE["shifted"], Variant("", noting)),), noting)
    specs = [
        ConvSpec(1, 1, 1, 5, 5, (1, 1)),  # one size other than 1, and the stride
        ConvSpec(1, 1, 1, 5, 6, (1, 1)),
        ConvSpec(1, 1, 1, 5, 7, (1, 1), padding=(0, 2)),
        ConvSpec(1, 1, 1, 5, 8, (1, 1), stride=(1, 4)),
        ConvSpec(2, 3, 4, 8, 7, (5, 6)),
        ConvSpec(2, 3, 4, 8, 7, (4, 6), stride=(2, 1)),
    ]
    sizes = [1 + 1, 2 + 1, 2 + 1 + 2, 2 + 4, 7 + 1, 6 + 2]
    assert [2, 3, 5, 6, 8, 8] == sizes
    right = ConvSpec(2, 3, 4, 98, 97, (5, 6), stride=(7, 7))
    evidence = [seen((6, 0), (6, 0), right)]
    evidence += [seen((-6, 0), (6, 0), spec) for spec in specs[:4]]
    evidence.append(seen((-6, 0), (6, 0), specs[4]))
    few = Comparison(Problem(case(specs[5])), np.array([6.0]), np.array([-6.0]), UNIT)

    found = explain_all([structure], evidence, "weight")

    assert [specs[4], specs[3], specs[2], specs[1], specs[0], right] == order
    assert ("shifted",) == found[0].ids
    order.clear()
    assert [] == explain_all([structure], [*evidence, few], "weight")
    assert [specs[5]] == order
