"""Optional parameters of unknown names: what they are is found by trying, and what cannot be tried is said."""

from contextlib import nullcontext

import pytest
from recognising import PLAIN, loaded_from

from gradcheck_cli.model import ConvSpec, Verdict
from gradcheck_cli.report.words import reservations
from gradcheck_cli.targets.conventions import recognise
from gradcheck_cli.targets.conventions.unvaried import Varying, with_role
from helpers import verified

FORWARD = """
import numpy as np


def conv_forward(x, w, {name}={default}):
    gap, scale = {forward}
    kh, kw = w.shape[2:]
    rows, columns = x.shape[2] - gap * (kh - 1), x.shape[3] - gap * (kw - 1)
    out = np.zeros((len(x), len(w), rows, columns))
    for u in range(kh):
        for v in range(kw):
            part = x[:, :, gap * u : gap * u + rows, gap * v : gap * v + columns]
            out += np.einsum("ncpq,oc->nopq", part, w[:, :, u, v])
    return scale * out

"""
BACKWARD = """
def conv_backward(dout, x, w, {name}={default}):
    gap, scale = {backward}
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    rows, columns = dout.shape[2:]
    for u in range(w.shape[2]):
        for v in range(w.shape[3]):
            here = np.s_[:, :, gap * u : gap * u + rows, gap * v : gap * v + columns]
            dw[:, :, u, v] = scale * np.einsum("nopq,ncpq->oc", dout, x[here])
            dx[here] += scale * np.einsum("nopq,oc->ncpq", dout, w[:, :, u, v])
    return dx, dw
"""
DILATED = ConvSpec(2, 3, 4, 9, 8, (3, 3), dilation=(2, 2))


def settled(folder, code, name="conv_backward"):
    """What is chosen for a target, with its settings."""
    return Varying(lambda: None, nullcontext).settled(recognise(loaded_from(folder, code, name)))


def pair(name, default, forward, backward):
    """A forward and a backward with one setting, each with (gap, scale) as it makes them of it."""
    words = {"name": name, "default": default, "forward": forward, "backward": backward}
    return (FORWARD + BACKWARD).format(**words)


@pytest.mark.parametrize("backward", ["(gap, 1)", "(1, 1)"])
def test_a_number_is_what_the_forward_makes_of_it(tmp_path, backward):
    """Whatever the backward does with it: forgotten there, it is the mistake."""
    chosen = settled(tmp_path, pair("gap", "1", "(gap, 1)", backward))
    assert chosen.candidate.assignment["gap"] == "dilation"
    assert not chosen.candidate.refuses(DILATED)
    assert (chosen.unvaried, chosen.wrong_beside) == ((), ())


def test_without_a_forward_a_right_gradient_says_what_a_number_is(tmp_path):
    """Nothing else is right beside the default."""
    code = "import numpy as np\n" + BACKWARD.format(name="gap", default="1", backward="(gap, 1)")
    assert settled(tmp_path, code).candidate.assignment["gap"] == "dilation"


@pytest.mark.parametrize(
    ("name", "default", "forward", "backward", "wrong"),
    [
        ("gain", "1.0", "(1, gain)", "(1, gain)", []),
        ("gain", "1.0", "(1, gain)", "(1, 1)", ["weight", "input"]),
        ("fast", "False", "(1, 1)", "(1, 2 if fast else 1)", ["weight", "input"]),
        ("fast", "False", "(1, 1)", "(1, 1.0 if fast else 1)", []),
        ("style", "'plain'", "(1, 1)", "(1, 2 if style == 'double' else 1)", ["weight", "input"]),
    ],
)
def test_any_other_setting_is_changed_and_judged_by_the_forward(tmp_path, name, default, forward, backward, wrong):
    """A factor, a switch, a word that the code compares it with."""
    chosen = settled(tmp_path, pair(name, default, forward, backward))
    assert chosen.unvaried == ()
    assert {each.gradient for each in chosen.wrong_beside} == set(wrong)


SHRUNK = pair("shrink", "0.0", "(1, 1)", "(1, 1)").replace("return dx, dw", "return dx, ANSWER")


@pytest.mark.parametrize(
    ("answer", "is_right"),
    [
        ("dw + shrink * w", True),
        ("dw + 2 * shrink * w", True),
        ("dw - shrink * w", False),
        ("dw * (1 + shrink)", False),
        ("dw + shrink * w.mean()", False),
        ("dw.T.T + shrink * np.sign(w)", False),
    ],
)
def test_a_decay_of_the_weights_is_no_mistake(tmp_path, answer, is_right):
    """It is the derivative of a penalty, which no output shows; whatever else is added is wrong."""
    chosen = settled(tmp_path, SHRUNK.replace("ANSWER", answer))
    assert {each.gradient for each in chosen.wrong_beside} == (set() if is_right else {"weight"})
    assert bool(chosen.notes) is is_right


def test_an_input_is_not_decayed(tmp_path):
    """No penalty is put on it."""
    code = SHRUNK.replace("return dx, ANSWER", "return dx + shrink * x, dw")
    assert {each.gradient for each in settled(tmp_path, code).wrong_beside} == {"input"}


@pytest.mark.parametrize(
    ("default", "backward"),
    [("1.0", "(1, knob)"), ("None", "(1, 1 if knob is None else knob)"), ("'a'", "(1, 1, knob)[:2]")],
)
def test_what_nobody_can_judge_or_guess_is_not_varied(tmp_path, default, backward):
    """Without a forward other numbers may be right; None and a free word say nothing of what else there is."""
    code = "import numpy as np\n" + BACKWARD.format(name="knob", default=default, backward=backward)
    assert settled(tmp_path, code).unvaried == ("knob",)


def report_of(folder, code):
    """What `verify` says of a target."""
    return verified(folder, code, "conv_backward", file="code.py").targets[0]


def test_a_pass_says_in_its_first_line_what_was_not_varied(tmp_path):
    """It is worth no more than that."""
    code = "import numpy as np\n" + BACKWARD.format(name="knob", default="1.0", backward="(1, knob)")
    report = report_of(tmp_path, code)
    assert report.verdict is Verdict.PASS
    assert "; knob was not varied" in reservations(report)


def test_a_backward_that_is_wrong_beside_a_default_fails(tmp_path):
    """The finding says with which value, and in which gradient."""
    report = report_of(tmp_path, pair("gain", "1.0", "(1, gain)", "(1, 1)"))
    assert report.verdict is Verdict.FAIL
    assert {(each.gradient, each.certainty, each.fails_when) for each in report.findings} == {
        ("weight", "proved", "gain=0.7"),
        ("input", "proved", "gain=0.7"),
    }


def test_a_role_reaches_the_forward_too(tmp_path):
    """Both are handed what it stands for."""
    chosen = recognise(loaded_from(tmp_path, pair("gap", "1", "(gap, 1)", "(gap, 1)"), "conv_backward"))
    candidate = with_role(chosen.candidate, "gap", "dilation")
    assert not candidate.refuses(DILATED)
    assert not candidate.refuses(PLAIN)


LAYER = """
import numpy as np


class Rectified:
    def __init__(self, in_channels, filters, size{argument}):
        self.weight = 0.1 * np.random.randn(filters, in_channels, size, size)
        self.bias = np.zeros(filters)
        self.after = {after}

    def forward(self, x):
        self.x = x
        seen = np.lib.stride_tricks.sliding_window_view(x, self.weight.shape[2:], axis=(2, 3))
        self.out = np.einsum("nchwuv,fcuv->nfhw", seen, self.weight) + self.bias[:, None, None]
        if self.after == "relu":
            self.out = np.maximum(self.out, 0)
        return self.out

    def backward(self, grad):
        self.db = grad.sum((0, 2, 3))
        if self.after == "relu":
            grad = {masked}
        seen = np.lib.stride_tricks.sliding_window_view(self.x, self.weight.shape[2:], axis=(2, 3))
        self.dw = np.einsum("nfhw,nchwuv->fcuv", grad, seen)
        if self.after == "relu":
            self.db = {summed}
        dx = np.zeros_like(self.x)
        for i in range(grad.shape[2]):
            for j in range(grad.shape[3]):
                place = np.s_[:, :, i : i + self.weight.shape[2], j : j + self.weight.shape[3]]
                dx[place] += np.einsum("nf,fcuv->ncuv", grad[:, :, i, j], self.weight)
        return dx
"""
ALWAYS = {"argument": "", "after": "'relu'"}
BY_DEFAULT = {"argument": ", activation='relu'", "after": "activation"}
RIGHT = {"masked": "grad * (self.out > 0)", "summed": "grad.sum((0, 2, 3))"}


def judged_layer(folder, **parts):
    """The report of a layer that may end in max(0, .)."""
    return verified(folder, LAYER.format(**parts), "Rectified", file="layer.py").targets[0]


@pytest.mark.parametrize("how", [ALWAYS, BY_DEFAULT], ids=["always", "by default"])
def test_a_layer_that_ends_in_an_activation_is_asked_where_it_changes_something(tmp_path, how):
    """A bias that lifts every output above 0, and an activation that is left out, hide it all."""
    assert judged_layer(tmp_path, **how, **RIGHT).verdict is Verdict.PASS
    report = judged_layer(tmp_path, **how, **{**RIGHT, "summed": "self.db"})
    assert {name: each.verdict for name, each in report.gradients.items()} == {
        "weight": Verdict.PASS,
        "input": Verdict.PASS,
        "bias": Verdict.FAIL,
    }
    (finding,) = report.findings
    assert (finding.id, finding.certainty) == ("derivative-missing", "proved")
    assert finding.fails_when == ("outputs below 0" if how is ALWAYS else "activation='relu'")
    assert "exactly that of the convolution alone" in finding.message


def test_an_activation_that_is_passed_over_or_wrong_fails_in_every_gradient(tmp_path):
    """Passed over, it is the convolution's own gradient; the wrong side of it has no name."""
    over = judged_layer(tmp_path, **ALWAYS, **{**RIGHT, "masked": "grad"})
    assert {finding.id for finding in over.findings} == {"derivative-missing"}
    turned = judged_layer(tmp_path, **BY_DEFAULT, **{**RIGHT, "masked": "grad * (self.out <= 0)"})
    assert {finding.id for finding in turned.findings} == {"unexplained"}
    assert {found.gradient for found in over.findings} == {found.gradient for found in turned.findings}
    assert {found.gradient for found in over.findings} == {"weight", "input", "bias"}


PAIRED = """
import torch
from torch.nn.functional import fold, unfold


class Conv2d:
    def __init__(self, in_channels, out_channels, kernel_size):
        self.size = kernel_size
        self.weight = torch.empty(out_channels, in_channels, kernel_size, kernel_size).uniform_(-0.3, 0.3)
        self.bias = torch.zeros(out_channels)
        self.dw, self.db = torch.zeros_like(self.weight), torch.zeros_like(self.bias)

    def forward(self, x):
        self.shape, self.columns = x.shape[2:], unfold(x, self.size)
        out = self.weight.flatten(1) @ self.columns + self.bias[:, None]
        return out.reshape(len(x), -1, x.shape[2] - self.size + 1, x.shape[3] - self.size + 1)

    def backward(self, grad):
        grad = grad.reshape(*grad.shape[:2], -1)
        self.db += grad.sum((0, 2))
        self.dw += (grad @ self.columns.transpose(1, 2)).sum(0).reshape(self.weight.shape)
        return fold(self.weight.flatten(1).T @ grad, self.shape, self.size)

    def param(self):
        return [(self.weight, self.dw), (self.bias, self.db)]
"""


@pytest.mark.parametrize("handed_out", [True, False])
def test_gradients_that_are_handed_out_beside_their_weights_may_add_up(tmp_path, handed_out):
    """Whoever trains with `param()` clears them; torch's own default dtype makes no hidden float32 of them."""
    report = verified(tmp_path, PAIRED if handed_out else PAIRED.partition("    def param")[0], "Conv2d").targets[0]
    assert {finding.id for finding in report.findings} == (set() if handed_out else {"accumulates-between-calls"})
    assert ("it adds to .grad, as torch does; clear it between steps" in report.notes) == handed_out
