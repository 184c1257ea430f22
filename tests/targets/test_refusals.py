"""Why a target cannot be judged, or fails everywhere: each reason in its own sentence."""

import pytest
from recognising import PLAIN, answer, recognised

from gradcheck_cli.model import Verdict
from gradcheck_cli.targets.conventions import NotRecognisedError
from gradcheck_cli.targets.conventions.base import UnfinishedError
from gradcheck_cli.targets.stopped import LoadError
from helpers import verified

NUMPY = "import numpy as np\n\n\n"


def refusal(folder, code, name="conv_backward"):
    """(step, sentence) of a target that is not recognised."""
    with pytest.raises(NotRecognisedError) as raised:
        recognised(folder, NUMPY + code, name)
    return raised.value.step, raised.value.sentence


def test_a_function_without_an_upstream_gradient_is_asked_whether_it_is_a_forward(tmp_path):
    """Its output is not taken for dE/dX, and no call with a dE/dO is proposed: it has no place for one."""
    code = "def same_conv(image, kernel, stride=1, pad=0):\n    return image\n"
    expected = ("run", "same_conv takes no gradient dE/dO: is it a forward function?")
    assert refusal(tmp_path, code, "same_conv") == expected
    with pytest.raises(NotRecognisedError) as raised:
        recognised(tmp_path, NUMPY + code, "same_conv")
    assert "--call" not in raised.value.hint
    assert raised.value.tried == "image = x, kernel = weight, pad = padding"


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("dw = 0 * w\n", "conv_backward returns nothing (no return statement)"),
        ("pass\n", "conv_backward returns nothing (no return statement)"),
        ("def inner():\n        return w\n", "conv_backward returns nothing (no return statement)"),
        ("return None\n", "conv_backward returns None"),
        ("dx = dw = db = None\n    return dx, dw, db\n", "conv_backward returns None in place of every gradient"),
        ("raise NotImplementedError\n", "conv_backward is not implemented (raises NotImplementedError, line 5)"),
        (
            "raise NotImplementedError('todo')\n",
            "conv_backward is not implemented (raises NotImplementedError, line 5)",
        ),
    ],
)
def test_homework_that_is_not_written_yet_is_told_so(tmp_path, body, sentence):
    """Its parameters are those of the documentation, so it is the code that fails, at every call."""
    chosen = recognised(tmp_path, f"{NUMPY}def conv_backward(dout, x, w):\n    {body}", "conv_backward")
    with pytest.raises(UnfinishedError) as raised:
        answer(chosen, PLAIN)
    assert str(raised.value) == sentence


def test_code_that_is_not_written_fails(tmp_path):
    """Exit code 1, through the whole program, and its sentence is the finding's."""
    report = verified(
        tmp_path, NUMPY + "def conv_backward(dout, x, w):\n    dw = 0 * w\n", "conv_backward", file="homework.py"
    )
    assert report.exit_code == 1
    (found,) = report.targets[0].findings
    assert "conv_backward returns nothing (no return statement)" in found.message


def test_a_refused_geometry_is_no_unwritten_code(tmp_path):
    """NotImplementedError behind an `if` is about that case only."""
    code = NUMPY + (
        "def conv_backward(dout, x, w, stride=1):\n    if stride > 1:\n        raise NotImplementedError\n"
        "    windows = np.lib.stride_tricks.sliding_window_view(x, w.shape[2:], axis=(2, 3))\n"
        "    return np.einsum('nipquv,nopq->oiuv', windows, dout)\n"
    )
    assert answer(recognised(tmp_path, code, "conv_backward"), PLAIN)[1] == {"weight"}


def test_code_with_documented_parameters_that_raises_everywhere_fails(tmp_path):
    """There is no doubt how it is called."""
    code = NUMPY + "def conv_backward(dout, x, w):\n    return dout @ x[..., 0] @ w + np.eye(3)[7]\n"
    chosen = recognised(tmp_path, code, "conv_backward")
    assert (chosen.plan, chosen.yields) == ({}, ("weight", "input", "bias"))
    with pytest.raises((ValueError, IndexError)):
        answer(chosen, PLAIN)


def test_code_with_other_parameters_that_raises_everywhere_is_not_accused(tmp_path):
    """It may be called in another way than it means."""
    code = "def conv_backward(dout, thing):\n    return dout + thing.shape[9]\n"
    assert refusal(tmp_path, code) == ("run", "it raises in every way in which it was called")


def test_a_package_that_a_guarded_import_wants_is_named(tmp_path):
    """The name that is missing is not the author's mistake."""
    code = (
        "try:\n    from quick_columns import fold\nexcept ImportError:\n    print('build it first')\n\n\n"
        "def conv_backward(dout, x, w):\n    return fold(dout, x, w)\n"
    )
    with pytest.raises(LoadError) as caught:
        refusal(tmp_path, code)
    assert caught.value.sentence == "quick_columns is missing (line 5 imports fold)."


def test_what_fits_no_gradient_is_told_by_its_shape(tmp_path):
    """The step is the reading, not the call."""
    code = "def conv_backward(dout, x, w):\n    return np.arange(7.0)\n"
    assert refusal(tmp_path, code) == ("read", "it returned (7,), which fits no gradient")


def test_parameters_that_nothing_tells_are_listed(tmp_path):
    """More unknown names than there are meanings."""
    names = ", ".join(f"q{number}q" for number in range(12))
    code = f"def conv_backward({names}):\n    return [{names}]\n"
    assert refusal(tmp_path, code) == ("run", f"nothing tells what its parameters {names} are")


def test_a_target_that_ends_the_process_in_every_try_fails(tmp_path):
    """It is called by its documented names; the process ends each time, and that is the result."""
    report = verified(
        tmp_path, "import os\n\n\ndef conv_backward(dout, x, w):\n    os.abort()\n", "conv_backward", file="abort.py"
    )
    assert report.exit_code == 1
    assert report.targets[0].verdict is Verdict.FAIL
    assert "the process was ended by SIGABRT" in report.targets[0].findings[0].message
    assert "every try ended the process; it is called by the names of its parameters" in report.targets[0].notes


def test_zeros_only_run_in_every_layout_and_are_judged(tmp_path):
    """Nothing is ambiguous about them."""
    code = NUMPY + "def conv_backward(dout, x, w):\n    return np.zeros_like(w)\n"
    chosen = recognised(tmp_path, code, "conv_backward")
    assert (chosen.candidate.layout.x, chosen.yields) == ("nchw", ("weight",))


@pytest.mark.parametrize(("read", "setting"), [("conf.quantum", "quantum"), ("conf['quantum']", "quantum")])
def test_a_setting_that_nothing_tells_is_no_failure_of_the_code(tmp_path, read, setting):
    """The dict of sizes is ours; what is not in it cannot be the author's mistake."""
    body = f"step, grid = conf.stride, {read}\n    return dout[:, :, ::step] * grid"
    code = f"def conv_backward(dout, x, w, conf):\n    {body}\n"
    assert refusal(tmp_path, code) == ("run", f"nothing tells what its setting {setting} is")


@pytest.mark.parametrize(
    "body",
    [
        "top, left, depth = padding\n    return dout, w\n",  # one number or two are handed
        "return dout[:, :, :: stride.get_step()], w\n",  # an object of the file's own
    ],
)
def test_what_wants_a_setting_in_another_form_than_is_handed_is_not_accused(tmp_path, body):
    """The names tell everything but that: nothing ever ran, so nothing is known of the code."""
    expected = ("run", "it raises in every way in which it was called")
    assert refusal(tmp_path, f"def conv_backward(dout, x, w, stride, padding):\n    {body}") == expected


def test_a_whole_number_that_is_wanted_where_we_hand_a_rate_is_no_failure_of_the_code(tmp_path):
    """`alpha` may be a rate of learning and is a number of rows here."""
    code = "def conv_backward(dout, x, w, alpha):\n    return np.zeros(alpha), w\n"
    expected = ("run", "it raises in every way in which it was called")
    assert refusal(tmp_path, code) == expected


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("rows = (x.shape[2] + 2 * padding) / stride\n    return [dout[:, :, i] for i in range(rows)]\n", TypeError),
        ("for first, second in dout.shape:\n        w = first * w\n    return w\n", TypeError),
        ("at = padding\n    return w[at + w.size * stride]\n", IndexError),
        ("return x @ np.ones(999 * stride)\n", ValueError),
    ],
)
def test_what_the_code_computes_by_itself_and_then_cannot_use_is_its_failure(tmp_path, body, error):
    """Sizes that `/` makes, an index that is too large, shapes that do not fit: no form of a setting mends that."""
    chosen = recognised(
        tmp_path, f"{NUMPY}def conv_backward(dout, x, w, stride, padding):\n    {body}", "conv_backward"
    )
    with pytest.raises(error):
        answer(chosen, PLAIN)


def test_a_way_through_the_code_that_our_guess_took_is_no_failure_of_the_code(tmp_path):
    """Nothing tells what `which` is, so a name that gets its value for other ones is no slip."""
    code = "def conv_backward(dout, x, w, which):\n    if which is w:\n        found = w\n    return found, dout\n"
    expected = ("run", "it raises in every way in which it was called")
    assert refusal(tmp_path, code) == expected


def test_what_is_called_a_shape_is_no_array_and_no_setting(tmp_path):
    """A helper of a convolution is handed shapes that nobody can guess: it is refused, and does not fail."""
    code = """
import numpy as np

def _rows(x, filter_shape, stride, reach, res_shape):
    high, wide = reach
    return np.array([x[:, :, i : i + high, j : j + wide] for i in range(res_shape[0]) for j in range(res_shape[1])])

def _backward_rows(top_grad, inp_shape, filter_shape, stride, dilated_shape, res_shape):
    high, wide = dilated_shape
    found = np.zeros(inp_shape)
    for number, (i, j) in enumerate(np.ndindex(*res_shape)):
        found[:, :, i : i + high, j : j + wide] += top_grad[:, number]
    return found
"""
    with pytest.raises(NotRecognisedError) as caught:
        recognised(tmp_path, code, "_backward_rows")
    assert str(caught.value) == "it raises in every way in which it was called"


NEEDED = """
import numpy as np

def conv_forward(a, weight, bias):
    views = np.lib.stride_tricks.sliding_window_view(a, weight.shape[2:], (2, 3))
    return np.einsum("ncpquv,fcuv->nfpq", views, weight) + bias[:, None, None], views

def conv_backward(grad, blob, weight, bias, views):
    count, channels, high, wide = blob
    found = np.zeros((count, channels, high, wide))
    for u, v in np.ndindex(weight.shape[2:]):
        part = np.einsum("nfpq,fc->ncpq", grad, weight[:, :, u, v])
        found[:, :, u : u + grad.shape[2], v : v + grad.shape[3]] += part
    return found, np.einsum("nfpq,ncpquv->fcuv", grad, views), grad.sum((0, 2, 3))
"""


@pytest.mark.parametrize("name", ["blob", "a_shape"])
def test_a_parameter_that_is_needed_and_handed_nothing_is_no_crash_of_the_code(tmp_path, name):
    """Its forward is right, and what `blob` is nobody knows."""
    code = NEEDED.replace("blob", name)
    if name == "blob":
        with pytest.raises(NotRecognisedError):
            recognised(tmp_path, code, "conv_backward")
    else:
        assert answer(recognised(tmp_path, code, "conv_backward"), PLAIN)[1] == {"input", "weight", "bias"}


def test_a_function_of_complex_numbers_is_no_crash(tmp_path):
    """`x.imag` of real numbers raises in torch whatever its author does."""
    code = (
        "import torch\n\nclass ComplexConv2dFunction(torch.autograd.Function):\n    @staticmethod\n"
        "    def forward(ctx, x, weight, stride, padding):\n        ctx.save_for_backward(x, weight)\n"
        "        parts = [torch.nn.functional.conv2d(x.real, part, None, stride, padding)"
        " for part in (weight.real, weight.imag)]\n        return torch.complex(*parts)\n\n    @staticmethod\n"
        "    def backward(ctx, grad_output):\n        x, weight = ctx.saved_tensors\n"
        "        return grad_output.real, grad_output.imag, None, None\n"
    )
    expected = ("run", "it works on complex numbers, and a convolution is asked with real ones")
    assert refusal(tmp_path, code, "ComplexConv2dFunction") == expected
