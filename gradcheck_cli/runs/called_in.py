"""One target in one setting: asked on graded whole numbers, and how exactly it computes."""

from __future__ import annotations

from collections.abc import Callable

from gradcheck_cli.checks.levels import Leveller, Reply
from gradcheck_cli.model import Case, ConvSpec, Setting
from gradcheck_cli.model.in_settings import SettingResult
from gradcheck_cli.targets import Described
from gradcheck_cli.trials.asker import Asker
from gradcheck_cli.trials.question import Question

# A layer of thousands of ones is asked where it takes no longer; seconds.
COUNTING = 10.0
# Of what the code raised: torch's compiler says more than fits a table.
MOST_SAID = 120


class CalledIn:
    """One target in one setting."""

    def __init__(self, setting: Setting, asker: Asker, described: Described, seed: int) -> None:
        """`seconds` is how long the last call took."""
        self._setting, self._asker, self._described, self._seed = setting, asker, described, seed
        self.seconds = 0.0

    def results(self, spec: ConvSpec, *, counts: bool) -> tuple[SettingResult, ...]:
        """Of the gradients that the target gives; `counts`: also on a larger layer of ones, where that is quick."""
        may_count: Callable[[ConvSpec], bool] = self._is_quick(spec) if counts else _never
        rows = Leveller(self._ask, self._setting, self._seed).results(spec, may_count)
        given = (*self._described.yields, "call")
        return tuple(row for row in rows if row.gradient in given)

    def _ask(self, case: Case) -> Reply:
        question = Question(self._described.layer, case.spec, "graded", self._seed, setting=self._setting)
        answer = self._asker.ask(question, case)
        outcome = answer.outcome
        self.seconds = outcome.seconds
        if self._setting.compile and outcome.error_kind == "timeout":
            return Reply(refused=f"torch.compile was not done in {outcome.seconds:g} s; --timeout gives it longer")
        if not answer.is_comparable or is_lacking(outcome.error):
            return Reply(refused=_short(outcome.error or outcome.wrong_forward))
        return Reply(outcome.gradients, error=_short(outcome.error))

    def _is_quick(self, spec: ConvSpec) -> Callable[[ConvSpec], bool]:
        """By the products of the larger layer, from how long the smaller one took."""

        def quick(larger: ConvSpec) -> bool:
            return self.seconds * (larger.terms * larger.out_channels) / (spec.terms * spec.out_channels) < COUNTING

        return quick


def _short(text: str) -> str:
    """As much as fits, to the end of a word."""
    return text if len(text) <= MOST_SAID else f"{text[:MOST_SAID].rpartition(' ')[0] or text[:MOST_SAID]} ..."


def _never(_larger: ConvSpec) -> bool:
    return False


def is_lacking(error: str) -> bool:
    """Is it torch that has no such operation in this number format, rather than the code that fails?"""
    return "not implemented for" in error or error.startswith("NotImplementedError")
