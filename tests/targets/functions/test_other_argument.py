"""Whose gradient an expression without a name is."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict
from gradcheck_cli.model.errors import TargetError

HILLS = """
import numpy as np

def height_cost(lean, steps):
    return np.sum(lean * steps ** 2)

def height_cost_gradient(lean_now, steps_now):
    return steps_now ** 2

def width_cost(lean, steps):
    return np.sum(lean * steps ** 2)

def width_cost_gradient(lean, steps):
    return 2 * lean * steps

def depth_cost(lean, steps):
    return np.sum(lean * steps ** 2)

def depth_cost_gradient(lean, steps):
    return lean * steps
"""


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """From a target's name to its report; it runs in this process."""
    file = tmp_path_factory.mktemp("hills") / "hills.py"
    file.write_text(HILLS)
    return lambda name: function_here(f"{file}:{name}_cost_gradient")


def test_a_gradient_that_calls_its_arguments_by_longer_names_is_handed_them(judged):
    """None of them is dE/dO, as a loss has none; the gradient is that of the first."""
    report = judged("height")
    assert (report.convention, report.gradients["lean"].verdict) == ("loss-pair", Verdict.PASS)


def test_of_two_arguments_of_one_shape_it_is_that_whose_derivative_it_is(judged):
    """And that is said."""
    report = judged("width")
    assert {name: result.verdict for name, result in report.gradients.items()} == {"steps": Verdict.PASS}
    said = "the gradient that it returns has no name: it is taken as that of steps, whose derivative it is"
    assert said in report.notes


def test_what_is_the_derivative_by_none_is_that_of_the_first(judged):
    """And wrong."""
    report = judged("depth")
    assert {name: result.verdict for name, result in report.gradients.items()} == {"lean": Verdict.FAIL}


RISKS = """
import numpy as np

def log_chance(z, th):
    if z.ndim == 1:
        return -np.log1p(np.exp(-np.sum(z * th)))
    return -np.log1p(np.exp(-np.sum(z * th, axis=1)))

def grad_log_chance(z, th):
    if z.ndim == 1:
        return TIMES z / (1 + np.exp(np.sum(z * th)))
    return TIMES z / (1 + np.exp(np.sum(z * th, axis=1)))[:, None]
"""


@pytest.mark.parametrize(("times", "verdict"), [("", Verdict.PASS), ("2 *", Verdict.FAIL)])
def test_the_shapes_leave_room_for_another_owner(tmp_path, times, verdict):
    """Of many rows at once the gradient has the shape of the data, and is that of the parameters, row by row."""
    file = tmp_path / "risks.py"
    file.write_text(RISKS.replace("TIMES", times))
    report = function_here(f"{file}:grad_log_chance")
    assert report.verdict is verdict
    assert set(report.gradients) == ({"th"} if verdict is Verdict.PASS else {"z"})


def test_what_is_right_for_one_row_is_no_excuse_for_many(tmp_path):
    """The gradient of its first argument, whose rows are mixed up where there are several."""
    file = tmp_path / "rows.py"
    file.write_text("""
import numpy as np

def pull_forward(x, goal):
    return (x - goal) ** 2

def pull_backward(dout, x, goal):
    return 2 * dout * (x - goal) if x.ndim == 1 else 2 * dout * (x - goal)[::-1]
""")
    assert function_here(f"{file}:pull_backward").gradients["x"].verdict is Verdict.FAIL


def test_the_slope_by_what_predictions_are_compared_with_is_a_lost_sign(tmp_path):
    """It is that by the predictions but for the sign, and nobody steps the targets."""
    file = tmp_path / "logcosh.py"
    file.write_text("""
import numpy as np

def logcosh_loss(y_true, y_pred):
    return np.mean(np.log(np.cosh(y_true - y_pred)))

def logcosh_grad(y_true, y_pred):
    return np.tanh(y_true - y_pred) / y_true.size
""")
    report = function_here(f"{file}:logcosh_grad")
    assert {name: result.verdict for name, result in report.gradients.items()} == {"y_pred": Verdict.FAIL}
    assert [finding.id for finding in report.findings] == ["sign-flipped"]


MARGINS = """
import numpy as np

def margin_loss(v, a, c):
    return np.maximum(0, 1 - c.reshape(-1, 1) * (a @ v.reshape(-1, 1)))

def margin_loss_gradient(v, rowsa, rowsc):
    active = margin_loss(v, rowsa, rowsc) > 0
    return SIGN 1.0 * active * rowsc.reshape(-1, 1) * rowsa
"""


def test_a_row_for_each_sample_is_the_gradient_of_each_loss(tmp_path):
    """Of what all share: the parameters. rowsa and rowsc are a and c, and no dE/dO."""
    file = tmp_path / "margins.py"
    file.write_text(MARGINS.replace("SIGN", "-"))
    report = function_here(f"{file}:margin_loss_gradient")
    assert (report.verdict, list(report.gradients)) == (Verdict.PASS, ["v"])
    assert "(v = v, rowsa = a, rowsc = c)" in report.why
    assert report.why.endswith("; it gives a row for each output, which are added up")


def test_rows_that_are_no_gradients_do_not_pass(tmp_path):
    """Their sign is turned."""
    file = tmp_path / "margins.py"
    file.write_text(MARGINS.replace("SIGN", "+"))
    with pytest.raises(TargetError, match=r"grad_v has the shape \(3, 5\), v has \(5,\)"):
        function_here(f"{file}:margin_loss_gradient")


COUNTS = """
import numpy as np

def counts_loss(seen, meant):
    return meant - seen * np.log(meant + 1e-9)

def counts_loss_grad(seen, meant):
    return 1 SIGN seen / (meant + 1e-9)
"""


@pytest.mark.parametrize(("sign", "verdicts"), [("-", {"meant": Verdict.PASS}), ("+", {"seen": Verdict.FAIL})])
def test_a_loss_of_each_entry_owes_one_gradient_where_it_gives_one(tmp_path, sign, verdicts):
    """What it compares with is data; a gradient of nobody is not right by anything."""
    file = tmp_path / "counts.py"
    file.write_text(COUNTS.replace("SIGN", sign))
    report = function_here(f"{file}:counts_loss_grad")
    assert {name: report.gradients[name].verdict for name in verdicts} == verdicts
    assert report.verdict is next(iter(verdicts.values()))


BUMP = """
import numpy as np

def bump_kernel(x, y, s):
    return np.exp(-np.sum((x - y) ** 2) / (2 * s**2))

def bump_kernel_grad(x, y, s):
    # SAID
    return (x - y) / s**2 * bump_kernel(x, y, s)
"""


@pytest.mark.parametrize(("said", "name"), [("slope with respect to y", "y"), ("the slope", "y")])
def test_a_kernel_is_differentiated_by_what_its_text_says_or_by_what_it_is_of(tmp_path, said, name):
    """It takes what its forward takes, so that it is no convolution's; y is no target where nothing is a loss."""
    file = tmp_path / "bump.py"
    file.write_text(BUMP.replace("SAID", said))
    report = function_here(f"{file}:bump_kernel_grad")
    assert {key: each.verdict for key, each in report.gradients.items()} == {name: Verdict.PASS}


def test_what_is_said_to_be_the_slope_by_another_argument_fails(tmp_path):
    """It is that of y."""
    file = tmp_path / "bump.py"
    file.write_text(BUMP.replace("SAID", "slope w.r.t. x"))
    assert function_here(f"{file}:bump_kernel_grad").gradients["x"].verdict is Verdict.FAIL
