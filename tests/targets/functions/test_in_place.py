"""Layers that work in the array which they are handed, and hand on the same."""

import ast

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict
from gradcheck_cli.targets.functions.in_place import working_in_place
from gradcheck_cli.targets.functions.plain import PlainFunction

FILE = """
import numpy as np

def bend_fwd(row):
    FORWARD

def bend_bwd(drow, kept):
    drow *= SLOPE
"""
SIGMOID = "row[...] = 1 / (1 + np.exp(-row)); return row"


@pytest.mark.parametrize(
    ("forward", "slope", "verdict"),
    [
        (SIGMOID, "kept * (1 - kept)", Verdict.PASS),
        (SIGMOID, "kept * (1 + kept)", Verdict.FAIL),
        ("kept = row; row *= row * row; return kept", "3 * kept ** 2", Verdict.FAIL),
        ("kept = row.copy(); row *= row * row; return kept", "3 * kept ** 2", Verdict.PASS),
        ("kept = np.tanh(row); np.tanh(row, out=row); return kept", "1 - kept ** 2", Verdict.PASS),
    ],
)
def test_the_output_is_what_is_left_in_the_array(tmp_path, forward, slope, verdict):
    """What the forward keeps without a copy is its output by then: right for some layers, wrong for others."""
    file = tmp_path / "bent.py"
    file.write_text(FILE.replace("FORWARD", forward.replace("; ", "\n    ")).replace("SLOPE", slope))
    report = function_here(f"{file}:bend_bwd")
    assert (report.verdict, report.gradients["row"].verdict) == (verdict, verdict)
    assert "mutates-input" not in [found.id for found in report.findings]


def function(text):
    """One function of a text."""
    names: dict[str, object] = {}
    exec(text, names)
    node = ast.parse(text).body[0]
    return PlainFunction(names[node.name], node, node.name, text)


@pytest.mark.parametrize(
    ("forward", "backward", "is_in_place"),
    [
        ("def f(x):\n    x[x < 0] = 0", "def f_bwd(dx, x):\n    dx[x <= 0] = 0", True),
        ("def f(x):\n    return x * x", "def f_bwd(dx, x):\n    dx *= 2 * x", True),
        ("def f(x):\n    x[x < 0] = 0", "def f_bwd(dx, x):\n    dx[x <= 0] = 0\n    return dx", False),
        ("def f(x):\n    return x * x", "def f_bwd(dx, dout, x):\n    dx[...] = 2 * x * dout", False),
        ("def f(x):\n    return x * x", "def f_bwd(dx, top, x):\n    dx += 2 * x * top", False),
        ("def f(x):\n    return x * x", "def f_bwd(dx, dout, x):\n    dx *= 0\n    dx += 2 * x * dout", False),
    ],
)
def test_a_buffer_that_is_filled_is_no_upstream(forward, backward, is_in_place):
    """Nor is an array in place of which a gradient is returned: that is overwritten."""
    assert (working_in_place(function(forward), function(backward)) is not None) is is_in_place
