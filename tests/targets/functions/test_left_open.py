"""Classes whose constructor leaves open what their methods read."""

import ast

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict
from gradcheck_cli.targets.functions.listing import every_layer

LATER = """
import numpy as np

class Classifier:
    def __init__(self, rate=0.1):
        self.rate = rate
        self.theta = None

    def chances(self, X):
        return 1 / (1 + np.exp(-X @ self.theta))

    def cost(self, X, y):
        p = self.chances(X)
        return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))

    def gradient(self, X, y):
        return X.T @ (self.chances(X) - y) / DIVISOR

    def fit(self, X, y):
        self.theta = np.zeros(X.shape[1])
        for _ in range(9):
            self.theta -= self.rate * self.gradient(X, y)
"""
HELD = """
import numpy as np

class Ridge:
    def __init__(self, lam=0.5):
        self.lam = lam

    def fit(self, X, y):
        self.X, self.y = X, y
        self.w = 0.01 * np.random.randn(X.shape[1])
        self.b = 0.0
        self.loss()

    def rest(self):
        return self.X @ self.w + self.b - self.y

    def loss(self):
        return 0.5 * np.sum(self.rest() ** 2) + 0.5 * self.lam * np.sum(self.w ** 2)

    def grad(self):
        return self.X.T @ self.rest() PENALTY, np.sum(self.rest())
"""
BESIDE = """
import numpy as np

class Hinge:
    def __init__(self):
        self.W = None

    def loss(self, x, y, reg):
        scores = x @ self.W
        rows = np.arange(len(x))
        gaps = np.maximum(0, scores - scores[rows, y][:, None] + 1)
        gaps[rows, y] = 0
        active = 1.0 * (gaps > 0)
        active[rows, y] = -active.sum(axis=1)
        return gaps.sum() / len(x) + reg * np.sum(self.W ** 2), x.T @ active / len(x) + FACTOR * reg * self.W
"""


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        (LATER.replace("DIVISOR", "len(y)"), Verdict.PASS),
        (LATER.replace("DIVISOR", "1"), Verdict.FAIL),
        (HELD.replace("PENALTY", "+ self.lam * self.w"), Verdict.PASS),
        (HELD.replace("PENALTY", ""), Verdict.FAIL),
        (BESIDE.replace("FACTOR", "2"), Verdict.PASS),
        (BESIDE.replace("FACTOR", "1"), Verdict.FAIL),
    ],
)
def test_what_a_constructor_leaves_open_is_set_before_the_methods_are_asked(tmp_path, text, verdict):
    """Weights that a training loop would make, and the data that `fit` keeps."""
    file = tmp_path / "later.py"
    file.write_text(text)

    assert function_here(str(file)).verdict == verdict


def test_what_is_set_is_said(tmp_path):
    """Nobody has to guess what the object held."""
    file = tmp_path / "later.py"
    file.write_text(HELD.replace("PENALTY", "+ self.lam * self.w"))

    said = function_here(str(file)).why

    assert "X set to an array 3x5, w set to an array 5, b set to a number, y set to an array 3" in said


def test_what_a_method_sets_before_it_reads_it_is_left_to_it(tmp_path):
    """A cache is no parameter."""
    file = tmp_path / "cached.py"
    file.write_text(
        "import numpy as np\n\nclass Tanh:\n    def __init__(self):\n        self.out = None\n\n"
        "    def forward(self, x):\n        self.out = np.tanh(x)\n        return self.out\n\n"
        "    def backward(self, grad):\n        return grad * (1 - self.out ** 2)\n"
    )

    report = function_here(str(file))

    assert (report.verdict, "set to" in report.why) == (Verdict.PASS, False)


HANDED_LATER = """
from abc import ABC, abstractmethod
import numpy as np

class Penalty(ABC):
    def __init__(self):
        self._probs = None
        self._targets = None

    def put(self, probs, targets):
        self._probs, self._targets = probs, targets

    @abstractmethod
    def computeLoss(self):
        pass

    @abstractmethod
    def computeGradient(self):
        pass

class Doubt(Penalty):
    def computeLoss(self):
        q, t = self._probs, self._targets
        return -np.mean(t * np.log(q) + (1 - t) * np.log(1 - q))

    def computeGradient(self):
        q, t = self._probs, self._targets
        return ((1 - t) / (1 - q) SIGN t / q) / q.size
"""


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize(("sign", "verdict"), [("-", Verdict.PASS), ("+", Verdict.FAIL)])
def test_what_is_predicted_has_the_shape_of_its_targets_and_may_have_to_be_a_share(tmp_path, sign, verdict):
    """A logarithm of 1 - p refuses what is above 1; what only says what others have is no row beside it."""
    file = tmp_path / "penalties.py"
    file.write_text(HANDED_LATER.replace("SIGN", sign))

    report = function_here(str(file))

    assert ("Doubt.computeGradient",) == every_layer(ast.parse(file.read_text()), "penalties.py")
    assert verdict is report.verdict
    assert "_probs set to an array 3x5, _targets set to an array 3x5" in report.why
