"""The page for contributors sends nobody astray: what it names is there, and its example is one that works."""

import re
from dataclasses import dataclass

import pytest
import rooms
from commands import ROOT

from gradcheck_cli.model import Report, options
from gradcheck_cli.model.option import Kind, options_of
from gradcheck_cli.model.text import visible
from gradcheck_cli.report.formats import Format
from gradcheck_cli.report.page import blocks, page_of
from gradcheck_cli.report.page.blocks import said
from gradcheck_cli.report.page.parts import told
from tests.report import samples

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


def test_the_map_has_every_room():
    """Each folder of the package has its line, and no other."""
    lines = re.findall(r"^\| `(\w+)` \|", PAGE, re.M)
    assert sorted(rooms.arrows()) == sorted(lines)


def test_every_arrow_of_the_picture_goes_down():
    """From a floor to a lower one; what is left out has a way over other rooms."""
    floor = {room: level for level, names in enumerate(rooms.floors(rooms.arrows())) for room in names}
    drawn = rooms.lasting(rooms.arrows())
    assert [] == [(one, two) for one, others in drawn.items() for two in others if floor[one] <= floor[two]]
    assert rooms.picture().count("<path") == sum(map(len, drawn.values()))


def test_a_circle_cannot_be_drawn():
    """It is refused with the rooms in it."""
    with pytest.raises(ValueError, match="these rooms import in a circle: checks, report"):
        rooms.floors({"model": set(), "report": {"model", "checks"}, "checks": {"report"}})


def test_a_way_over_another_room_is_drawn_once():
    """runs imports model by way of layers."""
    found = {"model": set(), "layers": {"model"}, "runs": {"model", "layers"}}
    assert {"model": set(), "layers": {"model"}, "runs": {"layers"}} == rooms.lasting(found)


def test_the_report_format_of_the_page_works():
    """As it stands there: the function gives the message, and the line is one of the table."""
    source = re.search(r"^def render_chat.*?^```", PAGE, re.M | re.S)[0].rstrip("`")
    space = {"Report": Report, "visible": visible, "blocks": blocks, "page_of": page_of, "said": said, "told": told}
    exec(source, space)
    lines = space["render_chat"](samples.failing_run_report()).splitlines()

    assert "*FAIL: gradcheck run, batch_mean.py:conv_backward*" == lines[0]
    assert "at: batch_mean.py:11:36" in lines
    assert "Without it grad_weight is right on all 22 geometries." == lines[-2]
    line = re.search(r'^"chat": (.*),$', PAGE, re.M)[1]
    assert Format("chat", "render_chat") == eval(line, {"Format": Format})
