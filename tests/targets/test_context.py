"""What a static forward is handed to keep things in."""

import ast
import textwrap

import pytest

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
