"""A sweep: one short answer to each of many questions, kept as they come, put together from any number of shards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeAlias

from gradcheck_cli.model.errors import ExitCode
from gradcheck_cli.model.evidence import Verdict
from gradcheck_cli.model.judgement import Judgement
from gradcheck_cli.model.report import Report
from gradcheck_cli.model.spec import UNLESS_USUAL
from gradcheck_cli.model.tensors import GradientName

OF_PICTURES = "pictures/"
"""The ids of questions about pictures, and about the sum over them, begin so."""


@dataclass(frozen=True)
class SweepAnswer:
    """What came of one question.

    Attributes:
        id: of the question, the same in every process.
        number: its place in the sweep, from 0.
        target: who was asked, as it was named.
        geometry: about which layer, in words that --geometry reads.
        seed: of the numbers.
        verdict: NOT_APPLICABLE where the target refuses the geometry.
        gradients: of each gradient.
        message: why, "" where it is right.
        seconds: that the call took.
        setting: in which it was asked, in words; "" for float64 on the CPU.
    """

    id: str
    number: int
    target: str
    geometry: str
    seed: int
    verdict: Verdict
    gradients: Mapping[GradientName, Verdict] = field(default_factory=dict)
    message: str = ""
    seconds: float = 0.0
    setting: str = field(default="", metadata=UNLESS_USUAL)

    @property
    def is_of_picture(self) -> bool:
        """About a picture, or the sum over pictures: `geometry` is its name then."""
        return self.id.startswith(OF_PICTURES)

    @property
    def adds_nothing(self) -> bool:
        """It was not asked for some reason, or no grad_weight came back: in no sum there is anything of it."""
        return self.verdict is Verdict.ERROR or self.gradients.get("weight") is Verdict.MISSING


@dataclass(frozen=True)
class SweepReport(Judgement):
    """The result of `gradcheck sweep` and of `gradcheck merge`.

    `questions` counts what should have been asked, by this shard or by all of them; `shard` is "2/8", or "" for all.
    `answer` is what a sweep over pictures says of data-parallel training; "" of any other.
    """

    command: ClassVar[str] = "sweep"

    verdict: Verdict
    exit_code: ExitCode
    environment: Mapping[str, Any]
    reproduce: str
    timings: Mapping[str, float]
    questions: int
    shard: str
    options: Mapping[str, Any]
    answers: tuple[SweepAnswer, ...]
    answer: str = field(default="", metadata=UNLESS_USUAL)

    @property
    def left(self) -> int:
        """Questions that nobody has answered."""
        return self.questions - len(self.answers)

    def of(self, target: str) -> tuple[SweepAnswer, ...]:
        """The answers of one target."""
        return tuple(answer for answer in self.answers if answer.target == target)

    @property
    def targets(self) -> tuple[str, ...]:
        """Every target once."""
        return tuple(dict.fromkeys(answer.target for answer in self.answers))


AnyReport: TypeAlias = Report | SweepReport
