"""Parameters under keys that begin with what a function is told, and arguments that another function computes first."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict
from gradcheck_cli.model.errors import TargetError

CELL = """
import numpy as np


def mix_forward(x, state, weights, tag DEFAULT):
    pre = x @ weights[KEY_W] + state @ weights[KEY_U] + weights[KEY_b]
    out = np.tanh(pre)
    return out, (x, state, out, weights, tag)


def mix_backward(dout, cache):
    x, state, out, weights, tag = cache
    dpre = dout * (1 - out ** 2)
    grads = {}
    for letter, side in (("W", x), ("U", state)):
        grads[f"{tag}_{letter}"] = side.T @ dpre
    grads[f"{tag}_b"] = dpre.SUM
    return dpre @ weights[KEY_W].T, dpre @ weights[KEY_STATE].T, grads
"""


def _cell(form, default, total="sum(axis=0)", state="U"):
    text = CELL.replace("DEFAULT", default).replace("SUM", total).replace("KEY_STATE", f"KEY_{state}")
    for letter in "WUb":
        text = text.replace(f"KEY_{letter}", form.replace("LETTER", letter))
    return text


@pytest.mark.parametrize(("form", "default"), [('f"{tag}_LETTER"', ""), ('tag + "_LETTER"', '="cell"')])
@pytest.mark.parametrize(
    ("total", "state", "wrong"),
    [("sum(axis=0)", "U", set()), ("mean(axis=0)", "U", {"_b"}), ("sum(axis=0)", "W", None)],
)
def test_the_keys_are_parameters_whatever_they_begin_with(tmp_path, form, default, total, state, wrong):
    """A prefix that is told, or has a default; some keys are computed in the backward."""
    file = tmp_path / "mix.py"
    file.write_text(_cell(form, default, total, state))

    report = function_here(f"{file}:mix_backward")

    if wrong is None:  # the weights of the input in the place of the state's
        assert report.verdict is not Verdict.PASS
        return
    assert set(report.gradients) == {"x", "state", "_W", "_U", "_b"}
    assert wrong == {name for name, result in report.gradients.items() if result.verdict is Verdict.FAIL}


READ = """
import numpy as np


def precompute_rows(rows, weights):
    return rows @ weights["Wr"]


def read_forward(query, rows, fast_rows, weights):
    score = np.tanh(query @ weights["Wq"] + fast_rows)
    share = score ** 2
    return share * 2, share, (query, rows, score, weights)


def read_backward(d_twice, d_share_more, cache):
    query, rows, score, weights = cache
    d_share = 2 * d_twice
    if d_share_more is not None:
        d_share = d_share + d_share_more
    d_pre = d_share * 2 * score * (1 - score ** 2)
    grads = {"Wq": query.T @ d_pre, "Wr": rows.T @ d_pre}
    return d_pre @ weights["Wq"].T, d_pre @ weights["Wr"].T SCALE, grads
"""


@pytest.mark.parametrize(("scale", "wrong"), [("", set()), ("* 2", {"rows"})])
def test_what_was_computed_first_is_part_of_the_forward(tmp_path, scale, wrong):
    """Its backward goes back through it; a gradient of one more output is a G, with a word behind its name."""
    file = tmp_path / "read.py"
    file.write_text(READ.replace("SCALE", scale))

    report = function_here(f"{file}:read_backward")

    assert set(report.gradients) == {"query", "rows", "Wq", "Wr"}
    assert wrong == {name for name, result in report.gradients.items() if result.verdict is Verdict.FAIL}


def test_a_key_that_the_forward_does_not_read_is_not_told_to_be_unused(tmp_path):
    """Who computes what its backward goes back through as well, nobody says."""
    file = tmp_path / "read.py"
    file.write_text(READ.replace("SCALE", "").replace("precompute_rows", "to_speed"))

    with pytest.raises(TargetError):
        function_here(f"{file}:read_backward")
