"""A sweep in other settings, and over the convolutions of a model."""

from dataclasses import replace
from pathlib import Path

import pytest

from gradcheck_cli.model import Verdict
from gradcheck_cli.model.options import SweepOptions
from gradcheck_cli.runs.sweep.ask import sweep
from gradcheck_cli.runs.sweep.merge import merge
from gradcheck_cli.runs.sweep.questions import questions_of

# In float32 and below it adds up the bias one by one, in the format of G.
STOPPING = """
import torch

class Layer(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, bias):
        ctx.save_for_backward(x, weight)
        return torch.nn.functional.conv2d(x, weight, bias)

    @staticmethod
    def backward(ctx, grad):
        x, weight = ctx.saved_tensors
        total = grad.new_zeros(grad.shape[1])
        for number in grad.transpose(0, 1).flatten(1).unbind(1):
            total += number
        columns, rows = torch.nn.functional.unfold(x, weight.shape[2:]), grad.flatten(2)
        grad_x = torch.nn.functional.fold(
            torch.einsum("ok,nol->nkl", weight.flatten(1), rows), x.shape[2:], weight.shape[2:]
        )
        return grad_x, torch.einsum("nol,nkl->ok", rows, columns).view_as(weight), total
"""
CHOOSY = """        if grad.dtype == torch.float16:
            grad[len(grad)]
"""
NET = """
import torch

class Net(torch.nn.Sequential):
    def __init__(self):
        super().__init__(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.Conv2d(4, 4, 3))

def gradcheck_inputs():
    return (torch.zeros(2, 3, 9, 8),)
"""


@pytest.fixture
def options(tmp_path, monkeypatch):
    """One target and one layer, in the current folder."""
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(STOPPING)
    Path("net.py").write_text(NET)
    Path("layers.txt").write_text("batch 2, in 3, out 4, input 8x7, kernel 3\n")
    return SweepOptions(("mine.py",), geometries="layers.txt")


def test_every_geometry_is_asked_in_every_setting(options):
    """Each question has an id of its own; float64 on the CPU has the one that it always had."""
    asked = questions_of(replace(options, settings="all", seeds=2))
    ids = [each.question.id for each in asked]

    assert len(ids) == len(set(ids)) == 2 * 8
    assert sum("/narrow/float64-cpu/" in each for each in ids) == 2
    assert sum("/graded/bfloat16-cpu/" in each for each in ids) == 2
    assert [each.question.id for each in questions_of(options)] == [ids[0]]


def test_what_one_of_all_settings_raises_is_told_and_does_not_fail_the_sweep(options):
    """As of `verify`, to which the report points; asked for by itself it fails."""
    Path("mine.py").write_text(
        STOPPING.replace("        x, weight =", CHOOSY + "        x, weight =").replace(
            "total += number", "total = total + number"
        )
    )
    every = sweep(replace(options, settings="all"))
    alone = sweep(replace(options, dtype="float16"))

    told = {answer.setting: (answer.verdict, answer.message) for answer in every.answers}
    assert told["float16 on cpu"][0] is Verdict.NOT_APPLICABLE
    assert told["float16 on cpu"][1].startswith("IndexError: ")
    assert told["float32 on cpu"][0] is Verdict.PASS
    assert (alone.answers[0].verdict, alone.exit_code) == (Verdict.FAIL, 1)


def test_an_answer_says_its_setting_and_what_is_wrong_in_it(options):
    """Kept and put together as any other."""
    report = sweep(replace(options, dtype="bfloat16", resume="out.jsonl"))

    (answer,) = report.answers
    assert (answer.verdict, answer.setting) == (Verdict.FAIL, "bfloat16 on cpu")
    assert answer.message.startswith("grad_bias: accumulates in bfloat16: stops at 256 where ")
    assert answer.gradients == {"weight": Verdict.PASS, "input": Verdict.PASS, "bias": Verdict.FAIL}
    assert merge(["out.jsonl"]).answers == report.answers
    assert sweep(options).answers[0].setting == ""


def test_the_geometries_are_those_that_a_model_meets(options):
    """In their order."""
    asked = questions_of(replace(options, geometries="quick", from_module="net.py:Net"))
    shapes = [(each.question.geometry.x_shape, each.question.geometry.weight_shape) for each in asked]
    assert shapes == [((2, 3, 9, 8), (4, 3, 3, 3)), ((2, 4, 7, 6), (4, 4, 3, 3))]
