"""What a backward is handed where its file does not say it: the way in which it is the derivative is what was meant."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict

HALL = """
import numpy as np

def centred(sound, axis):
    middle = sound.mean(axis=axis, keepdims=True)
    spread = 1 / np.sqrt(((sound - middle) ** 2).mean(axis=axis, keepdims=True) + 0.1)
    return (sound - middle) * spread, middle, spread

def hall_forward(sound):
    return centred(sound, -1)

def hall_backward(dy, sound, middle, spread):
    hat = (sound - middle) * spread
    return FACTOR * spread * (dy - dy.mean(-1, keepdims=True) - hat * (dy * hat).mean(-1, keepdims=True))

def echo_forward(sound):
    gain, bent = np.exp(sound), sound ** 3
    return gain * bent, gain, bent

def echo_backward(dy, first, second):
    return FACTOR * dy * first * (second + 3 * np.cbrt(second) ** 2)
"""


@pytest.mark.parametrize("name", ["hall_backward", "echo_backward"])
@pytest.mark.parametrize(("factor", "verdict"), [("1", Verdict.PASS), ("2", Verdict.FAIL)])
def test_what_a_forward_returns_beside_its_output_is_handed_to_whom_it_belongs(tmp_path, name, factor, verdict):
    """By the names that a function which it calls returns; without names by trial."""
    (tmp_path / "hall.py").write_text(HALL.replace("FACTOR", factor), encoding="utf-8")
    assert function_here(f"{tmp_path / 'hall.py'}:{name}").verdict is verdict


TIDE = """
import math
import numpy as np

def tide_forward(x):
    return np.array([[value * math.sin(value) for value in row] for row in x.tolist()]), x

def tide_backward(dout, cache):
    x = cache
    high, low = np.sin(x), np.cos(x)
    return dout * (high + x * high)
"""


def test_a_mistake_that_no_formula_explains_is_called_as_the_change_that_mends_it(tmp_path):
    """Nothing is known of a forward that leaves numpy: the text is what is left."""
    (tmp_path / "tide.py").write_text(TIDE, encoding="utf-8")
    report = function_here(f"{tmp_path / 'tide.py'}:tide_backward")
    (finding,) = report.findings
    assert (finding.id, finding.certainty, finding.line) == ("wrong-operand", "proved", 11)
    assert finding.message == "grad_x is right on all 2 samples with `low` where `high` stands."
    assert report.gradients["x"].findings == ("wrong-operand",)


WELL = """
import numpy as np

def well_forward(xt, hprev, cprev, W, b):
    H = hprev.shape[1]
    a = np.hstack((hprev, xt)) @ W + b
    f, g = 1 / (1 + np.exp(-a[:, :H])), np.tanh(a[:, H:])
    c = f * cprev + g
    return f * np.tanh(c), c, (xt, hprev, cprev, W, f, g, c)

def well_backward(dh, dc, cache):
    xt, hprev, cprev, W, f, g, c = cache
    level = np.tanh(c)
    dc = dc + dh * f * (1 - level ** 2)
    df = (dh * level + dc * cprev) * f * (1 - f)
    da = np.hstack((df, dc * (1 - g ** 2)))
    dz = da @ W.T
    H = hprev.shape[1]
    return dz[:, H:], dz[:, :H], dc * f, np.hstack((hprev, xt)).T @ da, da.sum(axis=0)
"""


def test_weights_have_the_rows_of_a_state_and_an_input_beside_each_other(tmp_path):
    """A cell of two gates and no word on its shapes."""
    (tmp_path / "mine.py").write_text(WELL)
    report = function_here(f"{tmp_path}/mine.py:well_backward")
    assert report.verdict is Verdict.PASS
    assert set(report.gradients) == {"xt", "hprev", "cprev", "W", "b"}


def test_a_lost_path_through_the_state_of_a_cell_is_a_failure(tmp_path):
    """The gate of the old state forgets one of its two uses."""
    (tmp_path / "mine.py").write_text(WELL.replace("(dh * level + dc * cprev)", "(dc * cprev)"))
    assert function_here(f"{tmp_path}/mine.py:well_backward").verdict is Verdict.FAIL
