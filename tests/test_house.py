"""The rules of the house that no other test holds, read from the files of the package."""

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


def test_source_is_parsed_in_one_place():
    """`verify --jobs` parses in several threads, which `ast.parse` does not stand: model/syntax.py takes turns."""
    calls = {str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py") if "ast.parse(" in path.read_text()}
    assert calls == {"model/syntax.py"}
