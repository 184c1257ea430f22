"""Parameters in an object that the file makes by itself: arrays as arguments, in the shapes that the file gives."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict

# Two layers share one object; each gives its gradients in a new one like it. WIDE stands beside them.
SHARED = """
import numpy as np

SIZES = {"wide": 4, "narrow": 2}


class Tensors:
    SLOTS


def init_tensors(seed=1):
    rng = np.random.default_rng(seed)
    made = Tensors()
    made.up_mat = rng.standard_normal((3, SIZES["wide"]))
    made.up_off = np.zeros(SIZES["wide"])
    made.down_mat = rng.standard_normal((SIZES["wide"], SIZES["narrow"]))
    return made


def blank(like):
    made = Tensors()
    for name in ("up_mat", "up_off", "down_mat"):
        setattr(made, name, np.zeros_like(getattr(like, name)))
    return made


def climb_forward(held, ctx):
    total = np.zeros((len(ctx), SIZES["wide"]))
    for t in range(ctx.shape[1]):
        total = np.tanh(ctx[:, t, :] @ held.up_mat + held.up_off) + total
    return total, dict(ctx=ctx)


def climb_backward(held, kept, dout):
    ctx, grads = kept["ctx"], blank(held)
    for t in range(ctx.shape[1]):
        reach = dout * (1 - np.tanh(ctx[:, t, :] @ held.up_mat + held.up_off) ** 2)
        grads.up_mat += ctx[:, t, :].T @ reach
        grads.up_off += reach.sum(0) CLIMB
    return grads


def fall_forward(held, ctx):
    bent = ctx ** 2
    return bent @ held.down_mat, bent


def fall_backward(held, ctx, bent, dout):
    grads = blank(held)
    grads.down_mat += bent.T @ dout
    return grads, 2 * ctx * (dout @ held.down_mat.T) FALL
"""
KINDS = ['__slots__ = ["up_mat", "up_off", "down_mat"]', "pass"]


def _judged(tmp_path, name, slots, **changes):
    text = SHARED.replace("SLOTS", slots)
    for key in ("CLIMB", "FALL"):
        text = text.replace(key, changes.get(key, ""))
    file = tmp_path / "shared.py"
    file.write_text(text)
    return function_here(f"{file}:{name}")


@pytest.mark.parametrize("slots", KINDS)
@pytest.mark.parametrize(("climb", "wrong"), [("", set()), ("/ 2", {"up_off"})])
def test_what_is_read_of_an_object_is_judged_and_the_rest_of_it_is_there(tmp_path, slots, climb, wrong):
    """Its gradients come back in one like it; of the data it gives none, and none is owed."""
    report = _judged(tmp_path, "climb_backward", slots, CLIMB=climb)

    assert {"up_mat", "up_off"} == set(report.gradients)
    assert wrong == {name for name, result in report.gradients.items() if result.verdict is Verdict.FAIL}
    assert report.verdict is (Verdict.FAIL if wrong else Verdict.PASS)


@pytest.mark.parametrize("slots", KINDS)
@pytest.mark.parametrize(("fall", "wrong"), [("", set()), ("* 2", {"ctx"})])
def test_the_gradient_of_data_that_is_returned_beside_it_is_judged(tmp_path, slots, fall, wrong):
    """Data that are called as a cache is are handed to both by their name."""
    report = _judged(tmp_path, "fall_backward", slots, FALL=fall)

    assert {"down_mat", "ctx"} == set(report.gradients)
    assert wrong == {name for name, result in report.gradients.items() if result.verdict is Verdict.FAIL}
