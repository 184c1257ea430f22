"""The child's main loop: limits, loading, recognising, calling. The only place where the user's code runs.

Forked by `supervisor`; speaks frames over two private pipes. File descriptors 1 and 2 belong to the user's prints.
"""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from gradcheck_cli.layers import conv
from gradcheck_cli.model import GRADIENTS, PADDING_MODES, Array, Case, ConvSpec, Gradients, PaddingMode, Setting
from gradcheck_cli.model.errors import GradcheckError
from gradcheck_cli.model.line import as_asked
from gradcheck_cli.model.spelled import directions, names_in
from gradcheck_cli.model.text import ended
from gradcheck_cli.targets import convolutions_met, interpreter, variants
from gradcheck_cli.targets.alarm import alarm
from gradcheck_cli.targets.contract import HowToCall, TargetRef
from gradcheck_cli.targets.conventions import (
    AmbiguousError,
    Chosen,
    NotRecognisedError,
    check_convention,
    probes,
    recognise_by_names,
)
from gradcheck_cli.targets.conventions.autograd_function import AutogradCandidate
from gradcheck_cli.targets.conventions.automatic import autograd_notes
from gradcheck_cli.targets.conventions.base import (
    Candidate,
    HungError,
    RefusedError,
    Returned,
    UnfinishedError,
    WrongForwardError,
    raised_in,
)
from gradcheck_cli.targets.conventions.beside import forward_beside
from gradcheck_cli.targets.conventions.call import Spelled
from gradcheck_cli.targets.conventions.call_tried import said, untried
from gradcheck_cli.targets.conventions.layer import LayerCandidate
from gradcheck_cli.targets.conventions.layout_notes import layout_notes
from gradcheck_cli.targets.conventions.meanings import by_trial
from gradcheck_cli.targets.conventions.one_channel import ends_at_one_channel
from gradcheck_cli.targets.conventions.padding_form import PaddingForm
from gradcheck_cli.targets.conventions.parts import parts
from gradcheck_cli.targets.conventions.results import Taken, order_notes, plan, take
from gradcheck_cli.targets.conventions.settings import NotToldError
from gradcheck_cli.targets.coroutines import refuse_coroutines
from gradcheck_cli.targets.edited import Edits
from gradcheck_cli.targets.functions import service
from gradcheck_cli.targets.functions.either import AsConvolution, Wanted, either
from gradcheck_cli.targets.functions.form import NotAFunctionError
from gradcheck_cli.targets.functions.service import FunctionReady
from gradcheck_cli.targets.lines import Watch
from gradcheck_cli.targets.load import Loaded, LoadError, import_installed, lacking, load, user_columns, user_line
from gradcheck_cli.targets.own_refusal import is_own_refusal
from gradcheck_cli.targets.pipes import receive, send
from gradcheck_cli.targets.reach import constants
from gradcheck_cli.targets.seeding import SEED, keep_generators, seed_all
from gradcheck_cli.targets.setting_now import cannot_ask_in, computing_in, made_in_float64
from gradcheck_cli.targets.spec_message import spec_of_message
from gradcheck_cli.targets.steady import steady_generators
from gradcheck_cli.targets.tried import WIDE, tried
from gradcheck_cli.targets.ways_out import WAYS_OUT
from gradcheck_cli.targets.wire import Message, as_bfloat16, widened

# Of the time for loading: executing the file, then finding out how it is called, and a rest for the answer.
LOAD_SHARE = 0.4
# Bytes of one gradient: 256 MiB are far above any that is asked for; more is not sent, and judged as a wrong shape.
MAX_RETURNED = 2**28


@dataclass(frozen=True)
class Ready:
    """A loaded and recognised target.

    Attributes:
        same: the rules by which it keeps the size by itself; None where it is told.
        sides: it is told what is added in front and what behind.
        watch: ticks off the lines of the backward that ran.
        edits: puts other expressions into its functions.
        is_wide: torch's default dtype is float64 while it is called, see `targets.tried`.
    """

    ref: TargetRef
    loaded: Loaded
    chosen: Chosen
    same: frozenset[str] | None
    watch: Watch
    edits: Edits
    sides: bool = False
    is_wide: bool = False


def main(request: int, answer: int, memory: int) -> None:
    """Serve requests until the parent is gone."""
    for descriptor in (request, answer):
        os.set_inheritable(descriptor, False)
    if memory:
        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    ready: Ready | FunctionReady | None = None
    while True:
        reply, arrays, ready = reply_to(*receive(request), ready)
        send(answer, reply, arrays)


def reply_to(
    message: Message, arrays: dict[str, Array], ready: Ready | FunctionReady | None
) -> tuple[Message, dict[str, Array], Ready | FunctionReady | None]:
    """The answer to one frame, and the target that later frames are about. Also used without a process, by `here`."""
    if message["do"] == "load":
        reply, ready = _load(message)
        return reply, {}, ready
    if message["do"] == "convolutions":
        return convolutions_met.answer(message), {}, ready
    assert ready is not None
    if message["do"] == "edit":
        return {"edited": ready.edits.put(variants.edits_of(message["edits"]))}, {}, ready
    if message["do"] == "variants":
        return *variants.answered(ready.edits, message, arrays, partial(_answer, ready)), ready
    return *_answer(ready, message, arrays), ready


def _answer(
    ready: Ready | FunctionReady, message: Message, arrays: dict[str, Array]
) -> tuple[Message, dict[str, Array]]:
    if isinstance(ready, FunctionReady):
        return service.answer(ready, message, arrays)
    if message["do"] == "refusals":
        return {"refusals": [_refuses(ready, as_asked(spec_of_message(spec))) for spec in message["specs"]]}, {}
    return _backward(ready, message, arrays)


def _load(message: Message) -> tuple[Message, Ready | FunctionReady | None]:
    ref = TargetRef(message["text"], message["file"], message["name"], message["line"], message["module"])
    seconds = float(message["seconds"])
    try:
        wanted = check_convention(message["convention"])
        os.environ.setdefault("JAX_ENABLE_X64", "1")  # read when jax is imported; else it computes in float32
        interpreter.prepare()
        import_installed(ref)
        steady_generators(SEED)
        how = HowToCall(message["convention"], message["call"], tuple(message["returns"]))
        with alarm(LOAD_SHARE * seconds):
            loaded = _load_either_way(ref, message["how"] != "whole", seconds, names_in(how.call))
        keep_generators(vars(loaded.module))
        spelled = None if directions(how.call)[0] else said(loaded, how, wanted)
        if message["how"] == "untried":
            ready: Ready | FunctionReady = _untried(ref, loaded, spelled, wanted)
        else:
            ready = either(
                loaded,
                Wanted.of(message, is_spelled=bool(spelled or wanted), seed=seed_all, seconds=LOAD_SHARE * seconds),
                AsConvolution(
                    lambda: _tried(ref, loaded, spelled, wanted, seconds),
                    lambda ready: ready.chosen.is_right,
                    lambda ready: not by_trial(getattr(ready.chosen.candidate, "assignment", {})),
                    lambda ready: ends_at_one_channel(ready.chosen.candidate, seed_all, partial(alarm, 0.2 * seconds)),
                ),
            )
    except LoadError as error:
        return {"failed": error.sentence, "hint": error.hint, "lacking": error.lacking}, None
    except GradcheckError as error:
        return {
            "failed": error.sentence,
            "facts": {k: str(v) for k, v in error.facts.items()},
            "hint": error.hint,
        }, None
    except AmbiguousError as error:
        hint = f"say which: --convention {error.layouts[0]}; or {WAYS_OUT}"
        return {"failed": f"{ref.text} is ambiguous: {error}.", "hint": hint}, None
    except NotRecognisedError as error:
        return _not_recognised(ref, error), None
    except service.DoubtfulError as error:
        return service.description(error.ready) | {"doubt": service.refusal(error, ref.text, ref.file)}, error.ready
    except NotAFunctionError as error:
        return service.refusal(error, ref.text, ref.file), None
    except (Exception, SystemExit) as error:
        return {"failed": f"{ref.text} fails while it is tried: {_sentence(error)}."}, None
    return service.description(ready) if isinstance(ready, FunctionReady) else _description(ready), ready


def _tried(ref: TargetRef, loaded: Loaded, spelled: Spelled | None, wanted: Sequence[str], seconds: float) -> Ready:
    """Called as was said, else as trying tells."""
    found = tried(loaded, spelled, wanted, LOAD_SHARE * seconds, partial(alarm, min(10.0, 0.2 * seconds)))
    return replace(_ready(ref, loaded, found.chosen, found.rules), sides=found.sides, is_wide=found.is_wide)


def _untried(ref: TargetRef, loaded: Loaded, spelled: Spelled | None, wanted: Sequence[str]) -> Ready:
    """Every try ended the process: called as was said, else by names that leave no doubt."""
    if spelled is not None:
        return _ready(ref, replace(loaded, notes=("every try ended the process",)), untried(spelled, wanted), None)
    notes = ("every try ended the process; it is called by the names of its parameters",)
    return _ready(ref, replace(loaded, notes=notes), recognise_by_names(loaded, wanted), None)


def _ready(ref: TargetRef, loaded: Loaded, chosen: Chosen, same: frozenset[str] | None) -> Ready:
    return Ready(ref, loaded, chosen, same, Watch(loaded.tree, ref.file, ref.name), Edits(loaded.tree, ref.file))


def _load_either_way(ref: TargetRef, only_needed: bool, seconds: float, names: Sequence[str]) -> Loaded:
    """A script part that never ends is left out, like one that fails."""
    try:
        with alarm(LOAD_SHARE * seconds / 2):
            loaded = load(ref, only_needed, names)
    except HungError:
        loaded = load(ref, True, names)
    return loaded if names else refuse_coroutines(loaded, ref.name)


def _description(ready: Ready) -> Message:
    loaded, candidate = ready.loaded, ready.chosen.candidate
    notes = [*loaded.notes, *candidate.notes(), *autograd_notes(loaded.tree)]
    if candidate.family != "autograd-function":  # there the order is that of the forward's arguments
        notes += order_notes(ready.chosen.plan)
    notes[:0] = [*layout_notes(candidate), *([WIDE] if ready.is_wide else [])]
    notes += [*ready.chosen.notes, *interpreter.LAUNCHES.notes()]
    return {
        "convention": candidate.family,
        "layout": candidate.layout.id,
        "layer": candidate.layout.conv,
        "modes": list(_modes(candidate)),
        "why": candidate.why(),
        "yields": list(ready.chosen.yields),
        "assumed": not ready.chosen.plan,
        "notes": notes,
        "flipped": candidate.layout.flipped,
        "rate": candidate.lr if isinstance(candidate, LayerCandidate) else 1.0,
        "parts": list(parts(candidate)),
        "same": sorted(ready.same or ()),
        "sides": ready.sides,
        "pointwise": candidate.layout.pointwise,
        "square": candidate.layout.square,
        "unvaried": list(ready.chosen.unvaried),
        "wrong_beside": [(one.setting, one.gradient, one.slopes, one.is_alone) for one in ready.chosen.wrong_beside],
        "constants": list(constants(loaded.tree, ready.ref.name.split(".")[0], vars(loaded.module))),
    }


def _modes(candidate: Candidate) -> Sequence[PaddingMode]:
    """What its padding may repeat: those of its layout, or all that it can be told."""
    taken = (spec for spec in probes.PROBES if not candidate.refuses(spec) and spec.is_padded)
    found = dict.fromkeys(spec.padding_mode for spec in taken)
    return [mode for mode in PADDING_MODES if mode in found] or candidate.layout.modes


def _not_recognised(ref: TargetRef, error: NotRecognisedError) -> Message:
    facts: dict[str, str] = {error.step: error.tried} if error.tried else {}
    if error.error is not None:
        facts["the likeliest raised"] = _sentence_with_line(ref, error.error)
    sentence = f"{ref.text}: {error}"
    return {
        "failed": ended(sentence),
        "unrecognised": True,
        "facts": facts,
        "hint": error.hint or WAYS_OUT,
    }


def _backward(ready: Ready, message: Message, arrays: dict[str, Array]) -> tuple[Message, dict[str, Array]]:
    case = Case(
        as_asked(spec_of_message(message["spec"])),
        **{name: widened(array) for name, array in arrays.items()},
    )
    setting = Setting.from_message(message["setting"])
    is_function = isinstance(ready.chosen.candidate, AutogradCandidate)
    reason = _refuses(ready, case.spec) or cannot_ask_in(setting, is_function=is_function)
    if reason:
        return {"kind": "refused", "supported": False, "error": reason}, {}
    try:
        wide = made_in_float64() if ready.is_wide else nullcontext()
        with computing_in(setting), wide, ready.edits.running(ready.watch):
            reply, answered = _called(ready, case, str(message["calls"]))
        if setting.dtype == "bfloat16":
            answered = {name: as_bfloat16(array) for name, array in answered.items()}
    except (Exception, SystemExit) as error:
        reply, answered = _failure(ready, error), {}
    return reply | {"unreached": list(ready.watch.unreached)}, answered


def _refuses(ready: Ready, spec: ConvSpec) -> str:
    """Why the target cannot take `spec`; "" when it can."""
    candidate = ready.chosen.candidate
    otherwise = PaddingForm(candidate, ready.same).keeps_otherwise(spec)
    return candidate.refuses(spec) or ("it keeps the size by another rule" if otherwise else "")


def _called(ready: Ready, case: Case, calls: str) -> tuple[Message, dict[str, Array]]:
    seed_all()
    candidate = ready.chosen.candidate
    session = candidate.start(case)
    seed_all()
    started = time.perf_counter()
    returned = session()
    seconds = time.perf_counter() - started
    taken = _take(ready, case, returned)
    reply: Message = {"kind": "", "calls": calls, "mutated": list(returned.mutated), "seconds": seconds}
    reply |= {"autograd_refused": returned.refused, "summed_by_autograd": list(returned.summed)}
    arrays = _named("first", taken.gradients)
    if calls != "once":
        seed_all()
        if calls == "after another" and isinstance(candidate, LayerCandidate):
            session = candidate.start_after(_another(case), case)
        arrays |= _named("second", _take(ready, case, session()).gradients)
    if returned.forward_error is not None:
        reply |= {"where": "forward", "forward_error": _sentence_with_line(ready.ref, returned.forward_error)}
    beside = forward_beside(candidate, case, returned)
    if beside and (beside.error is None or _kind(beside.error, ready) == "raised"):
        reply["beside"] = beside.message(_sentence_with_line(ready.ref, beside.error) if beside.error else "")
    if taken.wrong:
        reply |= {"kind": "misshapen", "error": "; ".join(taken.wrong), "line": ready.ref.line}
    return reply, arrays


def _another(case: Case) -> Case:
    """Other numbers of the same shapes."""
    return replace(case, x=case.x[..., ::-1, ::-1] + 1, grad_output=case.grad_output[..., ::-1, ::-1] + 1)


def _take(ready: Ready, case: Case, returned: Returned) -> Taken:
    candidate, keys = ready.chosen.candidate, ready.chosen.plan
    if not keys:
        keys = plan(returned, case.spec, candidate.layout, candidate.bias_form, conv.backward(case))
    return take(returned, keys, case.spec, candidate.layout, candidate.bias_form)


def _named(call: str, gradients: Gradients) -> dict[str, Array]:
    found = {f"{call}.{name}": array for name in GRADIENTS if (array := gradients.get(name)) is not None}
    return {name: array if array.nbytes <= MAX_RETURNED else np.zeros(0) for name, array in found.items()}


def _failure(ready: Ready, error: BaseException) -> Message:
    line = user_line(error, ready.ref.file)
    if isinstance(error, WrongForwardError):
        return {"kind": "refused", "supported": False, "error": f"its own forward gives {error}", "wrong": str(error)}
    lack = lacking(error, ready.loaded)
    if lack is not None:
        return {"kind": "refused", "supported": False, "error": lack.sentence.rstrip(".")}
    kind = _kind(error, ready)
    found = {"kind": kind, "supported": kind != "refused", "error": _sentence(error), "line": line}
    return found | {"where": raised_in(error), "columns": user_columns(error, ready.ref.file)}


def _kind(error: BaseException, ready: Ready) -> str:
    text = str(error)
    if isinstance(error, UnfinishedError):
        return "raised"
    if isinstance(error, RefusedError | NotImplementedError | NotToldError):
        return "refused"
    if isinstance(error, MemoryError) or "can't allocate memory" in text:
        return "memory"
    if isinstance(error, SystemExit):
        return "exited"
    if "returned an invalid gradient" in text:
        return "misshapen"
    return "refused" if is_own_refusal(error, ready.ref.file, ready.loaded.tree) else "raised"


def _sentence_with_line(ref: TargetRef, error: BaseException) -> str:
    line = user_line(error, ref.file)
    return _sentence(error) + (f" (line {line})" if line else "")


def _sentence(error: BaseException) -> str:
    text = " ".join(str(error).split())[:300].rstrip(".")
    if isinstance(error, RefusedError | UnfinishedError | NotToldError):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
