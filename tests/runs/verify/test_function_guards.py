"""A small number in the forward that the backward leaves out, and a loss that does not look at its G: both are told."""

import textwrap

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict, VerifyOptions
from gradcheck_cli.runs.verify import verify_targets

LOSSES = """
import numpy as np

class Surprise:
    def forward(self, logits, labels):
        odds = np.exp(logits - logits.max(1, keepdims=True))
        self.p = odds / odds.sum(1, keepdims=True)
        self.labels = labels
        self.rows = np.arange(len(labels))
        return -np.log(self.p[self.rows, labels] + 1e-7).sum()

    def backward(self, dout=1):
        grad = self.p.copy()
        grad[self.rows, self.labels] -= 1
        return grad

class Doubled(Surprise):
    def backward(self, dout=1):
        return 2 * super().backward()

class Squares:
    def forward(self, guess):
        self.guess = guess
        return (guess ** 2).sum() / 1.0001

    def backward(self, dout):
        return 2 * self.guess
"""


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """Target's name -> its report, all from one run."""
    file = tmp_path_factory.mktemp("losses") / "losses.py"
    file.write_text(textwrap.dedent(LOSSES))
    report = verify_targets(VerifyOptions(tuple(f"{file}:{name}" for name in ("Surprise", "Doubled", "Squares"))))
    return {target.name: target for target in report.targets}


def test_a_guard_that_is_left_out_is_a_note(reports):
    """With 0 in its place the gradient is the derivative; the note says how far off it is as it stands."""
    report = reports["Surprise"]
    (note,) = [each for each in report.notes if "right but for" in each]
    assert report.verdict is Verdict.PASS
    assert note.startswith("grad_logits is right but for the 1e-07 of line 10: with 0 there it is the derivative")


def test_a_loss_that_leaves_its_default_alone_is_the_last_layer(reports):
    """It is called without G, and nobody says that it ignores one."""
    said = "its backward does not look at the G that it may be handed: it is judged as the last layer, where G is 1"
    assert said in reports["Surprise"].notes


def test_a_guard_excuses_no_factor(reports):
    """Twice the right gradient is off by more than any guard."""
    assert reports["Doubled"].verdict is Verdict.FAIL


def test_a_factor_near_1_is_no_guard(reports):
    """Off by little, and no small number is in the text: and a G that has no default has to be looked at."""
    assert reports["Squares"].verdict is Verdict.FAIL
    assert not [each for each in reports["Squares"].notes if "right but for" in each]


DISTANCE = """
import numpy as np

class Doubt:
    def __init__(self, epsilon=1e-9):
        self.epsilon = epsilon

    def forward(self, odds, truth):
        self.odds, self.truth = odds, truth
        return np.mean(-truth * np.log(odds + self.epsilon) - (1 - truth) * np.log(1 - odds + self.epsilon))

    def backward(self):
        return FACTOR * ((1 - self.truth) / (1 - self.odds) - self.truth / self.odds) / np.size(self.truth)
"""


@pytest.mark.parametrize(("factor", "verdict"), [("1", Verdict.PASS), ("1.0001", Verdict.FAIL)])
def test_a_guard_that_is_a_setting_is_a_note_too(tmp_path, factor, verdict):
    """With 0 for it the gradient is the derivative, also on the sample where it is large."""
    (tmp_path / "doubt.py").write_text(DISTANCE.replace("FACTOR", factor), encoding="utf-8")
    report = function_here(f"{tmp_path / 'doubt.py'}:Doubt")
    said = [note for note in report.notes if note.startswith("grad_odds is right but for epsilon")]
    assert (report.verdict, bool(said)) == (verdict, verdict is Verdict.PASS)


SURE_OR_NOT = """
import numpy as np

def chance_loss(w, X, Y):
    p = 1 / (1 + np.exp(-(X @ w)))
    eps = 1e-12
    loss = -np.mean(Y * np.log(p + eps) + (1 - Y) * np.log(1 - p + eps))
    return loss, FACTOR X.T @ (p - Y) / len(X)
"""


@pytest.mark.parametrize(("factor", "verdict"), [("", Verdict.PASS), ("2 *", Verdict.FAIL)])
def test_a_guard_is_all_that_decides_where_a_chance_is_0_or_1_to_the_last_digit(tmp_path, factor, verdict):
    """With 0 in its place the forward is infinite there, and right elsewhere."""
    file = tmp_path / "sure.py"
    file.write_text(SURE_OR_NOT.replace("FACTOR", factor))
    report = function_here(f"{file}:chance_loss")
    assert report.verdict is verdict
    assert any("is right but for the 1e-12 of line 6" in note for note in report.notes) is (verdict is Verdict.PASS)


@pytest.mark.parametrize("guard", ["10 ** (-9)", "pow(10.0, -9)", "np.finfo(np.float32).eps / 1e4"])
def test_a_guard_may_be_written_as_a_power_or_as_the_roundoff(tmp_path, guard):
    """It is quoted as it stands there."""
    said = guard.removesuffix(" / 1e4")
    file = tmp_path / "sure.py"
    file.write_text(SURE_OR_NOT.replace("FACTOR", "").replace("1e-12", guard))
    report = function_here(f"{file}:chance_loss")
    assert report.verdict is Verdict.PASS
    assert any(f"is right but for the {said} of line 6" in note for note in report.notes)


NAMED = """
import numpy as np

SMALL = 1e-7

class Surprise:
    def __init__(self, tiny=1e-9):
        self.tiny = tiny

    def forward(self, p, y):
        self.p, self.y = p, y
        return -np.sum(y * np.log(p + GUARD) + (1 - y) * np.log(1 - p + GUARD))

    def backward(self):
        return FACTOR * (self.p - self.y) / (self.p * (1 - self.p))
"""


@pytest.mark.parametrize("guard", ["SMALL", "self.tiny"])
@pytest.mark.parametrize(("factor", "verdict"), [("1", Verdict.PASS), ("2", Verdict.FAIL)])
def test_a_guard_may_be_the_name_of_a_number(tmp_path, guard, factor, verdict):
    """Of the file, or of the object; its note has name and number."""
    file = tmp_path / "named.py"
    file.write_text(NAMED.replace("GUARD", guard).replace("FACTOR", factor))
    report = function_here(f"{file}:Surprise")
    number = {"SMALL": "1e-07", "self.tiny": "1e-09"}[guard]
    assert report.gradients["p"].verdict is verdict
    assert any(f"the {guard} = {number} of line" in note for note in report.notes) is (verdict is Verdict.PASS)
