"""How many axes a target has, where its name does not say so."""

import pytest
from recognising import recognised

FUNCTION = """
import torch
from torch.nn import functional

def layer(x, w, b, stride, padding):
    return {layer}(x, w, b, stride, padding)

class {name}(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, bias, stride, padding):
        ctx.save_for_backward(x, weight)
        ctx.steps = stride, padding
        return {forward}(x, weight, bias, stride, padding)

    @staticmethod
    def backward(ctx, grad_output):
        x, weight = (each.detach().requires_grad_() for each in ctx.saved_tensors)
        with torch.enable_grad():
            output = layer(x, weight, None, *ctx.steps)
        dx, dw = torch.autograd.grad(output, (x, weight), grad_output)
        return dx, dw, grad_output.sum((0, *range(2, grad_output.ndim))), None, None

class Heir({name}):
    pass
"""
CONV3D = "functional.conv3d"
HIDDEN = 'getattr(functional, "conv" + "3d")'


@pytest.mark.parametrize(
    ("name", "layer", "forward"),
    [
        ("Box", CONV3D, CONV3D),
        ("Conv3dByHand", HIDDEN, "layer"),
        ("Box", "functional.conv_transpose3d", "functional.conv_transpose3d"),
    ],
    ids=["what it calls", "its name", "a transposed layer"],
)
def test_volumes_are_told_by_a_name_or_by_what_the_code_calls(tmp_path, name, layer, forward):
    """torch refuses pictures there, which is no crash of the code."""
    code = FUNCTION.format(name=name, layer=layer, forward=forward)

    assert "ncdhw" == recognised(tmp_path, code, name).candidate.layout.x


def test_a_class_calls_what_it_inherits(tmp_path):
    """Its own body says nothing of its axes."""
    code = FUNCTION.format(name="Box", layer=CONV3D, forward=CONV3D)

    assert "ncdhw" == recognised(tmp_path, code, "Heir").candidate.layout.x
