"""What a function was asked and what came back: calls, samples, and all of them. Nothing is asked here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from gradcheck_cli.checks.ladder.contract import ScaledCall
from gradcheck_cli.checks.ladder.empty import EmptyBatch
from gradcheck_cli.checks.ladder.ties import TiedCall
from gradcheck_cli.checks.ladder.twice import SecondOrder
from gradcheck_cli.model import Array, FunctionOutcome, Sample
from gradcheck_cli.model.circumstances import Circumstances
from gradcheck_cli.model.recording import Recording
from gradcheck_cli.oracles.blackbox import Direction, Jacobian
from gradcheck_cli.targets.contract import TextEdit
from gradcheck_cli.targets.functions.client import Stacked
from gradcheck_cli.targets.variants import Variants


class CalledFunction(Protocol):
    """What runs the function: see `targets.functions.client.FunctionClient`."""

    def outputs(self, sample: Sample, /) -> FunctionOutcome:
        """The forward alone."""

    def recording(self, sample: Sample, /) -> Recording | str:
        """The forward written down, or why it is not."""

    def reference(self, sample: Sample, place: str, /) -> FunctionOutcome:
        """What another forward gives."""

    def varied(self, sample: Sample, name: str, values: Array, /) -> Stacked:
        """The forward for the first of several values of one argument, one at least."""

    def gradients(self, sample: Sample, upstream: Sequence[Array], calls: int = 1, /) -> FunctionOutcome:
        """Forward and backward."""

    def widened(self) -> CalledFunction:
        """The same function with its casts to fewer bits left out; only for code of torch."""

    def edit(self, edits: Sequence[TextEdit], /) -> bool:
        """Let the function run with these in its text; none undoes it. False where they cannot be put."""

    def gradients_of_variants(
        self, variants: Variants, sample: Sample, upstream: Sequence[Array], /
    ) -> Sequence[FunctionOutcome | None]:
        """Forward and backward with each of these edits in its text, of the first of them; None: cannot be put."""

    def in_circumstances(
        self, sample: Sample, upstream: Sequence[Array], circumstances: Circumstances, /
    ) -> FunctionOutcome:
        """Forward and backward in other circumstances."""

    def differentiated_twice(
        self, sample: Sample, upstream: Sequence[Array], directions: Mapping[str, Array], /
    ) -> FunctionOutcome:
        """The derivative of sum(directions * gradients)."""


class RecordedForward(Protocol):
    """What a recording tells of the forward: see `trials.graphs.GraphOracle`."""

    def jacobians(self, recording: Recording, sample: Sample, outputs: Sequence[Array], /) -> dict[str, Jacobian]:
        """Its derivative, by argument."""

    def widened(
        self, recording: Recording, sample: Sample, outputs: Sequence[Array], /
    ) -> Callable[[str, Array], tuple[Array, ...]] | None:
        """The forward in float64, for several values of one argument; None where it computes in float64 itself."""


@dataclass(frozen=True, eq=False)
class Asking:
    """One G and what came back. `about` says what G is: "random numbers", "all ones", "the output itself"."""

    about: str
    upstream: tuple[Array, ...]
    outcome: FunctionOutcome


@dataclass(frozen=True, eq=False)
class Elsewhere:
    """A call in other circumstances. `asking` is the number of the plain call with the same G."""

    circumstances: Circumstances
    asking: int
    outcome: FunctionOutcome


@dataclass(frozen=True, eq=False)
class FunctionTrial:
    """One sample.

    Attributes:
        outputs: of the forward.
        askings: the backward's answers, G by G; the first is of random numbers and holds a second call.
        scaled: the first call with multiples of its G.
        first: the derivative, by argument; empty where it was not taken.
        second: an independent source of it, along one direction.
        exact: the derivative bit for bit, by argument, where the forward is straight along each entry.
        reference: what the forward should give, where another one says so.
        recording: the forward written down; None where it is no code of torch, or cannot be.
        failure: why the forward gave no output, "" where it did.
        unmeasured: argument -> why there is no derivative from a source.
        elsewhere: the same calls in other circumstances, on the first sample of the most axes.
        second_order: the backward differentiated once more, on the same sample; None where that was not tried.
        empty: what became of a batch of no rows, on the same sample; None where that was not tried.
        tied: calls on equal entries, on the first sample, one for each argument.
        unused: arguments of which the forward gives the same bits at far other values: it does not use them.
        about: what is special about its numbers, "" for nothing.
    """

    sample: Sample
    outputs: tuple[Array, ...] = ()
    askings: tuple[Asking, ...] = ()
    scaled: tuple[ScaledCall, ...] = ()
    first: dict[str, Jacobian] = field(default_factory=dict)
    second: dict[str, Direction] = field(default_factory=dict)
    exact: dict[str, Jacobian] = field(default_factory=dict)
    reference: FunctionOutcome | None = None
    recording: Recording | None = None
    failure: FunctionOutcome | None = None
    unmeasured: dict[str, str] = field(default_factory=dict)
    elsewhere: tuple[Elsewhere, ...] = ()
    second_order: SecondOrder | None = None
    empty: EmptyBatch | None = None
    tied: tuple[TiedCall, ...] = ()
    unused: frozenset[str] = frozenset()
    about: str = ""


@dataclass(frozen=True)
class LeftOutGuard:
    """A small number in a forward that is proved to be all that a gradient leaves out: see `guards`.

    `settings` are those of the target's settings that are such numbers; `is_whole`: however much it leaves out.
    """

    said: str
    settings: tuple[str, ...] = ()
    is_whole: bool = False


@dataclass(frozen=True, eq=False)
class FunctionTranscript:
    """All that was asked of one function.

    Attributes:
        trials: sample by sample.
        stopped: why not everything, "" where everything was.
        guards: gradients that are right but for a small number in the forward.
        notes: what was left out of what is judged, one sentence each.
    """

    trials: tuple[FunctionTrial, ...]
    stopped: str = ""
    guards: Mapping[str, LeftOutGuard] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
