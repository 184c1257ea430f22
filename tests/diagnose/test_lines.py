"""A named mistake is placed on a line only where exactly one line looks like it."""

import pytest

from gradcheck_cli.diagnose import likely_line

FUNCTION = """\
def helper(n, m):
    return n / m

def backward(dout, cache):
    x, w, b, pad = cache
    N = len(x)
    {}
    return dx, dw, db
"""
PLACED = [
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
NOT_PLACED = [
    ("batch-mean", "dw = total / scale"),
    ("batch-mean", "half = pad // N"),
    ("batch-mean", "dw = a / N\n    db = b / N"),
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


@pytest.mark.parametrize(("finding", "line"), PLACED, ids=_names(PLACED))
def test_the_one_line_that_looks_like_the_mistake_is_named(finding, line):
    """Line 7 of the file; what stands outside of the function is not looked at."""
    assert likely_line(FUNCTION.format(line), finding, 4) == 7


@pytest.mark.parametrize(("finding", "line"), NOT_PLACED, ids=_names(NOT_PLACED))
def test_no_line_or_several_give_none(finding, line):
    """Nothing is said where the text does not tell."""
    assert likely_line(FUNCTION.format(line), finding, 4) is None


def test_without_a_line_the_whole_file_is_searched():
    """The helper's division is then the only one."""
    assert likely_line(FUNCTION.format("pass"), "batch-mean", None) == 2


def test_of_a_class_only_the_methods_of_the_backward_pass_are_searched():
    """The forward pass may take means as it likes; the decorator's line stands for the class as well."""
    source = (
        "@register\nclass Conv:\n    def forward(self, x):\n        return x.mean()\n"
        "    def backward(self, dout):\n        self.db = dout.mean(axis=0)\n"
    )
    assert likely_line(source, "bias-spatial-mean", 1) == 6
    assert likely_line(source, "bias-spatial-mean", 2) == 6
    assert likely_line(source, "bias-spatial-mean", 3) == 4


@pytest.mark.parametrize(
    ("source", "line"),
    [("def f(:\n", 1), ("\0", 1), ("x = 1\n", 1), ("", None)],
    ids=("syntax", "null", "none", "empty"),
)
def test_a_file_that_cannot_be_searched_gives_none(source, line):
    """Syntax errors, null bytes, no definition on that line, an empty file."""
    assert likely_line(source, "batch-mean", line) is None


TURNED = """
def back(dout, x, w):
    dx = full(dout, np.rot90(w, 2))
    dw = valid(dout, x)
    return dx, dw
"""


def test_a_line_that_computes_another_gradient_is_not_it():
    """The turn of F belongs to dx; of dw, which swapped its arguments, no line is known."""
    assert likely_line(TURNED, "kernel-rotated", 2, "weight") is None
    assert likely_line(TURNED, "kernel-rotated", 2, "input") == 3
    assert likely_line(TURNED.replace("dx = ", "turned = "), "kernel-rotated", 2, "weight") == 3
    assert likely_line(TURNED.replace("valid(dout, x)", "valid(x, dout[::-1])"), "kernel-rotated", 2, "weight") == 4


def test_attributes_and_parts_of_a_result_are_the_result():
    """And a call is told without a gradient."""
    method = "def back(self, dout):\n    self.dX[:, 1] += np.flip(dout)\n"
    assert likely_line(method, "upstream-rotated", 1, "weight") is None
    assert likely_line(method, "upstream-rotated", 1, "call") == 2
