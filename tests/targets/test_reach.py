"""What a target reaches in its own file, and the numbers in it."""

import ast

import pytest

from gradcheck_cli.targets.reach import constants, reached

FILE = """
import numpy as np
BLOCK, SIZES = 24, (11, 13)
UNUSED = 99

def helper(a, width=9):
    return deeper(a)[:, :width]

def deeper(a):
    return a if a.shape[1] > 6 else -a

def stranger(a):
    return a + 77

def conv_backward(x, w, g):
    xs = np.transpose(x, (0, 3, 1, 2)).sum(axis=3)
    for c in range(0, x.shape[3], BLOCK):
        xs = helper(x)
    return xs.reshape(4 * 8, -1), np.random.default_rng(42), SIZES

class Layer:
    tile = 1 << 4

    def backward(self, g):
        return self.inner(g)

    def inner(self, g):
        return g[:5]

    def forward(self, x):
        return np.sum(x[:10], 7)
"""
TREE = ast.parse(FILE)


def test_a_function_reaches_the_helpers_that_it_calls():
    """And theirs, but no strangers."""
    assert {"conv_backward", "helper", "deeper"} == set(reached(TREE, "conv_backward"))


def test_a_method_reaches_the_methods_of_its_class_that_it_calls():
    """Not those that it does not."""
    assert {"Layer.backward", "Layer.inner"} == set(reached(TREE, "Layer.backward"))


def test_numbers_of_comparisons_and_ranges_come_first():
    """Constants of the file count where they are used; axes, seeds and what is not reached do not."""
    found = constants(TREE, "conv_backward", {"BLOCK": 24, "SIZES": (11, 13), "UNUSED": 99})

    assert {24, 9, 6, 32, 11, 13} == set(found)
    assert {24, 6} == set(found[:2])


def test_a_class_counts_whole():
    """Its attributes and all of its methods."""
    assert {16, 5, 10} == set(constants(TREE, "Layer", {}))


@pytest.mark.parametrize("text", ["2 ** 400", "1 << 999", "3 ** 9"])
def test_numbers_that_are_no_sizes_are_left_out(text):
    """And never computed where they are huge."""
    assert () == constants(ast.parse(f"def f(x):\n    return x * {text}"), "f", {})
