"""Whether a value is what an option takes. The command line reads words; Python may be handed anything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from numbers import Integral, Real
from typing import Any

from gradcheck_cli.model.errors import OptionError
from gradcheck_cli.model.option import Kind, Option


def check_type(option: Option, value: Any) -> None:
    """Refuse a value of another kind than the option's.

    Raises:
        OptionError: with the value, and how one is written in Python.
    """
    if value is None and option.default is None:
        return
    fits, example = _TAKEN.get(option.kind or Kind.TEXT, (_is_text, '"..."'))
    if not fits(value):
        what = (option.kind or Kind.TEXT).value
        raise OptionError(
            option.name, f"{option.flag} takes {what}, not {value!r}.", hint=f"in Python as {option.name}={example}"
        )


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _is_length(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str) and all(map(_is_whole, value))


def _is_padding(value: Any) -> bool:
    """A word, a number for each axis, or both sides of each."""
    if isinstance(value, str) or _is_length(value):
        return True
    return isinstance(value, Sequence) and all(_is_length(sides) and len(sides) == 2 for sides in value)


# How it is told, and how it is written in Python; of all others a text is.
_TAKEN: dict[Kind, tuple[Callable[[Any], bool], str]] = {
    Kind.SWITCH: (lambda value: isinstance(value, bool), "True"),
    Kind.WHOLE: (_is_whole, "3"),
    Kind.LENGTH: (_is_length, "3 or (3, 5)"),
    Kind.PADDING: (_is_padding, '1, (1, 2), ((0, 1), (0, 1)) or "same"'),
    Kind.SECONDS: (lambda value: isinstance(value, Real) and not isinstance(value, bool), "20.0"),
}
