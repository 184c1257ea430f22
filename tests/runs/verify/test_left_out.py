"""What of a file that is asked whole was not asked is said."""

import gradcheck_cli

COURSE = """
import numpy as np


def bend_forward(x):
    return np.tanh(x), x


def bend_backward(dout, x):
    return dout * slope_grad(x)


def slope_grad(x):
    return 1 - np.tanh(x) ** 2


def stretch_backward(dout, x, w):
    return dout @ w.T, x.T @ dout
"""
NOTE = "not asked: stretch_backward, beside which no forward of it stands; to have it judged, name it ({}:{})"


def notes(text):
    """Target -> those of its notes that say what was not asked."""
    report = gradcheck_cli.verify(text)
    return {target.name: [note for note in target.notes if note.startswith("not asked")] for target in report.targets}


def test_a_backward_without_a_forward_is_told_beside_what_was_judged(tmp_path):
    """What another one calls is a helper, and no layer."""
    file = tmp_path / "course.py"
    file.write_text(COURSE)
    assert notes(str(file)) == {"bend_backward": [NOTE.format(file, "stretch_backward")]}


def test_of_a_file_of_which_one_was_named_nothing_was_left_out(tmp_path):
    """That one is what was meant."""
    file = tmp_path / "course.py"
    file.write_text(COURSE)
    assert notes(f"{file}:bend_backward") == {"bend_backward": []}


def test_a_file_whose_backwards_all_have_forwards_says_nothing(tmp_path):
    """Nothing was left out."""
    file = tmp_path / "course.py"
    file.write_text(COURSE[: COURSE.index("def stretch_backward")])
    assert notes(str(file)) == {"bend_backward": []}
