"""The line where a mistake was found, as each format shows it."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from gradcheck_cli.report import render
from gradcheck_cli.report.github import render_github
from gradcheck_cli.report.json import as_document
from gradcheck_cli.report.page.parts import mistakes, quoted
from gradcheck_cli.report.page.quote import Quote, quote_of
from gradcheck_cli.report.terminal_quote import draw_quote
from gradcheck_cli.report.terminal_text import Screen
from tests.report.samples import failing_target, failing_verify_report, sample_finding

CODE = "        dw = np.einsum('nopq,ncpq->oc', g, x) / len(x)  # mean"
DIVISION = (47, 55)


def drawn(quote, width=80, encoding="utf-8", indent=3):
    """What a screen of that width shows."""
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    screen = Screen(Console(file=file, width=width, color_system=None))
    return [line.plain for line in draw_quote(screen, quote, indent)]


def test_the_caret_stands_below_what_is_meant():
    """The indent of the file is left out, so that the line has room."""
    assert drawn(quote_of(12, CODE, DIVISION, "Without it grad_weight is right on all 25 geometries.")) == [
        "   12 | dw = np.einsum('nopq,ncpq->oc', g, x) / len(x)  # mean",
        "      |                                       ^^^^^^^^",
        "   Without it grad_weight is right on all 25 geometries.",
    ]


def test_of_a_line_of_which_only_the_number_is_known_no_part_is_marked():
    """And where nothing is to be said nothing is."""
    assert drawn(quote_of(7, CODE, None, "")) == ["   7 | dw = np.einsum('nopq,ncpq->oc', g, x) / len(x)  # mean"]


@pytest.mark.parametrize(
    ("room", "line", "carets"),
    [
        (44, "...m('nopq,ncpq->oc', g, x) / len(x)  # mean", "                            ^^^^^^^^"),
        (24, "..., x) / len(x)  # mean", "        ^^^^^^^^"),
        (18, "...) / len(x)  ...", "     ^^^^^^^^"),
        (8, "/ len(x)", "^^^^^^^^"),
        (6, "/ l...", "^^^^^^"),
    ],
)
def test_a_long_line_is_cut_around_what_is_meant(room, line, carets):
    """Dots stand for what is left out; what is meant stays as long as there is room for it."""
    cut = quote_of(12, CODE, DIVISION, "").within(room)
    assert (f"{cut.before}{cut.marked}{cut.after}", cut.carets()) == (line, carets)


@pytest.mark.parametrize("width", range(12, 60, 7))
def test_no_line_is_longer_than_the_screen(width):
    """However little room there is."""
    lines = drawn(quote_of(120, CODE + CODE, DIVISION, "Without it grad_weight is right."), width)
    assert max(map(len, lines)) <= width


def test_letters_of_two_cells_have_two_carets():
    """A caret is as wide as what stands above it; a tab is one blank."""
    assert drawn(quote_of(3, "\tdx = \u5377\u79ef(g,\tw)", (7, 9), "")) == [
        "   3 | dx = \u5377\u79ef(g, w)",
        "     |      ^^^^",
    ]


@pytest.mark.parametrize(
    ("encoding", "shown", "carets"), [("ascii", r"\xe4 / N\x1b[31m", "     ^^^"), ("utf-8", r"ä / N\x1b[31m", "  ^^^")]
)
def test_what_cannot_be_seen_or_encoded_is_an_escape_and_the_caret_keeps_its_place(encoding, shown, carets):
    """The file is a stranger's."""
    assert drawn(quote_of(3, "ä / N\x1b[31m", (3, 6), ""), encoding=encoding) == [f"   3 | {shown}", f"     | {carets}"]


def test_formats_without_a_screen_cut_the_line_as_well():
    """At a hundred characters."""
    assert quoted(None) == []
    assert quoted(Quote(3, "a" * 90, "b" * 9, "c" * 9)) == [
        f"3 | ...{'a' * 79}{'b' * 9}{'c' * 9}",
        f"  | {' ' * 82}{'^' * 9}",
    ]


FOUND = {"line": 12, "column": 47, "end": 55, "text": CODE, "evidence": "Without it grad_weight is right."}


def place(finding):
    """The last fact of a finding."""
    (block,) = mistakes((finding,), "a.py", "Conv.backward")
    return block.facts[-1].label, block.facts[-1].value[0].text


def test_a_place_is_told_as_editors_open_it_and_what_was_not_found_stands_somewhere():
    """A line without columns is a line; without a line there is no quotation."""
    assert place(sample_finding(**FOUND)) == ("at", "a.py:12:47")
    assert place(sample_finding(**{**FOUND, "column": None, "end": None})) == ("at", "a.py:12")
    nowhere = sample_finding(line=None, column=None, end=None, text="", evidence="")
    assert place(nowhere) == ("at", "somewhere in Conv.backward")
    assert mistakes((nowhere,), "a.py", "f")[0].quote is None


@pytest.fixture
def report():
    """A report with one finding, found at a place."""
    finding = sample_finding(**FOUND)
    return failing_verify_report(targets=(failing_target(findings=(finding,)),))


def test_markdown_shows_the_line_and_the_carets_as_they_are(report):
    """In a block of code that belongs to the finding."""
    text = render(report, "md").decode()
    assert (
        "  ```\n  12 | dw = np.einsum('nopq,ncpq->oc', g, x) / len(x)  # mean\n"
        "     |                                       ^^^^^^^^\n  ```\n\n  Without it grad\\_weight is right.\n"
    ) in text


def test_html_underlines_what_is_meant(report):
    """A broken line could not be pointed at from below."""
    text = render(report, "html").decode()
    assert '<span class="soft">12 | </span>dw = np.einsum(' in text
    assert "<mark>/ len(x)</mark>  # mean</pre>" in text
    assert "Without it grad_weight is right.</p>" in text


def test_junit_and_csv_tell_the_place(report):
    """The one as text, the other in a cell of its own."""
    assert "\n   |                                       ^^^^^^^^\nWithout it" in render(report, "junit").decode()
    assert render(report, "csv").decode().endswith(",batch-mean 12:47\r\n")


def test_github_marks_the_columns(report):
    """Its annotations begin and end where the expression does."""
    text = render_github(report)
    assert "::error file=batch_mean.py,line=12,col=47,endLine=12,endColumn=55,title=" in text
    assert text.endswith("%0AWithout it grad_weight is right.\n")


def test_github_says_what_was_not_found(report):
    """The annotation stands at the definition, which is not the line."""
    finding = sample_finding(line=None, column=None, end=None, text="", evidence="")
    text = render_github(replace(report, targets=(failing_target(findings=(finding,)),)))
    assert "::error file=batch_mean.py,line=4,title=" in text
    assert text.endswith("%0Aat: somewhere in conv_backward\n")


def test_json_holds_the_line_as_it_stands(report):
    """With its indent, and all that was found."""
    (found,) = as_document(report)["targets"][0]["findings"]
    assert {name: found[name] for name in FOUND} == FOUND
