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
        ("grad = dout * y", "y", "y ** 2", Sign.WRONG_DERIVATIVE),  # as one exponent for another
        ("grad = d - d.sum(axis=0)", "d.sum(axis=0)", "d.sum(axis=1, keepdims=True)", Sign.SETTING),
        ("grad = d - d.sum(axis=0)", "d.sum(axis=0)", "d.mean(axis=1, keepdims=True)", None),
        ("grad = 1 + x * s", "s", "(1 - s)", Sign.WRONG_DERIVATIVE),
        ("grad = x ** 2.0", "2.0", "3.0", Sign.WRONG_DERIVATIVE),
        ("grad = x ** 2", "2", "3", Sign.WRONG_DERIVATIVE),
        ("grad = 2 * np.sum(w)", "np.sum(w)", "w", Sign.TOTALLED),
        ("grad = 2 * w.sum()", "w.sum()", "w", Sign.TOTALLED),
        ("grad = 0.1 * dout", "0.1", "slope", Sign.SETTING),
        ("grad = a * (b - c) + d * (e - f)", "a * (b - c) + d * (e - f)", "a * (e - f) + d * (b - c)", Sign.OPERAND),
        ("grad = a / b", "a / b", "b / a", None),
        ("rows[m, n] = a[m] * a[n]", "rows[m, n] = a[m] * a[n]", "rows[m, n] = -(a[m] * a[n])", Sign.OPPOSITE),
        ("return dout * y", "return dout * y", "return -(dout * y)", Sign.OPPOSITE),
        ("db = dout", "db = dout", "db += dout", Sign.LAST_WINS),
        ("acc = total(pg, c, n)[c]", "acc = total(pg, c, n)[c]", "acc = total(pg, r, n)[r]", Sign.OPERAND),
        ("acc = total(pg, c, n)[c]", "acc = total(pg, c, n)[c]", "acc = total(pg, r, m)[c]", None),
    ],
)
def test_a_change_says_what_the_mistake_was(line, was, now, sign):
    """Only where there is one thing that it can have been."""
    column = line.index(was, 0 if line.startswith(was) else line.index("=") + 1)
    where = (1, column, 1, column + len(was))
    assert sign_of(Change(TextEdit(*where, now, is_statement=False), where, False, now, 1, was), line) is sign


@pytest.mark.parametrize(
    ("was", "now", "sign"),
    [
        ("a * b", "a", Sign.SURPLUS),
        ("2 * a", "2", Sign.SURPLUS),
        ("a + b", "b", Sign.SURPLUS),
        ("1 - a", "a", Sign.WRONG_DERIVATIVE),
        ("np.array([a])", "[a]", None),
        ("a += b", "", None),
    ],
)
def test_an_operand_that_is_taken_away_was_one_too_many(was, now, sign):
    """What is left of a sum or a product; a call or a statement has no name."""
    where = (1, 7, 1, 7 + len(was))
    change = Change(TextEdit(*where, now, is_statement=False), where, True, now, 1, was)
    assert sign_of(change, f"grad = {was}") is sign
