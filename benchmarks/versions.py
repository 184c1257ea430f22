"""The tests with the oldest and the newest versions that pyproject.toml admits: python -m benchmarks.versions.

One environment at a time is made in a temporary folder, the fast tests run in it, and it is removed again. The result
goes to benchmarks/VERSIONS.md. torch is large (gigabytes with its libraries); `--torch` takes another version of it.

    python -m benchmarks.versions                          # the oldest of everything, then the newest of everything
    python -m benchmarks.versions --torch 2.13.0           # both with this version of torch
    python -m benchmarks.versions --light python3.13       # another Python, without torch
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "VERSIONS.md"
REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9-]+)>=(?P<bound>[0-9.]+)")
PYTHON_CLASSIFIER = "Programming Language :: Python :: 3."
SECONDS = 900
SHOWN_FAILURES = 12

LIGHT = ("tests/model", "tests/images", "tests/report", "tests/cli", "tests/explain")
"""Tests of the rooms that torch never enters."""

FAST = (*LIGHT, "tests/conv", "tests/oracles/test_autograd.py", "tests/test_api.py", "tests/test_pytest_plugin.py")


@dataclass(frozen=True)
class Trial:
    """One environment: `age` is oldest or newest, `torch` its requirement, empty where the tests go without."""

    python: str
    age: str
    torch: str

    @property
    def tests(self) -> tuple[str, ...]:
        """What runs in it."""
        return FAST if self.torch else LIGHT


@dataclass(frozen=True)
class Result:
    """What came of one trial; `problem` where no test could run."""

    trial: Trial
    python: str
    versions: dict[str, str]
    summary: str = ""
    failures: tuple[str, ...] = ()
    problem: str = ""

    @property
    def verdict(self) -> str:
        """passed, failed, or not tried."""
        if self.problem:
            return "not tried"
        return "failed" if self.failures or " passed" not in f" {self.summary}" else "passed"


def main() -> int:
    """Try every environment that was asked for, and write the table. 0 when nothing failed."""
    options = _options()
    trials = [
        Trial(python, age, _torch(options.torch, age) if with_torch else "")
        for python, with_torch in _pythons(options)
        for age in options.ages
    ]
    results = []
    for trial in trials:
        results.append(_tried(trial))
        print(f"{_label(results[-1])}: {results[-1].verdict} {results[-1].summary}{results[-1].problem}", flush=True)
    Path(options.output).write_text(_document(results), encoding="utf-8")
    return any(result.verdict == "failed" for result in results)


def bounds(groups: Iterable[str] = ("test",)) -> dict[str, str]:
    """Package -> lowest version that pyproject.toml admits, of the program and of the named extras."""
    project = _project()
    lines = [*project["dependencies"], *(line for name in groups for line in project["optional-dependencies"][name])]
    found = [REQUIREMENT.fullmatch(line) for line in lines]
    return {match["name"]: match["bound"] for match in found if match}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.versions", description=__doc__)
    parser.add_argument("--python", action="append", default=[], help="another Python, with torch; repeatable")
    parser.add_argument("--light", action="append", default=[], help="another Python, without torch; repeatable")
    parser.add_argument("--torch", default="", help="the version of torch to take (default: as old or new as the rest)")
    parser.add_argument("--ages", nargs="+", choices=("oldest", "newest"), default=("oldest", "newest"))
    parser.add_argument("--output", default=str(RESULTS))
    return parser.parse_args()


def _pythons(options: argparse.Namespace) -> list[tuple[str, bool]]:
    """(interpreter, with torch?) pairs; the one that runs this by default."""
    full = options.python or ([] if options.light else [sys.executable])
    return [(python, True) for python in full] + [(python, False) for python in options.light]


def _torch(version: str, age: str) -> str:
    """The requirement for torch."""
    if version:
        return f"torch=={version}"
    return f"torch=={bounds()['torch']}.*" if age == "oldest" else f"torch>={bounds()['torch']}"


def _tried(trial: Trial) -> Result:
    """Make the environment, run the tests, remove it."""
    folder = Path(tempfile.mkdtemp(prefix="gradcheck-versions-"))
    try:
        python = folder / "bin" / "python"
        _call([trial.python, "-m", "venv", str(folder)])
        problem = _installed(str(python), trial)
        version = _call([str(python), "-c", "import platform; print(platform.python_version())"]).stdout.strip()
        if problem:
            return Result(trial, version, {}, problem=problem)
        done = _call([str(python), "-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider", "-rfE", *trial.tests])
        return Result(trial, version, _versions(str(python)), *_read(done.stdout))
    except subprocess.TimeoutExpired as late:
        return Result(trial, trial.python, {}, problem=f"no end after {late.timeout:g} s")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _installed(python: str, trial: Trial) -> str:
    """Install everything; the reason where that is not possible."""
    wanted = [_pinned(python, name, bound, trial.age) for name, bound in bounds().items() if name != "torch"]
    if trial.torch:
        wanted.append(trial.torch)
    steps = [["install", "-q", "--only-binary=:all:", *wanted], ["install", "-q", "--no-deps", "-e", str(ROOT)]]
    for step in steps:
        done = _pip(python, step)
        if done.returncode:
            told = [line.strip() for line in done.stderr.splitlines() if "error:" in line.lower()]
            return f"nothing built fits: {told[-1][:200]}" if told else "pip failed"
    return ""


def _pinned(python: str, name: str, bound: str, age: str) -> str:
    """The requirement; the oldest is the bound itself, or the last of its patch releases where it names no release."""
    if age == "newest":
        return f"{name}>={bound}"
    exact = f"{name}=={bound}"
    folder = Path(python).parent.parent / "wheels"
    found = _pip(python, ["download", "-q", "--no-deps", "--only-binary=:all:", "-d", str(folder), exact])
    return exact if found.returncode == 0 else f"{exact}.*"


def _pip(python: str, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return _call([python, "-m", "pip", "--disable-pip-version-check", *arguments])


def _call(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=SECONDS)


def _read(output: str) -> tuple[str, tuple[str, ...]]:
    """The last line of pytest, and the names of what failed."""
    lines = output.strip().splitlines()
    failed = [line.split(" ")[1] for line in lines if line.startswith(("FAILED ", "ERROR "))]
    summary = re.sub(r" in [\d.]+s.*", "", lines[-1].strip("= ")) if lines else "pytest printed nothing"
    return summary, tuple(failed)


def _versions(python: str) -> dict[str, str]:
    listed = json.loads(_pip(python, ["list", "--format=json"]).stdout)
    installed = {item["name"].lower(): item["version"] for item in listed}
    return {name: installed[name] for name in bounds() if name in installed}


def _document(results: Sequence[Result]) -> str:
    names = list(bounds())
    head = ["Python", "versions", "verdict", "tests", *names]
    rows = [
        [result.python, result.trial.age, result.verdict, result.summary or result.problem]
        + [result.versions.get(name, "none") for name in names]
        for result in results
    ]
    table = [head, ["---"] * len(head), *rows]
    lines = ["# Versions", "", *_preface(results), ""]
    lines += ["| " + " | ".join(row) + " |" for row in table]
    lines += ["", "## Failures", "", *_failures(results)]
    lines += ["", "## Not tried", "", *_untried(results)]
    return "\n".join(lines) + "\n"


def _preface(results: Sequence[Result]) -> list[str]:
    counts = f"{sum(result.verdict == 'passed' for result in results)} of {len(results)} environments passed"
    return [
        f"Made by `{_command()}` on {platform.machine()} {platform.system()}: {counts}.",
        "Each row is a fresh environment with the versions shown. With torch the fast tests ran; without it those of",
        "the rooms that torch never enters (pictures, reports, options).",
    ]


def _command() -> str:
    """How this was called, without folders of this machine."""
    words = [Path(word).name if "/" in word else word for word in sys.argv[1:]]
    return " ".join(["python -m benchmarks.versions", *words])


def _failures(results: Sequence[Result]) -> list[str]:
    lines = []
    for result in results:
        lines += [f"- {_label(result)}: `{name}`" for name in result.failures[:SHOWN_FAILURES]]
        if len(result.failures) > SHOWN_FAILURES:
            lines.append(f"- {_label(result)}: {len(result.failures) - SHOWN_FAILURES} more")
    return lines or ["None."]


def _untried(results: Sequence[Result]) -> list[str]:
    classifiers = [line for line in _project()["classifiers"] if line.startswith(PYTHON_CLASSIFIER)]
    admitted = [line.rpartition(" ")[2] for line in classifiers]
    full = {_minor(result.python) for result in results if result.trial.torch and not result.problem}
    light = {_minor(result.python) for result in results if not result.problem} - full
    tried = sorted({result.versions["torch"] for result in results if "torch" in result.versions})
    lines = [f"- torch other than {', '.join(tried) or 'none'}."]
    lines += [f"- Python {minor} with torch: only the rooms without torch ran." for minor in admitted if minor in light]
    lines += [f"- Python {minor}: not installed here." for minor in admitted if minor not in full | light]
    return lines


def _label(result: Result) -> str:
    return f"Python {result.python}, {result.trial.age}{'' if result.trial.torch else ', without torch'}"


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _project() -> dict[str, Any]:
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project


if __name__ == "__main__":
    sys.exit(main())
