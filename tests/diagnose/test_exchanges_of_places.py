"""Changes of where something stands: shifts, indices that come twice, the index of the other edge."""

import pytest

from gradcheck_cli.diagnose import Code
from gradcheck_cli.diagnose.changes import changes_of


def changes(*lines):
    """What stands in the place of what, of the last of these lines."""
    head = "def backward(dout, idx, s):\n    H, W = dout.shape\n    x = np.zeros_like(dout)\n"
    code = Code(head + "".join(f"    {line}\n" for line in (*lines, "return x")))
    last = head.count("\n") + len(lines)
    return {each.now for each in changes_of(code, "backward", "x", ()) if each.edit.line == last}


@pytest.mark.parametrize(
    ("line", "now"),
    [
        ("x = np.roll(dout, s, axis=1)", "-s"),
        ("x = np.roll(dout, -s, axis=1)", "s"),
        ("x = np.roll(dout, H - s, 1)", "s - H"),
        ("x = np.roll(dout, shift=(s, 1), axis=(0, 1))", "(-s, -1)"),
        ("x = dout.roll(s, 1)", "-s"),
        ("x = shift(dout, s, axis=2)", "-s"),
    ],
)
def test_a_shift_is_tried_the_other_way_round(line, now):
    """Its way back goes there."""
    assert now in changes(line)


@pytest.mark.parametrize(
    ("line", "now"),
    [
        ("x[:, idx] += dout", "np.add.at(x, np.s_[:, idx], dout)"),
        ("x[idx] += dout", "np.add.at(x, np.s_[idx], dout)"),
    ],
)
def test_an_index_that_may_hold_a_place_twice_is_added_at_each(line, now):
    """What is cut out by numbers alone is not."""
    assert now in changes(line)
    assert not any("add.at" in each for each in changes(line.replace("idx", "1:3")))


def test_an_index_is_tried_as_it_stands_in_the_other_axis():
    """In the letters of its own, and in the same names alone."""
    found = changes("x[H - 1 - s] += dout[H - 1 + s]", "x[:, W - 1 - s] += dout[:, W - s]")
    assert "W - 1 + s" in found
    assert "H - 1 + s" not in found


def test_an_argument_beside_negated_ones_is_negated():
    """All parts of a shift go back."""
    assert "-W" in changes("x = shift(dout, -H, W)")
    assert not any(each == "-W" for each in changes("x = shift(dout, H, W)"))
