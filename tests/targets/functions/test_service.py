"""The child's side of a function, in this process."""

import numpy as np
import pytest

from gradcheck_cli.targets import HowToCall, WorkerLimits, resolve
from gradcheck_cli.targets.functions import service
from gradcheck_cli.targets.functions.client import FunctionClient
from gradcheck_cli.targets.here import WorkerHere

TEXT = """\
def cube_forward(x):
    if x[0] == 3:
        raise ValueError("no three")
    return x ** 3, x

def cube_backward(dout, cache):
    return 3 * dout * cache ** 2
"""


@pytest.fixture
def client(tmp_path):
    """Who asks, and a sample."""
    file = tmp_path / "user.py"
    file.write_text(TEXT)
    worker = WorkerHere(
        resolve([f"{file}:cube_backward"])[0], WorkerLimits(memory=None), HowToCall(kinds=("function",))
    )
    return FunctionClient(worker), worker.describe_any().samples[0]


@pytest.mark.parametrize(("slice_", "count"), [(60.0, 2), (-1.0, 1)])
def test_several_values_are_answered_for_as_far_as_a_slice_of_time_goes(client, monkeypatch, slice_, count):
    """One at least."""
    asked, sample = client
    monkeypatch.setattr(service, "SLICE", slice_)
    values = np.stack([np.full(sample.array("x").shape, number) for number in (1.0, 2.0)])
    found = asked.varied(sample, "x", values)
    assert (found.error, len(found.outputs[0])) == ("", count)
    np.testing.assert_array_equal(found.outputs[0], values[:count] ** 3)


def test_what_the_forward_raises_on_is_said_with_what_was_answered_before(client):
    """The value that comes next."""
    asked, sample = client
    found = asked.varied(sample, "x", np.stack([np.full(sample.array("x").shape, number) for number in (2.0, 3.0)]))
    assert (found.error, len(found.outputs[0])) == ("ValueError: no three", 1)
