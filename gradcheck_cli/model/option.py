"""What one option is. `options` declares them; the command line, files, variables, Python and the docs read them.

Nothing here knows click or numpy: `--help` and usage errors load this room and must stay fast.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import Field, dataclass, field, fields, replace
from enum import Enum
from functools import cache
from inspect import get_annotations
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from gradcheck_cli.model.padding import Padding, typed_padding
from gradcheck_cli.model.spec import Size

Value = TypeVar("Value")
Record = TypeVar("Record")
_KEY = "option"


class Kind(Enum):
    """What an option takes."""

    WHOLE = "a whole number"
    LENGTH = "32, or 3x5 for vertical x horizontal"
    PADDING = "1, 1x2, the sides 0,1,0,1, same or valid"
    SECONDS = "a number of seconds"
    CHOICE = "one of a few words"
    WORDS = "several of a few words, with commas between"
    SWITCH = "nothing: it is on or off"
    TEXT = "a text"
    FILE = "the name of a file"
    TARGET = "a place in the user's code"
    ARGUMENTS = "a place in the user's code that returns what a function is called with"


class Group(Enum):
    """What an option is about; those of a group stand together in the help."""

    GEOMETRY = "the geometry of one layer"
    EXPERIMENT = "what else decides the numbers of a run"
    TARGET = "how the user's own code is called and judged"
    VERIFICATION = "what only `verify` takes"
    SWEEP = "what a sweep asks, and who asks it"
    SETTING = "in which number format, where and how it is computed"
    CHANCE = "what is drawn"


@dataclass(frozen=True)
class Range:
    """The numbers that an option may have, both ends included; of seconds the least is not."""

    least: int
    most: int


@dataclass(frozen=True)
class Option:
    """One option of a command: all that is known of it but what it does.

    What begins with `name`, and mostly `kind`, comes from the field that declares it. The name is the argument in
    Python and the key in the report; files and variables know it by name and by flag. `metavar` is what the help shows
    for the value, where the kind says too little; `short` is a flag of one letter; `no_value` is what None means.
    `always`: told in the reproduce line also where it is the default. `recorded`: its value stands in the report.
    """

    group: Group
    help: str
    flag: str = ""
    allowed: Range | None = None
    kind: Kind | None = None
    metavar: str = ""
    no_value: str = ""
    always: bool = False
    short: str = ""
    recorded: bool = True
    name: str = ""
    annotation: str = ""
    default: Any = None
    choices: tuple[str, ...] = ()

    @property
    def off(self) -> str:
        """The flag that turns a switch off, which only a switch that is on by itself has."""
        return f"--no-{self.flag.removeprefix('--')}" if self.default is True else ""

    @property
    def python_type(self) -> str:
        """What Python's functions take for it: more than the field, where that is kinder."""
        kinder = {
            Kind.LENGTH: "int | Size",
            Kind.PADDING: "int | Padding",
            Kind.FILE: "FileName",
            Kind.TARGET: "Target",
            Kind.ARGUMENTS: "Arguments | Target",
        }
        return kinder.get(self.kind, self.annotation) if self.kind else self.annotation

    def as_words(self, value: Any) -> list[str]:
        """What is typed on a command line to give `value` again."""
        if self.kind is Kind.SWITCH:
            return [self.flag if value else self.off]
        if self.kind is Kind.PADDING:
            return [self.flag, typed_padding(value)]
        return [self.flag, _typed(value)]


def declare(default: Value, option: Option) -> Value:
    """The field of a dataclass as an option. The field's annotation says what it takes, unless `option.kind` does."""
    return field(default=default, metadata={_KEY: option})


def options_of(command: type) -> tuple[Option, ...]:
    """The options that a dataclass declares, in its order; then those that it has in common with others."""
    return _options_of(command)


@cache
def _options_of(command: type) -> tuple[Option, ...]:
    hints, own = get_type_hints(command), get_annotations(command)
    declared = [each for each in fields(command) if _KEY in each.metadata]
    declared.sort(key=lambda each: each.name not in own)
    return tuple(_complete(each, hints[each.name]) for each in declared)


def recording(command: type) -> Callable[[type[Record]], type[Record]]:
    """A decorator below `@dataclass`: the record has a field for every recorded option of `command`.

    What the class names itself stays where it is; the other options come last, with their defaults.
    """

    def with_the_rest(record: type[Record]) -> type[Record]:
        named = dict(record.__annotations__)
        rest = [option for option in options_of(command) if option.recorded and option.name not in named]
        record.__annotations__ = named | {option.name: option.annotation for option in rest}
        for option in rest:
            setattr(record, option.name, option.default)
        return record

    return with_the_rest


def recorded(options: object) -> dict[str, Any]:
    """The values of `options` that stand in the report, by name."""
    return {option.name: getattr(options, option.name) for option in options_of(type(options)) if option.recorded}


def _complete(declared: Field[Any], hint: Any) -> Option:
    said: Option = declared.metadata[_KEY]
    is_choice = get_origin(hint) is Literal
    return replace(
        said,
        name=declared.name,
        annotation=str(declared.type),
        flag=said.flag or "--" + declared.name.replace("_", "-"),
        kind=said.kind or (Kind.CHOICE if is_choice else _KINDS[hint]),
        default=declared.default,
        choices=get_args(hint) if is_choice else said.choices,
    )


_KINDS: dict[Any, Kind] = {
    bool: Kind.SWITCH,
    int: Kind.WHOLE,
    int | None: Kind.WHOLE,
    Size: Kind.LENGTH,
    Padding: Kind.PADDING,
    float: Kind.SECONDS,
    str: Kind.TEXT,
}


def _typed(value: Size | str | float) -> str:
    if isinstance(value, tuple):
        return str(value[0]) if len(set(value)) == 1 else "x".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
