"""Arrays that a file hands over in lists, dicts and objects are arguments, each by itself."""

from types import SimpleNamespace

import numpy as np
import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict
from gradcheck_cli.targets.functions.nested import NestedArrays, nested_in

W, B = np.arange(6.0).reshape(2, 3), np.arange(3.0)
VALUES = [
    ([{"W": W, "b": B}], {"net_0_W", "net_0_b"}, [{"dW": 2 * W, "db": 2 * B}]),
    (((W, B), "relu"), {"net_0_0", "net_0_1"}, [[2 * W, 2 * B]]),
    ({"in": {"W": W}, "b-out": B, "steps": 3}, {"net_in_W", "net_b_out"}, {"in": {"W": 2 * W}, "b-out": 2 * B}),
    (SimpleNamespace(W=W, b=B, n=2), {"net_W", "net_b"}, SimpleNamespace(W=2 * W, b=2 * B)),
    (SimpleNamespace(W=W, b=B), {"net_W", "net_b"}, {"grad_W": 2 * W, "grad_b": 2 * B}),
]


@pytest.mark.parametrize(("value", "names", "gradients"), VALUES)
def test_each_array_has_a_name_a_place_and_a_gradient(value, names, gradients):
    """A new value has new arrays in the same places; the one that was handed over stays as it was."""
    nested = NestedArrays("net", value)

    arrays = nested.arrays(value)
    made = nested.made({name: array + 1 for name, array in arrays.items()})
    found = nested.gradients(gradients)

    assert names == set(arrays) == set(found)
    assert all(np.array_equal(array + 1, nested.arrays(made)[name]) for name, array in arrays.items())
    assert all(np.array_equal(2 * array, found[name]) for name, array in arrays.items())
    assert W[0, 0] == 0


def test_what_refers_back_is_walked_once():
    """`child.parent` is an array of the tree already."""
    root, child = SimpleNamespace(W=W, children=[]), SimpleNamespace(W=W)
    root.children.append(child)
    child.parent = root
    nested = NestedArrays("tree", root)

    made = nested.made({"tree_children_0_W": W + 1})

    assert nested.leaves == {"tree_W": ("W",), "tree_children_0_W": ("children", 0, "W")}
    assert np.array_equal(made.children[0].W, W + 1)
    assert np.array_equal(made.W, W)


def test_another_structure_has_no_gradients_of_this_one():
    """One layer less, or nothing of the kind."""
    nested = NestedArrays("net", [{"W": W}, {"W": W}])
    assert nested.gradients([{"W": W}]) is None
    assert nested.gradients(W) is None
    assert nested.arrays([{"W": W}]) is None


def test_only_what_holds_arrays_is_a_structure():
    """No array, no list of numbers, no word."""
    assert nested_in({"x": W, "names": ["a"], "steps": (1, 2), "ids": [np.arange(3)]}) == []
    assert [each.name for each in nested_in({"x": W, "net": [W]})] == ["net"]


MODEL = """
import numpy as np

def start(widths, rng):
    return [CELL for m, n in zip(widths, widths[1:])]

def run(model, data):
    kept = [data]
    for part in model:
        weights, offset = OPEN
        kept.append(np.tanh(kept[-1] @ weights + offset))
    return kept

def loss(model, data, wanted):
    return np.sum((run(model, data)[-1] - wanted) ** 2)

def loss_backward(model, data, wanted):
    kept = run(model, data)
    up = 2 * (kept[-1] - wanted)
    found = []
    for place in range(len(model) - 1, -1, -1):
        part = model[place]
        weights, offset = OPEN
        up = up * (1 - kept[place + 1] ** 2)
        found.append(GRADIENT)
        up = up @ weights.T
    return found[::-1]

if __name__ == "__main__":
    rng = np.random.default_rng(3)
    model = start([3, 5, 2], rng)
    data = rng.normal(size=(7, 3))
    for turn in range(1000):
        for part, step in zip(model, loss_backward(model, data, np.zeros((7, 2)))):
            print(step)
    print(loss(model, data, np.zeros((7, 2))))
"""
DICTS = {
    "CELL": '{"mat": rng.normal(size=(m, n)), "off": np.zeros(n)}',
    "OPEN": 'part["mat"], part["off"]',
    "GRADIENT": '{"mat": kept[place].T @ up, "off": up.AXES}',
}
PAIRS = {
    "CELL": "(rng.normal(size=(m, n)), np.zeros(n))",
    "OPEN": "part",
    "GRADIENT": "(kept[place].T @ up, up.AXES)",
}


@pytest.mark.parametrize("words", [DICTS, PAIRS])
@pytest.mark.parametrize(("axes", "verdict"), [("sum(0)", Verdict.PASS), ("mean(0)", Verdict.FAIL)])
def test_a_network_in_a_list_is_judged_on_the_one_that_its_file_makes(tmp_path, words, axes, verdict):
    """Each weight of each layer has a gradient of its own; the mean of one is wrong in all offsets alone."""
    text = MODEL
    for word, meant in words.items():
        text = text.replace(word, meant)
    file = tmp_path / "network.py"
    file.write_text(text.replace("AXES", axes))

    report = function_here(f"{file}:loss_backward")

    of_offsets = {name for name in report.gradients if name.endswith(("off", "1_1", "0_1"))}
    wrong = {name for name, result in report.gradients.items() if result.verdict is Verdict.FAIL}
    assert report.verdict is verdict
    assert wrong == (of_offsets if verdict is Verdict.FAIL else set())
    assert len(of_offsets) == 2


SEQUENCE = """
import numpy as np
from types import SimpleNamespace

def make(seed=1):
    draw = np.random.RandomState(seed).randn
    return SimpleNamespace(into=draw(5, 3) * 0.3, again=draw(5, 5) * 0.3, out=draw(3, 5) * 0.3)

def turn(cell, letters, wanted, state):
    states, chances, loss = {-1: state}, {}, 0
    for t in range(len(letters)):
        states[t] = np.tanh(cell.into[:, letters[t]:letters[t] + 1] + cell.again @ states[t - 1])
        y = cell.out @ states[t]
        chances[t] = np.exp(y) / np.exp(y).sum()
        loss -= np.log(chances[t][wanted[t], 0])
    grads = SimpleNamespace(**{name: np.zeros_like(value) for name, value in vars(cell).items()})
    later = np.zeros_like(state)
    for t in reversed(range(len(letters))):
        up = chances[t].copy()
        up[wanted[t]] -= 1
        grads.out += up @ states[t].T
        dz = (cell.out.T @ up + later) * (1 - states[t] ** 2)
        grads.into[:, letters[t]] += dz[:, 0]
        grads.again += dz @ states[t - 1].T
        later = LATER
    return loss, grads

if __name__ == "__main__":
    loss, grads = turn(make(), [0, 2, 1, 2], [2, 1, 2, 0], np.zeros((5, 1)))
"""


@pytest.mark.parametrize(("later", "wrong"), [("cell.again.T @ dz", set()), ("0 * dz", {"cell_into", "cell_again"})])
def test_a_loss_with_the_gradients_of_an_object_is_judged(tmp_path, later, wrong):
    """Of each array that the object holds."""
    file = tmp_path / "turn.py"
    file.write_text(SEQUENCE.replace("LATER", later))

    report = function_here(f"{file}:turn")

    assert wrong == {name for name, result in report.gradients.items() if result.verdict is Verdict.FAIL}
    assert {"cell_into", "cell_again", "cell_out"} <= set(report.gradients)
    assert report.verdict is (Verdict.FAIL if wrong else Verdict.PASS)
