"""How one way to call a target does on one probe: it raises, or there are reasons for and against it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

import numpy as np

from gradcheck_cli.model import GRADIENTS, Array, Case, GradientName, Gradients
from gradcheck_cli.model.line import number_of_axes
from gradcheck_cli.targets.contract import WrongBeside
from gradcheck_cli.targets.conventions import probes
from gradcheck_cli.targets.conventions.alike import same_whole
from gradcheck_cli.targets.conventions.autograd_function import AutogradCandidate
from gradcheck_cli.targets.conventions.base import Candidate, Returned
from gradcheck_cli.targets.conventions.closure import ClosureCandidate
from gradcheck_cli.targets.conventions.confirm_function import WithForward
from gradcheck_cli.targets.conventions.exposure import exposed, rescaled
from gradcheck_cli.targets.conventions.failing import Failed, NoGradientError
from gradcheck_cli.targets.conventions.function import FunctionCandidate
from gradcheck_cli.targets.conventions.layer import LayerCandidate
from gradcheck_cli.targets.conventions.layout import Layout, turned
from gradcheck_cli.targets.conventions.meanings import by_trial
from gradcheck_cli.targets.conventions.multiplier import covers, fills
from gradcheck_cli.targets.conventions.reasons import Reasons
from gradcheck_cli.targets.conventions.results import Keys, Taken, plan, take


@dataclass(frozen=True)
class Chosen:
    """The candidate that is used from now on, and which result is which gradient.

    `is_right`: a gradient or its own forward was right on the geometry on which it was chosen. `unvaried`: optional
    parameters that keep their defaults, of which nothing is known; `wrong_beside`: those beside whose default its
    gradients are not the derivative of its own forward; `notes`: what it does with others on purpose.
    """

    candidate: Candidate
    plan: Keys
    is_right: bool = False
    unvaried: tuple[str, ...] = ()
    wrong_beside: tuple[WrongBeside, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def yields(self) -> tuple[GradientName, ...]:
        """The gradients that the target gives; all, without a plan, of one that only ever raises."""
        return tuple(name for name in GRADIENTS if name in self.plan or not self.plan)


@dataclass(frozen=True)
class Attempt:
    """What a candidate gave on one probe.

    Attributes:
        chosen: the candidate, and which result is which gradient.
        reasons: what speaks for it and against it.
        zeros: there is nothing but zeros in what it gave.
        doubted: the file's own forward gives other numbers in this layout.
        fills: something stands in the gradient of every filter.
        covers: and in each of its channels.
        one_channel: X had one, which shows nothing of groups.
    """

    chosen: Chosen
    reasons: Reasons
    zeros: bool = False
    doubted: bool = False
    fills: bool = False
    covers: bool = False
    one_channel: bool = False

    @property
    def clean(self) -> bool:
        """Whether every result has a right shape."""
        return not self.reasons.misshapen

    @property
    def layout(self) -> Layout:
        """Axis orders of what was passed."""
        return self.chosen.candidate.layout


def try_on(
    candidate: Candidate, case: Case, truth: Gradients, guard: Callable[[], AbstractContextManager[None]]
) -> Attempt | Failed:
    """Call it on `case`, whose right gradients are `truth`; `guard` ends a call that takes too long."""
    forward_right = False
    try:
        with guard():
            candidate, forward_right = _as_its_forward(candidate, case)
            if isinstance(candidate, FunctionCandidate):
                candidate = candidate.stepping(case)
            returned = candidate.start(case)()
        keys = plan(returned, case.spec, candidate.layout, candidate.bias_form, truth)
        if not keys:
            return Failed(candidate, NoGradientError(_no_gradient(returned)), False)
        candidate = exposed(candidate, returned, keys, truth, case.spec)
        returned = replace(returned, items=rescaled(returned, candidate))
        taken = take(returned, keys, case.spec, candidate.layout, candidate.bias_form)
    except (Exception, SystemExit) as error:
        return Failed(candidate, error, forward_right and not _guessed(candidate))
    zeros = not any(np.any(taken.gradients.get(name)) for name in keys)
    doubted = not forward_right and _has_other_forward(candidate, case)
    weight = None if taken.wrong else taken.gradients.get("weight")
    reasons = replace(_reasons(taken, truth), forward=forward_right, in_text=candidate.in_text)
    one_channel = case.spec.in_channels == 1
    return Attempt(Chosen(candidate, keys), reasons, zeros, doubted, fills(weight), covers(weight), one_channel)


class TriedOnce:
    """How each way to call a target did on each probe of one list: the same way does the same once more.

    What has no layouts of its own to choose from, a static method or a Function, is looked at in the likely ones and
    then in all of them: these are the same.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], tuple[Candidate, Attempt | Failed]] = {}

    def on(self, place: tuple[int, int], candidate: Candidate, ask: Callable[[], Attempt | Failed]) -> Attempt | Failed:
        """What is known, else what `ask` gives.

        Args:
            place: the number of the probe, and the candidate's among those that are tried there.
        """
        known = self._known.get(place)
        # A layer holds arrays, which do not compare.
        if known is None or isinstance(candidate, LayerCandidate) or known[0] != candidate:
            known = self._known[place] = (candidate, ask())
        return known[1]


def _has_other_forward(candidate: Candidate, case: Case) -> bool:
    """Whether its forward runs in this layout and is no convolution there: another layout may be meant."""
    if isinstance(candidate, LayerCandidate):
        # A causal layer may be right by chance where the zeros are shared between both ends.
        return candidate.same and not candidate.forward_right and number_of_axes(case.spec) == 1
    spec, output = case.spec, _own_forward(candidate, case)
    if isinstance(candidate, FunctionCandidate) and candidate.cache_from == "filled":
        # With a cache of ours a gradient may be right by chance: that of a causal F, where both ends share the zeros.
        outputs = (one.output_beside(case) for one in (candidate, candidate.with_bias("o")))
        output = next((found for found in outputs if found is not None), None)
    return output is not None and output.shape == candidate.layout.shape("output", spec.output_shape, spec.groups)


def _guessed(candidate: Candidate) -> bool:
    """Some of its parameters were given a meaning by trial only."""
    return isinstance(candidate, FunctionCandidate) and bool(by_trial(candidate.assignment))


def _no_gradient(returned: Returned) -> str:
    shapes = ", ".join(f"{array.shape}" for array in returned.items.values())
    return f"it returned {shapes or 'no array'}, which fits no gradient"


def _reasons(taken: Taken, truth: Gradients) -> Reasons:
    """What the gradients say of the way in which they were had."""
    pairs = {name: (taken.gradients.get(name), truth.get(name)) for name in GRADIENTS}
    right = {name for name, (actual, expected) in pairs.items() if same_whole(actual, expected)}
    rest = [pairs[name] for name in pairs if name not in right and name != "bias"]
    return Reasons(
        right=len(right - {"bias"}),
        proportional=sum(_is_multiple(actual, expected) for actual, expected in rest),
        misshapen=len(taken.wrong),
        bias="bias" in right,
    )


def _is_multiple(actual: Array | None, expected: Array | None) -> bool:
    """Whether a gradient is the right one times one factor, read off at the largest entry."""
    if actual is None or expected is None or actual.shape != expected.shape or not np.any(expected):
        return False
    top = int(np.abs(expected).argmax())
    factor = float(actual.flat[top]) / float(expected.flat[top])
    return factor != 0 and same_whole(actual / factor, expected)


def _own_forward(candidate: Candidate, case: Case) -> Array | None:
    """What the file's forward gives; where it raises with b in one shape, with a plain b: the layout is the same."""
    if isinstance(candidate, AutogradCandidate):
        return candidate.forward_output(case)
    if not isinstance(candidate, FunctionCandidate | ClosureCandidate):
        return None
    output = candidate.forward_output(case)
    return candidate.with_bias("o").forward_output(case) if output is None and candidate.form.bias != "o" else output


def _as_its_forward(candidate: Candidate, case: Case) -> tuple[Candidate, bool]:
    """The candidate as its own forward wants it, turned for a true convolution; and whether that forward is right."""
    if isinstance(candidate, LayerCandidate):
        return candidate, candidate.forward_right
    output = _own_forward(candidate, case)
    if probes.gives_forward(output, candidate.layout, case):
        return candidate, True
    as_turned = replace(case, weight=turned(case.weight))
    if isinstance(candidate, WithForward) and probes.gives_forward(output, candidate.layout, as_turned):
        return candidate.turned(), True
    return candidate, False
