"""The rules of the house that no other test holds, read from the files of the package."""

import ast
import re

import pytest

from helpers import ROOT

PACKAGE = ROOT / "gradcheck_cli"
# What is longer is two things, and is found by two names.
LONGEST = 400


def too_long(folder):
    """The Python files below `folder` with more lines than a module may have."""
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in folder.rglob("*.py")}
    return {str(path.relative_to(folder)): length for path, length in lengths.items() if length > LONGEST}


def test_no_module_is_longer_than_a_person_reads():
    """Of the package; one that would be is cut where its two subjects meet."""
    assert {} == too_long(PACKAGE)


@pytest.mark.parametrize(("lines", "found"), [(400, {}), (401, {"long.py": 401})])
def test_a_long_module_would_be_found(lines, found, tmp_path):
    """The first line too many is."""
    (tmp_path / "long.py").write_text("pass\n" * lines)
    assert found == too_long(tmp_path)


# A folder of so many modules says where to look. Of a catalogue every file is of one kind.
MANY = 45
CATALOGUES = {"mistakes/catalogue"}


def crowded(folder):
    """The folders below `folder` of many modules."""
    rooms = {path.parent for path in folder.rglob("*.py") if str(path.parent.relative_to(folder)) not in CATALOGUES}
    return sorted(room for room in rooms if len(list(room.glob("*.py"))) > MANY)


def mapped(room):
    """The names that a folder's own words list, in lines that are set in."""
    words = ast.get_docstring(ast.parse((room / "__init__.py").read_text(encoding="utf-8"))) or ""
    return [name for line in words.splitlines() if line.startswith("    ") for name in line.split()]


def test_a_crowded_folder_says_where_to_look():
    """Each of its modules stands once in its map."""
    rooms = crowded(PACKAGE)
    assert PACKAGE / "targets" / "conventions" in rooms
    for room in rooms:
        there = sorted(path.stem for path in room.glob("*.py") if path.stem != "__init__")
        assert there == sorted(mapped(room)), f"the words of {room.name}/__init__.py list each module once"


def test_source_is_parsed_in_one_place():
    """`verify --jobs` parses in several threads, which `ast.parse` does not stand: model/syntax.py takes turns."""
    calls = {str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py") if "ast.parse(" in path.read_text()}
    assert calls == {"model/syntax.py"}


def is_number(value):
    """Whether an expression is a number, or several: `2**18`, `-1`, `(0.5, 2)`."""
    if isinstance(value, ast.Constant):
        return isinstance(value.value, int | float) and not isinstance(value.value, bool)
    if isinstance(value, ast.BinOp):
        return is_number(value.left) and is_number(value.right)
    if isinstance(value, ast.UnaryOp):
        return is_number(value.operand)
    return isinstance(value, ast.Tuple | ast.List | ast.Set) and bool(value.elts) and all(map(is_number, value.elts))


def without_a_reason(source):
    """Constants of a module that are numbers and say nowhere why: no comment above or beside, no docstring below.

    What stands under one comment without a gap shares it.
    """
    lines, body = source.splitlines(), ast.parse(source).body
    for node, following in zip(body, [*body[1:], None], strict=True):
        if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None or not is_number(node.value):
            continue
        above = node.lineno - 2
        while above >= 0 and re.match(r"_?[A-Z]\w*(:.*| |,)", lines[above]):
            above -= 1
        said_above = above >= 0 and lines[above].startswith("#")
        is_documented = isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant)
        if not (said_above or is_documented or "#" in lines[node.lineno - 1]):
            yield lines[node.lineno - 1]


def test_every_number_says_why():
    """A constant of a module that is a number has its reason beside it."""
    files = {path: list(without_a_reason(path.read_text("utf-8"))) for path in sorted(PACKAGE.rglob("*.py"))}
    assert {} == {str(path.relative_to(PACKAGE)): found for path, found in files.items() if found}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("LIMIT = 2**18", ["LIMIT = 2**18"]),
        ("import os\n\nA = -1\nB: int = 3", ["A = -1", "B: int = 3"]),
        ("# Why.\nA = 0.5\nB = (1, 2)", []),
        ("# Why.\n\nA = 0.5", ["A = 0.5"]),
        ('A = 0.5\n"""Why."""', []),
        ("A = 0.5  # why", []),
        ("A = 'text'\nB = True\nC = f(3)", []),
    ],
)
def test_a_number_without_a_reason_would_be_found(source, found):
    """Above it, beside it or below it."""
    assert found == list(without_a_reason(source))


# What is longer does several things one after the other, and each of them has a name.
LONGEST_FUNCTION = 50


def long_functions(source):
    """Functions with more lines than one may have, their docstrings aside: (name, lines)."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            first = node.body[0]
            is_documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
            said = first.end_lineno - first.lineno + 1 if is_documented else 0
            lines = node.end_lineno - node.lineno + 1 - said
            if lines > LONGEST_FUNCTION:
                yield node.name, lines


def test_no_function_is_longer_than_a_screen():
    """Of the package."""
    files = {path: list(long_functions(path.read_text("utf-8"))) for path in sorted(PACKAGE.rglob("*.py"))}
    assert {} == {str(path.relative_to(PACKAGE)): found for path, found in files.items() if found}


def test_a_long_function_would_be_found():
    """The first line too many is; a docstring is no line of it."""
    body = "\n".join(["    pass"] * 49)
    assert [] == list(long_functions(f'def f():\n    """Says it."""\n{body}'))
    assert [("f", 51)] == list(long_functions(f"def f():\n{body}\n    pass"))
