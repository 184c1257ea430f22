"""`main`: exit codes and messages for everything that can happen."""

import errno
import gc
import io
import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor

import click
import pytest

from gradcheck_cli.cli import entry
from gradcheck_cli.cli.invocation import Invocation
from gradcheck_cli.model import Verdict
from gradcheck_cli.model.errors import DependencyError, ExitCode, TargetError
from helpers import gradcheck, gradcheck_process


@pytest.mark.parametrize(
    ("verdict", "code"),
    [(Verdict.PASS, 0), (Verdict.FAIL, 1), (Verdict.INCONCLUSIVE, 2), (Verdict.ERROR, 1)],
)
def test_exit_code_is_the_reports(experiment, reports, verdict, code):
    """The process ends with the exit code that the report carries."""
    experiment.report = reports.run(ExitCode(code), verdict)

    assert code == gradcheck("run", "x.jpg").exit_code


@pytest.mark.parametrize(("code", "expected"), [(0, 0), (1, 0), (2, 2), (3, 3)])
def test_exit_zero_turns_1_into_0_only(experiment, reports, code, expected):
    """--exit-zero hides a failed check and nothing else."""
    experiment.report = reports.run(ExitCode(code), Verdict.FAIL)

    assert expected == gradcheck("run", "--exit-zero", "x.jpg").exit_code


def test_user_error_is_exit_2_with_its_text(experiment):
    """What the user can mend is told on standard error, and standard output stays empty."""
    experiment.error = TargetError("mine.py has no backwrd.", facts={"similar": "backward"}, hint="mine.py:backward")

    result = gradcheck("run", "x.jpg")

    assert (2, "") == (result.exit_code, result.stdout)
    assert "Error: mine.py has no backwrd.\n  similar  backward\n  hint: mine.py:backward\n" == result.stderr


def test_dependency_error_is_exit_2(experiment):
    """A package that cannot be loaded is told like any other user error."""
    experiment.error = DependencyError("OpenCV cannot be loaded: libGL.so.1.", hint="apt-get install libgl1")

    result = gradcheck("run", "x.jpg")

    assert 2 == result.exit_code
    assert "Error: OpenCV cannot be loaded: libGL.so.1.\n  hint: apt-get install libgl1\n" == result.stderr


def test_crash_is_exit_3_in_one_line(experiment):
    """A bug of ours is one line without a traceback."""
    experiment.error = ZeroDivisionError("division\nby zero")

    result = gradcheck("run", "x.jpg")

    assert (3, "") == (result.exit_code, result.stdout)
    assert (
        "Error: a bug in gradcheck: ZeroDivisionError: division by zero"
        " (--debug shows the traceback; please report it)\n"
    ) == result.stderr


def test_debug_shows_the_traceback(experiment):
    """With --debug the traceback comes before the line."""
    experiment.error = ZeroDivisionError("division by zero")

    result = gradcheck("run", "--debug", "x.jpg")

    assert 3 == result.exit_code
    assert result.stderr.startswith("Traceback (most recent call last):\n")
    assert result.stderr.count("\nError: a bug in gradcheck: ZeroDivisionError: division by zero") == 1


def test_a_caller_keeps_its_interrupts():
    """Words that are handed over come from another program, which goes on."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        assert 0 == entry.main(["--version"])
        assert signal.default_int_handler is signal.getsignal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)


def test_another_thread_has_no_say_in_signals():
    """Python lets only the main thread set them; that is no error of the user's."""
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(entry.ignore_interrupts).result() is None


def test_interrupt_is_exit_130(experiment):
    """Ctrl-C is told in one word, not in a traceback."""
    experiment.error = KeyboardInterrupt()

    result = gradcheck("run", "x.jpg")

    assert (130, "", "Interrupted.\n") == (result.exit_code, result.stdout, result.stderr)


def test_too_little_memory_is_exit_2(experiment):
    """A MemoryError is the sizes' fault, so the user can mend it."""
    experiment.error = MemoryError()

    result = gradcheck("run", "x.jpg")

    assert 2 == result.exit_code
    assert (
        "Error: there is not enough memory.\n  hint: a smaller --size, --k or --out, or fewer pictures would do\n"
        == result.stderr
    )


def test_broken_pipe_inside_the_work_is_silent_and_no_pass(experiment):
    """A closed pipe that reaches the wrapper says nothing; what was to be checked has not been."""
    experiment.error = BrokenPipeError(32, "Broken pipe")

    result = gradcheck("run", "x.jpg")

    assert (2, "", "") == (result.exit_code, result.stdout, result.stderr)


@pytest.mark.parametrize("argv", [["--help"], ["run", "--help"], ["--version"], ["explain", "batch-mean"]])
def test_a_reader_that_leaves_before_help_ends_is_no_failure(argv, monkeypatch):
    """Help and explanations check nothing."""
    monkeypatch.setattr(sys, "stdout", ClosedPipe())

    assert 0 == entry.main(argv)


class ClosedPipe(io.StringIO):
    """A standard output whose reader has gone."""

    def write(self, text):
        raise BrokenPipeError(32, "Broken pipe")


def test_closed_pipe_keeps_the_verdict(experiment, reports, monkeypatch):
    """The exit code is the verdict's also when nobody reads the report."""
    experiment.report = reports.run(ExitCode.FAIL, Verdict.FAIL)
    monkeypatch.setattr(sys, "stdout", ClosedPipe())

    assert 1 == entry.main(["run", "--format", "json", "x.jpg"])


@pytest.mark.skipif(os.name != "posix", reason="the shell's pipes are told apart on POSIX only")
def test_closed_pipe_of_a_real_process_is_silent():
    """Nothing is said when the reader of a long help text goes away before it is written."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        result = _with_stdout(writing, "run", "--help")
    finally:
        os.close(writing)

    assert (0, "") == result


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full here")
def test_full_disk_behind_standard_output_is_exit_2():
    """Output that could not be written is never a success."""
    with open("/dev/full", "w") as full:
        result = _with_stdout(full.fileno(), "run", "--help")

    assert (2, "Error: standard output cannot be written: No space left on device.\n") == result


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EFBIG])
def test_a_full_disk_inside_the_work_is_exit_2(experiment, monkeypatch, number):
    """Standard output has no file name; what was already printed is dropped without a second error."""
    dropped = []
    monkeypatch.setattr(entry, "drop_stdout", lambda: dropped.append(True))
    experiment.error = OSError(number, "The disk is full")

    result = gradcheck("run", "x.jpg")

    assert (2, "Error: standard output cannot be written: The disk is full.\n") == (result.exit_code, result.stderr)
    assert [True] == dropped


@pytest.mark.parametrize(
    "error",
    [OSError(errno.ENOSPC, "The disk is full", "/some/file"), OSError(errno.EPERM, "Not permitted"), OSError("odd")],
)
def test_other_trouble_of_the_system_is_a_bug(experiment, error):
    """A file that we name must have been handled where it was opened."""
    experiment.error = error

    result = gradcheck("run", "x.jpg", "--debug")

    assert 3 == result.exit_code
    assert "Traceback" in result.stderr
    assert f"Error: a bug in gradcheck: {type(error).__name__}: {error} (--debug shows" in result.stderr


class FullDisk(io.StringIO):
    """A standard output that cannot be flushed."""

    def flush(self):
        raise OSError(errno.ENOSPC, "The disk is full")


@pytest.mark.parametrize(("code", "expected"), [(0, 2), (1, 1), (3, 3)])
def test_output_lost_at_the_end_is_no_success_and_hides_no_failure(monkeypatch, capsys, code, expected):
    """0 becomes 2, with the reason; another exit code stays."""
    dropped = []
    monkeypatch.setattr(entry, "drop_stdout", lambda: dropped.append(True))
    monkeypatch.setattr(sys, "stdout", FullDisk())

    assert expected == entry.flushed(code)
    told = "Error: standard output cannot be written: The disk is full.\n" if code == 0 else ""
    assert told == capsys.readouterr().err


def test_without_a_standard_output_the_exit_code_is_told_all_the_same(monkeypatch):
    """As under pythonw, or with the descriptor closed."""
    monkeypatch.setattr(sys, "stdout", None)

    assert 1 == entry.flushed(1)


def test_dropped_output_goes_nowhere_and_leaves_no_descriptor_open(monkeypatch, tmp_path):
    """What is still buffered is then written into the null device."""
    with open(tmp_path / "out", "w") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else None
        entry.drop_stdout()
        stream.write("text")
        stream.flush()
        after = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else None

    assert "" == (tmp_path / "out").read_text()
    assert before == after


def test_the_words_of_the_process_are_taken_by_default(monkeypatch, capsys):
    """All but the program's name; then all is said: Ctrl-C changes nothing, and no garbage is looked for any more."""
    monkeypatch.setattr(sys, "argv", ["gradcheck", "explain", "--nonsense"])

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        assert 2 == entry.main()
        assert signal.SIG_IGN is signal.getsignal(signal.SIGINT)
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()
        signal.signal(signal.SIGINT, before)
    assert "Error: No such option '--nonsense'.\n  see:  gradcheck explain --help\n" == capsys.readouterr().err


def test_a_usage_error_points_to_the_help_of_its_own_command():
    """Click tells the command where it knows it; else it is the whole program's help."""
    elsewhere = click.Context(click.Command("other"), info_name="elsewhere")

    assert "Odd.\n  see:  elsewhere --help" == entry.usage_text(click.UsageError("Odd.", elsewhere), Invocation())
    assert "Odd.\n  see:  gradcheck --help" == entry.usage_text(click.UsageError("Odd."), Invocation())
    assert "Odd.\n  see:  gradcheck --help" == entry.usage_text(click.ClickException("Odd."), Invocation())


def test_odd_characters_are_escaped_in_every_stream(monkeypatch):
    """A terminal of another encoding gets backslashes, not an error."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    entry.tolerate_odd_characters()
    stream.write("é\udcff")
    stream.flush()

    assert b"\\xe9\\udcff" == stream.buffer.getvalue()


def test_a_long_bug_is_cut(experiment):
    """300 characters are enough to know it again."""
    experiment.error = ValueError("x" * 1000)

    assert f"bug in gradcheck: ValueError: {'x' * 288} (--debug" in gradcheck("run", "x.jpg").stderr


def _with_stdout(descriptor, *argv):
    import subprocess

    from helpers import ROOT

    done = subprocess.run(
        [sys.executable, "-m", "gradcheck_cli", *argv],
        stdout=descriptor,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    return done.returncode, done.stderr.decode()


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["rnu"], "Error: No such command 'rnu'. Did you mean 'run'?\n  see:  gradcheck --help\n"),
        (["run"], "Error: Missing argument 'IMAGE|FOLDER...'.\n  see:  gradcheck run --help\n"),
        (["verify"], "Error: Missing argument 'FILE.py:NAME...'.\n  see:  gradcheck verify --help\n"),
        (
            ["run", "--inn", "3", "x"],
            "Error: No such option '--inn'. Did you mean '--in'?\n  see:  gradcheck run --help\n",
        ),
        (["run", "x", "--out"], "Error: Option '--out' requires an argument.\n  see:  gradcheck run --help\n"),
        (
            ["run", "x", "--format", "jsn"],
            "Error: Invalid value for '--format': 'jsn' is not one of 'text', 'json', 'github'.\n"
            "  see:  gradcheck run --help\n",
        ),
        (
            ["run", "x", "-q", "-v"],
            "Error: --quiet and --verbose cannot be given together.\n  see:  gradcheck run --help\n",
        ),
    ],
)
def test_usage_errors(argv, message):
    """A slip on the command line is exit 2 and at most six lines, with what was probably meant."""
    result = gradcheck(*argv)

    assert (2, "", message) == (result.exit_code, result.stdout, result.stderr)


def test_no_command_shows_the_help_on_stderr():
    """`gradcheck` alone did not check anything, so it is exit 2."""
    result = gradcheck()

    assert (2, "") == (result.exit_code, result.stdout)
    assert result.stderr.startswith("Usage: gradcheck [OPTIONS] [COMMAND] [ARGS]...\n")


def test_a_group_without_its_command_does_the_same():
    """`gradcheck sweep` shows what it has; that is no error message."""
    result = gradcheck("sweep")

    assert (2, "") == (result.exit_code, result.stdout)
    assert result.stderr.startswith("Usage: gradcheck sweep [OPTIONS] [COMMAND] [ARGS]...\n")


@pytest.mark.parametrize("argv", [["--help"], ["-h"], ["run", "--help"], ["verify", "-h"], ["explain", "--help"]])
def test_help_is_exit_0_on_stdout(argv):
    """Help that was asked for is a result."""
    result = gradcheck(*argv)

    assert (0, "") == (result.exit_code, result.stderr)
    assert result.stdout.startswith("Usage: gradcheck")


def test_version():
    """--version names the program and its version."""
    import gradcheck_cli

    result = gradcheck("--version")

    assert (0, f"gradcheck {gradcheck_cli.__version__}\n", "") == (result.exit_code, result.stdout, result.stderr)


def test_odd_file_name_in_a_message_is_harmless(experiment):
    """Control characters and bytes that are no UTF-8 are shown as escapes, and nothing crashes."""
    experiment.error = TargetError("cannot read a\x1b[31m\udcff.py: no.")

    result = gradcheck("run", "x.jpg")

    assert (2, "Error: cannot read a\\x1b[31m\\xff.py: no.\n") == (result.exit_code, result.stderr)


def test_long_messages_are_cut(experiment):
    """A message never has more than six lines, nor endless ones."""
    experiment.error = TargetError("\n".join(["x" * 1000] * 20))

    lines = gradcheck("run", "x.jpg").stderr.splitlines()

    assert 6 == len(lines)
    assert 400 == max(map(len, lines))


def test_the_process_gives_what_the_wrapper_gives():
    """`python -m gradcheck_cli` and `main` agree on messages and exit codes."""
    argv = ("run", "x.jpg", "--in", "4")

    assert gradcheck(*argv) == gradcheck_process(*argv)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_script(shell):
    """The script for the shell's completion can be printed."""
    result = gradcheck(env={"_GRADCHECK_COMPLETE": f"{shell}_source"})

    assert 0 == result.exit_code
    assert "_GRADCHECK_COMPLETE" in result.stdout


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("gradcheck ru", ["plain,run"]),
        ("gradcheck run --dt", ["plain,--dtype"]),
        ("gradcheck run --dtype fl", ["plain,float32", "plain,float64", "plain,float16"]),
        ("gradcheck run --report js", ["plain,json="]),
        ("gradcheck run --report json=o", ["file,json=o"]),
    ],
)
def test_completion(typed, expected):
    """TAB offers commands, options, choices and report formats."""
    words = typed.split()
    env = {"_GRADCHECK_COMPLETE": "bash_complete", "COMP_WORDS": typed, "COMP_CWORD": str(len(words) - 1)}

    assert expected == gradcheck(env=env).stdout.splitlines()


def test_completion_survives_a_broken_configuration(tmp_path):
    """A pyproject.toml that is wrong must not break the shell's TAB."""
    (tmp_path / "pyproject.toml").write_text("[tool.gradcheck]\nseedd = 3\n")
    env = {"_GRADCHECK_COMPLETE": "bash_complete", "COMP_WORDS": "gradcheck run --dt", "COMP_CWORD": "2"}

    assert "plain,--dtype\n" == gradcheck(env=env).stdout
