"""Calls that raised: told of the call, by kind, and [p:-p] that raises by its name."""

from dataclasses import replace

import pytest
from mistaken import SPECS, integers, right_backward

from gradcheck_cli.diagnose import Code, Observation, of_calls
from gradcheck_cli.diagnose.words import Words
from gradcheck_cli.mistakes import CATALOGUE
from gradcheck_cli.model import Finding, Gradients

EMPTY = "ValueError: could not broadcast input array from shape (0,0) into shape (7,9)"
STRIP = "def back(g, x, p):\n    dx = g * 2\n    dx[:] = g[:, p:-p]\n    return dx\n"
WORDS = Words(x="x", weight="w", grad_output="dout")


def called(error_of, **more):
    """One observation for each geometry; `error_of` (spec -> sentence) decides which of them raise."""
    found = []
    for spec in SPECS:
        case, error = integers(spec), error_of(spec)
        seen = Observation(case, Gradients() if error else right_backward(case), error=error)
        found.append(replace(seen, **more) if error else seen)
    return found


def test_calls_that_ended_have_no_finding():
    """None at all, whatever they returned."""
    assert [] == of_calls(called(lambda spec: ""), Words())
    assert [] == of_calls([], Words())


def test_an_error_is_told_of_the_call_with_who_raised_it_where_and_when():
    """Every field."""
    seen = called(
        lambda spec: "" if max(spec.padding) else "ValueError: no axis X.", error_where="forward", error_line=12
    )
    expected = Finding(
        "crashes",
        "call",
        "proved",
        "The forward raises on 6 of 15 geometries, first with x (3, 2, 9, 7), weight (5, 2, 3, 2), stride 1, "
        "padding 0: ValueError: no axis X.",
        "Start at the line that raised: the exception says what is missing there.",
        "padding = 0",
        12,
    )
    assert [expected] == of_calls(seen, Words())
    assert expected.about == "the call"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ("IndexError: 3", "The call raises on all 15 geometries, first with x (2, 3, 8, 7), "),
        ("torch.OutOfMemoryError: 3", "The call raises on all 15 geometries, "),
        ("the process was ended by SIGSEGV", "The call stops on all 15 geometries, "),
    ],
)
def test_an_error_everywhere_has_no_condition(error, told):
    """A process that was ended raised nothing."""
    (found,) = of_calls(called(lambda spec: error), Words())
    assert found.message.startswith(told)
    assert found.message.endswith(f": {error}.")
    assert (found.fails_when, found.line) == ("", None)


def test_the_only_geometry_is_spoken_of_as_one():
    """As on the picture of `run`."""
    (found,) = of_calls([Observation(integers(SPECS[0]), Gradients(), error="KeyError: 1")], Words())
    shown = "x (2, 3, 8, 7), weight (4, 3, 3, 3), stride 1, padding 1"
    assert found.message == f"The call raises with {shown}: KeyError: 1."


def test_errors_of_different_kinds_are_findings_of_their_own():
    """The commonest first; one is no evidence against the other's condition, since only the first of them is seen."""

    def error(spec):
        if spec.dilation > (1, 1):
            return "KeyError: 'pad'"
        return "NameError: name 'q' is not defined" if spec.groups > 1 else ""

    (one,) = of_calls(called(error, error_line=4), Words())
    assert "on 4 of 15 geometries" in one.message
    assert one.message.endswith(": KeyError: 'pad'; elsewhere NameError.")
    found = of_calls(called(error), Words())
    assert [(each.id, each.fails_when) for each in found] == [("crashes", "dilation > 1"), ("crashes", "groups > 1")]
    assert ["KeyError", "NameError"] == [each.message.split(": ")[1] for each in found]


def test_a_time_limit_is_too_slow_and_not_a_crash():
    """Stopped by us, so only slowness is claimed."""
    seen = called(lambda spec: "stopped", timed_out=True, seconds=2.0, error_line=7)
    expected = Finding(
        "too-slow",
        "call",
        "proved",
        "No answer within 2 s (x (2, 3, 8, 7), weight (4, 3, 3, 3), stride 1, padding 1).",
        "Probably a loop never ends: look at what it waits for. Or raise --timeout.",
        "",
        7,
    )
    assert [expected] == of_calls(seen, Words())


def test_what_is_too_slow_on_some_geometries_only_is_a_matter_of_their_size():
    """No loop without an end: the others came back."""
    (found,) = of_calls(called(lambda spec: "stopped" if spec.batch > 2 else "", timed_out=True, seconds=2.0), Words())
    assert found.fix == CATALOGUE["too-slow"].fix


def at_padding_0(spec, error=EMPTY):
    """The error of [p:-p]."""
    return "" if max(spec.padding) else error


def test_an_empty_slice_is_certain_where_its_line_raised():
    """One finding, of the gradient that is cut, and no crash beside it."""
    (found,) = of_calls(called(at_padding_0, error_line=3, error_where="backward"), WORDS, Code(STRIP, 1))
    message = f"The backward raises where padding = 0: a slice [p:-p] is empty there ({EMPTY})."
    fix = WORDS.rename(CATALOGUE["unpad-empty"].fix)
    line = STRIP.splitlines()[2]
    begin = line.index("=") + 2
    place = {"line": 3, "column": begin + 1, "end": len(line) + 1, "text": line}
    assert found == Finding("unpad-empty", "input", "proved", message, fix, "padding = 0", **place)


@pytest.mark.parametrize(
    "error", [EMPTY, "AssertionError", "RuntimeError: cannot reshape array of size 0 into shape (2)"]
)
def test_an_empty_slice_is_probable_where_another_line_raised(error):
    """The line that raised is told, and is not where the slice stands."""
    seen = called(lambda spec: at_padding_0(spec, error), error_line=4)
    (found,) = of_calls(seen, WORDS, Code(STRIP, 1))
    assert (found.id, found.certainty, found.line, found.fails_when) == ("unpad-empty", "probable", None, "padding = 0")
    (unread,) = of_calls(seen, WORDS)
    assert (unread.id, unread.certainty, unread.line) == ("unpad-empty", "probable", None)
    assert unread.message == (
        f"The call raises where padding = 0: probably a slice [p:-p], which is empty there ({error}; line 4)."
    )


@pytest.mark.parametrize(
    ("error_of", "source"),
    [
        (at_padding_0, "def back(g, p):\n    return g[:, p : p + 3]\n"),
        (lambda spec: at_padding_0(spec, "KeyError: 'pad'"), ""),
        (lambda spec: EMPTY if max(spec.padding) else "", STRIP),
        (lambda spec: EMPTY if spec.padding == (0, 0) and spec.batch > 1 else "", STRIP),
    ],
    ids=["no such slice", "another error", "with padding", "right at padding 0 too"],
)
def test_no_empty_slice_is_suspected(error_of, source):
    """Only the crash is told."""
    assert ["crashes"] == [found.id for found in of_calls(called(error_of), Words(), Code(source, 1))]


def test_an_empty_slice_and_another_error_are_both_told():
    """Each with a condition of its own: what raises at padding 0 says nothing of the other."""

    def error(spec):
        return at_padding_0(spec) or ("IndexError: 3" if spec.height != spec.width else "")

    slice_, crash = of_calls(called(error, error_line=3), Words(), Code(STRIP, 1))
    assert (slice_.id, slice_.fails_when) == ("unpad-empty", "padding = 0")
    assert (crash.id, crash.message[:27]) == ("crashes", "The call raises on 8 of 15 ")
