"""Changes of the checker that no other test noticed (benchmarks/MUTANTS.md): here is the test that does, for each."""

from dataclasses import replace

import numpy as np
import pytest

from gradcheck_cli.checks.compare import (
    Question,
    channel_differences,
    compare_exact,
    compare_within,
    difference,
    not_applicable,
    ratio,
    undecided,
    with_detail,
    worst_entry,
)
from gradcheck_cli.checks.power import Probe, power_of
from gradcheck_cli.checks.upstream import Upstream, grad_output_check, grad_output_facts
from gradcheck_cli.mistakes.mistake import Mistake, Problem
from gradcheck_cli.model import (
    Case,
    Check,
    ConvSpec,
    Finding,
    GradOutput,
    Loss,
    Rung,
    Sameness,
    Verdict,
    Worst,
)
from gradcheck_cli.numbers.exact import _halved, dyadic
from gradcheck_cli.numbers.rounding import SMALLEST_DENORMAL, allowed_low, ratio_float32
from gradcheck_cli.oracles.losses import random_factors
from gradcheck_cli.runs.picture.answer import answer, method, same

QUESTION = Question("numeric", "bias", "rule")
DENORMAL32, DENORMAL16 = 2.0**-149, 2.0**-24


def test_a_check_says_what_was_compared():
    """Name, gradient and rule reach the check, whatever the outcome."""
    told = ("numeric", "bias", "rule")
    one = np.ones(1)
    checks = [
        compare_within(QUESTION, one, one, one),
        compare_within(QUESTION, np.ones(0), np.ones(0), np.ones(0)),
        compare_exact(QUESTION, one, None),
        undecided(QUESTION, "why"),
        not_applicable(QUESTION, "why"),
    ]

    assert [told] * 5 == [(check.name, check.gradient, check.criterion) for check in checks]


def test_checks_that_compared_nothing():
    """Every field of them; built here and not in a parameter, which would be built before a mutant is switched on."""
    told, nothing, empty = ("numeric", "bias"), Verdict.INCONCLUSIVE, np.ones(0)

    assert Check(*told, nothing, 0, 0, "rule", None, "why") == undecided(QUESTION, "why")
    assert Check(*told, nothing, 7, 0, "rule", None, "why") == undecided(QUESTION, "why", 7)
    assert Check(*told, Verdict.NOT_APPLICABLE, 0, 0, "rule", None, "why") == not_applicable(QUESTION, "why")
    assert Check(*told, nothing, 0, 0, "rule") == compare_within(QUESTION, empty, empty, empty)
    assert Check(*told, Verdict.FAIL, 6, 6, "rule", None, "nothing was returned") == compare_exact(
        QUESTION, np.ones((2, 3)), None
    )


def test_a_detail_is_added_and_nothing_else_changes():
    """The numbers stay."""
    check = compare_exact(QUESTION, np.ones(2), np.ones(2))

    assert ("found", check) == (with_detail(check, "found").detail, with_detail(with_detail(check, "found"), ""))


def test_the_difference_is_one_of_values_and_not_their_sum():
    """3 and 5 differ by 2; float32 is widened before it is subtracted."""
    assert [2.0] == difference(np.array([3.0]), np.array([5.0])).tolist()
    assert [2.0**-24] == difference(np.array([1.0], np.float32), np.array([1.0 + 2.0**-24])).tolist()
    large = np.array([3e38], np.float32)
    assert [6e38] == pytest.approx(difference(large, -large).tolist())


def test_a_ratio_of_one_is_one():
    """A difference of exactly 1 is a difference."""
    assert [1.0, 0.5, 0.0] == ratio(np.array([1.0, 1.0, 0.0]), np.array([1.0, 2.0, 0.0])).tolist()


def test_the_worst_entry_holds_both_values_and_the_allowance():
    """All six numbers by hand, in an array in which several entries have the same ratio."""
    expected, actual = np.array([1.0, 2.0, 3.0]), np.array([1.0, 4.0, 7.0])

    assert Worst((2,), 3.0, 7.0, 4.0, 8.0, 0.5) == worst_entry(expected, actual, np.array([1.0, 4.0, 8.0]))
    assert Worst((0,), 0.0, 0.0, 0.0, 0.0, 0.0) == worst_entry(np.zeros(2), np.zeros(2), np.zeros(2))


def test_overflow_in_a_difference_is_silent():
    """No warning of numpy reaches the user; the comparison fails."""
    huge = np.array([1e308])

    check = compare_within(QUESTION, huge, -huge, np.array([1e-300]))
    assert (Verdict.FAIL, 1) == (check.verdict, check.mismatched)
    assert [np.inf] == ratio(np.array([1e300]), np.array([1e-300])).tolist()


def test_a_row_of_the_table_is_about_its_own_plane():
    """Filter and channel of each row, and its own numbers."""
    expected = np.arange(8.0).reshape(2, 2, 1, 2)
    actual = expected.copy()
    actual[1, 0, 0, 1] += 3

    rows = channel_differences(expected, actual, np.full(expected.shape, 2.0))

    assert [(0, 0), (0, 1), (1, 0), (1, 1)] == [(row.filter, row.channel) for row in rows]
    assert [0, 0, 3, 0] == [row.max_abs_difference for row in rows]
    assert [0, 0, 1.5, 0] == [row.ratio for row in rows]
    assert [2, 2, 1, 2] == [row.equal_entries for row in rows]
    assert {2} == {row.entries for row in rows}


def test_the_method_is_called_wrong_where_the_differences_say_so():
    """Not only right and undecided."""
    assert "dE/dF[o,i] = corr(X[i], G[o]) is not what finite differences give." == method(
        False, ConvSpec(1, 3, 3, 8, 8, (3, 3))
    )


def test_the_whole_answer_names_the_finding():
    """Checks and findings both reach the clause about the code."""
    failed = Check("exact", "weight", Verdict.FAIL, 1, 1, "rule")
    finding = Finding("batch-mean", "weight", "proved", "it divides by N", "do not")
    alone = Sameness(None, "there is one channel")

    assert "Code: wrong: batch-mean (proved) in grad_weight." in answer(
        "right.", [failed], Verdict.FAIL, [finding], alone
    )
    assert "Code: wrong: exact of grad_weight failed." in answer("right.", [failed], Verdict.FAIL, [], alone)


def test_a_miss_is_told_where_no_check_is_open():
    """Inconclusive without an inconclusive check: the power statement is the reason."""
    told = answer("right.", [], Verdict.INCONCLUSIVE, [], Sameness(None, "there is one channel"))

    assert "Code: not decided (a planted mistake would not have been caught)." in told


def test_one_channel_is_nothing_to_compare_even_with_numbers():
    """No verdict, or no range: neither makes a sentence about sameness."""
    assert "r." == same(Sameness(None, "r", relative_difference=(0.0, 0.0)))
    assert "r." == same(Sameness(Rung.IDENTICAL, "r"))


def probe(allowed, rounding=0.0):
    """grad_weight = 10 on one 2x2 picture."""
    case = Case(
        ConvSpec(1, 1, 1, 2, 2, (1, 1)),
        np.array([[[[1.0, 2.0], [3.0, 4.0]]]]),
        np.ones((1, 1, 1, 1)),
        np.zeros(1),
        np.ones((1, 1, 2, 2)),
    )
    return Probe(Problem(case), np.array(allowed), np.array(rounding))


def mistake(name, gradient, formula):
    """A mistake in one gradient."""
    return Mistake(name, "does", "why", "hides", "fix", "shown", {gradient: formula})


def test_a_mistake_of_another_gradient_does_not_end_the_planting():
    """It is left out, and the ones behind it are planted."""
    catalogue = {
        "of-bias": mistake("of-bias", "bias", lambda problem: problem.grad_bias + 1),
        "of-weight": mistake("of-weight", "weight", lambda problem: problem.grad_weight + 1),
    }

    assert ("of-weight",) == power_of([probe(0.0)], [], catalogue).caught


def test_further_probes_are_asked_only_where_the_data_miss_a_mistake():
    """A formula is worked out no more often than needed: it is the price of a run."""
    asked = []

    def formula(problem):
        asked.append(problem)
        return problem.grad_weight + 1

    first, second, third = probe(0.0), probe(5.0), probe(0.0)
    catalogue = {"off": mistake("off", "weight", formula)}

    power_of([first, second], [third], catalogue)
    assert [first.problem] == asked

    asked.clear()
    assert ("off",) == power_of([second, first], [third], catalogue).caught
    assert [second.problem, first.problem] == asked

    asked.clear()
    assert ("off",) == power_of([second], [third], catalogue).caught
    assert [second.problem, third.problem] == asked


def test_a_mistake_within_rounding_cannot_show():
    """Not missed: two right codes may differ as much."""
    power = power_of([probe(5.0, rounding=2.0)], [], {"off": mistake("off", "weight", lambda p: p.grad_weight + 1)})

    assert ((), ("off",)) == (power.missed, tuple(hidden.id for hidden in power.cannot_show))


def test_denormals_of_the_bounds_by_hand():
    """2n times the smallest denormal, for A = 0; half of one where the result is stored in 16 bits."""
    zero = np.zeros(1)

    assert 10 * DENORMAL32 == allowed_low("float32", 5, zero, zero)[0]
    assert {"float32": DENORMAL32, "float64": 2.0**-1074, "bfloat16": 2.0**-133, "float16": DENORMAL16} == dict(
        SMALLEST_DENORMAL
    )


def test_the_bound_of_a_batch_in_16_bits_by_hand():
    """Three samples: the result stored, two partial sums of at most A stored, and float32's share raised."""
    u = 2.0**-11
    summed = 8 * 2.0**-24 * 4.0 + 12 * DENORMAL32
    expected = u * 3.0 + DENORMAL16 / 2 + 2 * (u * 4.0 + DENORMAL16 / 2) + (1 + u) ** 3 * summed

    found = allowed_low("float16", 6, np.array([4.0]), np.array([-3.0]), 3)[0]
    assert expected == pytest.approx(found, rel=1e-15, abs=0)


def test_errors_in_float32_are_measured_in_float64():
    """float32 would overflow or lose what is measured."""
    tiny = np.array([2.0**-120], np.float32)

    assert [2.0**24] == ratio_float32(tiny, tiny).tolist()
    assert np.float64 == ratio_float32(tiny, tiny).dtype


def upstream(dtype, grad_output, **changes):
    """Two outputs, 3 and 0.5 against a reference of 1: l1 mean, so G = 1/2 and -1/2."""
    output = np.array([[[[3.0, 0.5]]]])
    known = Upstream(
        output=output,
        grad_output=np.array([[[grad_output]]]),
        output_exact=output,
        grad_output_exact=np.array([[[[0.5, -0.5]]]]),
        reference=np.ones((1, 1, 1, 2)),
        reference_exact=np.ones((1, 1, 1, 2)),
        forward_bound=np.full((1, 1, 1, 2), 0.25),
        loss=Loss("l1", "mean"),
        seed=0,
        dtype=dtype,
    )
    return replace(known, **changes)


@pytest.mark.parametrize(
    ("dtype", "unit", "denormal"),
    [
        ("float64", 2.0**-53, 2.0**-1074),
        ("float32", 2.0**-24, 2.0**-149),
        ("bfloat16", 2.0**-8, 2.0**-149),
        ("float16", 2.0**-11, 2.0**-24),
    ],
)
def test_four_roundings_and_one_denormal_are_allowed_to_g(dtype, unit, denormal):
    """The allowance itself, by hand, and no G beyond it passes."""
    check = grad_output_check(upstream(dtype, [0.5, -0.5]))
    beyond = grad_output_check(upstream(dtype, [0.5 * (1 + 6 * unit) + denormal, -0.5]))

    assert ("grad-output", "output", "pass") == (check.name, check.gradient, check.verdict)
    assert 2 * unit + denormal == check.worst.allowed
    assert "4 roundings" in check.criterion
    at_kink = upstream(dtype, [0.0, 0.0], output=np.ones((1, 1, 1, 2)), output_exact=np.ones((1, 1, 1, 2)))
    assert denormal == grad_output_check(at_kink).worst.allowed
    assert ("fail", 1) == (beyond.verdict, beyond.mismatched)


def test_a_loss_that_draws_is_checked_with_its_own_seed():
    """G of the loss "random" is R itself, and R of another seed is another."""
    loss, zeros = Loss("random", "sum"), np.zeros((1, 1, 4, 4))
    right = random_factors(zeros.shape, 5)
    known = replace(upstream("float64", []), loss=loss, seed=5, output=zeros, output_exact=zeros, grad_output=right)

    assert "pass" == grad_output_check(known).verdict
    assert "fail" == grad_output_check(replace(known, seed=6)).verdict


def test_a_flip_is_excused_up_to_the_bound_and_not_beyond():
    """At the very bound it still is; beyond it the number of such flips is told."""
    at_bound = upstream(
        "float32", [0.5, 0.5], output=np.array([[[[3.0, 1.5]]]]), output_exact=np.array([[[[3.0, 0.75]]]])
    )
    beyond = replace(at_bound, output_exact=np.array([[[[3.0, 0.5]]]]))

    assert "pass" == grad_output_check(at_bound).verdict
    assert ("fail", 1) == (grad_output_check(beyond).verdict, grad_output_check(beyond).mismatched)


def test_the_facts_of_g_by_hand():
    """Every count, with numbers of which no two are equal."""
    output = np.array([[[[3.0, 4.0, 5.0, 1.0, 1.0, 0.0]]]])
    grad_output = np.array([[[[1.0, 1.0, 1.0, 0.0, 0.0, -1.0]]]])
    flat = {"reference": np.ones((1, 1, 1, 6)), "reference_exact": np.ones((1, 1, 1, 6))}
    exact = output.copy()
    exact[..., 0] = 0.5
    known = upstream("float32", [], output=output, output_exact=exact, forward_bound=exact, **flat)
    known = replace(known, grad_output=grad_output, grad_output_exact=grad_output - 0.125)

    assert GradOutput(6, 1, 2, 3, 1, 0.125) == grad_output_facts(known)
    assert (None, 0) == (
        grad_output_facts(replace(known, loss=Loss("mse"))).sign_flips,
        grad_output_facts(replace(known, loss=Loss("mse"))).kinks,
    )


def test_halves_stay_whole_and_none_becomes_zero():
    """Magnitudes 7, 6, 3, 1 become 3, 3, 1, 1; the signs and the zeros stay."""
    halved = _halved(np.array([7.0, -6.0, 3.0, -1.0, 1.0, 0.0]))

    assert [3.0, -3.0, 1.0, -1.0, 1.0, 0.0] == halved.tolist()


def test_powers_of_two_are_found_where_no_number_divides_the_others():
    """X of quarters and G of eighths, of which the smallest is no divisor of the rest."""
    spec = ConvSpec(1, 1, 1, 1, 3, (1, 1))
    x, grad_output = np.array([[[[0.25, 0.5, 1.75]]]]), np.array([[[[0.25, 0.375, -1.0]]]])

    scaled = dyadic(x, grad_output, spec)

    assert (2, 0.125) == (scaled.exponent, scaled.factor)
    assert [1.0, 2.0, 7.0] == scaled.x.ravel().tolist()
    assert [2.0, 3.0, -8.0] == scaled.grad_output.ravel().tolist()


def test_a_gradient_of_zeros_has_a_scale_too():
    """Nothing divides by the smallest of no numbers."""
    spec = ConvSpec(1, 1, 1, 1, 3, (1, 1))

    assert [0.0] * 3 == dyadic(np.ones((1, 1, 1, 3)), np.zeros((1, 1, 1, 3)), spec).grad_output.ravel().tolist()


def test_the_limit_of_float64_itself_is_too_large():
    """max A = 2^53 is refused, one less is taken: there 2^53 + 1 could not be told from it."""
    spec = ConvSpec(1, 1, 1, 1, 1, (1, 1))
    one = np.ones((1, 1, 1, 1))

    assert dyadic(one * (2.0**53 - 1), one, spec) is not None
    assert dyadic(np.array([[[[2.0**53, 1.0]]]]), np.ones((1, 1, 1, 2)), ConvSpec(1, 1, 1, 1, 2, (1, 1))) is None
