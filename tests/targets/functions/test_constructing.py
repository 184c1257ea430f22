"""Objects that are made of lengths, and hold no array that says which."""

import numpy as np
import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict
from gradcheck_cli.targets.functions.constructing import makings
from gradcheck_cli.targets.functions.inputs.proposals import SIZES
from gradcheck_cli.targets.functions.making import Letter, Making

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


TURNED = """
import numpy as np

class Turned:
    def __init__(self, width, parts=4):
        self.parts, self.one = parts, width // parts
        self.wa, self.wb, self.wc = (np.random.randn(width, width) for _ in range(3))
        self.cos, self.sin = np.cos(np.arange(64.0))[:, None], np.sin(np.arange(64.0))[:, None]

    def forward(self, x):
        self.x = x
        self.a, self.b = x @ self.wa, x @ self.wb
        self.e = np.exp(np.tanh(self.a).reshape(len(x), self.parts, self.one)).reshape(x.shape)
        self.mixed = self.e * self.b * self.cos[:len(x)]
        return self.mixed @ self.wc

    def backward(self, dout):
        d = (dout @ self.wc.T) * self.cos[:len(dout)]
        self.dwc = self.mixed.T @ dout
        da, db = d * self.b * self.e * (1 - np.tanh(self.a) ** 2), d * TIMES self.e
        self.dwa, self.dwb = self.x.T @ da, self.x.T @ db
        return da @ self.wa.T + db @ self.wb.T
"""


@pytest.mark.parametrize(("times", "verdict"), [("", Verdict.PASS), ("2 *", Verdict.FAIL)])
def test_a_width_that_is_divided_by_a_default_is_a_multiple_of_it(tmp_path, times, verdict):
    """Four parts of two; the tables of angles that the constructor computes are no weights, and weights are small."""
    file = tmp_path / "turned.py"
    file.write_text(TURNED.replace("TIMES", times))

    report = function_here(f"{file}:Turned")

    assert (report.verdict, report.gradients["wb"].verdict) == (verdict, verdict)
    assert set(report.gradients) == {"x", "wa", "wb", "wc"}
    assert "wa 8x8" in report.inputs


LISTED = """
import numpy as np

class Listed:
    def __init__(self, n_in, sizes=(64, 64)):
        lengths = [n_in, *sizes]
        self.weights = [np.random.randn(*pair) for pair in zip(lengths[:-1], lengths[1:])]
        self.biases = [np.zeros(length) for length in sizes]

    def forward(self, x):
        self.kept = [x]
        for w, b in zip(self.weights, self.biases):
            self.kept.append(np.tanh(self.kept[-1] @ w + b))
        return self.kept[-1]

    def backward(self, dout):
        weights, biases = [], []
        for w, before, after in zip(self.weights[::-1], self.kept[-2::-1], self.kept[:0:-1]):
            dout = dout * (1 - after ** 2)
            weights.insert(0, before.T @ dout)
            biases.insert(0, dout.OVER(axis=0))
            dout = dout @ w.T
        return {"weights": weights, "biases": biases}
"""


@pytest.mark.parametrize(("over", "verdict"), [("sum", Verdict.PASS), ("mean", Verdict.FAIL)])
def test_gradients_come_in_a_dict_of_lists_by_the_names_of_the_lists(tmp_path, over, verdict):
    """`{"weights": [...], "biases": [...]}`: each is that of the parameter at its place."""
    file = tmp_path / "listed.py"
    file.write_text(LISTED.replace("OVER", over))

    report = function_here(f"{file}:Listed")

    assert [report.gradients[f"{name}.{place}"].verdict for name in ("weights", "biases") for place in (0, 1)] == [
        Verdict.PASS,
        Verdict.PASS,
        verdict,
        verdict,
    ]
