"""The target's own forward: where it takes a geometry and computes something else, that is a finding."""

from __future__ import annotations

from collections.abc import Sequence

from gradcheck_cli.diagnose import Code, condition
from gradcheck_cli.layers.bias import bias_counts
from gradcheck_cli.mistakes import Sign, describe, padding_words, pair, standing_for
from gradcheck_cli.model import ConvSpec, Finding, Verdict
from gradcheck_cli.model.text import counted
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
    first = min(wrong, key=lambda trial: (len(_asked(trial.case.spec)), trial.case.x.size))
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
    wrong = [trial for trial in judged if trial.outcome.bias_times]
    if not wrong:
        return ()
    first = min(wrong, key=lambda trial: (len(_asked(trial.case.spec)), trial.case.x.size))
    name, times = first.outcome.forward_differs, first.outcome.bias_times
    message = (
        f"{name} adds b {times} times to one output ({describe(first.case.spec)}){_for_each(wrong)}: what it computes "
        f"has {times} times the sum of G as its gradient; grad_bias is the sum of G, which is right for a convolution."
    )
    fix = f"Add b once in {name}, outside of the sum: `(window * F).sum() + b`."
    found = Finding(standing_for(Sign.OTHER_FORWARD).id, ABOUT, "proved", message, fix)
    place = code.definition_of(name)
    return (found.at(place) if place else found,)


def _for_each(wrong: Sequence[Trial]) -> str:
    """What b is added for, where this explains how often it is added on all geometries."""
    counted = [(bias_counts(trial.case.spec), trial.outcome.bias_times) for trial in wrong]
    fitting = [what for what in counted[0][0] if all(counts[what] == times for counts, times in counted)]
    return f", once for each {fitting[0]}" if len(fitting) == 1 else ""


def forward_note(trials: Sequence[Trial]) -> list[str]:
    """A forward beside right gradients, or one of them, that gives other numbers: a remark, no failure."""
    followed = [trial for trial in trials if (trial.right or _gives_one(trial)) and not trial.outcome.bias_times]
    other = [trial for trial in followed if trial.outcome.forward_differs]
    if not other:
        return []
    first = min(other, key=lambda trial: (len(_asked(trial.case.spec)), trial.case.x.size))
    asked = ", ".join(_asked(first.case.spec)) or "stride 1"
    return [
        f"{first.outcome.forward_differs} gives other numbers than the convolution of these gradients on {len(other)} "
        f"of {counted(len(followed), 'geometry')} ({asked})"
    ]


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
    return [f"{name} {words[name]}" for name in spec.unusual]


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
