"""What must hold whatever happens to the process or in the user's code; the long version runs in `make stress`."""

import json
import os
import signal
import subprocess
import sys
import time
import uuid

import pytest
from stress.faults import (
    COFFEE,
    HARMLESS,
    SMALL,
    TRICKS,
    WRITER,
    command,
    ending_marked,
    environment,
    files_of,
    interrupted,
    orphans,
    target_file,
    with_small_files,
)

from helpers import ROOT, gradcheck_process

LONG = pytest.mark.stress


def killed_while_writing(folder, delay):
    """The report that a process leaves which is killed `delay` seconds after it began to write for the second time."""
    path = folder / "report.json"
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])}
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], env=variables, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
    return path


@pytest.mark.parametrize("delay", [0.01, *(pytest.param(at / 500, marks=LONG) for at in range(30))])
def test_a_killed_writer_leaves_the_old_report_or_the_new_one(tmp_path, delay):
    """Never half of one: the file is always one whole document."""
    note = json.loads(killed_while_writing(tmp_path, delay).read_text())["notes"][0]

    assert note in ("a" * 3_000_000, "b" * 3_000_000)
    assert all(name == "report.json" or name.startswith(".gradcheck-") for name in files_of(tmp_path))


@pytest.mark.parametrize("limit", [pytest.param(0, marks=LONG), 1000])
def test_a_full_disk_is_told_in_one_line_and_the_old_report_stays(tmp_path, limit):
    """The error comes from the system itself; the verdict is still on standard output."""
    old = tmp_path / "report.json"
    old.write_text("old")
    done = subprocess.run(
        command(*SMALL, "--report", f"json={old}"),
        env=environment("none", tmp_path),
        capture_output=True,
        text=True,
        preexec_fn=with_small_files(limit),
        timeout=120,
        check=False,
    )

    hint = "  hint: a file in another folder; an old report of this name still stands as it was\n"
    assert 2 == done.returncode
    assert f"Error: the json report '{old}' cannot be written: File too large.\n{hint}" == done.stderr
    assert "right." in done.stdout
    assert "old" == old.read_text()
    assert ["report.json"] == files_of(tmp_path)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
@pytest.mark.parametrize(
    "arguments", [("--help",), ("explain", "batch-mean"), pytest.param((*SMALL, "--format", "json"), marks=LONG)]
)
def test_a_full_disk_behind_standard_output_is_told_in_one_line(arguments):
    """The result is lost, so the exit code is not 0, and nothing is said twice."""
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            command(*arguments), cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )

    assert (2, "Error: standard output cannot be written: No space left on device.\n") == (done.returncode, done.stderr)


@pytest.mark.parametrize("format_", ["text", *(pytest.param(name, marks=LONG) for name in ("json", "github"))])
def test_a_closed_pipe_is_silent_and_the_report_is_still_written(tmp_path, format_):
    """As with `| head -1`: the verdict's exit code, nothing on standard error, the file there and whole."""
    path = tmp_path / "report.json"
    words = command(*SMALL, "--format", format_, "--report", f"json={path}")
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        stderr = process.stderr.read()
        code = process.wait(timeout=120)

    assert (0, b"") == (code, stderr)
    assert "pass" == json.loads(path.read_text())["verdict"]


@pytest.mark.parametrize("delay", [1.0, 4.0, *(pytest.param(0.3 + at / 5, marks=LONG) for at in range(30))])
def test_ctrl_c_leaves_nothing_behind(tmp_path, delay):
    """Exit code 130, at most one line, no process, no file, while a target is loaded or at work."""
    target = f"{target_file(tmp_path)}:ignores_sigterm"
    ended = interrupted(tmp_path, ("verify", target, "--timeout", "60", "--report", "json=report.json"), delay)

    assert 130 == ended.code
    assert ended.stderr in ("", "Interrupted.\n")
    assert "" == ended.stdout
    assert ([], []) == (ended.orphans, ended.files)
    assert ["tricks.py"] == [name for name in files_of(tmp_path) if "__pycache__" not in name]


@pytest.mark.parametrize("delay", [4.0, *(pytest.param(0.3 + at / 4, marks=LONG) for at in range(20))])
def test_ctrl_c_during_a_run(tmp_path, delay):
    """The same for `gradcheck run`, which works in threads and tells the price of a long run before it starts."""
    ended = interrupted(tmp_path, ("run", COFFEE, "--seeds", "20"), delay)
    told = [line for line in ended.stderr.splitlines() if not line.startswith("this run: ")]

    assert (130, "", [], []) == (ended.code, ended.stdout, ended.orphans, ended.files)
    assert told in ([], ["Interrupted."])


def test_targets_that_misbehave_do_not_touch_the_others(tmp_path):
    """Each is judged apart, standard output is one JSON document, and no process stays."""
    file, names = target_file(tmp_path), ["right", *TRICKS, "prints"]
    with ending_marked(uuid.uuid4().hex) as mark:
        done = gradcheck_process(
            *("verify", "--format", "json", "--timeout", "6", "--jobs", "2"),
            *(f"{file}:{name}" for name in names),
            env=environment(mark, tmp_path),
            timeout=300,
        )
        left = orphans(mark)

    report = done.json()
    verdicts = {target["target"].rpartition(":")[2]: target["verdict"] for target in report["targets"]}
    good = ("right", "prints", *HARMLESS)
    assert names == list(verdicts)
    assert dict.fromkeys(good, "pass") == {name: verdicts[name] for name in good}
    assert {"fail"} == {verdicts[name] for name in TRICKS if name not in HARMLESS}
    assert (1, 1, "") == (done.exit_code, report["exit_code"], done.stderr)
    assert [] == left
