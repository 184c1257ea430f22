"""Chooses among the candidates of all conventions by trying them on small integer cases.

A candidate whose own forward is right, or whose gradients are right, is taken; the truth serves to recognise, never
to judge. `--convention` narrows the candidates: a family, a layout, or both ("cache,nhwc").
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gradcheck_cli import conv
from gradcheck_cli.errors import UsageError
from gradcheck_cli.model import GRADIENTS, Array, Case, GradientName, Gradients
from gradcheck_cli.targets.conventions import probes
from gradcheck_cli.targets.conventions.autograd_function import autograd_candidates
from gradcheck_cli.targets.conventions.base import AmbiguousError, Candidate, NotRecognisedError, Returned
from gradcheck_cli.targets.conventions.binding import by_trial
from gradcheck_cli.targets.conventions.confirm import confirmed
from gradcheck_cli.targets.conventions.exposure import exposed, rescaled
from gradcheck_cli.targets.conventions.function import Callee, FunctionCandidate, function_candidates
from gradcheck_cli.targets.conventions.layer import LayerCandidate
from gradcheck_cli.targets.conventions.layer_search import LAYER_ORDERS, layer_candidates
from gradcheck_cli.targets.conventions.layout import COMMON, Layout
from gradcheck_cli.targets.conventions.methods import all_names, backward_name, class_source, is_unwritten, stores_state
from gradcheck_cli.targets.conventions.names import function_roles
from gradcheck_cli.targets.conventions.results import Plan, plan, take
from gradcheck_cli.targets.conventions.source import Source
from gradcheck_cli.targets.conventions.troubles import NotHereError
from gradcheck_cli.targets.load import Loaded, user_line

FAMILIES = ("function", "cache", "autograd-function", "class")
LAYOUTS = ("nchw", "nhwc", "chw", "hwc", "hw", "nhw", "chwn", "hwcn")
CONVENTIONS = ("auto", *FAMILIES, *LAYOUTS)
FORWARD_WORDS = ("forward", "fprop", "fwd")
CONTEXT_NAMES = ("ctx", "context")
EVIDENCE = 6
PATIENCE = 3
LONG_PATIENCE = 9
BUDGET = 20.0


@dataclass(frozen=True)
class Chosen:
    """The candidate that is used from now on, and which result is which gradient."""

    candidate: Candidate
    plan: Plan

    @property
    def yields(self) -> tuple[GradientName, ...]:
        """The gradients that the target gives; all, without a plan, of one that only ever raises."""
        return tuple(name for name in GRADIENTS if name in self.plan or not self.plan)


@dataclass(frozen=True)
class Failed:
    """A try that raised. `understood`: the candidate's own forward was right, so it is surely called as meant."""

    candidate: Candidate
    error: BaseException
    understood: bool


@dataclass(frozen=True)
class Trial:
    """How a candidate did on one probe: larger is better. `clean`: every result has a right shape."""

    chosen: Chosen
    score: int
    clean: bool


def check_convention(text: str) -> tuple[str, ...]:
    """The words of a `--convention`.

    Raises:
        UsageError: a word that is none.
    """
    words = tuple(word.strip().lower() for word in text.split(",") if word.strip())
    for word in words:
        if word not in CONVENTIONS:
            raise UsageError(f"there is no convention {word}.", facts={"known": ", ".join(CONVENTIONS)})
    return tuple(word for word in words if word != "auto")


def recognise(
    loaded: Loaded,
    wanted: Sequence[str] = (),
    seed: Callable[[], None] = lambda: None,
    guard: Callable[[], AbstractContextManager[None]] = nullcontext,
    budget: float = BUDGET,
) -> Chosen:
    """The way to call `loaded`.

    Args:
        wanted: words of `--convention`.
        seed: called before every call of the user's code.
        guard: ends a single try that takes too long.
        budget: seconds for all tries.

    Raises:
        NotRecognisedError: nothing runs.
        AmbiguousError: several layouts run, none with a right gradient.
    """
    deadline = time.monotonic() + min(budget, BUDGET)
    trials: list[Trial] = []
    failed: list[Failed] = []
    refusals: list[NotRecognisedError] = []
    stumbled: set[Layout] = set()
    for number, spec in enumerate(probes.PROBES):
        case = probes.integer_case(spec, seed=number)
        truth = conv.backward(case)
        tried: set[Layout] = set()
        for candidate in _heard(_candidates(loaded, wanted, case), refusals):
            if candidate.refuses(spec):
                continue
            seed()
            trial = _try(candidate, case, truth, guard)
            tripped = candidate.layout in stumbled
            if isinstance(trial, Failed):
                failed.append(trial)
            else:
                trials.append(replace(trial, score=trial.score - tripped))
                if trial.clean and trial.score >= EVIDENCE and not tripped:
                    return _confirmed(trial.chosen)
            tried.add(candidate.layout)
            if time.monotonic() > deadline:
                break
        stumbled |= tried
        if _is_final(refusals) or _enough(trials, number) or time.monotonic() > deadline:
            break
    if _is_final(refusals) or (refusals and not _narrowed(wanted)):
        _tell(refusals, trials, failed)
    return _settle(trials, failed, loaded)


def _is_final(refusals: Sequence[NotRecognisedError]) -> bool:
    """Whether no other geometry can help."""
    return any(not isinstance(error, NotHereError) for error in refusals)


def _narrowed(wanted: Sequence[str]) -> bool:
    """Whether `--convention` asks for another family than layers: then what is wrong with the layer is no answer."""
    return bool(set(wanted) & set(FAMILIES)) and "class" not in wanted


def _tell(refusals: Sequence[NotRecognisedError], trials: Sequence[Trial], failed: Sequence[Failed]) -> None:
    """Raise the refusal that says most, unless something ran, or raised where it was surely called as meant."""
    if not trials and not any(item.understood for item in failed):
        raise next((error for error in refusals if not isinstance(error, NotHereError)), refusals[0])


def _heard(candidates: Iterator[Candidate], refusals: list[NotRecognisedError]) -> Iterator[Candidate]:
    """The candidates; a refusal is kept, for another case may do."""
    try:
        yield from candidates
    except NotRecognisedError as error:
        refusals.append(error)


def _enough(trials: Sequence[Trial], number: int) -> bool:
    """Some gradient is right; or code that runs has been seen on a few geometries and never was right."""
    best = max((trial.score for trial in trials), default=-1)
    patience = PATIENCE if best > 0 else LONG_PATIENCE
    return best >= EVIDENCE or (number >= patience and any(trial.clean for trial in trials))


def _settle(trials: Sequence[Trial], failed: Sequence[Failed], loaded: Loaded) -> Chosen:
    if not trials:
        return _failing(failed, loaded)
    best = max(trial.score for trial in trials)
    leaders = [trial for trial in trials if trial.score == best]
    most_axes = max(len(trial.chosen.candidate.layout.x) for trial in leaders)
    leaders = [trial for trial in leaders if len(trial.chosen.candidate.layout.x) == most_axes]
    layouts = list(dict.fromkeys(trial.chosen.candidate.layout.id.lower() for trial in leaders))
    if len(layouts) > 1 and best < 2:
        raise AmbiguousError(layouts)
    return _confirmed(leaders[0].chosen)


def _confirmed(chosen: Chosen) -> Chosen:
    """What is chosen, once it is known to be a convolution."""
    if not isinstance(chosen.candidate, LayerCandidate):
        return chosen
    return replace(chosen, candidate=confirmed(chosen.candidate, chosen.plan))


def _failing(failed: Sequence[Failed], loaded: Loaded) -> Chosen:
    """Code that is understood but runs nowhere: it will crash on every case, and that is the result.

    Raises:
        NotRecognisedError: it may as well be called in a way that it does not mean.
    """
    inside = [item for item in failed if user_line(item.error, loaded.module.__file__ or "") is not None]
    if not inside:
        raise NotRecognisedError("run", "no way to call it was found", error=failed[0].error if failed else None)
    likeliest = max(inside, key=lambda item: (item.understood, item.candidate.prior))
    if not likeliest.understood and not isinstance(likeliest.error, NameError):
        raise NotRecognisedError("run", "it raises in every way in which it was called", error=likeliest.error)
    return Chosen(likeliest.candidate, {})


def _try(
    candidate: Candidate, case: Case, truth: Gradients, guard: Callable[[], AbstractContextManager[None]]
) -> Trial | Failed:
    forward_right = False
    try:
        with guard():
            candidate, forward_right = _as_its_forward(candidate, case)
            returned = candidate.start(case)()
        keys = plan(returned, case.spec, candidate.layout, candidate.bias_form, truth)
        if not keys:
            return Failed(candidate, TypeError(_no_gradient(returned)), False)
        candidate = exposed(candidate, returned, keys, truth)
        returned = replace(returned, items=rescaled(returned, candidate))
        taken = take(returned, keys, case.spec, candidate.layout, candidate.bias_form)
    except (Exception, SystemExit) as error:
        return Failed(candidate, error, forward_right and not _guessed(candidate))
    points = sum(_points(taken.gradients.named(name), truth.named(name), name) for name in keys)
    score = points + 10 * forward_right + candidate.prior - 4 * len(taken.wrong)
    return Trial(Chosen(candidate, keys), score, not taken.wrong)


def _guessed(candidate: Candidate) -> bool:
    """Some of its parameters were given a meaning by trial only."""
    return isinstance(candidate, FunctionCandidate) and bool(by_trial(candidate.assignment))


def _no_gradient(returned: Returned) -> str:
    shapes = ", ".join(f"{array.shape}" for array in returned.items.values())
    return f"it returned {shapes or 'no array'}, which fits no gradient"


def _points(actual: Array | None, expected: Array | None, name: GradientName) -> int:
    """Evidence that a candidate is the one: a right gradient, or one that is right up to a factor."""
    if actual is None or expected is None or actual.shape != expected.shape:
        return 0
    if _equal(actual, expected):
        return 1 if name == "bias" else 6
    top = int(np.abs(expected).argmax())
    factor = float(actual.flat[top]) / float(expected.flat[top]) if expected.flat[top] else 0.0
    close = factor != 0 and np.allclose(actual, factor * expected, rtol=1e-6, atol=1e-6 * abs(factor))
    return 0 if name == "bias" else 4 * int(close)


def _equal(actual: Array | None, expected: Array | None) -> bool:
    if actual is None or expected is None or actual.shape != expected.shape:
        return False
    return bool(np.allclose(actual, expected, rtol=1e-5, atol=1e-3))


def _forward_right(candidate: Candidate, case: Case) -> bool:
    if isinstance(candidate, LayerCandidate):
        return candidate.forward_right
    output = candidate.forward_output(case) if isinstance(candidate, FunctionCandidate) else None
    if output is None or output.shape != candidate.layout.shape("output", case.spec.output_shape):
        return False
    ours = candidate.layout.take("output", output, case.spec.output_shape)
    expected = probes.forward(case)
    return _equal(ours, expected) or _equal(ours, expected - case.bias[:, None, None])


def _as_its_forward(candidate: Candidate, case: Case) -> tuple[Candidate, bool]:
    """The candidate as its own forward wants it, turned for a true convolution; and whether that forward is right."""
    if _forward_right(candidate, case):
        return candidate, True
    if isinstance(candidate, FunctionCandidate) and _forward_right(candidate.turned(), case):
        return candidate.turned(), True
    return candidate, False


def _candidates(loaded: Loaded, wanted: Sequence[str], case: Case) -> Iterator[Candidate]:
    families = [word for word in wanted if word in FAMILIES]
    layouts = [word for word in wanted if word in LAYOUTS]
    for candidate in _all_candidates(loaded, layouts, case):
        family = "class" if isinstance(candidate, LayerCandidate) else candidate.family
        if not families or family in families:
            yield candidate


def _all_candidates(loaded: Loaded, layouts: Sequence[str], case: Case) -> Iterator[Candidate]:
    common = _ordered(COMMON, layouts)
    owner = loaded.target if isinstance(loaded.target, type) else loaded.owner
    if _is_autograd_function(owner):
        forward = _callee(loaded, owner, "forward", skip=0 if _has_setup_context(owner) else 1)
        yield from autograd_candidates(owner, forward, common)
    elif owner is None:
        yield from _function(loaded, None, loaded.name, common)
    else:
        yield from _class(loaded, owner, common, _ordered(LAYER_ORDERS, layouts), case)


def _ordered(orders: Sequence[Layout], names: Sequence[str]) -> list[Layout]:
    return [layout for layout in orders if not names or layout.x in names]


def _class(
    loaded: Loaded, owner: type, common: Sequence[Layout], orders: Sequence[Layout], case: Case
) -> Iterator[Candidate]:
    """Static methods as functions; else a layer; else a method that is handed everything."""
    source = class_source(owner, loaded.node)
    backward = loaded.name if loaded.owner is not None else backward_name(owner, source)
    static = backward and isinstance(_static(owner, backward), staticmethod | classmethod)
    if static:
        yield from _function(loaded, owner, backward, common)
        return
    if not backward and not hasattr(owner, "register_full_backward_hook"):
        raise NotRecognisedError("run", f"{owner.__name__} has no backward (it has: {', '.join(all_names(owner))})")
    if backward and is_unwritten(source, backward):
        raise NotRecognisedError("run", f"{owner.__name__}.{backward} is not written yet: there is nothing in it")
    if backward and not stores_state(source, backward):
        yield from _stateless(loaded, owner, backward, common)
    yield from layer_candidates(owner, source, backward, orders, case, vars(loaded.module))


def _stateless(loaded: Loaded, owner: type, backward: str, common: Sequence[Layout]) -> Iterator[Candidate]:
    try:
        instance = owner()
    except Exception:
        return
    yield from _function(loaded, instance, backward, common)


def _function(loaded: Loaded, owner: Any, name: str, layouts: Sequence[Layout]) -> Iterator[Candidate]:
    callee = _callee(loaded, owner, name)
    forward = _forward_beside(loaded, owner, name)
    tensors = _backends(loaded, callee)
    yield from function_candidates(callee, forward, layouts, tensors)


def _callee(loaded: Loaded, owner: Any, name: str, skip: int = 0) -> Callee:
    holder = loaded.module if owner is None else owner
    kind = owner if isinstance(owner, type) else type(owner)
    dotted = name if owner is None else f"{kind.__name__}.{name}"
    return Callee(getattr(holder, name), dotted, Source(loaded.node(dotted)), skip)


def _forward_beside(loaded: Loaded, owner: Any, name: str) -> Callee | None:
    """The forward that belongs to the backward, by its name."""
    holder = loaded.module if owner is None else owner
    guesses = [name.replace(back, fore) for back, fore in _SWAPS if back in name]
    own = [item for item in dir(holder) if _is_forward(item) and callable(getattr(holder, item))]
    convolutions = [item for item in own if "conv" in item.lower()]
    for guess in [*guesses, *convolutions, *(own if len(own) == 1 else [])]:
        if guess != name and callable(getattr(holder, guess, None)):
            callee = _callee(loaded, owner, guess)
            roles = {role for item in callee.parameters for role in function_roles(item.name)[:1]}
            own_cache = "cache" in roles and callee.named("cache") not in CONTEXT_NAMES
            if len(callee.parameters) >= 2 and not own_cache and "grad_output" not in roles:
                return callee
    return None


_SWAPS = (
    ("backward", "forward"), ("Backward", "Forward"), ("backprop", "forwardprop"), ("backprop", "forward"),
    ("bprop", "fprop"),
    ("back", "forward"), ("bwd", "fwd"), ("_backward", ""), ("backward_", ""), ("_back", ""), ("_grad", ""),
)  # fmt: skip


def _is_forward(name: str) -> bool:
    return any(word in name.lower() for word in FORWARD_WORDS)


def _backends(loaded: Loaded, callee: Callee) -> tuple[bool, ...]:
    """Numpy, torch or both: torch only where the user's module imported it."""
    names = vars(loaded.module)
    if "torch" not in names and "F" not in names and not any(_from_torch(value) for value in names.values()):
        return (False,)
    return (True, False) if callee.source.mentions("torch", "F") or "np" not in names else (False, True)


def _from_torch(value: Any) -> bool:
    return str(getattr(value, "__module__", "")).partition(".")[0] == "torch"


def _static(owner: type, name: str) -> Any:
    return next((vars(kind)[name] for kind in owner.__mro__ if name in vars(kind)), None)


def _is_autograd_function(owner: Any) -> bool:
    return isinstance(owner, type) and any(
        kind.__module__.startswith("torch.autograd") and kind.__name__ == "Function" for kind in owner.__mro__
    )


def _has_setup_context(owner: type) -> bool:
    return any("setup_context" in vars(kind) for kind in owner.__mro__ if not kind.__module__.startswith("torch"))
