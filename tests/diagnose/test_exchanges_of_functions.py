"""Changes of the text of any function: what may stand in the place of what."""

import pytest

from gradcheck_cli.diagnose import Code
from gradcheck_cli.diagnose.changes import changes_of, marked_text, place_of
from gradcheck_cli.diagnose.exchanges_of_functions import OF_FUNCTIONS

HEAD = "def backward(dout, cache):\n    x, y = cache\n"


def changes(line):
    """Those of one line: (what is marked, what stands there then)."""
    code = Code(f"{HEAD}    {line}\n")
    found = changes_of(code, "backward", "x", (), OF_FUNCTIONS)
    return [(marked_text(place_of(code, each, "")), each.now) for each in found if each.edit.line == 3]


@pytest.mark.parametrize(
    ("line", "marked", "now"),
    [
        ("dx = dout * y ** 2", "y ** 2", "y"),
        ("dx = dout * np.exp(x)", "np.exp(x)", "x"),
        ("dx = dout * (1 - y)", "y", "y ** 2"),
        ("dx = dout * np.sin(x)", "np.sin(x)", "np.cos(x)"),
        (
            "dx = (dout * x).sum(-1, keepdims=True)",
            "(dout * x).sum(-1, keepdims=True)",
            "(dout * x).mean(-1, keepdims=True)",
        ),
        ("dx = dout * (x < 0)", "x < 0", "x > 0"),
        ("dx = x @ dout", "x @ dout", "dout @ x"),
        ("dx = x @ dout", "x @ dout", "x.T @ dout"),
        ("dx = dout * x", "* x", "/ x"),
        ("dx = dout * x", "x", "y"),
        ("return dout * y", "dout * y", "-(dout * y)"),
        ("return total(dout, x)[x]", "total(dout, x)[x]", "total(dout, y)[y]"),
        ("return dout, y", "y", "y / x"),
        ("return dout - y", "dout - y", "(dout - y) / y.size"),
        ("return dout, y", "y", "y / len(y)"),
        ("return dout / len(y)", "dout / len(y)", "(dout / len(y)) * len(y)"),
        ("return dout, y", "dout", "dout.sum(axis=0)"),
        ("dx = dout", "dout", "dout * y"),
        ("dx = dout.sum(0)", "dout", "(dout * y)"),
        ("dx = dout - y.sum(1)", "y.sum(1)", "y.sum(1, keepdims=True)"),
        ("dx = dout - y.sum(dim=1)", "y.sum(dim=1)", "y.sum(dim=1, keepdim=True)"),
        ("dx = dout - y.sum(axis=0)", "y.sum(axis=0)", "y.sum(axis=1, keepdims=True)"),
        ("dx = dout - np.mean(y, 1)", "np.mean(y, 1)", "np.mean(y, axis=0, keepdims=True)"),
        ("dx = dout / y", "y", "y[:, None]"),
        ("dx = np.where(x > 0, dout, np.sign(x))", "np.sign(x)", "y * np.sign(x)"),
        ("dx = dout(1 - y)", "dout(1 - y)", "dout * (1 - y)"),
        ("dx[x, y] -= 1", "1", "dx.sum(axis=1)"),
        ("dx = dout * (1 + x * y)", "y", "(1 - y)"),
        ("dx = dout * x * (1 - y)", "1 -", ""),
        ("dx = dout * x ** 2.0", "2.0", "3.0"),
        ("dx += np.sum(y) * 2", "np.sum(y)", "y"),
        ("dx += (x * y).mean(axis=0)", "(x * y).mean(axis=0)", "(x * y)"),
        ("dx = dout * x", "dout * x", "x / dout"),
        ("dx = dout / x", "dout / x", "x / dout"),
        ("dx = 0.1 * dout", "0.1", "y"),
        ("dx = 4 * (x + y) * x + 2 * (x - y)", "4 * (x + y) * x + 2 * (x - y)", "4 * (x - y) * x + 2 * (x + y)"),
    ],
)
def test_what_is_tried(line, marked, now):
    """Each slip of the pen has the change that takes it back."""
    assert (marked, now) in changes(line)


def test_a_module_is_no_value():
    """`np` is nobody's factor."""
    assert not [now for _, now in changes("dx = np.tanh(x) * dout") if now.endswith(("* np", "/ np")) or now == "np"]


def test_a_change_of_one_entry_of_a_return_leaves_the_others():
    """dx stays where db is summed."""
    code = Code(f"{HEAD}    return dout * x, dout\n")
    texts = {each.edit.text for each in changes_of(code, "backward", "b", (), OF_FUNCTIONS)}
    assert "return dout * x, dout.sum(axis=0)" in texts
