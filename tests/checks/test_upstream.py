"""G = dE/dO is a check of its own."""

from dataclasses import replace

import numpy as np
import pytest

from gradcheck_cli.checks.upstream import Upstream, grad_output_check, grad_output_facts
from gradcheck_cli.model import GradOutput, Loss, Verdict
from gradcheck_cli.oracles.losses import random_factors


def upstream(**changes):
    """Four outputs against a reference of 1: above, below, below, equal; l1 mean, float32."""
    output = np.array([[[[3.0, 0.5], [-2.0, 1.0]]]])
    grad_output = np.array([[[[0.25, -0.25], [-0.25, 0.0]]]])
    known = Upstream(
        output=output.astype(np.float32),
        grad_output=grad_output.astype(np.float32),
        output_exact=output,
        grad_output_exact=grad_output,
        reference=np.ones((1, 1, 2, 2)),
        reference_exact=np.ones((1, 1, 2, 2)),
        forward_bound=np.full((1, 1, 1, 1), 0.25),
        loss=Loss("l1", "mean"),
        seed=0,
        dtype="float32",
    )
    return replace(known, **changes)


def changed(array, index, value):
    """A copy with one entry changed."""
    copy = array.copy()
    copy[index] = value
    return copy


def test_the_sign_over_the_number_of_outputs_passes():
    """sign(O - ref) / 4, and 0 where they are equal."""
    check = grad_output_check(upstream())

    assert (Verdict.PASS, 4, 0) == (check.verdict, check.entries, check.mismatched)
    assert "float32 and float64 decide every sign alike" == check.detail


def test_a_wrong_g_fails():
    """One G of the wrong sign is found where it is."""
    known = upstream()

    check = grad_output_check(replace(known, grad_output=changed(known.grad_output, (0, 0, 1, 0), 0.25)))

    assert (Verdict.FAIL, 1, (0, 0, 1, 0)) == (check.verdict, check.mismatched, check.worst.index)


def test_a_g_that_forgets_the_mean_fails():
    """G without 1/numel is 4 times too large wherever it is not 0."""
    known = upstream()

    assert 3 == grad_output_check(replace(known, grad_output=4 * known.grad_output)).mismatched


def test_a_sign_that_rounding_decides_is_counted_and_explained():
    """A float64 residual of -0.1 within the forward's bound of 0.25 may have the other sign in float32."""
    known = upstream(
        output_exact=np.array([[[[0.9, 0.5], [-2.0, 1.0]]]]), output=np.array([[[[1.1, 0.5], [-2.0, 1.0]]]], np.float32)
    )
    check = grad_output_check(known)

    assert Verdict.PASS == check.verdict
    assert check.detail.startswith("1 of 4 signs differ between float32 and float64; their residuals are at most 0.1, ")
    assert 1 == grad_output_facts(known).sign_flips


def test_a_sign_that_rounding_cannot_explain_fails():
    """A residual of -2 does not change its sign by rounding."""
    known = upstream(output_exact=np.array([[[[-1.0, 0.5], [-2.0, 1.0]]]]))
    check = grad_output_check(known)

    assert Verdict.FAIL == check.verdict
    assert "1 of 4 signs differ between float32 and float64, 1 of them beyond the forward's rounding" == check.detail


def test_the_facts_are_counted():
    """One positive, two negative, one kink; no difference between the two precisions."""
    facts = grad_output_facts(upstream())

    assert (4, 0, 1, 1, 2, 0.0) == (
        facts.outputs,
        facts.sign_flips,
        facts.kinks,
        facts.positive,
        facts.negative,
        facts.max_abs_difference,
    )


def test_a_smooth_loss_has_no_signs():
    """mse: G = 2 (O - ref) / numel, and no flips to speak of."""
    known = upstream(loss=Loss("mse", "sum"))
    gradient = 2 * (known.output_exact - known.reference)
    known = replace(known, grad_output=gradient.astype(np.float32), grad_output_exact=gradient)

    assert Verdict.PASS == grad_output_check(known).verdict
    assert grad_output_facts(known).sign_flips is None


def test_a_flushed_denormal_forbids_a_verdict():
    """A G below the smallest normal number that comes back as 0 is neither right nor wrong."""
    known = upstream(loss=Loss("mse", "sum"), reference=np.zeros((1, 1, 2, 2)), dtype="bfloat16")
    output = np.full((1, 1, 2, 2), 1e-40, np.float32)
    known = replace(known, output=output, grad_output=np.zeros((1, 1, 2, 2), np.float32))

    check = grad_output_check(known)

    assert (Verdict.INCONCLUSIVE, "flushed denormals could explain the difference") == (check.verdict, check.detail)
    assert 4 == check.entries


def test_what_is_flushed_in_float32_is_no_excuse_in_float64():
    """1e-40 is an ordinary number there; 1e-310 is not."""
    for size, verdict in ((1e-40, Verdict.FAIL), (1e-310, Verdict.INCONCLUSIVE)):
        known = upstream(loss=Loss("mse", "sum"), reference=np.zeros((1, 1, 2, 2)), dtype="float64")
        known = replace(known, output=np.full((1, 1, 2, 2), size), grad_output=np.zeros((1, 1, 2, 2)))
        assert verdict is grad_output_check(known).verdict


def of_two(dtype, grad_output, **changes):
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
    check = grad_output_check(of_two(dtype, [0.5, -0.5]))
    beyond = grad_output_check(of_two(dtype, [0.5 * (1 + 6 * unit) + denormal, -0.5]))

    assert ("grad-output", "output", "pass") == (check.name, check.gradient, check.verdict)
    assert 2 * unit + denormal == check.worst.allowed
    assert "4 roundings" in check.criterion
    at_kink = of_two(dtype, [0.0, 0.0], output=np.ones((1, 1, 1, 2)), output_exact=np.ones((1, 1, 1, 2)))
    assert denormal == grad_output_check(at_kink).worst.allowed
    assert ("fail", 1) == (beyond.verdict, beyond.mismatched)


def test_a_loss_that_draws_is_checked_with_its_own_seed():
    """G of the loss "random" is R itself, and R of another seed is another."""
    loss, zeros = Loss("random", "sum"), np.zeros((1, 1, 4, 4))
    right = random_factors(zeros.shape, 5)
    known = replace(of_two("float64", []), loss=loss, seed=5, output=zeros, output_exact=zeros, grad_output=right)

    assert "pass" == grad_output_check(known).verdict
    assert "fail" == grad_output_check(replace(known, seed=6)).verdict


def test_a_flip_is_excused_up_to_the_bound_and_not_beyond():
    """At the very bound it still is; beyond it the number of such flips is told."""
    at_bound = of_two(
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
    known = of_two("float32", [], output=output, output_exact=exact, forward_bound=exact, **flat)
    known = replace(known, grad_output=grad_output, grad_output_exact=grad_output - 0.125)

    assert GradOutput(6, 1, 2, 3, 1, 0.125) == grad_output_facts(known)
    assert (None, 0) == (
        grad_output_facts(replace(known, loss=Loss("mse"))).sign_flips,
        grad_output_facts(replace(known, loss=Loss("mse"))).kinks,
    )
