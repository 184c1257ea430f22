"""Which change of a function's text makes its gradient right, asked of a function in this process."""

import math

import numpy as np

from gradcheck_cli.diagnose.changes import Change
from gradcheck_cli.model import FunctionOutcome, Sample
from gradcheck_cli.targets.contract import TextEdit
from gradcheck_cli.targets.functions.client import Stacked
from gradcheck_cli.trials.compared import FunctionComparison
from gradcheck_cli.trials.function_mending import FunctionMending
from gradcheck_cli.trials.functions import FunctionSession

SAMPLE = Sample({"x": np.array([1.0, 2.0, 4.0]), "w": np.array([3.0, -1.0, 2.0])}, ("x", "w"), 0)


class Called:
    """y = x w; `texts` says what each text of its backward gives, and for which outputs."""

    def __init__(self, texts):
        self.texts, self.text, self.edits = texts, "as it is", []

    def outputs(self, sample):
        return FunctionOutcome((sample.values["x"] * sample.values["w"],))

    def varied(self, sample, name, values):
        return Stacked(
            (np.stack([values[place] * sample.values["w" if name == "x" else "x"] for place in range(len(values))]),)
        )

    def recording(self, sample):
        return "no"

    def reference(self, sample, place):
        raise AssertionError(place)

    def edit(self, edits):
        self.edits.append(edits)
        self.text = edits[0].text if edits else "as it is"
        return True

    def gradients_of_variants(self, variants, sample, upstream):
        return [self.gradients(sample, upstream) if self.edit(edits) else None for edits in variants]

    def gradients(self, sample, upstream, calls=1):
        given = self.texts[self.text]
        if isinstance(given, str):
            return FunctionOutcome(error="gone", error_kind=given)
        (grad,), x, w = upstream, sample.values["x"], sample.values["w"]
        return FunctionOutcome((x * w * given.get("y", 1),), {"x": grad * w * given["x"], "w": grad * x * given["w"]})


def _change(text, cost=1):
    return Change(TextEdit(1, 0, 1, 1, text), (1, 0, 1, 1), takes_away=False, now=text, cost=cost)


def _found(texts, changes):
    client = Called({"as it is": {"x": 2, "w": 1}, **texts})
    session = FunctionSession(client, has_upstream=True, deadline=math.inf)
    comparison = FunctionComparison.of(session.run([SAMPLE]).trials, "pair")
    found = FunctionMending(session, comparison, "x").search(changes)
    assert client.text == "as it is", "what was put into the text is taken out again"
    return [change.now for change in found]


def test_the_change_that_makes_it_right_is_found():
    """The other leaves it wrong."""
    assert _found({"half": {"x": 1, "w": 1}, "third": {"x": 2 / 3, "w": 1}}, [_change("third"), _change("half")]) == [
        "half"
    ]


def test_what_supposes_more_is_not_asked_once_something_helps():
    """Of two that help, the one that supposes less."""
    texts = {"half": {"x": 1, "w": 1}, "also": {"x": 1, "w": 1}}
    assert _found(texts, [_change("half"), _change("also", cost=2)]) == ["half"]


def test_a_change_that_makes_another_gradient_wrong_mends_nothing():
    """w was right."""
    assert _found({"both": {"x": 1, "w": 0.5}}, [_change("both")]) == []


def test_a_change_that_moves_the_forward_mends_nothing():
    """Then it is another function's gradient."""
    assert _found({"other": {"x": 1, "w": 1, "y": 2}}, [_change("other")]) == []


def test_nothing_is_told_once_the_process_is_lost():
    """What came behind it was not tried."""
    assert _found({"ends": "exited", "half": {"x": 1, "w": 1}}, [_change("ends"), _change("half")]) == []
