"""Samples beside the usual ones."""

import time

import torch

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


def test_only_rows_get_an_axis_more():
    """Where the first argument has other axes, all further samples are those of a switch."""
    assert all(", trans_" in text for text in texts(a=Proposal("real", "m d"), b=WEIGHT, trans_a=KEEP, trans_b=KEEP))
