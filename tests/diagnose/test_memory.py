"""Numbers that come from memory that nobody wrote say so."""

import pytest

from gradcheck_cli.diagnose import Code, with_unwritten_memory
from gradcheck_cli.model import Finding

PAST = "Probably it reads memory that nobody wrote: as_strided looks past the end of its array."
NEVER = "Probably it reads memory that nobody wrote: an array of `empty` before it is filled."


def told(source, identifier="not-repeatable", line=None):
    """The only finding, with what the source adds."""
    found = Finding(identifier, "input", "proved", "Two calls differ.", "Fill it.", "batch > 1", line)
    (changed,) = with_unwritten_memory([found], Code(source))
    return changed


@pytest.mark.parametrize("identifier", ["not-repeatable", "not-finite"])
@pytest.mark.parametrize(
    ("source", "sentence", "word"),
    [
        ("def f(a):\n    return np.lib.stride_tricks.as_strided(a, (2, 3))\n", PAST, "sliding_window_view"),
        ("def f(a):\n    dx = np.empty(a.shape)\n", NEVER, "np.zeros"),
        ("def f(a):\n    dx = torch.empty_like(a)\n", NEVER, "torch.zeros"),
    ],
)
def test_the_source_says_how_it_got_there(source, sentence, word, identifier):
    """The fact stays; its cause is only likely, and so are the mend and the line, which is that of the call."""
    found = told(source, identifier)
    assert found.message == f"Two calls differ. {sentence.removesuffix('.')} (line 2)."
    assert found.fix.startswith("Probably: ")
    assert word in found.fix
    assert (found.line, found.fails_when) == (None, "")


def test_of_several_calls_none_is_known_to_be_the_one():
    """A line that was known before stays."""
    source = "a = np.empty(3)\nb = np.empty(4)\n"
    assert told(source).message == f"Two calls differ. {NEVER}"
    assert told(source, line=7).line == 7


@pytest.mark.parametrize(
    ("source", "identifier"), [("a = np.zeros(3)\n", "not-repeatable"), ("a = np.empty(3)\n", "batch-mean")]
)
def test_nothing_is_said_without_a_reason(source, identifier):
    """No such call, or a finding that has nothing to do with memory."""
    assert told(source, identifier).message == "Two calls differ."
    assert told(source, identifier).fails_when == "batch > 1"
