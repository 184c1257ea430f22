"""On which guesses a wrong gradient, or a change that mends it, proves anything."""

import numpy as np
import pytest
from functions_here import function_here

from gradcheck_cli.model import Sample, Verdict
from gradcheck_cli.model.errors import GradcheckError
from gradcheck_cli.targets.functions.inputs.proving import proves
from gradcheck_cli.targets.functions.pair import PairForm
from gradcheck_cli.targets.functions.plain import PlainFunction

POSTERIOR = """
import numpy as np


def log_posterior(theta, X, y):
    z = X @ theta
    return np.sum(y * z - np.log1p(np.exp(z))) - 0.5 * theta @ theta


def grad_log_posterior(theta, X, y):
    shares = 1 / (1 + np.exp(-X @ theta))
    return X.T @ (y - shares) - theta
"""
NORM = """
import torch


def rmsnorm_backward(grad_output, x, weight, eps=1e-6):
    r = torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps)
    g = grad_output * weight
    dx = r * (g - x * r * r * (g * x).mean(-1, keepdim=True))
    return dx, (grad_output * x * r).reshape(-1, x.shape[-1]).sum(0)
"""


def judged(tmp_path, text, name):
    """The report of one target of a file."""
    file = tmp_path / "given.py"
    file.write_text(text)
    return function_here(f"{file}:{name}")


def test_a_gradient_of_a_number_that_runs_on_matrices_is_asked_on_vectors(tmp_path):
    """On square matrices the posterior is a matrix, and its gradient is of nothing there."""
    assert judged(tmp_path, POSTERIOR, "grad_log_posterior").verdict is Verdict.PASS


def test_a_wrong_gradient_of_a_number_fails_on_vectors(tmp_path):
    """The prior's gradient has the wrong sign."""
    wrong = judged(tmp_path, POSTERIOR.replace("shares) - theta", "shares) + theta"), "grad_log_posterior")
    assert wrong.verdict is Verdict.FAIL
    assert all(example.ndim < 2 for example in [wrong.counterexample.values["theta"]])


def test_what_is_named_as_a_convolution_s_arguments_and_reads_no_window_is_not_judged_as_one(tmp_path):
    """A norm's backward without its forward is handed (grad_output, x, weight), too."""
    with pytest.raises(GradcheckError, match="no forward of rmsnorm_backward"):
        judged(tmp_path, NORM, "rmsnorm_backward")


def lift(pulse, level):
    """Adds a level to each row, of which there is one for all columns or one number."""
    return pulse + level


def lift_backward(dout):
    """Right for a row of levels."""
    return {"dpulse": dout, "dlevel": dout.sum(axis=0)}


def wired():
    """The two as a pair that knows how it hangs together."""
    form = PairForm(PlainFunction(lift, None, "lift"), PlainFunction(lift_backward, None, "lift_backward"))
    return next(form.wirings({"pulse": np.ones((3, 5)), "level": np.ones(5)}))


def sample(level):
    """With such a level."""
    return Sample({"pulse": np.ones((3, 5)), "level": level}, ("pulse", "level"))


@pytest.mark.parametrize(("level", "proves_something"), [(np.ones(5), True), (np.ones(()), False), (np.ones(1), False)])
def test_where_an_argument_may_as_well_be_another_nothing_is_proved(level, proves_something):
    """A lone number, and a level of one where its gradient is one for each column, which the forward takes as well."""
    assert proves(wired(), sample(level)) is proves_something


WIDEST = """
import numpy as np


def widest(a):
    return a.max(axis=1, keepdims=True), a


def widest_backward(grad, a):
    return GIVEN
"""


def test_a_length_of_1_hides_no_shape_that_is_wrong_on_others(tmp_path):
    """Of one number the largest is that number, and what is handed through has its shape."""
    wrong = judged(tmp_path, WIDEST.replace("GIVEN", "grad"), "widest_backward")
    assert [finding.message for finding in wrong.findings] == ["grad_a has the shape (3, 1), a has (3, 5)."]
    right = judged(
        tmp_path,
        WIDEST.replace("GIVEN", "grad * (np.arange(a.shape[1]) == a.argmax(axis=1)[:, None])"),
        "widest_backward",
    )
    assert right.verdict is Verdict.PASS


LOSS_OF_EACH = """
import numpy as np


def fair_loss(rest, width=1.0):
    size = np.abs(rest) / width
    return np.where(size < 1, 0.5 * size**2, size - 0.5)


def fair_loss_grad(rest, width=1.0):
    return np.where(np.abs(rest) < width, rest / width**2, np.sign(rest)INVERSE)
"""


@pytest.mark.parametrize(("inverse", "verdict"), [(" / width", Verdict.PASS), ("", Verdict.FAIL)])
def test_a_loss_of_each_entry_is_asked_with_many(tmp_path, inverse, verdict):
    """Of a lone number one branch is seen, and a width that was forgotten in the other is not."""
    report = judged(tmp_path, LOSS_OF_EACH.replace("INVERSE", inverse), "fair_loss_grad")
    assert (report.verdict, report.inputs) == (verdict, "rest 3x5 (guess)")
