"""Code of numpy whose forward is a known layer: its slips are told in that layer's terms, by the user's names."""

import numpy as np
import pytest

from gradcheck_cli.diagnose.edits.by_layer import AsLayer, Call


def calls(forward, backward, *drawn):
    """What a pair of functions did on some calls, each with its G."""
    found = []
    for seed, values in enumerate(drawn):
        out = forward(**values)
        grad = np.random.default_rng(seed).normal(size=np.shape(out))
        found.append(Call(values, [out], [grad], backward(grad, **values)))
    return found


def drawn(seed, **shapes):
    """Normal numbers by name."""
    rng = np.random.default_rng(seed)
    return {name: rng.normal(size=shape) for name, shape in shapes.items()}


def told(seen, gradient):
    """The findings in short."""
    return [(finding.id, finding.certainty, finding.message, finding.line) for finding in seen.findings(gradient)]


def spatial_norm(pic, gain, shift):
    """Channels first."""
    mean, var = pic.mean((0, 2, 3), keepdims=True), pic.var((0, 2, 3), keepdims=True)
    return gain[:, None, None] * (pic - mean) / np.sqrt(var + 1e-5) + shift[:, None, None]


def variance_lost(grad, pic, gain, shift):
    """And the gain's gradient with the picture itself."""
    inv = 1 / np.sqrt(pic.var((0, 2, 3), keepdims=True) + 1e-5)
    inner = grad * gain[:, None, None]
    return {
        "pic": (inner - inner.mean((0, 2, 3), keepdims=True)) * inv,
        "gain": (grad * pic).sum((0, 2, 3)),
        "shift": grad.sum((0, 2, 3)),
    }


PICTURES = [
    drawn(seed, pic=shape, gain=shape[1], shift=shape[1]) for seed, shape in enumerate([(2, 3, 4, 5), (3, 4, 2, 3)])
]


def test_a_lost_path_of_a_spatial_norm_is_told_in_the_layer_s_terms():
    """The axes are theirs, the names too; the line is the layer's, so no line of their file is claimed."""
    seen = AsLayer(calls(spatial_norm, variance_lost, *PICTURES))
    assert "batch-norm" == seen.match.layer.id
    assert [
        (
            "path-missing",
            "proved",
            "grad_pic is exactly what comes out when the path through `variance` is not followed "
            "(in gradcheck's own batch-norm: `variance = (centred * centred).mean(axis=0)`).",
            None,
        )
    ] == told(seen, "pic")
    ((identifier, certainty, message, line),) = told(seen, "gain")
    assert ("wrong-operand", "proved", None) == (identifier, certainty, line)
    assert "`pic` stands where `x_hat` is right" in message
    assert [] == told(seen, "shift")


def attend(key, query, value):
    """Of one sample: two axes where the layer has three."""
    s = query @ key.T / np.sqrt(query.shape[-1])
    p = np.exp(s - s.max(1, keepdims=True))
    return p / p.sum(1, keepdims=True) @ value


def diagonal_only(grad, key, query, value):
    """The softmax as if it were a sigmoid."""
    s = query @ key.T / np.sqrt(query.shape[-1])
    p = np.exp(s - s.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    ds = p * (1 - p) * (grad @ value.T)
    return {"query": ds @ key / np.sqrt(query.shape[-1]), "key": ds.T @ query, "value": p.T @ grad}


def test_attention_of_single_samples_is_recognised_and_what_is_right_is_not_named():
    """Two axes where the layer has three."""
    values = [drawn(0, key=(4, 2), query=(3, 2), value=(4, 5)), drawn(1, key=(5, 3), query=(2, 3), value=(5, 4))]
    seen = AsLayer(calls(attend, diagonal_only, *values))
    assert ("attention", {"query": "q", "key": "k", "value": "v"}) == (seen.match.layer.id, seen.match.names)
    assert [] == told(seen, "value")


def soft(z):
    """Almost softplus."""
    return np.log1p(np.exp(z)) + 1e-7 * z


def test_a_forward_that_is_no_known_layer_tells_nothing():
    """No layer, no graph, no guess."""
    seen = AsLayer(calls(soft, lambda grad, z: {"z": grad}, drawn(0, z=(3, 4))))
    assert seen.match is None
    assert () == seen.findings("z")


def test_no_calls_are_no_layer():
    """A function that never ran is not recognised."""
    assert () == AsLayer([]).findings("x")


@pytest.mark.parametrize(
    ("backward", "identifier"),
    [
        (lambda grad, x: {"x": grad / (1 + np.exp(-x))}, "wrong-derivative"),
        (lambda grad, x: {"x": grad * x * (1 - x)}, "wrong-derivative"),
    ],
    ids=["y for y (1 - y)", "x for y"],
)
def test_a_sigmoid_s_slips_are_told(backward, identifier):
    """The two that students make most."""
    seen = AsLayer(calls(lambda x: 1 / (1 + np.exp(-x)), backward, drawn(0, x=(3, 4)), drawn(1, x=(5, 2))))
    assert "sigmoid" == seen.match.layer.id
    assert [identifier] == [each[0] for each in told(seen, "x")]


def test_what_is_quoted_of_our_own_composition_is_told_as_ours():
    """Not as a line of theirs, and without the namespace that it is written for."""

    def sigmoid(z):
        return 1 / (1 + np.exp(-z))

    seen = AsLayer(
        calls(
            lambda z: z * sigmoid(z), lambda grad, z: {"z": grad * sigmoid(z)}, drawn(0, z=(3, 5)), drawn(1, z=(4, 3))
        )
    )
    ((_, _, message, line),) = told(seen, "z")
    assert line is None
    assert message == (
        "grad_z is exactly what comes out when the path through `gate` is not followed "
        "(in gradcheck's own silu: `gate = sigmoid(x)`)."
    )
