"""Functions that are called with nodes, whose backward reads what the call kept."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict

CALLED = """
import weakref

import numpy as np


class Node:
    __array_priority__ = 100

    def __init__(self, value):
        self.value = value
        self.made_by = None


class Step:
    def __call__(self, *nodes):
        nodes = [node if isinstance(node, Node) else Node(node) for node in nodes]
        found = self.forward(*[node.value for node in nodes])
        result = Node(found)
        result.made_by = self
        self.nodes, self.result = nodes, weakref.ref(result)
        return result


class Product(Step):
    def forward(self, a, b):
        return a * b

    def backward(self, up):
        a, b = self.nodes
        return up * b.value, up * a.value


class Bend(Step):
    def forward(self, a):
        return np.tanh(a)

    def backward(self, up):
        bent = self.result().value
        return up * (1 - bent ** 2)


class Wave(Step):
    def forward(self, a):
        return np.sin(a)

    def backward(self, up):
        (a,) = self.nodes
        return times(up, Swell()(a))


class Swell(Step):
    def forward(self, a):
        return np.cos(a)

    def backward(self, up):
        return up * np.sin(self.nodes[0].value)


def times(one, other):
    return Product()(one, other)
"""


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """From a class's name to its report."""
    file = tmp_path_factory.mktemp("steps") / "steps.py"
    file.write_text(CALLED)
    return lambda name: function_here(f"{file}:{name}")


@pytest.mark.parametrize("name", ["Product", "Bend", "Wave"])
def test_what_the_call_keeps_is_there_for_the_backward(judged, name):
    """Its nodes, a weak reference to its result; and gradients that are nodes again are read."""
    assert judged(name).verdict is Verdict.PASS


def test_a_wrong_sign_in_one_fails(judged):
    """It is called as the right ones are."""
    report = judged("Swell")
    assert (report.verdict, [each.id for each in report.findings]) == (Verdict.FAIL, ["sign-flipped"])


TWICE = """
    def __mul__(self, other):
        return Product()(self, other)

    def backward(self):
        self.grad = Node(np.ones_like(self.value))


class Halved(Step):
    def forward(self, a):
        return a / 2

    def backward(self, up):
        up *= 0.5
        return up
"""


@pytest.mark.parametrize(("walk", "verdict"), [("Node(np.ones_like", Verdict.PASS), ("(np.ones_like", Verdict.FAIL)])
def test_a_walk_on_nodes_hands_a_node_to_the_backward(tmp_path, walk, verdict):
    """`up *= 0.5` makes another node, where an array would be overwritten."""
    file = tmp_path / "twice.py"
    node, halved = TWICE.replace("Node(np.ones_like", walk).split("\n\nclass Halved")
    file.write_text(
        CALLED.replace("        self.made_by = None\n", f"        self.made_by = None\n{node}\n", 1)
        + f"\nclass Halved{halved}"
    )

    report = function_here(f"{file}:Halved")

    assert (report.verdict, [each.id for each in report.findings]) == (
        verdict,
        [] if verdict is Verdict.PASS else ["overwrites-upstream"],
    )
