"""The page: said once, in one order, and laid out by every format with the same words."""

import io
import re
import sys
import types
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from gradcheck_cli import report as room
from gradcheck_cli.model import Verdict
from gradcheck_cli.model.text import code_parted
from gradcheck_cli.report import formats, words
from gradcheck_cli.report.html import render_html
from gradcheck_cli.report.markdown import render_markdown, text
from gradcheck_cli.report.page import blocks, page_of, summary_of
from gradcheck_cli.report.page.blocks import Facts, said
from gradcheck_cli.report.page.checks import checks_section
from gradcheck_cli.report.terminal import TerminalOptions, print_report
from tests.report import samples

HARMLESS = sorted(set(samples.SAMPLES) - {"run-hostile", "verify-hostile"})


class Words(HTMLParser):
    """The text of a page."""

    def __init__(self, source):
        super().__init__()
        self.words = []
        self.feed(source)

    def handle_data(self, data):
        self.words.append(data)


def squeezed(shown):
    """Without spaces, bars and marks, so that only the words count."""
    return re.sub(r"[\s|\\✓✗–?✅❌⚠️➖*]", "", shown)


def on_screen(report):
    """All that a screen shows, by default and under -v, wide enough that no table is broken."""
    file = io.StringIO()
    for verbosity in (0, 1):
        print_report(report, TerminalOptions(color="never", verbosity=verbosity, width=2000), file)
    return squeezed(file.getvalue())


def on_page(report):
    """The words of the HTML page."""
    return squeezed("".join(Words(render_html(report)).words))


def flat(found):
    """All blocks, those that are folded away included."""
    for block in found:
        if isinstance(block, blocks.Folded):
            yield from flat((*block.brief, *block.full))
        else:
            yield block


def sentences(page):
    """What the page says of mistakes, checks, sameness and examples."""
    for section in page.sections:
        for block in flat(section.blocks):
            match block:
                case blocks.MistakeBlock():
                    yield from (block.message, *(said(fact.value) for fact in block.facts))
                case blocks.Facts():
                    yield from (said(fact.value) for fact in block.facts)
                case blocks.Remarks():
                    yield from (text for remark in block.remarks for text in (said(remark.text), remark.below))
                case blocks.Example():
                    yield from (block.about, block.should_hold, block.holds)


@pytest.mark.parametrize("name", HARMLESS)
def test_the_screen_and_the_page_say_the_same(name):
    """Each sentence of the page stands on the screen under -v and in the HTML, letter for letter."""
    report = samples.SAMPLES[name]()
    screen, html = on_screen(report), on_page(report)
    # What stands between backticks is set in another face there.
    bare = {sentence: "".join(part for part, _ in code_parted(sentence)) for sentence in sentences(page_of(report))}
    told = [sentence for sentence in sentences(page_of(report)) if "\n" not in sentence]

    assert len(told) >= 3
    assert [] == [sentence for sentence in told if squeezed(bare[sentence]) not in html]
    assert [] == [sentence for sentence in told if squeezed(sentence) not in screen]


@pytest.mark.parametrize("name", ["run-wrong-input", "verify-wrong", "verify-kinds"])
def test_markdown_says_the_mistakes_in_the_same_words(name):
    """The message, the mend, the condition and the line."""
    report = samples.SAMPLES[name]()
    shown = render_markdown(report, None)
    found = [block for section in page_of(report).sections for block in section.blocks if hasattr(block, "explained")]

    assert found
    assert all(text(mistake.message) in shown for mistake in found)
    assert all(text(said(fact.value)) in shown for mistake in found for fact in mistake.facts)


def titles(shown, wanted):
    """Those titles, in the order in which they come in the text."""
    return sorted(wanted, key=lambda title: shown.index(squeezed(title)))


def test_there_is_one_order():
    """What is wrong, the smallest example, then the rest: on the screen, in the page and in Markdown."""
    report = samples.SAMPLES["run-wrong-input"]()
    wanted = ["What is wrong", "Smallest example that fails", "Checks", "Kernel gradients", "Are the kernel gradients"]
    shown = [on_screen(report), on_page(report).partition("Reproduce")[2], squeezed(render_markdown(report))]

    assert [wanted] * 3 == [titles(text, wanted) for text in shown]


def test_right_is_counted_once():
    """The count "13 of 22" stands in one form in the row and in the section, and nowhere as another count."""
    row = page_of(samples.SAMPLES["verify-few"]()).sections[0].blocks[0].rows[1]

    assert "13 of 22" == said(row[4])
    asked = facts_of(samples.SAMPLES["verify-wrong"]())
    assert "right on 13 of 22 it takes, 94 more not supported" == asked["geometries"], "fails when is in the finding"


def test_a_condition_that_no_finding_tells_stands_with_the_count():
    """Two findings with conditions of their own do not say when both hold."""
    finding = samples.sample_finding(fails_when="")
    report = samples.failing_verify_report(targets=(samples.failing_target(findings=(finding,)),))

    assert "94 more not supported; right, except when batch > 1" in facts_of(report)["geometries"]


def facts_of(report):
    """Label -> what is said of the first target, outside its findings."""
    found = [block.facts for block in page_of(report).sections[0].blocks if isinstance(block, Facts)]
    return {fact.label: said(fact.value) for facts in found for fact in facts}


def test_a_target_has_the_same_order():
    """Of what is wrong with it, the example, then how it was called, on the screen, in the page and in Markdown."""
    report = samples.failing_verify_report(targets=(samples.failing_target(),))
    wanted = ["batch-mean", "Smallest example that fails", "How it was asked", "by the names of its parameters"]
    shown = [on_screen(report), on_page(report), squeezed(render_markdown(report))]

    assert [wanted] * 2 == [titles(text, wanted) for text in shown[:2]]
    assert [wanted[0], *wanted[2:]] == titles(shown[2], [wanted[0], *wanted[2:]])


def test_what_qualifies_a_finding_of_a_run_stands_with_it():
    """ "Right on these pictures, but wrong elsewhere" is no footnote; of a right run notes come last."""
    wrong, right = (samples.SAMPLES[name]() for name in ("run-wrong-input", "run-right"))
    ids = [[section.id for section in page_of(replace(each, notes=("so",))).sections] for each in (wrong, right)]

    assert ["findings", "notes", "example"] == ids[0][:3]
    assert ids[1].index("notes") > ids[1].index("power")


@pytest.mark.parametrize(
    ("is_smallest", "title"),
    [(True, "Smallest example that fails"), (False, "An example that fails, as it was asked")],
)
def test_an_example_is_called_the_smallest_only_where_smaller_ones_were_tried(is_smallest, title):
    """In a run and in a target's section, in every format that shows it with a title."""
    example = samples.sample_counterexample(is_smallest=is_smallest)
    target = samples.failing_target(counterexample=example)
    reports = (
        samples.failing_run_report(counterexample=example),
        samples.failing_verify_report(targets=(target,)),
    )
    for report in reports:
        screen = io.StringIO()
        print_report(report, TerminalOptions(color="never", width=100), screen)
        assert f"\n{title}  grad_weight; batch 2" in screen.getvalue()
        assert title in render_html(report)
    assert f"\n### {title}\n" in render_markdown(reports[0])


def test_a_new_format_is_one_file_and_one_line(monkeypatch, tmp_path):
    """A renderer that is named in the table can be asked for, is checked beforehand and written."""
    module = types.ModuleType("gradcheck_cli.report.shout")
    module.render_shout = lambda report: page_of(report).headline.upper()
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(formats, "TABLE", {**formats.TABLE, "shout": formats.Format("shout", "render_shout")})
    monkeypatch.setattr(formats, "FORMATS", (*formats.FORMATS, "shout"))
    path = str(tmp_path / "a.txt")
    destination = room.parse_destination(f"shout={path}")

    room.check_destinations([destination], [], "run")
    room.write_reports(samples.sample_run_report(), [destination])
    assert "PASS: GRADCHECK RUN, THE HAND-WRITTEN BACKWARD (DIRECT)" == (tmp_path / "a.txt").read_text()


def test_a_check_that_could_not_decide_says_why_it_does_not_matter():
    """Where exact found that gradient right and another one is wrong; and only there."""
    report = samples.SAMPLES["run-wrong-input"]()
    open_one = Verdict.INCONCLUSIVE
    unsure = [replace(each, verdict=open_one) if each.name == "numeric" else each for each in report.checks]
    told = "it does not matter here: exact found grad_weight right, and grad_input is wrong"
    right = tuple(each for each in unsure if each.verdict is not Verdict.FAIL)

    assert told in squeezed_checks(replace(report, checks=tuple(unsure)))
    assert told not in squeezed_checks(report)
    assert told not in squeezed_checks(replace(report, checks=right))


def squeezed_checks(report):
    """What the table of the checks says was found."""
    section = next(section for section in page_of(report).sections if section.id == "checks")
    return "; ".join(said(row[-1]) for row in section.blocks[0].full[0].rows)


def test_one_more_never_hides_one():
    """What is listed is listed to its end where one alone would be left out."""
    assert "a, b, c" == words.listed("abc", 2)
    assert "a, b and 2 more" == words.listed("abcd", 2)


def test_one_line_names_each_mistake_once():
    """Two gradients that one slip spoils are one name there."""
    failing = samples.SAMPLES["run-wrong-weight"]()
    report = replace(failing, findings=(*failing.findings, replace(failing.findings[0], gradient="input")))

    assert summary_of(report).count(failing.findings[0].id) == 1


def test_a_rule_without_a_worst_entry_is_told_once():
    """The referee's is the same for each gradient; what it found of each stands in the table above."""
    (wrong,) = [check for check in samples.SAMPLES["run-wrong-input"]().checks if check.name == "referee"][:1]
    section = checks_section([wrong, replace(wrong, gradient="weight")])
    (remarks,) = [block for block in flat(section.blocks) if isinstance(block, blocks.Remarks)][:1]

    assert [said(remark.text) for remark in remarks.remarks] == [f"referee input, weight: {wrong.criterion}"]


def test_a_is_explained_once():
    """On the screen and on the page, however many rules speak of it."""
    report = samples.SAMPLES["run-float64"]()
    told = squeezed(words.GAUGE)

    assert 1 == on_page(report).count(told)
    assert 2 == on_screen(report).count(told), "once by default, once under -v"


def test_all_pictures_and_g_are_told_to_who_wants_everything():
    """The first line names two pictures at most; G is told in numbers."""
    section = next(part for part in page_of(samples.sample_run_report()).sections if part.id == "experiment")
    facts = {fact.label: said(fact.value) for fact in section.blocks[0].facts}

    assert section.is_extra
    assert "images/coffee.jpg" == facts["pictures"]
    assert re.fullmatch(
        r"918 outputs: \d+ positive, \d+ negative, 0 kinks, 0 signs that float32 and float64 decide differently",
        facts["G = dE/dO"],
    )


@pytest.mark.parametrize(
    ("padding", "padded", "told"),
    [
        ((1, 2), ((1, 1), (2, 2)), "kernel 32x32, padding 1x2; "),
        (((0, 1), (2, 3)), ((0, 1), (2, 3)), "kernel 32x32, padding 0x2 before and 1x3 after; "),
        ("same", ((1, 2), (1, 2)), "kernel 32x32, padding same (1x1 before and 2x2 after); "),
        ("same", ((1, 1), (1, 1)), "kernel 32x32, padding same (1x1); "),
        ("valid", ((0, 0), (0, 0)), "kernel 32x32; "),
    ],
)
def test_a_padding_is_told_with_what_it_adds(padding, padded, told):
    """A word alone would not say how many rows."""
    report = samples.SAMPLES["run-right"]()
    ran = replace(report.experiment, kernel_size=(32, 32), padding=padding, padded=padded)

    assert told in page_of(replace(report, experiment=ran)).ran
