"""The shapes that a forward asks for by what it raises."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict
from gradcheck_cli.targets.functions.inputs.lengths_said import lengths_said


@pytest.mark.parametrize(
    ("said", "lengths"),
    [
        ("operands could not be broadcast together with shapes (3,5) (5,7) ", (5, 7)),
        ("operands could not be broadcast together with shapes (3,1) (3,7) ", ()),  # the column is spread
        ("matmul: Input operand 1 has a mismatch in its core dimension 0, (size 6 is different from 5)", (6, 5)),
        ("shapes (3,5) and (6,4) not aligned: 5 (dim 1) != 6 (dim 0)", (5, 6)),
        ("mat1 and mat2 shapes cannot be multiplied (3x5 and 6x4)", (5, 6)),
        ("The size of tensor a (5) must match the size of tensor b (6) at non-singleton dimension 1", (5, 6)),
        ("could not broadcast input array from shape (5,) into shape (3,)", (5, 3)),
        ("division by zero", ()),
    ],
)
def test_two_lengths_are_read_off_what_does_not_fit(said, lengths):
    """As numpy and torch say it."""
    assert lengths_said(ValueError(said)) == lengths


QUADRATIC = """
import numpy as np

def bowl(x, A, b):
    return 0.5 * x @ A @ x - b @ x

def bowl_grad(x, A, b):
    return 0.5 * (A + A.T) @ x - b
"""


def test_a_vector_beside_a_square_matrix_is_found_without_a_name(tmp_path):
    """All lengths are one, and the forward gives a number: on matrices of unequal sides it would not."""
    file = tmp_path / "bowl.py"
    file.write_text(QUADRATIC)

    report = function_here(f"{file}:bowl_grad")

    assert (report.verdict, report.inputs.partition(" (")[0]) == (Verdict.PASS, "x 3, A 3x3, b 3")


@pytest.mark.parametrize("slip", [("0.5 * (A + A.T) @ x", "A @ x"), ("- b\n", "\n"), ("0.5 * (A + A.T)", "(A + A.T)")])
def test_what_is_wrong_there_fails(tmp_path, slip):
    """A is not symmetric."""
    file = tmp_path / "bowl.py"
    before, after = QUADRATIC.split("def bowl_grad")
    file.write_text(before + "def bowl_grad" + after.replace(*slip))

    assert function_here(f"{file}:bowl_grad").verdict is Verdict.FAIL
