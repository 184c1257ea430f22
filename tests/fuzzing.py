"""One generated target file, verified as a user would, and what is then not as it must be."""

from __future__ import annotations

import os
import time
from pathlib import Path

from gradcheck_cli.targets.nursery import nursery
from helpers import gradcheck, soon

FILE = "target.py"
MARK = "FUZZED_TARGET"


def verify(content, timeout=3):
    """`gradcheck verify` of a file with this content, in the current folder, which holds nothing else."""
    Path(FILE).write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    mark = f"{os.getpid()}-{time.monotonic_ns()}"
    result = gradcheck("verify", f"{FILE}:backward", "--timeout", str(timeout), env={MARK: mark})
    return result, mark


def wrong(result, mark):
    """What is not as it must be, in words; empty where all is well."""
    found = [f"exit code {result.exit_code}"] if result.exit_code not in (0, 1, 2) else []
    found += [f"{result.stderr.count(chr(10))} lines of messages"] if result.stderr.count("\n") > 6 else []
    found += ["traceback"] if "Traceback" in result.stdout + result.stderr else []
    found += ["silent"] if not result.stdout and not result.stderr else []
    found += [f"left {name}" for name in sorted(os.listdir()) if name != FILE]
    found += [f"orphan: {words}" for words in orphans(mark)]
    return "; ".join(found)


def orphans(mark):
    """Command lines of processes that carry the mark, given time to die."""
    soon(lambda: not alive(mark))
    return alive(mark)


def alive(mark):
    """Command lines of the living processes that carry the mark or are forked for a target; empty without /proc."""
    parents, found = {}, {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            marked = f"{MARK}={mark}".encode() in (process / "environ").read_bytes()
            words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")[:80]
            parents[int(process.name)] = int((process / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:  # it ended meanwhile, or belongs to somebody else
            continue
        found[int(process.name)] = words, marked
    ours = {nursery(modules).number for modules in ((), ("torch",))}
    return [
        words
        for number, (words, marked) in found.items()
        if words and number not in ours and (marked or ours & set(_above(number, parents)))
    ]


def _above(number, parents):
    """The parent of a process, its parent, and so on."""
    while (number := parents.get(number, 0)) > 1:
        yield number
