"""What `--input` says: "x=5x7, idx=int:5<7, eps=1e-5, w=weights.npy". Text only, so that a slip is told at once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from gradcheck_cli.model.errors import OptionError

InputKind = Literal["real", "positive", "unit", "index", "mask", "one-hot", "constant", "file"]
EXAMPLE = "as in --input x=5x7, idx=int:5<7, eps=1e-5 or w=weights.npy"
# Words before the colon, and what they mean; without one the numbers are normal.
KINDS: dict[str, InputKind] = {
    "float": "real",
    "real": "real",
    "positive": "positive",
    "unit": "unit",
    "int": "index",
    "mask": "mask",
    "onehot": "one-hot",
}
_SHAPE = re.compile(r"^(?:\d+x)*\d+$")
_PART = re.compile(r"^(?:(?P<kind>[a-z]+):)?(?P<shape>(?:\d+x)*\d+)(?:<(?P<below>\d+))?$")
# Not what a word begins with; after a kind and its colon sizes are due.
_LOOKS_LIKE_SIZES = re.compile(rf"[-+.]?\d|(?:{'|'.join(KINDS)}):")
FILES = (".npy", ".pt", ".pth")
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "none": None}


@dataclass(frozen=True)
class InputSpec:
    """One argument as the user wants it.

    Attributes:
        shape: of an array; () where it is none.
        below: for whole numbers, the first that is too large.
        value: of a constant: a number, a truth value, None or a word; of a file its name.
    """

    name: str
    kind: InputKind
    shape: tuple[int, ...] = ()
    below: int = 2
    value: float | int | bool | str | None = None


def input_specs(text: str) -> tuple[InputSpec, ...]:
    """The arguments that a text names, in order.

    Raises:
        OptionError: a part that is no NAME=SPEC, or a name that comes twice.
    """
    found: dict[str, InputSpec] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, spec = (piece.strip() for piece in part.partition("="))
        if not equals or not name.isidentifier() or not spec:
            raise OptionError("input", f"--input {part!r} is no NAME=SPEC.", hint=EXAMPLE)
        if name in found:
            raise OptionError("input", f"--input names {name} twice.", hint=EXAMPLE)
        found[name] = _spec(name, spec)
    return tuple(found.values())


def _spec(name: str, text: str) -> InputSpec:
    if text.endswith(FILES):
        return InputSpec(name, "file", value=text)
    if _is_number(text) or text.lower() in _WORDS:
        return InputSpec(name, "constant", value=_constant(text))
    found = _PART.match(text)
    if found is None:
        if _LOOKS_LIKE_SIZES.match(text):
            raise OptionError(
                "input", f"--input {name}={text} is neither sizes, a number, a word nor a file.", hint=EXAMPLE
            )
        return InputSpec(name, "constant", value=text)
    kind = found["kind"] or "float"
    if kind not in KINDS:
        raise OptionError(
            "input", f"--input {name}={text}: {kind} is no kind of array.", hint=f"known: {', '.join(KINDS)}"
        )
    shape = tuple(int(length) for length in found["shape"].split("x"))
    return InputSpec(name, KINDS[kind], shape, int(found["below"] or 2))


def _is_number(text: str) -> bool:
    """A plain number is a constant; "5x7" is a shape, and "float:5" one of a single axis."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def _constant(text: str) -> float | int | bool | None:
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    try:
        return int(text)
    except ValueError:
        return float(text)
