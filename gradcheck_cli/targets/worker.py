"""The parent's side: one target in a child process, asked for many cases, restarted when it dies.

The child computes; what it sends is checked here for size and shape, and compared elsewhere. It is no sandbox: the
code runs with the user's rights.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Sequence
from dataclasses import astuple, replace
from pathlib import Path
from types import TracebackType
from typing import Protocol

from gradcheck_cli.model import (
    GRADIENTS,
    PADDING_MODES,
    PLAIN,
    TENSORS,
    Array,
    Case,
    ConvSpec,
    GradientName,
    Gradients,
    Setting,
)
from gradcheck_cli.model.errors import TargetError, UnrecognisedError
from gradcheck_cli.model.spec import CONVS
from gradcheck_cli.targets.contract import (
    NOT_TRIED,
    Described,
    DescribedFunction,
    ErrorKind,
    ForwardBeside,
    HowToCall,
    Outcome,
    Repetition,
    TargetRef,
    TextEdit,
    Where,
    WorkerLimits,
    WrongBeside,
)
from gradcheck_cli.targets.functions.client import described_function
from gradcheck_cli.targets.functions.packing import unpacked
from gradcheck_cli.targets.process import Child, DiedError, TimedOutError
from gradcheck_cli.targets.spec_message import message_of_spec
from gradcheck_cli.targets.wire import Message, WireError, in_format, name_of_dtype, widened

# How the child loads: the whole file; what the target needs; the same without a try, where every try ends the process.
ATTEMPTS = ("whole", "needed", "untried")
IMPORTS_TORCH = re.compile(rb"^\s*(import|from)\s.*\btorch\b", re.MULTILINE)
WHERE: tuple[Where, ...] = ("forward", "backward")
KINDS: tuple[ErrorKind, ...] = ("", "raised", "timeout", "crashed", "memory", "exited", "refused", "misshapen")


class Answerer(Protocol):
    """What runs the target: see `Child`."""

    def exchange(self, message: Message, arrays: dict[str, Array], timeout: float) -> tuple[Message, dict[str, Array]]:
        """Send one frame, wait for one."""

    def printed(self) -> str:
        """What was printed since the last call."""

    def kill(self) -> None:
        """End it."""


class Worker:
    """Runs one target in a child process, for many cases.

    Use it in a `with` statement: leaving it, also by Ctrl-C, kills the child and what it started. `limits` may change
    between two calls.
    """

    def __init__(self, ref: TargetRef, limits: WorkerLimits | None = None, how: HowToCall | None = None) -> None:
        """Nothing is started before the first question.

        Args:
            ref: from `resolve`.
            limits: time, memory, restarts.
            how: what the user says of how it is called.
        """
        self._ref, self.limits, self._how = ref, limits or WorkerLimits(), how or HowToCall()
        self._child: Answerer | None = None
        self._described: Described | DescribedFunction | None = None
        self._starts = 0
        self._attempt = 0
        self._loss: TargetError | None = None

    def __enter__(self) -> Worker:
        """The worker itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Kill the child."""
        self.close()

    def describe(self) -> Described:
        """How the target is called.

        Raises:
            TargetError: it cannot be loaded, no convention fits, or several do; or it is no convolution.
        """
        described = self.describe_any()
        if isinstance(described, DescribedFunction):
            raise TargetError(f"{self._ref.text} is no convolution.", hint="gradcheck verify judges any function")
        return described

    def describe_any(self) -> Described | DescribedFunction:
        """How the target is called, a convolution or, where that was said to be welcome, any function.

        Raises:
            TargetError: it cannot be loaded, or nothing fits.
        """
        if self._described is None:
            self._described = self._load()
        return self._described

    def ask(self, request: Message, arrays: dict[str, Array]) -> tuple[Message, dict[str, Array], str]:
        """One question to a function: (the answer, its arrays, what was printed).

        A process that died has answered too: with its `kind` and its `error`, and without arrays.

        Raises:
            TargetError: it cannot be loaded.
        """
        self.describe_any()
        if self._child is None:
            if self._starts > self.limits.restarts:
                return {"kind": "crashed", "error": NOT_TRIED}, {}, ""
            self._load()
        assert self._child is not None
        try:
            message, answered = self._child.exchange(request, arrays, self.limits.timeout)
        except (TimedOutError, DiedError, WireError) as failure:
            lost = self._lost(failure)
            return {"kind": lost.error_kind, "error": lost.error}, {}, lost.printed
        return message, answered, self._child.printed()

    def backward(self, case: Case, calls: Repetition = "twice", setting: Setting = PLAIN) -> Outcome:
        """Ask the target for the gradients of `case`.

        Args:
            case: arrays in our layout.
            calls: how often, and on what before; whatever comes of a second call is `Outcome.second`.
            setting: in what it computes; the arrays are rounded to its number format.

        Raises:
            TargetError: it cannot be loaded.
        """
        self.describe_any()
        if self._child is None:
            if self._starts > self.limits.restarts:
                return Outcome(Gradients(), error=NOT_TRIED, error_kind="crashed")
            self._load()
        assert self._child is not None
        arrays = {str(name): in_format(array, setting) for name, array in case.items()}
        request = {"do": "backward", "spec": message_of_spec(case.spec), "calls": calls, "setting": setting.message()}
        try:
            message, answered = self._child.exchange(request, arrays, self.limits.timeout)
        except (TimedOutError, DiedError, WireError) as failure:
            return self._lost(failure)
        return _outcome(message, answered, self._child.printed(), case.spec)

    def refusals(self, specs: Sequence[ConvSpec]) -> list[str]:
        """Why the target is not asked about each of these geometries; "" where its answer to `backward` tells.

        In one exchange, and without numbers: a plain function takes few of the geometries that there are.

        Raises:
            TargetError: it cannot be loaded.
        """
        self.describe_any()
        request = {"do": "refusals", "specs": [message_of_spec(spec) for spec in specs]}
        try:
            message = self._child.exchange(request, {}, self.limits.timeout)[0] if self._child else {}
        except (TimedOutError, DiedError, WireError) as failure:
            self._lost(failure)
            message = {}
        return list(map(str, message.get("refusals", [""] * len(specs))))

    def edit(self, edits: Sequence[TextEdit]) -> bool:
        """From now on the target runs with these in its text, in place of all that was put before; none undoes it.

        A child that dies takes its edits with it: what is started after it runs the file as it is.

        Returns:
            False where they cannot be put.
        """
        if self._child is None:
            return False
        request = {"do": "edit", "edits": [list(astuple(edit)) for edit in edits]}
        try:
            message, _ = self._child.exchange(request, {}, self.limits.timeout)
        except (TimedOutError, DiedError, WireError) as failure:
            self._lost(failure)
            return False
        return bool(message["edited"])

    def close(self) -> None:
        """Kill the child and what it started; the worker can be used again."""
        if self._child is not None:
            self._child.kill()
            self._child = None

    def start(self) -> Answerer:
        """What answers from now on: a child process. `here` puts this process in its place."""
        return Child(self.limits.memory, self.limits.output, sure_to_load(self._ref))

    def _load(self) -> Described | DescribedFunction:
        self._starts += 1
        self._child = self.start()
        try:
            message, _ = self._child.exchange(self._load_request(), {}, self.limits.timeout)
        except (TimedOutError, DiedError, WireError) as failure:
            lost = self._lost(failure)
            hint = f"more time: --timeout {10 * self.limits.timeout:g}" if lost.error_kind == "timeout" else None
            self._loss = TargetError(f"{self._ref.text} cannot be loaded: {lost.error}.", facts=_shown(lost), hint=hint)
            if self._attempt < len(ATTEMPTS) - 1:
                self._attempt += 1
                return self._load()
            raise self._loss from failure
        except BaseException:
            self.close()
            raise
        printed = self._child.printed()
        if "failed" in message:
            self.close()
            refusal = _target_error(message, printed)
            raise self._loss if self._loss and ATTEMPTS[self._attempt] == "untried" else refusal
        if message.get("kind") == "function":
            return self._described_function(message, printed)
        return _described(message, self._ref, printed)

    def _described_function(self, message: Message, printed: str) -> DescribedFunction:
        assert self._child is not None
        listed, arrays = self._child.exchange({"do": "samples"}, {}, self.limits.timeout)
        samples, raised = unpacked(listed["samples"], arrays), int(listed["raised"])
        described = described_function(message, samples[: len(samples) - raised], self._ref, printed)
        doubt = _target_error(message["doubt"], printed) if "doubt" in message else None
        return replace(described, raised=samples[len(samples) - raised :], doubt=doubt)

    def _load_request(self) -> Message:
        ref = self._ref
        return {
            "do": "load",
            "text": ref.text,
            "file": ref.file,
            "name": ref.name,
            "line": ref.line,
            "module": ref.module,
            "convention": self._how.convention,
            "call": self._how.call,
            "returns": list(self._how.returns),
            "kinds": list(self._how.kinds),
            "seed": self._how.seed,
            "inputs": self._how.inputs,
            "input": self._how.input,
            "against": self._how.against,
            "how": ATTEMPTS[self._attempt],
            "seconds": self.limits.timeout,
        }

    def _lost(self, failure: Exception) -> Outcome:
        """What is left to say when the child gave no answer."""
        assert self._child is not None
        self._child.kill()
        printed, self._child = self._child.printed(), None
        error, kind = _epitaph(failure, self.limits)
        return Outcome(Gradients(), error=error, error_kind=kind, printed=printed)


def sure_to_load(ref: TargetRef) -> tuple[str, ...]:
    """Modules that take seconds to load and that the file imports: a nursery has them already."""
    try:
        text = Path(ref.file).read_bytes()
    except OSError:
        return ()
    return ("torch",) if IMPORTS_TORCH.search(text) else ()


def _epitaph(failure: Exception, limits: WorkerLimits) -> tuple[str, ErrorKind]:
    if isinstance(failure, TimedOutError):
        return f"no answer within {limits.timeout:g} s", "timeout"
    if isinstance(failure, DiedError) and failure.status < 0:
        try:
            name = signal.Signals(-failure.status).name
        except ValueError:
            name = f"signal {-failure.status}"
        return f"the process was ended by {name}", "crashed"
    if isinstance(failure, DiedError):
        return f"the code ended the process (exit status {failure.status})", "exited"
    return str(failure).rstrip("."), "crashed"


def _shown(lost: Outcome) -> dict[str, object] | None:
    last = lost.printed.strip().splitlines()[-1:]
    return {"printed": last[0][:120]} if last else None


def _target_error(message: Message, printed: str) -> TargetError:
    """What the child says; where something is not installed or not built, the file may have printed what to do."""
    facts = message.get("facts")
    lines = printed.strip().splitlines()
    if message.get("lacking") and lines:
        facts = {"the file printed": lines[0][:120]}
    kind = UnrecognisedError if message.get("unrecognised") else TargetError
    return kind(
        str(message["failed"]),
        facts={str(key): str(value) for key, value in facts.items()} if isinstance(facts, dict) and facts else None,
        hint=str(message["hint"]) if message.get("hint") else None,
    )


def _described(message: Message, ref: TargetRef, printed: str) -> Described:
    return Described(
        convention=str(message["convention"]),
        layout=str(message["layout"]),
        layer=next(name for name in CONVS if name == message["layer"]),
        modes=tuple(mode for mode in PADDING_MODES if mode in message["modes"]),
        why=str(message["why"]),
        line=ref.line,
        yields=_gradient_names(message["yields"]),
        assumed=bool(message.get("assumed")),
        notes=tuple(str(note) for note in message["notes"]),
        flipped=bool(message["flipped"]),
        rate=float(message["rate"]),
        parts=_gradient_names(message["parts"]),
        same=tuple(str(rule) for rule in message["same"]),
        constants=tuple(int(number) for number in message["constants"]),
        unvaried=tuple(map(str, message["unvaried"])),
        wrong_beside=tuple(WrongBeside(*each) for each in message["wrong_beside"]),
        printed=printed,
    )


def _gradient_names(given: Sequence[object]) -> tuple[GradientName, ...]:
    return tuple(name for name in GRADIENTS if name in given)


def _outcome(message: Message, arrays: dict[str, Array], printed: str, spec: ConvSpec) -> Outcome:
    """The child's answer, with the shapes checked again on this side."""
    formats = {name: name_of_dtype(array) for name, array in arrays.items()}
    arrays = {name: widened(array) for name, array in arrays.items()}
    first = _gradients(arrays, "first")
    kind: ErrorKind = next((kind for kind in KINDS if kind == message.get("kind")), "crashed")
    if not kind and not _shapes_fit(first, spec):
        kind = "misshapen"
    return Outcome(
        gradients=first,
        second=_gradients(arrays, "second") if message.get("calls", "once") != "once" else None,
        supported=bool(message.get("supported", True)),
        error=str(message.get("error", "")),
        error_kind=kind,
        error_line=_line(message.get("line")),
        error_columns=_columns(message.get("columns")),
        error_where=next((where for where in WHERE if where == message.get("where")), ""),
        autograd_refused=str(message.get("autograd_refused", "")),
        summed_by_autograd=_gradient_names(message.get("summed_by_autograd", ())),
        forward_error=str(message.get("forward_error", "")),
        printed=printed,
        wrong_forward=str(message.get("wrong", "")),
        beside=ForwardBeside(**message["beside"]) if "beside" in message else None,
        unreached=tuple(int(line) for line in message["unreached"]) if "unreached" in message else None,
        mutated=tuple(str(name) for name in message.get("mutated", ())),
        dtypes={name: formats[f"first.{name}"] for name in first},
        seconds=float(message.get("seconds", 0.0)),
    )


def _gradients(arrays: dict[str, Array], call: str) -> Gradients:
    return Gradients(**{name: arrays.get(f"{call}.{name}") for name in GRADIENTS})


def _shapes_fit(gradients: Gradients, spec: ConvSpec) -> bool:
    return all(array.shape == TENSORS[name].shape(spec) for name, array in gradients.items())


def _line(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _columns(value: object) -> tuple[int, int | None] | None:
    if not isinstance(value, Sequence) or len(value) != 2 or not isinstance(value[0], int):
        return None
    return value[0], _line(value[1])
