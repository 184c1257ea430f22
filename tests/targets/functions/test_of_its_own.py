"""Gradients of what an object holds alone, given by a method or by a function that is handed the object."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict

HEAD = """
from dataclasses import dataclass, field
import numpy as np

@dataclass
class Head:
    seen_dim: int
    done_dim: int
    W: np.ndarray = field(init=False)
    b: np.ndarray = field(init=False)

    def __post_init__(self):
        self.W = 0.1 * np.ones((self.seen_dim, self.done_dim))
        self.b = np.zeros(self.done_dim)

    def log_prob(self, seen, done):
        return -0.5 * ((done - seen @ self.W - self.b) ** 2).sum(1)

    def grad_log_prob(self, seen, done, weight):
        z = weight[:, None] * (done - seen @ self.W - self.b)
        return {"W": seen.T @ z, "b": TIMES * z.sum(0)}


def worth_loss(head: Head, seen, done, worth):
    return -np.mean(worth * head.log_prob(seen, done))


def worth_grad(head: Head, seen, done, worth):
    return head.grad_log_prob(seen, done, -worth / len(worth))
"""


@pytest.mark.parametrize(("times", "wrong"), [("1", set()), ("2", {"b"})])
@pytest.mark.parametrize("name", ["Head.grad_log_prob", "worth_grad"])
def test_what_is_handed_again_is_data_where_the_gradients_are_those_of_the_object(tmp_path, name, times, wrong):
    """A score is the derivative by the weights; what the constructor makes itself is put in its place."""
    file = tmp_path / "head.py"
    file.write_text(HEAD.replace("TIMES", times))

    report = function_here(f"{file}:{name}")

    assert {"W", "b"} == report.gradients.keys()
    assert wrong == {name for name, each in report.gradients.items() if each.verdict is Verdict.FAIL}
    assert report.verdict is (Verdict.FAIL if wrong else Verdict.PASS)
