"""Settings of functions on images: sides of a window, alone, in a dict or taken apart into rows and columns."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict
from gradcheck_cli.targets.functions.inputs.parameters import number_of_names, settings

POOL = """
import numpy as np

def mean_pool_forward(x, {names}):
    kh, kw = {kernel}
    sh, sw = {stride}
    {sizes}
    out = np.zeros((*x.shape[:2], rows, cols))
    for i in range(rows):
        for j in range(cols):
            out[:, :, i, j] = x[:, :, i * sh:i * sh + kh, j * sw:j * sw + kw].mean((2, 3))
    return out

def mean_pool_backward(x, g, {names}):
    kh, kw = {kernel}
    sh, sw = {stride}
    dx = np.zeros(x.shape)
    for i in range(g.shape[2]):
        for j in range(g.shape[3]):
            dx[:, :, i * sh:i * sh + kh, j * sw:j * sw + kw] += g[:, :, i, j][:, :, None, None] / {count}
    return dx
"""
COUNTED = "rows, cols = (x.shape[2] - kh) // sh + 1, (x.shape[3] - kw) // sw + 1"


def judged(folder, names, kernel, stride, sizes=COUNTED, count="(kh * kw)"):
    """The report of a mean over windows whose settings are handed over in this form."""
    file = folder / "pool.py"
    file.write_text(POOL.format(names=names, kernel=kernel, stride=stride, sizes=sizes, count=count))
    return function_here(f"{file}:mean_pool_backward")


@pytest.mark.parametrize(
    ("names", "kernel", "stride", "sizes"),
    [
        ("kernel_size, stride", "kernel_size", "stride", COUNTED),
        ("hparameters", "hparameters['f'], hparameters['f']", "hparameters['stride'], hparameters['stride']", COUNTED),
        ("output_size, kernel_size, stride", "kernel_size", "stride", "rows, cols = output_size"),
    ],
    ids=["taken apart", "a dict", "with the output's size"],
)
def test_sizes_are_handed_in_the_form_in_which_the_code_takes_them(tmp_path, names, kernel, stride, sizes):
    """The right one passes, and one that forgets to divide is a constant too large."""
    assert judged(tmp_path, names, kernel, stride, sizes).verdict is Verdict.PASS
    wrong = judged(tmp_path, names, kernel, stride, sizes, "1")
    assert (wrong.verdict, [finding.id for finding in wrong.findings]) == (Verdict.FAIL, ["scaled-constant"])


OBJECT = """
import numpy as np

class Means:
    def __init__(self, SETTINGS):
        self.size, self.stride = size, stride

    def forward(self, x):
        self.shape = x.shape
        self.starts = range(0, x.shape[1] - self.size + 1, self.stride)
        return np.stack([x[:, at:at + self.size].mean(1) for at in self.starts], 1)

    def backward(self, g):
        dx = np.zeros(self.shape)
        for place, at in enumerate(self.starts):
            dx[:, at:at + self.size] PUT g[:, place:place + 1] / self.size
        return dx
"""


@pytest.mark.parametrize("names", ["size, stride", "size=2, stride=2"])
def test_the_windows_of_an_object_come_to_lie_over_each_other(tmp_path, names):
    """Whether its sides have defaults or not."""
    for put, verdict in (("+=", Verdict.PASS), ("=", Verdict.FAIL)):
        (tmp_path / "means.py").write_text(OBJECT.replace("SETTINGS", names).replace("PUT", put))
        report = function_here(f"{tmp_path / 'means.py'}:Means")
        assert (report.verdict, report.unvaried) == (verdict, ())
    assert [finding.fails_when for finding in report.findings] == ["size = 3 or stride = 1"]


def test_a_side_in_a_dict_is_a_whole_number():
    """`f` is one, as in the course."""
    assert settings("s, f = hp['stride'], hp['f']", "hp") == {"stride": 2, "f": 2}


@pytest.mark.parametrize(("line", "count"), [("h, w = size", 2), ("d, h, w = size", 3), ("h = size", 0), ("", 0)])
def test_a_parameter_that_is_taken_apart_is_counted(line, count):
    """Into how many names."""
    assert number_of_names(line, "size") == count
