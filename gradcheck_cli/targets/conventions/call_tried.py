"""Finds out what a spelled-out call leaves open: tensors or arrays, the order of F's axes, who pads.

Nothing is guessed about what the results are. Code that raises on every case is judged, for how it is called is known;
an expression that cannot be evaluated by itself is refused.
"""

from __future__ import annotations

import difflib
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from gradcheck_cli.layers import conv
from gradcheck_cli.model import GRADIENTS, TENSORS, Case, ConvSpec, Gradients
from gradcheck_cli.model.conventions import LAYOUTS
from gradcheck_cli.model.errors import UsageError
from gradcheck_cli.targets.contract import HowToCall
from gradcheck_cli.targets.conventions import probes
from gradcheck_cli.targets.conventions.alike import same_whole
from gradcheck_cli.targets.conventions.attempt import Chosen
from gradcheck_cli.targets.conventions.base import HungError, NotRecognisedError, Returned
from gradcheck_cli.targets.conventions.binding import Form
from gradcheck_cli.targets.conventions.call import PLACE, PLAIN, STANDARD, CallCandidate, Expression, OwnCall, Spelled
from gradcheck_cli.targets.conventions.handed_back import ReadingError
from gradcheck_cli.targets.conventions.layout import Layout, is_pointwise
from gradcheck_cli.targets.conventions.layouts import LayerKind, usual
from gradcheck_cli.targets.conventions.results import Keys, Taken, take
from gradcheck_cli.targets.load import Loaded
from gradcheck_cli.targets.resolve import CALL

# By the clock, for all ways in which --call may be meant: as long as recognition without one takes at most.
SECONDS = 20.0
SEE_CALLING = "names and examples: gradcheck explain calling"
# As we keep them: of pictures, then of each other kind of layer.
_KINDS = [LayerKind(spatial, transposed) for transposed in (False, True) for spatial in (2, 1, 3)]
_OURS = tuple(layout for kind in _KINDS if (layout := kind.layout(Layout())) is not None)
CHANNELS_LAST = (Layout("nhwc", "uvio", "npqo"), Layout("nhwc", "ouvi", "npqo"))


@dataclass(frozen=True)
class Tried:
    """How a candidate did on the first case on which it ran, or what it raised on all of them.

    Attributes:
        right: how many gradients were right.
        taken: what it gave, None where it never ran.
        spec: the geometry of that case.
        errors: what it raised before that, or on all cases.
    """

    candidate: CallCandidate
    plan: Keys = field(default_factory=dict)
    right: int = 0
    taken: Taken | None = None
    spec: ConvSpec | None = None
    errors: tuple[BaseException, ...] = ()

    @property
    def rank(self) -> tuple[bool, bool, int]:
        """Ran, with right shapes, with right numbers."""
        return self.taken is not None, self.taken is not None and not self.taken.wrong, self.right


def said(loaded: Loaded, how: HowToCall, wanted: Sequence[str]) -> Spelled | None:
    """The way to call the target that was said on the command line or in its file; None where nothing was.

    Args:
        wanted: the words of `--convention`.

    Raises:
        NotRecognisedError: `gradcheck_call` has other parameters than it is given; a name of `--call` is not there.
        UsageError: `--convention` says otherwise.
    """
    families = [word for word in wanted if word not in LAYOUTS]
    if how.call:
        if families:
            sentence = f"--convention {families[0]} and --call both say how the code is called."
            raise UsageError(sentence, hint=f"with --call only a layout is taken: {', '.join(LAYOUTS)}")
        expression = Expression(how.call, how.returns, vars(loaded.module))
        for name in expression.missing():
            raise _missing(name, expression)
        return expression
    function = getattr(loaded.module, CALL, None)
    return None if function is None or families else OwnCall.of(function)


def as_said(
    spelled: Spelled,
    wanted: Sequence[str],
    seed: Callable[[], None],
    guard: Callable[[], AbstractContextManager[None]],
) -> Chosen:
    """The way to call what is spelled out that runs and is right most often, the plainest first.

    Args:
        wanted: layouts of `--convention`; without any, our own.
        seed: called before every call of the user's code.
        guard: ends a single try that takes too long.

    Raises:
        NotRecognisedError: the expression itself fails, or what it gives is not what it promises.
    """
    tries: list[Tried] = []
    deadline = time.monotonic() + SECONDS
    for candidate in _candidates(spelled, wanted):
        tries.append(_tried(candidate, seed, guard, deadline))
        if tries[-1].right == len(tries[-1].plan) > 0 or time.monotonic() > deadline:
            break
    best = max(tries, key=lambda tried: tried.rank)
    if best.taken is None:
        _refuse_the_call_itself(tries)
        if not wanted:
            _refuse_other_layout(spelled, seed, guard, deadline)
        return untried(spelled, wanted)
    if not wanted and best.taken.wrong and best.spec is not None:
        _refuse_other_axes(best.taken, best.spec)
    if best.taken.wrong and best.spec is not None:
        _refuse_other_order(best, best.taken.gradients, best.spec)
    return Chosen(best.candidate, best.plan)


def untried(spelled: Spelled, wanted: Sequence[str]) -> Chosen:
    """The plainest way, for code of which no call is known to end well."""
    roles = spelled.returns if isinstance(spelled, Expression) and spelled.returns else GRADIENTS
    return Chosen(next(_candidates(spelled, wanted)), {name: name for name in GRADIENTS if name in roles})


def _candidates(spelled: Spelled, wanted: Sequence[str]) -> Iterator[CallCandidate]:
    """The plainest first: what is said as it is documented, then with one number where a pair stands for it."""
    handed = {one.numbers: one for one in (spelled, *map(spelled.with_numbers, PLAIN))}
    for one in handed.values():
        yield from _in_layouts(one, wanted)


def _in_layouts(spelled: Spelled, wanted: Sequence[str]) -> Iterator[CallCandidate]:
    layouts = [layout for layout in usual() if layout.x in wanted] if wanted and "nchw" not in wanted else list(_OURS)
    no_padding = not spelled.says("padding")
    for layout in layouts:
        for torch in (False, True) if spelled.takes_tensors else (False,):
            plain = CallCandidate(spelled, Form(layout, torch=torch))
            yield plain
            if no_padding:
                yield CallCandidate(spelled, plain.form, same=True)


def _tried(
    candidate: CallCandidate,
    seed: Callable[[], None],
    guard: Callable[[], AbstractContextManager[None]],
    deadline: float,
) -> Tried:
    errors: list[BaseException] = []
    for number, spec in enumerate(probes.PROBES):
        if candidate.refuses(spec) or is_pointwise(spec):  # one tap tells nothing of the order of taps, or of a padding
            continue
        case = probes.integer_case(spec, seed=number)
        seed()
        try:
            with guard():
                returned = candidate.start(case)()
        except (Exception, SystemExit) as error:
            errors.append(error)
            if isinstance(error, HungError) or time.monotonic() > deadline:
                break
            continue
        return _judged(candidate, returned, case)
    return Tried(candidate, errors=tuple(errors))


def _judged(candidate: CallCandidate, returned: Returned, case: Case) -> Tried:
    plan: Keys = {name: name for name in GRADIENTS if name in returned.items}
    taken = take(returned, plan, case.spec, candidate.layout, candidate.bias_form)
    return Tried(candidate, plan, _right(taken.gradients, conv.backward(case)), taken, case.spec)


def _right(actual: Gradients, truth: Gradients) -> int:
    return sum(same_whole(actual.get(name), truth.get(name)) for name in GRADIENTS)


def _refuse_the_call_itself(tries: Sequence[Tried]) -> None:
    """Nothing ran: is it the call, or the code that is called?"""
    raised = [tried for tried in tries if tried.errors and not tried.candidate.same]
    if not raised:
        raise NotRecognisedError("run", "no geometry fits what --convention says", hint=SEE_CALLING)
    for errors in (tried.errors for tried in raised):
        if all(isinstance(error, ReadingError) for error in errors):
            hint = "say what it gives: --returns input,weight,bias (gradcheck explain calling)"
            raise NotRecognisedError("read", str(errors[0]), hint=hint)
    error = raised[0].errors[0]
    if all(_by_itself(error) for tried in raised for error in tried.errors):
        what = "what --call says" if _is_expression(error) else f"{CALL}"
        text = " ".join(str(error).split())[:200].rstrip(".")
        raise NotRecognisedError("run", f"{what} raises {type(error).__name__}: {text}", hint=SEE_CALLING)


def _by_itself(error: BaseException) -> bool:
    """The call's own line raised, or a library that it called: no code of the user was reached."""
    if isinstance(error, ReadingError | HungError | MemoryError | NotImplementedError):
        return False
    frames = traceback.extract_tb(error.__traceback__)
    own = [index for index, frame in enumerate(frames) if frame.filename == PLACE or frame.name == CALL]
    return bool(own) and all(_is_library(frame.filename) for frame in frames[own[-1] + 1 :])


def _is_expression(error: BaseException) -> bool:
    return any(frame.filename == PLACE for frame in traceback.extract_tb(error.__traceback__))


def _is_library(file: str) -> bool:
    return "site-packages" in file or "dist-packages" in file or file.startswith("<")


def _refuse_other_layout(
    spelled: Spelled, seed: Callable[[], None], guard: Callable[[], AbstractContextManager[None]], deadline: float
) -> None:
    """Code that raises on our arrays and is right on those of another layout: that was not said, it is no crash."""
    for layout in LAYOUTS:
        for candidate in _candidates(spelled, (layout,)) if layout != "nchw" else ():
            if _tried(candidate, seed, guard, deadline).right:
                raise NotRecognisedError(
                    "run",
                    f"it raises on arrays in the order NCHW and is right on {layout.upper()}",
                    hint=f"say so: --convention {layout}",
                )
            if time.monotonic() > deadline:
                return


def _refuse_other_axes(taken: Taken, spec: ConvSpec) -> None:
    """Results whose axes are those of NHWC: a layout that was not said, no mistake."""
    shapes = {name: array.shape for name, array in taken.gradients.items()}
    for layout in CHANNELS_LAST:
        wanted = {
            "input": layout.shape("x", spec.x_shape, spec.groups),
            "weight": layout.shape("weight", spec.weight_shape, spec.groups),
        }
        for name, shape in wanted.items():
            if f"grad_{name} " in " ".join(taken.wrong) and shape in shapes.values():
                raise NotRecognisedError(
                    "read",
                    f"grad_{name} came back as {shape}: the channels are last",
                    hint="--convention nhwc hands arrays over and takes them so; or transpose in --call",
                )


def _refuse_other_order(best: Tried, gradients: Gradients, spec: ConvSpec) -> None:
    """Results that have each other's shapes came back in another order than was said."""
    shapes = {name: tensor.shape(spec) for name, tensor in TENSORS.items()}
    said = [name for name in GRADIENTS if name in best.plan]
    found = {name: array.shape for name in said if (array := gradients.get(name)) is not None}
    meant = {name: next((other for other in said if shapes[other] == shape), name) for name, shape in found.items()}
    if sorted(meant.values()) != sorted(said) or list(meant.values()) == said:
        return
    one = next(name for name in said if meant[name] != name)
    spelled = best.candidate.spelled
    returns = spelled.returns if isinstance(spelled, Expression) else ()
    order = ",".join(meant.get(role, role) for role in returns)  # type: ignore[call-overload]
    raise NotRecognisedError(
        "read",
        f"grad_{one} came back as {found[one]}, the shape of grad_{meant[one]}",
        hint=f"did you mean --returns {order}?" if order else "other keys are meant",
    )


def _missing(name: str, expression: Expression) -> NotRecognisedError:
    known = [*STANDARD, *(key for key in expression.scope if not key.startswith("__"))]
    near = [key for key in known if key.lower() == name.lower()] or difflib.get_close_matches(name, known, n=3)
    hint = f"did you mean {near[0]}? {SEE_CALLING}" if near else SEE_CALLING
    return NotRecognisedError("run", f"--call uses {name}, which the file does not define", hint=hint)
