"""The page for contributors sends nobody astray: what it names is there, and its example is one that works."""

import re
from dataclasses import dataclass

import pytest
from commands import ROOT

from gradcheck_cli.model import options
from gradcheck_cli.model.option import Kind, options_of

PAGE = (ROOT / "docs" / "contributing.md").read_text(encoding="utf-8")
FILES = sorted(set(re.findall(r"`([\w./-]+/[\w.-]+\.\w+)`", PAGE)))


@pytest.mark.parametrize("name", FILES)
def test_every_file_that_the_page_names_exists(name):
    """By its path in the project."""
    assert (ROOT / name).is_file()


def test_the_page_names_files():
    """The pattern above finds them, so that the test above can fail."""
    assert "gradcheck_cli/model/options.py" in FILES


def test_the_option_of_the_page_can_be_declared():
    """As it stands there, in a dataclass of its own."""
    line = re.search(r"^gain: int = .*$", PAGE, re.M)[0]
    space = {**vars(options), "dataclass": dataclass, "__name__": options.__name__}
    exec(f"@dataclass(frozen=True)\nclass Imaginary:\n    {line}", space)

    (gain,) = options_of(space["Imaginary"])
    assert ("gain", "--gain", Kind.WHOLE, 1, 255) == (gain.name, gain.flag, gain.kind, gain.default, gain.allowed.most)
