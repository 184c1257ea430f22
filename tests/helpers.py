"""The two ways in which tests run the program: in this process, and as a user's shell would."""

import contextlib
import io
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "images"
# Seconds that a test waits for something that comes: long enough for a machine that does much else at the same time.
PATIENCE = 60.0
# A user's file with a right backward of a plain layer, to which a test adds what is the matter.
RIGHT = """
import numpy as np

def right(x, w, dout):
    kh, kw = w.shape[2:]
    dw, dx = np.zeros_like(w), np.zeros_like(x)
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            dw += np.einsum("no,ncuv->ocuv", dout[:, :, i, j], x[:, :, i:i + kh, j:j + kw])
            dx[:, :, i:i + kh, j:j + kw] += np.einsum("no,ocuv->ncuv", dout[:, :, i, j], w)
    return dx, dw, dout.sum(axis=(0, 2, 3))
"""


@dataclass(frozen=True)
class Result:
    """What one run of `gradcheck` did."""

    exit_code: int
    stdout: str
    stderr: str

    def json(self):
        """Standard output as the one JSON document that it must be."""
        return json.loads(self.stdout, parse_constant=_refuse_constant)


def _refuse_constant(name):
    raise AssertionError(f"{name} is not JSON")


def gradcheck(*argv, env=None, stdin=b""):
    """Run `gradcheck ARGV...` in this process, through the same wrapper as the console script.

    `env` is added to the environment; a value of None removes the variable.
    """
    from gradcheck_cli.cli import main

    stdout, stderr = _stream(), _stream()
    streams = {"stdout": stdout, "stderr": stderr, "stdin": _stream(stdin)}
    with mock.patch.multiple(sys, **streams), _environment(env or {}):
        exit_code = main([os.fspath(argument) for argument in argv])
    return Result(int(exit_code), _text(stdout), _text(stderr))


def gradcheck_process(*argv, env=None, stdin=b"", cwd=None, timeout=120):
    """Run `python -m gradcheck_cli ARGV...` as a process of its own."""
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    variables.update(env or {})
    done = subprocess.run(
        [sys.executable, "-m", "gradcheck_cli", *map(os.fspath, argv)],
        input=stdin,
        capture_output=True,
        env={name: value for name, value in variables.items() if value is not None},
        cwd=cwd,
        timeout=timeout,
        check=False,
    )
    decode = {"encoding": "utf-8", "errors": "backslashreplace"}
    return Result(done.returncode, done.stdout.decode(**decode), done.stderr.decode(**decode))


def verified(folder, text, name="", file="own.py", **options):
    """What `verify` reports of a file with this text, or of one function or class in it."""
    from gradcheck_cli import verify

    path = folder / file
    path.write_text(text, encoding="utf-8")
    return verify(f"{path}:{name}" if name else str(path), **options)


def soon(holds, seconds=PATIENCE):
    """Whether it holds within that time; the wait ends as soon as it does."""
    end = time.monotonic() + seconds
    while not (held := holds()) and time.monotonic() < end:
        time.sleep(0.02)
    return held


def asked_within(worker, case, seconds):
    """The outcome of one call that has so many seconds. A busy machine may take a minute to load the target."""
    worker.describe()
    with mock.patch.object(worker, "limits", replace(worker.limits, timeout=seconds)):
        return worker.backward(case)


def _stream(content=b""):
    return io.TextIOWrapper(io.BytesIO(content), encoding="utf-8", newline="")


def _text(stream):
    stream.flush()
    return stream.buffer.getvalue().decode()


@contextlib.contextmanager
def _environment(changes):
    with mock.patch.dict(os.environ):
        for name, value in changes.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        yield
