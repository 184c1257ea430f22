"""Samples beside the usual ones."""

import time

import pytest
import torch
from functions_here import function_here

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
