"""The parent's side: one target in a child process, asked for many cases, restarted when it dies.

The child computes; what it sends is checked here for size and shape, and compared elsewhere. It is no sandbox: the
code runs with the user's rights.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Protocol

from gradcheck_cli.model import (
    PLAIN,
    Array,
    Case,
    ConvSpec,
    Setting,
)
from gradcheck_cli.model.errors import TargetError, UnrecognisedError
from gradcheck_cli.model.spec import fields_of
from gradcheck_cli.targets.contract import (
    NOT_TRIED,
    SLICE,
    Described,
    DescribedFunction,
    ErrorKind,
    HowToCall,
    Outcome,
    Repetition,
    TargetRef,
    TextEdit,
    WorkerLimits,
)
from gradcheck_cli.targets.convolution_client import described_convolution, outcome_of, request_of
from gradcheck_cli.targets.functions.client import described_function
from gradcheck_cli.targets.functions.packing import unpacked
from gradcheck_cli.targets.process import Child, DiedError, TimedOutError
from gradcheck_cli.targets.variants import VariantAnswer, Variants, asked_of, each_answer, listed_edits
from gradcheck_cli.targets.wire import Message, WireError

# How the child loads: the whole file; what the target needs; the same without a try, where every try ends the process.
ATTEMPTS = ("whole", "needed", "untried")
IMPORTS_TORCH = re.compile(rb"^\s*(import|from)\s.*\btorch\b", re.MULTILINE)


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
        self._lock, self._is_over = Lock(), False

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
            return self._lost(failure)
        return message, answered, self._child.printed()

    def ask_variants(self, variants: Variants, request: Message, arrays: dict[str, Array]) -> list[VariantAnswer]:
        """One question to the target with each of these edits in its text; the last one stays there, see `edit`.

        Returns:
            For the first of them, one at least. A process that died has answered for the one that is the last here.
        """
        if self._child is None:
            return [None] * len(variants)
        limit = self.limits.timeout + SLICE
        try:
            found = each_answer(*self._child.exchange(asked_of(variants, request), arrays, limit))
            self._child.printed()  # by several, of which nobody can tell which
        except (TimedOutError, DiedError, WireError) as failure:
            return [self._lost(failure)[:2]]
        return found

    def backward(self, case: Case, calls: Repetition = "twice", setting: Setting = PLAIN) -> Outcome:
        """Ask the target for the gradients of `case`.

        Args:
            case: arrays in our layout.
            calls: how often, and on what before; whatever comes of a second call is `Outcome.second`.
            setting: in what it computes; the arrays are rounded to its number format.

        Raises:
            TargetError: it cannot be loaded.
        """
        return outcome_of(*self.ask(*request_of(case, calls, setting)), case.spec)

    def backward_of_variants(
        self, variants: Variants, case: Case, calls: Repetition = "twice", setting: Setting = PLAIN
    ) -> list[Outcome | None]:
        """The same of the target with each of these edits in its text; see `ask_variants`."""
        found = self.ask_variants(variants, *request_of(case, calls, setting))
        return [None if each is None else outcome_of(*each, "", case.spec) for each in found]

    def refusals(self, specs: Sequence[ConvSpec]) -> list[str]:
        """Why the target is not asked about each of these geometries; "" where its answer to `backward` tells.

        In one exchange, and without numbers: a plain function takes few of the geometries that there are.

        Raises:
            TargetError: it cannot be loaded.
        """
        self.describe_any()
        request = {"do": "refusals", "specs": [fields_of(spec) for spec in specs]}
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
        request = {"do": "edit", "edits": listed_edits(edits)}
        try:
            message, _ = self._child.exchange(request, {}, self.limits.timeout)
        except (TimedOutError, DiedError, WireError) as failure:
            self._lost(failure)
            return False
        return bool(message["edited"])

    def close(self) -> None:
        """Kill the child and what it started; the worker can be used again."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()

    def end(self) -> None:
        """Kill the child for good, from another thread than that which asks: what is asked after it is not answered."""
        with self._lock:
            self._is_over = True
        # Where a child is being started this has waited for it; after this none is.
        self.close()

    def start(self) -> Answerer:
        """What answers from now on: a child process. `here` puts this process in its place."""
        return Child(self.limits.memory, self.limits.output, sure_to_load(self._ref))

    def _load(self) -> Described | DescribedFunction:
        self._starts += 1
        with self._lock:
            if self._is_over:
                raise InterruptedError
            child = self._child = self.start()
        try:
            message, _ = child.exchange(self._load_request(), {}, self.limits.timeout)
        except (TimedOutError, DiedError, WireError) as failure:
            lost, _, printed = self._lost(failure)
            hint = f"more time: --timeout {10 * self.limits.timeout:g}" if lost["kind"] == "timeout" else None
            sentence = f"{self._ref.text} cannot be loaded: {lost['error']}."
            self._loss = TargetError(sentence, facts=_shown(printed), hint=hint)
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
        return described_convolution(message, self._ref, printed)

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

    def _lost(self, failure: Exception) -> tuple[Message, dict[str, Array], str]:
        """What is left to say when the child gave no answer, in the form of one.

        Raises:
            InterruptedError: it was this process that ended it.
        """
        if self._is_over:
            raise InterruptedError
        assert self._child is not None
        self._child.kill()
        printed, self._child = self._child.printed(), None
        error, kind = _epitaph(failure, self.limits)
        return {"kind": kind, "error": error}, {}, printed


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


def _shown(printed: str) -> dict[str, object] | None:
    last = printed.strip().splitlines()[-1:]
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
