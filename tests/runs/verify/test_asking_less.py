"""-x stops once a target has failed; --geometry asks about one layer. Neither makes a pass of what was not asked."""

import numpy as np
import pytest

import gradcheck_cli
from gradcheck_cli.model import Verdict

RIGHT = """
import numpy as np

def conv_backward(grad_out, img, ker):
    grad_ker = np.zeros_like(ker)
    for row in range(ker.shape[2]):
        for col in range(ker.shape[3]):
            seen = img[:, :, row:row + grad_out.shape[2], col:col + grad_out.shape[3]]
            grad_ker[:, :, row, col] = np.einsum("nohw,nihw->oi", grad_out, seen)
    return grad_ker
"""
# Of one picture this is right.
MEAN = RIGHT.replace("return grad_ker", "return grad_ker / img.shape[0]")
TWO, ONE = "batch 2, in 1, out 2, input 5x4, kernel 3x2", "batch 1, in 1, out 2, input 5x4, kernel 3x2"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """a.py is right, b.py is not, c.py is, d.py does not exist."""
    monkeypatch.chdir(tmp_path)
    for name, source in {"a": RIGHT, "b": MEAN, "c": RIGHT}.items():
        (tmp_path / f"{name}.py").write_text(source)


def test_the_first_failure_ends_it(folder):
    """What comes after is named, and counted in the first line; those before are judged as ever."""
    report = gradcheck_cli.verify(["a.py", "b.py", "c.py"], exitfirst=True, geometry=TWO)

    assert [Verdict.PASS, Verdict.FAIL] == [target.verdict for target in report.targets]
    assert (("c.py",), 1) == (report.not_asked, report.exit_code)
    assert str(report).startswith("FAIL  2 targets: 1 right, 1 wrong; 1 more not asked (-x)\n")


def test_only_the_geometry_that_is_asked_for_is_tried(folder):
    """The mean over one picture is right there, and the report says that nothing else was tried."""
    report = gradcheck_cli.verify(["b.py"], geometry=ONE)

    (target,) = report.targets
    assert (Verdict.PASS, 1) == (target.verdict, target.geometries.tried)
    assert "only the geometry of --geometry was tried" in target.notes
    assert ONE == report.options["geometry"]


def test_the_example_is_of_the_geometry_that_is_asked_for(folder):
    """It is not made smaller: this one is what somebody wants to look at."""
    (target,) = gradcheck_cli.verify(["b.py"], geometry=TWO).targets

    shown = target.counterexample
    assert ((2, 1, 5, 4), (2, 1, 3, 2)) == (shown.x.shape, shown.weight.shape)
    assert np.array_equal(shown.expected, 2 * shown.actual)
