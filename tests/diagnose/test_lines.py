"""Which lines look like a named mistake, and which compute another gradient."""

import ast

import pytest

from gradcheck_cli.diagnose import Code
from gradcheck_cli.diagnose.lines import lines_feeding, lines_like, lines_of_others

FUNCTION = """\
def helper(n, m):
    return n / m

def backward(dout, cache):
    x, w, b, pad = cache
    N = len(x)
    {}
    return dx, dw, db
"""
ALIKE = [
    ("batch-mean", "dw = np.einsum('nopq,ncpq->oc', dout, x) / N"),
    ("batch-mean", "dw = 1 / len(x) * total"),
    ("batch-mean", "dw /= x.shape[0]"),
    ("batch-mean", "dw = per_image.mean(axis=0)"),
    ("batch-mean", "dw = np.average(per_image, 0)"),
    ("bias-spatial-mean", "db = dout.mean(axis=(0, 2, 3))"),
    ("bias-totalled", "db[:] = np.sum(dout)"),
    ("bias-totalled", "db[:] = dout.sum()"),
    ("upstream-rotated", "g = np.rot90(dout, 2, (2, 3))"),
    ("upstream-rotated", "g = dout[:, :, ::-1, ::-1]"),
    ("upstream-rotated", "dw = convolve2d(x, dout)"),
    ("kernel-rotated", "dw = np.flip(dw, (2, 3))"),
    *(("kernel-rotated", f"dw = np.{name}(dw)") for name in ("flipud", "fliplr", "convolve", "convolve2d", "rot90")),
    *(("axes-transposed", f"dw = {way}") for way in ("dw.T", "dw.permute(0, 1)", "np.moveaxis(dw, 2, 3)")),
    *(("in-out-swapped", f"dw = {way}") for way in ("np.swapaxes(dw, 0, 1)", "np.transpose(dw)")),
    ("reshape-not-transpose", "dw = cols.view(3, 4)"),
    ("bias-totalled", "db[:] = numpy.sum(dout)"),
    ("bias-totalled", "db[:] = torch.sum(dout)"),
    ("rounded-decimals", "dw = np.around(dw, 4)"),
    ("rounded-decimals", "dw.round_()"),
    ("axes-transposed", "dw = dw.transpose(0, 1, 3, 2)"),
    ("reshape-not-transpose", "dw = cols.reshape(w.shape)"),
    ("last-window-only", "dw[f] = dout[n, f, i, j] * x[n]"),
    ("unpad-empty", "dx = dxp[:, :, pad:-pad, pad:-pad]"),
    ("padding-hard-coded", "dx = dxp[:, :, 1:-1, 1:-1]"),
    ("single-precision", "dw = np.zeros(w.shape, dtype=np.float32)"),
    ("single-precision", "dw = torch.zeros(3).float()"),
    ("integer-dtype", "db = np.zeros(3, dtype=int)"),
    ("integer-dtype", "db = total.astype('int64')"),
    ("rounded-decimals", "dw = np.round(dw, 4)"),
    ("rounded-decimals", "dw = dw.round(3)"),
    ("clipped", "np.clip(dw, -5, 5, out=dw)"),
    ("clipped", "dw = dw.clamp(-1, 1)"),
]
UNLIKE = [
    ("batch-mean", "dw = total / scale"),
    ("batch-mean", "half = pad // N"),
    ("bias-totalled", "db = dout.sum(axis=(0, 2, 3))"),
    ("bias-totalled", "db = np.sum(dout, (0, 2, 3))"),
    ("bias-totalled", "db = np.sum(dout, axis=0)"),
    ("bias-totalled", "db = total.sum(dout)"),
    ("bias-totalled", "db = dout.sum(0, keepdims=True)"),
    ("padding-hard-coded", "dx = dxp[:, :, 1:H, 1:W]"),
    ("padding-hard-coded", "dx = dxp[:, :, 1:-2]"),
    ("padding-hard-coded", "dx = dxp[:, :, :-1]"),
    ("padding-hard-coded", "dx = dxp[1]"),
    ("padding-hard-coded", "dx = dxp[:, :, 1:+1]"),
    ("padding-hard-coded", "dx = dxp[1:]"),
    ("axes-transposed", "dw = dw.t"),
    ("axes-transposed", "dw = dw.shape"),
    ("last-window-only", "dw[f] = dw[f] + dout[n, f, i, j] * x[n]"),
    ("last-window-only", "dw[f] += dout[n, f, i, j] * x[n]"),
    ("unpad-empty", "dx = dxp[:, :, 1:-1, 1:-1]"),
    ("padding-hard-coded", "dx = dxp[:, :, pad:pad + H]"),
    ("integer-dtype", "db = np.zeros(3, dtype=float)"),
    ("wrong-index", "dw = total / N"),
]


def _names(cases):
    """A number and the finding: a line of code in a test's name can be misread where tests are chosen by name."""
    return [f"{finding}-{place}" for place, (finding, _) in enumerate(cases)]


def looking(source, finding, line=None):
    """The lines of the definition on a line, or of the whole text, that look like it."""
    return lines_like(Code(source, line).definition, [finding])


@pytest.mark.parametrize(("finding", "line"), ALIKE, ids=_names(ALIKE))
def test_a_line_that_looks_like_the_mistake_is_known(finding, line):
    """Line 7 of the file; what stands outside of the function is not looked at."""
    assert looking(FUNCTION.format(line), finding, 4) == {7}


@pytest.mark.parametrize(("finding", "line"), UNLIKE, ids=_names(UNLIKE))
def test_other_lines_do_not_look_like_it(finding, line):
    """They are near to it, and something else; and of most mistakes nothing is known to look for."""
    assert looking(FUNCTION.format(line), finding, 4) == set()


def test_of_several_mistakes_the_lines_of_each_are_known():
    """What is none of the catalogue looks like nothing."""
    source = FUNCTION.format("dw = np.flip(dw, 2) / 3\n    db = total / N")
    assert lines_like(Code(source, 4).definition, ["kernel-rotated", "batch-mean", "unexplained"]) == {7, 8}


TURNED = """
def back(dout, x, w):
    dx = full(dout, np.rot90(w, 2))
    self.dW[:, 1] += valid(dout,
        x)
    both, db = dout, dout.sum()
    return dx, dw
"""


def test_lines_that_compute_another_gradient_are_told_by_their_names():
    """Attributes and parts of a result are the result, with all lines of the statement; a line of two is nobody's."""
    body = Code(TURNED, 2).definition
    assert lines_of_others(body, "weight") == {3}
    assert lines_of_others(body, "input") == {4, 5}
    assert lines_of_others(body, "bias") == {3, 4, 5}
    assert lines_of_others(body, "call") == set()


DEEP = """\
def backward(cache, X, Y):
    m = X.shape[1]
    A1 = cache["A1"]
    A2 = cache["A2"]
    dZ2 = A2 - Y
    dW2 = dZ2 @ A1.T / m
    dZ1 = (cache["W2"].T @ dZ2) * (1 - A2 ** 2)
    dW1 = dZ1 @ X.T
    dW1 /= m
    self.db1 = dZ1.sum(axis=1)
    return dW1, dW2
"""


@pytest.mark.parametrize(
    ("right", "lines"),
    [(["W2"], {2, 3, 4, 5, 6}), (["W1"], {2, 4, 5, 7, 8, 9}), (["b1"], {4, 5, 7, 10}), (["X"], set()), ([], set())],
)
def test_what_a_gradient_is_made_of_is_followed_through_the_names(right, lines):
    """From the gradient back to everything that is read on the way."""
    function = ast.parse(DEEP).body[0]

    assert lines_feeding(function, right, ["W1", "W2", "b1", "X"]) == lines
