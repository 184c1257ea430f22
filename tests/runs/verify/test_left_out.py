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


def written(folder, source=COURSE):
    """A file of a course."""
    file = folder / "course.py"
    file.write_text(source)
    return file


def test_a_backward_without_a_forward_is_told_beside_what_was_judged(tmp_path):
    """What another one calls is a helper, and no layer."""
    file = written(tmp_path)
    report = gradcheck_cli.verify(str(file))

    assert [f"{file}:stretch_backward"] == list(report.without_forward)
    assert "1 target: 1 right; 1 backward not asked (no forward found)" in str(report)
    told = f"Not asked {file}:stretch_backward has no forward that was found in the file to be judged by; "
    # A path is broken where it is longer than a line.
    assert "".join(f"{told}a convolution's needs none, but to be named".split()) in "".join(str(report).split())


def test_of_a_file_of_which_one_was_named_nothing_was_left_out(tmp_path):
    """That one is what was meant."""
    assert () == gradcheck_cli.verify(f"{written(tmp_path)}:bend_backward").without_forward


def test_a_file_whose_backwards_all_have_forwards_says_nothing(tmp_path):
    """Nothing was left out."""
    report = gradcheck_cli.verify(str(written(tmp_path, COURSE[: COURSE.index("def stretch_backward")])))

    assert () == report.without_forward
    assert "not asked" not in str(report).lower()


def test_a_file_that_was_not_reached_left_nothing_out(tmp_path):
    """-x stopped before it."""
    wrong = tmp_path / "a.py"
    wrong.write_text("def f_forward(x):\n    return x * x, x\n\n\ndef f_backward(dout, x):\n    return dout * x\n")
    report = gradcheck_cli.verify([str(wrong), str(written(tmp_path))], exitfirst=True)

    assert ((f"{tmp_path / 'course.py'}",), ()) == (report.not_asked, report.without_forward)


def test_a_method_that_goes_backward_and_is_not_asked_is_told(tmp_path):
    """In another tongue too; what its own class calls is a part of it, and what was asked is told elsewhere."""
    reseau = """
class Reseau:
    def propagation(self, x):
        self.x = x
        return x @ self.w

    def retropropagation(self, x, y):
        return self.backward_part(x, y)

    def backward_part(self, x, y):
        return x.T @ (self.propagation(x) - y)

    def entrainement(self, x, y):
        self.w -= self.retropropagation(x, y)
"""
    file = written(tmp_path, COURSE[: COURSE.index("def stretch_backward")] + reseau)
    report = gradcheck_cli.verify(str(file))

    assert [f"{file}:Reseau.retropropagation"] == list(report.without_forward)


def test_what_compares_or_clears_gradients_is_no_backward(tmp_path):
    """Course files bring such tools along."""
    tools = "def numerical_gradient(f, x):\n    return f(x)\n\n\ndef clip_gradients(grads):\n    return grads\n"
    file = written(tmp_path, COURSE[: COURSE.index("def stretch_backward")] + tools)

    assert () == gradcheck_cli.verify(str(file)).without_forward
