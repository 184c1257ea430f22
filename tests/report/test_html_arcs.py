"""The forward of a finding beside its statements: arcs by hand, and the page."""

from dataclasses import replace

from gradcheck_cli.model.forward_graph import Flow, ForwardGraph, Statement
from gradcheck_cli.report.html import render_html
from gradcheck_cli.report.html_arcs import ROW, arcs
from gradcheck_cli.report.markdown import render_markdown
from tests.report.samples import failing_verify_report

GRAPH = ForwardGraph(
    (
        Statement("x", is_input=True),
        Statement("mean = x.mean()", 4),
        Statement("return x - <mean>", 5, is_returned=True),
    ),
    (Flow(0, 1, "x"), Flow(0, 2, "x"), Flow(1, 2, "mean", is_lost=True)),
)


def page(graph):
    """The page of a report whose first finding has a graph."""
    report = failing_verify_report()
    target = next(each for each in report.targets if each.findings)
    found = (replace(target.findings[0], graph=graph), *target.findings[1:])
    return replace(report, targets=(replace(target, findings=found),))


def test_each_statement_has_a_row_and_each_use_an_arc():
    """From the middle of one row to that of another; the lost one is drawn last."""
    drawn = arcs(GRAPH)
    assert drawn.height == 3 * ROW
    assert [y for _, y in drawn.dots] == [ROW // 2, ROW + ROW // 2, 2 * ROW + ROW // 2]
    assert [each.is_lost for each in drawn.arcs] == [False, False, True]
    x = drawn.dots[0][0]
    assert drawn.arcs[-1].path.startswith(f"M{x} {ROW + ROW // 2}C")
    assert drawn.arcs[-1].path.endswith(f" {x} {2 * ROW + ROW // 2}")


def test_arcs_stay_inside_the_drawing():
    """The furthest point of a curve is three quarters of the way to its handles."""
    long = replace(GRAPH, statements=GRAPH.statements * 8, uses=(Flow(0, 23), Flow(3, 4, is_lost=True)))
    drawn = arcs(long)
    for each in drawn.arcs:
        handle = int(each.path.split("C")[1].split()[0])
        assert 0 <= drawn.dots[0][0] - 3 * (drawn.dots[0][0] - handle) / 4 <= drawn.width


def test_the_page_draws_the_forward_and_marks_what_is_lost():
    """As a drawing with words for who does not see it; names are escaped."""
    source = render_html(page(GRAPH))
    assert source.count('class="lost"') == 1
    assert "not followed from line 5" in source
    assert "return x - &lt;mean&gt;" in source
    assert "<mean>" not in source
    assert 'role="img" aria-label="Values go from x to mean = x.mean()' in source


def test_without_a_graph_nothing_is_drawn():
    """A convolution's finding has none."""
    assert "<svg" not in render_html(page(None))


def test_formats_that_cannot_draw_say_the_same_without_it():
    """The message names the path."""
    assert render_markdown(page(GRAPH)) == render_markdown(page(None))
