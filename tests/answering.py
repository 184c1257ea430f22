"""Targets that answer in this process: what they do is a function of the numbers and the truth on them."""

from gradcheck_cli.model import PLAIN, VerifyOptions
from gradcheck_cli.numbers.arithmetic import no_slack
from gradcheck_cli.trials.answer import Answer
from gradcheck_cli.trials.asker import Asker
from gradcheck_cli.trials.question import Question
from gradcheck_cli.trials.session import Session
from gradcheck_cli.trials.trial import Trial
from gradcheck_cli.trials.truth import Truths, truth_on

NAME = "user.py:f"
TRUTHS = Truths()


class Answering:
    """A worker whose outcome is `answer(truth)`, where the truth holds the case; it remembers what it was asked.

    `refuses` says of a geometry why it is not called there; "" where it is.
    """

    def __init__(self, answer, refuses=lambda _: ""):
        self.answer, self.refuses = answer, refuses
        self.asked, self.closed, self.edits = [], False, ()

    def backward(self, case, calls, setting=PLAIN):
        """One answer."""
        self.asked.append((case.spec, calls))
        return self.answer(truth_on(case))

    def backward_of_variants(self, variants, case, calls, setting=PLAIN):
        """One answer for each of the edits."""
        return [self.backward(case, calls, setting) if self.edit(edits) else None for edits in variants]

    def refusals(self, specs):
        """Why it is not called on each of them."""
        return [self.refuses(spec) for spec in specs]

    def edit(self, edits):
        """What stands in its text from now on; nothing can be put at line 0."""
        self.edits = tuple(edits)
        return bool(edits) and all(edit.line for edit in edits)

    def end(self):
        """Nothing is asked any more."""
        self.closed = True


def session_of(worker, described, timeout=100.0, **asker):
    """A session with this worker, in which nothing has been asked."""
    options = VerifyOptions((NAME,), timeout=timeout)
    return Session(NAME, Asker(worker, timeout, **asker), described, options, TRUTHS)


def asked(spec, probe="narrow", seed=0):
    """The truth of a question: its numbers and what is right on them."""
    return TRUTHS.of(Question(NAME, spec, probe, seed))


def trial_of(truth, outcome, yields=("weight", "input", "bias"), slack=no_slack):
    """What is said of an outcome on these numbers."""
    return Trial(Answer(Question(NAME, truth.case.spec), truth.case, outcome), truth, yields, slack)
