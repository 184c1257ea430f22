"""From a report to standard output, files and an exit code."""

import io
import json

import numpy as np
import pytest

from gradcheck_cli.cli.output import PatientStream, worst
from gradcheck_cli.model import Verdict
from gradcheck_cli.model.errors import ExitCode
from helpers import gradcheck

RENAME = "\n  hint: another name for the report"
ELSEWHERE = "\n  hint: a file in another folder; an old report of this name still stands as it was"


def test_text_is_the_default(experiment):
    """The terminal's text carries the answer."""
    result = gradcheck("run", "x.jpg")

    assert "Same for all channels: no." in " ".join(result.stdout.split())
    assert "" == result.stderr


def test_quiet_is_one_line(experiment):
    """-q is the verdict and nothing else."""
    assert 1 == gradcheck("run", "x.jpg", "-q").stdout.count("\n")


@pytest.mark.parametrize("verdict", [Verdict.PASS, Verdict.FAIL])
def test_json_is_one_document(experiment, reports, verdict):
    """--format json prints one document and nothing else."""
    experiment.report = reports.run(ExitCode(int(verdict is Verdict.FAIL)), verdict)

    result = gradcheck("run", "x.jpg", "--format", "json")

    assert ("run", verdict, result.exit_code) == tuple(
        result.json()[key] for key in ("command", "verdict", "exit_code")
    )
    assert "" == result.stderr
    assert result.stdout.endswith("}\n")


def test_json_stays_alone_with_verbose(experiment):
    """-v speaks on standard error only, so that the document can still be read."""
    result = gradcheck("run", "x.jpg", "--format", "json", "-v", "--seed", "3")

    assert "run" == result.json()["command"]
    assert "--seed 3: the command line\n" in result.stderr


def test_reports_are_written(experiment, tmp_path):
    """Every --report leaves its file."""
    result = gradcheck("run", "x.jpg", "--report", "json=a.json", "--report", "json=b.json")

    assert 0 == result.exit_code
    assert "run" == json.loads((tmp_path / "a.json").read_text())["command"]
    assert (tmp_path / "a.json").read_text() == (tmp_path / "b.json").read_text()


def test_arrays_are_saved(experiment, tmp_path):
    """--save is written like a report, with the checks of one; its name says what it is."""
    assert 0 == gradcheck("run", "x.jpg", "--save", "run.npz").exit_code
    with np.load(tmp_path / "run.npz") as saved:
        assert {"x", "weight", "grad_output", "grad_weight_autograd"} <= set(saved.files)

    refused = gradcheck("run", "x.jpg", "--save", "run.txt")
    assert (2, True) == (refused.exit_code, "--save 'run.txt' is not FILE.npz, as in --save run.npz." in refused.stderr)
    twice = gradcheck("run", "x.jpg", "--report", "md=a.md", "--report", "md=a.md")
    assert "would both be written to 'a.md'." in twice.stderr


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (
            ["--report", "json=no/a.json"],
            "the folder of the json report 'no/a.json' does not exist.\n  hint: mkdir -p no",
        ),
        (["--report", "json=x.jpg"], "the json report 'x.jpg' would overwrite the input 'x.jpg'." + RENAME),
        (
            ["--report", "json=r.png", "--reference", "r.png"],
            "the json report 'r.png' would overwrite the input 'r.png'." + RENAME,
        ),
        (
            ["--report", "json=mine.py", "--backward", "mine.py:f"],
            "the json report 'mine.py' would overwrite the input 'mine.py'." + RENAME,
        ),
    ],
)
def test_destinations_are_checked_before_any_work(experiment, tmp_path, argv, message):
    """No result is lost to a misspelt folder, and no input is overwritten."""
    for name in ("x.jpg", "r.png", "mine.py"):
        (tmp_path / name).write_text("an input")

    result = gradcheck("run", "x.jpg", *argv)

    assert (2, "", f"Error: {message}\n") == (result.exit_code, result.stdout, result.stderr)
    assert experiment.options is None
    assert {"an input"} == {(tmp_path / name).read_text() for name in ("x.jpg", "r.png", "mine.py")}


def test_target_file_is_an_input_of_verify(verification, tmp_path):
    """`verify` must not write over the code that it judges."""
    (tmp_path / "mine.py").write_text("code")

    result = gradcheck("verify", "mine.py:f", "--report", "json=mine.py")

    assert f"Error: the json report 'mine.py' would overwrite the input 'mine.py'.{RENAME}\n" == result.stderr
    assert "code" == (tmp_path / "mine.py").read_text()


@pytest.mark.parametrize(("code", "flags", "expected"), [(0, [], 2), (1, [], 1), (1, ["--exit-zero"], 2), (3, [], 3)])
def test_report_that_cannot_be_written(experiment, reports, monkeypatch, code, flags, expected):
    """A report that is lost makes a pass exit 2, and never hides a failure; the verdict is still shown."""
    import gradcheck_cli.report as room

    experiment.report = reports.run(ExitCode(code), Verdict.FAIL)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(room.os, "fsync", full)
    result = gradcheck("run", "x.jpg", "-q", "--report", "json=a.json", *flags)

    assert expected == result.exit_code
    assert result.stdout
    assert f"Error: the json report 'a.json' cannot be written: No space left on device.{ELSEWHERE}\n" == result.stderr


def test_mixture_of_exit_codes():
    """3 beats 1 beats 2 beats 0."""
    ladder = [ExitCode.BUG, ExitCode.FAIL, ExitCode.NOT_CHECKED, ExitCode.PASS]

    assert ladder == [worst(*reversed(ladder[start:])) for start in range(4)]


class Closing(io.StringIO):
    """A stream whose reader goes away after the first line."""

    def write(self, text):
        if self.getvalue():
            raise BrokenPipeError(32, "Broken pipe")
        return super().write(text)


def test_patient_stream_goes_on_in_silence():
    """What comes after the reader has gone is dropped."""
    inner = Closing()
    stream = PatientStream(inner)

    assert [5, 6] == [stream.write("first"), stream.write("second")]
    stream.flush()
    assert "first" == inner.getvalue()


def test_github_annotations_and_summary(verification, reports, tmp_path):
    """--format github speaks to the runner, and adds to the step's summary."""
    pytest.importorskip("gradcheck_cli.report.github")
    verification.report = reports.verify(ExitCode.FAIL, Verdict.FAIL)
    summary = tmp_path / "summary.md"

    result = gradcheck("verify", "mine.py:f", "--format", "github", env={"GITHUB_STEP_SUMMARY": str(summary)})

    assert 1 == result.exit_code
    assert "::error " in result.stdout
    assert "mine.py:backward" in summary.read_text()
