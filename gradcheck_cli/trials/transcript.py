"""All that was asked of one target and what came of it: the whole ground on which it is judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gradcheck_cli.model import ConvSpec, Counterexample, GradientName, Verdict
from gradcheck_cli.numbers.arithmetic import Slack, no_slack
from gradcheck_cli.targets import Described
from gradcheck_cli.trials.trial import Trial


@dataclass(frozen=True)
class Transcript:
    """One target and its answers.

    Attributes:
        described: how it is called.
        slack: what its kind of arithmetic explains.
        trials: the narrow probe, one geometry each.
        further: other probes on some of these geometries.
        stopped: why not everything was asked, "" if it was.
        counterexample: the smallest geometry on which a gradient is wrong.
        shrunk: gradient -> what the search for it saw: geometry -> how it failed, "" where right.
    """

    described: Described
    slack: Slack = no_slack
    trials: tuple[Trial, ...] = ()
    further: tuple[Trial, ...] = ()
    stopped: str = ""
    counterexample: Counterexample | None = None
    shrunk: Mapping[GradientName, Mapping[ConvSpec, str]] = field(default_factory=dict)

    @property
    def compared(self) -> tuple[Trial, ...]:
        """Every trial whose gradients were held against the truth."""
        return tuple(trial for trial in self.trials + self.further if trial.compared)


def smallest_failure(trials: tuple[Trial, ...], name: GradientName) -> Trial | None:
    """The trial with the least work on which a gradient is wrong; None where it is wrong on none."""
    wrong = [trial for trial in trials if trial.verdict(name) is Verdict.FAIL]
    return min(wrong, key=lambda trial: trial.case.grad_output.size * trial.case.weight.size, default=None)
