"""Which of the returned arrays is which gradient, and what is told of their order."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from gradcheck_cli.layers import conv
from gradcheck_cli.model import ConvSpec
from gradcheck_cli.targets import Worker, resolve
from gradcheck_cli.targets.conventions.base import collect
from gradcheck_cli.targets.conventions.probes import integer_case
from gradcheck_cli.targets.conventions.results import order_notes

SUMS = """
import numpy as np

def conv_backward(upstream, x, w):
    by_weight, by_input = np.zeros(w.shape), np.zeros(x.shape)
    for row, column in np.ndindex(*upstream.shape[2:]):
        part = np.s_[:, :, row:row + w.shape[2], column:column + w.shape[3]]
        by_weight += np.einsum("no,ncuv->ocuv", upstream[:, :, row, column], x[part])
        by_input[part] += np.einsum("no,ocuv->ncuv", upstream[:, :, row, column], w)
    by_bias = upstream.sum(axis=(0, 2, 3))
    return RETURNED
"""


@pytest.mark.parametrize(
    ("keys", "notes"),
    [
        ({"input": "0", "weight": "1", "bias": "2"}, ()),
        ({"weight": "0", "bias": "1"}, ()),
        ({"bias": "0"}, ()),
        ({}, ()),
        ({"weight": "dw", "input": "dx"}, ()),
        ({"weight": "0", "input": "1", "bias": "2"}, ("returns weight, input, bias in this order",)),
        ({"bias": "1", "weight": "3"}, ("returns bias, weight in this order",)),
        ({"weight": "10", "input": "9"}, ()),
    ],
)
def test_another_order_than_the_usual_one_is_told(keys, notes):
    """By position, not by spelling; names in a dict have no order."""
    assert order_notes(keys) == notes


@pytest.mark.parametrize(
    ("returned", "told"),
    [
        ("by_input, by_weight, by_bias", False),
        ("by_weight, by_input, by_bias", True),
        ("{'dW': by_weight, 'dX': by_input}", False),
    ],
)
def test_the_order_is_a_note_of_the_target(tmp_path, returned, told):
    """A teacher who calls the functions of a class sees whose results come in another order."""
    file = tmp_path / "sums.py"
    file.write_text(SUMS.replace("RETURNED", returned))
    with Worker(resolve([str(file)])[0]) as worker:
        notes = worker.describe().notes

    assert ("returns weight, input, bias in this order" in notes) is told


def test_arrays_in_an_object_that_is_made_to_hold_them_are_found():
    """A dataclass or a namespace reads like a dict; what else an object has is nobody's result."""
    both = dataclasses.make_dataclass("Both", ["weight", "input"])(np.ones(2), SimpleNamespace(dx=np.zeros(3)))
    other = type("Other", (), {"weight": np.ones(2)})()

    assert {"weight": 2, "input.dx": 3} == {key: array.size for key, array in collect(both).items()}
    assert {} == collect(other)


@pytest.mark.parametrize("filters", [1, 4])
@pytest.mark.parametrize(
    "returned",
    [
        "by_input, [by_weight]",
        "by_input, [by_weight], [by_bias]",
        "[by_input], [by_weight]",
        "by_input, [each for each in by_weight]",
    ],
)
def test_an_array_alone_in_a_list_is_the_only_parameter_or_the_only_filter(tmp_path, returned, filters):
    """`return dx, [dW]`, as layers hand their updates over; and a list with the gradient of each filter."""
    file = tmp_path / "sums.py"
    file.write_text(SUMS.replace("RETURNED", returned))
    case = integer_case(ConvSpec(2, 3, filters, 6, 5, (3, 2)))
    with Worker(resolve([str(file)])[0]) as worker:
        answer = worker.backward(case)

    expected = conv.backward(case)
    assert answer.error == ""
    assert {name: array.tolist() for name, array in answer.gradients.items()} == {
        name: expected[name].tolist() for name in answer.gradients
    }
    assert {"input", "weight"} <= set(answer.gradients)
