"""Classes of nodes, told by their syntax, and what of them is asked."""

import ast

import pytest

from gradcheck_cli.targets.functions.engines import operations_of, rows_of, takes_arrays, walk_of
from gradcheck_cli.targets.functions.listing import every_layer
from gradcheck_cli.targets.resolve import resolve

KNOT = """
import math

class Knot:
    def __init__(self, size, ropes=()):
        self.size, self.ropes, self.grad = size, ropes, 0.0

    def __add__(self, other):
        return Knot(self.size + other.size, (self, other))

    def __mul__(self, other):
        return Knot(self.size * other.size, (self, other))

    def __sub__(self, other):
        return self + other * Knot(-1.0)

    def exp(self):
        return Knot(math.exp(self.size), (self,))

    def detach(self):
        return Knot(self.size, ())

    @staticmethod
    def zero(): return Knot(0.0, ())

    def zero_grad(self): self.grad = 0.0

    def pull(self): return self.size

    def backward(self): ...
"""


def knot(text=KNOT):
    """The class."""
    return ast.parse(text).body[1]


def test_operations_make_nodes_that_know_what_they_are_made_of():
    """What is written in other operations is theirs, and a copy is none."""
    assert operations_of(knot()) == ["__add__", "__mul__", "exp"]


def test_each_operation_is_a_row_and_so_is_the_walk():
    """In a file as by the name of the class alone."""
    rows = ["Knot.__add__", "Knot.__mul__", "Knot.exp", "Knot.backward"]
    assert sorted(rows_of({"Knot": knot()})) == sorted(rows)
    assert sorted(every_layer(ast.parse(KNOT), "knots.py")) == sorted(rows)


def test_the_name_of_an_engine_stands_for_its_rows(tmp_path):
    """A class is typed where all of it is meant."""
    (tmp_path / "knots.py").write_text(KNOT)
    assert [ref.name for ref in resolve([f"{tmp_path}/knots.py:Knot"])] == rows_of({"Knot": knot()})


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("def backward(self)", "def backward(self, x, y)"),
        ("def pull(self)", "def forward(self, x)"),
        ("def backward(self)", "def show(self)"),
    ],
)
def test_a_class_without_a_walk_of_its_own_is_no_engine(was, now):
    """A backward that is handed data is a layer's, as is one beside a forward."""
    assert walk_of(knot(KNOT.replace(was, now))) == ""


def test_operations_that_others_make_are_found_by_what_they_return():
    """`return _exp(self)`: the nodes are made in a function."""
    text = KNOT.replace("return Knot(", "return tie(self, ")
    assert operations_of(knot(text)) == ["__add__", "__mul__", "exp"]


@pytest.mark.parametrize(
    ("line", "expected"), [("x.grad.shape", True), ("math.exp(x)", False), ("x.T @ np.dot(x, y)", True)]
)
def test_an_engine_that_looks_at_shapes_takes_arrays(line, expected):
    """Else a node is one number."""
    assert takes_arrays(line) is expected
