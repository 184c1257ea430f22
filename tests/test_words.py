"""One name, one thing: the words of the package, read from its source."""

import ast
import re
from collections import defaultdict
from functools import cache

import pytest

from helpers import ROOT

PACKAGE = ROOT / "gradcheck_cli"
ERRORS = {"UsageError", "OptionError", "GeometryError", "ImageError", "TargetError", "ReportError", "DependencyError"}
# What a sentence says that already holds the next step: a bound that is to be kept, or how it is written.
SAYS_WHAT_TO_DO = re.compile(r"must be|must have|as in |\bonly `|known")
# Every mistake of the catalogue calls itself so; `_discover` reads that name from each file.
SHARED = {"MISTAKE"}


@cache
def sources():
    """Path and tree of every file of the package."""
    return [(path.relative_to(PACKAGE), ast.parse(path.read_text())) for path in sorted(PACKAGE.rglob("*.py"))]


@cache
def nodes(tree):
    """All nodes of a file of the package, walked once for all that is read from them."""
    return tuple(ast.walk(tree))


def types_in(tree):
    """The classes of a file and its names for types: what is written like a class is read as one."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            yield node.name
        is_said = isinstance(node, ast.AnnAssign) and ast.unparse(node.annotation) == "TypeAlias"
        if is_said or (isinstance(node, ast.Assign) and "TypeVar(" not in ast.unparse(node.value)):
            targets = [node.target] if is_said else node.targets
            names = [target.id for target in targets if isinstance(target, ast.Name)]
            yield from (name for name in names if re.fullmatch(r"[A-Z][a-z]\w*", name))


def named_twice(files):
    """Public names of types that stand in more than one file, with these."""
    places = defaultdict(list)
    for path, tree in files:
        for name in types_in(tree):
            if not name.startswith("_") and name not in SHARED:
                places[name].append(str(path))
    return {name: files for name, files in places.items() if len(files) > 1}


def test_no_two_types_have_one_name():
    """Whoever reads a name knows which room it is from."""
    assert {} == named_twice(sources())


def test_two_types_of_one_name_would_be_found():
    """A class and two names for types, in three files."""
    sources = {"a": "class Trial: pass", "b": "Trial = tuple[int, int]", "c": "Trial: TypeAlias = int"}
    files = [(name, ast.parse(source)) for name, source in sources.items()]
    assert {"Trial": ["a", "b", "c"]} == named_twice(files)


def raised():
    """Every place that raises an error of ours in words of its own: file, line, and the call."""
    for path, tree in sources():
        for node in nodes(tree):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                name = getattr(node.exc.func, "id", getattr(node.exc.func, "attr", ""))
                if name in ERRORS:
                    yield f"{path}:{node.lineno}", node.exc


def says_what_to_do(call):
    """Is there a hint, or does the sentence say it itself?"""
    hinted = any(keyword.arg == "hint" for keyword in call.keywords)
    return hinted or bool(SAYS_WHAT_TO_DO.search(ast.unparse(call)))


def test_errors_say_what_to_do_next():
    """Four of five at least: some sentences have no other next step than what they say."""
    places = dict(raised())
    silent = [place for place, call in places.items() if not says_what_to_do(call)]
    assert len(places) > 50
    assert len(silent) <= 0.2 * len(places), silent


@cache
def words():
    """Word of a name in the package -> the names that hold it, each with its file."""
    found = defaultdict(set)
    for path, tree in sources():
        if path.parts[0] in ("report", "mistakes"):
            continue  # a page tells, and a mistake is told
        for node in nodes(tree):
            for name in (getattr(node, "id", ""), getattr(node, "name", ""), getattr(node, "arg", "")):
                for word in name.strip("_").split("_") if isinstance(name, str) else ():
                    found[word].add(f"{path}: {name}")
    return found


@pytest.mark.parametrize("word", ["dear", "dearer", "dearest", "told", "tell", "telling"])
def test_names_say_what_a_thing_is(word):
    """Not that somebody was told it."""
    assert set() == words()[word]


# Names with an underscore that are public: of named tuples, and what a notebook calls.
PUBLIC = {"_replace", "_asdict", "_repr_html_"}


def private_names(tree):
    """Lines on which a test reaches into another module or object past its public names."""
    found = list(ast.walk(tree))  # not kept: all tests at once are a million nodes
    own = {node.attr for node in found if isinstance(node, ast.Attribute) and _is_self(node.value)}
    for node in found:
        names = []
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("gradcheck_cli"):
            names = [alias.name for alias in node.names]
        if isinstance(node, ast.Attribute) and not _is_self(node.value) and node.attr not in own:
            names = [node.attr]
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("setattr", "patch.object")):
            words = [word.value for word in node.args[:2] if isinstance(word, ast.Constant)]
            names = [word for word in words if isinstance(word, str)]
        yield from (node.lineno for name in names if re.match(r"_(?!_)", name) and name not in PUBLIC)


def _is_self(node):
    return isinstance(node, ast.Name) and node.id in ("self", "cls")


def test_tests_use_public_names():
    """What is worth a test of its own has a name of its own."""
    reached = {
        str(path.relative_to(ROOT)): lines
        for path in sorted((ROOT / "tests").rglob("*.py"))
        if (lines := sorted(private_names(ast.parse(path.read_text()))))
    }
    assert {} == reached


@pytest.mark.parametrize(
    "line",
    ["from gradcheck_cli.api import _x", "worker._limits", "monkeypatch.setattr(entry, '_flushed', 1)"],
)
def test_a_private_name_would_be_found(line):
    """Imported, looked up or replaced."""
    assert [1] == sorted(private_names(ast.parse(line)))
