"""Functions of single numbers are asked at many points."""

import ast

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict
from gradcheck_cli.targets.functions.pair import PairForm
from gradcheck_cli.targets.functions.plain import PlainFunction
from gradcheck_cli.targets.functions.pointwise import pointwise_pairs

NUMBERS = """
import math

def pinball_loss(seen, told, level):
    gap = seen - told
    if gap >= 0:
        return level * gap
    return (level - 1) * gap

def pinball_grad(seen: float, told: float, level: float) -> float:
    if seen > told:
        return level
    return level - RIGHT

def rarely(p, y, gamma=2.0):
    if y == 1:
        return -((1 - p) ** gamma) * math.log(p)
    return -(p ** gamma) * math.log(1 - p)

def rarely_grad(p, y, gamma=2.0):
    if y == 1:
        return gamma * (1 - p) ** (gamma - 1) * math.log(p) - (1 - p) ** gamma / p
    return -gamma * p ** (gamma - 1) * math.log(1 - p) + RIGHT * p ** gamma / (1 - p)

def bent(x, knot=1):
    size = abs(x)
    return 0.5 * x ** 2 if size <= knot else knot * (size - 0.5 * knot)

def bent_prime(x, knot=1):
    return x if abs(x) <= knot else RIGHT * knot * x / abs(x)

def leaning(z):
    return z if z > 0 else 0.1 * z

def leaning_backward(dout, z):
    return dout if z > 0 else RIGHT * 0.1 * dout

def well_potential(r: float, depth: float) -> float:
    if r < 1e-9:
        return 1e9
    return depth * (r ** -12 - r ** -6)

def well_slope(r: float, depth: float) -> float:
    return depth * (-12 * r ** -13 + RIGHT * 6 * r ** -7)
"""


@pytest.mark.parametrize(("right", "verdict"), [("1", Verdict.PASS), ("2", Verdict.FAIL)])
@pytest.mark.parametrize(
    ("name", "argument"),
    [("pinball_grad", "seen"), ("rarely_grad", "p"), ("bent_prime", "x"), ("leaning_backward", "z")],
)
def test_both_sides_of_a_branch_are_met(tmp_path, name, argument, right, verdict):
    """What is wrong on one side of it alone fails, with or without a G."""
    (tmp_path / "numbers.py").write_text(NUMBERS.replace("RIGHT", right), encoding="utf-8")
    report = function_here(f"{tmp_path / 'numbers.py'}:{name}")
    assert {key: each.verdict for key, each in report.gradients.items()} == {argument: verdict}


def forms(fore, back):
    """The pairs at points of two definitions."""
    definitions = (ast.parse(text).body[0] for text in (fore, back))
    names: dict[str, object] = {}
    exec(f"{fore}\n{back}", names)
    functions = (PlainFunction(names[node.name], node, node.name, ast.unparse(node)) for node in definitions)
    return list(pointwise_pairs(PairForm(*functions)))


@pytest.mark.parametrize(
    "fore",
    [
        "def f(x, mode):\n    if mode == 'a':\n        return x\n    return 2 * x",
        "def f(x):\n    if x.ndim > 1:\n        return x\n    return 2 * x",
        "def f(x, y=None):\n    if y is None:\n        return x\n    return 2 * x",
        "def f(xs):\n    return sum(x if x > 0 else 0 for x in xs)",
        "def f(x, gamma):\n    if gamma == 0:\n        return x\n    return 2 * x",
    ],
)
def test_what_decides_by_something_else_takes_arrays(fore):
    """A word, a number of axes, what is not there, each of many, a setting."""
    assert forms(fore, "def f_grad(x):\n    return x") == []


def test_a_label_is_one_of_two_and_a_distance_is_above_zero():
    """As the code asks, and as the name says."""
    label = forms("def f(p, y):\n    return p if y == 1 else -p", "def f_grad(p, y):\n    return 1")[0]
    assert [(item.known.kind, item.known.below) for item in label.parameters] == [("unit", "d"), ("index", 2)]
    (distance,) = forms("def f(r):\n    return 1 / r if r > 0 else 0", "def f_grad(r):\n    return 1")[0].parameters
    assert distance.known.kind == "positive"
