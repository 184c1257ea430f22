"""The smallest sample on which a gradient of a function is still wrong, in numbers that can be read."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from gradcheck_cli.model import FunctionExample, Sample, Verdict
from gradcheck_cli.trials.compared import judged_of
from gradcheck_cli.trials.functions import FunctionSession, whole_along, whole_numbers
from gradcheck_cli.trials.smaller_samples import rounded, smaller_samples

# Samples that are asked about: enough for each of five lengths to go down one at a time.
SHRINK_SAMPLES = 60


class OutOfSamplesError(Exception):
    """As many samples were asked about as may be, or the time is up."""


@dataclass
class FunctionShrinking:
    """The search for the smallest example of one wrong gradient.

    Attributes:
        session: puts the questions.
        gradient: the argument of which the gradient is wrong.
        asked: how many samples were asked about up to now.
    """

    session: FunctionSession
    gradient: str
    asked: int = field(default=0, init=False)

    def failure(self, sample: Sample) -> FunctionExample | None:
        """What is wrong on this sample; None where it is right, or not judged.

        Raises:
            OutOfSamplesError: nothing more is asked.
        """
        if self.asked >= SHRINK_SAMPLES or self.session.is_late:
            raise OutOfSamplesError
        self.asked += 1
        trial = self.session.about(sample, self.gradient)
        for asking in trial.askings if trial.askings and trial.askings[0].outcome.ended else ():
            judged = judged_of(trial, asking, self.gradient)
            if judged is not None and judged.verdict is Verdict.FAIL:
                return FunctionExample(
                    self.gradient,
                    sample.values,
                    asking.upstream,
                    trial.outputs,
                    judged.expected,
                    judged.actual,
                    judged.result.worst,
                    is_smallest=True,
                )
        return None


def shrink_function(session: FunctionSession, example: FunctionExample, sample: Sample) -> FunctionExample:
    """Cut a failing sample while it fails, then take whole numbers, or such with one decimal, where it still does.

    Args:
        session: whom to ask.
        example: what was found wrong, on `sample`.

    Returns:
        The smallest one; `example` itself where the time was up before there was one.
    """
    search = FunctionShrinking(session, example.gradient)
    try:
        while True:
            for candidate in smaller_samples(sample):
                found = search.failure(candidate)
                if found is not None:
                    example, sample = found, candidate
                    break
            else:
                return _readable(search, replace(example, is_smallest=True), sample)
    except OutOfSamplesError:
        return example


def _readable(search: FunctionShrinking, example: FunctionExample, sample: Sample) -> FunctionExample:
    whole = whole_along(sample, sample.differentiated)
    for candidate in (whole, rounded(whole_numbers(sample)), rounded(sample)):
        found = search.failure(candidate)
        if found is not None:
            return found
    return example
