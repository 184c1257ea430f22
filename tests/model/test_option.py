"""An option is what its field declares: name, type and default from the field, the rest beside it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

import pytest

from gradcheck_cli.model import RunOptions, Size, VerifyOptions
from gradcheck_cli.model.option import Group, Kind, Option, declare, options_of, recorded, recording


def plain(**more):
    """An option of which the field says all."""
    return Option(Group.EXPERIMENT, "Help.", **more)


@dataclass(frozen=True)
class Garden:
    """Options that no command has, one of each kind."""

    name: str
    rows: int = declare(4, plain(flag="--r"))
    workers: int | None = declare(None, plain())
    bed: Size = declare((2, 3), plain())  # noqa: RUF009
    fence: bool = declare(True, plain())
    rain_barrel: bool = declare(False, plain())
    crop: Literal["beans", "peas"] = declare("peas", plain())
    patience: float = declare(1.5, plain())
    motto: str = declare("", plain(recorded=False))
    map: str = declare("none", plain(kind=Kind.FILE))


OPTIONS = {option.name: option for option in options_of(Garden)}


def test_a_field_that_declares_nothing_is_no_option():
    """What a command is about stands in the same dataclass."""
    assert ["name", *OPTIONS] == [field.name for field in fields(Garden)]


def test_an_option_has_the_name_default_and_type_of_its_field():
    """The flag is the name with dashes, unless another is declared."""
    assert [
        ("--r", Kind.WHOLE, 4),
        ("--workers", Kind.WHOLE, None),
        ("--bed", Kind.LENGTH, (2, 3)),
        ("--fence", Kind.SWITCH, True),
        ("--rain-barrel", Kind.SWITCH, False),
        ("--crop", Kind.CHOICE, "peas"),
        ("--patience", Kind.SECONDS, 1.5),
        ("--motto", Kind.TEXT, ""),
        ("--map", Kind.FILE, "none"),
    ] == [(option.flag, option.kind, option.default) for option in OPTIONS.values()]
    assert ("beans", "peas") == OPTIONS["crop"].choices


def test_the_dataclass_has_its_defaults():
    """Declaring an option takes nothing from the dataclass."""
    assert Garden("mine", 4, None, (2, 3), True, False, "peas", 1.5, "", "none") == Garden("mine")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("rows", 7, ["--r", "7"]),
        ("bed", (5, 5), ["--bed", "5"]),
        ("bed", (5, 6), ["--bed", "5x6"]),
        ("fence", False, ["--no-fence"]),
        ("rain_barrel", True, ["--rain-barrel"]),
        ("crop", "beans", ["--crop", "beans"]),
        ("patience", 60.0, ["--patience", "60"]),
        ("map", "a b.png", ["--map", "a b.png"]),
    ],
)
def test_a_value_is_typed_in_words(name, value, words):
    """As a person would, and switches by the flag that changes them."""
    assert words == OPTIONS[name].as_words(value)


@pytest.mark.parametrize(
    ("name", "taken"), [("rows", "int"), ("workers", "int | None"), ("bed", "int | Size"), ("map", "FileName")]
)
def test_python_takes_more_than_the_field(name, taken):
    """One number for a size, a path for a name."""
    assert taken == OPTIONS[name].python_type


def test_a_record_has_a_field_for_every_recorded_option():
    """What the record names itself stays in its place and may be of another type; the rest comes last."""

    @dataclass(frozen=True)
    @recording(Garden)
    class Harvest:
        crop: tuple[str, int]
        weight: float
        rows: int

    last = ["workers", "bed", "fence", "rain_barrel", "patience", "map"]
    assert ["crop", "weight", "rows", *last] == [field.name for field in fields(Harvest)]
    assert (2, 3) == Harvest(("peas", 3), 2.5, 1).bed
    assert ["rows", *last, "crop"] == sorted(recorded(Garden("mine")), key=["rows", *last, "crop"].index)


def test_what_verify_would_be_asked_holds_every_option_of_both_commands():
    """`run --backward` asks about the same code in the same way."""
    asked = RunOptions((), convention="cache", call="f(x)", returns="input", arithmetic="fft", timeout=3.0, seed=7)
    common = {option.name for option in options_of(RunOptions) if option.group is not Group.SETTING}
    common &= {option.name for option in options_of(VerifyOptions)}
    verifying = asked.verifying("mine.py:f")

    assert {"convention", "call", "returns", "arithmetic", "timeout", "seed"} == common
    assert ("mine.py:f",) == verifying.targets
    assert {name: getattr(asked, name) for name in common} == {name: getattr(verifying, name) for name in common}
