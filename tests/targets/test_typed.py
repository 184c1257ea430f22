"""Code that was typed into a notebook cell: written to a file with what it uses, and judged as any other."""

import linecache
import math
import sys
import types

import numpy as np
import pytest

import gradcheck_cli
from gradcheck_cli.model.errors import TargetError
from gradcheck_cli.targets import typed

COUNT = iter(range(1000))


@pytest.fixture
def cell(request):
    """Run the text of a cell in a session of its own, as a notebook does; its names."""
    session = types.ModuleType("__main__")

    def run(text, **given):
        name = f"<cell {request.node.name} {next(COUNT)}>"
        linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
        session.__dict__.update(given)
        exec(compile(text, name, "exec"), session.__dict__)
        return session.__dict__

    return run


BACKWARD = """
def conv_backward(dout, x, w):
    dw = np.zeros_like(w)
    for n, f, p, q in np.ndindex(dout.shape):
        dw[f] += dout[n, f, p, q] * window(x[n], p, q, w)
    return SHARE * dw
"""
HELPER = """
SHARE = 1.0
def window(image, p, q, w):
    return image[:, p : p + w.shape[2], q : q + w.shape[3]]
"""


def test_a_function_of_a_cell_is_judged_with_what_it_uses(cell):
    """Its import, its helper from another cell and its constant go with it."""
    cell("import numpy as np")
    cell(HELPER)

    report = gradcheck_cli.verify(cell(BACKWARD)["conv_backward"])

    assert "pass" == report.verdict
    assert "conv_backward.py" == report.targets[0].file.rpartition("/")[2]


CLASS = """
import torch

class Doubled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_backward(x, w)
        return torch.nn.functional.conv2d(x, w)

    @staticmethod
    def backward(ctx, upstream):
        x, w = ctx.saved_tensors
        return torch.nn.grad.conv2d_input(x.shape, w, upstream), 2 * torch.nn.grad.conv2d_weight(x, w.shape, upstream)
"""


@pytest.mark.parametrize("file", [None, __file__])
def test_a_class_of_a_cell_is_judged(cell, file, monkeypatch):
    """Its module is the session's, which is no file, or the file that the session was begun with."""
    session = types.ModuleType("__main__")
    session.__dict__.update({} if file is None else {"__file__": file})
    monkeypatch.setitem(sys.modules, "__main__", session)

    report = gradcheck_cli.verify(cell(CLASS)["Doubled"], geometry="batch 2, in 1, out 3, input 5x6, kernel 2x3")

    assert ("fail", "pass") == tuple(report.targets[0].gradients[name].verdict for name in ("weight", "input"))
    assert "Doubled.py" == report.targets[0].file.rpartition("/")[2]


def test_the_last_definition_of_a_cell_counts(cell):
    """As in the session itself."""
    names = cell("def f(x):\n    return 1\n\ndef f(x):\n    return 2\n")

    assert "def f(x):\n    return 2" == typed.source_of(names["f"])


def test_a_decorated_class_keeps_its_decorator(cell):
    """The text begins with the first decorator."""
    names = cell("def same(c):\n    return c\n\n@same\nclass Layer:\n    def forward(self, x):\n        return x\n")

    assert typed.source_of(names["Layer"]).startswith("@same\nclass Layer:")


def test_two_functions_that_use_each_other_are_written_once_each(cell):
    """The walk through what is used comes to an end."""
    names = cell("def a(x):\n    return b(x) if x else 0\n\ndef b(x):\n    return a(x - 1)\n")

    with open(typed.write_typed(names["a"]), encoding="utf-8") as file:
        text = file.read()

    assert (1, 1) == (text.count("def a("), text.count("def b("))


def test_what_was_imported_by_name_is_imported_by_name(cell):
    """`from math import floor` is written as it was meant."""
    names = cell("def f(x):\n    return down(x)\n", down=math.floor)

    with open(typed.write_typed(names["f"]), encoding="utf-8") as file:
        assert "from math import floor as down" in file.read()


def test_an_array_of_the_session_cannot_go_along(cell):
    """What cannot be written down is named, with the way out."""
    names = cell("def f(x):\n    return x * mask\n", mask=np.ones(3))

    with pytest.raises(TargetError) as caught:
        typed.write_typed(names["f"])

    assert caught.value.text() == (
        "f uses mask, a ndarray of this session.\n"
        "  why  the code runs in a process of its own, which does not have it\n"
        "  hint: make mask inside f, or save the code in a file"
    )


LOCALS = """
def doubled_forward(x, w):
    y = x * w
    return y, (x, w)

def doubled_backward(g, kept):
    x, w = kept
    return g * w, g * x
"""


def test_a_local_name_is_none_of_the_session(cell):
    """A notebook holds an x and a w of its own as soon as anything was tried in it."""
    session = cell(LOCALS, x=np.zeros(3), w=np.zeros(3), y=object(), kept=open)

    assert "def doubled_backward" in typed.source_of(session["doubled_backward"])
    assert typed.write_typed(session["doubled_backward"]).endswith("doubled_backward.py")


def test_a_name_of_the_session_that_is_read_is_refused(cell):
    """Also where a method reads it beside locals of its own."""
    session = cell(
        "class Scaled:\n    def forward(self, x):\n        y = x * scale\n        return y\n", scale=np.ones(3)
    )

    with pytest.raises(TargetError, match="uses scale"):
        typed.write_typed(session["Scaled"])
