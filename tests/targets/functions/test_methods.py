"""How an object's forward and backward are called: who is handed what, and what is called beside them."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict

DIY = """
import numpy as np


class Bend:
    def forward(self, X):
        return np.tanh(X)

    def backward(self, input, delta):
        return delta * (1 - np.tanh(input) POWER)


class Dense:
    def __init__(self, n_in, n_out):
        self.weights = np.random.randn(n_in, n_out)
        self.bias = np.zeros(n_out)
        self.zero_grad()

    def zero_grad(self):
        self.grad_weights = np.zeros_like(self.weights)
        self.grad_bias = np.zeros_like(self.bias)

    def forward(self, X):
        return X @ self.weights + self.bias

    def backward_update_gradient(self, input, delta):
        self.grad_weights += input.T @ delta
        self.grad_bias += delta.TOTAL(axis=0)

    def backward_delta(self, input, delta):
        return delta @ self.weights.T
"""


@pytest.mark.parametrize(
    ("name", "power", "total", "verdicts"),
    [
        ("Bend", "** 2", "sum", {"X": "pass"}),
        ("Bend", "", "sum", {"X": "fail"}),
        ("Dense", "", "sum", {"X": "pass", "weights": "pass", "bias": "pass"}),
        ("Dense", "", "mean", {"X": "pass", "weights": "pass", "bias": "fail"}),
    ],
)
def test_what_flows_back_is_told_from_what_the_forward_was_given(tmp_path, name, power, total, verdicts):
    """`backward(input, delta)`; and one method may add up the parameters' gradients beside that which gives X's."""
    file = tmp_path / "diy.py"
    file.write_text(DIY.replace("POWER", power).replace("TOTAL", total))
    report = function_here(f"{file}:{name}")
    assert {argument: result.verdict for argument, result in report.gradients.items()} == verdicts


TENSORS = """
import torch


class Distance:
    def forward(self, input_, target):
        if target.dim() == 1:
            target = target.view(-1, 1)
        return (input_ - target).pow(2).sum().item()

    def backward(self, input_, target):
        return (input_ - target).mul(FACTOR)
"""


@pytest.mark.parametrize(("factor", "verdict"), [("2", "pass"), ("1", "fail")])
def test_methods_of_tensors_are_handed_tensors_where_their_class_does_not_name_torch(tmp_path, factor, verdict):
    """Its file imports it."""
    file = tmp_path / "distance.py"
    file.write_text(TENSORS.replace("FACTOR", factor))
    assert function_here(f"{file}:Distance").verdict == verdict


ACTIVATIONS = """
import numpy as np

class Squash:
    def __call__(self, z):
        return np.tanh(z)

    def grad(self, x):
        return 1 - np.tanh(x) GIVEN

class Handed:
    def forward(self, z):
        return 2 * z

    def gradient(self, up):
        return 2 * up
"""


@pytest.mark.parametrize(("given", "verdict"), [("** 2", Verdict.PASS), ("", Verdict.FAIL)])
def test_what_a_derivative_calls_its_one_argument_is_what_the_forward_takes(tmp_path, given, verdict):
    """`grad(x)` beside `__call__(z)` is the slope at each entry, and takes no G; nothing is kept between the two."""
    file = tmp_path / "bends.py"
    file.write_text(ACTIVATIONS.replace("GIVEN", given))
    report = function_here(f"{file}:Squash")
    assert (report.verdict, "called with (x = z)" in report.why) == (verdict, True)


def test_what_is_called_as_a_gradient_is_a_g_all_the_same(tmp_path):
    """A line has the same slope everywhere."""
    file = tmp_path / "bends.py"
    file.write_text(ACTIVATIONS.replace("GIVEN", ""))
    assert function_here(f"{file}:Handed").verdict is Verdict.PASS


WALK = """
import numpy as np

class Walk:
    def __init__(self, wei, kuan):
        self.quan = {"A": np.random.randn(wei, kuan), "C": np.random.randn(kuan, kuan)}
        self.tidu = {}

    def NAME_zhe(self, ru):
        self.ru, self.lu = ru, []
        state = np.zeros((ru.shape[1], len(self.quan["C"])))
        jieguo = np.zeros((*ru.shape[:2], len(self.quan["C"])))
        for step in range(len(ru)):
            before = state
            state = np.tanh(ru[step] @ self.quan["A"] + state @ self.quan["C"])
            self.lu.append((before, state))
            jieguo[step] = state
        return jieguo

    def zou_hui(self, djieguo):
        self.tidu = {name: np.zeros_like(value) for name, value in self.quan.items()}
        dru, dnext = np.zeros_like(self.ru), 0.0
        for step in range(len(self.ru) - 1, -1, -1):
            before, state = self.lu[step]
            bent = (djieguo[step] + dnext) * (1 - state ** 2)
            self.tidu["A"] += self.ru[step].T @ bent
            self.tidu["C"] += KEPT.T @ bent
            dru[step] = bent @ self.quan["A"].T
            dnext = bent @ self.quan["C"].T
        return dru
"""


@pytest.mark.parametrize(("kept", "wrong"), [("before", set()), ("state", {"C"})])
def test_what_is_called_as_the_gradient_of_an_output_is_handed_to_a_backward(tmp_path, kept, wrong):
    """`djieguo` beside `return jieguo`, in words that nobody here knows: it was asked as a convolution, and failed."""
    file = tmp_path / "walk.py"
    file.write_text(WALK.replace("KEPT", kept).replace("NAME", "zou"))
    report = function_here(f"{file}:Walk")
    assert set(report.gradients) == {"ru", "A", "C"}
    assert {name for name, result in report.gradients.items() if result.verdict is Verdict.FAIL} == wrong


SCORED = """
import numpy as np

class Scored:
    def __init__(self, wide, tall):
        self.A = np.random.randn(wide, tall)
        self.width = np.full(tall, -0.3)

    def score(self, seen, done):
        z = (done - seen @ self.A) * np.exp(self.width)
        return -0.5 * (z ** 2).sum(axis=1) + self.width.sum()

    def grad_score(self, seen, done, weight):
        z = (done - seen @ self.A) * np.exp(self.width)
        down = weight[:, None] * z * np.exp(self.width)
        return {"A": SIGN seen.T @ down, "width": (weight[:, None] * (1 - z ** 2)).sum(axis=0)}
"""


@pytest.mark.parametrize(("sign", "verdict"), [("", Verdict.PASS), ("-", Verdict.FAIL)])
def test_what_gives_the_gradients_of_its_object_alone_owes_no_others(tmp_path, sign, verdict):
    """It is handed the data once more, and a dict says of what its gradients are."""
    file = tmp_path / "scored.py"
    file.write_text(SCORED.replace("SIGN", sign))
    report = function_here(f"{file}:Scored.grad_score")
    assert set(report.gradients) == {"A", "width"}
    assert report.verdict is verdict
