"""Parameters that are single numbers, as code tells."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict
from gradcheck_cli.targets.functions.inputs.single_numbers import begun_as_numbers, scales_a_total, totalled


@pytest.mark.parametrize(
    ("code", "is_one"),
    [
        ("-s / (2 * n) * np.sum(A * np.cos(d))", True),
        ("0.5 * s * (d ** 2).sum()", True),
        ("np.sum(d ** 2) / s ** 2", True),
        ("s * np.sum(d, axis=1)", False),
        ("s * np.sum(d, 1)", False),
        ("s / np.sum(s)", False),
        ("np.sum(s * d)", False),
    ],
)
def test_what_scales_a_total(code, is_one):
    """Not what is scaled along an axis, or by its own total."""
    assert scales_a_total(f"def f(s, d, A, n):\n    return {code}", "s") is is_one


def test_a_gradient_begins_as_a_number():
    """By the name under which it is returned."""
    code = "def f_grad(x, c):\n    gx, dc, t = x, 0.0, 0\n    dc = 0.0\n    t = 0\n    dc += x.sum()\n    return gx, dc"
    assert begun_as_numbers(code, "f_grad", ("x", "c")) == {"c"}


ALONE = """
import numpy as np

class Spread:
    def __init__(self, w=0.5):
        self.w = w

    def cost(self, Y):
        return np.sum((Y - Y.mean(0)) ** 2) + self.w * np.sum(Y)

    def grad(self, Y):
        return FACTOR * (Y - Y.mean(0)) + self.w

def anneal(C, eps):
    return np.sum(np.exp(-C / eps) * C)

def anneal_grad(C, eps):
    return np.exp(-C / eps) * (1 - SIGN C / eps)
"""


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("factor", "verdict"), [("2", Verdict.PASS), ("1", Verdict.FAIL)])
def test_all_that_a_cost_is_handed_is_no_target(tmp_path, factor, verdict):
    """Whatever it is called: it was a surrogate, by which nobody meant anything."""
    file = tmp_path / "alone.py"
    file.write_text(ALONE.replace("FACTOR", factor).replace("SIGN", ""))
    assert function_here(f"{file}:Spread").gradients["Y"].verdict is verdict


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("sign", "verdict"), [("", Verdict.PASS), ("-", Verdict.FAIL)])
def test_an_epsilon_by_which_is_divided_is_a_large_one(tmp_path, sign, verdict):
    """With a small one nothing is finite, and no array is meant."""
    file = tmp_path / "alone.py"
    file.write_text(ALONE.replace("FACTOR", "2").replace("SIGN", sign))
    report = function_here(f"{file}:anneal_grad")
    assert {name: each.verdict for name, each in report.gradients.items()} == {"C": verdict}


DIVIDED = """
import torch

class Divided(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, tau):
        y = (x / tau).tanh()
        ctx.save_for_backward(x, tau, y)
        return y

    @staticmethod
    def backward(ctx, g):
        x, tau, y = ctx.saved_tensors
        dz = g * (1 - y * y)
        dtau = -(dz * x).sum() / POWER
        return dz / tau, dtau
"""


@pytest.mark.parametrize(("power", "verdict"), [("tau ** 2", Verdict.PASS), ("tau", Verdict.FAIL)])
def test_a_total_beside_its_argument_is_the_gradient_of_a_number(tmp_path, power, verdict):
    """Right code failed on an array, over which the total was spread; the slip is named where it is a number."""
    file = tmp_path / "divided.py"
    file.write_text(DIVIDED.replace("POWER", power))
    report = function_here(f"{file}:Divided")
    assert {name: each.verdict for name, each in report.gradients.items()} == {"x": Verdict.PASS, "tau": verdict}
    assert [each.id for each in report.findings] == ["wrong-derivative"] * (verdict is Verdict.FAIL)


def test_a_total_without_its_argument_may_be_summed_too_far():
    """Then its shape says that it is wrong."""
    code = DIVIDED.replace("POWER", "x.shape[0]")
    assert totalled(code, "Divided", ("x", "tau")) == frozenset()
