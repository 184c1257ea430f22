"""What the checks found: verdicts, the numbers behind them, findings. Plain data, no printing and no computing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Literal, TypeAlias

from gradcheck_cli.model.case import Array
from gradcheck_cli.model.forward_graph import ForwardGraph
from gradcheck_cli.model.functions import Value
from gradcheck_cli.model.spec import ConvSpec
from gradcheck_cli.model.tensors import GradientName


class Verdict(StrEnum):
    """The outcome of a check, of one gradient, or of a whole report."""

    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    NOT_APPLICABLE = "not-applicable"
    MISSING = "missing"
    ERROR = "error"


WORST_FIRST = (Verdict.FAIL, Verdict.ERROR, Verdict.INCONCLUSIVE, Verdict.PASS, Verdict.NOT_APPLICABLE)
"""Of several verdicts the first of these says most: what was not compared says nothing beside what was."""

CheckName = Literal["exact", "hand-vs-autograd", "numeric", "adjoint", "repeat", "grad-output", "referee"]


@dataclass(frozen=True)
class Worst:
    """The entry that is furthest from what is allowed. `ratio` = difference / allowed (infinite when allowed is 0)."""

    index: tuple[int, ...]
    expected: float
    actual: float
    difference: float
    allowed: float
    ratio: float


@dataclass(frozen=True)
class Check:
    """One check of one gradient.

    Attributes:
        gradient: "weight", "input", "bias", or "output" for the check of G itself.
        entries: entries compared; 0 is never a pass.
        mismatched: entries outside what is allowed.
        criterion: the rule, as an inequality or in words, printed with the verdict.
        detail: one sentence on what was found.
    """

    name: CheckName
    gradient: str
    verdict: Verdict
    entries: int
    mismatched: int
    criterion: str
    worst: Worst | None = None
    detail: str = ""


@dataclass(frozen=True)
class ChannelDifference:
    """grad_weight[filter, channel]: our backward against autograd. `ratio` is in units of what is allowed."""

    filter: int
    channel: int
    max_abs_difference: float
    ratio: float
    equal_entries: int
    entries: int


class Rung(StrEnum):
    """The sameness ladder, from most to least similar (members are in that order)."""

    IDENTICAL = "identical"
    IDENTICAL_TO_ROUNDING = "identical-to-rounding"
    LOOKS_SAME = "looks-same"
    NEARLY_SAME = "nearly-same"
    SIMILAR_SHAPE = "similar-shape"
    DIFFERENT = "different"


@dataclass(frozen=True)
class ChannelPair:
    """Two planes of grad_weight that share a filter (pair = two channels) or a channel (pair = two filters).

    `correlation` is NaN where a plane is constant. `bit_equal` is about the bits that autograd returned.
    Exactly one of `filter` and `channel` is not None: the one that the two planes share.
    """

    pair: tuple[int, int]
    verdict: Rung
    relative_difference: float
    correlation: float
    max_abs_difference: float
    bit_equal: bool
    filter: int | None = None
    channel: int | None = None


@dataclass(frozen=True)
class Sameness:
    """One direction of "the same across channels": the least similar pair decides.

    `verdict` is None when there is only one plane, so nothing to compare. `pairs` holds at most 200, the extremes
    among them; `counts` covers all. `relative_difference` and `correlation` are (smallest, largest) over all pairs.
    """

    verdict: Rung | None
    reason: str
    counts: dict[str, int] = field(default_factory=dict)
    pairs: tuple[ChannelPair, ...] = ()
    relative_difference: tuple[float, float] | None = None
    correlation: tuple[float, float] | None = None
    bit_equal_pairs: int = 0


@dataclass(frozen=True)
class Counterfactual:
    """The same run with one thing changed, to show the reason at work."""

    name: str
    change: str
    across: Literal["channels", "filters"]
    verdict: Rung
    expected: Rung


@dataclass(frozen=True)
class CannotShow:
    """A mistake whose formula equals the truth here, and what would tell them apart."""

    id: str
    shown_by: str


@dataclass(frozen=True)
class Power:
    """What this run would have caught. `planted` = `caught` + `missed`, all ids of the catalogue."""

    planted: tuple[str, ...] = ()
    caught: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()
    cannot_show: tuple[CannotShow, ...] = ()


@dataclass(frozen=True)
class NotShown:
    """A mistake that was planted into a right gradient of a function, and that no sample would have refused.

    Attributes:
        id: the catalogue's.
        gradient: the argument's name.
        what: the mistake, one clause.
        why: why it would not have shown.
    """

    id: str
    gradient: str
    what: str
    why: str


@dataclass(frozen=True)
class FunctionPower:
    """What a pass of a function is worth.

    Attributes:
        planted: mistakes that were planted into the right gradients, those that give the same numbers counted once.
        caught: of them, those on which the same samples would not have passed.
        not_shown: the others.
        untried: what no sample was, one clause each.
    """

    planted: int
    caught: int
    not_shown: tuple[NotShown, ...] = ()
    untried: tuple[str, ...] = ()


POWER = 5
"""The rung that asks what a pass would have caught; it stands behind all others."""


@dataclass(frozen=True)
class RungEvidence:
    """What one rung of the ladder decided about one gradient of a function.

    Attributes:
        rung: 0 contract, 1 forward, 2 exact, 3 float64, 4 the target's own dtype, 5 power.
        name: of the rung, in a word.
        gradient: the argument's name; `CALL` where it is about the call as a whole.
        entries: entries compared.
        detail: what was found, one clause.
        numbers: those behind it, by name.
    """

    rung: int
    name: str
    gradient: str
    verdict: Verdict
    entries: int = 0
    detail: str = ""
    numbers: Mapping[str, float] = field(default_factory=dict)


CALL: Literal["call"] = "call"
"""In place of a gradient: the finding is about the call as a whole, which raised or did not end."""

UNEXPLAINED = "unexplained"
"""The id of a finding that only says where a gradient is wrong."""

FindingAbout: TypeAlias = GradientName | Literal["call"]


@dataclass(frozen=True)
class CodePlace:
    """Where in the user's file a mistake was found, and how that is known.

    Attributes:
        line: of the file, counted from 1.
        column: where the expression begins in it, counted from 1 in characters; None where only the line is known.
        end: the column behind its last character; of an expression of several lines, behind the end of its first line.
        text: the line as it stands in the file, without its end.
        evidence: what shows that it is there, in one sentence; "" where the call raised there.
    """

    line: int
    column: int | None = None
    end: int | None = None
    text: str = ""
    evidence: str = ""


@dataclass(frozen=True)
class Finding:
    """A named mistake: proved (its formula gives the user's numbers exactly) or probable.

    Attributes:
        id: the catalogue's id.
        gradient: "weight", "input", "bias", or `CALL`.
        message: what it is, in one sentence with the user's own numbers.
        fix: how to mend it, in terms of the user's convention.
        fails_when: since when it shows ("batch > 1"), derived from the results.
        line: line in the user's file, None where it was not found: a line that only looks like the mistake is none.
        column: see `CodePlace`, as for the following.
        end: the column behind.
        text: the line itself, "" where its text is not at hand.
        evidence: what shows that the mistake is there.
        graph: the forward, with the place of the mistake marked; None where there is none to draw.
    """

    id: str
    gradient: str
    certainty: Literal["proved", "probable"]
    message: str
    fix: str
    fails_when: str = ""
    line: int | None = None
    column: int | None = None
    end: int | None = None
    text: str = ""
    evidence: str = ""
    graph: ForwardGraph | None = field(default=None, compare=False, repr=False)

    def at(self, place: CodePlace) -> Finding:
        """The finding, found at this place."""
        return replace(self, **vars(place))

    @property
    def claim(self) -> str:
        """ "(proved)" or "(probable)"; "" of what only says where a gradient is wrong: nothing is supposed there."""
        return "" if self.id == UNEXPLAINED else f"({self.certainty})"

    @property
    def is_supposed(self) -> bool:
        """Is the cause only probable?"""
        return self.claim == "(probable)"

    @property
    def titled(self) -> str:
        """The mistake with what is claimed of it, as in "ID (proved)"."""
        return f"{self.id} {self.claim}".rstrip()

    @property
    def about(self) -> str:
        """ "grad_weight", or "the call"."""
        return "the call" if self.gradient == CALL else f"grad_{self.gradient}"


@dataclass(frozen=True)
class Term:
    """One product that an entry should hold, or holds: `coefficient` * G[grad_output_index] * other[other_index].

    `expected` and `actual` are the coefficients in the truth and in the user's gradient.
    """

    grad_output_index: tuple[int, ...]
    other_index: tuple[int, ...]
    expected: float
    actual: float


@dataclass(frozen=True)
class FunctionExample:
    """A sample on which a gradient of a function is wrong.

    Attributes:
        gradient: the argument's name.
        values: what the function was called with; arrays and constants, by name.
        upstream: G, one array for each output; none for a loss.
        outputs: of the forward.
        expected: the right gradient, `actual` what came back.
        entry: where they differ most.
        is_smallest: smaller samples were tried, and none of them fails.
    """

    gradient: str
    values: Mapping[str, Value]
    upstream: tuple[Array, ...]
    outputs: tuple[Array, ...]
    expected: Array
    actual: Array | None
    entry: tuple[int, ...] | None = None
    is_smallest: bool = False


@dataclass(frozen=True)
class Counterexample:
    """The smallest failing geometry, with its arrays and the terms of one wrong entry.

    `other` names the factor beside G: "x" for grad_weight, "weight" for grad_input, "" for grad_bias. `bias` is what
    the layer's bias was: no right gradient depends on it, but a wrong one may. `is_smallest`: smaller ones were tried;
    where that was not asked for, or took too long, the geometry is one that was asked.
    """

    gradient: GradientName
    spec: ConvSpec
    x: Array
    weight: Array
    grad_output: Array
    expected: Array
    actual: Array | None
    entry: tuple[int, ...] | None = None
    other: str = ""
    terms: tuple[Term, ...] = ()
    bias: Array | None = None
    is_smallest: bool = True
