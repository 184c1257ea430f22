"""Forward and backward of classes in any language, told by what they do."""

import ast

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict
from gradcheck_cli.targets.functions.directions import directions_by_words, directions_of
from gradcheck_cli.targets.functions.linearity import is_linear_in
from gradcheck_cli.targets.functions.listing import every_layer

DUTCH = """
import numpy as np

class Laag:
    def heen(self, invoer):
        raise NotImplementedError

    def terug(self, fout):
        raise NotImplementedError

class Menging(Laag):
    def __init__(self, aantal_in, aantal_uit):
        self.gewicht = np.random.randn(aantal_in, aantal_uit)
        self.drempel = np.zeros(aantal_uit)

    def heen(self, invoer):
        self.invoer = invoer
        return invoer @ self.gewicht + self.drempel

    def terug(self, fout):
        self.d_gewicht = self.invoer.T @ fout
        self.d_drempel = fout.SUMMED(axis=0)
        return fout @ self.gewicht.T

class Kromming(Laag):
    def heen(self, invoer):
        self.uitvoer = np.tanh(invoer)
        return self.uitvoer

    def terug(self, fout):
        stap = fout * (1 - self.uitvoer ** 2)
        return stap

class Verschil:
    def heen(self, voorspelling, doel):
        self.rest = voorspelling - doel
        return np.sum(self.rest ** 2) / len(doel)

    def terug(self):
        return FACTOR * self.rest / len(self.rest)

class Regressie:
    def leer(self, X, y):
        self.w = np.linalg.solve(X.T @ X, X.T @ y)
        return self.w

    def voorspel(self, X):
        return X @ self.w

class Schaal:
    def meet(self, x):
        self.breedte = x.std(0)
        return x / self.breedte

    def herstel(self, z):
        return z * self.breedte + 1
"""
LOOPS = """
class Net:
    def leer(self, x, fout):
        for laag in self.lagen:
            x = laag.heen(x)
        for laag in reversed(self.lagen):
            fout = laag.terug(fout)
"""


def _dutch(summed="sum", factor="2"):
    return DUTCH.replace("SUMMED", summed).replace("FACTOR", factor)


def test_layers_and_losses_of_a_language_that_no_list_holds_are_rows():
    """Neither their base, nor a model that is fitted, nor what scales and scales back."""
    assert ("Menging", "Kromming", "Verschil") == every_layer(ast.parse(_dutch()), "lagen.py")


@pytest.mark.parametrize("again", ["reversed(self.lagen)", "self.lagen[::-1]"])
def test_a_loop_there_and_a_loop_back_tell_the_directions(again):
    """Whatever the methods compute; only where a class has them."""
    loops = LOOPS.replace("reversed(self.lagen)", again)
    layer = "class Laag:\n    def heen(self, x): return x\n    def terug(self, fout): return fout\n"
    assert (("heen", "terug"),) == directions_of(ast.parse(layer + loops))
    assert () == directions_of(ast.parse(loops))
    assert () == directions_of(ast.parse(layer + LOOPS.replace("reversed(self.lagen)", "self.lagen")))


@pytest.mark.parametrize(
    ("names", "found"), [(["ileri", "geri"], ("ileri", "geri")), (["adelante", "atras_de"], ("adelante", ""))]
)
def test_words_that_say_the_direction_alone(names, found):
    """In a language that is known."""
    assert found == directions_by_words(names)


@pytest.mark.parametrize(
    ("body", "is_linear"),
    [
        ("return g * self.y * (1 - self.y)", True),
        ("dx = np.zeros_like(self.x)\n    dx[self.i] = g\n    return dx, self.x.T @ g", True),
        ("return self.s * (g - (g * self.s).sum(1, keepdims=True))", True),
        ("g = np.where(self.x > 0, g, 0)\n    return g.reshape(self.x.shape)", True),
        (
            "if self.flat:\n        g = g.ravel()\n    for w in self.w:\n        g = g @ w\n    return g / len(self.w)",
            True,
        ),
        ("return g * self.w + 1", False),
        ("return g * g", False),
        ("return np.tanh(g)", False),
        ("return self.w", False),
        ("return self.w / g", False),
        ("self.g = g", False),
    ],
)
def test_what_is_linear_in_what_it_is_handed(body, is_linear):
    """As a backward is in G; what is not followed counts as not linear."""
    assert is_linear is is_linear_in(ast.parse(f"def back(self, g):\n    {body}\n").body[0], "g")


@pytest.mark.parametrize(
    ("name", "words", "wrong"),
    [
        ("Menging", ("sum", "2"), set()),
        ("Menging", ("mean", "2"), {"drempel"}),
        ("Kromming", ("sum", "2"), set()),
        ("Verschil", ("sum", "2"), set()),
        ("Verschil", ("sum", "1"), {"voorspelling"}),
    ],
)
def test_a_layer_of_any_language_is_judged(tmp_path, name, words, wrong):
    """Gradients are returned and kept; a loss is handed no G, and told by the names of the others."""
    file = tmp_path / "lagen.py"
    file.write_text(_dutch(*words))

    report = function_here(f"{file}:{name}")

    assert wrong == {name for name, each in report.gradients.items() if each.verdict is Verdict.FAIL}
    assert report.verdict is (Verdict.FAIL if wrong else Verdict.PASS)


STEPS = """
import numpy as np

class Menging:
    def __init__(self, aantal_in, aantal_uit, tempo=0.1):
        self.gewicht = np.random.randn(aantal_in, aantal_uit)
        self.drempel = np.zeros((1, aantal_uit))
        self.tempo = tempo

    def heen(self, invoer):
        self.invoer = invoer
        return invoer @ self.gewicht + self.drempel

    def terug(self, fout):
        verder = fout @ self.gewicht.T
        self.gewicht -= self.tempo * (self.invoer.T @ fout)
        self.drempel -= self.tempo * fout.FOLD(axis=0, keepdims=True)
        return verder
"""


@pytest.mark.parametrize(("fold", "wrong"), [("sum", set()), ("mean", {"drempel"})])
def test_a_rate_is_told_by_its_use(tmp_path, fold, wrong):
    """What multiplies all that is taken from the weights, whatever it is called."""
    file = tmp_path / "lagen.py"
    file.write_text(STEPS.replace("FOLD", fold))

    report = function_here(f"{file}:Menging")

    assert {"invoer", "gewicht", "drempel"} == report.gradients.keys()
    assert wrong == {name for name, each in report.gradients.items() if each.verdict is Verdict.FAIL}
    assert report.verdict is (Verdict.FAIL if wrong else Verdict.PASS)
