"""Finds the command blocks of the docs, runs them and compares what they show with what they print.

A block is fenced as `console`; a line that starts with "$ " is a command, the lines below it are its output. Files that
the commands need stand before, in a block with <!-- file: NAME --> above it. <!-- skip: REASON --> above a console
block leaves it out. Output is compared word by word: times are masked, numbers are compared to two significant digits,
and "..." stands for any number of words.
"""

import contextlib
import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path

from helpers import IMAGES, ROOT, gradcheck

FENCE = re.compile(
    r"^(?:<!-- (?P<mark>file|skip): (?P<value>.+?) -->\n+)?```(?P<kind>\w*)\n(?P<body>.*?)^```$", re.M | re.S
)
NUMBER = re.compile(r"(?<![\w.])[-+]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?")
TIME = re.compile(r"\b\d+(?:\.\d+)? ?(?:s|ms|seconds?)\b")
EXACT_BELOW = 100
ANY = "..."


@dataclass(frozen=True)
class Command:
    """One command line and the output that the page shows."""

    line: str
    output: str
    number: int


@dataclass
class Page:
    """What a page holds for the runner: files to write and commands to run, in order; and what was left out."""

    name: str
    steps: list = field(default_factory=list)
    skipped: list = field(default_factory=list)

    @property
    def commands(self):
        """The commands alone."""
        return [step for step in self.steps if isinstance(step, Command)]


def read_page(file):
    """The page in `file`."""
    return parse(file.read_text(encoding="utf-8"), str(file.relative_to(ROOT)))


def parse(text, name="page.md"):
    """The page that `text` is."""
    page = Page(name)
    for block in FENCE.finditer(text):
        if block["mark"] == "file":
            page.steps.append((block["value"], block["body"]))
        elif block["kind"] == "console" and block["mark"] == "skip":
            page.skipped.append(block["value"])
        elif block["kind"] == "console":
            page.steps += commands(block["body"], text.count("\n", 0, block.start("body")) + 1)
    return page


def commands(body, first):
    """The commands of one block; `first` is the line of the page where it begins."""
    found = []
    for number, line in enumerate(body.splitlines(), first):
        if line.startswith("$ "):
            found.append(Command(line[2:], "", number))
        elif found:
            last = found.pop()
            found.append(Command(last.line, f"{last.output}{line}\n", last.number))
        else:
            raise ValueError(f"line {number}: a block begins with a line that is no command: {line}")
    return found


def run_page(page, folder):
    """Run every command of the page in `folder`; the list of what differs, as texts."""
    shutil.copytree(IMAGES, folder / "images", dirs_exist_ok=True)
    status, complaints = 0, []
    for step in page.steps:
        if not isinstance(step, Command):
            path = folder / step[0]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(step[1], encoding="utf-8")
            continue
        status, printed = run_line(step.line, folder, status)
        if not matches(step.output, printed):
            complaints.append(f"{page.name}:{step.number}: $ {step.line}\nshown:\n{step.output}\nprinted:\n{printed}")
    return complaints


def plugin():
    """Where gradcheck runs from its folder, without being installed, pytest must be told of the plugin."""
    installed = any(point.name == "gradcheck" for point in entry_points(group="pytest11"))
    return [] if installed else ["-p", "gradcheck_cli.pytest_plugin"]


def run_line(line, folder, status):
    """Run one line; its exit code and what it printed, standard error after standard output."""
    words = shlex.split(line)
    if line == "echo $?":
        return 0, f"{status}\n"
    if words[0] == "gradcheck":
        return asked_once(words[1:], folder)
    if words[0] in ("python", "pytest"):
        module = [] if words[0] == "python" else ["-m", "pytest", "-p", "no:cacheprovider", *plugin()]
        return in_a_process([sys.executable, *module, *words[1:]], folder)
    raise ValueError(f"the runner does not know the command {words[0]}")


# (words, the files of the folder) -> exit code, what was printed, the files that were written.
outcomes = {}


def asked_once(words, folder):
    """Run gradcheck in a folder. Several pages begin with the same command on the same files: it is asked once."""
    before = digests(folder)
    key = (tuple(words), frozenset(before.items()))
    if key not in outcomes:
        with contextlib.chdir(folder):
            done = gradcheck(*words)
        written = dict(digests(folder).items() - before.items())
        outcomes[key] = (
            done.exit_code,
            done.stdout + done.stderr,
            {name: (folder / name).read_bytes() for name in written},
        )
    code, printed, written = outcomes[key]
    for name, content in written.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return code, printed


def digests(folder):
    """Name -> digest of every file in a folder."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).digest() for path in files}


def in_a_process(argv, folder):
    """Run a program of its own."""
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run(argv, cwd=folder, env=variables, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stdout + done.stderr


def matches(shown, printed):
    """Does `printed` hold the words of `shown` in order, with anything where `shown` has "..."?"""
    chunks = [[]]
    for word in words_of(shown):
        if word == ANY:
            chunks.append([])
        else:
            chunks[-1].append(word)
    actual = words_of(printed)
    if not starts_with(actual, chunks[0]):
        return False
    if len(chunks) == 1:
        return len(actual) == len(chunks[0])
    position = len(chunks[0])
    for chunk in chunks[1:-1]:
        position = after(chunk, actual, position)
        if position < 0:
            return False
    left = len(actual) - len(chunks[-1])
    return left >= position and starts_with(actual[left:], chunks[-1])


def after(chunk, actual, position):
    """Where the first occurrence of `chunk` at or after `position` ends; -1 without one."""
    for start in range(position, len(actual) - len(chunk) + 1):
        if starts_with(actual[start:], chunk):
            return start + len(chunk)
    return -1


def starts_with(actual, chunk):
    """Is `chunk` the beginning of `actual`, word by word?"""
    return len(actual) >= len(chunk) and all(map(same_word, chunk, actual))


def words_of(text):
    """Words, without the times."""
    return TIME.sub("<time>", text).split()


def same_word(shown, actual):
    """Equal, or equal but for numbers that agree to two significant digits."""
    if shown == actual:
        return True
    if NUMBER.sub("#", shown) != NUMBER.sub("#", actual):
        return False
    pairs = zip(NUMBER.findall(shown), NUMBER.findall(actual), strict=True)
    return all(same_number(float(one.replace(",", "")), float(other.replace(",", ""))) for one, other in pairs)


def same_number(one, other):
    """Small whole numbers are equal; others agree to two significant digits, give or take one in the second."""
    if one == other:
        return True
    if one == int(one) and other == int(other) and max(abs(one), abs(other)) < EXACT_BELOW:
        return False
    return abs(one - other) <= 0.05 * max(abs(one), abs(other)) and one * other > 0


def pages():
    """README.md and every page of docs/ that shows a command."""
    files = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [file for file in files if Path(file).exists() and read_page(file).steps]
