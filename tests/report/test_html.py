"""The page: what it says, that nothing in it is acted upon, and that a real browser shows it on a phone and a desk."""

import html
import itertools
import math
import re
import shutil
import subprocess
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from gradcheck_cli.model import ChannelDifference, Verdict, Worst
from gradcheck_cli.report import html_view, pictures
from gradcheck_cli.report.html import render_html
from gradcheck_cli.report.page.blocks import Column, Said
from gradcheck_cli.report.page.example import example_of
from tests.report.samples import (
    SAMPLES,
    bare_counterexample,
    evil_run_report,
    evil_verify_report,
    failing_run_report,
    failing_target,
    failing_verify_report,
    input_counterexample,
    sample_counterexample,
    sample_run_report,
    sample_target,
    sample_verify_report,
)

VOID = {"meta", "link", "img", "br", "wbr", "input", "hr"}
CHROMIUM = next(
    (found for name in ("chromium", "chromium-headless-shell", "google-chrome") if (found := shutil.which(name))), None
)
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the PATH")


class Page(HTMLParser):
    """The elements and the text of a page; an element that is not closed in order is an error."""

    def __init__(self, source):
        super().__init__()
        self.elements, self.words, self.stack = [], [], []
        self.feed(source)
        assert self.stack == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag in {"td", "th", "dt", "dd", "p", "li", "h1", "h2", "h3", "h4", "figcaption"}:
            self.words.append(" ")
        if tag not in VOID:
            self.stack.append(tag)

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag

    def handle_data(self, data):
        if "style" not in self.stack:
            self.words.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def text(self):
        return " ".join("".join(self.words).split())


@cache
def html_of(name):
    """The page of a sample, which many tests look at; rendered once."""
    return render_html(SAMPLES[name]())


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_is_well_formed(name):
    """Elements nest, ids are unique, and every link of the page leads somewhere in it."""
    page = Page(html_of(name))
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    targets = {attributes["href"][1:] for attributes in page.all("a")}
    labels = {attributes["aria-labelledby"] for _, attributes in page.elements if "aria-labelledby" in attributes}

    assert len(set(ids)) == len(ids)
    assert targets <= set(ids)
    assert labels <= set(ids)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_page_is_self_contained(name):
    """Nothing is fetched and nothing is executed, whatever the names say."""
    page = Page(html_of(name))
    policy = next(meta["content"] for meta in page.all("meta") if meta.get("http-equiv") == "Content-Security-Policy")

    assert policy.startswith("default-src 'none'; img-src data:; style-src 'unsafe-inline'")
    assert not {"script", "iframe", "object", "form", "base", "svg"} & {tag for tag, _ in page.elements}
    assert all(image["src"].startswith("data:image/png;base64,") for image in page.all("img"))
    assert all(link["href"] == "data:," for link in page.all("link"))
    assert all(anchor["href"].startswith("#") for anchor in page.all("a"))
    assert not [key for _, attributes in page.elements for key in attributes if key.startswith("on")]
    assert "url(" not in html_of(name)


@pytest.mark.parametrize("name", SAMPLES)
def test_for_people_who_cannot_see(name):
    """Every picture has words, every table a caption and titles with a scope, every scrolling part takes the focus."""
    source = html_of(name)
    page = Page(source)

    assert all(image["alt"] for image in page.all("img"))
    assert all(title["scope"] in {"col", "row"} for title in page.all("th"))
    assert len(page.all("table")) == len(page.all("caption"))
    assert not re.search(r"<caption>\s*</caption>", source)
    assert all(
        part["tabindex"] == "0" and part["aria-label"] for part in page.all("div") if part.get("class") == "scroll"
    )
    assert len(page.all("main")) == len(page.all("h1")) == len(page.all("header")) == 1
    assert page.all("html") == [{"lang": "en"}]


def test_headings_never_skip_a_level():
    """h1, then h2, then h3, as a screen reader lists them."""
    for name in SAMPLES:
        levels = [int(tag[1]) for tag, _ in Page(html_of(name)).elements if re.fullmatch("h[1-6]", tag)]
        assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_the_order_of_a_failing_run():
    """What is wrong, the smallest example, then the rest down to the environment."""
    titles = re.findall(r"<h2[^>]*>(.*?)</h2>", render_html(failing_run_report()))

    assert titles == [
        "What is wrong",
        "Smallest example that fails",
        "Checks",
        "Kernel gradients",
        "Are the kernel gradients the same?",
        "Pictures",
        "Power",
        "What was run",
        "Environment",
        "Where the time went",
        "Reproduce",
    ]


def test_what_a_failing_run_says():
    """Verdict, answer, mistake, cure and numbers are there as text, not as colour only."""
    text = Page(render_html(failing_run_report())).text

    for expected in (
        "✗ FAIL gradcheck run, batch_mean.py:conv_backward",
        "no, different, because X's channels differ",
        "batch-mean (proved), grad_weight",
        "at batch_mean.py:11",
        "Sum over the batch and do not divide: G already carries the factor of the loss.",
        "worst at [0,2,2,1]: expected -64393, actual -32196.5, difference 32196.5, allowed 0",
        "A is the sum of the absolute products of an entry",
        "grad_weight[0,0,0,0] should hold G[0,0,0,0]*x[0,0,0,0] + G[1,0,0,0]*x[1,0,0,0] = 16",
        "G[0,0,0,0] = -6 x[0,0,0,0] = 4 1 0.5 misweighted",
        "channel 0 is blue, 1 green, 2 red",
        "--backward batch_mean.py:conv_backward",
    ):
        assert expected in text


def test_hover_values_have_all_digits():
    """The table shows three digits, its hover text every one."""
    source = render_html(sample_run_report(channels=(ChannelDifference(0, 0, 1 / 3, 2 / 3, 1, 2),)))

    assert f'<span title="{1 / 3!r}">3.33e-01</span>' in source


def test_numbers_that_are_none():
    """NaN and infinity are told as words."""
    worst = Worst((0, 0, 0, 0), math.nan, math.inf, math.nan, 0.0, math.inf)
    check = replace(sample_run_report().checks[0], worst=worst)
    text = Page(render_html(sample_run_report(checks=(check,)))).text

    assert "expected NaN, actual infinity, difference NaN, allowed 0" in text


def test_one_plane_is_not_compared():
    """With one channel, or one for each filter, the reason stands in place of the numbers."""
    alone, grouped = (Page(html_of(name)).text for name in ("run-one-plane", "run-grouped"))

    assert "across channels X has one channel" in alone
    assert "across channels each filter reads one channel" in grouped


def test_verify_has_a_row_and_a_part_for_each_target():
    """Closed, so that the table is seen first; a link of the table leads inside the part, which opens it."""
    source = render_html(failing_verify_report())
    page = Page(source)
    parts = [part for part in page.all("details") if part.get("class") == "target"]

    assert ["open" in part for part in parts] == [False] * 4
    inside = re.findall(r'<div id="([^"]*-t[0-9]+)">', source)
    links = [link["href"] for link in page.all("a") if re.search("-t[0-9]", link["href"])]
    assert [f"#{place}" for place in inside] == links[: len(parts)]
    assert "line 1 imports tensorflow, which is not installed." in page.text
    assert "IndexError: index 2 is out of bounds" in page.text
    assert "(not supported): " in page.text
    assert "::error::not an order" in Page(html_of("verify-kinds")).text


def test_a_row_of_many_targets_says_its_reason_in_brief():
    """Three lines on a screen and all of it on paper: what is cut is whole in the part that the row leads to."""
    source = html_of("verify-thirty")
    css = re.sub(r"\s+", " ", source.partition("</style>")[0])
    told = re.findall(r'<div class="brief">(.*?)</div>', source)

    assert len(told) > 15
    assert ".brief { display: -webkit-box;" in css
    assert ".brief { display: block; overflow: visible; }" in css.partition("@media print")[2]
    assert all(len(re.sub("<.*?>", "", each)) for each in told)


def test_a_cell_of_several_verdicts_may_be_broken_between_them():
    """Else the names of a function's gradients leave no room for the reason."""
    failed, passed = Said("fail", verdict=Verdict.FAIL), Said("pass", verdict=Verdict.PASS)

    assert "several" == html_view.class_of(Column("gradients"), (Said("w "), failed, Said("; x, b "), passed))
    assert "" == html_view.class_of(Column("gradients"), (Said("w, x, b "), passed))


def test_many_targets_are_folded():
    """A hundred submissions stay a list."""
    report = sample_verify_report(targets=tuple(failing_target(target=f"{n}.py:f") for n in range(100)))

    assert not [part for part in Page(render_html(report)).all("details") if "open" in part]


@pytest.mark.parametrize("make", [evil_run_report, evil_verify_report])
def test_hostile_names_are_text(make):
    """Markup, template code and escape codes of a name are shown, not acted upon."""
    source = render_html(make())
    text = Page(source).text

    assert "<b>[red]" in text
    assert "{{7*7}}" in text
    assert r"\x1b[31m" in text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f]", source)


@settings(max_examples=25)
@given(st.text(st.characters(exclude_categories=())))
def test_any_text_can_be_shown(text):
    """The page stays well formed and encodable with any name, message or output."""
    target = sample_target(target=text, output=text, why=text, notes=(text,))
    source = render_html(sample_verify_report(targets=(target,), reproduce=text))

    assert Page(source).all("h1")
    assert source.encode("utf-8")


def test_two_reports_in_one_notebook():
    """Ids differ between reports, and no rule of the style reaches beyond the report."""
    first, second = (render_html(make()) for make in (sample_run_report, failing_run_report))
    ids = [set(re.findall(' id="(.*?)"', source)) for source in (first, second)]
    style = re.search("<style>(.*?)</style>", first, re.DOTALL)[1]
    selectors = [
        part.strip()
        for part in re.findall(r"([^{}@;]+)\{", style)
        if not part.strip().startswith(("(", "media", "container"))
    ]

    assert not ids[0] & ids[1]
    assert selectors
    assert all(part.startswith(".gradcheck") for part in selectors)
    assert all(one.strip().startswith(".gradcheck") for part in selectors for one in part.split(",") if "(" not in part)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_notebook_shows_the_page_without_its_head(name):
    """One element with its own style, no meta tag, nothing that is about a page; all that the page says is there."""
    shown, whole = SAMPLES[name]()._repr_html_(), html_of(name)
    page = Page(shown)

    assert shown.startswith('<div class="gradcheck"')
    assert not {"html", "head", "body", "meta", "title", "link", "script"} & {tag for tag, _ in page.elements}
    assert page.text in Page(whole).text.replace("Skip to the results ", "")


def test_no_rule_of_a_notebook_is_stronger():
    """JupyterLab's rules for tables have two classes and an element: so have all of ours for elements."""
    style = re.search("<style>(.*?)</style>", sample_run_report()._repr_html_(), re.DOTALL)[1]

    assert not re.findall(r"(?<!\.gradcheck)\.gradcheck +[\w*:.]", style)
    assert ".gradcheck.gradcheck th, .gradcheck.gradcheck td {" in style


def test_every_picture_of_the_run_is_on_the_page():
    """Each strip with its sentence below it, the words of each panel for who cannot see it, and what colours mean."""
    report = SAMPLES["run-wrong-input"]()
    source, found = render_html(report), pictures.strips(report)
    text = Page(source).text
    places = [text.index(strip.title) for strip in found]

    assert places == sorted(places)
    assert [tile.alt for strip in found for tile in strip.tiles] == [image["alt"] for image in Page(source).all("img")]
    assert all(strip.sentence in text for strip in found)
    assert "Both are safe for colour-blind people." in text


# The little grids


def marks(group):
    """Grid title -> the marks of its cells."""
    return {grid.title: [[cell.mark for cell in row] for row in grid.rows] for grid in group.grids}


def grids(example):
    """The grids of an example."""
    return html_view.grid_groups(example_of(example))


def test_grids_mark_the_terms():
    """What counts wrongly, what counts rightly and the entry itself are told apart."""
    weight, grad_output, expected, actual = grids(input_counterexample())

    assert marks(weight) == {"weight[0,0]": [["wrong", "wrong"]]}
    assert marks(grad_output) == {"G[0,0]": [["wrong"]]}
    assert marks(expected) == {"expected[0,0]": [["entry", ""]]}
    assert marks(actual) == {"actual[0,0]": [["entry", "differs"]]}


def test_every_kind_of_mark_has_its_words_and_no_other():
    """Nobody is to guess what a dashed frame means."""
    text = Page(render_html(failing_run_report(counterexample=input_counterexample()))).text

    told = "Marks: n a factor that counts wrongly, n the entry that is told here, n another entry that differs."
    assert told in " ".join(text.split())
    assert [] == html_view.marks_told(example_of(bare_counterexample()))


def test_terms_have_words():
    """A missing, a surplus and a misweighted product are named."""
    text = Page(render_html(failing_run_report(counterexample=input_counterexample()))).text

    assert "G[0,0,0,0] = -6 weight[0,0,0,0] = 1 1 0 missing" in text
    assert "G[0,0,0,0] = -6 weight[0,0,0,1] = 3 0 1 surplus" in text


def test_nothing_returned():
    """A target that crashed has no actual gradient and no terms."""
    text = Page(render_html(failing_run_report(counterexample=bare_counterexample()))).text

    assert "Nothing was returned." in text
    assert "expected" in text


def test_an_empty_gradient_is_called_empty():
    """A result without entries is shown as such, with its shape."""
    example = replace(sample_counterexample(), actual=np.zeros((1, 1, 0, 0)), entry=None, terms=())
    report = failing_verify_report(targets=(failing_target(counterexample=example),))
    text = " ".join(Page(render_html(report)).words)
    assert "1x1x0x0" in text
    assert "Empty." in text


def test_a_bias_is_one_row():
    """A gradient with one axis is shown as one row."""
    example = replace(
        sample_counterexample(), gradient="bias", expected=np.array([3.0, 4.0]), actual=np.array([1.0, 4.0]), entry=(0,)
    )
    groups = grids(replace(example, other="", terms=()))

    assert [group.title for group in groups] == ["G", "expected", "actual"]
    assert [cell.mark for cell in groups[1].grids[0].rows[0]] == ["entry", ""]


def test_code_of_a_sentence_stands_in_its_own_face():
    """Backticks are how a terminal shows it; on a page they would be signs that nobody needs."""
    source = html_of("verify-thirty")

    assert "<code>X_padded[" in source
    assert "`" not in Page(source).text


@pytest.mark.parametrize("name", ["back`tick`.py", "`", "``", "a `<b>` c"])
def test_a_backtick_of_a_name_stays(name):
    """Only what stands by itself is code, and it is inert all the same."""
    assert Page(f"<p>{html_view.prose(name)}</p>").text == name.replace("`<b>`", "<b>")


def test_a_name_and_its_verdict_stay_together():
    """A phone breaks the line before the next gradient."""
    page = render_html(failing_verify_report())

    assert re.search(r"weight\xa0\s*<span class=\"badge", page)


def test_what_only_some_want_is_closed():
    """The versions and the stages are on the page, below everything else, for who opens them."""
    source = render_html(failing_run_report())
    closed = re.findall(r'<details class="extra"><summary><h2[^>]*>(.*?)</h2>', source)

    assert closed == ["What was run", "Environment", "Where the time went"]
    assert "opencv-python" in Page(source).text


def test_large_arrays_are_not_shown():
    """A hundred planes would hide the rest of the page."""
    example = replace(sample_counterexample(), x=np.zeros((100, 1, 2, 2)))

    assert "Too large to be shown here" in Page(render_html(failing_run_report(counterexample=example))).text


# In a real browser


def chromium(folder, page, *options):
    """Open a page with a new profile; what Chromium says on both streams."""
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
    flags += ["--disable-component-update", "--no-first-run", "--hide-scrollbars", "--enable-logging=stderr", "--v=0"]
    command = [CHROMIUM, *flags, f"--user-data-dir={folder / 'profile'}", *options, page.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=60, check=True)
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]


def measured(folder, pages):
    """[(width taken, pictures decoded, pictures)] of (page, width of the frame), all parts of each page unfolded."""
    script = """
    const frames = [...document.querySelectorAll("iframe")], found = frames.map(() => "");
    frames.forEach((frame, place) => {
      frame.onload = () => {
        const page = frame.contentDocument;
        page.querySelectorAll("details").forEach((part) => part.open = true);
        const drawn = [...page.images].filter((image) => image.complete && image.naturalWidth > 0).length;
        found[place] = [page.documentElement.scrollWidth, drawn, page.images.length].join(" ");
        document.title = found.join(";");
      };
      frame.srcdoc = frame.dataset.page;
    });
    """
    frames = "".join(
        f'<iframe width="{width}" height="900" style="border:0" data-page="{html.escape(source)}"></iframe>'
        for source, width in pages
    )
    path = folder / "frame.html"
    path.write_text(f'<!DOCTYPE html><meta charset="utf-8"><title></title>{frames}<script>{script}</script>', "utf-8")
    dom, console = chromium(folder, path, "--virtual-time-budget=5000", "--dump-dom", "--window-size=1400,1000")
    assert console == []
    title = re.search("<title>(.*?)</title>", dom)[1]
    return [tuple(map(int, part.split())) for part in title.split(";")]


@needs_chromium
@pytest.mark.parametrize("part", range(3))
def test_it_fits_the_screen(tmp_path, part):
    """Nothing sticks out of a phone or a desk with everything unfolded, and every picture is drawn."""
    cases = [(name, width) for name in list(SAMPLES)[part::3] for width in (375, 1280)]
    found = measured(tmp_path, [(html_of(name), width) for name, width in cases])

    assert len(found) == len(cases)
    for (name, width), (taken, drawn, images) in zip(cases, found, strict=True):
        assert (name, taken, drawn) == (name, min(taken, width), images)
    assert sum(images for _, _, images in found) > 0


@needs_chromium
def test_the_measure_can_fail(tmp_path):
    """A page that is too wide is seen to be, and so is a picture that is none."""
    broken = '<body style="margin:0"><div style="width:600px">wide</div><img src="data:image/png;base64,AAAA">'

    assert measured(tmp_path, [(broken, 375)]) == [(600, 0, 1)]


STACKED = """
const frame = document.querySelector("iframe");
frame.onload = () => {
  const rows = [...frame.contentDocument.querySelectorAll(".stack tr")].filter((row) => row.querySelector(".name"));
  const top = (cell) => cell.getBoundingClientRect().top;
  const seen = (row) => [...row.children].filter((cell) => cell.offsetHeight > 0);
  const first = rows.map((row) => seen(row).sort((one, other) => top(one) - top(other))[0].className);
  document.title = [rows.length, ...new Set(first.map((name) => name.split(" ")[0]))].join(" ");
};
frame.srcdoc = frame.dataset.page;
"""


@needs_chromium
def test_on_a_phone_a_row_begins_with_whose_it_is(tmp_path):
    """The target stands above its verdicts, which alone would say nothing."""
    page = html_of("verify-thirty")
    frame = f'<iframe width="375" height="900" style="border:0" data-page="{html.escape(page)}"></iframe>'
    path = tmp_path / "frame.html"
    path.write_text(f'<!DOCTYPE html><meta charset="utf-8"><title></title>{frame}<script>{STACKED}</script>', "utf-8")
    dom, _ = chromium(tmp_path, path, "--virtual-time-budget=5000", "--dump-dom", "--window-size=1400,1000")

    rows, first = re.search("<title>(.*?)</title>", dom)[1].split()
    assert (int(rows) >= 30, first) == (True, "name")


PAPER = """
const frame = document.querySelector("iframe");
frame.onload = () => {
  const page = frame.contentDocument, seen = (part) => part.checkVisibility({contentVisibilityAuto: true});
  const rules = [...page.styleSheets].flatMap((sheet) => [...sheet.cssRules]).filter((rule) => rule.media);
  const paper = rules.filter((rule) => rule.media.mediaText == "print");
  paper.forEach((rule) => { rule.media.mediaText = "all"; });
  const cut = [...page.querySelectorAll(".scroll")].filter((part) => seen(part) && part.scrollWidth > 704);
  const hidden = [...page.querySelectorAll(".target > div")].filter((part) => !seen(part));
  document.title = [paper.length, page.documentElement.scrollWidth, cut.length, hidden.length].join(" ");
};
frame.srcdoc = frame.dataset.page;
"""


@needs_chromium
@pytest.mark.parametrize("name", ["failing-run", "failing-verify"])
def test_all_of_it_is_on_paper(tmp_path, name):
    """By the rules for print, on a page of 7.3 inches: no table is cut, and every target is unfolded."""
    page = render_html({"failing-run": failing_run_report, "failing-verify": failing_verify_report}[name]())
    frame = f'<iframe width="704" height="900" style="border:0" data-page="{html.escape(page)}"></iframe>'
    path = tmp_path / "frame.html"
    path.write_text(f'<!DOCTYPE html><meta charset="utf-8"><title></title>{frame}<script>{PAPER}</script>', "utf-8")
    dom, _ = chromium(tmp_path, path, "--virtual-time-budget=5000", "--dump-dom", "--window-size=1400,1000")

    assert re.search("<title>(.*?)</title>", dom)[1] == "1 704 0 0"


@needs_chromium
@pytest.mark.parametrize("name", ["run-hostile", "verify-hostile"])
def test_it_opens_without_console_errors(tmp_path, name):
    """The page itself, opened from a file, breaks no rule of its own policy and keeps hostile names as text."""
    path = tmp_path / "<b>report é.html"
    path.write_text(html_of(name), "utf-8")
    dom, console = chromium(tmp_path, path, "--dump-dom")

    assert console == []
    assert "&lt;b&gt;[red]" in dom


@needs_chromium
def test_the_policy_holds(tmp_path):
    """A script that got into the page would be refused, and that would be seen here."""
    path = tmp_path / "broken.html"
    path.write_text(render_html(sample_run_report()).replace("</main>", "<script>document.title = 1</script></main>"))
    dom, console = chromium(tmp_path, path, "--dump-dom")

    assert "<title>1</title>" not in dom
    assert len(console) == 1
    assert "Content Security Policy" in console[0]


IMITATED = """<!DOCTYPE html><meta charset="utf-8"><title></title><style>
:not(.markdown).common td, :not(.markdown).common th {{ text-align: right; max-width: none; padding: 9em }}
.common table {{ table-layout: fixed; width: 300px }} .common dl dt {{ float: left; width: 20% }}
.common h3, .common h4 {{ line-height: 1 }} .common code {{ white-space: pre-wrap }}
</style><body data-jp-theme-light="{light}"><div class="common">{shown}</div></body>"""


def imitated(shown, light):
    """What JupyterLab's style sheet does to what a cell shows, as far as it has done harm."""
    return IMITATED.format(light=str(light).lower(), shown=shown)


def converted(shown, light):
    """The page that nbconvert makes of a notebook, with JupyterLab's own style sheets; nothing is fetched for it."""
    exporters = pytest.importorskip(
        "nbconvert.exporters", reason="nbconvert, and with it JupyterLab's style, is absent"
    )
    import nbformat

    cell = nbformat.v4.new_code_cell("report")
    cell.outputs = [nbformat.v4.new_output("display_data", data={"text/html": shown, "text/plain": "report"})]
    exporter = exporters.HTMLExporter(template_name="lab", theme="light" if light else "dark", sanitize_html=False)
    exporter.require_js_url = exporter.mathjax_url = exporter.jquery_url = ""
    return exporter.from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))[0]


IN_A_NOTEBOOK = """
const page = document, shown = page.querySelector(".gradcheck");
const style = (name) => getComputedStyle(shown.querySelector(name));
const broken = (element) => {
  const lines = [], range = page.createRange(), nodes = page.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  for (let node = nodes.nextNode(); node; node = nodes.nextNode()) for (const word of node.data.matchAll(/\\S+/g)) {
    const rows = new Map();
    for (let place = word.index; place < word.index + word[0].length; place++) {
      range.setStart(node, place); range.setEnd(node, place + 1);
      const top = Math.round(range.getBoundingClientRect().top / 4);
      rows.set(top, (rows.get(top) ?? 0) + 1);
    }
    if (rows.size > 1) lines.push(Math.min(...rows.values()));
  }
  return lines;
};
const labels = [...shown.querySelectorAll("h1, h2, h3, h4, th, dt, summary, .name, .badge")].flatMap(broken);
const tight = [...shown.querySelectorAll("h1, h2, h3, h4")].filter((each) => {
  const { lineHeight, fontSize } = getComputedStyle(each);
  return parseFloat(lineHeight) < 1.2 * parseFloat(fontSize);
});
const found = [style("td.prose").textAlign, style("table").tableLayout, getComputedStyle(shown).backgroundColor];
page.title = [...found, labels.filter((least) => least < 3).length, tight.length].join(";");
"""


@needs_chromium
@pytest.mark.parametrize("notebook", [imitated, converted])
@pytest.mark.parametrize(("light", "paper"), [(True, "rgb(255, 255, 255)"), (False, "rgb(13, 17, 23)")])
@pytest.mark.parametrize(("name", "width"), [("verify-thirty", 500), ("run-wrong-input", 1280)])
def test_a_notebook_shows_it_as_it_is(tmp_path, notebook, light, paper, name, width):
    """Text stays left, columns take what they need, labels are not broken to letters, the notebook's theme decides."""
    page = notebook(SAMPLES[name]()._repr_html_(), light)
    path = tmp_path / "notebook.html"
    path.write_text(page.replace("</body>", f"<script>{IN_A_NOTEBOOK}</script></body>"), "utf-8")
    dom, console = chromium(tmp_path, path, "--dump-dom", f"--window-size={width},1000")

    assert re.search("<title>(.*?)</title>", dom)[1] == f"left;auto;{paper};0;0"
    assert console == []


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("course.py:relu_backward", 'course.py:<wbr>relu_<wbr class="word">backward'),
        ("a/b/c.py", "a/<wbr>b/<wbr>c.py"),
        ("module", "module"),
        ("<b>:f\x1b", "&lt;b&gt;:<wbr>f\\x1b"),
    ],
)
def test_a_name_breaks_between_its_parts(name, shown):
    """After a folder, before the function, and on a phone after a word; the rest is text, whatever it holds."""
    assert shown == html_view.breakable(name)
