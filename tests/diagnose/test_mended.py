"""The name of a mistake by the change that mends it."""

import pytest

from gradcheck_cli.diagnose.changes import Change
from gradcheck_cli.diagnose.mended import sign_of
from gradcheck_cli.mistakes import Sign
from gradcheck_cli.targets.contract import TextEdit


@pytest.mark.parametrize(
    ("line", "was", "now", "sign"),
    [
        ("grad = dout * hat", "hat", "x", Sign.OPERAND),
        ("grad = dout * self.out", "self.out", "self.x", Sign.OPERAND),
        ("rows = np.sum(d, axis=0)", "0", "-1", Sign.SETTING),
        ("grad = dout[0]", "0", "1", None),  # of a place it says nothing
        ("grad = dout * y", "dout * y", "-(dout * y)", Sign.OPPOSITE),
        ("db = dout", "dout", "dout.sum(axis=0)", Sign.UNREDUCED),
        ("grad = dout * y", "y", "y ** 2", None),
        ("grad = 1 + x * s", "s", "(1 - s)", Sign.WRONG_DERIVATIVE),
        ("grad = x ** 2.0", "2.0", "3.0", Sign.WRONG_DERIVATIVE),
        ("grad = x ** 2", "2", "3", Sign.WRONG_DERIVATIVE),
        ("grad = 2 * np.sum(w)", "np.sum(w)", "w", Sign.TOTALLED),
        ("grad = 2 * w.sum()", "w.sum()", "w", Sign.TOTALLED),
        ("grad = 0.1 * dout", "0.1", "slope", Sign.SETTING),
        ("grad = a * (b - c) + d * (e - f)", "a * (b - c) + d * (e - f)", "a * (e - f) + d * (b - c)", Sign.OPERAND),
        ("grad = a / b", "a / b", "b / a", None),
    ],
)
def test_a_change_says_what_the_mistake_was(line, was, now, sign):
    """Only where there is one thing that it can have been."""
    column = line.index(was, line.index("=") + 1)
    where = (1, column, 1, column + len(was))
    assert sign_of(Change(TextEdit(*where, now, is_statement=False), where, False, now, 1, was), line) is sign


def test_what_is_taken_away_has_no_name():
    """It may be a factor, a term, or a statement."""
    where = (1, 7, 1, 12)
    assert (
        sign_of(Change(TextEdit(*where, "a", is_statement=False), where, True, "a", 1, "a * b"), "grad = a * b") is None
    )
