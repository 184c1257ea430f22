"""Functions that hand out a forward and a backward."""

import ast

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict
from gradcheck_cli.targets.functions.factories import handed_out, made_by
from gradcheck_cli.targets.functions.listing import every_layer

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


PULLED = """
import numpy as np

def warp_vjp(x, a):
    y = np.tanh(a * x)

    def pullback(g):
        slope = g * (1 - y ** 2)
        return a * slope, FACTOR x * slope

    return y, pullback
"""


@pytest.mark.parametrize(("factor", "wrong"), [("", set()), ("2 *", {"a"})])
def test_a_value_and_its_way_back_are_a_forward_and_a_backward(tmp_path, factor, wrong):
    """As functions are differentiated by hand where there is no cache."""
    file = tmp_path / "warp.py"
    file.write_text(PULLED.replace("FACTOR ", factor))

    report = function_here(f"{file}:warp_vjp")

    assert {"x", "a"} == report.gradients.keys()
    assert wrong == {name for name, result in report.gradients.items() if result.verdict is Verdict.FAIL}


NAMELESS = """
import numpy as np

bend = lambda x, rate=0.5: x / (1 + rate * np.abs(x))
bend_grad = lambda x, rate=0.5: 1 / (1 + rate * np.abs(x)) ** POWER

class Bump:
    @staticmethod
    def activate(z):
        return np.exp(-z * z)

    @staticmethod
    def gradient(z):
        return -2 * z * np.exp(-z * z)

class Ramp(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, slope):
        ctx.save_for_backward(x, slope)
        return torch.where(x > 0, x, slope * x)

    @staticmethod
    def backward(ctx, up):
        x, slope = ctx.saved_tensors
        by_slope = torch.where(x > 0, torch.zeros_like(x), x * up)
        return torch.where(x > 0, up, slope * up), by_slope.sum().reshape(slope.shape)
"""


@pytest.mark.parametrize(("power", "verdict"), [("2", Verdict.PASS), ("1", Verdict.FAIL)])
def test_a_function_without_a_name_has_that_of_what_it_is_put_into(tmp_path, power, verdict):
    """`bend = lambda x: ...` beside `bend_grad`."""
    file = tmp_path / "bend.py"
    file.write_text("import torch\n" + NAMELESS.replace("POWER", power))
    assert function_here(f"{file}:bend_grad").verdict is verdict


def test_static_methods_are_told_by_what_they_take(tmp_path):
    """There is no object that would come first."""
    file = tmp_path / "bump.py"
    file.write_text("import torch\n" + NAMELESS.replace("POWER", "2"))
    assert function_here(f"{file}:Bump").verdict is Verdict.PASS


def test_what_is_right_with_a_number_is_not_wrong_with_arrays_in_its_place(tmp_path):
    """They run forward; that the backward refuses them is a note."""
    file = tmp_path / "ramp.py"
    file.write_text("import torch\n" + NAMELESS.replace("POWER", "2"))

    report = function_here(f"{file}:Ramp")

    assert {"x": Verdict.PASS, "slope": Verdict.PASS} == {
        name: result.verdict for name, result in report.gradients.items()
    }
    assert any("its backward raises" in note for note in report.notes)


TWICE = """
import numpy as np

def warp_backward(g, x):
    return g * np.cos(x)

def warp(x):
    def back(g):
        return warp_backward(g, x)

    return np.sin(x), back
"""


def test_a_backward_of_the_file_is_one_row_though_it_is_handed_out(tmp_path):
    """The same mistake is not told twice."""
    assert ("warp_backward",) == every_layer(ast.parse(TWICE), "warp.py")
    assert ("warp_vjp",) == every_layer(ast.parse(PULLED.replace("FACTOR ", "")), "warp.py")
