"""What an object holds: its parameters by names that tell them apart, and the gradients that it keeps of them."""

import textwrap

import numpy as np
import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict
from gradcheck_cli.targets.functions.state import kept_gradients, parameters


class Box:
    """Something that holds what it is told."""

    def __init__(self, **held):
        self.__dict__.update(held)


def numbers(*shape):
    """An array of that shape."""
    return np.ones(shape)


def names(held):
    """What the parameters of an object are called."""
    return sorted(one.name for one in parameters(held))


def test_what_one_part_alone_holds_is_called_by_its_last_name():
    """The part's own name says nothing more."""
    assert names(Box(inner=Box(W=numbers(2, 3)), b=numbers(3))) == ["W", "b"]


@pytest.mark.parametrize("wrapped", [False, True])
def test_parts_that_call_theirs_alike_are_told_apart(wrapped):
    """Also where each stands in an object of its own, with its gradient."""
    kept = (lambda a: Box(value=a, grad=0 * a)) if wrapped else (lambda a: a)
    held = Box(first=Box(W=kept(numbers(2, 3))), second=Box(W=kept(numbers(3, 4))))
    assert names(held) == ["first.W", "second.W"]


def test_a_name_that_stands_at_the_top_as_well_stays_as_it_is():
    """`self.W` beside an optimizer's copy is W."""
    assert "W" in names(Box(W=numbers(2, 3), solver=Box(W=numbers(2, 3))))


@pytest.mark.parametrize("wrapped", [False, True, "in a dict"])
def test_the_gradients_of_alike_parts_are_each_one_s_own(wrapped):
    """`.grad` beside the value, dW beside W in the same part, or W in a dict of gradients there."""

    def part(shape, slope):
        value = numbers(*shape)
        if wrapped == "in a dict":
            return Box(W=value, grads={"W": slope * value})
        return Box(W=Box(value=value, grad=slope * value)) if wrapped else Box(W=value, dW=slope * value)

    held = Box(first=part((2, 3), 5), second=part((3, 4), 7))
    found = kept_gradients(held, {one.name: one.array.shape for one in parameters(held)})
    assert {name: (array.shape, array.flat[0]) for name, array in found.items()} == {
        "first.W": ((2, 3), 5),
        "second.W": ((3, 4), 7),
    }


LAYERS = """
    import numpy as np

    class Dense:
        def __init__(self, n_in, n_out):
            self.W, self.b = np.random.randn(n_in, n_out), np.zeros(n_out)

        def forward(self, x):
            self.x = x
            return x @ self.W + self.b

        def backward(self, g):
            self.dW, self.db = self.x.T @ g, g.sum(0)
            return g @ self.W.T

    class Two:
        def __init__(self, n_in, n_out):
            self.under, self.over = Dense(n_in, n_in), Dense(n_in, n_out)

        def forward(self, x):
            self.hidden = np.tanh(self.under.forward(x))
            return self.over.forward(self.hidden)

        def backward(self, g):
            return self.under.backward(self.over.backward(g) * {slope})
"""


@pytest.mark.parametrize(("slope", "right"), [("(1 - self.hidden**2)", True), ("1.0", False)])
def test_a_layer_of_layers_is_judged_in_every_part(tmp_path, slope, right):
    """The slope between them is lost for the lower one alone."""
    file = tmp_path / "two.py"
    file.write_text(textwrap.dedent(LAYERS.format(slope=slope)))
    report = function_here(f"{file}:Two")
    verdicts = {name: result.verdict.value for name, result in report.gradients.items()}
    lower = "pass" if right else "fail"
    assert verdicts == {"x": lower, "under.W": lower, "under.b": lower, "over.W": "pass", "over.b": "pass"}


PROJECTED = """
import numpy as np

class Mlp:
    def __init__(self, n_in, n_hidden, n_out):
        self.proj_in_W, self.proj_in_b = np.random.randn(n_in, n_hidden), np.zeros(n_hidden)
        self.proj_out_W, self.proj_out_b = np.random.randn(n_hidden, n_out), np.zeros(n_out)
        self.dW_in, self.db_in = np.zeros_like(self.proj_in_W), np.zeros_like(self.proj_in_b)
        self.dW_out, self.db_out = np.zeros_like(self.proj_out_W), np.zeros_like(self.proj_out_b)
        self.db_final = np.zeros(3)

    def forward(self, x):
        self.x = x
        self.h = np.tanh(x @ self.proj_in_W + self.proj_in_b)
        return self.h @ self.proj_out_W + self.proj_out_b

    def backward(self, dout):
        self.dW_out, self.db_out = self.h.T @ dout, dout.sum(axis=0)
        dh = (dout @ self.proj_out_W.T) * (1 - self.h**2)
        self.dW_in, self.db_in = self.x.T @ dh, dh.REDUCED(axis=0)
        return dh @ self.proj_in_W.T
"""


@pytest.mark.parametrize(("reduced", "verdict"), [("sum", Verdict.PASS), ("mean", Verdict.FAIL)])
def test_a_gradient_under_another_name_is_that_of_the_parameter_with_which_it_shares_a_word(tmp_path, reduced, verdict):
    """Two biases are of one length where the layers are; `db_final` is of nobody, and no parameter."""
    file = tmp_path / "mlp.py"
    file.write_text(PROJECTED.replace("REDUCED", reduced))
    report = function_here(f"{file}:Mlp")

    assert {name: result.verdict for name, result in report.gradients.items()} == {
        "x": Verdict.PASS,
        "proj_in_W": Verdict.PASS,
        "proj_in_b": verdict,
        "proj_out_W": Verdict.PASS,
        "proj_out_b": Verdict.PASS,
    }


SHELF = """
import numpy as np

class Shelf:
    def __init__(self, d):
        self.level = 0.0
        self.rate = 0.5
        self.slopes = np.random.randn(d)

    def loss(self, rows, seen):
        e = self.level + rows @ self.slopes - seen
        return 0.5 * np.sum(e ** 2) * self.rate

    def gradients(self, rows, seen):
        e = (self.level + rows @ self.slopes - seen) * self.rate
        return {"slopes": rows.T @ e, "level": SIGN e.sum()}

    def settings(self):
        return {"rate": self.rate}
"""


@pytest.mark.parametrize(("sign", "verdict"), [("", Verdict.PASS), ("-", Verdict.FAIL)])
def test_a_number_is_learnt_whose_gradient_is_given_by_its_name(tmp_path, sign, verdict):
    """It was taken for that of the target; what is merely told is not learnt."""
    file = tmp_path / "shelf.py"
    file.write_text(SHELF.replace("SIGN", sign))
    report = function_here(f"{file}:Shelf")
    assert report.gradients["level"].verdict is verdict
    assert {"slopes", "level"} <= set(report.gradients)
    assert not {"seen", "rate"} & set(report.gradients)


BESIDE_FROZEN = '''
import numpy as np

class Beside:
    """A SAID weight, and a small product beside it that is learnt."""

    def __init__(self, weight, rank, times=3.0):
        self.weight = weight
        self.down = np.random.randn(rank, weight.shape[1])
        self.up = np.random.randn(weight.shape[0], rank)
        self.times = times
        self.grad_down = self.grad_up = None

    def forward(self, x):
        self.x, self.low = x, x @ self.down.T
        return x @ self.weight.T + self.times * self.low @ self.up.T

    def backward(self, g):
        self.grad_up = self.times * g.T @ self.low
        back = TIMES * g @ self.up
        self.grad_down = back.T @ self.x
        return g @ self.weight + self.times * g @ self.up @ self.down
'''


@pytest.mark.parametrize(
    ("frozen", "times", "verdicts"),
    [
        ("frozen", "self.times", {"x": "pass", "down": "pass", "up": "pass"}),
        ("frozen", "1", {"x": "pass", "down": "fail", "up": "pass"}),
        ("fine", "self.times", {"x": "pass", "weight": "missing", "down": "pass", "up": "pass"}),
    ],
)
def test_no_gradient_is_owed_of_a_weight_that_is_said_to_be_frozen(tmp_path, frozen, times, verdicts):
    """Nor is that of another weight its own where both have one shape by the lengths that are tried."""
    file = tmp_path / "beside.py"
    file.write_text(BESIDE_FROZEN.replace("SAID", frozen).replace("TIMES", times))
    report = function_here(f"{file}:Beside")
    assert {name: result.verdict.value for name, result in report.gradients.items()} == verdicts
