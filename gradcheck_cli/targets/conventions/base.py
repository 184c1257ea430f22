"""What every convention offers: candidates that can be tried on a case, and what a call gave back."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Literal, Protocol

import numpy as np

from gradcheck_cli.model import Array, Case, ConvSpec, GradientName
from gradcheck_cli.targets.contract import Where
from gradcheck_cli.targets.conventions.layout import Layout
from gradcheck_cli.targets.stopped import HungError as HungError

BIAS_FORMS: Mapping[str, Callable[[int], tuple[int, ...]]] = {
    "o": lambda count: (count,),
    "111o": lambda count: (1, 1, 1, count),
    "o1": lambda count: (count, 1),
    "1o": lambda count: (1, count),
    "1o1": lambda count: (1, count, 1),
    "o11": lambda count: (count, 1, 1),
    "1o11": lambda count: (1, count, 1, 1),
    "11o": lambda count: (1, 1, count),
    "1": lambda count: () if count == 1 else (count,),
}
"""Shapes in which a bias of `count` filters is kept; the last is a number, of code with a single filter."""


Step = Literal["build", "run", "read"]
"""Where recognition ends: the constructor and its wiring; which argument is what; where the gradients are."""


class RefusedError(Exception):
    """The target does not accept this geometry; nothing was computed."""


class WrongForwardError(Exception):
    """The target takes this geometry, and its own forward computes another convolution (or none) there."""


class UnfinishedError(Exception):
    """The target gives no gradient by its own doing: nothing returned, not implemented. The text is a sentence."""


@contextmanager
def during(where: Where) -> Iterator[None]:
    """Marks what is raised inside with the call that raised it, see `raised_in`."""
    try:
        yield
    except BaseException as error:
        with suppress(Exception):  # an exception may forbid attributes
            error.__dict__.setdefault(_MARK, where)
        raise


_MARK = "gradcheck_raised_in"


def raised_in(error: BaseException) -> Where:
    """The call that raised `error`; "" where nobody marked it."""
    found: Where = getattr(error, _MARK, "")
    return found


class NotRecognisedError(Exception):
    """No way to call the target was found.

    Attributes:
        step: how far it went.
        sentence: why, with the parameter that it is about.
        tried: what was tried, one clause.
        error: what the likeliest way raised.
        hint: what to do; "" names the ways out.
    """

    def __init__(
        self, step: Step, sentence: str, tried: str = "", error: BaseException | None = None, hint: str = ""
    ) -> None:
        super().__init__(sentence)
        self.step, self.sentence, self.tried, self.error, self.hint = step, sentence, tried, error, hint


class NoTimeError(NotRecognisedError):
    """The time was up before every way to call it had been tried."""


class UnreadableUpdateError(NotRecognisedError):
    """It is called rightly, and the gradient is lost in its update: as another layer it would be no better."""


class TransposedError(NotRecognisedError):
    """It was tried as a convolution, and its own forward is a transposed one."""

    def __init__(self) -> None:
        super().__init__(
            "run", "its forward is a transposed convolution, and in no order of its axes is it right as one"
        )


class AmbiguousError(Exception):
    """Several ways to call the target run, and nothing tells them apart."""

    def __init__(self, layouts: Sequence[str]) -> None:
        super().__init__(f"it runs in more than one layout ({', '.join(layouts)}), and no gradient is right in any")
        self.layouts = tuple(layouts)


@dataclass(frozen=True)
class Returned:
    """What one call of a target gave, still in its own layout.

    Attributes:
        items: key -> array; keys are positions ("0", "1.0"), dict keys, attribute paths.
        names: key -> the name that the source has for it.
        mutated: arguments that the call changed.
        output: what the target's own forward gave, None without one.
        forward_error: what the target's own forward raised where its backward was judged all the same.
        refused: what autograd said of the gradients, in its words, where it did not take them.
        summed: gradients that were returned in a larger shape, which autograd summed.
    """

    items: Mapping[str, Array]
    names: Mapping[str, str] = field(default_factory=dict)
    mutated: tuple[str, ...] = ()
    output: Array | None = None
    forward_error: BaseException | None = None
    refused: str = ""
    summed: tuple[GradientName, ...] = ()


NOTHING: Array = np.zeros(0)
"""Stands for a None among results."""

Prepared = Callable[[], Returned]
"""Calls the target once more on the same case."""


# Of code that takes no padding, and gives an output as large as its input.
KEEPS_SIZE = "it always pads to keep the size"


class Candidate(Protocol):
    """One way to call a target."""

    @property
    def family(self) -> str:
        """Id of the convention."""

    @property
    def layout(self) -> Layout:
        """Axis orders of what is passed."""

    @property
    def bias_form(self) -> str:
        """A key of `BIAS_FORMS`, "untied" or "" (no bias is passed)."""

    @property
    def in_text(self) -> bool:
        """Whether the source speaks of this order of the axes."""

    def why(self) -> str:
        """How it was told, one clause."""

    def notes(self) -> tuple[str, ...]:
        """What a reader of the verdict should know."""

    def refuses(self, spec: ConvSpec) -> str:
        """Why it cannot take `spec`; "" when it can."""

    def start(self, case: Case) -> Prepared:
        """Prepare `case`."""


# Behind the key of a list that holds one array: that array.
ALONE = "[0]"


def collect(returned: Any, none: bool = False) -> dict[str, Array]:
    """Every array in what a function returned; keys are positions or dict keys, joined by dots.

    An array alone in a list may be all filters of a layer with one, or the only parameter of a layer: it is listed as
    the list, and under the same key with `ALONE` behind it as what it is.

    `none`: list what is None too, as an empty array.
    """
    found: dict[str, Array] = {}
    _collect(returned, "", found)
    return found if none else {key: array for key, array in found.items() if array is not NOTHING}


def check_output(output: Array | None, layout: Layout, spec: ConvSpec, same: bool) -> None:
    """Compare the shape of the target's own output with that of G, before it is asked for gradients of such a G.

    Args:
        same: it keeps the size by a rule of its own, so another shape is no promise that was broken.

    Raises:
        RefusedError: another shape, where it promises nothing.
        WrongForwardError: another shape, where it was told a stride, padding, dilation or groups.
    """
    wanted = layout.shape("output", spec.output_shape, spec.groups)
    if output is None or output.shape == wanted:
        return
    if same or not spec.unusual:
        raise RefusedError(f"its own forward gives {output.shape} here, not {wanted}")
    raise WrongForwardError(f"{output.shape} where {wanted} is right")


def is_tensor(value: Any) -> bool:
    """A torch tensor, told without importing torch."""
    return any(kind.__module__ == "torch" and kind.__name__ == "Tensor" for kind in type(value).__mro__)


def is_foreign(value: Any) -> bool:
    """An array of another library (jax, say) that numpy can read, told without importing it."""
    known = isinstance(value, type | np.ndarray | np.generic)
    return not known and all(hasattr(value, name) for name in ("__array__", "shape", "dtype"))


_PLAIN = (np.ndarray, int, float)


def to_numpy(value: Any) -> Array | None:
    """An array of numbers, from numpy, torch, a number or nested lists; None for anything else."""
    if type(value) in _PLAIN:
        pass  # most are: a layer of numpy arrays is walked through around every call
    elif is_tensor(value):
        value = value.detach().cpu()
        # numpy has no bfloat16; float32 has all of its numbers.
        value = (value.float() if str(value.dtype) == "torch.bfloat16" else value).numpy()
    elif is_foreign(value):
        try:
            value = np.asarray(value)
        except Exception:  # an array of a device, or one that is only traced
            return None
    if isinstance(value, list | int | float | np.generic | np.ndarray) and not isinstance(value, bool):
        try:
            array = np.asarray(value)
        except ValueError:
            return None
        return array if array.dtype.kind in "fiub" else None
    return None


def stacked(value: Any) -> Array | None:
    """One array of arrays of one shape that stand in a list, in lists of lists, or in a dict with keys (o, i).

    None for anything else, also where the keys leave a gap.
    """
    if isinstance(value, Mapping):
        return _grid(value)
    if not isinstance(value, list) or not value:
        return None
    parts = [item if isinstance(item, np.ndarray) else stacked(item) for item in value]
    if any(part is None or not part.ndim or part.shape != parts[0].shape for part in parts):  # type: ignore[union-attr]
        return None
    return np.array(parts)


def _grid(value: Mapping[Any, Any]) -> Array | None:
    keys = list(value)
    if not keys or not all(isinstance(key, tuple) and len(key) == 2 for key in keys):
        return None
    rows, columns = (list(dict.fromkeys(sorted(key[axis] for key in keys))) for axis in (0, 1))
    whole = rows == list(range(len(rows))) and columns == list(range(len(columns)))
    if not whole or len(keys) != len(rows) * len(columns):
        return None
    return stacked([[value[row, column] for column in columns] for row in rows])


def _collect(value: Any, key: str, found: dict[str, Array]) -> None:
    array = to_numpy(value)
    if value is None and key:
        found[key] = NOTHING
    elif array is not None:
        found[key or "0"] = np.array(array)  # a later call may write into the array that it returned
        if key and isinstance(value, list) and len(value) == 1 and isinstance(value[0], np.ndarray):
            found[key + ALONE] = np.array(value[0])
    elif isinstance(value, Mapping) and (grid := stacked(value)) is not None:
        found[key or "0"] = grid
    elif isinstance(value, Mapping):
        for name, item in value.items():
            _collect(item, f"{key}.{name}".strip("."), found)
    elif isinstance(value, tuple | list):
        for index, item in enumerate(value):
            _collect(item, f"{key}.{index}".strip("."), found)
    else:
        for name, item in _fields(value).items():
            _collect(item, f"{key}.{name}".strip("."), found)


def _fields(value: Any) -> dict[str, Any]:
    """What an object holds that is made to hold things, a dataclass or a namespace; nothing of any other."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name, None) for field in dataclasses.fields(value)}
    return dict(vars(value)) if isinstance(value, SimpleNamespace) else {}


def changed(before: Mapping[str, Array], after: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the arguments whose bytes differ now."""
    return tuple(name for name, array in before.items() if not _same(array, to_numpy(after[name])))


def _same(before: Array, after: Array | None) -> bool:
    return after is not None and before.shape == after.shape and np.array_equal(before, after, equal_nan=True)
