"""Objects that keep what they are made with: their methods are functions of that too."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict
from gradcheck_cli.targets.functions.listing import every_layer
from gradcheck_cli.targets.resolve import parse

NET = """
from dataclasses import dataclass

import numpy as np

@dataclass
class Ropes:
    ends: list
    stiff: float = 3.0

    def energy(self, x):
        return sum(0.5 * self.stiff * np.sum((x[i] - x[j]) ** 2) ** 2 for i, j in self.ends)

    def gradient(self, x):
        g = np.zeros_like(x)
        for i, j in self.ends:
            pull = 2 * self.stiff * np.sum((x[i] - x[j]) ** 2) * (x[i] - x[j])
            g[i] += pull
            g[j] -= ONE * pull
        return g

class Weighted:
    def __init__(self, links):
        self.links = links

    def energy(self, x):
        total = 0.0
        for i, j, w in self.links:
            total += w * np.sum((x[i] - x[j]) ** 2)
        return total

    def gradient(self, x):
        g = np.zeros_like(x)
        for i, j, w in self.links:
            g[i] += 2 * w * (x[i] - x[j])
            g[j] += 2 * w * (x[j] - ONE * x[i])
        return g

class Decay:
    def __init__(self, times, seen):
        self.t, self.seen = np.asarray(times, float), seen

    def resid(self, p):
        size, rate, floor = p
        return size * np.exp(-rate * self.t) + floor - self.seen

    def jac(self, p):
        size, rate, floor = p
        e = np.exp(-rate * self.t)
        return np.column_stack([e, -ONE * size * self.t * e, np.ones_like(e)])

class Smooth:
    def __init__(self, X, y):
        self.X = X
        self.y = y
        self.n, self.dim = X.shape

    def _off(self, theta):
        return self.X @ theta[1:-1] + theta[0] - self.y

    def nll(self, theta):
        return 0.5 * np.exp(-theta[-1]) * self._off(theta) @ self._off(theta) + 0.5 * self.n * theta[-1]

    def nll_grad(self, theta):
        off, rate = self._off(theta), np.exp(-theta[-1])
        last = ONE * 0.5 * (self.n - rate * off @ off)
        return np.concatenate([[rate * off.sum()], rate * self.X.T @ off, [last]])

class Map:
    def __init__(self, D):
        self.D = D

    def cost(self, Y):
        apart = np.sqrt(((Y[:, None] - Y[None]) ** 2).sum(-1) + 1e-9)
        return 0.25 * np.sum((apart - self.D) ** 2)

    def grad(self, Y):
        off = Y[:, None] - Y[None]
        apart = np.sqrt((off ** 2).sum(-1) + 1e-9)
        return np.einsum("ij,ijk->ik", ONE * (1 - self.D / apart), off)
"""


@pytest.mark.parametrize(("one", "verdict"), [("1", Verdict.PASS), ("2", Verdict.FAIL)])
@pytest.mark.parametrize(
    ("name", "argument", "given"),
    [
        ("Ropes", "x", "ends ((0, 1), (1, 2), (2, 0))"),
        ("Weighted", "x", "links ((0, 1, 0.5), (1, 2, 1.5), (2, 0, 0.75))"),
        ("Decay.jac", "p", "times"),
        ("Smooth", "theta", "X "),
        ("Map", "Y", "D 3x3"),
    ],
)
def test_what_the_constructor_takes_is_an_argument_of_both(tmp_path, name, argument, given, one, verdict):
    """Lists of places, data beside parameters, distances: no gradient is owed of these."""
    (tmp_path / "net.py").write_text(NET.replace("ONE", one), encoding="utf-8")
    report = function_here(f"{tmp_path / 'net.py'}:{name}")
    assert {key: each.verdict for key, each in report.gradients.items()} == {argument: verdict}
    assert given in report.inputs


def test_what_leaves_something_in_its_object_is_asked_as_ever(tmp_path):
    """A backward that reads what its forward kept is none of a new object."""
    code = (
        "import numpy as np\n"
        "class Turn:\n    def __init__(self, W):\n        self.W = W\n"
        "    def forward(self, x):\n        self.x = x\n        return np.tanh(x @ self.W)\n"
        "    def backward(self, g):\n        d = g * (1 - np.tanh(self.x @ self.W) ** 2)\n"
        "        self.dW = self.x.T @ d\n        return d @ self.W.T\n"
    )
    (tmp_path / "turn.py").write_text(code, encoding="utf-8")
    report = function_here(f"{tmp_path / 'turn.py'}:Turn")
    assert {key: each.verdict for key, each in report.gradients.items()} == {"x": Verdict.PASS, "W": Verdict.PASS}


VIEWS = """
import numpy as np

def seen(view, X):
    flat = (X[:2] + view[:2]) / (X[2] + view[2])
    size, bend = view[3:]
    return size * (1 + bend * flat @ flat) * flat

def seen_jac(view, X):
    depth = X[2] + view[2]
    flat = (X[:2] + view[:2]) / depth
    size, bend = view[3:]
    inner = size * ((1 + bend * flat @ flat) * np.eye(2) + FACTOR * bend * np.outer(flat, flat))
    moved = np.column_stack([np.eye(2), -flat]) / depth
    return np.column_stack([inner @ moved, (1 + bend * flat @ flat) * flat, size * (flat @ flat) * flat])
"""


@pytest.mark.parametrize(("factor", "verdict"), [("2", Verdict.PASS), ("1", Verdict.FAIL)])
def test_a_vector_is_as_long_as_its_entries_are_read(tmp_path, factor, verdict):
    """By numbers and slices of numbers; what is taken apart in the end says where it ends."""
    (tmp_path / "views.py").write_text(VIEWS.replace("FACTOR", factor), encoding="utf-8")
    report = function_here(f"{tmp_path / 'views.py'}:seen_jac")
    assert report.gradients["view"].verdict is verdict
    assert "view 5, X 3" in report.inputs


QUAD = """
import torch

class Quadratic(torch.autograd.Function):
    @staticmethod
    def forward(ctx, v, M):
        ctx.save_for_backward(v, M)
        return torch.einsum("bi,ij,bj->b", v, M, v)

    @staticmethod
    def backward(ctx, g):
        v, M = ctx.saved_tensors
        return g[:, None] * (v @ M + v @ TURNED), torch.einsum("b,bi,bj->ij", g, v, v)
"""


@pytest.mark.parametrize(("turned", "verdict"), [("M.t()", Verdict.PASS), ("M", Verdict.FAIL)])
def test_an_operand_that_stands_twice_in_an_einsum_is_one(tmp_path, turned, verdict):
    """So the matrix between is square."""
    (tmp_path / "quad.py").write_text(QUAD.replace("TURNED", turned), encoding="utf-8")
    assert function_here(f"{tmp_path / 'quad.py'}:Quadratic").gradients["v"].verdict is verdict


HELD_BACK = """
import numpy as np

class SoftLeast:
    def __init__(self, gamma=0.7):
        self.gamma = gamma

    def compute(self, X, Y):
        self.X, self.Y = X, Y
        self.apart = ((X[:, None] - Y[None]) ** 2).sum(-1)
        return -self.gamma * np.log(np.exp(-self.apart / self.gamma).sum())

    def helper(self):
        return self.apart.min()

    def GRADIENT(self):
        share = np.exp(-self.apart / self.gamma)
        share = share / share.sum()
        gX = 2 * (share.sum(1)[:, None] * self.X - share @ self.Y)
        gY = 2 * (share.sum(0)[:, None] * self.Y - SIDE @ self.X)
        return gX, gY
"""


@pytest.mark.parametrize("name", ["grad", "tidu"])
@pytest.mark.parametrize(("side", "verdict"), [("share.T", Verdict.PASS), ("0.5 * share.T", Verdict.FAIL)])
def test_what_is_handed_nothing_is_the_derivative_of_what_kept_its_arguments(tmp_path, name, side, verdict):
    """By what it is called, behind the only method that keeps what it reads."""
    code = HELD_BACK.replace("GRADIENT", name).replace("SIDE", side)
    (tmp_path / "least.py").write_text(code, encoding="utf-8")
    report = function_here(f"{tmp_path / 'least.py'}:SoftLeast")
    assert {key: each.verdict for key, each in report.gradients.items()} == {"X": Verdict.PASS, "Y": verdict}


REACH = '''
import numpy as np

def mean_at(x, points, weights, ell):
    """The mean of a process, and dm/dx."""
    m, slope = 0.0, np.zeros_like(x)
    for p, w in zip(points, weights):
        d = (x - p) / ell
        near = w * np.exp(-0.5 * d @ d)
        m += near
        slope -= near * d / FACTOR
    return m, slope
'''


@pytest.mark.parametrize(("factor", "verdict"), [("ell", Verdict.PASS), ("ell ** 2", Verdict.FAIL)])
def test_a_function_that_says_that_it_returns_its_slope_too_does(tmp_path, factor, verdict):
    """In its docstring; its kernel reaches as far as one number says."""
    (tmp_path / "mean.py").write_text(REACH.replace("FACTOR", factor), encoding="utf-8")
    assert every_layer(parse(str(tmp_path / "mean.py")), "mean.py") == ("mean_at",)
    report = function_here(f"{tmp_path / 'mean.py'}:mean_at")
    assert {key: each.verdict for key, each in report.gradients.items()} == {"x": verdict}
