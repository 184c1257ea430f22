"""Where a report may be written, and that it is written whole or not at all."""

import errno
import os
import stat

import numpy as np
import pytest

from gradcheck_cli import report as reports
from gradcheck_cli.model.errors import ReportError
from gradcheck_cli.report import Destination
from tests.report.samples import SAMPLES, sample_run_report, sample_verify_report

ELSEWHERE = "\n  hint: a file in another folder; an old report of this name still stands as it was"


def message(call, *arguments):
    """The text of the ReportError that a call must raise; always one sentence, and one line of what to do."""
    with pytest.raises(ReportError) as caught:
        call(*arguments)
    text = caught.value.text()
    assert len(text.splitlines()) == 1 or text.splitlines()[1:] == [f"  hint: {caught.value.hint}"]
    return text


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_parse_destination():
    """The first = parts the format from the path, which may hold more of them."""
    assert reports.parse_destination("json=a=b.json") == Destination("json", "a=b.json")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("json", "--report 'json' is not FORMAT=PATH, as in json=report.json."),
        ("json=", "--report 'json=' is not FORMAT=PATH, as in json=report.json."),
        ("htm=x", "there is no report format 'htm'; did you mean html?"),
        ("pdf=x", "there is no report format 'pdf'; there are json, junit, html, png, md, csv, repro."),
        ("\x1b[31m=x", r"there is no report format '\\x1b[31m'; there are json, junit, html, png, md, csv, repro."),
    ],
)
def test_parse_refuses(text, expected):
    """An unknown format names the near one; escape codes do not reach the terminal."""
    assert message(reports.parse_destination, text) == expected


def test_check_accepts_what_can_be_written(folder):
    """A new file, an old file, and a link to a file in another folder are all fine."""
    (folder / "old.json").write_text("old")
    (folder / "link.json").symlink_to(folder / "old.json")
    names = ("new.json", "old.json", "link.json")

    assert [reports.check_destination("json", name, ["picture.jpg"]) for name in names] == [None, None, None]


def test_check_refuses(folder):
    """What cannot work is told before the run, in one sentence with the path."""
    (folder / "sub").mkdir()
    os.mkfifo(folder / "pipe")
    cases = {
        "none/a.json": "the folder of the json report 'none/a.json' does not exist.\n  hint: mkdir -p none",
        "sub": "the json report 'sub' is a folder, not a file.\n  hint: a file in it: 'sub/report.json'",
        "new/": "the json report 'new/' is a folder, not a file.\n  hint: a file in it: 'new/report.json'",
        "pipe": "the json report 'pipe' is not a regular file.\n"
        "  hint: a plain file: a report takes its place in one step, which a pipe or a device does not have",
    }

    assert {path: message(reports.check_destination, "json", path, []) for path in cases} == cases


@pytest.mark.parametrize(
    ("name", "path", "suffix", "hint"),
    [
        ("png", "x.pdf", ".pdf", "--report png=x.png"),
        ("html", "sub/x.PNG", ".png", "--report html=sub/x.html or --report png=sub/x.png"),
        ("npz", "run.json", ".json", "run.npz"),
    ],
)
def test_a_name_that_promises_another_kind_of_file_is_refused(folder, name, path, suffix, hint):
    """A program that opens it by its name would call it broken."""
    (folder / "sub").mkdir()
    said = f"the {name} report '{path}' would be no {suffix} file, whatever its name says.\n  hint: {hint}"
    if name == "npz":
        said = said.replace(hint, "--report json=run.json")

    assert message(reports.check_destination, name, path, []) == said


@pytest.mark.parametrize(
    ("name", "path"), [("html", "x.htm"), ("json", "x.txt"), ("png", "x"), ("repro", "x.py"), ("junit", "a.pdf/x.xml")]
)
def test_any_other_name_is_free(folder, name, path):
    """Also one that says nothing."""
    (folder / "a.pdf").mkdir()

    assert reports.check_destination(name, path, []) is None


def test_check_refuses_a_folder_without_permission(folder, monkeypatch):
    """A folder that may not be written to is told before the run."""
    monkeypatch.setattr(os, "access", lambda path, mode: False)

    assert message(reports.check_destination, "md", "a.md", []) == (
        "the md report 'a.md' cannot be written: no permission for its folder.\n"
        "  hint: a file in a folder that you may write to"
    )


@pytest.mark.parametrize("how", ["same", "symlink", "hardlink", "dots", "folder link"])
def test_an_input_is_never_overwritten(folder, how):
    """The picture, a link to it, and another spelling of its path are the same file."""
    (folder / "picture.jpg").write_bytes(b"pixels")
    (folder / "sub").mkdir()
    (folder / "here").symlink_to(folder)
    names = {"same": "picture.jpg", "symlink": "s.jpg", "hardlink": "h.jpg", "dots": "sub/../picture.jpg"}
    name = names.get(how, "here/picture.jpg")
    if how == "symlink":
        (folder / name).symlink_to("picture.jpg")
    if how == "hardlink":
        os.link("picture.jpg", name)

    expected = f"the json report '{name}' would overwrite the input 'picture.jpg'.\n  hint: another name for the report"
    assert message(reports.check_destination, "json", name, ["-", "picture.jpg"]) == expected


def test_an_input_behind_a_dangling_link_is_an_input(folder):
    """A link to a picture that does not exist yet still means that picture."""
    (folder / "link.jpg").symlink_to("later.jpg")

    assert "would overwrite the input 'later.jpg'" in message(
        reports.check_destination, "json", "link.jpg", ["later.jpg"]
    )


def test_two_reports_need_two_paths(folder):
    """Two reports with one path, in whatever spelling, would lose one."""
    destinations = [Destination("json", "out"), Destination("html", "./out")]

    assert message(reports.check_destinations, destinations, [], "run") == (
        "the json and the html report would both be written to './out'.\n  hint: a file of its own for each"
    )


def test_standard_input_is_no_file(folder):
    """A report named "-" is a file of that name; "-" among the inputs is standard input."""
    assert reports.check_destinations([Destination("json", "-")], ["-"], "run") is None


def test_run_has_no_csv(folder):
    """There are no targets to have rows; that is told before the run, and also by the renderer itself."""
    destinations = [Destination("csv", "out.csv")]

    assert message(reports.check_destinations, destinations, [], "run") == (
        "`gradcheck run` has no csv report: it has a row for each target of `gradcheck verify`.\n"
        "  hint: one of json, junit, html, png, md, repro"
    )
    assert message(reports.render, sample_run_report(), "csv") == (
        "a csv report has a row for each target of `gradcheck verify`, and this is a run.\n"
        "  hint: a json report holds every number of a run, an npz file its arrays"
    )


def test_verify_has_no_png(folder):
    """`verify` judges many geometries, so there is no one picture."""
    destinations = [Destination("png", "out.png")]

    assert message(reports.check_destinations, destinations, [], "verify") == (
        "`gradcheck verify` has no png report: a picture shows the planes of one layer, and `verify` judges many"
        " geometries.\n  hint: one of json, junit, html, md, csv, repro"
    )
    assert reports.check_destinations(destinations, [], "run") is None


def test_render_refuses_an_unknown_format():
    """There is no silent default."""
    assert message(reports.render, sample_run_report(), "yaml").startswith("there is no report format 'yaml'")


@pytest.mark.parametrize("name", ["json", "junit", "html", "md", "repro", "github"])
@pytest.mark.parametrize("sample", SAMPLES)
def test_every_format_renders_every_sample(name, sample):
    """Whatever a report holds, each format gives valid UTF-8 without a bare control character."""
    text = reports.render(SAMPLES[sample](), name).decode("utf-8")

    assert text.strip()
    assert {char for char in text if ord(char) < 32} <= {"\n", "\t"}
    assert "\x7f" not in text


@pytest.mark.parametrize("name", ["json", "junit", "html", "md", "repro", "github"])
@pytest.mark.parametrize("sample", SAMPLES)
def test_rendering_is_deterministic(name, sample):
    """The same report gives the same bytes."""
    assert reports.render(SAMPLES[sample](), name) == reports.render(SAMPLES[sample](), name)


def test_a_new_file_gets_the_usual_permissions(folder):
    """Not the 0600 of temporary files: other people and CI steps read reports."""
    old = os.umask(0o027)
    try:
        reports.write_report(sample_run_report(), "json", "out.json")
    finally:
        os.umask(old)

    assert stat.S_IMODE(os.stat("out.json").st_mode) == 0o640
    assert os.listdir() == ["out.json"]


def test_an_old_file_keeps_its_permissions(folder):
    """Writing again changes the content only."""
    (folder / "out.json").write_text("old")
    os.chmod("out.json", 0o604)
    reports.write_report(sample_run_report(), "json", "out.json")

    assert stat.S_IMODE(os.stat("out.json").st_mode) == 0o604
    assert (folder / "out.json").read_text().startswith("{")


def test_a_link_stays_a_link(folder):
    """The file behind a link is written; the link is not replaced by a file."""
    (folder / "sub").mkdir()
    (folder / "out.json").symlink_to("sub/real.json")
    reports.write_report(sample_run_report(), "json", "out.json")

    assert (folder / "out.json").is_symlink()
    assert (folder / "sub" / "real.json").read_text().startswith("{")
    assert os.listdir("sub") == ["real.json"]


@pytest.mark.parametrize(
    ("step", "raised", "sentence"),
    [
        ("fsync", OSError(errno.ENOSPC, "No space left on device"), "No space left on device"),
        ("replace", PermissionError(errno.EACCES, "Permission denied"), "Permission denied"),
        ("fsync", OSError("odd"), "odd"),
    ],
)
def test_a_write_that_fails(folder, monkeypatch, step, raised, sentence):
    """A full disk gives one line; the old file stands untouched and nothing is left beside it."""
    (folder / "out.json").write_text("old")

    def fail(*arguments):
        raise raised

    monkeypatch.setattr(os, step, fail)

    expected = f"the json report 'out.json' cannot be written: {sentence}." + ELSEWHERE
    assert message(reports.write_report, sample_run_report(), "json", "out.json") == expected
    assert (folder / "out.json").read_text() == "old"
    assert os.listdir() == ["out.json"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_disk_that_is_full_while_writing(folder, monkeypatch):
    """The real error of a full disk, from the system, is told in one line."""
    (folder / "full").symlink_to("/dev/full")
    real_open = open

    def open_full(path, mode):
        real_open(path, mode).close()
        return real_open("/dev/full", "wb")

    monkeypatch.setattr(reports, "open", open_full, raising=False)

    assert "No space left on device" in message(reports.write_report, sample_run_report(), "json", "out.json")
    assert os.listdir() == ["full"]


def test_no_such_folder_while_writing(folder):
    """The folder may vanish during the run."""
    assert message(reports.write_report, sample_run_report(), "json", "gone/out.json") == (
        "the json report 'gone/out.json' cannot be written: No such file or directory." + ELSEWHERE
    )


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_an_interruption_leaves_nothing(folder, monkeypatch, step):
    """Ctrl-C passes on as itself; no half-written and no temporary file stays."""

    def interrupt(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, step, interrupt)
    with pytest.raises(KeyboardInterrupt):
        reports.write_report(sample_run_report(), "json", "out.json")

    assert os.listdir() == []


def test_a_renderer_that_fails_touches_nothing(folder):
    """The text is made before any file is opened."""
    with pytest.raises(TypeError):
        reports.write_report(sample_run_report(environment={"bad": object()}), "json", "out.json")

    assert os.listdir() == []


def test_write_reports_writes_all(folder):
    """Every report that was asked for is there, and the junit one points at the picture."""
    destinations = [Destination(name, f"out.{name}") for name in ("json", "junit", "html", "md", "repro", "png")]
    reports.write_reports(sample_run_report(), destinations)

    assert sorted(os.listdir()) == sorted(destination.path for destination in destinations)
    assert "[[ATTACHMENT|out.png]]" in (folder / "out.junit").read_text("utf-8")
    assert (folder / "out.png").read_bytes().startswith(b"\x89PNG")


def test_write_reports_for_verify(folder):
    """`verify` has no picture, so none is pointed at."""
    reports.write_reports(sample_verify_report(), [Destination("junit", "out.xml")])

    assert "ATTACHMENT" not in (folder / "out.xml").read_text("utf-8")


@pytest.mark.parametrize(("name", "mine"), [("run-right", "hand"), ("run-wrong-input", "user")])
def test_all_arrays_of_a_run_are_saved(folder, name, mine):
    """X, F, G and each gradient by each source, as numpy reads them; the same bytes every time."""
    reports.write_reports(SAMPLES[name](), [Destination("npz", "run.npz")])
    figures = SAMPLES[name]().figures

    with np.load("run.npz") as saved:
        assert sorted(saved.files) == sorted(
            ["x", "weight", "reference", "grad_output", "grad_weight_numeric"]
            + [f"grad_{one}_{by}" for one in ("weight", "input", "bias") for by in (mine, "autograd", "allowed")]
        )
        assert np.array_equal(saved[f"grad_input_{mine}"], figures.gradients["input"].hand)
        assert np.array_equal(saved["grad_output"], figures.grad_output)
    assert (folder / "run.npz").read_bytes() == reports.render(SAMPLES[name](), "npz")


def test_verify_has_no_arrays_to_save(folder):
    """It judges many geometries; nothing is written."""
    sentence = "the arrays of a run can be saved, and this is a report of `gradcheck verify`."
    hint = "\n  hint: a json report holds the arrays of its smallest example"

    assert message(reports.write_report, sample_verify_report(), "npz", "out.npz") == sentence + hint
    assert os.listdir() == []
