"""Which line of the user's file writes into an array that is not its own: G, an argument, what the forward kept.

A call is looked on at, line by line, with `sys.settrace`: an array that holds other numbers after a line than before
it was written to by that line. Only a call that is known to write is asked so.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import Any

import numpy as np

from gradcheck_cli.model import Array
from gradcheck_cli.targets.functions.form import as_array, same_numbers


@dataclass
class _Met:
    """An array of somebody else's: what it is called, itself, and the numbers that it held."""

    name: str
    value: Any
    held: Array

    def is_written_to(self) -> bool:
        """Does it hold other numbers now?"""
        now = as_array(self.value)
        return now is None or not same_numbers(now, self.held)


class WriteWatch:
    """The writes of one call of forward and backward. Use it in a `with` statement around the call."""

    def __init__(self, file: str, handed: Sequence[tuple[str, Array]]) -> None:
        """Nothing is traced yet.

        Args:
            file: the user's, as its code was compiled with.
            handed: what the call is given, with its name; its functions are handed copies of these numbers.
        """
        self._file, self._handed = file, handed
        self._met: dict[int, _Met] = {}
        self._line: int | None = None
        self.lines: dict[str, int] = {}
        """What was written to, and the line that did so first: `self.mask` of what is kept, else as in `handed`."""

    def __enter__(self) -> WriteWatch:
        """Look on, unless a debugger does so already."""
        if sys.gettrace() is None:
            sys.settrace(self._call)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Look away."""
        if sys.gettrace() == self._call:
            sys.settrace(None)
            self._compare()

    def _call(self, frame: FrameType, _event: str, _argument: Any) -> Any:
        if frame.f_code.co_filename != self._file:
            return None
        self._compare()
        for name, array in _arrays(frame):
            if id(array) not in self._met and (numbers := as_array(array)) is not None:
                self._met[id(array)] = _Met(self._name(name, numbers), array, numbers.copy())
        return self._traced

    def _traced(self, frame: FrameType, event: str, _argument: Any) -> Any:
        self._compare()
        if event == "line":
            self._line = frame.f_lineno
        elif event == "return" and frame.f_back is not None and frame.f_back.f_code.co_filename == self._file:
            self._line = frame.f_back.f_lineno
        return self._traced

    def _compare(self) -> None:
        """What holds other numbers now was written to by the last line that began."""
        for met in self._met.values():
            if met.name not in self.lines and self._line is not None and met.is_written_to():
                self.lines[met.name] = self._line

    def _name(self, name: str, numbers: Array) -> str:
        """The name in `handed` of an array with these numbers; else the one that the code has for it."""
        return next((one for one, array in self._handed if same_numbers(array, numbers)), name)


def _arrays(frame: FrameType) -> Iterator[tuple[str, Any]]:
    """The arrays and tensors that a function is handed, also as attributes or parts of what it is handed."""
    code = frame.f_code
    for name in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]:
        yield from _inside(name, frame.f_locals.get(name))


def _inside(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if _is_array(value):
        yield name, value
    elif isinstance(value, Mapping):
        yield from ((f"{name}[{key!r}]", part) for key, part in value.items() if _is_array(part))
    elif isinstance(value, tuple | list):
        yield from ((f"{name}[{place}]", part) for place, part in enumerate(value) if _is_array(part))
    else:
        kept = getattr(value, "__dict__", {})
        yield from ((f"{name}.{attribute}", part) for attribute, part in list(kept.items()) if _is_array(part))


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray) or hasattr(value, "detach")
