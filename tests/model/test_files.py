"""Names of files as people write them."""

import pytest

from gradcheck_cli.model import files


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with a few files."""
    monkeypatch.chdir(tmp_path)
    for name in ("b.png", "a.png", "c.jpg", "[1].png"):
        (tmp_path / name).touch()
    (tmp_path / "d.png").mkdir()


@pytest.mark.usefixtures("folder")
def test_a_pattern_is_its_files_in_order():
    """Folders are none of them."""
    assert ("[1].png", "a.png", "b.png") == files.matching("*.png")


@pytest.mark.usefixtures("folder")
def test_a_file_whose_name_looks_like_a_pattern_is_that_file():
    """The name itself comes first."""
    assert ("[1].png",) == files.matching("[1].png")


@pytest.mark.usefixtures("folder")
def test_names_without_a_match_stay():
    """They are refused where they are read."""
    assert ("c.jpg", "*.gif", "-", "a.png", "b.png") == files.expanded(["c.jpg", "*.gif", "-", "[ab].png"])


@pytest.mark.parametrize(
    ("name", "picture", "code"),
    [
        ("a.jpg", True, False),
        ("a.PNG", True, False),
        ("a.py", False, True),
        ("a.py:f", False, True),
        ("-", False, False),
    ],
)
def test_pictures_and_code_are_told_by_their_ending(name, picture, code):
    """Nothing is opened."""
    assert (picture, code) == (files.is_picture(name), files.is_code(name))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("my.py:bw", ("my.py", "bw")),
        (r"C:\x\my.py:bw", (r"C:\x\my.py", "bw")),
        (r"C:\x\my.py", (r"C:\x\my.py", "")),
        ("a:b/my.py:Conv.backward", ("a:b/my.py", "Conv.backward")),
        ("package.module:name", ("package.module", "name")),
        ("my.py", ("my.py", "")),
    ],
)
def test_the_last_colon_splits_when_a_name_follows(text, expected):
    """Drive letters and colons in folders are no separators."""
    assert files.file_and_name(text) == expected
