"""What an initializer makes, on which layouts."""

import ast

import numpy as np

from gradcheck_cli.targets.functions.network_wiring import layouts_of
from gradcheck_cli.targets.functions.plain import PlainFunction

CODE = """
def initialize(n_in, n_out):
    assert n_out < 4
    W, b = np.zeros((n_in, n_out)), np.zeros(4)
    return W, b
"""


def initializer(code):
    """The function of a file that holds nothing else."""
    held = {"np": np}
    exec(code, held)
    return PlainFunction(held["initialize"], ast.parse(code).body[0], "initialize", code)


def test_a_length_that_it_does_not_take_is_no_layout():
    """A bias of 4 says that there are 4 outputs, and it refuses these: those that it makes are left."""
    found = [made[0]["W"].shape for _, _, made in layouts_of(initializer(CODE))]
    assert set(found) == {(5, 1), (5, 2)}


def test_a_length_that_is_written_into_it_is_the_number_of_outputs():
    """Where it takes as many."""
    found = [
        (target.axes, made[0]["W"].shape) for _, target, made in layouts_of(initializer(CODE.replace("< 4", "< 5")))
    ]
    assert ("4 n", (5, 4)) in found
