"""`--call "FORWARD -> BACKWARD"`: any function, as its user says that it is called."""

import re

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict
from gradcheck_cli.model.errors import TargetError

PLAIN = """
import numpy as np

def spring(state, rest, extra):
    return 0.5 * np.sum((state.pos - rest) ** 2)

def pull(state, rows, rest):
    return FACTOR * (state.pos - rest).reshape(rows, -1)
"""
SPELLED = "spring(SimpleNamespace(pos=p), r, None) -> pull(SimpleNamespace(pos=p), 3, r)"

DICTS = """
import numpy as np

def run(x, net, power):
    kept = []
    for layer in net["layers"]:
        kept.append(x)
        x = np.tanh(x @ layer["W"]) ** power
    return x, (kept, net)

def back(g, cache, power):
    kept, net = cache
    found = []
    for x, layer in reversed(list(zip(*(kept, net["layers"])))):
        t = np.tanh(x @ layer["W"])
        g = g * power * t ** (power - 1) * (1 - t * t)
        found.insert(0, {"W": x.T @ g})
        g = g @ layer["W"].T
    return found
"""
NET = "{'layers': [{'W': U}, {'W': V}]}"


def written(tmp_path, text):
    """A file with this text."""
    file = tmp_path / "code.py"
    file.write_text(text)
    return file


@pytest.mark.parametrize(("factor", "verdict"), [("1.0", Verdict.PASS), ("2.0", Verdict.FAIL)])
def test_arguments_that_nothing_could_guess_are_written_out(tmp_path, factor, verdict):
    """An object with attributes, and a length that the backward alone is handed."""
    file = written(tmp_path, PLAIN.replace("FACTOR", factor))

    report = function_here(f"{file}:pull", call=SPELLED, returns="p", input="p=3x2,r=3x2")

    assert (report.verdict, list(report.gradients)) == (verdict, ["p"])


def test_what_returns_does_not_name_is_data(tmp_path):
    """And the report says so: a pass is about the rest."""
    file = written(tmp_path, PLAIN.replace("FACTOR", "1.0"))

    report = function_here(f"{file}:pull", call=SPELLED, returns="p", input="p=3x2,r=3x2")

    assert "--returns does not name r: taken as data, not judged" in report.notes


@pytest.mark.parametrize(("power", "verdict"), [("2", Verdict.PASS), ("1", Verdict.FAIL)])
def test_weights_in_dicts_are_arguments_of_their_own(tmp_path, power, verdict):
    """The gradients lie in dicts of a list, and are taken from left to right."""
    file = written(tmp_path, DICTS)
    call = f"run(x, {NET}, 2) -> back(G, out[1], {power})"

    report = function_here(f"{file}:back", call=call, returns="U,V", input="x=4x3,U=3x5,V=5x2")

    assert report.verdict == verdict


def test_names_of_the_forward_are_there_in_the_backward(tmp_path):
    """So that an object goes forward and back in one call."""
    file = written(
        tmp_path,
        "class Gain:\n    def up(self, x, k):\n        self.x, self.k = x, k\n        return x * k\n"
        "    def down(self, g):\n        return {'x': g * self.k, 'k': (g * self.x).sum(0)}\n",
    )

    report = function_here(f"{file}:Gain", call="(o := Gain(), o.up(x, k))[-1] -> o.down(G)", input="x=4x3,k=float:3")

    assert (report.verdict, set(report.gradients)) == (Verdict.PASS, {"x", "k"})


@pytest.mark.parametrize(
    ("call", "returns", "said"),
    [
        ("spirng(p, r) -> pull(p, 3, r)", "p", "--call uses spirng, which is not in its file"),
        (SPELLED.replace("3, r", "3"), "p", "what --call says raises TypeError: pull() missing 1 required"),
        (SPELLED, "q", "--returns names q, and the arguments of --call are p, r"),
        (SPELLED, "p,r", "BACKWARD gives 1 array, and --returns names 2"),
    ],
)
def test_a_call_that_fails_by_itself_is_refused(tmp_path, call, returns, said):
    """The code is not blamed for it."""
    file = written(tmp_path, PLAIN.replace("FACTOR", "1.0"))

    with pytest.raises(TargetError, match=re.escape(said)):
        function_here(f"{file}:pull", call=call, returns=returns, input="p=3x2,r=3x2")


def test_what_the_code_raises_is_its_failure(tmp_path):
    """Once the call has reached it."""
    file = written(tmp_path, PLAIN.replace("FACTOR", "(1 / 0)"))

    report = function_here(f"{file}:pull", call=SPELLED, returns="p", input="p=3x2,r=3x2")

    assert (report.verdict, [finding.id for finding in report.findings]) == (Verdict.FAIL, ["crashes"])


def test_a_call_that_draws_other_numbers_each_time_is_refused(tmp_path):
    """Its backward was told not to repeat, which is the call's doing; nobody can seed what the clock starts."""
    file = written(
        tmp_path,
        "import time\nimport numpy as np\n"
        "def start():\n    return np.random.default_rng(time.time_ns()).normal(size=3)\n"
        "def f(w, x):\n    return np.sum(w * x)\ndef f_grad(w, x):\n    return w\n",
    )

    with pytest.raises(TargetError, match="FORWARD of --call gives other numbers when it is called again"):
        function_here(f"{file}:f_grad", call="f(start(), x) -> f_grad(start(), x)", returns="x", input="x=float:3")
