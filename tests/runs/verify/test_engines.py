"""Engines: each operation by its own forward, alone and with its nodes used once more, and the walk."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict

ABACUS = """
import math

class Bead:
    def __init__(self, worth, _from=(), _how=""):
        self.worth = worth
        self.grad = 0.0
        self._from = _from
        self._how = _how
        self._roll = lambda: None

    def __add__(self, other):
        made = Bead(self.worth + other.worth, (self, other), "+")
        def _roll():
            self.grad += made.grad
            other.grad += made.grad
        made._roll = _roll
        return made

    def __mul__(self, other):
        made = Bead(self.worth * other.worth, (self, other), "*")
        def _roll():
            self.grad += other.worth * made.grad
            other.grad += self.worth * made.grad
        made._roll = _roll
        return made

    def __pow__(self, n):
        assert isinstance(n, (int, float))
        made = Bead(self.worth ** n, (self,), "**")
        def _roll():
            self.grad += n * self.worth ** (n - 1) * made.grad
        made._roll = _roll
        return made

    def log(self):
        made = Bead(math.log(self.worth), (self,), "log")
        def _roll():
            self.grad += made.grad / self.worth
        made._roll = _roll
        return made

    def backward(self):
        order, seen = [], set()
        def visit(bead):
            if bead not in seen:
                seen.add(bead)
                for each in bead._from:
                    visit(each)
                order.append(bead)
        visit(self)
        self.grad = 1.0
        for bead in reversed(order):
            bead._roll()
"""
GRID = """
import numpy as np

class Grid:
    def __init__(self, cells, requires_grad=False, made_of=()):
        self.cells = np.array(cells, dtype=float)
        self.requires_grad = requires_grad
        self.grad = None
        self.made_of = made_of

    def _take(self, g):
        if not self.requires_grad:
            return
        self.grad = g if self.grad is None else self.grad + g
        for other, way in self.made_of:
            other._take(way(g))

    def __add__(self, other):
        def second(g):
            SECOND
        return Grid(self.cells + other.cells, True, [(self, lambda g: g), (other, second)])

    def __mul__(self, other):
        ways = [(self, lambda g: g * other.cells), (other, lambda g: g * self.cells)]
        return Grid(self.cells * other.cells, True, ways)

    def __matmul__(self, other):
        ways = [(self, lambda g: g @ other.cells.T), (other, lambda g: self.cells.T @ g)]
        return Grid(self.cells @ other.cells, True, ways)

    def reshape(self, *shape):
        return Grid(self.cells.reshape(*shape), True, [(self, lambda g: g.reshape(self.cells.shape))])

    def backward(self, grad):
        self._take(grad)
"""
SUMMED = "return g.sum(axis=0) if g.ndim > other.cells.ndim else g"


def judged(tmp_path, text, operation):
    """The report of one row."""
    (tmp_path / "mine.py").write_text(text)
    return function_here(f"{tmp_path}/mine.py:{operation}")


@pytest.mark.parametrize("operation", ["__add__", "__mul__", "__pow__", "log", "backward"])
def test_what_is_right_passes(tmp_path, operation):
    """Also where a logarithm wants positive numbers, and an exponent is no node."""
    assert judged(tmp_path, ABACUS, f"Bead.{operation}").verdict is Verdict.PASS


def test_a_gradient_that_is_stored_where_it_should_add_is_told_by_a_second_use(tmp_path):
    """`=` for `+=`: right as long as a node is used once."""
    text = ABACUS.replace("self.grad += other.worth", "self.grad = other.worth")
    report = judged(tmp_path, text, "Bead.__mul__")
    finding = report.findings[0]
    assert (finding.id, finding.certainty, finding.gradient) == ("overwrites-instead-of-adding", "proved", "self")
    assert finding.fails_when == "reused = True"
    assert "self.grad = other.worth" in finding.text


def test_an_operation_that_forgets_the_gradient_of_its_output_is_wrong(tmp_path):
    """The walk begins with another number than 1, so that it shows."""
    text = ABACUS.replace("(n - 1) * made.grad", "(n - 1)")
    report = judged(tmp_path, text, "Bead.__pow__")
    assert (report.verdict, report.findings[0].id) == (Verdict.FAIL, "upstream-ignored")


def test_a_walk_that_goes_on_before_a_gradient_is_whole_is_wrong(tmp_path):
    """Breadth first: a node's second user comes after it."""
    text = ABACUS.partition("    def backward")[0] + (
        "    def backward(self):\n"
        "        self.grad, waiting, seen = 1.0, [self], set()\n"
        "        while waiting:\n"
        "            bead = waiting.pop(0)\n"
        "            if bead not in seen:\n"
        "                seen.add(bead)\n"
        "                bead._roll()\n"
        "                waiting.extend(bead._from)\n"
    )
    assert judged(tmp_path, text, "Bead.backward").verdict is Verdict.FAIL
    assert judged(tmp_path, text, "Bead.__mul__").verdict is Verdict.PASS


def test_a_walk_over_wrong_operations_is_not_judged(tmp_path):
    """Its gradients are wrong, and it is not to blame."""
    text = ABACUS.replace("other.grad += self.worth", "other.grad += other.worth")
    with pytest.raises(Exception, match="__mul__ is wrong by itself"):
        judged(tmp_path, text, "Bead.backward")


@pytest.mark.parametrize("operation", ["__add__", "__matmul__", "reshape", "backward"])
def test_nodes_of_arrays_are_handed_a_gradient_of_theirs(tmp_path, operation):
    """A row that is added to rows has the sum of their gradients."""
    assert judged(tmp_path, GRID.replace("SECOND", SUMMED), f"Grid.{operation}").verdict is Verdict.PASS


def test_a_row_that_is_spread_and_not_summed_is_wrong(tmp_path):
    """An addition that takes a bias gives it a gradient for each row."""
    report = judged(tmp_path, GRID.replace("SECOND", "return g"), "Grid.__add__")
    assert report.verdict is Verdict.FAIL
    assert {finding.gradient for finding in report.findings} == {"other"}
