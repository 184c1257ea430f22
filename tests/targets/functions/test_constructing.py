"""Objects that are made of lengths, and hold no array that says which."""

import numpy as np
from functions_here import function_here

from gradcheck_cli.model import Verdict
from gradcheck_cli.targets.functions.constructing import Letter, Making, makings
from gradcheck_cli.targets.functions.inputs.proposals import SIZES

ROW = """
import numpy as np

class SoftmaxRow:
    def __init__(self, input_size):
        self.input_size = input_size

    def forward(self, row):
        raised = np.exp(row)
        self.output = raised / raised.sum()
        return self.output

    def backward(self, error):
        beside = np.tile(self.output.T, self.input_size)
        return self.output * (error @ (np.identity(self.input_size) - beside))
"""


def test_a_layer_of_one_row_is_asked_of_rows_of_the_length_that_it_was_made_for(tmp_path):
    """Two lengths of rows need two objects, though neither holds an array."""
    file = tmp_path / "row.py"
    file.write_text(ROW)

    report = function_here(str(file))

    assert report.verdict == Verdict.PASS
    assert not any("raises" in each.message for each in report.findings)


def test_the_number_of_samples_decides_between_two_sets_of_lengths():
    """A length of one set may be another one's number of something else."""
    making = Making(object, {"size": Letter("d")})
    first, second = SIZES

    assert making.sizes_of({"x": np.zeros((first["n"], first["d"]))}) == first
    assert making.sizes_of({"x": np.zeros((second["n"], second["t"], second["d"]))}) == second
    assert making.sizes_of({"x": np.zeros((1, second["d"]))}) == second
    assert Making(object, {}).sizes_of({"x": np.zeros((second["n"], second["d"]))}) == first


class Wide:
    """A constructor with lengths by default."""

    def __init__(self, n_in, hidden_dim=128, layers=(64, 64), seed=64, n_out=3):
        self.made = (n_in, hidden_dim, list(layers), seed, n_out)


def test_long_lengths_are_made_short_before_they_are_left_to_their_default():
    """Each entry of an array costs a derivative; a seed is no length, and a short one is meant."""
    first, *_ = ways = list(makings(Wide))
    sizes = SIZES[0]

    assert first.instance(sizes).made == (sizes["d"], sizes["m"], [sizes["m"], sizes["t"]], 64, 3)
    assert any(way.instance(sizes).made[1:3] == (128, [64, 64]) for way in ways)
