"""G = dE/dO is a check of its own."""

from dataclasses import replace

import numpy as np

from gradcheck_cli.checks.upstream import Upstream, grad_output_check, grad_output_facts
from gradcheck_cli.model import Loss, Verdict


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
