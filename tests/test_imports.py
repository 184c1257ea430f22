"""The import ladder: arrows only point down, and what must be light stays light."""

import ast
import os
import subprocess
import sys
import textwrap
from importlib import import_module
from pathlib import Path

import pytest

from gradcheck_cli import model
from helpers import ROOT

PACKAGE = ROOT / "gradcheck_cli"
HEAVY = ("torch", "cv2", "numpy", "matplotlib", "rich", "jinja2")

# Level of each room; a room imports from its own level or from below.
LEVELS = {
    "model": 1,
    "numbers": 2,
    "layers": 2,
    "sameness": 2,
    "images": 2,
    "report": 2,
    "mistakes": 3,
    "oracles": 3,
    "targets": 3,
    "checks": 4,
    "diagnose": 4,
    "trials": 5,
    "runs": 6,
    "explain": 7,
    "cli": 7,
}
# The public front: light names that reach up late, when they are called.
FRONT = {"__init__", "__main__", "api", "pytest_plugin"}
# What a file of a room may import from outside the house (the standard library aside).
FOREIGN = {
    "model": {"numpy"},
    "numbers": {"numpy"},
    "layers": {"numpy"},
    "sameness": {"numpy"},
    "images": {"numpy", "cv2", "torch"},  # torch reads its own files, late
    "report": {"numpy", "rich", "matplotlib", "jinja2", "markupsafe"},
    "mistakes": {"numpy"},
    "oracles": {"numpy", "torch"},
    "targets": {"numpy", "torch"},
    "checks": {"numpy"},
    "diagnose": {"numpy"},
    "trials": {"numpy"},
    "runs": {"numpy", "torch"},  # torch starts the ranks of a sweep, late
    "explain": {"numpy"},
    "cli": {"click", "rich"},
}
# The oracles are independent of the hand-written backward, or they prove nothing.
FORBIDDEN = {
    "oracles": {"layers", "mistakes", "targets"},
    "report": {"layers", "images", "sameness"},
    "layers": {"numbers", "sameness", "images", "report"},
}


def room(path):
    """The room that a file of the package is in."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def modules(source):
    """Dotted names of all modules that a source imports, also inside functions, but for type checkers."""
    tree = ast.parse(source)
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for statement in node.body
        for inner in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.module == "gradcheck_cli":
                yield from (f"gradcheck_cli.{alias.name}" for alias in node.names)
            else:
                yield node.module or "."


def violations(name, source):
    """What one source of room `name` imports and may not, as sentences."""
    for module in modules(source):
        top, _, rest = module.partition(".")
        if top != "gradcheck_cli":
            if top not in sys.stdlib_module_names and top not in FOREIGN.get(name, set()):
                yield f"{name} imports {module}"
            continue
        other = rest.partition(".")[0]
        if other in FRONT or other.startswith("__"):
            continue
        if LEVELS[other] > LEVELS[name] or other in FORBIDDEN.get(name, set()):
            yield f"{name} imports {module}"


def files():
    """Every file of the house but the public front, which reaches up by design, late."""
    return [path for path in sorted(PACKAGE.rglob("*.py")) if room(path) not in FRONT]


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_only_go_down(path):
    """No file imports from a higher level, from a forbidden room, or a package that its room may not use."""
    assert [] == list(violations(room(path), path.read_text()))


def test_every_room_has_its_level():
    """A new room is given a level before anything may use it."""
    assert set(LEVELS) == {room(path) for path in files()}


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("layers", "import torch"),
        ("layers", "from torch import nn"),
        ("layers", "def f():\n    import torch"),
        ("oracles", "from gradcheck_cli.layers.conv import grad_weight"),
        ("oracles", "from gradcheck_cli.layers import conv"),
        ("oracles", "from gradcheck_cli import layers"),
        ("oracles", "import gradcheck_cli.layers.conv.direct"),
        ("model", "import gradcheck_cli.cli"),
        ("report", "import click"),
        ("sameness", "from gradcheck_cli.checks import compare"),
        ("model", "import torch"),
        ("model", "def page(self):\n    from gradcheck_cli.report.html import render_html"),
    ],
)
def test_the_check_can_fail(name, source):
    """Each kind of forbidden arrow is seen, so an empty list above means something."""
    assert 1 == len(list(violations(name, source)))


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("layers", "import numpy as np\nfrom gradcheck_cli.model import ConvSpec"),
        ("layers", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import torch"),
        ("oracles", "import torch"),
        ("cli", "import click\nfrom gradcheck_cli.runs.picture import run_experiment"),
    ],
)
def test_the_check_lets_pass(name, source):
    """What the design allows is allowed."""
    assert [] == list(violations(name, source))


def test_only_cli_imports_click():
    """click lives in one room."""
    found = {
        room(path) for path in PACKAGE.rglob("*.py") if "click" in {m.split(".")[0] for m in modules(path.read_text())}
    }

    assert {"cli"} == found


def test_only_the_oracles_name_torch_autograd():
    """Autograd is asked in one file of the convolution's, and by the graph of any other forward."""
    found = {
        path.relative_to(PACKAGE / "oracles").parts[0]
        for path in (PACKAGE / "oracles").rglob("*.py")
        if "torch" in {m.split(".")[0] for m in modules(path.read_text())}
    }

    assert {"autograd.py", "graph", "in_setting.py"} == found


def loaded(code, heavy=HEAVY, env=None):
    """The heavy packages that a fresh process has loaded after `code`."""
    program = f"import sys\ntry:\n{textwrap.indent(textwrap.dedent(code), '    ')}\nfinally:\n"
    program += f"    print('LOADED', *[n for n in {heavy!r} if n in sys.modules], file=sys.__stdout__)\n"
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})},
        check=False,
    )
    line = next(line for line in done.stdout.splitlines() if line.startswith("LOADED"))
    return line.split()[1:]


LIGHT = [
    ["--help"],
    ["--version"],
    ["run", "--help"],
    ["verify", "--help"],
    ["explain", "--help"],
    [],
    ["rnu"],
    ["run"],
    ["run", "x.jpg", "--in", "4"],
    ["run", "x.jpg", "--k", "300"],
    ["run", "x.jpg", "--seed", "three"],
    ["run", "x.jpg", "--report", "json=no/such/folder.json"],
    ["verify", "x.py:f", "--jobs", "0"],
]


def test_light_commands_load_nothing_heavy():
    """Help, version and usage errors answer before anything heavy is imported."""
    assert [] == loaded(f"from gradcheck_cli.cli import main\nfor argv in {LIGHT!r}: main(argv)")


def test_completion_loads_nothing_heavy():
    """TAB answers at once."""
    for words in ("gradcheck run --dt", "gradcheck explain batch"):
        env = {"_GRADCHECK_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": "2"}

        assert [] == loaded("from gradcheck_cli.cli import main\nmain([])", env=env)


def test_light_modules_load_nothing_heavy():
    """The package itself, its API and its plugin cost nothing until they are used."""
    modules = ("gradcheck_cli", "gradcheck_cli.api", "gradcheck_cli.pytest_plugin", "gradcheck_cli.report")

    assert [] == loaded(f"import {', '.join(modules)}")


def test_plugin_imports_nothing_but_pytest():
    """pytest loads the plugin in every run of the environment, also in those that never use it."""
    assert [] == loaded(
        "import gradcheck_cli.pytest_plugin", heavy=("click", "gradcheck_cli.api", "gradcheck_cli.model")
    )


def test_help_loads_no_report():
    """The reports and their evidence are the larger part of the model, and help says nothing of them."""
    reports = ("gradcheck_cli.model.report", "gradcheck_cli.model.evidence")

    assert [] == loaded("from gradcheck_cli.cli import main\nmain(['--help'])", heavy=reports)


def test_every_noun_of_the_model_is_found_where_types_look_for_it():
    """The nouns are loaded late by a table; who checks types reads imports. Both say the same."""
    imports = [
        node for node in ast.walk(ast.parse(Path(model.__file__).read_text())) if isinstance(node, ast.ImportFrom)
    ]
    typed = {
        name.name: getattr(import_module(node.module), name.name)
        for node in imports
        if node.module.startswith("gradcheck_cli.model.")
        for name in node.names
    }

    assert typed == {name: getattr(model, name) for name in dir(model)}


def test_the_hand_written_backward_loads_no_torch():
    """The backward is numpy from end to end, also in what its imports import."""
    assert [] == loaded("import gradcheck_cli.layers.conv", heavy=("torch", "cv2"))


def test_the_process_check_can_fail():
    """A heavy import is seen, so an empty list above means something."""
    assert ["numpy"] == loaded("import numpy", heavy=("numpy", "torch"))
