"""torch.autograd.Functions: what autograd takes is judged as it arrives, what it refuses as it was returned."""

import pytest
from recognising import PLAIN, STRIDED, answer, recognised

from gradcheck_cli.model import ConvSpec, Verdict
from gradcheck_cli.targets.conventions import NotRecognisedError
from gradcheck_cli.targets.conventions.base import RefusedError
from helpers import verified

ONE_FILTER = ConvSpec(2, 3, 1, 7, 6, (3, 3))
TOP = """
import torch
import torch.nn.functional as F

def gradients(x, w, g, s=1, p=0):
    dw = torch.nn.functional.unfold(x, w.shape[2:], padding=p, stride=s)
    dw = torch.einsum("nop,nkp->ok", g.flatten(2), dw).view_as(w)
    columns = torch.einsum("nop,ok->nkp", g.flatten(2), w.flatten(1))
    return F.fold(columns, x.shape[2:], w.shape[2:], padding=p, stride=s), dw
"""


def function(parameters, forward, returned):
    """A Function with `parameters` after x and weight, a forward expression and what its backward returns."""
    return f"""{TOP}
class Op(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight{parameters}):
        ctx.save_for_backward(x, weight)
        return {forward}

    @staticmethod
    def backward(ctx, g):
        x, weight = ctx.saved_tensors
        dx, dw = gradients(x, weight, g)
        return {returned}
"""


def test_a_gradient_that_autograd_refuses_is_judged_as_it_was_returned(tmp_path):
    """A bias gradient without its axis; the other two are there as well, and autograd is quoted."""
    code = function(", bias", "F.conv2d(x, weight, bias)", "dx, dw, g.sum((0, 2, 3)).squeeze()")
    returned, right = answer(recognised(tmp_path, code, "Op"), ONE_FILTER)
    assert right == {"weight", "input"}
    assert returned.items["bias"].shape == ()
    assert returned.refused == (
        "Function OpBackward returned an invalid gradient at index 2 - got [] but expected shape compatible with [1]"
    )


def test_a_refusal_of_autograd_is_a_wrong_shape_with_its_words(tmp_path):
    """Through the whole program: the verdict, the finding, the note."""
    code = function("", "F.conv2d(x, weight)", "dx[:, :, 1:], dw")
    (report,) = verified(tmp_path, code, "Op", file="op.py").targets
    assert report.verdict is Verdict.FAIL
    assert report.gradients["weight"].verdict is Verdict.PASS
    assert {found.id for found in report.findings if found.gradient == "input"} == {"wrong-shape"}
    (note,) = [note for note in report.notes if note.startswith("autograd refuses its gradients on ")]
    assert "returned an invalid gradient at index 0" in note
    assert note.endswith("there they were judged as its backward returned them")


def test_a_shape_that_autograd_sums_itself_is_as_right_as_what_arrives(tmp_path):
    """(1, F) for a bias (F,): autograd takes it."""
    code = function(", bias", "F.conv2d(x, weight, bias)", "dx, dw, g.sum((0, 2, 3))[None]")
    returned, right = answer(recognised(tmp_path, code, "Op"), PLAIN)
    assert (right, returned.refused) == ({"weight", "input", "bias"}, "")


def test_a_gradient_that_is_none_is_missing(tmp_path):
    """It is looked for, and not there."""
    code = function(", bias", "F.conv2d(x, weight, bias)", "dx, dw, None")
    chosen = recognised(tmp_path, code, "Op")
    assert chosen.yields == ("weight", "input", "bias")
    assert answer(chosen, PLAIN)[1] == {"weight", "input"}


def test_every_input_asks_for_its_gradient(tmp_path):
    """needs_input_grad is what it is in training: true for tensors, false for numbers."""
    code = function(", bias, stride=1", "F.conv2d(x, weight, bias, stride)", "dx, dw, g.sum((0, 2, 3)), None")
    code = code.replace(
        "        dx, dw =", "        assert ctx.needs_input_grad == (True, True, True, False)\n        dx, dw ="
    )
    assert answer(recognised(tmp_path, code, "Op"), PLAIN)[1] == {"weight", "input", "bias"}


def test_a_bias_with_axes_of_length_one_is_found(tmp_path):
    """(1, F, 1, 1), as it is added to the output."""
    code = function(", bias", "F.conv2d(x, weight) + bias", "dx, dw, g.sum((0, 2, 3), keepdim=True)")
    chosen = recognised(tmp_path, code, "Op")
    assert chosen.candidate.bias_form == "1o11"
    assert answer(chosen, PLAIN)[1] == {"weight", "input", "bias"}


def test_trailing_arguments_that_are_not_used_are_neither_stride_nor_padding(tmp_path):
    """They get None; a mode that is compared with other words too."""
    code = function(", kind, owner", "F.conv2d(x, weight * (2 if kind == 'twice' else 1))", "dx, dw, None, None")
    chosen = recognised(tmp_path, code, "Op")
    assert (chosen.candidate.assignment["kind"], chosen.candidate.assignment["owner"]) == ("nothing", "nothing")
    assert chosen.candidate.refuses(STRIDED) == "it has no parameter for stride"
    assert answer(chosen, PLAIN)[1] == {"weight", "input"}


@pytest.mark.parametrize(
    ("forward", "returned"),
    [
        ("2 * F.conv2d(x, weight)", "2 * dx, 2 * dw"),
        ("torch.sigmoid(F.conv2d(x, weight))", "torch.autograd.grad(1, [x, weight])"),
    ],
)
def test_a_function_that_computes_more_than_a_convolution_is_not_judged_as_one(tmp_path, forward, returned):
    """Its backward is right for what it computes."""
    code = function("", forward, returned)
    if "sigmoid" in forward:
        line = "        y = torch.sigmoid(F.conv2d(x, weight))\n        dx, dw = gradients(x, weight, g * y * (1 - y))"
        code = code.replace("        dx, dw = gradients(x, weight, g)", line).replace(returned, "dx, dw")
    with pytest.raises(NotRecognisedError, match="its forward is not a convolution") as raised:
        recognised(tmp_path, code, "Op")
    assert raised.value.step == "run"


def test_a_transposed_convolution_is_known_by_what_its_forward_does(tmp_path):
    """Its name says nothing. At stride 1 and padding (k - 1) / 2 it looks like a convolution with a turned kernel."""
    code = f"""{TOP}
class Up(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, stride=1, padding=0):
        ctx.save_for_backward(x, weight)
        ctx.sizes = stride, padding
        return F.conv_transpose2d(x, weight, None, stride, padding)

    @staticmethod
    def backward(ctx, g):
        x, weight = ctx.saved_tensors
        back, dw = gradients(g, weight, x, *ctx.sizes)
        return F.conv2d(g, weight, None, *ctx.sizes), dw, None, None
"""
    assert recognised(tmp_path, code, "Up").candidate.layout.conv == "conv_transpose2d"


def test_the_call_that_raised_is_told_apart(tmp_path):
    """A forward and a backward that stop at stride 2."""
    broken = "x[0, 0, 0, 10 ** 6 if stride > 1 else 0]"
    forward = function(", stride", f"F.conv2d(x, weight, None, stride) + 0 * {broken}", "dx, dw, None")
    backward = function(", stride", "F.conv2d(x, weight, None, stride)", f"dx, dw + 0 * {broken}, None")
    backward = backward.replace("        ctx.save", "        ctx.stride = stride\n        ctx.save")
    backward = backward.replace("        dx, dw =", "        stride = ctx.stride\n        dx, dw =")
    backward = backward.replace("gradients(x, weight, g)", "gradients(x, weight, g, stride)")
    spec = ConvSpec(2, 3, 4, 9, 9, (3, 3), stride=(2, 2))
    for code, where in ((forward, "forward"), (backward, "backward")):
        chosen = recognised(tmp_path, code, "Op")
        with pytest.raises(IndexError) as raised:
            answer(chosen, spec)
        assert raised.value.gradcheck_raised_in == where


@pytest.mark.parametrize(("scale", "right"), [("", {"weight", "input"}), (" / 2", {"input"})])
def test_a_mask_of_the_weights_is_no_bias(tmp_path, scale, right):
    """It is handed ones, in their shape."""
    code = function(", mask", "F.conv2d(x, weight * mask)", f"dx, dw * torch.ones_like(weight){scale}, None")
    chosen = recognised(tmp_path, code, "Op")
    assert answer(chosen, PLAIN)[1] == right
    assert "mask = ones" in chosen.candidate.why()


FLAT_WITH_TWO = """
import torch
import torch.nn.functional as F


class Flat(torch.autograd.Function):
    @staticmethod
    def forward(ctx, signal, weight, stride, padding):
        ctx.save_for_backward(signal, weight)
        ctx.how = {"stride": stride, "padding": padding}
        o, i, k = weight.shape
        return weight.reshape(o, i * k) @ F.unfold(signal[..., None], (k, 1), **ctx.how)

    @staticmethod
    def backward(ctx, grad):
        signal, weight = ctx.saved_tensors
        o, i, k = weight.shape
        pieces = F.unfold(signal[..., None], (k, 1), **ctx.how)
        d_weight = (grad @ pieces.transpose(1, 2)).sum(0).reshape(weight.shape)
        below = F.fold(weight.reshape(o, i * k).T @ grad, (signal.shape[2], 1), (k, 1), **ctx.how)
        return below[..., 0]FACTOR, d_weight, None, None
"""


@pytest.mark.parametrize("factor", ["", " * 2"])
def test_a_forward_that_is_none_with_padding_is_what_is_wrong_there(tmp_path, factor):
    """It pads an axis that its user has not, and its backward is the derivative of just that: no gradient is wrong.

    At some strides its output has the right size and nothing but zeros in it. A backward that is wrong where the
    forward is right is wrong all the same.
    """
    (report,) = verified(tmp_path, FLAT_WITH_TWO.replace("FACTOR", factor), "Flat", file="flat.py").targets
    found = {(finding.id, finding.gradient): finding.fails_when for finding in report.findings}

    assert found.pop(("wrong-forward", "call")) == "padding > 0"
    assert list(found) == ([("scaled-constant", "input")] if factor else [])
    assert any("gives other numbers" in place.message for place in report.geometries.list)
    assert report.gradients["weight"].verdict is Verdict.PASS


BY_PLANES = """
import torch
import torch.nn.functional as F


class Planes(torch.autograd.Function):
    @staticmethod
    def forward(ctx, images, taps):
        n, c, h, w = images.shape
        side = taps.shape[-1]
        ctx.pieces, ctx.taps, ctx.size = F.unfold(images, side).unflatten(1, (c, -1)), taps, (h, w)
        return torch.einsum("nckl,ck->ncl", ctx.pieces, taps.reshape(c, -1)).unflatten(2, (h - side + 1, -1))

    @staticmethod
    def backward(ctx, grad):
        flat, c = grad.flatten(2), grad.shape[1]
        d_taps = torch.einsum("nckl,ncl->ck", ctx.pieces, flat).reshape(ctx.taps.shape)
        spread = torch.einsum("ncl,ck->nckl", flat, ctx.taps.reshape(c, -1)).flatten(1, 2)
        return F.fold(spread, ctx.size, ctx.taps.shape[-1]), d_taps
"""


def test_a_function_by_channels_is_not_tried_on_one_channel_first(tmp_path):
    """There it is plain code, of which nothing with several filters is right."""
    chosen = recognised(tmp_path, BY_PLANES, "Planes")
    assert chosen.candidate.layout.depthwise
    assert answer(chosen, ConvSpec(2, 3, 3, 7, 6, (3, 3), groups=3))[1] - {"bias"} == {"weight", "input"}


# Three taps to a side, whatever the kernel has; of more it reads the first.
NINE = """
import torch

class Nine(torch.autograd.Function):
    @staticmethod
    def moved(x):
        wide = torch.nn.functional.pad(x, (1, 1, 1, 1))
        return [(u, v, wide[..., u:u + x.shape[-2], v:v + x.shape[-1]]) for u in range(3) for v in range(3)]

    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_backward(x, w)
        return sum(part * w[:, u, v].view(1, -1, 1, 1) for u, v, part in Nine.moved(x))

    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        dw = torch.zeros_like(w)
        for u, v, part in Nine.moved(x):
            dw[:, u, v] = (g * part).sum((0, 2, 3))
        return sum(part * w[:, 2 - u, OTHER].view(1, -1, 1, 1) for u, v, part in Nine.moved(g)), dw
"""


@pytest.mark.parametrize(("other", "right"), [("2 - v", {"weight", "input"}), ("v", {"weight"})])
def test_a_function_for_three_taps_is_asked_with_three(tmp_path, other, right):
    """With others its own forward is no convolution, and no gradient of one is owed."""
    chosen = recognised(tmp_path, NINE.replace("OTHER", other), "Nine")
    three, five = (ConvSpec(2, 4, 4, 7, 6, (side, 3), padding=(side // 2, 1), groups=4) for side in (3, 5))
    assert answer(chosen, three)[1] == right
    with pytest.raises(RefusedError, match="a kernel of 5x3"):
        answer(chosen, five)
