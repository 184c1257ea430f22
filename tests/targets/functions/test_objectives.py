"""Functions that give a number and its gradient, told by what they compute."""

import ast

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict
from gradcheck_cli.targets.functions.listing import every_layer
from gradcheck_cli.targets.functions.objectives import gives_number_and_gradient

FITS = """
import numpy as np

def _predictor(coef, Z):
    return coef[0] + Z @ coef[1:]

def _by_coef(r, Z):
    return np.append(r.sum(), Z.T @ r)

def counts(coef, Z, n, shrink=0.3):
    rate = np.exp(_predictor(coef, Z))
    value = np.sum(rate - n * np.log(rate)) + 0.5 * shrink * coef[1:] @ coef[1:]
    g = _by_coef(rate - n, Z)
    g[FROM:] += shrink * coef[FROM:]
    return value, g

def waiting(coef, Z, t):
    u = t * np.exp(-_predictor(coef, Z))
    return np.sum(_predictor(coef, Z) + u), _by_coef(1 - u, Z)

def spread(coef, Z, t):
    r = t - _predictor(coef, Z)
    return 0.5 * r @ r, -_by_coef(r, Z)

def weigh(coef, Z):
    p = _predictor(coef, Z)
    return p.mean(), p
"""


def _node(text):
    return ast.parse(text).body[0]


@pytest.mark.parametrize(
    "body",
    [
        "total = np.sum(w * r ** 2) / 2\n    g = w * r\n    return total, g",
        "L = 0.0\n    d = 0 * r\n    for i in w:\n        L -= np.log(r[i])\n        d[i] -= 1 / r[i]\n    return L, d",
        "b, s = r[:-1], r[-1]\n    return -np.log(w).sum(), -np.append(w @ b, ds)",
        "b, cut = r[:2], r[2:]\n    return (w * b).mean(), np.concatenate((gb, gcut))",
        "return 0.5 * np.dot(r, r), w.T.dot(r)",
        "f = np.sum(r)\n    return f, -w.T @ (r - 1) / len(r)",
    ],
)
def test_a_total_and_what_is_made_as_its_gradient(body):
    """By a letter, by parts laid one behind the other, by transposed data."""
    assert gives_number_and_gradient(_node(f"def each(r, w):\n    {body}\n"))


@pytest.mark.parametrize(
    "body",
    [
        "p = w @ r\n    return np.sum(p), p",
        "d = np.abs(r - w)\n    return d.sum(), d",
        "return r.mean(), r.std()",
        "g = r * w\n    return np.sum(r, axis=0), g",
        "return np.sum(r), w",
        "g = r / r.sum()\n    return w / r.sum(), g",
        "def inner(r):\n        return np.sum(r), -w.T @ r\n    return inner",
    ],
)
def test_a_total_and_anything_else(body):
    """A prediction, a distance that the total is made of, a second number, what is no total."""
    assert not gives_number_and_gradient(_node(f"def each(r, w):\n    {body}\n"))


def test_what_is_of_one_form_with_others_is_a_row_as_they_are():
    """A prediction beside a mean has a name, and is none."""
    assert ("counts", "waiting", "spread") == every_layer(ast.parse(FITS), "fits.py")


@pytest.mark.parametrize(("first", "wrong"), [("1", set()), ("0", {"coef"})])
def test_an_objective_is_judged_though_no_word_says_it(tmp_path, first, wrong):
    """What is not penalised must not be in its gradient."""
    file = tmp_path / "fits.py"
    file.write_text(FITS.replace("FROM", first))

    report = function_here(f"{file}:counts")

    assert {"coef"} == report.gradients.keys()
    assert wrong == {name for name, each in report.gradients.items() if each.verdict is Verdict.FAIL}


def test_an_objective_without_a_name_for_its_gradient_is_judged_beside_one_that_has_it(tmp_path):
    """By the form of the others."""
    file = tmp_path / "fits.py"
    file.write_text(FITS.replace("FROM", "1"))
    assert function_here(f"{file}:waiting").verdict is Verdict.PASS


LADDER = """
import numpy as np

def ladder(theta, Z, y, J):
    k = Z.shape[1]
    b, raw = theta[:k], theta[k:]
    cuts = np.cumsum(np.append(raw[0], raw[1:] ** 2))
    F = lambda z: 1 / (1 + np.exp(-z))
    ends = np.concatenate(([-50.0], cuts, [50.0]))
    up, low = F(ends[y + 1] - Z @ b), F(ends[y] - Z @ b)
    share = 1 + up - low
    sup, slow = up * (1 - up) / share, low * (1 - low) / share
    gb = -Z.T @ (slow - sup)
    gcut = np.zeros(J - 1)
    for j in range(J - 1):
        gcut[j] = -sup[y == j].sum() + slow[y == j + 1].sum()
    graw = np.cumsum(gcut[::-1])[::-1].copy()
    graw[1:] *= STEP
    return -np.log(share).sum(), np.concatenate((gb, graw))

def several(theta, Z, y, tau=(0.2, 0.6, 0.9)):
    tau = np.asarray(tau)
    u = y[:, None] - Z @ theta
    cost = (u * (tau - (u < 0))).sum(1).mean()
    return cost, -Z.T @ (tau - (u < 0)) / COUNT
"""


@pytest.mark.parametrize(
    ("name", "count", "step", "verdict"),
    [
        ("ladder", "len(y)", "2 * raw[1:]", Verdict.PASS),
        ("ladder", "len(y)", "raw[1:]", Verdict.FAIL),
        ("several", "len(y)", "1", Verdict.PASS),
        ("several", "u.size", "1", Verdict.FAIL),
    ],
)
def test_lengths_that_only_the_gradient_says_are_found(tmp_path, name, count, step, verdict):
    """So many steps behind the weights, of which the forward reads what there is; as many columns as a default has."""
    file = tmp_path / "ladder.py"
    file.write_text(LADDER.replace("COUNT", count).replace("STEP", step))

    report = function_here(f"{file}:{name}")

    assert (verdict, {"theta"}) == (report.verdict, set(report.gradients))
    assert "wrong-shape" not in {finding.id for finding in report.findings}


SHARES = '''
import numpy as np

def risk(w, Sigma, mu):
    """Of shares that sum to 1; returns value and gradient."""
    x = np.exp(w) / np.exp(w).sum()
    val = 0.5 * x @ Sigma @ x - x @ mu
    g = Sigma @ x * FACTOR - mu
    dw = x * (g - x @ g)
    return val, dw
'''


@pytest.mark.parametrize(("factor", "verdict"), [("1", Verdict.PASS), ("2", Verdict.FAIL)])
def test_a_value_is_one_number_and_a_covariance_symmetric(tmp_path, factor, verdict):
    """Of matrices it would be several, which nobody means."""
    (tmp_path / "shares.py").write_text(SHARES.replace("FACTOR", factor), encoding="utf-8")
    assert function_here(f"{tmp_path / 'shares.py'}:risk").gradients["w"].verdict is verdict


DRAW = """
import numpy as np

def draw(s, order_of_merit):
    total = 0.0
    g = np.zeros_like(s)
    left = np.ones(len(s), bool)
    for i in order_of_merit:
        e = np.where(left, np.exp(s), 0.0)
        total -= np.log(e[i] / e.sum())
        g += e / e.sum()
        g[i] -= CHOSEN
        left[i] = False
    return total, g
"""


@pytest.mark.parametrize(("chosen", "verdict"), [("1", Verdict.PASS), ("2", Verdict.FAIL)])
def test_what_is_gone_through_and_chosen_by_holds_places(tmp_path, chosen, verdict):
    """Each at most once, as what was chosen may be out."""
    file = tmp_path / "draw.py"
    file.write_text(DRAW.replace("CHOSEN", chosen))

    report = function_here(f"{file}:draw")

    assert (verdict, {"s"}) == (report.verdict, set(report.gradients))
