"""Which slip gives exactly these numbers: planted backwards of small forwards, each with the sentence that it gets."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.diagnose.edits.observing import ROWS, findings

PLANTED = Path(__file__).parent / "planted" / "forwards.py"
_spec = importlib.util.spec_from_file_location("planted_forwards", PLANTED)
forwards = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(forwards)


def _rms_right(g, x, gain):
    inv = (x.pow(2).mean(-1, keepdim=True) + 1e-6).rsqrt()
    inner = g * gain
    return {
        "x": inv * inner - x * inv**3 * (inner * x).mean(-1, keepdim=True),
        "gain": (g * x * inv).sum(0),
    }


def _rms_constant(g, x, gain):
    return {"x": g * gain * (x.pow(2).mean(-1, keepdim=True) + 1e-6).rsqrt()}


def _rms_without_gain(g, x, gain):
    return _rms_right(g, x, torch.ones_like(gain))


def _rms_gain_of_x(g, x, gain):
    return {"gain": (g * x).sum(0)}


def _rms_gain_averaged(g, x, gain):
    return {"gain": (g * x * (x.pow(2).mean(-1, keepdim=True) + 1e-6).rsqrt()).mean(0)}


def _rms_gain_in_blocks(g, x, gain):
    found = _rms_right(g, x, gain)["gain"]
    found[len(found) // 4 * 4 :] = 0
    return {"gain": found}


CAME_OUT = "is exactly what comes out when"


@pytest.mark.parametrize(
    ("backward", "name", "identifier", "message"),
    [
        (
            _rms_constant,
            "x",
            "path-missing",
            f"grad_x {CAME_OUT} the path through `ms` is not followed.",
        ),
        (
            _rms_without_gain,
            "x",
            "derivative-missing",
            f"grad_x {CAME_OUT} the factor `gain` is left out.",
        ),
        (
            _rms_gain_of_x,
            "gain",
            "wrong-operand",
            f"grad_gain {CAME_OUT} `x` stands where `x * inv` is right, in the derivative of the product in "
            "`gain * (x * inv)`.",
        ),
        (
            _rms_gain_averaged,
            "gain",
            "mean-for-sum",
            "grad_gain is the right one times 1/N, N being the length of axis 0 of x.",
        ),
        (
            _rms_gain_in_blocks,
            "gain",
            "tail-missing",
            f"grad_gain {CAME_OUT} it is 0 behind the last whole block of 4 along axis 0.",
        ),
        (
            lambda g, x, gain: {"x": 0 * x},
            "x",
            "missing-gradient",
            "grad_x is 0 everywhere, and the output depends on x.",
        ),
    ],
)
def test_a_mistake_in_a_norm_is_told_at_its_line(backward, name, identifier, message):
    """One edit of the graph gives the user's numbers on both samples, and it is told with the user's names."""
    (finding,) = findings(forwards.rms_norm, backward, name, *ROWS)
    assert (identifier, "proved", message) == (finding.id, finding.certainty, finding.message)


def test_a_right_gradient_has_no_mistake():
    """Also where it is written in another way than the graph computes it."""
    for name in ("x", "gain"):
        assert () == findings(forwards.rms_norm, _rms_right, name, *ROWS)


def test_what_one_sample_shows_is_probable():
    """Some edits agree by their sizes alone: it takes a sample of other sizes to prove one."""
    (finding,) = findings(forwards.rms_norm, _rms_constant, "x", ROWS[0])
    assert "probable" == finding.certainty
    assert finding.message.startswith("grad_x is exactly what comes out when")


def test_a_gradient_that_no_slip_gives_has_no_name():
    """Nothing is told where nothing is exact."""
    assert () == findings(forwards.rms_norm, lambda g, x, gain: {"x": g * x.sin() + gain}, "x", *ROWS)


def test_two_mistakes_are_told_together():
    """Both statistics taken for constants: no single edit gives it."""

    def backward(g, x):
        return {"x": g / (((x - x.mean(0)) ** 2).mean(0) + 1e-3).sqrt()}

    (finding,) = findings(forwards.sample_norm, backward, "x", {"x": (5, 7)}, {"x": (4, 3)})
    assert "path-missing" == finding.id
    assert "the path through `centre` is not followed" in finding.message
    assert ", and the path through `spread` is not followed" in finding.message


def test_a_lost_path_and_a_lost_factor_are_two_findings():
    """Each under its own name, with the sentence of both."""

    def backward(g, x, gain):
        return {"x": g * (x.pow(2).mean(-1, keepdim=True) + 1e-6).rsqrt()}

    found = findings(forwards.rms_norm, backward, "x", *ROWS)
    assert {"path-missing", "derivative-missing"} == {finding.id for finding in found}


SOFT = {"scores": (4, 5), "values": (5, 3)}, {"scores": (3, 7), "values": (7, 4)}


def soft_backward(of_weights):
    """The backward of soft attention with another Jacobian of its softmax."""

    def backward(g, scores, values):
        p = torch.softmax(scores, -1)
        return {"scores": of_weights(p, g @ values.T), "values": p.T @ g}

    return backward


@pytest.mark.parametrize(
    ("of_weights", "identifier", "part"),
    [
        (lambda p, g: p * (1 - p) * g, "diagonal-only", "the diagonal of the Jacobian."),
        (lambda p, g: p * g, "path-missing", "the path through `total` is not followed"),
        (lambda p, g: p * (g - (p * g).sum()), "summed-too-far", "times `total`, is added up over axis 0"),
        (lambda p, g: p * (g - (p * g).mean(-1, keepdim=True)), "mean-for-sum", "1/N"),
    ],
)
def test_a_softmax_that_is_written_out_is_taken_apart(of_weights, identifier, part):
    """Its Jacobian is written in terms of the result; the graph has a quotient and a sum."""
    (finding,) = findings(forwards.soft_attention, soft_backward(of_weights), "scores", *SOFT)
    assert identifier == finding.id
    assert part in finding.message


GATES = {"a": (4, 5), "b": (4, 5)}, {"a": (3, 7), "b": (3, 7)}


@pytest.mark.parametrize(
    ("backward", "name", "identifier", "part"),
    [
        (lambda g, a, b: {"a": g * b.tanh() * a.sigmoid()}, "a", "wrong-derivative", "taken wrongly: y for y (1 - y)"),
        (lambda g, a, b: {"b": g * a.sigmoid() * (1 - b.tanh())}, "b", "wrong-derivative", "1 - y for 1 - y^2"),
        (lambda g, a, b: {"b": g * a.sigmoid() * (1 - b * b)}, "b", "wrong-operand", "`b` stands where the result is"),
        (
            lambda g, a, b: {"b": g * (1 - b.tanh() ** 2)},
            "b",
            "derivative-missing",
            "factor `torch.sigmoid(a)` is",
        ),
        (lambda g, a, b: {"b": g * a.sigmoid()}, "b", "derivative-missing", "the derivative of the tanh in"),
        (lambda g, a, b: {"b": (b.tanh() ** 2 - 1) * g * a.sigmoid()}, "b", "sign-flipped", "times -1."),
        (
            lambda g, a, b: {"b": a.sigmoid() * (1 - b.tanh() ** 2)},
            "b",
            "upstream-ignored",
            "G is taken for 1",
        ),
        (
            lambda g, a, b: {"b": g[:1] * a.sigmoid() * (1 - b.tanh() ** 2)},
            "b",
            "one-upstream-for-all",
            "the first entry",
        ),
    ],
)
def test_a_mistake_in_an_activation_is_told(backward, name, identifier, part):
    """Remembered derivatives, the input for the output, a factor of the product."""
    (finding,) = findings(forwards.gate, backward, name, *GATES)
    assert (identifier, "proved") == (finding.id, finding.certainty)
    assert part in finding.message


DENSE = {"x": (5, 7), "w": (7, 6), "bias": (6,)}, {"x": (4, 3), "w": (3, 8), "bias": (8,)}


def dense_backward(of_mask=lambda g, z: g * (z > 0), weight=lambda x, d: x.T @ d, bias=lambda d: d.sum(0)):
    """The backward of dense with one part of it replaced."""

    def backward(g, x, w, **rest):
        d = of_mask(g, x @ w + rest["bias"])
        return {"x": d @ w.T, "w": weight(x, d), "bias": bias(d)}

    return backward


@pytest.mark.parametrize(
    ("backward", "name", "identifier"),
    [
        (dense_backward(of_mask=lambda g, z: g * (g > 0)), "x", "wrong-derivative"),
        (dense_backward(of_mask=lambda g, z: g), "x", "derivative-missing"),
        (dense_backward(weight=lambda x, d: (d.T @ x).reshape(x.shape[1], d.shape[1])), "w", "axes-transposed"),
        (dense_backward(weight=lambda x, d: x[-1:].T @ d[-1:]), "w", "last-sample-only"),
        (dense_backward(bias=lambda d: d.sum().expand(d.shape[1])), "bias", "summed-too-far"),
        (dense_backward(bias=lambda d: d[0]), "bias", "tail-missing"),
    ],
)
def test_a_mistake_in_a_dense_layer_is_told(backward, name, identifier):
    """Masks, transposes, sums over the batch."""
    (finding,) = findings(forwards.dense, backward, name, *DENSE)
    assert (identifier, "proved") == (finding.id, finding.certainty)


def test_rows_that_are_used_twice_and_stored_once_are_told():
    """table.grad[rows] = g keeps the last."""

    def backward(g, table):
        found = torch.zeros_like(table)
        for row, each in zip([2, 0, 2, 1, 2], g, strict=True):
            found[row] = 3 * each
        return {"table": found}

    (finding,) = findings(forwards.lookup, backward, "table", {"table": (4, 3)}, {"table": (5, 2)})
    assert "overwrites-instead-of-adding" == finding.id


def test_a_backward_that_masks_what_its_forward_did_not_is_told():
    """The scores above the diagonal get no gradient."""

    def backward(g, q, k):
        p = torch.softmax(q @ k.T, -1)
        inner = g @ k.T
        return {"q": (p * (inner - (p * inner).sum(-1, keepdim=True))).tril() @ k}

    (finding,) = findings(forwards.masked_scores, backward, "q", {"q": (5, 3), "k": (5, 3)}, {"q": (6, 2), "k": (6, 2)})
    assert "wrong-forward-mask" == finding.id
    assert "is 0 above the diagonal" in finding.message


def test_a_path_inside_a_native_operation_is_told_by_its_part():
    """torch computes it as one; the graph has it written out."""

    def backward(g, z):
        return {"z": g * torch.softmax(z, -1)}

    (finding,) = findings(forwards.native_softmax, backward, "z", {"z": (4, 5)}, {"z": (3, 7)})
    assert "path-missing" == finding.id
    assert "the path through `total of torch.softmax(z, dim=-1)` is not followed" in finding.message

    def constant(g, x, gain):
        return {"x": g * gain / (x.var(-1, correction=0, keepdim=True) + 1e-5).sqrt()}

    (finding,) = findings(forwards.native_norm, constant, "x", *ROWS)
    assert "mean of torch.nn.functional.layer_norm(x, x.shape[-1:], gain)" in finding.message


def test_an_output_whose_upstream_is_not_used_is_told():
    """Two outputs, one G."""

    def backward(g, _, x):
        return {"x": g - g.mean(0)}

    (finding,) = findings(forwards.centred, backward, "x", {"x": (4, 5)}, {"x": (3, 7)})
    assert "path-missing" == finding.id
    assert "when G of output 1 is not used, so that nothing flows back from it." in finding.message


def test_entries_that_are_not_finite_have_no_edit():
    """They are told elsewhere."""
    assert () == findings(forwards.rms_norm, lambda g, x, gain: {"x": x * np.nan}, "x", *ROWS)


def test_a_factor_that_is_left_out_on_one_of_two_ways_is_told_with_the_way():
    """The mean of a norm's backward is made of G where G times the gain is what flows there."""

    def backward(g, x, gain):
        inv = (x.pow(2).mean(-1, keepdim=True) + 1e-6).rsqrt()
        return {"x": inv * g * gain - x * inv**3 * (g * x).mean(-1, keepdim=True)}

    (finding,) = findings(forwards.rms_norm, backward, "x", *ROWS)
    assert (finding.id, finding.certainty) == ("derivative-missing", "proved")
    assert (
        finding.message
        == f"grad_x {CAME_OUT} the factor `gain` is left out, in what comes to x through `x.pow(2)` alone."
    )


def test_g_itself_in_the_place_of_what_comes_back_is_told():
    """Two factors stand between G and the hyperbolic tangent, and neither is followed."""

    def backward(g, x, a, b):
        return {"x": g * (1 - x.tanh() ** 2)}

    shapes = [dict.fromkeys("xab", shape) for shape in ((3, 5), (4, 7))]
    (finding,) = findings(lambda x, a, b: x.tanh() * a * b, backward, "x", *shapes)
    assert (finding.id, finding.certainty) == ("wrong-operand", "proved")
    assert "is made of G itself, and not of what comes back to" in finding.message


def test_an_output_that_was_kept_for_the_input_is_told():
    """Every derivative is taken at the output."""

    def backward(g, x):
        y = x * x.sigmoid()
        return {"x": g * y.sigmoid() * (1 + y * (1 - y.sigmoid()))}

    (finding,) = findings(lambda x: x * x.sigmoid(), backward, "x", {"x": (3, 5)}, {"x": (4, 7)})
    assert (finding.id, finding.certainty) == ("wrong-operand", "proved")
    assert finding.message == "grad_x is exactly what comes out when `x` is taken to be `x * x.sigmoid()`."


def test_counts_are_named_by_no_edit_that_they_may_agree_with_by_chance():
    """One for the number of margins: so it would be were the last column alone above its margin, and it is not."""

    def margins(x):
        first = (x - x[:, :1] + 1)[:, 1:]
        return torch.cat([first[:, :-1], first[:, -1:] + 9], 1).clamp(min=0)

    def backward(g, x):
        live = (margins(x) > 0).to(x.dtype)
        return {"x": g * torch.cat([-torch.ones_like(x[:, :1]), live], 1)}

    assert () == findings(lambda x: margins(x).sum(), backward, "x", {"x": (3, 5)}, {"x": (4, 7)})
