"""Every composition is the function of torch that people mean."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from known_layers import tensors

from gradcheck_cli.layers.known import KNOWN


def cell(kind, v, gates):
    """torch keeps the weights as (gates, features) and has two biases."""
    rnn = kind(v["wx"].shape[0], v["wh"].shape[0], dtype=torch.float64)
    biases = (v["bx"], v["bh"]) if "bx" in v else (v["bias"], torch.zeros_like(v["bias"]))
    named = dict(zip(("weight_ih", "weight_hh", "bias_ih", "bias_hh"), (v["wx"].T, v["wh"].T, *biases), strict=True))
    return torch.func.functional_call(rnn, named, (v["x"], gates))


def rotated(v):
    """As Llama does it: x cos + rotate_half(x) sin, with cos and sin repeated."""
    first, second = v["x"].chunk(2, -1)
    cos, sin = (torch.cat([v[name], v[name]], -1) for name in ("cos", "sin"))
    return v["x"] * cos + torch.cat([-second, first], -1) * sin


# Settings that are not the usual ones, where the layer has a choice, and torch's word for the same.
TORCH = {
    "linear": [({}, lambda v: F.linear(v["x"], v["weight"].T, v["bias"]))],
    "bias": [({}, lambda v: torch.add(v["x"], v["bias"]))],
    "relu": [({}, lambda v: F.relu(v["x"]))],
    "leaky-relu": [({"slope": 0.2}, lambda v: F.leaky_relu(v["x"], 0.2))],
    "elu": [({"alpha": 1.5}, lambda v: F.elu(v["x"], 1.5))],
    "gelu": [
        ({}, lambda v: F.gelu(v["x"])),
        ({"approximate": "tanh"}, lambda v: F.gelu(v["x"], approximate="tanh")),
    ],
    "silu": [({}, lambda v: F.silu(v["x"]))],
    "sigmoid": [({}, lambda v: torch.sigmoid(v["x"]))],
    "tanh": [({}, lambda v: torch.tanh(v["x"]))],
    "softplus": [({}, lambda v: F.softplus(v["x"]))],
    "softmax": [({}, lambda v: F.softmax(v["x"], -1))],
    "log-softmax": [({}, lambda v: F.log_softmax(v["x"], -1))],
    "cross-entropy": [
        ({}, lambda v: F.cross_entropy(v["x"], v["y"], v["class_weight"])),
        ({"class_weight": None, "reduction": "sum"}, lambda v: F.cross_entropy(v["x"], v["y"], reduction="sum")),
        (
            {"ignore_index": 1, "y": np.array([1, 0, 2, 1])},
            lambda v: F.cross_entropy(v["x"], v["y"], v["class_weight"], ignore_index=1),
        ),
        ({"reduction": "none"}, lambda v: F.cross_entropy(v["x"], v["y"], v["class_weight"], reduction="none")),
    ],
    "hinge": [({"margin": 0.5}, lambda v: F.multi_margin_loss(v["x"], v["y"], margin=0.5) * v["x"].shape[1])],
    "mse": [({}, lambda v: F.mse_loss(v["pred"], v["target"]))],
    "mae": [({"over": "none"}, lambda v: F.l1_loss(v["pred"], v["target"], reduction="sum"))],
    "huber": [({"delta": 0.5}, lambda v: F.huber_loss(v["pred"], v["target"], delta=0.5))],
    "binary-cross-entropy": [({}, lambda v: F.binary_cross_entropy(v["pred"], v["target"]))],
    "dropout": [({"keep": 0.5}, lambda v: torch.mul(v["x"], v["mask"]) * 2)],
    "flatten": [({}, lambda v: torch.flatten(v["x"], 1))],
    "max-pool": [
        ({}, lambda v: F.max_pool2d(v["x"], 2)),
        ({"height": 3, "width": 2, "stride": 1}, lambda v: F.max_pool2d(v["x"], (3, 2), 1)),
    ],
    "avg-pool": [({"height": 2, "width": 3, "stride": 1}, lambda v: F.avg_pool2d(v["x"], (2, 3), 1))],
    "batch-norm": [({}, lambda v: F.batch_norm(v["x"], None, None, v["weight"], v["bias"], training=True))],
    "batch-norm-eval": [
        ({}, lambda v: F.batch_norm(v["x"], v["running_mean"], v["running_var"], v["weight"], v["bias"]))
    ],
    "layer-norm": [
        ({}, lambda v: F.layer_norm(v["x"], v["x"].shape[-1:], v["weight"], v["bias"])),
        ({"weight": None, "bias": None, "eps": 0.1}, lambda v: F.layer_norm(v["x"], v["x"].shape[-1:], eps=0.1)),
    ],
    "group-norm": [({}, lambda v: F.group_norm(v["x"], 2, v["weight"], v["bias"]))],
    "instance-norm": [({}, lambda v: F.instance_norm(v["x"], weight=v["weight"], bias=v["bias"]))],
    "rms-norm": [({}, lambda v: F.rms_norm(v["x"], v["x"].shape[-1:], v["weight"], 1e-6))],
    "embedding": [({}, lambda v: F.embedding(v["index"], v["weight"]))],
    "attention": [
        ({}, lambda v: F.scaled_dot_product_attention(v["q"], v["k"], v["v"], v["mask"] != 0)),
        (
            {"mask": None, "causal": True, "scale": 0.3},
            lambda v: F.scaled_dot_product_attention(v["q"], v["k"], v["v"], is_causal=True, scale=0.3),
        ),
    ],
    "rnn-cell": [({}, lambda v: cell(torch.nn.RNNCell, v, v["prev_h"]))],
    "lstm-cell": [({"order": "ifgo"}, lambda v: cell(torch.nn.LSTMCell, v, (v["prev_h"], v["prev_c"])))],
    "gru-cell": [({}, lambda v: cell(torch.nn.GRUCell, v, v["prev_h"]))],
    "rotary": [({}, rotated)],
    "swiglu": [({}, lambda v: F.silu(v["gate"]) * v["up"])],
}
CASES = [(name, place) for name, cases in TORCH.items() for place in range(len(cases))]


def test_every_layer_is_compared():
    """A new layer wants a line in the table."""
    assert set(KNOWN) == set(TORCH)


@pytest.mark.parametrize(("name", "place"), CASES)
def test_a_composition_is_torch_s_function(name, place):
    """On generic values, to rounding, output by output."""
    changed, theirs = TORCH[name][place]
    layer = KNOWN[name]
    values = tensors(layer, {**layer.sample(11), **changed}, leaves=False)
    expected, actual = theirs(values), layer.forward(torch, **values)
    for one, other in zip(
        *((each if isinstance(each, tuple) else (each,)) for each in (expected, actual)), strict=True
    ):
        torch.testing.assert_close(other, one, rtol=1e-12, atol=1e-13)


def test_rotary_in_neighbours_turns_them_as_complex_numbers():
    """The other way to pair the features, as GPT-J does it."""
    layer = KNOWN["rotary"]
    values = tensors(layer, layer.sample(3), leaves=False)
    turned = torch.view_as_complex(values["x"].reshape(2, 3, 4, 2)) * torch.complex(values["cos"], values["sin"])
    torch.testing.assert_close(
        layer.forward(torch, **{**values, "pairs": "neighbours"}), torch.view_as_real(turned).reshape(2, 3, 8)
    )
