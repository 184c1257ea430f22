"""What torch itself says: the derivative of a composition, by autograd."""

from __future__ import annotations

import numpy as np
import torch

from gradcheck_cli.layers.known import KnownLayer


def tensors(layer: KnownLayer, values, *, leaves=True):
    """The values as torch takes them; those that are differentiated are leaves."""
    given = {}
    for name, value in {**layer.defaults, **values}.items():
        if isinstance(value, np.ndarray):
            tensor = torch.tensor(value)
            given[name] = tensor.requires_grad_(leaves and name in layer.differentiated)
        else:
            given[name] = value
    return given


def autograd(layer: KnownLayer, values, grad_output):
    """The gradients of the composition, by argument."""
    given = tensors(layer, values)
    result = layer.forward(torch, **given)
    outputs = result if isinstance(result, tuple) else (result,)
    upstream = grad_output if isinstance(grad_output, tuple) else (grad_output,)
    names = [name for name in layer.differentiated if name in values and values[name] is not None]
    found = torch.autograd.grad(outputs, [given[name] for name in names], [torch.tensor(g) for g in upstream])
    return {name: gradient.numpy() for name, gradient in zip(names, found, strict=True)}
