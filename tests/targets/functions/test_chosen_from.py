"""Arrays of which rows are chosen are no places themselves."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict
from gradcheck_cli.targets.functions.inputs.parameters import chosen_from

PULL = """
import numpy as np

def pull_loss(centre, outside, U, negatives):
    '''
    outside: index of a row
    negatives: list of indices of rows, may repeat
    '''
    rows = [outside] + list(negatives)
    s = U[rows] @ centre
    loss = np.log1p(np.exp(-s[0])) + np.sum(np.log1p(np.exp(s[1:])))
    g = 1 / (1 + np.exp(-s))
    g[0] -= 1
    grad_U = np.zeros_like(U)
    for place, row in enumerate(rows):
        grad_U[row] OPERATOR g[place] * centre
    return loss, U[rows].T @ g, grad_U
"""


@pytest.mark.parametrize(("operator", "verdict"), [("+=", Verdict.PASS), ("=", Verdict.FAIL)])
def test_a_table_has_a_gradient_and_its_rows_come_twice(tmp_path, operator, verdict):
    """Of whole numbers it had none, and what writes where it should add passed."""
    file = tmp_path / "pull.py"
    file.write_text(PULL.replace("OPERATOR", operator))
    report = function_here(f"{file}:pull_loss")
    assert report.gradients["U"].verdict is verdict


def test_what_is_chosen_from_is_read_off_the_brackets():
    """By a name or a list of rows; not by a number, a slice or a word."""
    assert chosen_from("a[i] + b[[i, 0]] + c[0] + d[1:] + e['w'] + f[:, j]") == {"a", "b"}
