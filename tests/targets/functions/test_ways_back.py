"""Functions that give a value and its way back, at once or by what they make."""

import ast

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict
from gradcheck_cli.targets.functions.listing import every_layer
from gradcheck_cli.targets.functions.ways_back import way_back

LAYERS = """
import numpy as np

def mix(weight, shift):
    def go(x):
        def home(up):
            return up @ weight.T, (x.T @ up, up.SUMMED(axis=0))
        return x @ weight + shift, home
    return go

def soft_sign(steep=2.0):
    return lambda x: (x / (1 + steep * np.abs(x)), lambda up: (up / (1 + steep * np.abs(x)) ** 2, ()))

def beside(layer):
    def go(x):
        y, home = layer(x)
        def back(up):
            dx, dp = home(up)
            return THROUGH, dp
        return x + y, back
    return go

def chain(*layers):
    def go(x):
        homes = []
        for layer in layers:
            x, home = layer(x)
            homes.append(home)
        def back(up):
            found = []
            for home in ORDER:
                up, dp = home(up)
                found.append(dp)
            return up, found[::-1]
        return x, back
    return go

def square(x):
    return x * x, lambda up: TWICE * up * x

def counter(step):
    def go(n):
        return n + step, step
    return go
"""
RIGHT = {"SUMMED": "sum", "THROUGH": "dx + up", "ORDER": "homes[::-1]", "TWICE": "2"}
WRONG = {"SUMMED": "mean", "THROUGH": "dx", "ORDER": "homes", "TWICE": "1"}


def _text(words):
    text = LAYERS
    for name, value in words.items():
        text = text.replace(name, value)
    return text


def test_what_is_made_first_is_a_row_and_what_goes_nowhere_none():
    """Whatever the functions inside are called."""
    found = every_layer(ast.parse(_text(RIGHT)), "layers.py")
    assert ("mix", "soft_sign", "beside", "chain", "square") == found


@pytest.mark.parametrize("words", [RIGHT, WRONG])
@pytest.mark.parametrize(("name", "owed"), [("mix", {"x", "weight", "shift"}), ("beside", {"x"}), ("chain", {"x"})])
def test_a_layer_is_made_and_called_and_gone_back_through(tmp_path, name, owed, words):
    """What is made of layers is made of others that are right."""
    file = tmp_path / "layers.py"
    file.write_text(_text(words))

    report = function_here(f"{file}:{name}")

    assert owed == report.gradients.keys()
    assert (Verdict.PASS if words is RIGHT else Verdict.FAIL) is report.verdict


@pytest.mark.parametrize(("name", "words", "verdict"), [("soft_sign", RIGHT, "pass"), ("square", WRONG, "fail")])
def test_the_way_back_needs_no_name(tmp_path, name, words, verdict):
    """`return y, lambda up: ...`"""
    file = tmp_path / "layers.py"
    file.write_text(_text(words))
    assert Verdict(verdict) is function_here(f"{file}:{name}").verdict


@pytest.mark.parametrize(
    "text",
    [
        "def f(x):\n    return x, 1",
        "def f(x):\n    return (lambda g: g), (lambda g: g)",
        "def f(x):\n    return x, lambda g, h: g",
        "def f(x):\n    return lambda y: lambda z: (z, lambda g: g)",
        "f = 1",
    ],
)
def test_what_has_no_way_back(text):
    """Two functions, a function of two arguments, one that lies deeper than anybody makes layers."""
    assert way_back(ast.parse(text).body[0]) is None
