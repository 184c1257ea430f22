"""What befalls a program from outside: signals, full disks, closed pipes, and targets that misbehave. No test here."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

from helpers import IMAGES, PATIENCE, ROOT, soon

# What targets call to start processes that leave the worker's session; for files that import os, subprocess, sys, time.
ESCAPES = """
UNMARKED = [sys.executable, "-c", "import time; time.sleep(600)", os.environ.get("STRESS_MARK", "")]

def daemon(work=lambda: time.sleep(600)):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            work()
        os._exit(0)
    os.wait()

def become_a_daemon():
    if os.fork():
        os._exit(0)
    os.setsid()
    time.sleep(600)

def replace_the_dead():
    while True:
        if os.fork() == 0:
            os.setsid()
            time.sleep(600)
        os.wait()

def fork_apart(generations=4):
    for _ in range(generations):
        if os.fork() == 0:
            os.setsid()
    time.sleep(600)
"""
COFFEE = str(IMAGES / "coffee.jpg")
SMALL = ("run", "--size", "16", "--k", "3", COFFEE)
RIGHT = (
    """
import ctypes, os, signal, subprocess, sys, time
import numpy as np

def right(x, weight, grad_output, stride=1, padding=0):
    height, width = x.shape[2:]
    kh, kw = weight.shape[2:]
    xp = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    dxp, dw = np.zeros_like(xp), np.zeros_like(weight)
    for p in range(grad_output.shape[2]):
        for q in range(grad_output.shape[3]):
            rows, columns = slice(stride * p, stride * p + kh), slice(stride * q, stride * q + kw)
            dw += np.einsum("no,nihw->oihw", grad_output[:, :, p, q], xp[:, :, rows, columns])
            dxp[:, :, rows, columns] += np.einsum("no,oihw->nihw", grad_output[:, :, p, q], weight)
    dx = dxp[:, :, padding : padding + height, padding : padding + width]
    return dx, dw, grad_output.sum(axis=(0, 2, 3))
"""
    + ESCAPES
)
# Name -> what it does on the geometry with a kernel of 5, and on no other.
TRICKS = {
    "leaves_a_child": "subprocess.Popen(['sleep', '600'])",
    "leaves_a_fork": "os.fork() or time.sleep(600)",
    "leaves_a_session": "subprocess.Popen(['sleep', '600'], start_new_session=True)",
    "leaves_a_daemon": "daemon()",
    "leaves_an_unmarked_session": "subprocess.Popen(UNMARKED, start_new_session=True, env={})",
    "leaves_what_is_replaced": "daemon(replace_the_dead)",
    "leaves_a_fork_loop": "daemon(fork_apart)",
    "eats_memory": "kept = [np.empty(2**27) for _ in range(64)]",
    "ignores_sigterm": "[signal.signal(number, signal.SIG_IGN) for number in (15, 2, 1)] and time.sleep(600)",
    "becomes_a_daemon": "become_a_daemon()",
    "leaves_a_daemon_and_loops": "\n        daemon()\n        while True: pass",
    "exits": "os._exit(0)",
    "exits_politely": "sys.exit(0)",
    "loops": "\n        while True: pass",
    "stops_itself": "os.kill(os.getpid(), signal.SIGSTOP)",
    "kills_itself": "os.kill(os.getpid(), signal.SIGKILL)",
    "closes_everything": "os.closerange(3, 256)",
}
# These do harm and then give the right gradients: leaving a process behind is no wrong gradient.
HARMLESS = (
    *("leaves_a_child", "leaves_a_fork", "leaves_a_session", "leaves_a_daemon", "leaves_an_unmarked_session"),
    *("leaves_what_is_replaced", "leaves_a_fork_loop"),
)
PRINTS = (
    "print('print')",
    "os.write(1, b'{\"one\": 1}\\n')",
    "os.write(2, b'two\\n')",
    "os.system('echo three; echo four >&2')",
    "sys.__stdout__.write('five\\n')",
)


@dataclass(frozen=True)
class Ended:
    """How a process ended, and what it left behind."""

    code: int
    stdout: str
    stderr: str
    orphans: list[str]
    files: list[str]


def target_file(folder: Path) -> Path:
    """A file with a right function, one that prints in every way, and one for each trick."""
    parts = [RIGHT, _function("prints", "; ".join(PRINTS))]
    parts += [_function(name, f"if weight.shape[2] == 5: {trick}") for name, trick in TRICKS.items()]
    file = folder / "tricks.py"
    file.write_text("\n".join(parts))
    return file


def _function(name, first_line):
    head = f"def {name}(x, weight, grad_output, stride=1, padding=0):"
    return f"\n{head}\n    {first_line}\n    return right(x, weight, grad_output, stride, padding)\n"


def command(*arguments):
    """The words of a gradcheck process."""
    return [sys.executable, "-m", "gradcheck_cli", *map(str, arguments)]


def environment(mark, scratch):
    """Variables of a process that can be found again by its mark, with a folder for temporary files of its own."""
    paths = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    return {
        **os.environ,
        "PYTHONPATH": paths,
        "STRESS_MARK": mark,
        "TMPDIR": str(scratch),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


# Says that Python itself has started, which is the system's matter, and goes on as `python -m gradcheck_cli` does.
STARTED = """
import pathlib, sys
pathlib.Path(sys.argv.pop(1)).touch()
from gradcheck_cli.cli import main
sys.exit(main())
"""


def hear_interrupts():
    """For a process that shall: a shell lets what it starts in the background ignore them, and so all that starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def interrupted(folder, arguments, delay, number=signal.SIGINT) -> Ended:
    """The process that is sent a signal `delay` seconds after it began (nothing more once it has ended)."""
    mark, scratch, began = uuid.uuid4().hex, folder / "scratch", folder / "began"
    scratch.mkdir(exist_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-c", STARTED, str(began), *arguments],
        cwd=folder,
        env=environment(mark, scratch),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hear_interrupts,
    )
    with process, ending_marked(mark):
        soon(began.exists)
        began.unlink()
        try:
            process.wait(timeout=delay)
        except subprocess.TimeoutExpired:
            process.send_signal(number)
        stdout, stderr = process.communicate(timeout=PATIENCE)
        return Ended(process.returncode, stdout, stderr, orphans(mark), files_of(scratch))


def orphans(mark) -> list[str]:
    """Command lines of the processes that still carry the mark, given time to end."""
    soon(lambda: not marked(mark))
    return list(marked(mark).values())


@contextlib.contextmanager
def ending_marked(mark):
    """In the end, kill what carries the mark until nothing does."""
    try:
        yield mark
    finally:
        while found := marked(mark):
            for number in found:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(number, signal.SIGKILL)
            time.sleep(0.01)


def marked(mark) -> dict[int, str]:
    """Numbers and command lines of the living processes that carry the mark, in their environment or as an argument."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes()
            carried = words + (process / "environ").read_bytes()
            if mark.encode() in carried and "Z" not in _state(process):
                found[int(process.name)] = words.replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
    return found


def _state(process):
    return (process / "stat").read_text().rpartition(")")[2].split()[0]


def files_of(folder) -> list[str]:
    """Names of the files in a folder and below."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def with_small_files(limit):
    """What a child does before it starts: no file may grow beyond `limit` bytes, as on a full disk."""

    def before():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return before


WRITER = """
import sys
from dataclasses import replace
from report.samples import sample_run_report as sample
from gradcheck_cli.report import write_report
path = sys.argv[1]
versions = [replace(sample(), notes=(letter * 3_000_000,)) for letter in "ab"]
write_report(versions[0], "json", path)
print("ready", flush=True)
while True:
    for version in reversed(versions):
        write_report(version, "json", path)
"""
