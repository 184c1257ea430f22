"""Matrices that are symmetric by what they are."""

import numpy as np
import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict
from gradcheck_cli.targets.functions.inputs.drawing import drawn
from gradcheck_cli.targets.functions.inputs.proposals import SIZES, Proposal, is_symmetric_name
from gradcheck_cli.targets.functions.inputs.symmetric import says_symmetric

ENERGY = """
import numpy as np

def spread(alpha, NAME):
    return 0.5 * alpha @ NAME @ alpha - alpha.sum()

def spread_grad(alpha, NAME):
    return GIVEN
"""


def judged(folder, name, given="NAME @ alpha - 1"):
    """The report of the gradient of a quadratic form with a matrix of this name."""
    (folder / "energy.py").write_text(ENERGY.replace("GIVEN", given).replace("NAME", name))
    return function_here(f"{folder / 'energy.py'}:spread_grad")


@pytest.mark.parametrize("name", ["gram_matrix", "cov", "K"])
def test_a_gradient_is_right_where_the_matrix_is_symmetric_by_its_name(tmp_path, name):
    """It is said that others were not asked; a wrong one fails on these too."""
    report = judged(tmp_path, name)
    assert report.verdict is Verdict.PASS
    assert f"{name} taken as symmetric, as the name says: with others it was not asked" in report.notes
    assert judged(tmp_path, name, "2 * NAME @ alpha - 1").verdict is Verdict.FAIL


def test_of_any_other_matrix_the_transpose_is_missed(tmp_path):
    """The slope of x A x is (A + A') x."""
    assert judged(tmp_path, "table").verdict is Verdict.FAIL


def test_it_is_positive_definite_where_it_is_square():
    """So that it has a root and a logarithm of its determinant."""
    square = drawn({"k": Proposal("symmetric", "d d")}, SIZES[0], 1).array("k")
    assert np.array_equal(square, square.T)
    assert np.linalg.eigvalsh(square).min() > 0
    assert drawn({"k": Proposal("symmetric", "n d")}, SIZES[0], 1).array("k").shape == (3, 5)


@pytest.mark.parametrize(("name", "is_one"), [("K", True), ("k", False), ("kernel", False), ("kernel_matrix", True)])
def test_a_kernel_of_a_convolution_is_none(name, is_one):
    """Where it were symmetric, no flip would be seen."""
    assert is_symmetric_name(name) is is_one


@pytest.mark.parametrize(
    ("words", "is_said"),
    [
        ("A symmetric", True),
        ("`A`: (n, n), a symmetric matrix", True),
        ("of a symmetric positive definite matrix A", True),
        ("A est une matrice symétrique", True),
        ("A is not symmetric", False),
        ("A asymmetric", False),
        ("A, B any; C symmetric", False),
        ("symmetric in both of its arguments. A: any matrix", False),
    ],
)
def test_words_beside_the_code_say_what_is_symmetric(words, is_said):
    """And no name in the code does, as `symmetrize(A)`."""
    assert says_symmetric(f'def f(x, A):\n    """{words}"""\n    return symmetrize(A) @ x', "A") is is_said


SPRINGS = """
import numpy as np

def spring_energy(r, S, kappa):
    gap = r[:, None] - r[None, :]
    return 0.25 * kappa * np.sum(S * gap ** 2)

def spring_energy_grad(r, S, kappa):
    \"\"\"WORDS\"\"\"
    gap = r[:, None] - r[None, :]
    return kappa * (S * gap).sum(axis=AXIS)
"""


@pytest.mark.parametrize(
    ("words", "axis", "verdict"),
    [("S symmetric", "1", Verdict.PASS), ("S symmetric", "0", Verdict.FAIL), ("", "1", Verdict.FAIL)],
)
def test_what_scales_a_total_is_a_number(tmp_path, words, axis, verdict):
    """With an array in its place there would be several energies; the example of what is wrong is symmetric too."""
    file = tmp_path / "springs.py"
    file.write_text(SPRINGS.replace("WORDS", words).replace("AXIS", axis))
    report = function_here(f"{file}:spring_energy_grad")
    assert report.gradients["r"].verdict is verdict
    assert ("S taken as symmetric, as the words beside it say: with others it was not asked" in report.notes) is bool(
        words
    )
    if words and report.counterexample is not None:
        S = report.counterexample.values["S"]
        assert np.array_equal(S, S.T)


SNE = """
import numpy as np

def near(Y, P):
    apart = np.sum((Y[:, None] - Y[None, :]) ** 2, -1)
    num = (1 - np.eye(len(Y))) / (1 + apart)
    Q = np.maximum(num / num.sum(), 1e-12)
    use = P > 0
    return np.sum(P[use] * np.log(P[use] / Q[use]))

def near_grad(Y, P):
    off = Y[:, None] - Y[None, :]
    num = (1 - np.eye(len(Y))) / (1 + np.sum(off ** 2, -1))
    dY = 4 * np.sum((GIVEN * P - num / num.sum())[..., None] * num[..., None] * off, 1)
    return dY
"""


@pytest.mark.parametrize(("given", "verdict"), [("1", Verdict.PASS), ("2", Verdict.FAIL)])
def test_chances_of_pairs_are_symmetric_and_sum_to_one(tmp_path, given, verdict):
    """As neighbours are embedded."""
    (tmp_path / "near.py").write_text(SNE.replace("GIVEN", given))
    report = function_here(f"{tmp_path / 'near.py'}:near_grad")
    assert {name: each.verdict for name, each in report.gradients.items()} == {"Y": verdict}
