"""Which function is whose backward: by names, arguments and use, in one place."""

import ast

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict
from gradcheck_cli.model.errors import TargetError
from gradcheck_cli.targets.functions.find import forms_of
from gradcheck_cli.targets.functions.listing import every_layer
from gradcheck_cli.targets.functions.pairs import Defined, defined_by, pairs_among

CODE = """
def focal_loss_binary(p, y, gamma=2.0): ...
def focal_loss_multi(p, y, gamma, weights): ...
def focal_loss_gradient(p, y, gamma=2.0): ...
def huber_eval(x, knot=1): ...
def huber_grad(x, knot=1): ...
def leaky_relu(x): ...
def relu_backward(x): ...
def mean_squared_error_loss(y, tx, w): ...
def compute_gradient_MSE(y, tx, w): ...
"""


def paired(code):
    """Backward -> forward of a text."""
    return pairs_among({node.name: defined_by(node) for node in ast.parse(code).body})


@pytest.mark.parametrize(
    ("backward", "forward"),
    [
        ("focal_loss_gradient", "focal_loss_binary"),
        ("huber_grad", "huber_eval"),
        ("relu_backward", ""),
        ("compute_gradient_MSE", "mean_squared_error_loss"),
    ],
)
def test_a_forward_goes_on_as_its_backward_begins_and_takes_the_same(backward, forward):
    """Of another beginning, or with other arguments, it is another's."""
    assert paired(CODE).get(backward, "") == forward


def test_what_calls_a_gradient_is_not_its_forward():
    """A Hessian by differences takes the same arguments."""
    code = (
        "def rank_cost(w, X): ...\ndef rank_gradient(w, X): ...\n"
        "def rank_hessian(w, X): return rank_gradient(w + 1, X) - rank_gradient(w - 1, X)"
    )
    assert paired(code) == {"rank_gradient": "rank_cost"}


@pytest.mark.parametrize("name", ["slope", "adjoint", "score"])
def test_what_is_called_as_other_things_are_is_a_derivative_of_losses_alone(name):
    """A line has a slope, a matrix an adjoint, a team a score."""
    assert paired(f"def intercept(x, y): ...\ndef {name}(x, y): ...") == {}


def test_what_goes_on_and_shares_no_argument_is_another_function():
    """`lookup_size` may be anything."""
    assert paired("def lookup_size(table): ...\ndef lookup_backward(grad, ids): ...") == {}


@pytest.mark.parametrize(
    ("code", "backward", "forward"),
    [
        ("def bend_eval_1d(x): ...\ndef bend_grad_1d(x): ...\ndef bend_eval(x): ...", "bend_grad_1d", "bend_eval_1d"),
        ("def U(q): ...\ndef grad_U(q): ...", "grad_U", "U"),
        ("def well_potential(x, k): ...\ndef well_force(x, k): ...", "well_force", "well_potential"),
        ("def energy(x): ...\ndef shift(x): ...\ndef force(x): ...", "force", "energy"),
        (
            "def camera_point(lens, p): ...\ndef point_jacobian_camera(lens, p): ...",
            "point_jacobian_camera",
            "camera_point",
        ),
        ("def log_density(x, mu): ...\ndef score(x, mu): ...", "score", "log_density"),
        ("def ll_a(b, X): ...\ndef score_a(b, X): ...\ndef ll_b(b, X): ...", "score_a", "ll_a"),
        ("def pend_run(x, n): ...\ndef pend_cost(x, n): ...\ndef pend_adjoint(x, n): ...", "pend_adjoint", "pend_cost"),
        ("def loss(w, t): ...\ndef d_loss(w, t): ...", "d_loss", "loss"),
        ("def dL_dw(w, b, x, t): ...\ndef loss(w, b, x, t): ...\ndef step(w): ...", "dL_dw", "loss"),
        ("def f(x): ...\ndef df_dx(x): ...", "df_dx", "f"),
        ("def f(x): ...\ndef fprime(x): ...", "fprime", "f"),
        (
            "def lookup_rows(ids, table): ...\ndef lookup_backward(grad, ids, count): ...",
            "lookup_backward",
            "lookup_rows",
        ),
        ("def f(x): ...\ndef df(x): ...", "df", "f"),
        ("def bent(x): ...\ndef bentderiv(x): ...", "bentderiv", "bent"),
        ("def total_error(w, b): ...\ndef grad_w(w, b): ...\ndef grad_b(w, b): ...", "grad_b", "total_error"),
        ("def objective(w, X): ...\ndef gradient(w, X): ...\ndef predict(w, X): ...", "gradient", "objective"),
        ("def krok(x):\n    out = x\n    return out, x\ndef krok_pochodna(d_out, x): ...", "krok_pochodna", "krok"),
    ],
)
def test_what_a_derivative_is_called(code, backward, forward):
    """In physics, in formulas and in one word."""
    assert paired(code)[backward] == forward


@pytest.mark.parametrize(
    "code",
    [
        "def energy(x): ...\ndef force(x, k): ...",
        "def height(x): ...\ndef force(x): ...",
        "def bend(x): ...\ndef twist(x): ...\ndef gradient(x): ...",
        "def relu(x): ...\ndef numerical_gradient(x): ...",
        "def do_dense(x): ...\ndef dense(x): ...",
    ],
)
def test_nothing_is_paired_that_only_may_belong_together(code):
    """Other arguments, no potential, two that may be meant, a name that says something else."""
    assert paired(code) == {}


def test_use_tells_a_pair_in_any_language():
    """The second is handed what the first one returns beside its output; the whole file finds it as its name does."""
    code = (
        "def norm_vor(x):\n    mitte = x\n    return x, mitte\n"
        "def norm_zurueck(dout, mitte):\n    return dout * mitte\n"
    )
    assert paired(code) == {"norm_zurueck": "norm_vor"}
    assert every_layer(ast.parse(code), "norm.py") == ("norm_zurueck",)


def test_a_forward_that_is_named_finds_the_backward_that_finds_it(tmp_path):
    """By its arguments too."""
    from gradcheck_cli.targets.contract import TargetRef
    from gradcheck_cli.targets.load import load

    (tmp_path / "focal.py").write_text(CODE, encoding="utf-8")
    (form,) = forms_of(load(TargetRef("focal.py:focal_loss_binary", str(tmp_path / "focal.py"), "focal_loss_binary")))
    assert (form.title, form.backward) == ("focal_loss_binary", "focal_loss_gradient")


def test_two_functions_that_are_handed_the_same_upstream_are_no_pair():
    """No forward takes dE/dO: they are two backwards."""
    same = Defined(needed=("x", "w", "dout"), parameters=("x", "w", "dout"))

    assert pairs_among({"right": same, "backward": same}) == {}


def test_a_gradient_of_the_whole_belongs_to_the_whole_and_not_to_its_part():
    """Both losses are called as it is; it is handed what one of them takes."""
    part, whole, backward = Defined(("r", "knot")), Defined(("w", "X", "y")), Defined(("w", "X", "y"), ("w", "X", "y"))
    functions = {"huber": part, "huber_of_all": whole, "huber_grad": backward}
    assert pairs_among(functions) == {"huber_grad": "huber_of_all"}


@pytest.mark.parametrize(
    ("code", "pairs"),
    [
        ("def divergence_hell(p, q): ...\ndef gradient_hell(p, q): ...", {"gradient_hell": "divergence_hell"}),
        ("def divergence_hell(p, q, s): ...\ndef gradient_hell(p, q): ...", {}),
        (
            "def divergence_hell(p, q): ...\ndef potential_hell(p, q): ...\ndef gradient_hell(p, q): ...",
            {},
        ),
        ("def soft_hell(p, q): ...\ndef gradient_hell(p, q): ...", {}),
    ],
)
def test_what_a_function_is_may_stand_in_front_of_its_name(code, pairs):
    """The only loss of these arguments whose name ends as that of its gradient does."""
    assert paired(code) == pairs


@pytest.mark.parametrize(("caller", "listed"), [("", ("side_jacobian",)), ("jac", ("place_jac",))])
def test_a_jacobian_of_which_no_word_says_whose_may_serve_another(caller, listed):
    """Then it is a part of that one; alone it may be of the only function that takes its arguments."""
    code = (
        "def turn(w):\n    return w\ndef side_jacobian(w):\n    return w\n"
        "def place(cam, X):\n    return turn(cam) @ X\n"
        "def place_CALLER(cam, X):\n    return side_jacobian(cam) @ X\n"
    )
    assert every_layer(ast.parse(code.replace("CALLER", caller or "now")), "place.py") == listed


HELPER = """
import numpy as np

def turn(w):
    angle = np.sqrt(w @ w)
    return np.cos(angle) * np.eye(3) + np.outer(w, w)

def NAME(w):
    return np.eye(3) - 0.5 * np.outer(w, w)
"""


@pytest.mark.parametrize(("name", "verdict"), [("side_jacobian", Verdict.ERROR), ("turn_jacobian", Verdict.FAIL)])
def test_what_may_be_of_another_function_is_not_failed_by_its_shape(tmp_path, name, verdict):
    """It is paired by its argument alone; where its name says whose it is, the shape is wrong."""
    file = tmp_path / "turned.py"
    file.write_text(HELPER.replace("NAME", name))
    try:
        found = function_here(f"{file}:{name}").verdict
    except TargetError:
        found = Verdict.ERROR
    assert found is verdict


# Their names have nothing in common; what one puts together the other takes apart.
STRANGERS = """
import numpy as np

def verbieg(x, w):
    innen = np.tanh(x @ w)
    return innen * innen, (x.shape, innen, w, x)

def glaette(x, w):
    return x @ w, (w,)

def zurueck(dy, gemerkt):
    form, innen, w, x = gemerkt
    d = FACTOR * dy * innen * (1 - innen ** 2)
    return (d @ w.T).reshape(form), x.T @ d
"""


@pytest.mark.parametrize(("factor", "verdict"), [("2", Verdict.PASS), ("1", Verdict.FAIL)])
def test_a_backward_belongs_to_what_puts_together_what_it_takes_apart(tmp_path, factor, verdict):
    """By the names inside, where no other forward keeps them."""
    (tmp_path / "fremd.py").write_text(STRANGERS.replace("FACTOR", factor))
    assert function_here(f"{tmp_path}/fremd.py:zurueck").verdict is verdict


def test_what_is_handed_no_upstream_belongs_to_the_loss_of_its_arguments():
    """Beside a step of a simulation that is called as it is, and takes all but what its end is compared with."""
    code = "def push(u, c): ...\ndef push_loss(u, c, GOAL): ...\ndef push_grad(u, c, GOAL): ..."
    assert paired(code.replace("GOAL", "goal")) == {"push_grad": "push_loss"}
    assert paired(code.replace("GOAL", "g")) == {"push_grad": "push"}


HINGES = """
import numpy as np

def place(rows, q):
    end = np.zeros(2)
    for (a, b), t in zip(rows, q):
        end = end + np.array([a * np.cos(t), b * np.sin(t)])
    return end

def place_jacobian(rows, q):
    return np.stack([np.array([-a * np.sin(t), SIGN b * np.cos(t)]) for (a, b), t in zip(rows, q)], axis=1)
"""


@pytest.mark.parametrize(("sign", "verdict"), [("", Verdict.PASS), ("-", Verdict.FAIL)])
def test_a_jacobian_by_one_argument_owes_none_of_the_others(tmp_path, sign, verdict):
    """Rows of two that are gone through beside angles: no gradient of them is missing."""
    file = tmp_path / "hinges.py"
    file.write_text(HINGES.replace("SIGN", sign))
    report = function_here(f"{file}:place_jacobian")
    assert {name: each.verdict for name, each in report.gradients.items()} == {"q": verdict}
    assert "it is the derivative by q alone: no gradient of rows is owed" in report.notes
