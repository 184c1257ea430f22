"""What may be written after an option: whole numbers, sizes, seconds, FORMAT=PATH. Ranges are checked in `limits`.

click's ParamType takes a type argument only since 8.5, so ours name none.
"""

from __future__ import annotations

import re
from collections.abc import Collection

import click
from click.shell_completion import CompletionItem

from gradcheck_cli.model.errors import GradcheckError
from gradcheck_cli.model.padding import SIDES, WORDS, Padding, read_padding
from gradcheck_cli.report import FORMATS, Destination, parse_destination
from gradcheck_cli.report.formats import known

DIGITS = 20
"""More digits than any option can use; Python itself refuses to read numbers of thousands."""

# What torch's convolutions have at most.
MOST_AXES = 3

# Python takes "1_000", and digits of other scripts; both are a slip here. The length is bounded before int() sees it.
WHOLE = re.compile(rf"[+-]?\d{{1,{DIGITS}}}", re.ASCII)


class Whole(click.ParamType):  # type: ignore[type-arg]
    """A whole number."""

    name = "integer"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """`value` as a number."""
        number = _whole(str(value))
        if number is None:
            self.fail(f"{value!r} is not a whole number.", param, ctx)
        return number


class Length(click.ParamType):  # type: ignore[type-arg]
    """`32`, or `3x5` for vertical x horizontal; of three axes `2x3x5`, the depth first."""

    name = "size"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        """The numbers of `value`; how many a layer takes is known when all options are."""
        if isinstance(value, tuple):
            return value
        numbers = [_whole(part) for part in str(value).lower().split("x")]
        if len(numbers) > MOST_AXES or None in numbers:
            self.fail(f"{value!r} is not a size; write 32, or 3x5 for vertical x horizontal.", param, ctx)
        return tuple(number for number in numbers if number is not None)


class Margins(click.ParamType):  # type: ignore[type-arg]
    """A padding: `1`, `1x2`, the sides `0,1,0,1`, `same` or `valid`."""

    name = "padding"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Padding:
        """`value` as `read_padding` reads it."""
        padding = read_padding(str(value)) if not isinstance(value, tuple) else value
        if padding is None:
            self.fail(
                f"{value!r} is no padding; write 1, 1x2, the sides 0,1,0,1 ({SIDES[2]}), same or valid.", param, ctx
            )
        return padding

    def shell_complete(self, _: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Its words."""
        return [CompletionItem(word) for word in WORDS if word.startswith(incomplete)]


class Seconds(click.ParamType):  # type: ignore[type-arg]
    """A number of seconds."""

    name = "seconds"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """`value` as a number."""
        try:
            return float(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a number of seconds.", param, ctx)


class WordChoice(click.ParamType):  # type: ignore[type-arg]
    """Several words of a few, with commas between. Which they may be is checked in `limits`, for Python too."""

    name = "words"

    def __init__(self, known: Collection[str]) -> None:
        self.known = known

    def shell_complete(self, _: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The words that are not there yet; those before the last comma stay."""
        before, comma, begun = incomplete.rpartition(",")
        there = before.lower().split(",")
        left = [word for word in self.known if word.startswith(begun.lower()) and word not in there]
        return [CompletionItem(f"{before}{comma}{word}") for word in left]


class ReportRequest(click.ParamType):  # type: ignore[type-arg]
    """`FORMAT=PATH`."""

    name = "FORMAT=PATH"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Destination:
        """`value` as a destination."""
        if isinstance(value, Destination):
            return value
        try:
            return parse_destination(str(value))
        except GradcheckError as error:
            self.fail(error.sentence, param, ctx)

    def shell_complete(self, context: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The formats of the command, then files."""
        if "=" in incomplete:
            return [CompletionItem(incomplete, type="file")]
        mine = [name for name in FORMATS if context.info_name not in known(name).not_for]
        return [CompletionItem(f"{name}=") for name in mine if name.startswith(incomplete)]


def _whole(text: str) -> int | None:
    return int(text) if WHOLE.fullmatch(text.strip()) else None
