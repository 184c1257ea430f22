"""What a function reads of a parameter that holds others."""

import ast

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict
from gradcheck_cli.targets.functions.members import members_of

CODE = """
def norm(x, scale, shift, eps=1e-5):
    return x * scale + shift

def mix(x, part):
    w = part["w"]
    return x @ w + part["c"]

def block(x, p):
    y = norm(x, **p["norm"])
    return y + mix(y, p["mix"]), (x, p)

def cell(p, x):
    return x @ p.W + p.b

def line(p, x):
    W, b = p
    return x @ W + b

def settings(x, p):
    for name, value in p.items():
        x = x * value
    return x

def both(x, p):
    return x * p["w"] + p.shape[0]

def summed(x, p):
    return x + p
"""
FUNCTIONS = {node.name: node for node in ast.parse(CODE).body}


@pytest.mark.parametrize(
    ("function", "kind", "leaves"),
    [
        ("block", "keys", ["norm_scale", "norm_shift", "mix_w", "mix_c"]),
        ("cell", "attributes", ["W", "b"]),
        ("line", "places", ["W", "b"]),
    ],
)
def test_members_are_followed_into_the_functions_that_are_handed_them(function, kind, leaves):
    """In the order of the code, a part of a part by both names; what is merely kept is no other use."""
    members = members_of(FUNCTIONS[function], "p", FUNCTIONS)
    assert (members.kind, list(members.leaves())) == (kind, leaves)


@pytest.mark.parametrize("function", ["settings", "both", "summed"])
def test_what_is_used_in_another_way_has_no_members(function):
    """All of it in a loop, as an array too, as a number."""
    assert members_of(FUNCTIONS[function], "p", FUNCTIONS) is None


CELL = """
import numpy as np

def squash(v):
    return 1 / (1 + np.exp(-v))

def cell_forward(x, h, params):
    z = squash(x @ params["Wz"] + h @ params["Uz"] + params["bz"])
    g = np.tanh(x @ params["Wg"] + (z * h) @ params["Ug"] + params["bg"])
    return (1 - z) * h + z * g, (x, h, z, g)

def cell_backward(d_out, cache, params):
    x, h, z, g = cache
    dg = d_out * z * (1 - g ** 2)
    dzh = dg @ params["Ug"].T
    dz = (d_out * (g - h) + RIGHT * dzh * h) * z * (1 - z)
    dh = d_out * (1 - z) + dzh * z + dz @ params["Uz"].T
    grads = {}
    for name, d, s in (("z", dz, h), ("g", dg, z * h)):
        grads["W" + name] = x.T @ d
        grads["U" + name] = s.T @ d
        grads["b" + name] = d.sum(0)
    return dz @ params["Wz"].T + dg @ params["Wg"].T, dh, grads
"""
RECURRENCE = """
import numpy as np

class Loops:
    __slots__ = ("Wx", "Wh", "b")

def blank(like):
    out = Loops()
    for name in Loops.__slots__:
        setattr(out, name, np.zeros_like(getattr(like, name)))
    return out

def coil_forward(p, X):
    h = np.zeros((X.shape[0], p.Wh.shape[0]))
    hs = []
    for t in range(X.shape[1]):
        h = np.tanh(X[:, t] @ p.Wx + h @ p.Wh + p.b)
        hs.append(h)
    return np.stack(hs, axis=1), (X, hs)

def coil_backward(p, cache, dH):
    X, hs = cache
    g, carry = blank(p), np.zeros_like(hs[0])
    for t in reversed(range(len(hs))):
        d = (dH[:, t] + carry) * (1 - hs[t] ** 2)
        g.Wx += X[:, t].T @ d
        g.Wh += (hs[t - 1] if t else np.zeros_like(hs[0])).T @ d
        g.b += d.sum(0)
        carry = RIGHT * d @ p.Wh.T
    return g
"""


@pytest.mark.parametrize(("right", "verdict"), [("1", Verdict.PASS), ("0", Verdict.FAIL)])
@pytest.mark.parametrize(("code", "name"), [(CELL, "cell_backward"), (RECURRENCE, "coil_backward")])
def test_recurrent_cells_are_judged_by_each_of_their_weights(tmp_path, code, name, right, verdict):
    """In a dict whose gradients come back under made-up keys, and in an object of slots; X is data there."""
    (tmp_path / "coil.py").write_text(code.replace("RIGHT", right), encoding="utf-8")
    report = function_here(f"{tmp_path / 'coil.py'}:{name}")
    assert report.verdict is verdict
    weights = {"Wx", "Wh", "b"} if name == "coil_backward" else {"x", "h", *(f"{a}{b}" for a in "WUb" for b in "zg")}
    assert set(report.gradients) == weights


def test_a_block_in_a_dict_of_dicts_is_judged(tmp_path):
    """Its gradients lie in dicts of the same names."""
    code = (
        "import numpy as np\n\n"
        "def mix_kept(x, mix):\n    return np.tanh(x @ mix['w']), (x, np.tanh(x @ mix['w']))\n\n"
        "def lift_kept(x, scale, shift):\n    return x * scale + shift, (x, scale)\n\n"
        "def block_forward(x, block):\n"
        "    a, one = lift_kept(x, **block['lift'])\n    b, two = mix_kept(a, block['mix'])\n"
        "    return b, (one, two, block)\n\n"
        "def block_backward(dout, cache):\n"
        "    (x, scale), (a, b), block = cache\n    d = dout * (1 - b ** 2)\n    da = d @ block['mix']['w'].T\n"
        "    lift = {'scale': (da * x).sum(0), 'shift': da.sum(0)}\n"
        "    return da * scale, {'mix': {'w': a.T @ d}, 'lift': lift}\n"
    )
    (tmp_path / "block.py").write_text(code, encoding="utf-8")
    report = function_here(f"{tmp_path / 'block.py'}:block_backward")
    names = ("x", "lift_scale", "lift_shift", "mix_w")
    assert {name: each.verdict for name, each in report.gradients.items()} == dict.fromkeys(names, Verdict.PASS)
