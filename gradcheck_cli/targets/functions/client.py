"""The parent's side of a function: questions as messages, answers as facts. What the child sends is checked here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol, get_args

import numpy as np

from gradcheck_cli.model import Array, FunctionForm, FunctionOutcome, ReturnedEntry, Sample
from gradcheck_cli.model.circumstances import Circumstances
from gradcheck_cli.model.functions import lacks_ones
from gradcheck_cli.model.recording import Recording
from gradcheck_cli.targets.contract import DescribedFunction, TargetRef, TextEdit
from gradcheck_cli.targets.functions.packing import packed
from gradcheck_cli.targets.variants import VariantAnswer, Variants
from gradcheck_cli.targets.wire import Message, WireError

Casts = Literal["as written", "float64"]
"""Casts to float32, float16 and bfloat16 do what they say, or are left out."""


class AskedWorker(Protocol):
    """What puts a question to the child: see `Worker.ask`."""

    def ask(self, request: Message, arrays: dict[str, Array]) -> tuple[Message, dict[str, Array], str]:
        """(answer, arrays, prints)"""

    def edit(self, edits: Sequence[TextEdit]) -> bool:
        """Let the target run with these in its text."""

    def ask_variants(self, variants: Variants, request: Message, arrays: dict[str, Array]) -> list[VariantAnswer]:
        """The answers with each of these edits in its text, of the first of them."""


@dataclass(frozen=True, eq=False)
class Stacked:
    """The outputs of a forward for the first of several values of an argument, each with one more axis in front.

    `error` says why there are none for the next; "" where they were not asked for yet, as these took a slice of time.
    """

    outputs: tuple[Array, ...]
    error: str = ""


@dataclass
class FunctionClient:
    """One function in its process.

    Attributes:
        worker: runs it.
        casts: where the code's own casts to fewer bits lead to; see `targets.functions.casts`.
    """

    worker: AskedWorker
    casts: Casts = "as written"

    def outputs(self, sample: Sample) -> FunctionOutcome:
        """The forward alone."""
        stacked = self._forwards(sample, "", np.zeros(0))
        if isinstance(stacked, FunctionOutcome):
            return stacked
        return FunctionOutcome(tuple(out[0] for out in stacked.outputs))

    def recording(self, sample: Sample) -> Recording | str:
        """The forward written down, or why it is not."""
        listed, arrays = packed([sample])
        message, answered, _ = self._ask({"do": "recording", "sample": listed[0]}, arrays)
        written = message.get("recording")
        if written is None:
            return str(message.get("why") or message.get("error", ""))
        constants = tuple(answered[f"constant{place}"] for place in range(int(message["constants"])))
        try:
            return Recording.from_message(written, constants)
        except (ValueError, KeyError, TypeError) as error:
            raise WireError("the worker sent something that is no recording.") from error

    def reference(self, sample: Sample, place: str) -> FunctionOutcome:
        """What another forward, a dotted name or FILE.py:NAME, gives."""
        listed, arrays = packed([sample])
        request = {"do": "reference", "sample": listed[0], "place": place}
        message, answered, printed = self._ask(request, arrays)
        return _outcome(message, answered, printed)

    def varied(self, sample: Sample, name: str, values: Array) -> Stacked:
        """The forward for the first of `values`, (how many, *shape of the argument), in the place of one argument."""
        stacked = self._forwards(sample, name, values)
        return Stacked((), stacked.error) if isinstance(stacked, FunctionOutcome) else stacked

    def gradients(self, sample: Sample, upstream: Sequence[Array], calls: int = 1) -> FunctionOutcome:
        """Forward and backward, once or twice."""
        return _lengthened(_outcome(*self._ask(*_request(sample, upstream, calls))), sample)

    def gradients_of_variants(
        self, variants: Variants, sample: Sample, upstream: Sequence[Array]
    ) -> list[FunctionOutcome | None]:
        """Forward and backward, once, with each of these edits in the text; see `Worker.ask_variants`."""
        request, arrays = _request(sample, upstream, 1)
        found = self.worker.ask_variants(variants, self._in_casts(request), arrays)
        return [None if each is None else _lengthened(_outcome(*each, ""), sample) for each in found]

    def in_circumstances(
        self, sample: Sample, upstream: Sequence[Array], circumstances: Circumstances
    ) -> FunctionOutcome:
        """Forward and backward, once, in other circumstances."""
        listed, arrays = packed([sample])
        arrays |= {f"G{place}": grad for place, grad in enumerate(upstream)}
        request: Message = {"do": "circumstances", "sample": listed[0], "upstreams": len(upstream)}
        message, answered, printed = self._ask(request | {"circumstances": circumstances.message()}, arrays)
        return _outcome(message, answered, printed)

    def differentiated_twice(
        self, sample: Sample, upstream: Sequence[Array], directions: Mapping[str, Array]
    ) -> FunctionOutcome:
        """The derivative of sum(directions * gradients) by the arguments that `directions` names."""
        listed, arrays = packed([sample])
        arrays |= {f"G{place}": grad for place, grad in enumerate(upstream)}
        arrays |= {f"V.{name}": direction for name, direction in directions.items()}
        request: Message = {"do": "twice", "sample": listed[0], "upstreams": len(upstream)}
        message, answered, printed = self._ask(request | {"directions": list(directions)}, arrays)
        return _outcome(message, answered, printed)

    def widened(self) -> FunctionClient:
        """The same function with its casts to fewer bits left out; only for code of torch."""
        return replace(self, casts="float64")

    def edit(self, edits: Sequence[TextEdit]) -> bool:
        """See `Worker.edit`."""
        return self.worker.edit(edits)

    def _ask(self, request: Message, arrays: dict[str, Array]) -> tuple[Message, dict[str, Array], str]:
        return self.worker.ask(self._in_casts(request), arrays)

    def _in_casts(self, request: Message) -> Message:
        return request if self.casts == "as written" else request | {"casts": self.casts}

    def _forwards(self, sample: Sample, name: str, values: Array) -> Stacked | FunctionOutcome:
        listed, arrays = packed([sample])
        request = {"do": "forwards", "sample": listed[0], "varied": name}
        message, answered, printed = self._ask(request, arrays | {"varied": values})
        outputs = _outputs(message, answered)
        if message.get("kind") and not outputs:
            return _outcome(message, {}, printed)
        return Stacked(outputs, str(message.get("error", "")))


def described_function(
    message: Message, samples: tuple[Sample, ...], ref: TargetRef, printed: str
) -> DescribedFunction:
    """What the child says of a function that it loaded."""
    form: FunctionForm = next(form for form in get_args(FunctionForm) if form == message["form"])
    return DescribedFunction(
        form=form,
        title=str(message["title"]),
        why=str(message["why"]),
        line=ref.line,
        samples=samples,
        inputs=str(message["inputs"]),
        is_of_tensors=bool(message["of_tensors"]),
        configurations=int(message["configurations"]),
        notes=tuple(str(note) for note in message["notes"]),
        printed=printed,
    )


def _request(sample: Sample, upstream: Sequence[Array], calls: int) -> tuple[Message, dict[str, Array]]:
    """The question for the gradients of a sample, and its arrays."""
    listed, arrays = packed([sample])
    arrays |= {f"G{place}": grad for place, grad in enumerate(upstream)}
    return {"do": "function", "sample": listed[0], "upstreams": len(upstream), "calls": calls}, arrays


def _outputs(message: Message, arrays: Mapping[str, Array]) -> tuple[Array, ...]:
    names = (f"out{place}" for place in range(int(message.get("outputs", 0))))
    return tuple(arrays[name] for name in names if name in arrays)


def _outcome(message: Message, arrays: Mapping[str, Array], printed: str) -> FunctionOutcome:
    line = message.get("line")
    return FunctionOutcome(
        outputs=_outputs(message, arrays),
        gradients=_named(arrays, "first."),
        returned=tuple(_returned(item) for item in message.get("returned", ())),
        owed=message.get("owed"),
        second=_named(arrays, "second.") if message.get("calls") == 2 else None,
        mutated=tuple(str(name) for name in message.get("mutated", ())),
        writes={str(name): int(number) for name, number in message.get("writes", {}).items()},
        error=str(message.get("error", "")),
        error_kind=str(message.get("kind", "")),
        error_where=str(message.get("where", "")),
        error_line=line if isinstance(line, int) else None,
        printed=printed,
        seconds=float(message.get("seconds", 0.0)),
        unreached=tuple(int(number) for number in message["unreached"]) if "unreached" in message else None,
    )


def _lengthened(outcome: FunctionOutcome, sample: Sample) -> FunctionOutcome:
    """Gradients that lack axes of 1 in front, with them."""
    shapes = {name: sample.array(name).shape for name in outcome.gradients}
    short = {name: array.shape for name, array in outcome.gradients.items() if lacks_ones(array.shape, shapes[name])}
    if not short:
        return outcome

    def whole(gradients: Mapping[str, Array]) -> dict[str, Array]:
        return {name: array.reshape(shapes[name]) if name in short else array for name, array in gradients.items()}

    second = None if outcome.second is None else whole(outcome.second)
    return replace(outcome, gradients=whole(outcome.gradients), second=second, unlengthened=short)


def _named(arrays: Mapping[str, Array], prefix: str) -> dict[str, Array]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def _returned(item: Sequence[Any]) -> ReturnedEntry:
    name, is_none, shape, dtype, called = item
    of = None if shape is None else tuple(map(int, shape))
    return ReturnedEntry(str(name), bool(is_none), of, str(dtype), str(called))
