"""Losses whose weights are arrays of their module."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict

WALK = """
import numpy as np

width, letters = 4, 6
We = np.random.randn(width, letters) * 0.1
Ws = np.random.randn(width, width) * 0.1
Wo = np.random.randn(letters, width) * 0.1
bo = np.zeros((letters, 1))


def loss_of_walk(inputs, targets, hprev):
    states, chances, loss = {-1: np.copy(hprev)}, {}, 0
    for t in range(len(inputs)):
        states[t] = np.tanh(We[:, [inputs[t]]] + Ws @ states[t - 1])
        scores = np.exp(Wo @ states[t] + bo)
        chances[t] = scores / scores.sum()
        loss -= np.log(chances[t][targets[t], 0])
    dWe, dWs, dWo, dbo = (np.zeros_like(each) for each in (We, Ws, Wo, bo))
    later = np.zeros_like(hprev)
    for t in reversed(range(len(inputs))):
        dy = np.copy(chances[t])
        dy[targets[t]] -= 1
        dWo += dy @ states[t].T
        dbo += dy
        bent = (Wo.T @ dy + later) * (1 - states[t] ** 2)
        dWe[:, [inputs[t]]] += bent
        dWs += bent @ states[t - 1].T
        later = Ws.T @ bent
    for each in (dWe, dWs, dWo, dbo):
        np.clip(each, -LIMIT, LIMIT, out=each)
    return loss, dWe, dWs, dWo, dbo, states[len(inputs) - 1]
"""


@pytest.fixture
def judged(tmp_path):
    """From a text to its report, which is the same for every generator of numpy."""

    def judge(text):
        file = tmp_path / "walk.py"
        file.write_text(text)
        return function_here(f"{file}:loss_of_walk")

    return judge


def test_they_are_arguments_in_the_shapes_of_the_file(judged):
    """One number for each step, below the shortest of their lengths."""
    report = judged(WALK.replace("LIMIT", "50"))
    assert report.verdict is Verdict.PASS
    assert set(report.gradients) == {"We", "Ws", "Wo", "bo"}
    assert not any("bounds" in note for note in report.notes)


def test_gradients_that_are_kept_within_bounds_are_right_and_it_is_said(judged):
    """With the clip left out they are the derivative, and the loss is the same."""
    report = judged(WALK.replace("LIMIT", "0.25"))
    assert report.verdict is Verdict.PASS
    assert any("np.clip(each, -0.25, 0.25, out=each)" in note for note in report.notes)


def test_a_clip_excuses_nothing_else(judged):
    """What later steps give is lost."""
    report = judged(WALK.replace("LIMIT", "0.25").replace("(Wo.T @ dy + later)", "(Wo.T @ dy)"))
    assert report.verdict is Verdict.FAIL
    assert report.gradients["Wo"].verdict is Verdict.PASS


# A pair whose weights stand beside it, as scripts have them.
BESIDE = """
import numpy as np

noise = np.random.default_rng(4)
mix = noise.standard_normal((4, 5))
lift = noise.standard_normal(5)
out_mat = noise.standard_normal((5, 3))
untouched = noise.standard_normal(3)


def go_forward(rows):
    inner = np.tanh(rows @ mix + lift)
    return inner @ out_mat + untouched, (rows, inner)


def go_backward(upstream, kept):
    rows, inner = kept
    dinner = (upstream @ out_mat.T) * (1 - inner ** 2)
    d_mix = rows.T @ dinner SLIP
    d_lift = dinner.sum(axis=0)
    d_out_mat = inner.T @ upstream
    RETURNED
"""
WAYS = [
    "return dinner @ mix.T, d_mix, d_lift, d_out_mat",
    'return dinner @ mix.T, {"mix": d_mix, "lift": d_lift, "out_mat": d_out_mat}',
]


@pytest.mark.parametrize("returned", WAYS)
@pytest.mark.parametrize(("slip", "wrong"), [("", set()), ("/ 2", {"mix"})])
def test_the_arrays_of_its_file_are_arguments_of_a_pair(tmp_path, returned, slip, wrong):
    """Those that its backward gives the gradient of; they were not judged, and what was wrong with them passed."""
    file = tmp_path / "beside.py"
    file.write_text(BESIDE.replace("RETURNED", returned).replace("SLIP", slip))

    report = function_here(f"{file}:go_backward")

    assert set(report.gradients) == {"rows", "mix", "lift", "out_mat"}
    assert wrong == {name for name, result in report.gradients.items() if result.verdict is Verdict.FAIL}
    assert report.verdict is (Verdict.FAIL if wrong else Verdict.PASS)


def test_a_gradient_of_what_is_no_argument_is_said_not_to_be_judged(tmp_path):
    """Of weights in a list of the file, which nobody hands over: what is right says nothing of them."""
    file = tmp_path / "beside.py"
    listed = (
        BESIDE.replace("\nout_mat = ", "\nheld = [").replace("(5, 3))", "(5, 3))]", 1).replace("@ out_mat", "@ held[0]")
    )
    file.write_text(listed.replace("RETURNED", "return dinner @ mix.T, d_mix, d_lift, d_out_mat").replace("SLIP", ""))

    report = function_here(f"{file}:go_backward")

    assert (report.verdict, set(report.gradients)) == (Verdict.PASS, {"rows", "mix", "lift"})
    assert any("not judged: d_out_mat" in note for note in report.notes)
