"""Chooses among the candidates of all conventions by trying them on small integer cases.

A candidate whose own forward is right, or whose gradients are right, is taken; the truth serves to recognise, never
to judge. `--convention` narrows the candidates: a family, a layout, or both ("cache,nhwc").
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial

from gradcheck_cli.layers import conv
from gradcheck_cli.model import Case, ConvSpec, Gradients
from gradcheck_cli.model.conventions import CONVENTIONS, FAMILIES
from gradcheck_cli.model.errors import UsageError
from gradcheck_cli.model.text import counted
from gradcheck_cli.targets.conventions import probes
from gradcheck_cli.targets.conventions.another_layer import AnotherLayerError
from gradcheck_cli.targets.conventions.attempt import Attempt, Chosen, TriedOnce, try_on
from gradcheck_cli.targets.conventions.axes_said import agreeing, agreeing_first
from gradcheck_cli.targets.conventions.base import (
    AmbiguousError,
    Candidate,
    HungError,
    NoTimeError,
    NotRecognisedError,
    TransposedError,
    UnreadableUpdateError,
)
from gradcheck_cli.targets.conventions.by_behaviour import explained
from gradcheck_cli.targets.conventions.candidates import candidates, is_of_torch_alone
from gradcheck_cli.targets.conventions.confirm import confirmed
from gradcheck_cli.targets.conventions.confirm_function import confirm
from gradcheck_cli.targets.conventions.enough import enough
from gradcheck_cli.targets.conventions.failing import Failed, certain, likeliest_failure, raises_anyhow, settled
from gradcheck_cli.targets.conventions.forgotten import left_behind
from gradcheck_cli.targets.conventions.kinds import kinds_to_try, transposed_kinds
from gradcheck_cli.targets.conventions.layer import LayerCandidate
from gradcheck_cli.targets.conventions.layer_search import Within
from gradcheck_cli.targets.conventions.layout import Layout, is_pointwise
from gradcheck_cli.targets.conventions.layouts import LayerKind, every
from gradcheck_cli.targets.conventions.multiplier import is_wider, looks_plain
from gradcheck_cli.targets.conventions.parts import parts
from gradcheck_cli.targets.conventions.reasons import NOTHING_RIGHT
from gradcheck_cli.targets.conventions.troubles import NotHereError
from gradcheck_cli.targets.load import Loaded

# Seconds of its own work that recognition may take; on a busy machine the same work takes longer by the clock.
BUDGET = 20.0


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
    budget: float = 3 * BUDGET,
) -> Chosen:
    """The way to call `loaded`: as code for pictures or for lines, whichever is right somewhere.

    Args:
        wanted: words of `--convention`.
        seed: called before every call of the user's code.
        guard: ends a single try that takes too long.
        budget: seconds for all tries, by the clock.

    Raises:
        NotRecognisedError: nothing runs.
        AmbiguousError: several layouts run, none with a right gradient.
    """
    work, clock = time.thread_time() + BUDGET, time.monotonic() + budget
    weaker: list[Chosen] = []
    refusals: list[NotRecognisedError | AmbiguousError] = []
    is_refused_first = False
    kinds = kinds_to_try(loaded, wanted)
    transposed = [] if kinds[0][0].transposed else transposed_kinds(loaded, wanted)
    has_to_be_right = fails_anyhow = False
    while kinds:
        tries = _Tries(loaded, wanted, seed, guard, *_shares(work, clock, len(kinds) + bool(transposed)))
        of_kind, kinds = kinds[0], kinds[1:]
        try:
            specs = agreeing_first(loaded, of_kind)
            chosen, is_right = tries.likely(specs) or tries.on(specs)
        except (NotRecognisedError, AmbiguousError) as error:
            if isinstance(error, UnreadableUpdateError):
                raise
            is_refused_first |= not weaker
            refusals.append(error)
            if isinstance(error, TransposedError):
                kinds, transposed = transposed or kinds, []
            elif isinstance(error, AnotherLayerError) and of_kind[0].padding_mode == "zeros":
                kinds = [specs for specs in kinds if is_pointwise(specs[0])]  # of so many axes, and no convolution
        else:
            if is_right:
                return replace(chosen, is_right=True)
            if not has_to_be_right:
                weaker.append(chosen)
                fails_anyhow |= tries.raises_anyhow
        if not kinds and not any(one.plan for one in weaker):
            # What is no convolution, by its forward or in every way to call it, may be a transposed one.
            has_to_be_right = not weaker and not any(isinstance(error, TransposedError) for error in refusals)
            kinds, transposed = transposed, []
    # Where nothing is right, that the padding repeats something is no more than a word in the text.
    best = min(weaker, key=_doubts, default=None)
    if best is None or not best.plan:
        # That every way raised is known only where every way was tried.
        cut_short = next((error for error in refusals if isinstance(error, NoTimeError)), None)
        if cut_short is not None and best is not None and not fails_anyhow:
            raise cut_short
        # What ran and is no convolution says most; what only raises as another kind says less than as the likeliest.
        if best is None or is_refused_first:
            raise next((error for error in refusals if isinstance(error, AnotherLayerError)), refusals[0])
    return best


def _doubts(one: Chosen) -> tuple[bool, bool, bool]:
    """What speaks against a way in which nothing is right; one tap is only tried where the text says so."""
    return not one.plan, one.candidate.layout.modes != ("zeros",), not one.candidate.layout.pointwise


def _shares(work: float, clock: float, parts: int) -> tuple[float, float]:
    """When so much of the time is up that the other parts have their turn too."""
    worked, now = time.thread_time(), time.monotonic()
    return worked + (work - worked) / parts, now + (clock - now) / parts


@dataclass
class _Tries:
    """The search among the conventions for arrays of one kind. `work` and `clock`: when the time is up."""

    loaded: Loaded
    wanted: Sequence[str]
    seed: Callable[[], None]
    guard: Callable[[], AbstractContextManager[None]]
    work: float
    clock: float
    trials: list[Attempt] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)
    refusals: list[NotRecognisedError] = field(default_factory=list)
    stumbled: set[Layout] = field(default_factory=set)
    once: TriedOnce = field(default_factory=TriedOnce)

    def __post_init__(self) -> None:
        self._earliest = time.monotonic() + self.work - time.thread_time()

    def on(self, specs: Sequence[ConvSpec]) -> tuple[Chosen, bool]:
        """The way that does best on these geometries, and whether a gradient or its forward is right there.

        Raises:
            NotRecognisedError: nothing runs.
            AmbiguousError: several layouts run, none with a right gradient.
        """
        for number, spec in enumerate(specs):
            found = self._on_one(number, spec)
            if found is not None:
                return found
            if _is_final(self.refusals) or enough(self.trials, number) or self._is_over:
                break
        # Where the time was up, it was refused on the first geometries alone: what hangs there hangs on all of them.
        is_known = not self._is_over or any(isinstance(error.error, HungError) for error in self.refusals)
        if _is_final(self.refusals) or (self.refusals and is_known and not _narrowed(self.wanted)):
            _raise_if_hopeless(self.refusals, self.trials, self.failed)
        # A family that has no way to call this at all has none on a quiet machine either.
        if self._is_over and (self.trials or self.failed or not _narrowed(self.wanted)):
            _refuse_to_guess(self.trials, self.failed, self.loaded)
        is_right = any(trial.reasons.suffice for trial in self.trials)
        return _settle(self.trials, self.failed, self.loaded, self.wanted), is_right

    def likely(self, specs: Sequence[ConvSpec]) -> tuple[Chosen, bool] | None:
        """The same of a class in the layouts that people use and its text allows; None where nothing is right in them.

        Most classes are found so, before hundreds of layouts are tried on a geometry that they do not take.
        """
        if (not isinstance(self.loaded.target, type) and self.loaded.owner is None) or _narrowed(self.wanted):
            return None
        until = _shares(self.work, self.clock, 3)
        tries = _Tries(self.loaded, self.wanted, self.seed, self.guard, *until, once=self.once)
        layouts = agreeing(self.loaded, LayerKind.of(specs[0]))
        # Matrices alone: with neither samples nor channels no axis is taken for another.
        bare = [layout for layout in layouts if _are_bare([layout])]
        among = [(number, spec, layouts) for number, spec in enumerate(specs) if _tells_all(spec)]
        among += [(number, spec, bare) for number, spec in enumerate(specs) if bare and _is_alone(spec)]
        for number, spec, taken in among:
            found = tries._on_one(number, spec, taken)
            # Gradients may be right where the forward is not: then another layout may be meant, and the backward wrong.
            if found is not None and found[1] and getattr(found[0].candidate, "forward_right", True):
                return found
            if found is not None or tries._is_over or _is_final(tries.refusals):
                return None
        return None

    @property
    def raises_anyhow(self) -> bool:
        """Nothing ran, and some exception is of a kind that every way to call it would raise."""
        return not self.trials and any(raises_anyhow(one) for one in self.failed)

    @property
    def _is_over(self) -> bool:
        now = time.monotonic()
        # No thread works longer than the clock says, and how long it did is expensive to ask for after every try.
        return now > self.clock or (now > self._earliest and time.thread_time() > self.work)

    def _on_one(
        self, number: int, spec: ConvSpec, layouts: Sequence[Layout] | None = None
    ) -> tuple[Chosen, bool] | None:
        """What is found on one geometry, if that settles it; `layouts`: those to try of a class, None for all."""
        within = Within(every(LayerKind.of(spec)) if layouts is None else layouts, lambda: self._is_over)
        case = probes.integer_case(spec, seed=number)
        truth = conv.backward(case)
        tried: set[Layout] = set()
        ways = _until_refused(candidates(self.loaded, self.wanted, case, within), self.refusals)
        for place, candidate in enumerate(ways):
            if candidate.refuses(spec) or (_are_bare(layouts) and not _are_bare([candidate.layout])):
                continue
            trial = self.once.on((number, place), candidate, partial(self._try, candidate, case, truth))
            tripped = candidate.layout in self.stumbled
            if isinstance(trial, Failed):
                self.failed.append(trial)
                if settled(trial, self.loaded):
                    return Chosen(candidate, {}), False
            else:
                self.trials.append(replace(trial, reasons=trial.reasons.after(tripped)))
                if trial.clean and trial.reasons.suffice and not tripped and not trial.doubted:
                    again = partial(try_on, case=case, truth=truth, guard=self.guard)
                    return _confirmed(_with_multiplier(trial, self.trials, again)), True
            tried.add(candidate.layout)
            if self._is_over:
                break
        self.stumbled |= tried
        return None

    def _try(self, candidate: Candidate, case: Case, truth: Gradients) -> Attempt | Failed:
        self.seed()
        return try_on(candidate, case, truth, self.guard)


def _tells_all(spec: ConvSpec) -> bool:
    """No single image, channel or filter, and none alone for its channel: there many layouts are the same."""
    alone = 1 < spec.groups == spec.out_channels
    return min(spec.batch, spec.in_channels, spec.out_channels) > 1 and not alone


def _are_bare(layouts: Sequence[Layout] | None) -> bool:
    """Whether there are some, and none has an axis for samples or channels."""
    return bool(layouts) and not any(set("nc") & set(layout.x) for layout in layouts or ())


def _is_alone(spec: ConvSpec) -> bool:
    """One image of one channel, and one filter."""
    return spec.batch == spec.in_channels == spec.out_channels == 1


def recognise_by_names(loaded: Loaded, wanted: Sequence[str] = ()) -> Chosen:
    """The way to call a function whose every try ends the process, where the names of its parameters leave no doubt.

    Raises:
        NotRecognisedError: they do.
    """
    if not isinstance(loaded.target, type) and loaded.owner is None:
        case = probes.integer_case(probes.PROBES[0])
        found = [each for each in candidates(loaded, wanted, case) if certain(each, loaded)]
        if found:
            return Chosen(max(found, key=lambda candidate: candidate.in_text), {})
    raise NotRecognisedError("run", "it ends the process in every way in which it was called")


def _refuse_to_guess(trials: Sequence[Attempt], failed: Sequence[Failed], loaded: Loaded) -> None:
    """What was wrong or raised before the time was up may not be how it is meant: a busy machine is nobody's mistake.

    Raises:
        NoTimeError: nothing that ran has a right gradient, no names tell how it is called, and no exception is of a
            kind that every way to call it would raise.
    """
    if any(trial.reasons.suffice or certain(trial.chosen.candidate, loaded) for trial in trials):
        return
    if not trials and any(raises_anyhow(one) for one in failed):
        return
    if is_of_torch_alone(loaded):
        raise NotRecognisedError("run", f"{loaded.name} has no backward (torch computes its gradients)")
    sentence = "there was no time to try every way to call it, and none of those tried gives a right gradient"
    count, did = (len(trials), "ran") if trials else (len(failed), "raised")
    tried = f"{counted(count, 'way')} to call it {did}" if count else ""
    raise NoTimeError("run", sentence, tried=tried)


def _is_final(refusals: Sequence[NotRecognisedError]) -> bool:
    """Whether no other geometry can help."""
    return any(not isinstance(error, NotHereError) for error in refusals)


def _narrowed(wanted: Sequence[str]) -> bool:
    """Whether `--convention` asks for another family than layers: then what is wrong with the layer is no answer."""
    return bool(set(wanted) & set(FAMILIES)) and "class" not in wanted


def _raise_if_hopeless(
    refusals: Sequence[NotRecognisedError], trials: Sequence[Attempt], failed: Sequence[Failed]
) -> None:
    """Raise the refusal that says most, unless something ran, or raised where it was surely called as meant."""
    if not trials and not any(item.understood for item in failed):
        raise next((error for error in refusals if not isinstance(error, NotHereError)), refusals[0])


def _until_refused(candidates: Iterator[Candidate], refusals: list[NotRecognisedError]) -> Iterator[Candidate]:
    """The candidates; a reason why there can be no more of them joins `refusals`."""
    try:
        yield from candidates
    except NotRecognisedError as error:
        refusals.append(error)


def _with_multiplier(trial: Attempt, trials: Sequence[Attempt], ask: Callable[[Candidate], Attempt | Failed]) -> Chosen:
    """What is chosen; of depthwise code that was right with one filter per channel, the way in which it takes several.

    It takes them where it ran with several before and gave something for every filter, right or wrong.
    """
    for other in trials:
        if other.clean and other.fills and is_wider(other.layout, trial.layout):
            again = ask(other.chosen.candidate)
            if isinstance(again, Attempt) and again.clean and again.reasons.suffice:
                return again.chosen
    return trial.chosen


def _settle(trials: Sequence[Attempt], failed: Sequence[Failed], loaded: Loaded, wanted: Sequence[str]) -> Chosen:
    if not trials:
        return Chosen(likeliest_failure(failed, loaded, wanted), {})
    trials = [trial for trial in trials if not _is_swapped_by_chance(trial)] or list(trials)
    trials = _without_chance_depthwise(_without_chance_plain(trials))
    best = max((trial.reasons for trial in trials), key=lambda reasons: reasons.order)
    leaders = [trial for trial in trials if trial.reasons.order == best.order]
    most_axes = max(len(trial.layout.x) for trial in leaders)
    leaders = [trial for trial in leaders if len(trial.layout.x) == most_axes]
    leaders = leaders if best.decide else _running_most(leaders, trials)
    layouts = list(dict.fromkeys(trial.layout.id.lower() for trial in leaders))
    if len(layouts) > 1 and not best.decide and not all(trial.zeros for trial in leaders):
        raise AmbiguousError(layouts)
    return _confirmed(leaders[0].chosen)


def _running_most(leaders: Sequence[Attempt], trials: Sequence[Attempt]) -> list[Attempt]:
    """Those whose layout ran on the most probes: a wrong one runs where sizes happen to agree."""
    ran = Counter(trial.layout for trial in trials if trial.clean)
    most = max(ran[trial.layout] for trial in leaders)
    return [trial for trial in leaders if ran[trial.layout] == most]


def _without_chance_depthwise(trials: list[Attempt]) -> list[Attempt]:
    """Without what runs as depthwise code and is no better than what runs as plain code."""
    orders = [trial.reasons.order for trial in trials if trial.clean and not trial.layout.depthwise]
    plain = max(orders, default=NOTHING_RIGHT.order)
    return [trial for trial in trials if not trial.layout.depthwise or trial.reasons.order > plain] or trials


def _without_chance_plain(trials: list[Attempt]) -> list[Attempt]:
    """Without what runs as plain code with one channel only, where it runs with several as depthwise code.

    Code that gave something for every channel of every filter, right or wrong, is plain: depthwise code knows one each.
    """
    ran = [trial.layout for trial in trials if trial.layout.depthwise and trial.clean and trial.fills]
    plain = {trial.layout for trial in trials if trial.covers and not trial.one_channel}
    chance = [
        trial
        for trial in trials
        if trial.reasons.tripped and trial.one_channel and trial.layout not in plain
        if any(looks_plain(one, trial.layout) for one in ran)
    ]
    return [trial for trial in trials if trial not in chance]


def _is_swapped_by_chance(trial: Attempt) -> bool:
    """F read as (c_in, c_out, kh, kw), right only where the two are equal: then it is the gradient that is swapped."""
    return trial.reasons.tripped and trial.layout.weight in ("iouv", "iov")


def _confirmed(chosen: Chosen) -> Chosen:
    """What is chosen, once it is known to be a convolution."""
    if not isinstance(chosen.candidate, LayerCandidate):
        confirm(chosen.candidate, chosen.plan)
        return chosen
    candidate = confirmed(explained(chosen.candidate), chosen.plan)
    missing = tuple(name for name in parts(candidate) if name not in chosen.plan)
    return replace(chosen, candidate=replace(candidate, forgotten=left_behind(candidate, missing)))
