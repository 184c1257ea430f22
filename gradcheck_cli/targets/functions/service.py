"""The child's side of a function: what it is told once, and then the answers to two questions.

"forwards" runs the forward on variations of one argument; "function" runs the forward and the backward. Facts only.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from gradcheck_cli.model import Array, ReturnedEntry, Sample
from gradcheck_cli.model.circumstances import Circumstances
from gradcheck_cli.model.errors import GradcheckError
from gradcheck_cli.targets.contract import SLICE
from gradcheck_cli.targets.edited import Edits
from gradcheck_cli.targets.functions.casts import WidenedForm
from gradcheck_cli.targets.functions.form import BackwardError, NotAFunctionError, Ran, WrittenFunction
from gradcheck_cli.targets.functions.packing import packed, unpacked
from gradcheck_cli.targets.functions.recording import recorded
from gradcheck_cli.targets.functions.reference import reference_of
from gradcheck_cli.targets.functions.writes import WriteWatch
from gradcheck_cli.targets.interpreter import LAUNCHES, configured
from gradcheck_cli.targets.lines import Watch
from gradcheck_cli.targets.load import user_line
from gradcheck_cli.targets.wire import Message

ServiceAnswer = tuple[Message, dict[str, Array]]


@dataclass(frozen=True)
class FunctionReady:
    """A function that runs, with what it was found to run on.

    `raised` are likelier samples on which its backward raises.
    """

    file: str
    form: WrittenFunction
    samples: tuple[Sample, ...]
    inputs: str
    seed: Callable[[], None]
    watch: Watch
    edits: Edits
    notes: tuple[str, ...] = ()
    raised: tuple[Sample, ...] = ()


def description(ready: FunctionReady) -> Message:
    """What the parent is told of it; the samples are asked for by a question of their own."""
    form = ready.form
    return {
        "kind": "function",
        "form": form.kind,
        "title": form.title,
        "why": form.why,
        "notes": [*ready.notes, *LAUNCHES.notes()],
        "inputs": ready.inputs,
        "of_tensors": hasattr(form, "call"),
        "configurations": LAUNCHES.configurations,
    }


def answer(ready: FunctionReady, message: Message, arrays: Mapping[str, Array]) -> ServiceAnswer:
    """The answer to one question."""
    if message["do"] == "samples":
        samples, listed = packed((*ready.samples, *ready.raised))
        return {"samples": samples, "raised": len(ready.raised)}, listed
    (sample,) = unpacked([message["sample"]], arrays)
    if message.get("casts") == "float64":
        ready = replace(ready, form=WidenedForm(ready.form))
    if message["do"] == "recording":
        ready.seed()
        return recorded(ready.form, sample.values, ready.file)
    if message["do"] == "reference":
        return _reference(ready, sample, str(message["place"]))
    if message["do"] == "forwards":
        return _forwards(ready, sample, str(message["varied"]), arrays["varied"])
    upstream = [arrays[f"G{place}"] for place in range(int(message["upstreams"]))]
    if message["do"] == "twice":
        directions = {name: arrays[f"V.{name}"] for name in message["directions"]}
        twice = partial(ready.form.run_twice, directions=directions)  # type: ignore[attr-defined]
        return _function(ready, partial(twice, sample.values, upstream), 1)
    circumstances = Circumstances.from_message(message["circumstances"]) if message["do"] != "function" else None
    run = ready.form.run if circumstances is None else _in_circumstances(ready.form, circumstances)
    call = partial(run, sample.values, upstream)
    reply, answered = _function(ready, call, int(message.get("calls", 1)))
    if reply.get("mutated") or (circumstances is not None and circumstances.passes > 1):
        reply["writes"] = _writes(ready, call, sample, upstream)
    return reply, answered


def _in_circumstances(form: WrittenFunction, circumstances: Circumstances) -> Callable[[Any, list[Array]], Ran]:
    """How a form runs in other circumstances; a form that knows none is not asked (see `description`)."""

    def run(values: Any, upstream: list[Array]) -> Ran:
        with configured(circumstances.configuration):
            return form.run_in(circumstances, values, upstream)  # type: ignore[attr-defined, no-any-return]

    return run


def _forwards(ready: FunctionReady, sample: Sample, name: str, varied: Array) -> ServiceAnswer:
    """The outputs for the first values of one argument, one at least, stacked; before a failure, with what it was.

    An empty name varies nothing: one call as the sample is.
    """
    gathered: list[tuple[Array, ...]] = []
    reply: Message = {"kind": ""}
    end = time.monotonic() + SLICE
    for value in varied if name else [None]:
        if gathered and time.monotonic() > end:
            break
        changed = sample if value is None else sample.replacing(name, np.asarray(value))
        ready.seed()
        try:
            gathered.append(ready.form.forward(changed.values))
        except Exception as error:
            reply = _failed(ready, error, "forward")
            break
    stacked = {f"out{place}": np.stack(parts) for place, parts in enumerate(zip(*gathered, strict=True))}
    return reply | {"outputs": len(stacked)}, stacked


def _reference(ready: FunctionReady, sample: Sample, place: str) -> ServiceAnswer:
    """What another forward gives for the same sample."""
    ready.seed()
    try:
        found = reference_of(place).forward(sample.values)
    except NotAFunctionError as error:
        return {"kind": "refused", "error": error.sentence}, {}
    except GradcheckError as error:
        return {"kind": "refused", "error": error.sentence}, {}
    except Exception as error:
        return _failed(ready, error, "forward"), {}
    return {"kind": "", "outputs": len(found)}, {f"out{place}": out for place, out in enumerate(found)}


def _function(ready: FunctionReady, run: Callable[[], Ran], calls: int) -> ServiceAnswer:
    ready.seed()
    started = time.perf_counter()
    try:
        with ready.edits.running(ready.watch):
            ran = run()
        seconds = time.perf_counter() - started
        second = None
        if calls > 1:
            ready.seed()
            second = run()
    except BackwardError as error:
        outputs = {f"out{place}": out for place, out in enumerate(error.outputs)}
        return _failed(ready, error.cause, "backward") | {"outputs": len(outputs)}, outputs
    except Exception as error:
        return _failed(ready, error, "forward"), {}
    reply, answered = _replied(ran, second, seconds)
    return reply | {"unreached": list(ready.watch.unreached)}, answered


def _writes(ready: FunctionReady, call: Callable[[], Ran], sample: Sample, upstream: list[Array]) -> dict[str, int]:
    """What the call writes to, by the line that does so: the same call once more, looked on at."""
    handed = [(name, value) for name, value in sample.values.items() if isinstance(value, np.ndarray)]
    handed += [("grad_output", grad) for grad in upstream]
    ready.seed()
    with contextlib.suppress(Exception), WriteWatch(ready.file, handed) as watch:
        call()
    return watch.lines


def _replied(ran: Ran, second: Ran | None, seconds: float) -> ServiceAnswer:
    arrays = {f"out{place}": out for place, out in enumerate(ran.outputs)}
    arrays |= {f"first.{name}": array for name, array in ran.gradients.items()}
    if second is not None:
        arrays |= {f"second.{name}": array for name, array in second.gradients.items()}
    return {
        "kind": "",
        "outputs": len(ran.outputs),
        "returned": [_returned(item) for item in ran.returned],
        "owed": ran.owed,
        "mutated": list(ran.mutated),
        "calls": 1 if second is None else 2,
        "seconds": seconds,
    }, arrays


def _returned(item: ReturnedEntry) -> list[Any]:
    return [item.name, item.is_none, None if item.shape is None else list(item.shape), item.dtype, item.called]


def _failed(ready: FunctionReady, error: BaseException, where: str) -> Message:
    kind = (
        "memory"
        if isinstance(error, MemoryError)
        else "refused"
        if isinstance(error, NotImplementedError)
        else "raised"
    )
    text = f"{type(error).__name__}: {str(error)[:300].strip()}".rstrip(".: ")
    return {"kind": kind, "error": text, "where": where, "line": user_line(error, ready.file)}


class DoubtfulError(NotAFunctionError):
    """The target's forward runs and its backward does not: `ready` to be asked why, and otherwise refused."""

    def __init__(self, refusal: NotAFunctionError, ready: FunctionReady) -> None:
        super().__init__(refusal.step, refusal.sentence, refusal.hint, refusal.cause)
        self.ready = ready


def refusal(error: NotAFunctionError, text: str, file: str) -> Message:
    """The message of a target that cannot be taken as a function."""
    facts: dict[str, str] = {}
    if error.cause is not None:
        line = user_line(error.cause, file)
        place = "" if line is None else f" (line {line})"
        facts["the likeliest raised"] = f"{type(error.cause).__name__}: {str(error.cause)[:200]}{place}"
    return {"failed": f"{text}: {error.sentence}.", "facts": facts, "hint": error.hint}
