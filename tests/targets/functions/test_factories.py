"""Functions that hand out a forward and a backward."""

import ast

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict
from gradcheck_cli.targets.functions.factories import handed_out, made_by

BOWL = """
import numpy as np

def make_bowl(size, tilt=0.5):
    turn = np.random.randn(size, size)

    def bowl(x):
        return np.sum((turn @ x) ** 2) + tilt * x[0]

    def bowl_grad(x):
        slope = 2 * turn.T @ (turn @ x)
        slope[0] += TILT
        return slope

    return bowl, bowl_grad
"""


@pytest.mark.parametrize(("tilt", "wrong"), [("tilt", []), ("0.5", ["tilt = 0.35"])])
def test_what_a_factory_hands_out_is_judged_with_what_it_takes(tmp_path, tilt, wrong):
    """Its own settings are asked beside their defaults; what it draws is drawn once."""
    file = tmp_path / "bowl.py"
    file.write_text(BOWL.replace("TILT", tilt))

    report = function_here(f"{file}:make_bowl")

    assert {"x": Verdict.FAIL if wrong else Verdict.PASS} == {
        name: result.verdict for name, result in report.gradients.items()
    }
    assert wrong == [finding.fails_when for finding in report.findings]


def test_a_factory_is_asked_once_for_the_same_arguments():
    """Forward and backward of one object; with other arguments it is another one."""
    asked = []

    def factory(gain):
        asked.append(gain)
        return (lambda x: gain * x), (lambda x: gain)

    handed = handed_out(ast.parse(BOWL.replace("TILT", "tilt")).body[1])
    source = "def factory(gain):\n    def f(x): ...\n    def f_grad(x): ...\n    return f, f_grad"
    fore, back = made_by(factory, handed_out(ast.parse(source).body[0]), "factory", source)

    assert ("bowl", "bowl_grad", (0, 1)) == (handed.fore.name, handed.back.name, handed.places)
    assert (6.0, 3.0, 8.0) == (fore.call(x=2.0, gain=3.0), back.call(x=2.0, gain=3.0), fore.call(x=2.0, gain=4.0))
    assert [3.0, 4.0] == asked
    assert ["x", "gain"] == [item.name for item in fore.parameters()]


@pytest.mark.parametrize("returned", ["bowl", "bowl, 1", "np.zeros(2), bowl_grad"])
def test_what_hands_out_no_pair_is_no_factory(returned):
    """Nor what returns numbers."""
    assert handed_out(ast.parse(BOWL.replace("return bowl, bowl_grad", f"return {returned}")).body[1]) is None
