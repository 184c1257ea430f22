"""Changes of the user's text: which are tried, in which order, and which part of the line is marked."""

import pytest

from gradcheck_cli.diagnose import Code
from gradcheck_cli.diagnose.changes import changes_of, marked_text, place_of

HEAD = "def backward(dout, cache):\n    x, w, stride, pad = cache\n    for i in range(3):\n"


def changes(line, *, gradient="weight", mistakes=(), head=HEAD, name="backward"):
    """Those of one line below the head: (what is marked, what stands there then)."""
    code = Code(f"{head}        {line}\n    return dw\n")
    found = [
        change for change in changes_of(code, name, gradient, mistakes) if change.edit.line == head.count("\n") + 1
    ]
    return [(marked_text(place_of(code, change, "")), change.now) for change in found]


@pytest.mark.parametrize(
    ("line", "marked", "now"),
    [
        ("dw = total / N", "/ N", ""),
        ("dw = 2 * total", "2 *", ""),
        ("dw = total + w", "+ w", ""),
        ("dw = -total", "-", ""),
        ("dw /= N", "dw /= N", ""),
        ("dw -= rate * dw", "dw -= rate * dw", ""),
        ("np.clip(dw, -1, 1, out=dw)", "np.clip(dw, -1, 1, out=dw)", ""),
        ("dw = np.flip(total, 2)", "np.flip(total, 2)", "total"),
        ("dw = total.round(3)", ".round(3)", ""),
        ("dw = total.T", ".T", ""),
        ("dw = total[:, ::-1]", "[:, ::-1]", ""),
        ("dw = total[i, ::-1]", "total[i, ::-1]", "total[i, :]"),
        ("dw[i] = x * dout", "dw[i] = x * dout", "dw[i] += x * dout"),
        ("dw[i] -= x", "dw[i] -= x", "dw[i] += x"),
        ("dw += x", "dw += x", "dw = x"),
        ("dw = each.mean(axis=0)", "each.mean(axis=0)", "each.sum(axis=0)"),
        ("dw = np.empty(3)", "np.empty(3)", "np.zeros(3)"),
        ("dw = x.copy()", "x.copy()", "x * 0"),
        ("dw = each.sum(axis=(0, 1))", "axis=(0, 1)", "axis=(0, 2, 3)"),
        ("dw = np.sum(each, (0, 1))", "(0, 1)", "(0, 2, 3)"),
        ("dw = each.sum()", "each.sum()", "each.sum((0, 2, 3))"),
        ("dw = a - b", "- b", "+ b"),
        ("dw += w[i] + dout[i]", "+ dout[i]", "* dout[i]"),
        ("dw = x if i < pad else w", "i < pad", "i <= pad"),
        ("dw = x[3]", "3", "2"),
        ("dw = np.zeros(3, np.float32)", "np.float32", "np.float64"),
        ("dw = np.zeros(3, dtype=int)", "int", "float"),
        ("dw = total.astype('float32')", "'float32'", "'float64'"),
        ("dw = dxp[:, pad:-pad]", "dxp[:, pad:-pad]", "dxp[:, pad:-pad or None]"),
        ("dw = dxp[:, 1:-1]", "dxp[:, 1:-1]", "dxp[:, pad:-pad or None]"),
        ("dw = total.transpose(1, 0)", "total.transpose(1, 0)", "total.transpose(0, 1)"),
        ("dw = np.transpose(total, (1, 0, 2))", "(1, 0, 2)", "(0, 1, 2)"),
        ("dw = [x for r in range(n)]", "range(n)", "range(n + 1)"),
        ("dw = x[i:i + 2]", "x[i:i + 2]", "x[i * stride:i * stride + 2]"),
        ("dw = x[i, 'i']", "x[i, 'i']", "x[i * stride, 'i']"),
        ("dw = x[pad:pad + h, :w]", ":w", "pad:pad + w"),
        ("dw = x[:h, :w]", "x[:h, :w]", "x[pad:pad + h, pad:pad + w]"),
        ("dw = x[n, 0, p]", "0", "i"),
        ("dw = np.einsum('nol,nkl->ko', x, w)", "'nol,nkl->ko'", "'nol,nkl->ok'"),
        ("r, c = i, 0", "i, 0", "(i * stride, 0)"),
        ("dw = f(w)", "w", "w[..., ::-1, ::-1]"),
        ("dw = f(w)", "w", "x"),
        ("dw = dout.reshape(3, -1)", "dout.reshape(3, -1)", "dout.transpose(1, 0, 2, 3).reshape(3, -1)"),
    ],
)
def test_a_slip_has_its_change(line, marked, now):
    """What is marked is no more than what is another then."""
    assert (marked, now) in changes(line)


@pytest.mark.parametrize(
    ("known", "name", "twin"),
    [
        ("h_out, w_out", "h_out", "w_out"),
        ("kh, kw", "kw", "kh"),
        ("row, col", "row", "col"),
        ("self.sh, self.sw", "self.sh", "self.sw"),
        ("pad_h, pad_w", "pad_h", "pad_w"),
    ],
)
def test_the_name_of_the_other_axis_is_tried(known, name, twin):
    """Where the function knows such a name."""
    head = HEAD.replace("    for", f"    print({known})\n    for")
    assert (name, twin) in changes(f"dw = {name}", head=head)
    assert twin not in [now for _, now in changes(f"dw = {name}")]


def test_another_variable_of_the_loops_is_tried():
    """They are what indices are mixed up with."""
    head = HEAD.replace("for i in range(3)", "for n, channel in pairs")
    assert [("channel", "n")] == [each for each in changes("dw = x[channel]", head=head) if each[0] == "channel"][:1]


AXES = """\
def backward(x, g, stride):
    for i in range(g.shape[2] - 1):
        for j in range(g.shape[3] - 1):
            top = i
            left = j
            part = x[top:top + 2, left:left + 2]
            last = part[i] - part[j]
"""


def test_what_was_forgotten_in_one_axis_is_tried_together_with_the_other():
    """After all changes by themselves, and only where one is the other's mirror and near to it."""
    changes = changes_of(Code(AXES), "backward", "weight", ())
    pairs = [change for change in changes if change.also is not None]
    assert changes[-len(pairs) :] == pairs
    found = {(each.edit.line, each.now, each.also.line, each.also.text) for each in pairs}
    assert (4, "i * stride", 5, "j * stride") in found
    assert (2, "", 3, "g.shape[3]") in found
    assert all(other.line - one.line <= 3 for one, other in (each.edits for each in pairs))


def test_what_takes_something_away_is_tried_first_and_what_adds_something_last():
    """Before all of them those on a line that looks like the mistake."""
    head = HEAD.replace("    for", "    g = dout * 1.5\n    for")
    code = Code(f"{head}        dw = f(w) / N\n")
    costs = {(change.mark[0], change.now): change.cost for change in changes_of(code, "backward", "weight", ())}
    assert (costs[5, ""], costs[3, ""], costs[5, "x"]) == (1, 1, 3)
    costs = {(each.mark[0], each.now): each.cost for each in changes_of(code, "backward", "weight", ("batch-mean",))}
    assert (costs[5, ""], costs[3, ""], costs[5, "x"]) == (0, 1, 0)


def test_lines_of_another_gradient_are_left_alone():
    """By the name that they assign to."""
    assert changes("dx = dx / 2", gradient="weight") == []
    assert ("/ 2", "") in changes("dx = dx / 2", gradient="input")


@pytest.mark.parametrize(
    "line", ["raise ValueError(x / 2)", "assert x / 2", "import a.b", "print(f'{x / 2}')", "while x / 2: pass"]
)
def test_what_is_no_arithmetic_is_left_alone(line):
    """Texts, refusals, and what says when a loop ends."""
    assert ("/ 2", "") not in changes(line)


def test_of_a_class_the_methods_that_go_backward_are_changed_and_what_they_call():
    """The forward is left alone."""
    source = (
        "class Conv:\n    def forward(self, x):\n        return x / 2\n"
        "    def backward(self, g):\n        return helper(g / 3)\n"
        "def helper(g):\n    return g / 4\ndef other(g):\n    return g / 5\n"
    )
    lines = {change.edit.line for change in changes_of(Code(source), "Conv", "weight", ())}
    assert lines == {5, 7}
    other = Code(source + "class Part:\n    def undo(self, g):\n        return g / 6\n")
    assert {change.edit.line for change in changes_of(other, "Conv", "weight", ())} == {5, 7}
    part = Code(other.source.replace("helper(g / 3)", "helper(self.part.undo(g / 3))"))
    assert {change.edit.line for change in changes_of(part, "Conv", "weight", ())} == {5, 7, 12}
    unnamed = Code(source.replace("backward", "b").replace("forward", "f"))
    assert {change.edit.line for change in changes_of(unnamed, "Conv", "weight", ())} == {3, 5, 7}


def test_a_file_that_is_no_python_has_no_changes():
    """Nor has a name that is not in it."""
    assert changes_of(Code("def f(:\n"), "f", "weight", ()) == []
    assert changes_of(Code("def f(): return 1\n"), "g", "weight", ()) == []


LETTERS = """\
def back(ä, N):
    dw = 2 * (ä +
        w) / N
    dw = (ä
        / N)
    return -(ä.mean(
        axis=0))
"""


@pytest.mark.parametrize(
    ("line", "marked", "column", "text"),
    [
        (2, "2 *", 10, "    dw = 2 * (ä +"),
        (2, "ä +", 15, "    dw = 2 * (ä +"),
        (3, "/ N", 12, "        w) / N"),
        (5, "/ N", 9, "        / N)"),
        (6, "-", 12, "    return -(ä.mean("),
        (6, "ä.mean(", 14, "    return -(ä.mean("),
        (7, "axis=0", 9, "        axis=0))"),
    ],
)
def test_the_mark_is_counted_in_characters_and_stands_on_one_line(line, marked, column, text):
    """However many bytes a letter has, and however far the expression goes on; brackets belong to no operator."""
    code = Code(LETTERS)
    places = [place_of(code, change, "so") for change in changes_of(code, "back", "", ())]
    place = next(place for place in places if (place.line, marked_text(place)) == (line, marked))
    assert (place.column, place.end, place.text, place.evidence) == (column, column + len(marked), text, "so")
