"""The words that a setting may be, as the code asks for them: each is a branch of its own."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict
from gradcheck_cli.targets.functions.inputs.parameters import words_compared

TEXTS = [
    "def f(x, how):\n match how:\n  case 'sum' | 'add':\n   pass\n  case 'mean':\n   pass",
    "def f(x, how):\n match how.lower(), x.ndim:\n  case 'sum', 2:\n   pass\n  case 'mean', _:\n   pass",
    "def f(x, how):\n    return {'sum': x.sum, 'mean': x.mean}[how]()",
    "def f(x, how):\n    return WAYS[how](x)\nWAYS = {'sum': np.sum, 'mean': np.mean}",
    "def f(x, how):\n    return WAYS.get(how.strip(), None)(x)\nWAYS = {'sum': np.sum, 'mean': np.mean}",
    "def f(x, how: Literal['sum', 'mean'] = 'sum'):\n    return x",
    "def f(x, how):\n    if how.lower() == 'sum' or how in ('mean',):\n        return x",
]


@pytest.mark.parametrize("text", TEXTS)
def test_the_words_are_those_of_comparisons_cases_tables_and_annotations(text):
    """In the order of the code; what another name is looked up in is none of its own."""
    assert ["sum", "mean"] == [word for word in words_compared(text, "how") if word != "add"]
    assert words_compared(text, "x") == []


KEPT = """
class Layer:
    def __init__(self, how=None, other='sum'):
        self.kind = how.lower()

    def forward(self, x):
        if self.kind == 'sum':
            return x.sum()
        return x.mean() if 'mean' == self.kind else x
"""


def test_what_a_constructor_keeps_is_compared_under_its_attribute():
    """Of another parameter nothing is known by that."""
    assert words_compared(KEPT, "how") == ["sum", "mean"]
    assert words_compared(KEPT, "other") == []


LAZY = """
import numpy as np

class Dense:
    def __init__(self, units, activation=None):
        self.units = units
        self.activation = activation

    def build(self, n_in):
        self.W = np.random.randn(n_in, self.units) * 0.1

    def forward(self, x):
        self.x = x
        self.z = x @ self.W
        return np.maximum(self.z, 0) if self.activation == "relu" else self.z

    def backward(self, up):
        if self.activation == "relu":
            up = SLOPE
        self.dW = self.x.T @ up
        return up @ self.W.T
"""


@pytest.mark.parametrize(("slope", "where"), [("up * (self.z > 0)", set()), ("up", {"activation = relu"})])
def test_a_word_that_may_be_left_out_is_no_array_and_is_asked(tmp_path, slope, where):
    """Beside weights that a method makes later."""
    file = tmp_path / "dense.py"
    file.write_text(LAZY.replace("SLOPE", slope))

    report = function_here(f"{file}:Dense")

    assert {"x", "W"} == set(report.gradients)
    assert where == {finding.fails_when for finding in report.findings}
    assert report.verdict is (Verdict.FAIL if where else Verdict.PASS)


SQUASH = """
import numpy as np

WAYS = {"soft": np.tanh, "hard": lambda z: np.clip(z, -1.0, 1.0)}
RATES = {"soft": lambda z, y: 1 - y * y, "hard": lambda z, y: INSIDE}

def squash_forward(z, KIND):
    y = WAYS[kind](z)
    return y, (z, y, kind)

def squash_backward(up, cache):
    z, y, kind = cache
    match kind:
        case "soft" | "hard":
            return up * RATES[kind](z, y)
"""


@pytest.mark.parametrize("kind", ["kind", 'kind="soft"'])
@pytest.mark.parametrize(("slope", "verdict"), [("(abs(z) < 1) * 1.0", Verdict.PASS), ("1.0 + 0 * z", Verdict.FAIL)])
def test_every_word_of_a_table_is_asked(tmp_path, kind, slope, verdict):
    """With a default and without one."""
    file = tmp_path / "squash.py"
    file.write_text(SQUASH.replace("KIND", kind).replace("INSIDE", slope))

    report = function_here(f"{file}:squash_backward")

    assert report.verdict is verdict
    assert not any("one value" in note for note in report.notes)


BEND = """
import numpy as np
from typing import Optional

def bend(way: str, z, s: HINT = None):
    s = 1.0 if s is None else s
    if way == "plain":
        return np.where(z > 0, z, s * z)
    return np.where(z > 0, z, s * np.expm1(np.minimum(z, 0)))

def bend_grad(way: str, z, y, dy, s: HINT = None):
    s = 1.0 if s is None else s
    return dy * np.where(z > 0, 1.0, s if way == "plain" else y + RISE)
"""


@pytest.mark.parametrize("hint", ["float | None", "Optional[float]"])
@pytest.mark.parametrize(("rise", "verdict"), [("s", Verdict.PASS), ("1.0", Verdict.FAIL)])
def test_a_number_that_may_be_left_out_is_asked_at_another_than_its_own(tmp_path, hint, rise, verdict):
    """What is right at the usual slope alone is seen."""
    file = tmp_path / "bend.py"
    file.write_text(BEND.replace("HINT", hint).replace("RISE", rise))

    report = function_here(f"{file}:bend_grad")

    assert (verdict, {"z"}) == (report.verdict, set(report.gradients))
