"""What a GitHub step prints: annotations within the limits, nothing injected, and the step's summary."""

import re

import pytest
from hypothesis import given, strategies as st

from gradcheck_cli.model import Finding, Verdict
from gradcheck_cli.model.errors import ReportError
from gradcheck_cli.report import github
from gradcheck_cli.report.github import append_summary, render_github
from gradcheck_cli.report.words import headline
from tests.report.samples import (
    VERIFY_SAMPLES,
    evil_run_report,
    evil_verify_report,
    failing_run_report,
    failing_target,
    failing_verify_report,
    inconclusive_run_report,
    sample_run_report,
    sample_target,
    sample_verify_report,
)


def runner(output):
    """The commands that GitHub's runner acts on, as (name, properties, message); the rest is only shown."""
    commands, stopped = [], None
    for line in output.splitlines():
        match = re.match(r"\s*::([\w-]+)(?: (.*?))?::(.*)$", line)
        if stopped is not None:
            stopped = None if line.strip() == f"::{stopped}::" else stopped
        elif match and match[1] == "stop-commands":
            stopped = match[3]
        elif match:
            pairs = [pair.split("=", 1) for pair in (match[2] or "").split(",") if pair]
            commands.append((match[1], {key: decode(value) for key, value in pairs}, decode(match[3])))
        else:
            assert "##[" not in line
    assert stopped is None
    return commands


def decode(value):
    """Undo the escapes as the runner does."""
    for code, char in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        value = value.replace(code, char)
    return value


def test_a_failing_run():
    """The finding points at the user's file and line; a job's log has the message alone, which names both again."""
    assert runner(render_github(failing_run_report())) == [
        (
            "error",
            {
                "file": "batch_mean.py",
                "line": "11",
                "col": "36",
                "endLine": "11",
                "endColumn": "44",
                "title": "gradcheck: batch-mean (proved), grad_weight",
            },
            "batch_mean.py:11:36: batch-mean (proved), grad_weight: your grad_weight is exactly dE/dF divided by the "
            "batch size N = 2: on small integers, entry [0, 0, 0, 0] is 1044.5 where 2089 is right.\n"
            "mend it: Sum over the batch and do not divide: G already carries the factor of the loss.\n"
            "fails when: batch > 1\n"
            "Without it grad_weight is right on all 22 geometries.",
        )
    ]


@pytest.mark.parametrize(
    ("report", "level", "message"),
    [
        (sample_run_report(), "notice", f"{headline(sample_run_report())}\n{sample_run_report().answer}"),
        (
            inconclusive_run_report(),
            "warning",
            f"{headline(inconclusive_run_report())}\n{inconclusive_run_report().answer}",
        ),
        (failing_run_report(findings=()), "error", f"{headline(failing_run_report())}\n{failing_run_report().answer}"),
        (sample_verify_report(), "notice", "PASS: gradcheck verify, 1 target: 1 right"),
    ],
)
def test_without_findings(report, level, message):
    """There is always one annotation; its level and its title are the verdict's, and nothing is said twice."""
    commands = runner(render_github(report))

    assert commands[0][1]["title"] == f"gradcheck: {report.verdict}"

    assert [(name, text) for name, _, text in commands] == [(level, message)]


def test_verify():
    """Each finding is on its own file; a target that could not be loaded is an error with the reason."""
    commands = runner(render_github(failing_verify_report()))

    assert [(name, properties["file"], properties.get("line")) for name, properties, _ in commands] == [
        ("error", "batch_mean.py", "11"),
        ("error", "raising.py", "8"),
        ("error", "needs_tensorflow.py", "4"),
    ]


def test_what_is_said_of_several_gradients_alike_is_one_annotation():
    """Ten of a step are shown: five for one lost path would push other mistakes out."""
    found = [Finding("path-missing", name, "proved", f"grad_{name} lacks `var`.", "Add it.") for name in ("x", "b")]
    commands = runner(render_github(sample_verify_report(targets=(failing_target(findings=tuple(found)),))))

    assert [("error", "gradcheck: path-missing (proved), grad_x, grad_b")] == [
        (name, properties["title"]) for name, properties, _ in commands[:-1]
    ]
    assert "grad_x lacks `var`. The same holds for grad_b.\nmend it: Add it." in commands[0][2]


def test_a_finding_without_a_line_points_at_the_function():
    """GitHub puts an annotation on line 1 otherwise."""
    target = failing_target()
    finding = target.findings[0].__class__(**{**vars(target.findings[0]), "line": None})
    commands = runner(render_github(sample_verify_report(targets=(failing_target(findings=(finding,)),))))

    assert commands[0][1]["line"] == "4"


def test_paths_begin_at_the_current_folder(tmp_path, monkeypatch):
    """GitHub places an annotation by the path inside the repository, where the step runs."""
    monkeypatch.chdir(tmp_path)
    files = (str(tmp_path / "sub" / "a.py"), str(tmp_path.parent / "a.py"), "b.py")
    targets = tuple(failing_target(file=file) for file in files)
    commands = runner(render_github(sample_verify_report(verdict=Verdict.FAIL, targets=targets)))

    assert [properties["file"] for _, properties, _ in commands] == ["sub/a.py", files[1], "b.py"]


@pytest.mark.parametrize("make", [evil_run_report, evil_verify_report])
def test_hostile_text_is_no_command(make):
    """Names and output that look like commands are shown or escaped, never acted on."""
    output = render_github(make())
    commands = runner(output)

    assert {name for name, _, _ in commands} <= {"error", "warning"}
    assert all({"file", "title"} <= set(properties) <= {"file", "line", "title"} for _, properties, _ in commands)
    assert "::error::{{7*7}}" in output.replace("\\r", "")


def test_what_looks_like_an_escape_is_escaped():
    """The runner would make a line break of it."""
    output = render_github(sample_verify_report(targets=(failing_target(file="a%0A.py"),), verdict=Verdict.FAIL))

    assert "file=a%250A.py," in output


@given(st.text(st.characters(exclude_categories=())))
def test_output_stays_fenced(text):
    """Whatever the user's code prints, the runner acts on our own annotations only."""
    target = sample_target(output=f"\n::error::{text}\n{text}\n::stop-commands::x\n##[error]y", file=text, target=text)
    commands = runner(render_github(sample_verify_report(targets=(target,))))

    assert [name for name, _, _ in commands] == ["notice"]


def test_the_fence_is_the_texts_own():
    """Another output has another token, so no run's log ends the fence of another."""
    tokens = {re.search("::stop-commands::(.*)", render_github(make()))[1] for make in VERIFY_SAMPLES.values()}

    assert len(tokens) == len(VERIFY_SAMPLES)


@pytest.mark.parametrize(("amount", "shown", "more"), [(10, 10, None), (11, 10, "2 more"), (100, 10, "91 more")])
def test_the_limit_of_annotations(amount, shown, more):
    """GitHub drops the eleventh silently; here the tenth says how many there are."""
    targets = tuple(failing_target(target=f"{number}.py:f") for number in range(amount))
    commands = runner(render_github(sample_verify_report(targets=targets, verdict=Verdict.FAIL)))

    assert len(commands) == shown
    assert commands[-1][2].startswith(f"{more}: GitHub shows 10 per step. The step's log has") is (more is not None)


def test_each_wrong_file_comes_before_the_second_mistake_of_another():
    """Of thirty submissions five had an annotation, as each has two gradients."""
    found = tuple(Finding(f"mistake-{n}", "weight", "proved", f"wrong {n}.", "Mend it.") for n in range(3))
    targets = tuple(failing_target(file=f"{n}.py", findings=found) for n in range(9))
    commands = runner(render_github(sample_verify_report(targets=targets, verdict=Verdict.FAIL)))

    assert [properties.get("file") for _, properties, _ in commands] == [*(f"{n}.py" for n in range(9)), None]
    assert commands[-1][2].startswith("18 more: ")


def test_a_long_message_ends_with_a_sign():
    """The runner cuts at 4096 without a word."""
    message = runner(render_github(sample_verify_report(verdict=Verdict.FAIL, targets=(_long_winded(),))))[0][2]

    assert len(message) == 4000
    assert message.endswith("x ...")


def _long_winded():
    return failing_target(findings=(Finding("unexplained", "weight", "probable", "x" * 9000, "Mend it."),))


def test_a_step_in_a_folder_of_the_repository(tmp_path, monkeypatch):
    """With `working-directory` paths begin at the repository all the same."""
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "sub")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    targets = tuple(failing_target(file=file) for file in (str(tmp_path / "sub" / "a.py"), "b.py"))
    commands = runner(render_github(sample_verify_report(verdict=Verdict.FAIL, targets=targets)))

    assert [properties["file"] for _, properties, _ in commands] == ["sub/a.py", "sub/b.py"]


def test_summary_is_appended(tmp_path):
    """Other tools of the step keep what they wrote."""
    path = tmp_path / "summary.md"
    path.write_text("# before\n")
    append_summary(failing_run_report(), str(path))

    assert path.read_text("utf-8").startswith("# before\n## gradcheck: ❌ FAIL")
    assert "### Reproduce" in path.read_text("utf-8")


def test_summary_keeps_within_what_is_left(tmp_path, monkeypatch):
    """Over the limit GitHub shows nothing at all, so whole sections are cut, and at last the report itself."""
    monkeypatch.setattr(github, "SUMMARY_LIMIT", 3000)
    path = tmp_path / "summary.md"
    for _ in range(5):
        append_summary(failing_run_report(), str(path))
    content = path.read_text("utf-8")

    assert len(content.encode()) <= 3000
    assert "left out: too long for this place" in content


def test_summary_that_cannot_be_written(tmp_path):
    """One line with the path."""
    path = tmp_path / "none" / "summary.md"
    with pytest.raises(ReportError) as caught:
        append_summary(sample_run_report(), str(path))

    assert caught.value.text() == f"the step summary '{path}' cannot be written: No such file or directory." + (
        "\n  hint: GITHUB_STEP_SUMMARY names it; without that variable none is written"
    )
