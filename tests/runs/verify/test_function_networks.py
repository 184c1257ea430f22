"""Networks in functions: made, run forward, compared and gone back through, as courses write them."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict

COLUMNS = """
import numpy as np

def initialize_parameters(n_x, n_h, n_y):
    return {"W1": np.random.randn(n_h, n_x), "b1": np.zeros((n_h, 1)), "W2": np.random.randn(n_y, n_h)}

def forward_propagation(X, parameters):
    Z1 = parameters["W1"] @ X + parameters["b1"]
    A1 = np.tanh(Z1)
    A2 = 1 / (1 + np.exp(-parameters["W2"] @ A1))
    assert A2.shape == (1, X.shape[1])
    return A2, {"A1": A1, "A2": A2}

def compute_cost(A2, Y, parameters):
    return float(np.squeeze(-np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)) / Y.shape[1]))

def backward_propagation(parameters, cache, X, Y):
    m = X.shape[1]
    A1 = cache["A1"]
    dZ2 = cache["A2"] - Y
    dZ1 = (parameters["W2"].T @ dZ2) * (SLOPE)
    return {"dW2": dZ2 @ A1.T / m, "dW1": dZ1 @ X.T / m, "db1": dZ1.sum(axis=1, keepdims=True) / m}

def update_parameters(parameters, grads, learning_rate=0.1):
    return {name: parameters[name] - learning_rate * grads["d" + name] for name in parameters}
"""
ROWS = """
import numpy as np

def create_network(sizes):
    return [], sizes

def init_params(n_in, n_hidden, n_out):
    W1, W2 = np.random.randn(n_in, n_hidden), np.random.randn(n_hidden, n_out)
    b1, b2 = np.zeros((1, n_hidden)), np.zeros((1, n_out))
    return W1, b1, W2, b2

def forward_prop(X, W1, b1, W2, b2):
    Z1 = X @ W1 + b1
    A1 = np.maximum(Z1, 0)
    Z2 = A1 @ W2 + b2
    e = np.exp(Z2 - Z2.max(axis=1, keepdims=True))
    return Z1, A1, Z2, e / e.sum(axis=1, keepdims=True)

def cross_entropy(A2, Y):
    return -np.log(A2[np.arange(len(Y)), Y]).mean()

def backward_prop(Z1, A1, Z2, A2, W2, X, Y):
    d = A2.copy()
    d[np.arange(len(Y)), Y] -= 1
    d /= len(Y)
    h = (d @ W2.T) * (Z1 > 0)
    return X.T @ h, h.sum(axis=0, keepdims=True), A1.T @ d, d.sum(AXES)
"""


def judged(tmp_path, code, name):
    """The report of one function of a file."""
    (tmp_path / "network.py").write_text(code, encoding="utf-8")
    return function_here(f"{tmp_path / 'network.py'}:{name}")


@pytest.mark.parametrize(
    ("slope", "wrong"), [("1 - A1 ** 2", set()), ("1 - A1", {"W1", "b1"}), ("A1 * (1 - A1)", {"W1", "b1"})]
)
def test_a_network_whose_parameters_are_a_dict_is_judged_as_a_whole(tmp_path, slope, wrong):
    """Its samples are columns; it is asked on the sizes that its first function makes, two sets of them."""
    report = judged(tmp_path, COLUMNS.replace("SLOPE", slope), "backward_propagation")
    assert report.verdict is (Verdict.FAIL if wrong else Verdict.PASS)
    assert {name for name, result in report.gradients.items() if result.verdict is Verdict.FAIL} == wrong
    assert set(report.gradients) == {"W1", "b1", "W2"}
    assert len({sample.text for sample in report.samples}) >= 2


@pytest.mark.parametrize(("axes", "wrong"), [("axis=0, keepdims=True", set()), ("", {"b2"})])
def test_a_network_whose_parameters_stand_one_by_one_is_too(tmp_path, axes, wrong):
    """Its labels are whole numbers; a bias summed over everything is one number where several are owed."""
    report = judged(tmp_path, ROWS.replace("AXES", axes), "backward_prop")
    assert report.verdict is (Verdict.FAIL if wrong else Verdict.PASS)
    assert {found.gradient for found in report.findings} == wrong
    assert set(report.gradients) == {"W1", "b1", "W2", "b2"}


REGRESSION = """
import numpy as np

def initialize_with_zeros(dim):
    return np.zeros((dim, 1)), 0

def initialize(n_features, n_classes):
    w = np.zeros((n_features, n_classes))
    b = np.zeros((4, 1))
    return w, b

def propagate(w, b, X, Y):
    m = X.shape[1]
    z = w.T @ X + b
    e = np.exp(z - z.max(axis=0))
    A = e / e.sum(axis=0)
    J = -np.sum(Y * np.log(A)) / m
    dw = X @ (A - Y).T / m
    db = np.sum(A - Y, AXES) / m
    assert dw.shape == w.shape
    return dw, db, J
"""


@pytest.mark.parametrize(("axes", "wrong"), [("axis=1, keepdims=True", set()), ("axis=None", {"b"})])
def test_what_an_initializer_makes_is_not_guessed(tmp_path, axes, wrong):
    """A bias of one number would make the sum over everything right; the file says that it has four."""
    report = judged(tmp_path, REGRESSION.replace("AXES", axes), "propagate")
    assert report.inputs.startswith("w 5x4, b 4x1, X 5x3, Y 4x3")
    assert report.verdict is (Verdict.FAIL if wrong else Verdict.PASS)
    assert {found.gradient for found in report.findings} == wrong


TENSORS = """
import torch

def softmax_loss(W: torch.Tensor, X: torch.Tensor, y: torch.Tensor, reg: float):
    rows = torch.arange(X.shape[0], device=X.device)
    scores = X @ W
    probs = torch.exp(scores - scores.max(dim=1, keepdim=True).values)
    probs /= probs.sum(dim=1, keepdim=True)
    loss = -torch.log(probs[rows, y]).mean() + reg * torch.sum(W * W)
    probs[rows, y] -= 1
    return loss, X.t() @ probs / X.shape[0] + FACTOR * reg * W

def squared_forward(x, w):
    out = (x.mm(w)) ** 2
    return out, (x, w)

def squared_backward(dout, cache):
    x, w = cache
    d = FACTOR * dout * x.mm(w)
    return d.mm(w.t()), x.t().mm(d)
"""


@pytest.mark.parametrize("name", ["softmax_loss", "squared_backward"])
@pytest.mark.parametrize(("factor", "verdict"), [("2", Verdict.PASS), ("1", Verdict.FAIL)])
def test_functions_of_tensors_are_handed_tensors(tmp_path, name, factor, verdict):
    """They call methods that no array of numpy has."""
    assert judged(tmp_path, TENSORS.replace("FACTOR", factor), name).verdict is verdict


def test_the_step_of_an_update_is_not_taken_for_the_gradient_beside_it(tmp_path):
    """Both are called after the weight: the one is the other times the rate."""
    code = """
import numpy as np

class Linear:
    def __init__(self, W):
        self.w = W
        self.Dw = np.zeros_like(W)

    def forward(self, x):
        self.x = x
        return x @ self.w

    def backward(self, grad_output, learning_rate=0.0, momentum=0.0):
        self.dldw = self.x.T @ grad_output
        self.Dw = momentum * self.Dw - learning_rate * self.dldw
        back = grad_output @ self.w.T
        self.w = self.w + self.Dw
        return back
"""
    assert judged(tmp_path, code, "Linear").verdict is Verdict.PASS


def test_one_word_of_a_table_is_a_whole_number(tmp_path):
    """Not a row of them; and a loss that gives its gradients is never tried as a convolution."""
    code = """
import numpy as np

def naive_softmax_loss_and_gradient(center, outside_idx, vectors, dataset):
    scores = vectors @ center
    y = np.exp(scores - scores.max())
    y /= y.sum()
    loss = -np.log(y[outside_idx])
    y[outside_idx] -= 1
    return loss, vectors.T @ y, np.outer(y, center)
"""
    report = judged(tmp_path, code, "naive_softmax_loss_and_gradient")
    assert (report.verdict, set(report.gradients)) == (Verdict.PASS, {"center", "vectors"})


COUNTED_KEYS = """
import numpy as np

def forward(X, params):
    cache, L = {"A0": X}, len(params) // 2
    for l in range(1, L + 1):
        Z = np.dot(params["W{}".format(l)], cache["A{}".format(l - 1)]) + params["b{}".format(l)]
        cache["A{}".format(l)] = np.tanh(Z) if l < L else 1 / (1 + np.exp(-Z))
        cache["W{}".format(l)] = params["W{}".format(l)]
    return cache["A{}".format(L)], cache

def compute_cost_with_penalty(y_hat, Y, params, lambd):
    penalty = sum(np.sum(params["W{}".format(l)] ** 2) for l in range(1, len(params) // 2 + 1))
    return compute_cost(y_hat, Y) + lambd * penalty / (2 * Y.shape[1])

def compute_cost(y_hat, Y):
    return -np.sum(Y * np.log(y_hat) + (1 - Y) * np.log(1 - y_hat)) / Y.shape[1]

def backward(X, Y, cache):
    return backward_with_penalty(X, Y, cache, 0.0)

def backward_with_penalty(X, Y, cache, lambd):
    m, L, grads = X.shape[1], (len(cache) - 1) // 2, {}
    dZ = cache["A{}".format(L)] - Y
    for l in reversed(range(1, L + 1)):
        penalty = lambd * cache["W{}".format(l)]
        grads["dW{}".format(l)] = (np.dot(dZ, cache["A{}".format(l - 1)].T) + penalty) / m
        grads["db{}".format(l)] = np.sum(dZ, axis=1, keepdims=True) / m
        dZ = np.dot(cache["W{}".format(l)].T, dZ) * (1 - cache["A{}".format(l - 1)] ** 2)
    return grads
"""


@pytest.mark.parametrize("name", ["backward", "backward_with_penalty"])
def test_each_backward_is_that_of_the_loss_whose_name_says_the_same(tmp_path, name):
    """Keys that `"W{}".format(l)` counts; of two losses one has the penalty of one backward."""
    report = judged(tmp_path, COUNTED_KEYS, name)
    wrong = judged(tmp_path, COUNTED_KEYS.replace("+ penalty", ""), name)

    assert report.verdict is Verdict.PASS
    assert wrong.verdict is (Verdict.PASS if name == "backward" else Verdict.FAIL)
