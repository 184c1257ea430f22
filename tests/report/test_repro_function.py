"""The script that asks a wrong function again: it runs by itself, and says when the function has been mended."""

import ast
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gradcheck_cli.model import FunctionExample, VerifyOptions
from gradcheck_cli.report.repro import render_repro
from gradcheck_cli.report.repro_function import function_cases
from gradcheck_cli.runs.verify import verify_targets
from tests.report.samples import sample_verify_report

ROOT = Path(__file__).parents[2]
PICK = """
import numpy as np

def pick_forward(table, places, power):
    return table[places] ** power, (table, places, power)

def pick_backward(up, cache):
    table, places, power = cache
    grad = np.zeros_like(table)
    np.add.at(grad, places, up * {factor})
    return grad
"""


@pytest.fixture(scope="module")
def script(tmp_path_factory):
    """The target's file, and what `--report repro` makes of it."""
    folder = tmp_path_factory.mktemp("pick")
    file = folder / "pick.py"
    inputs = "\n\ndef gradcheck_inputs():\n    return np.arange(1.0, 13.0).reshape(4, 3), np.array([2, 0, 2]), 2\n"
    file.write_text(PICK.format(factor="table[places]") + inputs)
    report = verify_targets(VerifyOptions((f"{file}:pick_backward",)))
    (folder / "again.py").write_text(render_repro(report))
    return file


def _run(script):
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, script.parent / "again.py"], capture_output=True, text=True, env=env, check=False
    )
    return done.returncode, done.stdout.splitlines()


def test_it_is_wrong_again_with_the_same_numbers(script):
    """The same sample, the same G, the same two gradients."""
    code, lines = _run(script)
    said = {line.partition(" = ")[0]: line.partition(" = ")[2] for line in lines}
    assert (code, lines[-1]) == (1, "DIFFERENT")
    assert said["actual now"] == said["actual when reported"] != said["expected now"]


def test_it_says_when_the_function_is_mended(script):
    """The file is read anew."""
    script.write_text(script.read_text().replace("up * table[places]", "up * 2 * table[places]"))
    code, lines = _run(script)
    assert (code, lines[-1]) == (0, "equal")


def test_integers_constants_and_what_lies_in_them_are_literals():
    """An index stays an index, a dict of running statistics a dict."""
    values = {"x": np.array([[1.5]]), "y": np.array([3]), "params": {"mean": np.array([0.0]), "mode": "te\xdft"}}
    example = FunctionExample("x", values, (np.ones((1, 1)),), (), np.ones((1, 1)), None)
    report = sample_verify_report()
    target = replace(report.targets[0], counterexample=example)
    (case,) = function_cases(replace(report, targets=(target,)), {target.target: "f.py:g"})
    assert case["values"]["y"] == {"dtype": "int64", "array": [3]}
    assert case["values"]["params"] == {"mean": {"dtype": "float64", "array": [0.0]}, "mode": "te\xdft"}
    assert ast.literal_eval(repr(case)) == case
