"""Samples beside the usual ones."""

import time

import pytest
import torch
from functions_here import function_here

from gradcheck_cli.model import Verdict
from gradcheck_cli.targets.functions.autograd import AutogradForm
from gradcheck_cli.targets.functions.inputs.beside import Beside
from gradcheck_cli.targets.functions.inputs.proposals import Proposal

DATA, WEIGHT, KEEP = Proposal("real", "n d"), Proposal("real", "d m"), Proposal("keep")


class Product(torch.autograd.Function):
    """a b, where both may be turned first; a has rows of rows as well."""

    @staticmethod
    def forward(ctx, a, b, trans_a=False, trans_b=False):
        ctx.save_for_backward(a, b)
        ctx.turned = trans_a, trans_b
        return (a.mT if trans_a else a) @ (b.mT if trans_b else b)

    @staticmethod
    def backward(ctx, g):
        a, b = ctx.saved_tensors
        left, right = (part.mT if turned else part for part, turned in zip((a, b), ctx.turned, strict=True))
        of_left, of_right = g @ right.mT, (left.mT @ g).reshape(-1, *right.shape).sum(0)
        return of_left.mT if ctx.turned[0] else of_left, of_right.mT if ctx.turned[1] else of_right, None, None


def texts(**proposals):
    """The samples in short."""
    beside = Beside(AutogradForm(Product, ""), proposals, 0, __file__, time.thread_time() + 60)
    return [sample.text for sample in beside.samples()]


def test_a_switch_that_wants_other_shapes_is_asked_on_them():
    """Both switches together, each alone, and first what has one axis more."""
    found = texts(a=DATA, b=WEIGHT, trans_a=KEEP, trans_b=KEEP)
    assert found[0] == "a 3x4x5, b 5x6"
    turned = {text.partition(", trans")[2]: text.partition(", trans")[0] for text in found[1:]}
    assert set(turned) == {"_a True, trans_b True", "_a True", "_b True"}
    assert turned["_b True"].endswith("x5")


RATES = """
import numpy as np

def rates_nll(w, x, y, weights, spread=None):
    mean = x @ w
    if spread is None:
        loss = (weights * (mean - y * np.log(mean))).sum()
        slope = weights * (1 - y / mean)
    else:
        loss = (weights * ((y + spread) * np.log(spread + mean) - y * np.log(mean))).sum()
        slope = WEIGHTS((y + spread) / (spread + mean) - y / mean)
    return loss, x.T @ slope
"""


@pytest.mark.filterwarnings("ignore:invalid value encountered in log")
@pytest.mark.parametrize(("weights", "verdict"), [("weights * ", "pass"), ("", "fail")])
def test_a_setting_beside_its_default_is_asked_where_only_some_numbers_have_a_logarithm(tmp_path, weights, verdict):
    """The mean of one draw is above 0 by chance, and that of the next is not."""
    (tmp_path / "rates.py").write_text(RATES.replace("WEIGHTS", weights))
    report = function_here(f"{tmp_path / 'rates.py'}:rates_nll")
    assert report.verdict == verdict
    assert any("spread" in sample.text for sample in report.samples) or verdict == "fail"
    assert not [note for note in report.notes if "one value of spread" in note]


def test_settings_have_time_of_their_own():
    """A search that used all of its time has not asked a setting yet."""
    beside = Beside(AutogradForm(Product, ""), {"a": DATA, "b": WEIGHT, "trans_a": KEEP, "trans_b": KEEP}, 0, "", 0.0)
    assert any("trans_a" in sample.text for sample in beside.samples())


def test_only_rows_get_an_axis_more():
    """Where the first argument has other axes, all further samples are those of a switch."""
    assert all(", trans_" in text for text in texts(a=Proposal("real", "m d"), b=WEIGHT, trans_a=KEEP, trans_b=KEEP))


GATED = """
import numpy as np

def gated(x, slope, mode):
    return np.maximum(x, 0) if mode == "hard" else np.where(x > 0, x, slope * x)

def gated_backward(dout, x, slope, mode):
    if mode == "hard":
        return dout * (x > 0)
    return np.where(x > 0, dout, FACTOR slope * dout)
"""


@pytest.mark.parametrize(("factor", "verdict"), [("", Verdict.PASS), ("2 *", Verdict.FAIL)])
def test_what_is_compared_with_one_word_is_asked_with_another(tmp_path, factor, verdict):
    """The other branch has a gradient of its own."""
    file = tmp_path / "gated.py"
    file.write_text(GATED.replace("FACTOR ", factor))

    report = function_here(f"{file}:gated_backward")

    assert report.verdict is verdict
    assert ["mode = other"] * bool(factor) == [finding.fails_when for finding in report.findings]


def test_a_setting_without_a_default_that_has_one_value_is_told(tmp_path):
    """As one with a default is."""
    file = tmp_path / "power.py"
    file.write_text("def power(x, step_kind):\n    return x ** 2 if step_kind == 'plain' else 1 / 0\n")
    file.write_text(file.read_text() + "\ndef power_backward(dout, x, step_kind):\n    return 2 * x * dout\n")

    report = function_here(f"{file}:power_backward")

    assert "asked with one value of step_kind only: what others do is not known" in report.notes
