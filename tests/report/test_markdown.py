"""The Markdown report: what it says, that nothing in it is acted upon, and that it fits where it is posted."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, strategies as st
from markdown_it import MarkdownIt

from gradcheck_cli.report.markdown import COMMENT_LIMIT, code, fence, render_markdown, text
from tests.report.samples import (
    EVIL_NAMES,
    SAMPLES,
    evil_run_report,
    evil_verify_report,
    failing_run_report,
    failing_target,
    failing_verify_report,
    sample_run_report,
    sample_target,
    sample_verify_report,
)

MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


class Page(HTMLParser):
    """The tags and the text of a rendered page, as a browser sees them."""

    def __init__(self, source):
        super().__init__()
        self.tags, self.words = [], []
        self.feed(MARKDOWN.render(source))

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return "".join(self.words)


def cells(page, title):
    """The rows of the first table after a heading."""
    part = page.split(title, 1)[1]
    return [line.split(" | ") for line in part.split("\n\n")[1].splitlines()]


def test_a_failing_run():
    """Verdict, answer, the mistake with its cure, and the numbers, in that order."""
    page = render_markdown(failing_run_report())

    assert page.splitlines()[0] == r"## gradcheck: ❌ FAIL: gradcheck run, batch\_mean.py:conv\_backward"
    assert re.findall("^### (.*)$", page, re.MULTILINE) == [
        "What is wrong",
        "Smallest example that fails",
        "Checks",
        "Kernel gradients",
        "Are the kernel gradients the same?",
        "Power",
        "Reproduce",
    ]
    assert cells(page, "### Checks")[2][:5] == ["| ❌ FAIL", "exact", "weight", "108 / 108", "infinity"]
    assert (
        r"* exact weight: integers in float32: every order of summation is exact, so equal bit for bit; worst at "
        r"\[0,2,2,1\]: expected -64393, actual -32196.5, difference 32196.5, allowed 0" in page.splitlines()
    )


def test_the_worst_channels_come_first():
    """Eight rows, by the ratio, and how many more there are; one row more is shown and not counted."""
    page = render_markdown(sample_run_report())
    rows = cells(page, "### Kernel gradients\n\n")[2:]

    assert [(row[0], row[1]) for row in rows[:3]] == [("| 0", "0"), ("| 2", "0"), ("| 1", "0")]
    assert len(rows) == 9
    assert "more planes" not in page
    many = render_markdown(SAMPLES["run-many-planes"]())
    assert len(cells(many, "### Kernel gradients\n\n")[2:]) == 8
    assert "\n64 more planes.\n" in many


def test_verify():
    """One table of the targets, then a section for each that is not right."""
    page = render_markdown(failing_verify_report())

    assert len(cells(page, "## gradcheck")) == 2 + 4
    assert page.count("\n### ") == 3 + len(("Mistakes", "Reproduce"))
    assert "| batch-mean | 1 | <code>batch\\_mean.py:conv\\_backward</code> |" in page
    reason = "batch-mean: your grad\\_weight is exactly dE/dF divided"
    assert f"| 13 of 22 | <code>batch\\_mean.py:conv\\_backward</code> | {reason}" in page
    assert "line 1 imports tensorflow, which is not installed. |" in page
    assert "IndexError: index 2 is out of bounds" in page


@pytest.mark.parametrize("make", [evil_run_report, evil_verify_report])
def test_hostile_text_stays_text(make):
    """No element comes from a name, and no table has a row with more cells than its title."""
    page = render_markdown(make())
    tags = set(Page(page).tags)

    assert tags <= {"h2", "h3", "p", "strong", "em", "table", "thead", "tbody", "tr", "th", "td"} | {
        "ul",
        "li",
        "pre",
        "code",
    }
    for table in re.findall(r"(?:^\|.*\n)+", page, re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1


@pytest.mark.parametrize("name", EVIL_NAMES)
def test_a_name_reads_as_it_is(name):
    """What a browser shows of an escaped name is the name, with the unseen characters written out."""
    shown = Page(f"x {text(name)}").text.strip()

    assert shown == "x " + _seen(name)
    assert Page(f"| a |\n| - |\n| {code(name)} |").tags.count("td") == 1


def test_code_of_a_sentence_is_code():
    """And what is in it is as inert as everything else."""
    assert text("start at `s*p`, `<b>`.") == "start at <code>s\\*p</code>, <code>&lt;b&gt;</code>."


def _seen(name):
    for unseen, written in (("\x1b", r"\x1b"), ("\x07", r"\x07"), ("\n", r"\n"), ("\r", r"\r"), ("\udcff", r"\xff")):
        name = name.replace(unseen, written)
    return name


@given(st.text())
def test_any_text_stays_on_its_line(value):
    """Free text never opens an element, a link, an emphasis or another line."""
    assert Page(f"x {text(value)} x").tags == ["p"]


def test_mentions_are_parted():
    """GitHub must not notify the people after whom a file is named."""
    assert text("@everyone") == "@<!-- -->everyone"


def test_a_fence_cannot_be_closed():
    """User output with a fence of its own stays inside a longer one."""
    assert fence("a\n````\nb") == "`````\na\n````\nb\n`````"


@pytest.mark.parametrize("name", SAMPLES)
def test_the_limit_holds(name):
    """However little room there is, the page fits, and says what is missing."""
    report = SAMPLES[name]()
    whole = render_markdown(report)
    head = len(whole.splitlines()[0].encode()) + 200
    for limit in (head, head + 1000):
        page = render_markdown(report, limit)
        assert len(page.encode()) <= limit
        assert page == whole or "left out: too long for this place" in page


def test_whole_sections_are_cut():
    """A thousand failing targets fit into a comment; the table is cut with its count, sections are never torn."""
    targets = [failing_target(target=f"{number}.py:f") for number in range(1000)]
    page = render_markdown(sample_verify_report(targets=tuple(targets)), COMMENT_LIMIT)
    sections = [part for part in page.split("\n### ")[1:] if part.startswith("❌")]

    assert len(page.encode()) <= COMMENT_LIMIT
    assert "800 more targets." in page
    assert f"{1000 - len(sections)} sections left out" in page.replace("\\", "")
    assert all("**geometries**" in section and section.count("```") == 4 for section in sections)


def test_a_right_target_has_no_section():
    """A folder of right answers is one table."""
    page = render_markdown(sample_verify_report(targets=(sample_target(), sample_target())))

    assert re.findall("^### (.*)$", page, re.MULTILINE) == ["Reproduce"]
