"""Parameters in a dataclass are arguments, field by field."""

from dataclasses import dataclass

import numpy as np
import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict
from gradcheck_cli.targets.functions.pair import PairForm
from gradcheck_cli.targets.functions.plain import PlainFunction
from gradcheck_cli.targets.functions.unpacked import unpacked


@dataclass
class Loom:
    """What a weaver sets."""

    warp: np.ndarray
    tension: float = 2.0


def weave(x, loom: Loom, axis=0):
    """A forward."""
    return x * loom.warp * loom.tension, loom


def plain(x, axis=0):
    """Nothing is packed here."""
    return x


def test_the_fields_stand_in_the_place_of_their_dataclass():
    """With their defaults; and a result that is one is a dict."""
    form = unpacked(PairForm(PlainFunction(weave, None, "weave"), PlainFunction(weave, None, "weave")), globals())
    assert [(item.name, item.has_default) for item in form.parameters] == [
        ("x", False),
        ("warp", False),
        ("tension", True),
        ("axis", True),
    ]
    out, fields = form.fore.call(x=np.ones(2), warp=np.full(2, 3.0))
    assert (out.tolist(), list(fields), fields["tension"]) == ([6.0, 6.0], ["warp", "tension"], 2.0)


def test_a_pair_without_a_dataclass_stays_what_it_is():
    """Nothing is wrapped for nothing."""
    form = PairForm(PlainFunction(plain, None, "plain"), PlainFunction(plain, None, "plain"))
    assert unpacked(form, globals()) is form


MILL = """
from dataclasses import dataclass
import numpy as np

@dataclass
class Stones:
    W: np.ndarray
    b: np.ndarray

def grind_forward(stones: Stones, grain):
    out = np.tanh(grain @ stones.W + stones.b)
    return out, (grain, out)

def grind_backward(stones: Stones, cache, dout):
    grain, out = cache
    da = dout * (1 - out ** 2)
    return Stones(W=FACTOR * grain.T @ da, b=da.sum(axis=0)), da @ stones.W.T
"""


@pytest.mark.parametrize(("factor", "verdict"), [("1", Verdict.PASS), ("2", Verdict.FAIL)])
def test_gradients_come_back_in_a_dataclass_too(tmp_path, factor, verdict):
    """Each field is judged by its name."""
    (tmp_path / "mill.py").write_text(MILL.replace("FACTOR", factor), encoding="utf-8")
    gradients = function_here(f"{tmp_path / 'mill.py'}:grind_backward").gradients
    assert {name: each.verdict for name, each in gradients.items()} == {
        "W": verdict,
        "b": Verdict.PASS,
        "grain": Verdict.PASS,
    }


SPRING = """
import numpy as np

def coil_forward(pull, rest, settings_of_coil, damping):
    '''
    pull -- the load, of shape (n_in, m)
    rest -- the state before, of shape (n_st, m)
    settings_of_coil -- a dict with
        Wr -- the weights of both, put together, numpy array of shape (n_st, n_st + n_in)
        br -- the bias, numpy array of shape (n_st, 1)
    '''
    Wr, br = settings_of_coil["Wr"], settings_of_coil["br"]
    both = np.concatenate((rest, pull), axis=0)
    state = np.tanh(Wr @ both + br) * damping["share"]
    return state, (state, both, rest, settings_of_coil, damping)

def coil_backward(dstate, cache):
    state, both, rest, settings_of_coil, damping = cache
    share = damping["share"]
    inner = dstate * share * (1 - (state / share) ** 2)
    down = settings_of_coil["Wr"].T @ inner
    dWr, dbr = inner @ both.T, inner.sum(1, keepdims=True)
    return {"dpull": down[len(rest):], "drest": down[:len(rest)], "dWr": dWr, "dbr": dbr}
"""


def test_a_dict_of_weights_is_its_weights_and_one_of_settings_stays_a_dict(tmp_path):
    """It holds weights where the backward gives gradients of what is looked up in it; their shapes may be sums."""
    (tmp_path / "coil.py").write_text(SPRING, encoding="utf-8")
    report = function_here(f"{tmp_path / 'coil.py'}:coil_backward")
    assert {name: each.verdict for name, each in report.gradients.items()} == dict.fromkeys(
        ("pull", "rest", "Wr", "br"), Verdict.PASS
    )
    assert "Wr 4x9, br 4x1, damping {share" in report.inputs


LISTED = """
import numpy as np
from typing import NamedTuple

class Gate(NamedTuple):
    turn: np.ndarray
    lift: np.ndarray

def propagation(u, poids):
    A, q = poids
    v = np.tanh(A @ u + q)
    return v, (u, v)

def retropropagation(dv, poids, memo):
    A, q = poids
    u, v = memo
    g = [np.zeros_like(each) for each in poids]
    e = dv * (1 - v ** 2)
    g[0] += np.outer(e, u)
    g[1] += TIMES * e
    return g, A.T @ e

def open_gate(gate: Gate, x):
    s = 1 / (1 + np.exp(-x @ gate.turn))
    return x * s + 0.5 * gate.lift, (x, s)

def open_gate_bwd(gate: Gate, saved, dy):
    x, s = saved
    ds = dy * x * s * (1 - s)
    return Gate(x.T @ ds, TIMES * 0.5 * dy.sum(0)), dy * s + ds @ gate.turn.T
"""


@pytest.mark.parametrize(
    ("name", "times", "wrong"),
    [
        ("retropropagation", "1", set()),
        ("retropropagation", "2", {"q"}),
        ("open_gate_bwd", "1", set()),
        ("open_gate_bwd", "2", {"lift"}),
    ],
)
def test_what_a_backward_makes_a_zero_for_each_of_is_taken_apart(tmp_path, name, times, wrong):
    """A list whatever its members are called, and a tuple whose places have names."""
    file = tmp_path / "listed.py"
    file.write_text(LISTED.replace("TIMES", times))

    report = function_here(f"{file}:{name}")

    assert len(report.gradients) == 3
    assert wrong == {name for name, each in report.gradients.items() if each.verdict is Verdict.FAIL}
    assert report.verdict is (Verdict.FAIL if wrong else Verdict.PASS)


# The parameters and what the forward keeps are named tuples; no annotation says so.
TWIST = """
from typing import NamedTuple
import numpy as np

class Twist(NamedTuple):
    turn: np.ndarray
    lean: np.ndarray

class Kept(NamedTuple):
    x: np.ndarray
    bent: np.ndarray
    twist: Twist

def twist_forward(x, twist):
    bent = np.tanh(x @ twist.turn)
    return bent * twist.lean, Kept(x, bent, twist)

def twist_backward(dy, kept):
    x, bent, twist = kept
    inner = dy * twist.lean * (1 - bent ** 2)
    return inner @ twist.turn.T, Twist(x.T @ inner, FACTOR * (dy * bent).sum(0))
"""


@pytest.mark.parametrize(("factor", "verdict"), [("1", Verdict.PASS), ("2", Verdict.FAIL)])
def test_a_named_tuple_of_parameters_is_its_fields_and_a_cache_stays_one(tmp_path, factor, verdict):
    """Gradients come back in a named tuple of the same kind; another one holds what the forward kept."""
    (tmp_path / "twist.py").write_text(TWIST.replace("FACTOR", factor))
    report = function_here(f"{tmp_path}/twist.py:twist_backward")
    assert report.verdict is verdict
    assert set(report.gradients) == {"x", "turn", "lean"}


# An object of a class that says nothing of what it holds, as one that is loaded or put together elsewhere.
GATE = """
import numpy as np

def gate_forward(x, gate):
    return np.tanh(x @ gate.tilt) * gate.width, (x, gate)

def gate_backward(dy, kept):
    x, gate = kept
    bent = np.tanh(x @ gate.tilt)
    inner = dy * gate.width * (1 - bent ** 2)
    return inner @ gate.tilt.T, x.T @ inner, FACTOR * (dy * bent).sum(axis=0)
"""


@pytest.mark.parametrize(("factor", "verdict"), [("1", Verdict.PASS), ("2", Verdict.FAIL)])
def test_what_the_code_reads_of_an_object_of_an_unknown_class_is_its_arguments(tmp_path, factor, verdict):
    """An object that has these attributes and no others stands in."""
    (tmp_path / "gate.py").write_text(GATE.replace("FACTOR", factor))
    report = function_here(f"{tmp_path}/gate.py:gate_backward")
    assert report.verdict is verdict
    assert set(report.gradients) == {"x", "tilt", "width"}


# Weights come as a pair, and their gradients go back as one.
LENS = """
import numpy as np

def lens_forward(theta, x):
    w, b = theta
    return np.sin(x @ w + b)

def lens_backward(theta, x, gy):
    w, b = theta
    inner = gy * np.cos(x @ w + b)
    gw, gb, gx = x.T @ inner, inner.FOLD(0), inner @ w.T
    RETURN
"""


@pytest.mark.parametrize("returned", ["return (gw, gb), gx", "pair = gw, gb\n    return pair, gx"])
@pytest.mark.parametrize(("fold", "verdict"), [("sum", Verdict.PASS), ("mean", Verdict.FAIL)])
def test_gradients_in_parentheses_beside_another_are_found(tmp_path, returned, fold, verdict):
    """One by one, by the names inside where the return statement says them."""
    (tmp_path / "lens.py").write_text(LENS.replace("RETURN", returned).replace("FOLD", fold))
    report = function_here(f"{tmp_path}/lens.py:lens_backward")
    found = {name: each.verdict for name, each in report.gradients.items()}
    assert found == {"w": Verdict.PASS, "b": verdict, "x": Verdict.PASS}
