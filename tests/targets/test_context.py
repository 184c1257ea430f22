"""What a static forward is handed to keep things in."""

import ast
import textwrap

import pytest
from recognising import PLAIN, answer, recognised

from gradcheck_cli.targets.conventions.context import StandInContext, context_for
from gradcheck_cli.targets.conventions.settings import NotToldError
from gradcheck_cli.targets.conventions.source import Source

FORWARD = """
def forward(notes, x, w):
    notes.keep(x=x, w=w)
"""
NOTES = """
class Unlike:
    def drop(self):
        pass

class Demanding:
    def __init__(self, size):
        pass

    def keep(self, **named):
        pass

class Notes:
    def keep(self, **named):
        self.__dict__.update(named)
"""


def handed(text):
    """The context for the forward of a file."""
    text = textwrap.dedent(text)
    scope = {"__name__": "theirs"}
    exec(text, scope)
    (forward,) = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    return context_for(Source(forward), "notes", scope)


def test_a_class_of_the_file_that_keeps_as_the_forward_does_is_taken():
    """Neither one that lacks the method nor one that wants arguments."""
    assert "Notes" == type(handed(NOTES + FORWARD)).__name__


def test_a_method_that_no_class_of_the_file_has_is_our_lack_and_no_mistake():
    """The target is refused with its name."""
    context = handed(FORWARD)
    with pytest.raises(NotToldError, match="keep"):
        context.keep(x=1)


def test_what_the_backward_reads_and_nobody_set_is_an_error_of_the_code():
    """As on any object."""
    with pytest.raises(AttributeError, match="the context has no saved"):
        StandInContext().saved  # noqa: B018


SWITCHED = """
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view as windows

class Held:
    def __init__(self, data, requires_grad=False):
        self.data, self.requires_grad = np.asarray(data), requires_grad

    @property
    def shape(self):
        return self.data.shape

class Notes:
    def keep(self, *things):
        self.kept = things

class Filter:
    @staticmethod
    def forward(ctx, input, weight, bias):
        input, weight, bias = (one if isinstance(one, Held) else Held(one) for one in (input, weight, bias))
        ctx.keep(input, weight, bias)
        seen = windows(input.data, weight.shape[2:], axis=(2, 3))
        out = np.einsum("ncpquv,ocuv->nopq", seen, weight.data) + bias.data.reshape(1, -1, 1, 1)
        return Held(out, input.requires_grad or weight.requires_grad)

    @staticmethod
    def backward(ctx, grad_output):
        input, weight, bias = ctx.kept
        grad = np.asarray(grad_output.data)
        dx = dw = db = None
        if input.requires_grad:
            dx = np.zeros_like(input.data)
            for p in range(grad.shape[2]):
                for q in range(grad.shape[3]):
                    spot = dx[:, :, p : p + weight.shape[2], q : q + weight.shape[3]]
                    spot += np.einsum("no,ocuv->ncuv", grad[:, :, p, q], weight.data)
        if weight.requires_grad:
            dw = np.einsum("ncpquv,nopq->ocuv", windows(input.data, weight.shape[2:], axis=(2, 3)), grad)
        if bias.requires_grad:
            db = grad.TOTAL(axis=(0, 2, 3))
        return dx, dw, db
"""


@pytest.mark.parametrize(("total", "right"), [("sum", {"input", "weight", "bias"}), ("mean", {"input", "weight"})])
def test_what_a_type_of_the_file_must_ask_for_is_asked_for(tmp_path, total, right):
    """An array that is taken into it without its switch gets no gradient, and nothing would be compared."""
    chosen = recognised(tmp_path, SWITCHED.replace("TOTAL", total), "Filter")
    assert answer(chosen, PLAIN)[1] == right
