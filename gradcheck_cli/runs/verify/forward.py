"""The target's own forward: where it takes a geometry and computes something else, that is a finding."""

from __future__ import annotations

from collections.abc import Sequence

from gradcheck_cli.diagnose import Code, condition
from gradcheck_cli.layers.bias import bias_counts
from gradcheck_cli.mistakes import Sign, describe, padding_words, pair, standing_for
from gradcheck_cli.model import ConvSpec, Finding, Verdict
from gradcheck_cli.model.text import counted
from gradcheck_cli.targets import ForwardBeside
from gradcheck_cli.trials.trial import Trial

# What the finding is about: no gradient, but the call as a whole.
ABOUT = "call"


def wrong_forward(trials: Sequence[Trial], fix: str = "") -> tuple[Finding, ...]:
    """The finding of a forward that computes something else at some of the geometries that the target takes.

    Args:
        trials: all of them; those that the target refuses say nothing.
        fix: the catalogue's mend in the user's words; "" for the catalogue's own.
    """
    taken = [trial for trial in trials if trial.supported]
    wrong = [trial for trial in taken if trial.outcome.wrong_forward]
    if not wrong:
        return ()
    first = min(wrong, key=_plainness)
    asked = ", ".join(_asked(first.case.spec))
    message = f"{f'At {asked} its' if asked else 'Its'} own forward gives {first.outcome.wrong_forward}."
    when = condition([(trial.case.spec, not trial.outcome.wrong_forward) for trial in taken])
    mistake = standing_for(Sign.OTHER_FORWARD)
    return (Finding(mistake.id, ABOUT, "proved", message, fix or mistake.fix, when),)


def bias_too_often(trials: Sequence[Trial], code: Code) -> tuple[Finding, ...]:
    """The finding of a forward that adds b inside of the sum, beside a grad_bias that counts it once.

    Where grad_bias is another too, it may well belong to this forward: nothing is said.

    Args:
        trials: all of them.
        code: the file in which the forward stands.
    """
    judged = [trial for trial in trials if trial.supported and trial.verdict("bias") is Verdict.PASS]
    wrong = [trial for trial in judged if _bias_times(trial)]
    if not wrong:
        return ()
    first = min(wrong, key=_plainness)
    name, times = first.outcome.beside.name if first.outcome.beside else "", _bias_times(first)
    message = (
        f"{name} adds b {times} times to one output ({describe(first.case.spec)}){_for_each(wrong)}: what it computes "
        f"has {times} times the sum of G as its gradient; grad_bias is the sum of G, which is right for a convolution."
    )
    fix = f"Add b once in {name}, outside of the sum: `(window * F).sum() + b`."
    found = Finding(standing_for(Sign.OTHER_FORWARD).id, ABOUT, "proved", message, fix)
    place = code.definition_of(name)
    return (found.at(place) if place else found,)


def _bias_times(trial: Trial) -> int:
    """How often the forward beside it adds b, where that alone is the difference; else 0."""
    return trial.outcome.beside.times if trial.outcome.beside else 0


def _for_each(wrong: Sequence[Trial]) -> str:
    """What b is added for, where this explains how often it is added on all geometries."""
    counted = [(bias_counts(trial.case.spec), _bias_times(trial)) for trial in wrong]
    fitting = [what for what in counted[0][0] if all(counts[what] == times for counts, times in counted)]
    return f", once for each {fitting[0]}" if len(fitting) == 1 else ""


def contradicting_forward(trials: Sequence[Trial], code: Code) -> tuple[Finding, ...]:
    """The finding of a forward that is the convolution on some geometries, and other numbers in its shape on others.

    There a backward that is right for the convolution is no derivative of what was computed. A forward that nowhere is
    the convolution may be meant as something else: see `forward_notes`.

    Args:
        trials: all of them.
        code: the file in which the forward stands.
    """
    seen = _seen_beside(trials)
    other = [trial for trial, beside in seen if beside.how == "contradicts"]
    agreeing = sum(beside.how == "agrees" for _, beside in seen)
    if not other or not agreeing:
        return ()
    first = min(other, key=_plainness)
    beside = next(beside for trial, beside in seen if trial is first)
    message = (
        f"{beside.name} gives other numbers than the convolution on {len(other)} of {counted(len(seen), 'geometry')} "
        f"({describe(first.case.spec)}), and the convolution on {agreeing}; the backward is right for the convolution."
    )
    fix = f"Mend {beside.name}, or say of it what it takes: there the backward is no derivative of what it computes."
    when = condition([(trial.case.spec, beside.how != "contradicts") for trial, beside in seen])
    found = Finding(standing_for(Sign.OTHER_FORWARD).id, ABOUT, "proved", message, fix, when)
    place = code.definition_of(beside.name)
    return (found.at(place) if place else found,)


def forward_notes(trials: Sequence[Trial]) -> list[str]:
    """A forward beside right gradients, or one of them, that gives something else, or nothing: a remark, no failure."""
    seen = [(trial, beside) for trial, beside in _seen_beside(trials) if not beside.times]
    notes = _without_it(trials)
    is_found = _is_convolution_somewhere(seen)
    other = [
        trial
        for trial, beside in seen
        if beside.how in ("differs", "untold") or (beside.how == "contradicts" and not is_found)
    ]
    if other:
        where = _where([trial for trial, _ in seen], other)
        notes.append(f"{seen[0][1].name} gives something else than the convolution of these gradients {where}")
    # Where the backward was judged without the cache of its forward, this was said with what was put in its place.
    raised = [(trial, beside) for trial, beside in seen if beside.how == "raised" and not trial.outcome.forward_error]
    if raised and is_found:
        beside = min(raised, key=lambda one: _plainness(one[0]))[1]
        where = _where([trial for trial, _ in seen], [trial for trial, _ in raised])
        notes.append(f"{beside.name} raises {where}: {beside.error}")
    return notes


def _where(asked: Sequence[Trial], met: Sequence[Trial]) -> str:
    """The condition under which something was met, if one fits all that was asked; else an example, said to be one.

    "when padding > 0 (on 19 of 44 geometries)", "on 19 of 44 geometries, as with x (2, 3, 7, 6), ...".
    """
    if len(met) == len(asked) > 1:
        return f"on all {len(met)} geometries on which the backward ends"
    count = f"on {len(met)} of {counted(len(asked), 'geometry')}"
    places = {id(trial) for trial in met}
    when = condition([(trial.case.spec, id(trial) not in places) for trial in asked])
    return f"when {when} ({count})" if when else f"{count}, as with {describe(min(met, key=_plainness).case.spec)}"


def _without_it(trials: Sequence[Trial]) -> list[str]:
    """Where the file's own forward raised, and the backward was judged without it."""
    raised = [trial for trial in trials if trial.outcome.forward_error]
    if not raised:
        return []
    error = min(raised, key=_plainness).outcome.forward_error
    # Of a backward that raises too, nothing was kept of its forward.
    where = _where([trial for trial in trials if trial.supported and trial.ended], raised)
    return [
        f"its own forward raises {where}: {error}; there the cache was filled as the backward unpacks it, and the "
        "backward was judged alone"
    ]


def forward_differs(trials: Sequence[Trial]) -> bool:
    """Whether a forward was seen to give something else than the convolution."""
    seen = [trial.outcome.beside.how for trial in trials if trial.outcome.beside is not None]
    other = any(how in ("differs", "untold", "contradicts") for how in seen)
    return other or any(trial.outcome.wrong_forward for trial in trials)


def forward_stops_short(trials: Sequence[Trial]) -> bool:
    """Whether a pass is one of the backward alone: its forward raises, or gives another shape, where that is right.

    A forward that never gives the convolution is another function, or was handed something else than it wants; one
    that makes the cache of its backward is this backward's.
    """
    seen = _seen_beside(trials)
    short = [trial for trial, beside in seen if beside.how in ("differs", "contradicts", "raised") and not beside.times]
    made = any(trial.outcome.forward_error for trial in trials)
    return made or (bool(short) and _is_convolution_somewhere(seen))


def _is_convolution_somewhere(seen: Sequence[tuple[Trial, ForwardBeside]]) -> bool:
    return any(beside.how == "agrees" for _, beside in seen)


def _seen_beside(trials: Sequence[Trial]) -> list[tuple[Trial, ForwardBeside]]:
    """The forward beside a function, on the geometries on which the function is right or gives one right gradient."""
    return [
        (trial, trial.outcome.beside)
        for trial in trials
        if trial.outcome.beside is not None and (trial.right or _gives_one(trial))
    ]


def _plainness(trial: Trial) -> tuple[int, int]:
    return len(_asked(trial.case.spec)), trial.case.x.size


def _gives_one(trial: Trial) -> bool:
    """Whether the gradient of the weight or of the input is the convolution's; the bias alone tells no convolution."""
    return trial.outcome.supported and any(trial.verdict(name) is Verdict.PASS for name in ("weight", "input"))


def _asked(spec: ConvSpec) -> list[str]:
    """What is not as usual, in words: ["stride 2", "padding 1"]."""
    words = {
        "stride": pair(spec.own(spec.stride)),
        "padding": padding_words(spec),
        "dilation": pair(spec.own(spec.dilation)),
        "groups": str(spec.groups),
    }
    more = [f"output padding {pair(spec.own(spec.output_padding))}"] if any(spec.output_padding) else []
    return [f"{name} {words[name]}" for name in spec.unusual] + more


def not_held_against(against: str, layer: str) -> tuple[str, ...]:
    """A note where --against names another forward than the convolution as which the target was judged.

    Args:
        against: what the user said that the forward should be, "" for nothing.
        layer: the convolution, as torch calls it: "conv2d".
    """
    package, _, name = against.rpartition(".")
    is_itself = package.startswith("torch") and name.lower() == layer.replace("_", "")
    if not against or is_itself or (package.startswith("torch") and name == layer):
        return ()
    return (f"it was judged as a convolution ({layer}), by its definition: --against {against} was not asked",)
