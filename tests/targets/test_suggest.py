"""The words of `--call` that a refusal shows: they run as they stand, or are said to be an outline."""

import shlex
from contextlib import nullcontext

import pytest
from written_layers import ROUTINES, STRIDED

from gradcheck_cli.layers import conv
from gradcheck_cli.targets import resolve
from gradcheck_cli.targets.contract import HowToCall
from gradcheck_cli.targets.conventions import suggest
from gradcheck_cli.targets.conventions.base import to_numpy
from gradcheck_cli.targets.conventions.call_tried import as_said, said
from gradcheck_cli.targets.conventions.probes import integer_case
from gradcheck_cli.targets.conventions.results import take
from gradcheck_cli.targets.load import load

OPERATION = """
class Var:
    def __init__(self, v):
        self.v, self.g, self.go = np.asarray(v, float), None, None

    def backward(self, up):
        self.g = up
        self.go and self.go(up)

    def conv(self, w, stride=1):
        out = Var(correlate(self.v, w.v, stride))
        def go(up):
            self.backward(input_gradient(self.v, w.v, up, stride))
            w.backward(weight_gradient(self.v, w.v, up, stride))
        out.go = go
        return out
"""
LAYER = """
class Conv:
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0):
        self.W = np.random.rand(out_channels, in_channels, kernel_size, kernel_size)
        self.told = stride, padding

    def forward(self, x):
        self.x = x
        return correlate(x, self.W, *self.told)

    def backward(self, g):
        self.dW = weight_gradient(self.x, self.W, g, *self.told)
        return input_gradient(self.x, self.W, g, *self.told)
"""


def loaded(folder, code, name):
    """The target of a file with `code`."""
    file = folder / "planted.py"
    file.write_text(ROUTINES + code)
    return load(resolve([f"{file}:{name}"])[0])


@pytest.mark.parametrize(
    ("code", "name", "words"),
    [
        (
            LAYER,
            "Conv",
            "--call \"(c := Conv(in_channels, out_channels, k, stride=s, padding=p), setattr(c, 'W', w), c.forward(x), "
            'c.backward(G), c.dW)[-2:]" --returns input,weight',
        ),
        (
            OPERATION,
            "Var.conv",
            '--call "(v := [Var(a) for a in (x, w,)], y := v[0].conv(v[1], s), y.backward(G), [a.g for a in v])[-1]" '
            "--returns input,weight",
        ),
        (
            "def grads(g, x, w, stride=1):\n    dx = input_gradient(x, w, g, stride)\n"
            "    dw = weight_gradient(x, w, g, stride)\n    return dw, dx\n",
            "grads",
            '--call "grads(G, x, w, s)" --returns weight,input',
        ),
    ],
    ids=("a layer", "an operation of a type", "a function"),
)
def test_the_words_that_are_shown_judge_the_target(tmp_path, code, name, words):
    """They are typed as they stand, and every gradient comes out right."""
    target = loaded(tmp_path, code, name)
    ending = ", or gradcheck_call() in the file (gradcheck explain calling)"
    assert suggest.hint(target, nullcontext) == f"say how: {words}{ending}"
    _, text, _, returns = shlex.split(words)
    chosen = as_said(said(target, HowToCall("", text, tuple(returns.split(","))), ()), (), lambda: None, nullcontext)
    case = integer_case(STRIDED if "p)" in text or "padding=p" in text else STRIDED.__class__(2, 3, 4, 9, 8, (3, 3)))
    taken = take(chosen.candidate.start(case)(), chosen.plan, case.spec, chosen.candidate.layout, "")
    truth = conv.backward(case)
    for role in returns.split(","):
        assert (to_numpy(taken.gradients.get(role)) == truth.get(role)).all()


def test_what_cannot_be_known_is_an_outline(tmp_path):
    """A required setting that nothing tells stands as three dots."""
    code = LAYER.replace("in_channels, out_channels", "mystery, in_channels, out_channels")
    shown = suggest.hint(loaded(tmp_path, code, "Conv"), nullcontext)
    assert shown.startswith('say how; an outline to be filled in: --call "(c := Conv(..., in_channels, out_channels, k')


def test_a_forward_without_a_way_back_has_no_words(tmp_path):
    """There is no gradient to be asked for."""
    assert suggest.hint(loaded(tmp_path, "def conv(x, w):\n    return correlate(x, w)\n", "conv"), nullcontext) == ""
