"""What a target did when it was asked: the facts, of which nothing here says whether they are right."""

from __future__ import annotations

from dataclasses import dataclass

from gradcheck_cli.diagnose import Observation
from gradcheck_cli.model import Case, Gradients
from gradcheck_cli.targets import Outcome
from gradcheck_cli.trials.question import Question

# The call did not end with gradients, whatever they are.
CANNOT_RUN = ("raised", "timeout", "crashed", "memory", "exited")
# The call took the process with it, or had to be ended: the next one pays for a new process.
DEATHS = ("timeout", "crashed", "memory", "exited")


def refused(reason: str) -> Outcome:
    """What comes of a call that is not made, since its convention has no place for such a geometry."""
    return Outcome(Gradients(), supported=False, error=reason, error_kind="refused")


@dataclass(frozen=True)
class Answer:
    """One call: the question, the numbers that it stood for, and what came of them."""

    question: Question
    case: Case
    outcome: Outcome

    @property
    def supported(self) -> bool:
        """Did the target take this geometry? Also where its own forward then computes something else."""
        return self.outcome.supported or bool(self.outcome.wrong_forward)

    @property
    def is_comparable(self) -> bool:
        """Are its gradients those of the geometry that it was asked about?"""
        return self.outcome.supported and not self.outcome.wrong_forward

    @property
    def ended(self) -> bool:
        """Did the call return?"""
        return self.outcome.error_kind not in CANNOT_RUN

    @property
    def died(self) -> bool:
        """Did the call take its process with it?"""
        return self.outcome.error_kind in DEATHS

    def observation(self) -> Observation:
        """For the diagnosis."""
        outcome = self.outcome
        return Observation(
            case=self.case,
            actual=outcome.gradients,
            second=outcome.second,
            error="" if self.ended else outcome.error,
            error_where=outcome.error_where,
            error_line=outcome.error_line,
            error_columns=outcome.error_columns,
            timed_out=outcome.error_kind == "timeout",
            seconds=outcome.seconds,
            mutated=outcome.mutated,
            dtypes=outcome.dtypes,
        )
