"""Two methods of one object that are each other's forward and backward, with a cache between them."""

import ast

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict
from gradcheck_cli.targets.functions.listing import every_layer

RIVER = '''
import numpy as np

GATES, SPRINGS = 4, 5

class River:
    """Its lengths are constants of its file."""

    def __init__(self, seed=0):
        draw = np.random.default_rng(seed)
        self.Wf = draw.standard_normal((GATES, SPRINGS))
        self.Uf = draw.standard_normal((GATES, GATES))
        self.bf = np.zeros(GATES)
        self.level = np.zeros(3)

    def flow(self, rain, h):
        f = np.tanh(self.Wf @ rain + self.Uf @ h + self.bf)
        return f * h, (rain, h, f)

    def flow_backward(self, dh_next, cache):
        rain, h, f = cache
        df = dh_next * h * (1 - f ** 2)
        dh_prev = dh_next * f + FACTOR * self.Uf.T @ df
        return dh_prev, {"Wf": np.outer(df, rain), "Uf": np.outer(df, h), "bf": df}

    def shed(self, x):
        return x ** 3, x

    def shed_backward(self, dout, cache):
        return 3 * cache ** 2 * dout
'''


def judged(tmp_path, name, factor="1"):
    """The report of one pair of methods."""
    (tmp_path / "river.py").write_text(RIVER.replace("FACTOR", factor), encoding="utf-8")
    return function_here(f"{tmp_path / 'river.py'}:River.{name}")


@pytest.mark.parametrize(("factor", "verdict"), [("1", Verdict.PASS), ("2", Verdict.FAIL)])
def test_a_pair_of_methods_hands_its_cache_on(tmp_path, factor, verdict):
    """In the lengths of what the object holds, with a dict of gradients beside another one."""
    report = judged(tmp_path, "flow_backward", factor)
    assert report.verdict is verdict
    assert set(report.gradients) == {"h", "Wf", "Uf", "bf"}
    assert report.gradients["h"].verdict is verdict
    assert "no gradient of rain is returned: taken as data, not judged" in report.notes


def test_each_pair_of_a_class_is_one_layer(tmp_path):
    """By the name of its backward; the forward's name means the same."""
    assert every_layer(ast.parse(RIVER), "river.py") == ("River.flow_backward", "River.shed_backward")
    assert judged(tmp_path, "shed").verdict is Verdict.PASS


STATIC = """
import numpy as np

class Bag:
    @staticmethod
    def swish(x, beta=1.0):
        return x / (1 + np.exp(-beta * x))

    @staticmethod
    def swish_backward(dA, Z, beta=1.0):
        s = 1 / (1 + np.exp(-beta * Z))
        return dA * (s + FACTOR * s * (1 - s))

    @staticmethod
    def mse(y_true, y_pred):
        return np.mean((y_true - y_pred) ** 2)

    @staticmethod
    def mse_gradient(y_true, y_pred):
        return 2 * (y_pred - y_true) / y_pred.size
"""


@pytest.mark.parametrize(("factor", "verdict"), [("beta * Z", Verdict.PASS), ("Z", Verdict.FAIL)])
def test_static_methods_are_functions_that_stand_in_a_class(tmp_path, factor, verdict):
    """Their arguments mean what they mean in a function; a setting that both have is varied."""
    file = tmp_path / "bag.py"
    file.write_text(STATIC.replace("FACTOR", factor))

    assert function_here(f"{file}:Bag.swish_backward").verdict == verdict
    assert function_here(f"{file}:Bag.mse_gradient").verdict == Verdict.PASS
