"""The line of a function on which its mistake stands, from its file to its report."""

import textwrap

import pytest
from functions_here import function_here

from gradcheck_cli.model import VerifyOptions
from gradcheck_cli.runs.verify import verify_targets

LAYERS = """
import numpy as np

def dense_forward(a, weights, offset):
    return a @ weights + offset, (a, weights)

def dense_backward(up, cache):
    a, weights = cache
    d_offset = up.mean(axis=0)
    return up @ weights.T, a.T @ up, d_offset

def bump_forward(z):
    t = np.tanh(z)
    return z * t, (z, t)

def bump_backward(up, cache):
    z, t = cache
    slope = 1 - t
    return up * (t + z * slope)

class Scale:
    def forward(self, x, gain):
        self.saved = x, gain
        return x * gain

    def backward(self, up):
        x, gain = self.saved
        dgain = up.sum(0)
        return up * gain, dgain

def smooth_forward(v):
    m = v.mean(0)
    return (v - m) ** 2, v

def smooth_backward(up, v):
    return 2 * up * (v - v.mean(0)) + up

def pull_forward(pred, target, width=1.0):
    gap = pred - target
    far = np.abs(gap)
    return np.where(far <= width, 0.5 * gap**2, width * (far - 0.5 * width)).mean()

def pull_grad(pred, target, width=1.0):
    gap = pred - target
    return np.where(np.abs(gap) <= width, gap, np.sign(gap)) / gap.size

class Shares:
    def forward(self, scores):
        grown = np.exp(scores - scores.max(axis=1, keepdims=True))
        self.part = grown / grown.sum(axis=1, keepdims=True)
        return self.part

    def backward(self, up):
        return self.part * (up - (up * self.part).sum(axis=1))

def mix_forward(a, b):
    return a @ b, (a, b)

def mix_backward(up, cache):
    a, b = cache
    return up @ b, a.T @ up

def stretch_forward(rows, s):
    return rows * s[:, None], (rows, s)

def stretch_backward(up, cache):
    rows, s = cache
    return up * s[:, None], (up * rows).sum(0)

def share_forward(v, eps=1e-12):
    size = np.sqrt((v**2).sum(axis=1, keepdims=True)) + eps
    return v / size, (v / size, size)

def share_backward(up, cache):
    unit, size = cache
    return (up - unit * (up * unit).sum(axis=0, keepdims=True)) / size

def unclear_forward(a, b):
    return np.tanh(a) * np.cos(b), (a, b)

def unclear_backward(up, cache):
    a, b = cache
    return up @ up[0, 0, 0], b @ up[0, 0, 0]
"""
NAMES = ("dense_backward", "bump_backward", "Scale", "smooth_backward", "pull_grad", "share_backward")
RAISING = ("Shares", "mix_backward", "stretch_backward", "unclear_backward")


@pytest.fixture(scope="module")
def findings(tmp_path_factory):
    """Target's name -> its first finding, or why there is none; all from one run."""
    file = tmp_path_factory.mktemp("layers") / "layers.py"
    file.write_text(textwrap.dedent(LAYERS))
    report = verify_targets(VerifyOptions(tuple(f"{file}:{name}" for name in NAMES + RAISING), jobs=2))
    return {target.name: target.findings[0] for target in report.targets if target.findings} | {
        target.name: target.error for target in report.targets if target.error
    }


@pytest.mark.parametrize(
    ("name", "line", "marked", "evidence"),
    [
        (
            "dense_backward",
            "    d_offset = up.mean(axis=0)",
            "up.mean(axis=0)",
            "With `up.sum(axis=0)` in its place grad_offset is right on all 4 samples.",
        ),
        (
            "pull_grad",
            "    return np.where(np.abs(gap) <= width, gap, np.sign(gap)) / gap.size",
            "np.sign(gap)",
            "With `width * np.sign(gap)` in its place grad_pred is right on all 3 samples.",
        ),
        (
            "share_backward",
            "    return (up - unit * (up * unit).sum(axis=0, keepdims=True)) / size",
            "0",
            "No other change was needed.",
        ),
        (
            "Shares",
            "        return self.part * (up - (up * self.part).sum(axis=1))",
            "(up * self.part).sum(axis=1)",
            "With `(up * self.part).sum(axis=1, keepdims=True)` in its place every gradient is right on all 2 samples.",
        ),
        (
            "mix_backward",
            "    return up @ b, a.T @ up",
            "up @ b",
            "With `up @ b.T` in its place every gradient is right on all 4 samples.",
        ),
        (
            "stretch_backward",
            "    return up * s[:, None], (up * rows).sum(0)",
            "0",
            "With `1` in its place grad_s is right on all 2 samples.",
        ),
    ],
)
def test_the_line_is_found_where_one_change_makes_it_right(findings, name, line, marked, evidence):
    """With the part of it that is another then."""
    found = findings[name]
    assert (found.text, found.text[found.column - 1 : found.end - 1], found.evidence) == (line, marked, evidence)


def test_a_change_that_names_the_mistake_is_said_once(findings):
    """In the message, which tables and logs have alone; what the guard moves the right formula leaves out, too."""
    where = "on all 2 samples, to 1e-06 of the largest entry of it or of G"
    assert findings["share_backward"].message == f"grad_v is right {where} with `1` where `0` stands."


def test_no_line_is_told_where_no_single_change_helps(findings):
    """A term too much and one too few."""
    assert (findings["smooth_backward"].line, findings["smooth_backward"].evidence) == (None, "")


def test_what_raises_on_a_guess_and_is_mended_by_no_change_is_refused(findings):
    """It may be meant for other inputs: what to say is told."""
    assert "its backward raises on all inputs that were tried" in findings["unclear_backward"]


WINDOWS = """
import numpy as np

def largest_of_windows(x, size, stride):
    starts = range(0, x.shape[1] - size + 1, stride)
    return np.stack([x[:, at:at + size].max(1) for at in starts], 1), (x, size, stride)

def largest_of_windows_backward(dout, cache):
    x, size, stride = cache
    dx = np.zeros_like(x)
    for i in range(dout.shape[1]):
        part = x[:, i * stride:i * stride + size]
        dx[:, i * stride:i * stride + size] PUT (part == part.max(1, keepdims=True)) * dout[:, i:i + 1]
    return dx
"""


@pytest.mark.parametrize(
    ("put", "ids", "text"),
    [("=", ["overwrites-instead-of-adding", "ties-counted-twice"], "dx[:, "), ("+=", ["ties-counted-twice"], "")],
)
def test_what_is_wrong_where_entries_are_equal_explains_no_other_numbers(tmp_path, put, ids, text):
    """Windows that overlap are told by their own numbers and line, the equal entries after them and without a line."""
    (tmp_path / "windows.py").write_text(WINDOWS.replace("PUT", put))
    report = function_here(f"{tmp_path / 'windows.py'}:largest_of_windows_backward")
    assert [finding.id for finding in report.findings] == ids
    assert report.findings[0].text.strip().startswith(text)
    assert report.findings[-1].line is None


HILLS = """
import numpy as np

def hills_cost(at):
    return float((at[0] ** 2 + at[1] - 11) ** 2 + (at[0] + at[1] ** 2 - 7) ** 2)

def hills_gradient(at):
    along = 4 * at[0] * (at[0] ** 2 + at[1] - 11) + 2 * (at[0] + at[1] ** 2 - 7)
    across = FACTOR * (at[0] ** 2 + at[1] - 11) + SIGN4 * at[1] * (at[0] + at[1] ** 2 - 7)
    return np.array([along, across])
"""


@pytest.mark.parametrize(
    ("factor", "sign", "identifier", "certainty", "mend"),
    [
        ("2 * at[0]", "", "operand-too-many", "proved", "Leave it out."),
        (
            "2",
            "-",
            "sign-flipped",
            "probable",
            "Turn the sign of that part; a step's minus belongs to the update.",
        ),
    ],
)
def test_what_one_change_mends_is_called_after_it(tmp_path, factor, sign, identifier, certainty, mend):
    """Where no formula gives these numbers the change is proved on all samples."""
    (tmp_path / "hills.py").write_text(HILLS.replace("FACTOR", factor).replace("SIGN", sign))
    (finding,) = function_here(f"{tmp_path / 'hills.py'}:hills_gradient").findings
    assert (finding.id, finding.certainty, finding.fix) == (identifier, certainty, mend)
    assert finding.text.strip().startswith("across = ")


LEVELLED = """
import numpy as np

class Levelled:
    def __init__(self, level=True):
        self.level = level

    def forward(self, x):
        rest = x - x.mean(axis=1, keepdims=True) if self.level else x
        self.size = np.sqrt((rest ** 2).mean(axis=1, keepdims=True) + 0.1)
        self.out = rest / self.size
        return self.out

    def backward(self, g):
        common = g.mean(axis=1, keepdims=True) IF_LEVEL
        return (g - common - self.out * (g * self.out).mean(axis=1, keepdims=True)) / self.size
"""


@pytest.mark.parametrize(("if_level", "ids"), [("* self.level", set()), ("", {"other-setting"})])
def test_a_setting_that_the_backward_never_reads_is_the_cause(tmp_path, if_level, ids):
    """No change of one place mends it, and it is right wherever the setting has its default."""
    file = tmp_path / "levelled.py"
    file.write_text(LEVELLED.replace("IF_LEVEL", if_level))
    report = function_here(f"{file}:Levelled")
    assert {each.id for each in report.findings} == ids
    assert all("level = False, a setting that its backward ignores" in each.message for each in report.findings)
