"""What went wrong while a class was tried, and the refusal that tells of it."""

from __future__ import annotations

import traceback
from typing import Any

from gradcheck_cli.targets.conventions import state
from gradcheck_cli.targets.conventions.base import NotRecognisedError, Step
from gradcheck_cli.targets.conventions.construct import Constructor


class NotHereError(NotRecognisedError):
    """On this geometry no way was found; on another there may be one."""


class Troubles:
    """Errors of all tries on one class, by step.

    Attributes:
        built: the first instance that could be made.
    """

    def __init__(self, owner: type, constructor: Constructor, forward: str) -> None:
        self._owner, self._constructor, self._forward = owner, constructor, forward
        self._errors: dict[Step, list[BaseException]] = {"build": [], "run": [], "read": []}
        self._shapes: list[tuple[tuple[int, ...] | None, tuple[int, ...]]] = []
        self.built: Any = None

    def add(self, step: Step, error: BaseException) -> None:
        """One try raised."""
        self._errors[step].append(error)

    def shape(self, actual: tuple[int, ...] | None, wanted: tuple[int, ...]) -> None:
        """One forward ran and gave another shape, or nothing."""
        self._shapes.append((actual, wanted))

    def refusal(self) -> NotHereError:
        """Why no way was found."""
        name = self._owner.__name__
        if self.built is None:
            return NotHereError("build", f"{name}({self._wanted()}) cannot be made", *self._likeliest("build"))
        fixed = [place for place in state.held(self.built) if place.array.ndim == 4 and not state.is_gradient(place)]
        if fixed and not self._constructor.slots:
            sizes = f"{fixed[0].name[1:]} {fixed[0].array.shape}"
            return NotHereError("build", f"{name}() fixes the sizes of its weights, {sizes}: none could be asked for")
        if self._shapes:
            return self._other_shape(name)
        if self._errors["run"]:
            sentence = f"{name}.{self._forward} raises in every way in which it was called"
            return NotHereError("run", sentence, *self._likeliest("run"))
        shapes = ", ".join(f"{place.name[1:]} {place.array.shape}" for place in state.held(self.built)[:4])
        sentence = (
            f"no weights of a 2-D convolution were found in {name}({self._wanted()}): it holds {shapes or 'no array'}"
        )
        return NotHereError("build", sentence)

    def _other_shape(self, name: str) -> NotHereError:
        actual, wanted = self._shapes[0]
        if all(shape is None for shape, _ in self._shapes):
            return NotHereError("run", f"{name}.{self._forward} returns nothing, and keeps no output")
        actual, wanted = next((pair for pair in self._shapes if pair[0] is not None), (actual, wanted))
        return NotHereError(
            "run",
            f"its forward is not a convolution: {self._forward} gives {actual} where a convolution gives {wanted}",
        )

    def _wanted(self) -> str:
        return ", ".join(item.name for item in self._constructor.parameters)

    def _likeliest(self, step: Step) -> tuple[str, BaseException | None]:
        count = len(self._errors[step])
        return f"{count} way{'s' * (count != 1)} to call it", self._error(step)

    def _error(self, step: Step) -> BaseException | None:
        """The error that got furthest into the user's code; the first of these, for likelier ways come first."""
        code = getattr(getattr(self._owner, "__init__", None), "__code__", None)
        file = code.co_filename if code is not None else ""
        return max(self._errors[step], key=lambda error: _line(error, file), default=None)


def _line(error: BaseException, file: str) -> int:
    """How far it got: the line of the user's code that was called first, 0 for an error that never got there."""
    lines = [frame.lineno or 0 for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    return lines[0] if lines else 0
