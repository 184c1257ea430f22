"""Slips that people make in functions, from the file to the name of the mistake: loops, parts, written-out formulas."""

import textwrap

import pytest

from gradcheck_cli.model import Verdict, VerifyOptions
from gradcheck_cli.runs.verify import verify_targets

SLIPS = """
import numpy as np

def gate_forward(z, w):
    s = 1.0 / (1.0 + np.exp(-z))
    return s * w, (s, w)

def gate_backward(g, cache):
    s, w = cache
    return g * w, g * s

def squash_forward(a):
    out = 1 / (1 + np.exp(-a))
    return 3.0 * out, out

def squash_backward(d, out):
    return 3.0 * d * (1 - out ** 2)

def unroll_forward(x, start, Wx, Wh):
    h, out, cache = start, [], []
    for t in range(x.shape[1]):
        before = h
        h = np.tanh(x[:, t] @ Wx + before @ Wh)
        out.append(h)
        cache.append((x[:, t], before, h))
    return np.stack(out, axis=1), (cache, Wx, Wh)

def unroll_backward(dout, saved):
    cache, Wx, Wh = saved
    dWx, dWh, dxs = np.zeros_like(Wx), np.zeros_like(Wh), []
    for t in reversed(range(len(cache))):
        xt, before, h = cache[t]
        dz = dout[:, t] * (1 - h ** 2)
        dWx += xt.T @ dz
        dWh += before.T @ dz
        dh = dz @ Wh.T
        dxs.insert(0, dz @ Wx.T)
    return np.stack(dxs, axis=1), dh, dWx, dWh

def carry_forward(x, start, Wx, Wh):
    h, out, cache = start, [], []
    for t in range(x.shape[1]):
        before = h
        h = np.tanh(x[:, t] @ Wx + before @ Wh)
        out.append(h)
        cache.append((x[:, t], before, h))
    return np.stack(out, axis=1), (cache, Wx, Wh)

def carry_backward(dout, saved):
    cache, Wx, Wh = saved
    dWx, dWh, dxs, dh = np.zeros_like(Wx), np.zeros_like(Wh), [], 0.0
    for t in reversed(range(len(cache))):
        xt, before, h = cache[t]
        dz = (dout[:, t] + dh) * (1 - h ** 2)
        dWx += xt.T @ dz
        dWh += before.T @ dz
        dh = dz @ Wh.T
        dxs.insert(0, dz @ Wx.T)
    return np.stack(dxs, axis=1), dh, dWx, dWh

def each_forward(x, start, Wx, Wh):
    h, cache = start, []
    for t in range(x.shape[1]):
        before = h
        h = np.tanh(x[:, t] @ Wx + before @ Wh)
        cache.append((x[:, t], before, h))
    return h, (cache, Wx, Wh)

def each_backward(dh, saved):
    cache, Wx, Wh = saved
    dxs, dWh = [], np.zeros_like(Wh)
    for t in reversed(range(len(cache))):
        xt, before, h = cache[t]
        dz = dh * (1 - h ** 2)
        dWx = xt.T @ dz
        dWh += before.T @ dz
        dh = dz @ Wh.T
        dxs.insert(0, dz @ Wx.T)
    return np.stack(dxs, axis=1), dh, dWx, dWh

def look_forward(x, Wq, Wk):
    q, k = x @ Wq, x @ Wk
    return np.tanh(q @ k.T), (x, q, k, Wq, Wk)

def look_backward(dout, cache):
    x, q, k, Wq, Wk = cache
    ds = dout * (1 - np.tanh(q @ k.T) ** 2)
    dq, dk = ds @ k, ds @ q
    return dq @ Wq.T + dk @ Wk.T, x.T @ dq, x.T @ dk

def share_forward(v):
    e = np.exp(v)
    return e / e.sum(), e / e.sum()

def share_backward(g, p):
    jacobian = -np.outer(p, p)
    for i in range(len(p)):
        jacobian[i, i] = p[i] * (p[i] - 1)
    return jacobian @ g

def halves_forward(x, w):
    a = x @ w
    n = w.shape[1] // 2
    return np.tanh(a[:, :n]) * np.exp(a[:, n:]), (x, w, a)

def halves_backward(g, cache):
    x, w, a = cache
    n = w.shape[1] // 2
    t, e = np.tanh(a[:, :n]), np.exp(a[:, n:])
    da = np.hstack([g * t * e, g * e * (1 - t ** 2)])
    return da @ w.T, x.T @ da

def valley_loss(w):
    return float((1 - w[0]) ** 2 + 100 * (w[1] - w[0] ** 2) ** 2)

def valley_grad(w):
    return np.array([-2 * (1 - w[0]) - 200 * w[0] * (w[1] - w[0] ** 2), 200 * (w[1] - w[0] ** 2)])

def margin_loss(x, y):
    rows = np.arange(len(x))
    m = np.maximum(0, x - x[rows, y][:, None] + 1)
    m[rows, y] = 0
    dx = (m > 0).astype(float)
    dx[rows, y] -= 1
    return m.sum() / len(x), dx / len(x)

def turned_forward(x):
    return np.tanh(x.transpose(0, 2, 1).reshape(len(x), -1)), x

def turned_backward(g, x):
    y = np.tanh(x.transpose(0, 2, 1).reshape(len(x), -1))
    return (g * (1 - y ** 2)).reshape(x.shape)

def decay_forward(a, x):
    h, out = np.zeros_like(x[:, 0]), []
    for t in range(x.shape[1]):
        h = a[:, t] * h + x[:, t]
        out.append(h)
    return np.stack(out, axis=1), a

def decay_backward(g, a):
    dx, dh = np.zeros_like(g), np.zeros_like(g[:, 0])
    for t in reversed(range(g.shape[1])):
        dh = g[:, t] + a[:, t] * dh
        dx[:, t] = dh
    return dx

def lift_forward(x, y):
    return np.exp(x * x) * y, (x, y)

def lift_backward(g, cache):
    x, y = cache
    return g * y * np.exp(x * x), g * np.exp(x * x)

def leak_forward(x):
    return np.where(x > 0, x, 0.1 * x), x

def leak_backward(g, x):
    return g * np.where(x < 0, 1.0, 0.1)

def apart_forward(a, b):
    return np.sin(a) * b * b, (a, b)

def apart_backward(g, cache):
    a, b = cache
    return 2 * g * np.sin(a) * b, g * np.cos(a) * b * b
"""
ONLY_RIGHT = "carry_backward"
CAME_OUT = "is exactly what comes out when"


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """Target's name -> its report, all from one run."""
    file = tmp_path_factory.mktemp("slips") / "slips.py"
    file.write_text(textwrap.dedent(SLIPS))
    return {target.name: target for target in verify_targets(VerifyOptions((str(file),), jobs=2)).targets}


@pytest.mark.parametrize(
    ("target", "gradient", "identifier", "message"),
    [
        ("gate_backward", "z", "derivative-missing", f"{CAME_OUT} the derivative of `s` by `z` is left out."),
        ("squash_backward", "a", "wrong-derivative", "of `out` by `a` is taken wrongly: 1 - y^2 for y (1 - y)."),
        (
            "unroll_backward",
            "x",
            "path-missing",
            "the path through `before @ Wh` is not followed, each time that it is computed.",
        ),
        (
            "unroll_backward",
            "Wx",
            "path-missing",
            "the path through `before @ Wh` is not followed, each time that it is computed.",
        ),
        ("unroll_backward", "start", "path-missing", "is not followed in all but the first turn."),
        (
            "each_backward",
            "Wx",
            "overwrites-instead-of-adding",
            "of the terms that flow back to `Wx`, one for each turn, the first alone is kept, where they add up.",
        ),
        ("look_backward", "x", "axes-transposed", "is transposed, in what comes to x through `x @ Wk` alone."),
        ("share_backward", "v", "wrong-derivative", "the diagonal of the Jacobian of"),
        ("margin_loss", "x", "reduction-missing", "with `dx[rows, y] -= dx.sum(axis=1)` where"),
        ("turned_backward", "x", "reshape-not-transpose", "it is reshaped, not turned back."),
        (
            "decay_backward",
            "x",
            "wrong-operand",
            "`a[:, t]` of the turn before stands where that of the turn itself is right",
        ),
        ("lift_backward", "x", "wrong-derivative", "of the product in `x * x` is taken wrongly: 2 x is left out."),
        ("leak_backward", "x", "wrong-forward-mask", "the condition is turned round in the derivative of the where"),
        ("apart_backward", "a", "wrong-operand", "grad_a is exactly the right gradient of b on all"),
    ],
)
def test_a_slip_is_named_and_proved(reports, target, gradient, identifier, message):
    """What it is, of which gradient, and in which words."""
    findings = {each.gradient: each for each in reports[target].findings}
    found = findings[gradient]
    assert (found.id, found.certainty) == (identifier, "proved")
    assert message in found.message


def test_two_parts_whose_gradients_stand_in_each_others_place_are_told(reports):
    """Halves of one array, of two widths that can be halved: so it is proved."""
    found = [each for each in reports["halves_backward"].findings if each.gradient in ("x", "w")]
    assert [("wrong-operand", "x", "proved"), ("wrong-operand", "w", "proved")] == [
        (each.id, each.gradient, each.certainty) for each in found
    ]
    assert all("what flows back to `a[:, n:]` and what flows back to `a[:, :n]`" in each.message for each in found)


def test_what_is_given_as_a_plain_number_is_followed_too(reports):
    """`float(...)` around a loss hides nothing of it; two entries are of one size, so it is probable."""
    (found,) = reports["valley_grad"].findings
    assert found.id == "scaled-constant"
    assert f"{CAME_OUT} what flows back through `w[0] ** 2` is multiplied by 1/2." in found.message


def test_what_is_right_beside_a_wrong_gradient_has_no_finding(reports):
    """The slip of one of several gradients is told of that one alone."""
    assert {"Wx"} == {each.gradient for each in reports["each_backward"].findings}
    assert {"z"} == {each.gradient for each in reports["gate_backward"].findings}


def test_a_right_loop_passes(reports):
    """The same network, with what the later turns hand back."""
    report = reports[ONLY_RIGHT]
    assert Verdict.PASS is report.verdict
    assert () == report.findings
