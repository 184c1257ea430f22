"""Layers in numpy as courses and blogs write them, each judged by its own forward and read untold."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict

LAYERS = '''
import numpy as np

def dense_forward(A, W, b):
    return np.dot(W, A) + b, (A, W, b)

def dense_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[1]
    return np.dot(W.T, dZ), np.dot(dZ, A_prev.T) / m, np.sum(dZ, axis=1, keepdims=True) / m

def shares_loss(logits, target):
    """Cross entropy with soft targets; each row of target sums to one."""
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return -(target * np.log(p)).sum() / len(p), (p - target) / len(p)

def margin_loss(scores, y):
    """Binary hinge, y in {-1, +1}, shapes (N,)."""
    left = 1.0 - y * scores
    return np.maximum(0.0, left).mean(), np.where(left > 0, -y, 0.0) / y.shape[0]

def chain_forward(scores, jumps, first, last, path):
    """scores (T, K), jumps from state to state; first, last (K,); path (T,) int"""
    T, K = scores.shape
    total = first[path[0]] + last[path[-1]] + scores[np.arange(T), path].sum()
    return total + jumps[path[:-1], path[1:]].sum(), (scores, jumps, path)

def chain_backward(cache, dtotal=1.0):
    scores, jumps, path = cache
    dscores, djumps = np.zeros_like(scores), np.zeros_like(jumps)
    dscores[np.arange(len(path)), path] = 1
    np.add.at(djumps, (path[:-1], path[1:]), 1)
    dfirst, dlast = np.zeros(len(jumps)), np.zeros(len(jumps))
    dfirst[path[0]], dlast[path[-1]] = 1, 1
    return dtotal * dscores, dtotal * djumps, dtotal * dfirst, dtotal * dlast

def skaliert_vor(x, g):
    aus = x * g
    return aus, (x, g)

def skaliert_zurueck(daus, speicher):
    x, g = speicher
    return daus * g, (daus * x).sum(0)

class Keeper:
    def save_for_backward(self, *values):
        self.values = values

class Turned:
    @staticmethod
    def forward(ctx: Keeper, a, order):
        ctx.save_for_backward(order)
        return a.transpose(order)

    @staticmethod
    def backward(ctx: Keeper, grad_output):
        return grad_output.transpose(np.argsort(ctx.values[0])), 0.0

class WronglyTurned(Turned):
    @staticmethod
    def backward(ctx: Keeper, grad_output):
        return grad_output.transpose(ctx.values[0]), 0.0

class Held:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dY):
        self.gW, self.gb = self.x.T @ dY, dY.sum(axis=0)
        return dY @ self.W.T

class Two:
    def forward(self, x, c):
        self.saved = x, c
        return np.tanh(x) * c, c * 2

    def backward(self, dh, dc):
        x, c = self.saved
        return dh * c * (1 - np.tanh(x) ** 2), dh * np.tanh(x) + 2 * dc

class Slope:
    def __init__(self, alpha=0.1):
        self.alpha = alpha

    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, self.alpha * x)

    def backward(self, g):
        return np.where(self.x > 0, 1.0, 0.1) * g

class Drop:
    def __init__(self, rate=0.5, rng=None):
        self.rate, self.rng, self.training = rate, rng or np.random.default_rng(), True

    def __call__(self, x):
        self.kept = self.rng.random(x.shape) >= self.rate if self.training else np.ones(x.shape)
        return x * self.kept

    def backward(self, dy):
        return dy * self.kept if self.training else 2 * dy

def windows_forward(x, size=2):
    n, m = x.shape
    blocks = x.reshape(n, m // size, size) if m % size == 0 else x[:, :m // size * size].reshape(n, m // size, size)
    return blocks.max(axis=2), (x, blocks)

def windows_backward(dout, cache):
    x, blocks = cache
    dx = np.zeros_like(x)
    hit = blocks == blocks.max(axis=2, keepdims=True)
    dx[:, :hit.shape[1] * hit.shape[2]] = (hit * dout[:, :, None]).reshape(len(x), -1)
    return dx

def softplus_forward(out, inp):
    for i in range(inp.shape[0]):
        out[i] = np.log1p(np.exp(inp[i]))

def softplus_backward(dinp, inp, dout):
    for i in range(inp.shape[0]):
        dinp[i] += dout[i] / (1 + np.exp(-inp[i]))

def lineLossAndGradient(x, w, y):
    rest = np.dot(x, w) - y
    return (rest ** 2).sum() / len(y), x.T @ rest * (2 / len(y))

def ridge_loss(W, X, y, reg):
    off = X.dot(W) - y
    loss = (off ** 2).sum() + reg * np.sum(W * W)
    return loss, 2 * X.T.dot(off) + reg * W

class Handed:
    def __init__(self, gamma, beta):
        self.gamma, self.beta = gamma, beta

    def forward(self, x):
        self.x = x
        return self.gamma * x + self.beta

    def backward(self, dout):
        self.dgamma, self.dbeta = (dout * self.x).sum(axis=0), dout.mean(axis=0)
        return dout * self.gamma

class Net:
    def __init__(self, input_size, output_size):
        self.params = {"W": np.random.randn(input_size, output_size), "b": np.zeros(output_size)}

    def loss(self, X, y=None, reg=0.0):
        W, b = self.params["W"], self.params["b"]
        scores = X.dot(W) + b
        if y is None:
            return scores
        p = np.exp(scores - scores.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        rows = np.arange(len(X))
        loss = -np.log(p[rows, y]).mean() + reg * (W * W).sum()
        p[rows, y] -= 1
        return loss, {"W": X.T.dot(p) / len(X) + 2 * reg * W, "b": p.mean(axis=0)}

class Recurrent:
    def __init__(self, hidden_size):
        self.Whh = np.eye(hidden_size) / 2

    def loss_fun(self, inputs, hprev):
        """inputs (T,) int; hprev is (H, 1)"""
        hs = [hprev]
        for number in inputs:
            hs.append(np.tanh(self.Whh @ hs[-1] + number / 10))
        loss, dh, dWhh = (hs[-1] ** 2).sum(), 2 * hs[-1], np.zeros_like(self.Whh)
        for t in range(len(inputs), 0, -1):
            raw = dh * (1 - hs[t] ** 2)
            dWhh += raw @ hs[t - 1].T
            dh = self.Whh.T @ raw
        return loss, dWhh, hs[len(inputs)]

class Cell:
    def forward(self, x, c):
        self.saved = x, c
        state = np.tanh(x) * c
        return np.sin(state), state

    def backward(self, dh, dc):
        x, c = self.saved
        total = dc + dh * np.cos(np.tanh(x) * c)
        return total * c * (1 - np.tanh(x) ** 2), dc * np.tanh(x)

class Listed:
    def __init__(self, dim):
        self.gain, self.lift = np.ones(dim), np.zeros(dim)
        self.params, self.grads = [self.gain, self.lift], []

    def forward(self, x):
        self.x = np.tanh(x)
        return self.gain * self.x + self.lift

    def backward(self, dout):
        self.grads = [(dout * self.x).sum(axis=0), dout.sum(axis=0)]
        return dout * self.gain * (1 - self.x ** 2)

class Gates:
    def __init__(self, Wx, Wh, b):
        self.params, self.grads = [Wx, Wh, b], [np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)]

    def forward(self, x, h_prev):
        H = h_prev.shape[1]
        A = x @ self.params[0] + h_prev @ self.params[1] + self.params[2]
        left, right, last = A[:, :H], np.tanh(A[:, H:2*H]), A[:, 2*H:3*H]
        self.cache = x, h_prev, left, right
        return left * right + last

    def backward(self, dh):
        x, h_prev, left, right = self.cache
        dA = np.hstack([dh * right, dh * left * (1 - right ** 2), dh])
        self.grads[0][...], self.grads[1][...], self.grads[2][...] = x.T @ dA, h_prev.T @ dA, dA.sum(axis=0)
        return dA @ self.params[0].T, dA @ self.params[1].T

class Schicht:
    def vorwaerts(self, x):
        self.x = x
        return x ** 2

    def rueckwaerts(self, dy):
        return 2 * self.x * dy
'''
RIGHT = {
    "dense_backward": "A W b",  # its columns are samples, and its dW is that of the mean
    "shares_loss": "logits",
    "margin_loss": "scores",
    "chain_backward": "scores jumps first last",  # its docstring says what fits what
    "skaliert_zurueck": "x g",  # in another language: by what one hands to the other
    "lineLossAndGradient": "w",  # a loss and its gradients, whatever its name says of a gradient
    "Schicht": "x",
    "Listed": "x gain lift",  # its parameters stand in a list as well, and their gradients in another
    "Gates": "x h_prev Wx Wh b",  # what it was handed stands in a list alone; three gates in one array
    "Turned": "a",  # its context is its own
    "Held": "x W b",  # its constructor is handed the weights
    "softplus_backward": "inp",  # both write into what they are handed
    "Net": "W b",  # its one method gives the loss and a dict of gradients
    "Recurrent": "Whh",  # what it returns last is a state and no gradient
    "Two": "x c",  # a gradient for each output
}
# Target -> the gradient that is wrong, and on how many of its samples it is right.
WRONG = {
    "WronglyTurned": ("a", "none"),
    "Handed": ("beta", "none"),
    "ridge_loss": ("W", "none"),  # at a reg of 0 it would be right
    "Slope": ("x", "some"),  # at its default it is right
    "Drop": ("x", "some"),  # in training it is right
}


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """From a target's name to its report; it runs in this process."""
    file = tmp_path_factory.mktemp("numpy") / "layers.py"
    file.write_text(LAYERS)
    return lambda name: function_here(f"{file}:{name}")


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_one_passes(judged, name):
    """With each gradient that it owes, on several samples."""
    report = judged(name)
    verdicts = {gradient: result.verdict.value for gradient, result in report.gradients.items()}
    assert verdicts == dict.fromkeys(RIGHT[name].split(), "pass"), report.error


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_one_fails(judged, name):
    """Also where only another setting than the default shows it."""
    report = judged(name)
    gradient, right = WRONG[name]
    assert report.gradients[gradient].verdict is Verdict.FAIL
    assert (report.geometries.right > 0) is (right == "some")


def test_a_lost_path_of_code_in_numpy_is_named_at_its_line(judged):
    """In the backward where one change mends it, and in the forward, which ran once more on arrays that remember."""
    report = judged("Cell")
    assert report.gradients["c"].verdict is Verdict.FAIL
    (finding,) = report.findings
    assert (finding.id, finding.gradient, finding.certainty) == ("path-missing", "c", "proved")
    lines = LAYERS.splitlines()
    forward, backward = "state = np.tanh(x) * c", "return total * c * (1 - np.tanh(x) ** 2), dc * np.tanh(x)"
    assert f"In the forward that is line {lines.index(' ' * 8 + forward) + 1}: `{forward}`." in finding.message
    assert (finding.line, finding.text.strip()) == (lines.index(" " * 8 + backward) + 1, backward)
    assert finding.text[finding.column - 1 : finding.end - 1] == "dc"


def test_a_share_of_the_gradient_for_each_of_equal_entries_is_asked_for(judged):
    """A mask of all that equal the maximum is right on random numbers, and only there."""
    report = judged("windows_backward")
    assert report.verdict is Verdict.FAIL
    (finding,) = report.findings
    assert (finding.id, finding.fails_when) == ("ties-counted-twice", "entries of x are equal")
    assert report.geometries.right == report.geometries.tried


def test_the_setting_on_which_alone_it_is_wrong_is_said(judged):
    """At the default of 0.1 the slope is right."""
    (finding,) = judged("Slope").findings
    assert finding.fails_when.startswith("alpha = ")


def test_half_of_a_square_is_said_to_be_half(judged):
    """Not that its path is lost."""
    (finding,) = judged("ridge_loss").findings
    assert finding.id == "wrong-derivative"
    assert "only one of the equal operands of" in finding.message
