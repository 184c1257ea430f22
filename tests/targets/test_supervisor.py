"""Nothing that the code under test starts outlives its worker, however it is detached and however the worker ends."""

import subprocess
import sys
import uuid

import pytest
from stress.faults import ESCAPES, command, ending_marked, environment, marked, orphans

from gradcheck_cli.model import ConvSpec
from gradcheck_cli.targets import Worker, WorkerLimits, resolve
from gradcheck_cli.targets.conventions.probes import integer_case
from gradcheck_cli.targets.nursery import RECORDS, close_all, nursery
from helpers import PATIENCE, RIGHT, asked_within, soon

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere only the worker's process group is ended")

HEAD = (
    RIGHT
    + """
import os, signal, subprocess, sys, time

def to_supervisor(sign):
    assert "gc-supervisor" in open(f"/proc/{os.getppid()}/comm").read()
    os.kill(os.getppid(), sign)
"""
    + ESCAPES
)
LARGE = ConvSpec(2, 2, 3, 16, 15, (5, 5))
DETACHED = {
    "a session": "subprocess.Popen(['sleep', '600'], start_new_session=True)",
    "a daemon": "daemon()",
    "a session without our environment": "subprocess.Popen(UNMARKED, start_new_session=True, env={})",
    "a daemon without our environment": "daemon(lambda: os.execve(sys.executable, UNMARKED, {}))",
    "one that is replaced when it dies": "daemon(replace_the_dead)",
    "a tree of sessions": "daemon(fork_apart)",
    "one that is stopped": "daemon(lambda: os.kill(os.getpid(), signal.SIGSTOP))",
}
LIMIT = 3.0
OVER = ("timeout", "no answer within 3 s")
ENDS = {
    "while True: pass": OVER,
    "os._exit(5)": ("exited", "the code ended the process (exit status 5)"),
    "os.kill(os.getpid(), signal.SIGKILL)": ("crashed", "the process was ended by SIGKILL"),
    "os.killpg(0, signal.SIGTERM)": ("crashed", "the process was ended by SIGTERM"),
    "to_supervisor(signal.SIGSTOP); time.sleep(600)": OVER,
    "to_supervisor(signal.SIGTERM); os._exit(5)": ("exited", "the code ended the process (exit status 5)"),
}


@pytest.fixture
def mark(monkeypatch):
    """The mark of all processes that a worker of this test starts; they are ended with the test.

    Only what a process was started with is seen from outside, so what workers are forked from carries it too.
    """
    with ending_marked(uuid.uuid4().hex) as mark:
        monkeypatch.setenv("STRESS_MARK", mark)
        close_all()
        yield mark
        close_all()


def left(mark):
    """What carries the mark, but for the nurseries, which are ours: numbers and command lines."""
    ours = {nursery(modules).number for modules in ((), RECORDS)}
    return {number: words for number, words in marked(mark).items() if number not in ours}


def target(folder, *statements):
    """A target that executes the statements on one size of kernel only, with which it is not recognised."""
    lines = ["if w.shape[2] == 5:", *(f"    {line}" for line in statements), "return right(x, w, dout)"]
    file = folder / "user.py"
    file.write_text(HEAD + "\n    ".join(["def backward(x, w, dout):", *lines]) + "\n")
    return f"{file}:backward"


def worker(folder, *statements):
    """A worker for that target."""
    return Worker(resolve([target(folder, *statements)])[0], WorkerLimits(timeout=PATIENCE))


def ended(folder, *statements, limit=PATIENCE):
    """How a worker ends that executes the statements in a call of at most `limit` seconds: kind, sentence."""
    with worker(folder, *statements) as asked:
        outcome = asked_within(asked, integer_case(LARGE), limit)
    return outcome.error_kind, outcome.error


@pytest.mark.parametrize("start", DETACHED.values(), ids=DETACHED)
def test_what_detached_itself_ends_with_the_worker(tmp_path, mark, start):
    """It lives as long as the worker, and is gone when the worker is closed, without any waiting."""
    with worker(tmp_path, start) as asked:
        error = asked.backward(integer_case(LARGE)).error
        living = len(left(mark))

    assert ("", {}) == (error, left(mark))
    assert living > len(("supervisor", "worker"))


@pytest.mark.parametrize("end", ENDS)
def test_what_detached_itself_ends_however_the_worker_ends(tmp_path, mark, end):
    """By the time limit, by itself, by a signal, after one to the supervisor: nothing is left when it is told."""
    limit = LIMIT if ENDS[end] is OVER else PATIENCE

    assert ENDS[end] == ended(tmp_path, "daemon()", end, limit=limit)
    assert {} == left(mark)


def test_code_that_becomes_a_daemon_has_ended_its_process(tmp_path, mark):
    """It is not waited for until the time limit."""
    assert ("exited", "the code ended the process (exit status 0)") == ended(tmp_path, "become_a_daemon()")
    assert {} == left(mark)


def test_code_that_kills_the_supervisor_ends_its_worker_too(tmp_path, mark):
    """The worker never goes on unwatched."""
    killed = ended(tmp_path, "to_supervisor(signal.SIGKILL)", "time.sleep(600)")

    assert ("crashed", "the process was ended by SIGKILL") == killed
    assert soon(lambda: not left(mark))


def test_a_detached_process_that_ends_is_no_zombie(tmp_path, mark):
    """It is reaped while the worker goes on."""
    number = repr(str(tmp_path / "number"))
    waiting = (
        f"daemon(lambda: open({number}, 'w').write(str(os.getpid())))",
        f"while not (os.path.exists({number}) and open({number}).read()): time.sleep(0.01)",
        f"while os.path.exists('/proc/' + open({number}).read()): time.sleep(0.01)",
    )
    assert ("", "") == ended(tmp_path, *waiting)


def test_a_process_that_the_worker_did_not_start_is_left_alone(tmp_path, mark):
    """Not even one with the same environment and the same parent as the supervisor."""
    bystander = subprocess.Popen(["sleep", "600"])
    try:
        ended(tmp_path, "daemon()", "os._exit(0)")
        assert [bystander.pid] == list(left(mark))
    finally:
        bystander.kill()
        bystander.wait()


def test_what_detached_itself_ends_when_gradcheck_is_killed(tmp_path):
    """Also while the code under test is in an endless loop."""
    started = tmp_path / "started"
    arguments = ("verify", target(tmp_path, "daemon()", f"open({str(started)!r}, 'w')", "while True: pass"))
    with ending_marked(uuid.uuid4().hex) as mark:
        process = subprocess.Popen(command(*arguments), env=environment(mark, tmp_path), stdout=subprocess.DEVNULL)
        assert soon(started.exists)
        process.kill()
        process.wait()

        assert [] == orphans(mark)
