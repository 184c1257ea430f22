"""The forward statement by statement, with the lost path marked: what a page draws."""

from gradcheck_cli.diagnose.edits import drawing
from gradcheck_cli.model.forward_graph import Flow, Statement
from tests.diagnose.edits.observing import ROWS, findings


def centred(x, gain):
    """Rows without their mean, times a gain."""
    mean = x.mean(-1, keepdim=True)
    moved = x - mean
    return moved * gain


def _without_mean(g, x, gain):
    return {"x": g * gain}


def _without_gain(g, x, gain):
    inner = g - g.mean(-1, keepdim=True)
    return {"x": inner + 0 * gain}


def test_the_lost_use_is_marked_and_no_other():
    """The way through `mean` is x to `mean`, which is used once: nothing flows back along it."""
    (finding,) = findings(centred, _without_mean, "x", *ROWS)
    graph = finding.graph
    assert [each.text for each in graph.statements[2:]] == [
        "mean = x.mean(-1, keepdim=True)",
        "moved = x - mean",
        "return moved * gain",
    ]
    assert [use for use in graph.uses if use.is_lost] == [Flow(0, 2, "x", is_lost=True)]
    assert Flow(0, 3, "x") in graph.uses
    assert graph.lost_from(0) == (f"line {graph.statements[2].line}",)


def test_inputs_come_first_and_the_output_is_told():
    """An input has no line; what is returned is said."""
    (finding,) = findings(centred, _without_mean, "x", *ROWS)
    statements = finding.graph.statements
    assert statements[:2] == (Statement("x", is_input=True), Statement("gain", is_input=True))
    assert [each.is_returned for each in statements] == [False, False, False, False, True]


def test_what_is_wrong_inside_a_statement_marks_it():
    """The factor is left out in the last one; every path is followed."""
    (finding,) = findings(centred, _without_gain, "x", *ROWS)
    assert [each.is_wrong for each in finding.graph.statements] == [False, False, False, False, True]
    assert not any(use.is_lost for use in finding.graph.uses)


def test_a_mistake_of_the_whole_marks_nothing():
    """Half of the right gradient has no place in the forward."""
    (finding,) = findings(centred, lambda g, x, gain: {"x": 0.5 * _right(g, gain)}, "x", *ROWS)
    assert finding.graph is None


def _right(g, gain):
    inner = g * gain
    return inner - inner.mean(-1, keepdim=True)


def test_in_words_it_says_the_same():
    """For who does not see the drawing."""
    (finding,) = findings(centred, _without_mean, "x", *ROWS)
    words = finding.graph.in_words
    assert "Values go from x to moved = x - mean; gain to return moved * gain;" in words
    assert words.endswith("Not followed: from x to mean = x.mean(-1, keepdim=True).")


def test_long_forwards_are_not_drawn(monkeypatch):
    """Of too many statements there is a list, no picture."""
    monkeypatch.setattr(drawing, "MOST_STATEMENTS", 4)
    (finding,) = findings(centred, _without_mean, "x", *ROWS)
    assert finding.graph is None
