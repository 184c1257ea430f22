"""A forward written down: what is recorded, from which line, and that it runs again to the same bits."""

import json
from functools import partial

import numpy as np
import pytest
import torch

from gradcheck_cli.model.recording import Recording
from gradcheck_cli.oracles.graph.recorder import NotRecordableError, record
from gradcheck_cli.oracles.graph.replay import Replay
from gradcheck_cli.oracles.graph.tensors import flattened


def drawn(**shapes):
    """Tensors of normal numbers, float64."""
    generator = torch.Generator().manual_seed(3)
    return {name: torch.randn(*shape, dtype=torch.float64, generator=generator) for name, shape in shapes.items()}


def recorded(forward, tensors):
    """What the forward returned, and its recording."""
    return record(lambda: forward(**tensors), tensors)


def arrays(tensors):
    """The same numbers before anything was written into them."""
    return {name: tensor.numpy().copy() for name, tensor in tensors.items()}


def _centred(x, w):
    mean = x.mean(-1, keepdim=True)
    spread = (
        (x - mean) ** 2
    ).mean(-1, keepdim=True)  # fmt: skip
    return (x - mean) * torch.rsqrt(spread + 1e-5) * w


def _by_columns(x, w):
    out = torch.zeros(x.shape[0], 3, dtype=x.dtype)
    for column in range(3):
        out[:, column] = x[:, column] * w[column]
    turned = out.T
    turned += 1
    return out


def _clipped_copy(x, w):
    kept = x.clone()
    kept[kept < 0] = 0
    kept.mul_(w)
    return kept, kept.sum(0)


def _windows(x, w):
    return x[:, 1:].as_strided((5, 3, 3), (7, 1, 1), 1) @ w[:3]


def _turned_memory(x, w):
    flipped = x.T.clone()
    flipped[2:4] *= w[2]
    return torch.cat([flipped, flipped + 1])


def _into_an_array(x, w):
    out = torch.empty(5, 7, dtype=x.dtype)
    torch.mul(x, w, out=out)
    return out.sin()


def _dropped(x, w):
    return torch.dropout(x, 0.5, True) * w + torch.randn_like(x)


def _several(x, w):
    top, index = x.max(dim=-1)
    left, right = x.split([3, 4], dim=1)
    return {"top": top, "index": index, "parts": [left, right.softmax(-1)], "size": x.shape[0], "w": w}


FORWARDS = [
    _centred,
    _by_columns,
    _clipped_copy,
    _windows,
    _turned_memory,
    _into_an_array,
    _dropped,
    _several,
    lambda x, w: torch.nn.functional.layer_norm(x, (7,), w),
    lambda x, w: torch.nn.functional.cross_entropy(x * w, torch.tensor([0, 6, 2, 2, 1])),
    lambda x, w: torch.einsum("ij,kj,j->ik", x, x, w),
    lambda x, w: torch.nn.functional.max_pool2d((x * w)[None, None], 2),
]


@pytest.mark.parametrize("forward", FORWARDS)
def test_a_recording_runs_again_to_the_same_bits(forward):
    """Also where the forward writes in place, through views, or draws."""
    tensors = drawn(x=(5, 7), w=(7,))
    given = arrays(tensors)
    returned, recording = recorded(forward, tensors)
    for expected, actual in zip(flattened(returned), Replay(recording, given).outputs(), strict=True):
        if isinstance(expected, torch.Tensor):
            np.testing.assert_array_equal(expected.numpy(), actual)
        else:
            assert actual is None


@pytest.mark.parametrize("forward", [each for each in FORWARDS if each not in (_dropped, _into_an_array)])
def test_a_recording_has_the_gradients_of_its_forward(forward):
    """Torch's own backward of the user's code, and of the replay."""
    tensors = drawn(x=(5, 7), w=(7,))
    given = arrays(tensors)
    _, recording = recorded(forward, tensors)
    leaves = {name: torch.tensor(array, requires_grad=True) for name, array in given.items()}
    outputs = tuple(flattened(forward(**leaves)))
    generator = np.random.default_rng(1)
    floats = [isinstance(out, torch.Tensor) and out.is_floating_point() for out in outputs]
    upstream = [
        generator.standard_normal(out.shape) if used else None for out, used in zip(outputs, floats, strict=True)
    ]
    total = sum((out * torch.tensor(g)).sum() for out, g in zip(outputs, upstream, strict=True) if g is not None)
    total.backward()
    actual = Replay(recording, given).gradients(upstream)
    for name, leaf in leaves.items():
        np.testing.assert_allclose(actual[name], 0 * given[name] if leaf.grad is None else leaf.grad, atol=1e-12)


def test_a_node_knows_its_statement_and_its_variable():
    """Also of a statement of several lines."""
    _, recording = recorded(_centred, drawn(x=(5, 7), w=(7,)))
    places = {node.place.name: node.place for node in recording.nodes if node.place is not None}
    assert "mean = x.mean(-1, keepdim=True)" == places["mean"].text
    assert "spread = ( (x - mean) ** 2 ).mean(-1, keepdim=True)" == places["spread"].text
    assert places["mean"].line + 1 == places["spread"].line
    assert "return (x - mean) * torch.rsqrt(spread + 1e-5) * w" == places[""].text


def test_what_calls_the_forward_has_no_part_in_it():
    """An operation that no line of a forward makes has no place, and least of all that of this test."""
    tensors = drawn(x=(5, 7))
    _, recording = record(partial(torch.mul, tensors["x"], 3.0), tensors)
    assert [None] == [node.place for node in recording.nodes if node.op.startswith("aten.mul")]


def test_what_no_output_depends_on_is_left_out():
    """A sum for a print, and a table that no input is in; inputs stay."""

    def forward(x, w):
        x.sum()
        table = torch.arange(7, dtype=x.dtype).exp()
        return x * table

    _, recording = recorded(forward, drawn(x=(5, 7), w=(7,)))
    assert ["input", "input", "constant", "aten.mul.Tensor"] == [node.op for node in recording.nodes]


def test_a_recording_crosses_the_wire_unchanged():
    """Through JSON, with its constants beside it."""
    tensors = drawn(x=(5, 7), w=(7,))
    for forward in FORWARDS:
        _, recording = recorded(forward, {name: tensor.clone() for name, tensor in tensors.items()})
        message, constants = recording.message()
        read = Recording.from_message(json.loads(json.dumps(message)), constants)
        assert (recording.nodes, recording.outputs, recording.leaves) == (read.nodes, read.outputs, read.leaves)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda message: message["nodes"][2][1].__setitem__(0, {"ref": [9, 0]}),
        lambda message: message["nodes"][2][1].__setitem__(0, {"call": "exit"}),
        lambda message: message["outputs"].__setitem__(0, {"ref": [99, 0]}),
    ],
)
def test_a_message_that_is_none_of_ours_is_refused(spoil):
    """The other side of the wire runs a stranger's code."""
    _, recording = recorded(lambda x, w: x * w, drawn(x=(5, 7), w=(7,)))
    message = json.loads(json.dumps(recording.message()[0]))
    spoil(message)
    with pytest.raises(ValueError, match=r"."):
        Recording.from_message(message, ())


def test_the_forward_s_own_detach_is_kept_or_followed_as_asked():
    """.detach(), .data and no_grad."""

    def forward(x, w):
        with torch.no_grad():
            scale = x * 2
        return w * scale + x.detach() * 3 + x.data * 5 + x

    tensors = drawn(x=(7,), w=(7,))
    given = arrays(tensors)
    _, recording = recorded(forward, tensors)
    upstream = [np.ones(7)]
    np.testing.assert_array_equal(np.ones(7), Replay(recording, given).gradients(upstream)["x"])
    followed = Replay(recording, given, "followed").gradients(upstream)["x"]
    np.testing.assert_allclose(2 * given["w"] + 9, followed)


class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x * x

    @staticmethod
    def backward(ctx, g):
        return g


def test_the_forward_of_a_function_inside_is_followed():
    """Torch switches gradients off in it, which is no no_grad of the user's."""
    x = torch.tensor([2.0, 3.0], dtype=torch.float64)
    _, recording = record(lambda: Cube.apply(x), {"x": x})
    assert [12, 27] == Replay(recording, {"x": x.numpy()}).gradients([np.ones(2)])["x"].tolist()


def test_where_a_value_leaves_torch_is_told():
    """What is computed of it there is a constant here."""

    def forward(x, w):
        return x * w.sum().item()

    _, recording = recorded(forward, drawn(x=(7,), w=(7,)))
    assert ["return x * w.sum().item()"] == [place.text for place in recording.leaves]


def test_what_cannot_be_written_down_is_refused_with_its_line():
    """A forward that loops over entries."""

    def forward(x, w):
        for _ in range(5000):
            x = x + w
        return x

    with pytest.raises(NotRecordableError, match=r"it makes more than 4,000 operations \(test_recorder.py:\d+\)\."):
        recorded(forward, drawn(x=(2,), w=(2,)))
