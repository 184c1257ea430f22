"""Objects whose backward is handed what their output is compared with: the loss is told by the gradients."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict
from gradcheck_cli.model.errors import TargetError

ORCHARD = """
import numpy as np

class Orchard:
    def __init__(self, trees, baskets, markets, lr=0.1):
        self.weights_input_hidden = np.random.randn(trees, baskets)
        self.bias_hidden = np.zeros((1, baskets))
        self.weights_hidden_output = np.random.randn(baskets, markets)
        self.bias_output = np.zeros((1, markets))
        self.lr = lr

    def forward(self, X):
        self.hidden = np.tanh(X @ self.weights_input_hidden + self.bias_hidden)
        self.output = LAST
        return self.output

    def backward(self, X, y, output):
        over = DELTA
        below = (over @ self.weights_hidden_output.T) * (1 - self.hidden ** 2)
        self.weights_hidden_output -= self.lr * self.hidden.T @ over
        self.bias_output -= self.lr * over.sum(axis=0, keepdims=True)
        self.weights_input_hidden -= self.lr * X.T @ below
        self.bias_hidden -= self.lr * below.sum(axis=0, keepdims=True)
"""
LINEAR = "self.hidden @ self.weights_hidden_output + self.bias_output"
SIGMOID = f"1 / (1 + np.exp(-({LINEAR})))"
LADDER = """
import numpy as np

class Ladder:
    def __init__(self, sizes):
        self.rungs = [np.random.randn(y, x) for x, y in zip(sizes[:-1], sizes[1:])]
        self.offsets = [np.random.randn(y, 1) for y in sizes[1:]]

    def feedforward(self, a):
        for w, b in zip(self.rungs, self.offsets):
            a = np.tanh(w @ a + b)
        return a

    def backprop(self, x, y):
        steps = [x]
        for w, b in zip(self.rungs, self.offsets):
            steps.append(np.tanh(w @ steps[-1] + b))
        nabla_w, nabla_b = [None] * len(self.rungs), [None] * len(self.rungs)
        back = steps[-1] - y
        for place in reversed(range(len(self.rungs))):
            back = back * (1 - steps[place + 1] ** 2)
            nabla_b[place] = back
            nabla_w[place] = back @ steps[place].T
            back = self.rungs[place].T @ back
        return nabla_b, nabla_w
"""


def judged(tmp_path, text):
    """The report of the one class of a file."""
    (tmp_path / "mine.py").write_text(text)
    return function_here(f"{tmp_path}/mine.py")


def orchard(last, delta):
    """The class with another output and another end of its backward."""
    return ORCHARD.replace("LAST", last).replace("DELTA", delta)


@pytest.mark.parametrize(
    ("last", "delta", "said"),
    [
        (LINEAR, "output - y", "the sum of half the squares"),
        (SIGMOID, "(output - y) / len(X)", "the mean of the binary cross entropy over the samples"),
        (
            SIGMOID,
            "2 * (output - y) * output * (1 - output) / output.size",
            "twice the mean of half the squares over all",
        ),
    ],
)
def test_the_loss_is_that_whose_slopes_its_gradients_are(tmp_path, last, delta, said):
    """No loss stands in the file; a backward that moves its weights is read by how far."""
    report = judged(tmp_path, orchard(last, delta))
    assert report.verdict is Verdict.PASS
    assert said in report.why
    assert set(report.gradients) == {"weights_input_hidden", "bias_hidden", "weights_hidden_output", "bias_output"}


def test_what_is_wrong_below_the_last_layer_is_told_by_the_loss_of_the_last(tmp_path):
    """Two of four gradients are those of the squares: the other two are wrong."""
    text = orchard(LINEAR, "output - y").replace("(1 - self.hidden ** 2)", "(1 - self.hidden)")
    report = judged(tmp_path, text)
    assert report.verdict is Verdict.FAIL
    assert {finding.gradient for finding in report.findings} == {"weights_input_hidden", "bias_hidden"}


def test_gradients_of_no_loss_that_is_known_are_refused(tmp_path):
    """Nobody can say what they should be."""
    with pytest.raises(TargetError, match="none of the usual ones"):
        judged(tmp_path, orchard(LINEAR, "np.sin(output - y)"))


def test_its_own_loss_is_what_it_is_judged_by_where_they_are_of_none(tmp_path):
    """The author's word of what is made small."""
    own = "\n    def compute_loss(self, y, output):\n        return np.sum(np.cosh(output - y))\n"
    assert judged(tmp_path, orchard(LINEAR, "np.sinh(output - y)") + own).verdict is Verdict.PASS
    report = judged(tmp_path, orchard(LINEAR, "np.sin(output - y)") + own)
    assert report.verdict is Verdict.FAIL
    assert "its compute_loss" in report.why


def test_lists_of_gradients_belong_to_lists_of_weights(tmp_path):
    """One sample in a column, and one list for each kind of weight, in another order."""
    report = judged(tmp_path, LADDER)
    assert report.verdict is Verdict.PASS
    assert set(report.gradients) == {"rungs.0", "rungs.1", "offsets.0", "offsets.1"}


def test_a_bias_that_is_a_number_is_owed_its_gradient(tmp_path):
    """It is kept as a number, under the first letter of its name."""
    text = (
        "import numpy as np\n"
        "class Press:\n"
        "    def __init__(self, n):\n"
        "        self.weights, self.bias = np.random.randn(n), 0.0\n"
        "    def forward(self, X):\n"
        "        self.p = 1 / (1 + np.exp(-(X @ self.weights + self.bias)))\n"
        "        return self.p\n"
        "    def backward(self, X, y):\n"
        "        self.dw = X.T @ (self.p - y) / len(y)\n"
        "        self.db = np.sum(self.p - y)\n"
    )
    report = judged(tmp_path, text)
    assert (report.verdict, report.findings[0].gradient) == (Verdict.FAIL, "bias")
    assert judged(tmp_path, text.replace("self.p - y)\n", "self.p - y) / len(y)\n")).verdict is Verdict.PASS
