"""How a mistake shows where no formula tells it: the calls as they were seen, and what is seen in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from gradcheck_cli.model import Array, Case, GradientName, Gradients


class Sign(Enum):
    """What the diagnosis meets by itself, and has one mistake to tell it as."""

    RAISED = auto()
    NO_ANSWER = auto()
    EMPTY_SLICE = auto()  # an error of an empty array where padding is 0
    OTHER_SHAPE = auto()  # that no formula has
    OTHER_FORWARD = auto()
    FLOAT32 = auto()
    OPPOSITE = auto()  # the factor -1
    CONSTANT = auto()  # any factor that has no mistake of its own
    # Of any function: an edit of the right backward, or what a call did.
    PATH = auto()  # a value of the forward through which nothing flows back
    OWN_DERIVATIVE = auto()  # a node that hands on what it is given
    WRONG_DERIVATIVE = auto()
    OPERAND = auto()
    FACTOR = auto()  # a factor too many or too few on one path
    SURPLUS = auto()  # an operand of the formula too many
    DIAGONAL = auto()
    TOTALLED = auto()
    UNREDUCED = auto()
    AVERAGED = auto()  # the factor 1/N of one axis
    ABSENT = auto()  # no gradient, or zeros
    UNUSED = auto()  # a gradient of what the forward does not use
    ONE_UPSTREAM = auto()
    NONLINEAR = auto()  # B(2G) is not 2 B(G)
    STRIDES = auto()
    OVERWRITES_UPSTREAM = auto()
    TAIL = auto()
    LAST_WINS = auto()
    MASK = auto()
    SETTING = auto()
    SECOND_ORDER = auto()
    COUNT = auto()
    CONFIGURATION = auto()  # other numbers with another configuration of an autotuner
    NEEDS = auto()  # needs_input_grad changes what is owed
    LOW_PRECISION = auto()
    COARSE = auto()  # right but for casts to fewer bits
    UNINITIALISED = auto()
    SURROGATE = auto()
    UPSTREAM_IGNORED = auto()
    BATCH = auto()  # the factor 1/N of the samples
    NOT_FINITE = auto()
    UNSTEADY = auto()  # the same call gives other numbers
    MUTATES = auto()
    TIES = auto()  # equal entries get more than their share
    TRANSPOSED = auto()
    LAST_ONLY = auto()  # the last entry of an axis alone
    RESHAPED = auto()  # where axes are to be turned back
    TURN_MISSING = auto()  # the first or the last turn of a loop


@dataclass(frozen=True)
class Observation:
    """One call of a backward on integers, or integers times a power of 2, in float64.

    Attributes:
        actual: what it returned; an entry may have a wrong shape.
        second: what the same call returned the second time; None where it was not repeated.
        error: one sentence on why it returned nothing; "" when it returned.
        error_where: whether its forward or its backward raised; "" where that is not known.
        error_line: line in the user's file.
        error_columns: where on that line stands what raised: bytes of UTF-8 from 0, the end behind it; None of what
            goes on below.
        timed_out: it was stopped at the time limit; `seconds` is that limit.
        seconds: of the first call.
        mutated: names of the arguments that the call changed.
        dtypes: gradient -> dtype as returned, where that is not float64.
    """

    case: Case
    actual: Gradients
    second: Gradients | None = None
    error: str = ""
    error_where: str = ""
    error_line: int | None = None
    error_columns: tuple[int, int | None] | None = None
    timed_out: bool = False
    seconds: float = 0.0
    mutated: tuple[str, ...] = ()
    dtypes: Mapping[GradientName, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Behaviour:
    """How a mistake shows in what a call did.

    Attributes:
        said: one sentence on what was seen in a call that ended; "" where nothing was.
        in_every_call: it counts only where all calls show it.
        fix: the mend, looked for in the calls that are given, none where it cannot be tried; None for the usual one.
        fails: it is a failure however right the numbers are.
        of_the_call: it is about the call, and told once and not of each gradient.
        told_last: other mistakes are told first; it hides their numbers.
        from_memory: it may come of memory that nobody wrote.
        keeps: something of each call is left for the next, whatever that is given: calls that differ need no other
            reason.
    """

    said: Callable[[Observation, GradientName], str]
    in_every_call: bool = False
    fix: Callable[[Sequence[Observation], GradientName], str] | None = None
    fails: bool = False
    of_the_call: bool = False
    told_last: bool = False
    from_memory: bool = False
    keeps: bool = False


def two_calls(seen: Observation, gradient: GradientName) -> tuple[Array, Array] | None:
    """What the call and the same once more returned; None where one of them returned nothing."""
    if seen.second is None:
        return None
    first, second = seen.actual.get(gradient), seen.second.get(gradient)
    return None if first is None or second is None else (first, second)


def lengths(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape without its ones."""
    return tuple(length for length in shape if length != 1)
