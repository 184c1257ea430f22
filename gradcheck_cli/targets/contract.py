"""What the rest of the house sees of a target: where it is, how it is called, what came back. Plain data only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from gradcheck_cli.model import (
    FunctionForm,
    GradientName,
    Gradients,
    PaddingMode,
    RunOptions,
    Sample,
    VerifyOptions,
)
from gradcheck_cli.model.errors import GradcheckError
from gradcheck_cli.model.options import SweepOptions
from gradcheck_cli.model.spec import ConvName

ErrorKind = Literal["", "raised", "timeout", "crashed", "memory", "exited", "refused", "misshapen"]

HowForward = Literal["agrees", "may agree", "differs", "untold", "contradicts", "raised"]

Where = Literal["", "forward", "backward"]
"""Which of the target's two calls."""

Repetition = Literal["once", "twice", "after another"]
"""How a target is called: once; once more on fresh copies; or once more by an object that has worked on other arrays of
these shapes before. The first answer is that of a fresh object each time."""

GIBIBYTE = 2**30
"""Bytes."""
NOT_TRIED = "not tried: it died too often before"
"""The error of an outcome that no call stands behind."""


@dataclass(frozen=True)
class TargetRef:
    """One function, class or method to check.

    Attributes:
        text: what the user typed, or what one of our globs expanded to ("my.py:conv_backward").
        file: absolute path of the Python file.
        name: dotted name inside the file ("conv_backward", "Conv.backward").
        line: line of its definition, None where it is not written in the file itself.
        module: dotted module name when the user named a package ("package.module:name"), else "".
        error: why it cannot be loaded, known without running it; "" for all others.
    """

    text: str
    file: str
    name: str
    line: int | None = None
    module: str = ""
    error: str = ""


def roles_in(returns: str) -> tuple[str, ...]:
    """The roles that `--returns` names, in order."""
    return tuple(role.strip() for role in returns.split(",") if role.strip())


@dataclass(frozen=True)
class HowToCall:
    """What the user says of how a target is called.

    Attributes:
        convention: "auto", or words of `--convention` ("cache", "nhwc", "class,chw").
        call: an expression over the standard names; "" where it is to be found out.
        returns: what the expression gives, in order: weight, input, bias, or _ for what is none of them.
        kinds: what it may be: "convolution", "function".
        seed: of the inputs that are found for a function.
        inputs, input: what `--inputs` and `--input` said of them.
        against: what `--against` says that the forward should be.
    """

    convention: str = "auto"
    call: str = ""
    returns: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ("convolution",)
    seed: int = 0
    inputs: str = ""
    input: str = ""
    against: str = ""

    @classmethod
    def of(cls, options: RunOptions | VerifyOptions | SweepOptions) -> HowToCall:
        """What the options say. Only `verify` judges what is no convolution: the others have pictures or geometries."""
        said = (options.convention, options.call, roles_in(options.returns))
        if not isinstance(options, VerifyOptions):
            return cls(*said)
        function = (options.inputs, options.input, options.against)
        return cls(*said, ("convolution", "function"), options.seed, *function)


# Seconds. To many questions of one exchange an answer comes after this at the latest, with what was answered by then,
# but for the question that was begun: who asks looks at the clock between two answers, and waits for none of them much
# longer than for one question.
SLICE = 0.25


@dataclass(frozen=True)
class WorkerLimits:
    """What a target may use.

    Attributes:
        timeout: seconds for loading, and again for each call.
        memory: bytes of private memory, None for no limit.
        restarts: how often a dead worker is started again for the next case.
        output: bytes of captured prints that are kept per call.
    """

    timeout: float = 60.0
    memory: int | None = 4 * GIBIBYTE
    restarts: int = 3
    output: int = 64 * 1024


@dataclass(frozen=True)
class TextEdit:
    """An expression or statement of the target's file with another text in its place.

    Where it stands is counted as the `ast` module counts: lines from 1, columns in bytes of UTF-8 from 0, the end
    behind the last.
    """

    line: int
    column: int
    end_line: int
    end_column: int
    text: str
    is_statement: bool = False


@dataclass(frozen=True)
class WrongBeside:
    """A setting beside its default with which a backward is no derivative of its own forward.

    Attributes:
        setting: "scale=0.7".
        gradient: which is wrong.
        slopes: along one direction, "5.1 where -3 is right".
        is_alone: it is still that of the convolution alone, without what follows it.
    """

    setting: str
    gradient: GradientName
    slopes: str
    is_alone: bool = False


@dataclass(frozen=True)
class Described:
    """How the target is called, and why we think so.

    Attributes:
        convention: id of the recognised convention ("function", "cache", "class-update"...).
        layout: NCHW, NHWC, CHW, HWC, HW; NCW, CW, W of code for one axis.
        layer: which layer it is the backward of.
        modes: what its padding may repeat.
        why: how it was told, one clause.
        line: line of the target's definition.
        yields: the gradients that the target gives.
        assumed: it only raised while it was recognised, and `yields` are all that there are.
        notes: what a reader of the verdict should know, one sentence each.
        flipped: the target's own forward turns the kernel (a true convolution); it is judged against that forward.
        rate: the learning rate, written into the code, of the update that gradients are read off; 1 where they are
            returned, or where the rate could be set.
        parts: the gradients that it must give to pass: what a layer's forward depends on; empty for plain functions.
        constants: whole numbers in its code that may be sizes, the likeliest first.
        unvaried: optional parameters that kept their defaults in every call.
        wrong_beside: settings with which it is wrong though it is right at their defaults.
        same: the rules by which it keeps the size by itself, keys of `geometries.SAME`.
        sides: it is told what is added in front and what behind.
        pointwise: it takes kernels of one tap alone.
        square: it takes square images alone.
        printed: what the code printed while it was loaded and tried.
    """

    convention: str
    layout: str
    why: str
    line: int | None
    yields: tuple[GradientName, ...]
    assumed: bool = False
    layer: ConvName = "conv2d"
    modes: tuple[PaddingMode, ...] = ("zeros",)
    notes: tuple[str, ...] = ()
    flipped: bool = False
    rate: float = 1.0
    parts: tuple[GradientName, ...] = ()
    same: tuple[str, ...] = ()
    sides: bool = False
    pointwise: bool = False
    square: bool = False
    constants: tuple[int, ...] = ()
    unvaried: tuple[str, ...] = ()
    wrong_beside: tuple[WrongBeside, ...] = ()
    printed: str = ""


@dataclass(frozen=True)
class DescribedFunction:
    """A target that is any function: how it stands in its file, and what it is given.

    Attributes:
        form: see `FunctionForm`.
        title: what its forward is called.
        why: how it was told, one clause.
        line: line of the target's definition.
        samples: what it was found to run on, the first with other sizes than the second where it takes them.
        inputs: who says so, one clause.
        notes: what a reader of the verdict should know, one sentence each.
        printed: what the code printed while it was loaded and tried.
        configurations: how many an autotuned kernel of it has at most.
        raised: likelier samples, on which the forward runs and the backward raises; with a doubt all that come as
            near as any.
        is_of_tensors: its forward takes tensors, so that it can be written down.
        doubt: the refusal of a target of which only the forward runs on what was guessed: it stands where nothing
            shows that the code is at fault.
    """

    form: FunctionForm
    title: str
    why: str
    line: int | None
    samples: tuple[Sample, ...]
    inputs: str
    notes: tuple[str, ...] = ()
    printed: str = ""
    configurations: int = 1
    raised: tuple[Sample, ...] = ()
    is_of_tensors: bool = False
    doubt: GradcheckError | None = None


@dataclass(frozen=True)
class ForwardBeside:
    """What the forward in the file of a function did at one geometry, held against the convolution.

    Attributes:
        name: of the forward.
        how: it agrees, and its numbers have both signs, so that no activation follows; it may agree; it differs, in
            shape or by what may follow; it differs and was not told all of the geometry; it contradicts: it gives
            other numbers in the right shape; it raised, not by a refusal of its own.
        times: how often it adds b, where this alone is the difference; else 0.
        error: what it raised, in a sentence; else "".
        in_float32: it gives an array of float32 for arrays of float64: it says that it computes in float32.
    """

    name: str
    how: HowForward
    times: int = 0
    error: str = ""
    in_float32: bool = False


@dataclass(frozen=True)
class Outcome:
    """What one backward call did.

    Attributes:
        gradients: in our layout; an entry that has a wrong shape is given as the user returned it.
        second: the same call once more; None where it was not made.
        supported: False when the target refuses this geometry; then nothing was computed.
        error: one sentence, "" when the call returned.
        error_kind: "" when the call returned gradients of the right shapes.
        error_where: the call that raised; "" where nothing did, or nobody knows.
        error_line: line in the user's file.
        error_columns: where on that line stands what raised: its begin and end, counted as in `TextEdit`;
            the end is None of one that goes on below.
        forward_error: what the target's own forward raised where its backward was judged all the same, with a cache
            that we filled ("ValueError: ... (line 7)"); "" elsewhere.
        autograd_refused: what autograd said where it did not take what a Function returned; `gradients` are then as the
            Function returned them.
        summed_by_autograd: gradients that a Function returned in a larger shape, which autograd summed to that of the
            input without a word.
        printed: what the code wrote to file descriptors 1 and 2, bounded.
        wrong_forward: what the target's own forward gave where it computes something else than this geometry asks for
            ("(2, 4, 6, 5) where (2, 4, 3, 3) is right"); "" where it is right or has none.
        beside: what the forward beside a function did; None where it was not looked at.
        unreached: lines of the backward that no call has executed up to now; None where nothing was called.
        mutated: the arguments that the call changed ("x", "weight", "bias", "grad_output").
        dtypes: gradient -> name of the dtype that the user returned.
        seconds: of the first call, in the worker.
    """

    gradients: Gradients
    second: Gradients | None = None
    supported: bool = True
    error: str = ""
    error_kind: ErrorKind = ""
    error_where: Where = ""
    error_line: int | None = None
    error_columns: tuple[int, int | None] | None = None
    forward_error: str = ""
    autograd_refused: str = ""
    summed_by_autograd: tuple[GradientName, ...] = ()
    printed: str = ""
    wrong_forward: str = ""
    beside: ForwardBeside | None = None
    unreached: tuple[int, ...] | None = None
    mutated: tuple[str, ...] = ()
    dtypes: Mapping[GradientName, str] = field(default_factory=dict)
    seconds: float = 0.0
