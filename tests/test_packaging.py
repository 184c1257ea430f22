"""What is shipped and how it is set up: metadata, constraints, make targets, CI files."""

import os
import re
import shutil
import stat
import subprocess
import sys
import tomllib

import pytest

from helpers import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
CONSTRAINTS = dict(
    line.split("==")
    for line in (ROOT / "constraints.txt").read_text().splitlines()
    if line and not line.startswith("#")
)
REQUIREMENT = re.compile(r"^([A-Za-z0-9_.-]+)>=([0-9.]+)$")
COMMITTED = (
    "Makefile",
    "pyproject.toml",
    "constraints.txt",
    "action.yml",
    ".pre-commit-hooks.yaml",
    ".ci/run",
    ".github/workflows/ci.yml",
)

needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="there is no make here")


def requirements():
    """All requirements of the project, with those of its extras; but triton's: each build of torch names its own."""
    extras = [extra for name, extra in PROJECT["project"]["optional-dependencies"].items() if name != "triton"]
    return [*PROJECT["project"]["dependencies"], *(item for extra in extras for item in extra)]


def test_dependencies_are_those_of_the_design():
    """Nothing more is asked of a user's machine than what the design names."""
    names = {REQUIREMENT.match(item).group(1) for item in PROJECT["project"]["dependencies"]}

    assert {"click", "jinja2", "matplotlib", "numpy", "opencv-python", "rich", "torch"} == names


def test_requirements_have_lower_bounds_only():
    """No upper cap is written anywhere."""
    assert [] == [item for item in requirements() if not REQUIREMENT.match(item)]


def version(text):
    """A version as numbers."""
    return tuple(map(int, text.split(".")))


def test_constraints_hold_every_requirement():
    """The tested version of each requirement is written down, and is one that pyproject.toml admits."""
    tested = {name.lower(): number for name, number in CONSTRAINTS.items()}
    for item in requirements():
        name, least = REQUIREMENT.match(item).groups()

        assert version(tested[name]) >= version(least)


def test_tested_torch():
    """The constraints name the release of torch that the tests were run with, without a build."""
    assert "2.13.0" == CONSTRAINTS["torch"]


def test_console_script_is_the_wrapper():
    """`gradcheck` and `python -m gradcheck_cli` are one function."""
    import gradcheck_cli.cli

    assert {"gradcheck": "gradcheck_cli.cli:main"} == PROJECT["project"]["scripts"]
    assert callable(gradcheck_cli.cli.main)


def test_pytest_plugin_is_registered():
    """pytest finds the fixture by its entry point."""
    assert {"gradcheck": "gradcheck_cli.pytest_plugin"} == PROJECT["project"]["entry-points"]["pytest11"]


def test_version_is_told_once():
    """The changelog and the project agree on the version."""
    assert f"\n## {PROJECT['project']['version']} (" in (ROOT / "CHANGELOG.md").read_text()


def test_package_is_typed():
    """Type checkers of users see our annotations."""
    assert (ROOT / "gradcheck_cli" / "py.typed").exists()


@pytest.mark.parametrize("name", COMMITTED)
def test_no_host_is_written_down(name):
    """No index and no folder of a machine is in a committed file."""
    text = (ROOT / name).read_text()

    assert [] == re.findall(r"https?://\S+|file://\S+|--(?:extra-)?index-url|--find-links", text)


@needs_make
@pytest.mark.parametrize(
    ("target", "command"),
    [
        ("run", ".venv/bin/gradcheck run --in 3 --out 3 --k 32 images/coffee.jpg"),
        ("test", "OMP_NUM_THREADS=1 .venv/bin/python -m pytest -n 2 --dist loadfile"),
        ("stress", ".venv/bin/python -m pytest -m stress -n 2 --dist loadfile"),
        ("lint", ".venv/bin/python -m mypy"),
    ],
)
def test_make_targets(target, command):
    """Each target installs what it needs and ends with its command."""
    planned = make("-n", "-B", target, folder=ROOT)

    lines = [line.strip() for line in planned.stdout.splitlines()]
    assert 0 == planned.returncode
    assert command == lines[-1].strip()
    assert any("install" in line and "-c constraints.txt -e '.[test]'" in line for line in lines)


@pytest.fixture
def fresh(tmp_path):
    """A folder with no more than the files that decide the set-up."""
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def fake_python(folder, body):
    """A script that stands for a Python."""
    script = folder / "fake-python"
    script.write_text(f"#!/bin/sh\n{body}\n")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return script


@needs_make
def test_python_that_is_absent(fresh):
    """One clear line, and nothing half made."""
    result = make("run", "PYTHON=no-such-python", folder=fresh)

    line = "gradcheck: there is no no-such-python; install Python 3.11 or newer, or name one: make PYTHON=python3.12"
    assert (2, line) == (result.returncode, result.stderr.splitlines()[0])
    assert not (fresh / ".venv").exists()


@needs_make
def test_python_that_is_too_old(fresh):
    """One clear line with the version that was found."""
    old = fake_python(fresh, 'case "$1" in -V) echo "Python 3.9.2";; *) exit 1;; esac')

    result = make("test", f"PYTHON={old}", folder=fresh)

    line = "gradcheck: Python 3.9.2 is too old; Python 3.11 or newer is needed: make PYTHON=python3.12"
    assert (2, line) == (result.returncode, result.stderr.splitlines()[0])
    assert not (fresh / ".venv").exists()


@needs_make
def test_python_without_venv(fresh):
    """One clear line with the package that holds the module."""
    bare = fake_python(fresh, f'case "$2" in *ensurepip*) exit 1;; *) exec "{sys.executable}" "$@";; esac')

    result = make("run", f"PYTHON={bare}", folder=fresh)

    line = f"gradcheck: {bare} has no venv module; on Debian and Ubuntu: apt-get install python3-venv"
    assert (2, line) == (result.returncode, result.stderr.splitlines()[0])
    assert not (fresh / ".venv").exists()


@needs_make
def test_second_run_installs_nothing(fresh):
    """The stamp is newer than what it was made from, so only the command is left."""
    binaries = fresh / ".venv" / "bin"
    binaries.mkdir(parents=True)
    for path in (binaries / "python", fresh / ".venv" / ".installed"):
        path.touch()

    assert [".venv/bin/gradcheck run --in 3 --out 3 --k 32 images/coffee.jpg"] == make(
        "-n", "run", folder=fresh
    ).stdout.splitlines()


@needs_make
def test_changed_constraints_install_again(fresh):
    """New versions reach an old environment."""
    binaries = fresh / ".venv" / "bin"
    binaries.mkdir(parents=True)
    (binaries / "python").touch()
    stamp = fresh / ".venv" / ".installed"
    stamp.touch()
    os.utime(stamp, (0, 0))

    assert "install" in make("-n", "run", folder=fresh).stdout


def make(*arguments, folder):
    """Run make as a user would."""
    ours = ("MAKE", "PYTHON", "PYTEST_ARGS")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return subprocess.run(
        ["make", *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_ci_run_is_a_script():
    """The check that every change has to pass can be run, and stops at the first failure."""
    script = ROOT / ".ci" / "run"

    assert os.access(script, os.X_OK)
    assert script.read_text().startswith("#!/usr/bin/env bash\n")
    assert 0 == subprocess.run(["bash", "-n", script], check=False).returncode
    lines = script.read_text().splitlines()
    assert "set -euo pipefail" in lines
    assert ".venv/bin/gradcheck run --in 3 --out 3 --k 32 images/coffee.jpg" in lines


@pytest.mark.parametrize("name", [".github/workflows/ci.yml", "action.yml"])
def test_workflows_take_no_text_into_a_script(name):
    """Values reach a shell through the environment, so no input can become a command."""
    lines = (ROOT / name).read_text().splitlines()
    scripts, depth = [], None
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if depth is not None and line.strip() and indent <= depth:
            depth = None
        if depth is not None or line.strip().startswith("run:"):
            scripts.append(line)
        if re.match(r"\s*run:\s*\|", line):
            depth = indent

    assert scripts
    assert [] == [line for line in scripts if "${{" in line]


def test_actions_are_pinned():
    """Every action is named by its commit, with the version beside it."""
    uses = re.findall(r"uses: (.*)", (ROOT / ".github/workflows/ci.yml").read_text())

    assert uses
    assert [] == [item for item in uses if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v[\d.]+", item)]


def test_linting_the_actions_needs_no_npm(tmp_path):
    """Where it is missing the script says so and fails nothing: what CI runs needs nothing installed by hand."""
    (tmp_path / "dirname").symlink_to(shutil.which("dirname"))

    done = subprocess.run(
        [shutil.which("sh"), ROOT / "scripts" / "lint_actions.sh", tmp_path / "tools"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    message = "lint: .github/workflows, action.yml and docs/howto were not checked: there is no npm here\n"
    assert (0, message) == (done.returncode, done.stderr)


@pytest.mark.skipif(not (ROOT / ".venv" / ".node" / ".installed").exists(), reason="`make actions` has not run here")
def test_linting_the_actions_finds_faults(tmp_path):
    """A key that no workflow has, and a name that is none in an expression; in a workflow, or in a recipe of a page."""
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    shutil.copy(ROOT / "action.yml", tmp_path)
    workflows, pages = tmp_path / ".github" / "workflows", tmp_path / "docs" / "howto"
    jobs = "jobs:\n  a:\n    runs-on: ubuntu-latest\n    "
    right, wrong_key, wrong_name = (
        f"{jobs}{steps}\n"
        for steps in ("steps:\n      - run: echo", "stps: []", "steps:\n      - run: echo ${{ matrx.x }}")
    )

    def linted(workflow, recipe):
        for folder, name, text in ((workflows, "a.yml", f"on: push\n{workflow}"), (pages, "a.md", recipe)):
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        script = [shutil.which("sh"), tmp_path / "scripts" / "lint_actions.sh", ROOT / ".venv" / ".node"]
        return subprocess.run(script, capture_output=True, text=True, check=False)

    page = "A page.\n\n```yaml\n{}```\n"
    assert linted(right, page.format(right)).returncode == 0
    assert linted(wrong_key, page.format(right)).returncode == 1
    assert linted(wrong_name, page.format(right)).returncode == 1
    done = linted(right, page.format(wrong_name))
    assert (done.returncode, "a.md:8:" in done.stderr) == (1, True), done.stderr
