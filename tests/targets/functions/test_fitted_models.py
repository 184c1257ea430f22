"""Losses of models with their derivatives by names of their own: adjoints of simulations, scores, slopes."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict

TANK = """
import numpy as np

def fill(h0, rates, dt, steps):
    levels = [h0]
    leak, inflow = rates
    for _ in range(steps):
        h = levels[-1]
        levels.append(h + dt * (inflow - leak * h * h))
    return np.array(levels)

def tank_error(h0, rates, dt, steps, seen):
    return np.sum((fill(h0, rates, dt, steps) - seen) ** 2)

def tank_adjoint(h0, rates, dt, steps, seen):
    leak, inflow = rates
    levels = fill(h0, rates, dt, steps)
    lam = 2 * (levels[-1] - seen[-1])
    dleak = dinflow = 0.0
    for k in range(steps - 1, -1, -1):
        dleak -= dt * np.sum(lam * levels[WHERE] ** 2)
        dinflow += dt * np.sum(lam)
        lam = lam * (1 - 2 * dt * leak * levels[k]) + 2 * (levels[k] - seen[k])
    return lam, np.array([dleak, dinflow])
"""

COUNTS = """
import numpy as np

def loglik_power(b, X, y):
    mean = (X @ b) ** 2 + 1
    return np.sum(y * np.log(mean) - mean)

def score_power(b, X, y):
    eta = X @ b
    return 2 * X.T @ (eta * (y / (eta ** 2 + 1) - ONE))

def loglik_line(b, X, y):
    return -0.5 * np.sum((y - X @ b) ** 2)

def score_line(b, X, y):
    return X.T @ (y - X @ b)

def tail_nll(par, x):
    place, a = par
    return np.mean(np.log1p(np.exp(a) * (x - place) ** 2)) - 0.5 * a

def tail_score(par, x):
    place, a = par
    off = x - place
    odds = np.exp(a) * off ** 2 / (1 + np.exp(a) * off ** 2)
    return SIGN * np.array([-2 * np.mean(odds / off), np.mean(odds) - 0.5 * ONE])

def wave(h, w, t):
    return h * np.cos(w * t)

def misfit_error(h, w, t, seen):
    return np.mean((wave(h, w, t) - seen) ** 2)

def slopes(h, w, t, seen):
    off = 2 * (wave(h, w, t) - seen) / t.size
    dh = np.sum(off * np.cos(w * t))
    dw = -np.sum(off * h * t * np.sin(w * t) * ONE)
    return dh, dw
"""


def judged(tmp_path, code, name, **words):
    """The report of one target."""
    for word, text in words.items():
        code = code.replace(word, text)
    (tmp_path / "models.py").write_text(code, encoding="utf-8")
    return function_here(f"{tmp_path / 'models.py'}:{name}")


@pytest.mark.parametrize(("where", "verdict"), [("k", Verdict.PASS), ("k + 1", Verdict.FAIL)])
def test_an_adjoint_is_the_backward_of_the_cost_of_its_simulation(tmp_path, where, verdict):
    """Asked with data at each step: a row that is spread over the steps runs too, and is nothing that was meant."""
    report = judged(tmp_path, TANK, "tank_adjoint", WHERE=where)
    found = {name: each.verdict for name, each in report.gradients.items()}
    assert found == {"h0": Verdict.PASS, "rates": verdict}
    assert any("seen taken in the shape" in note for note in report.notes)


@pytest.mark.parametrize(("one", "verdict"), [("1", Verdict.PASS), ("2", Verdict.FAIL)])
@pytest.mark.parametrize("name", ["score_power", "tail_score", "slopes"])
def test_a_score_and_slopes_are_the_derivative_of_a_likelihood_and_of_an_error(tmp_path, name, one, verdict):
    """Also beside others that take the same."""
    assert judged(tmp_path, COUNTS, name, ONE=one, SIGN="1").verdict is verdict


@pytest.mark.parametrize(
    ("sign", "said"), [("-1", "slope of the likelihood"), ("1", "negative likelihood itself here")]
)
def test_a_score_beside_a_negative_likelihood_has_either_sign(tmp_path, sign, said):
    """No file says which is meant."""
    report = judged(tmp_path, COUNTS, "tail_score", ONE="1", SIGN=sign)
    assert report.verdict is Verdict.PASS
    assert said in report.why
