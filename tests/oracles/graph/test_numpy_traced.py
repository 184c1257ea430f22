"""A forward in numpy, written down: its operations, its lines, and a derivative that is that of its numbers."""

import math

import numpy as np
import pytest

from gradcheck_cli.oracles.graph.numpy_recorder import record_numpy
from gradcheck_cli.oracles.graph.replay import Replay


def recorded(forward, **values):
    """The recording of a function of arrays."""
    return record_numpy(lambda given: [forward(**given)], values, (__file__,))


def normalised(x):
    """Mean and variance, as one writes them."""
    mu = np.mean(x, axis=1, keepdims=True)
    return (x - mu) / np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)


def in_loops(x):
    """Entry by entry into an array that numpy made."""
    out = np.zeros(x.shape)
    for row in range(x.shape[0]):
        for column in range(x.shape[1]):
            out[row, column] = x[row, column] * math.sqrt(1 + x[row, 0] ** 2)
    out[out < 0] = 0
    out += x[::-1]
    return out.T


def softmax(x):
    """In place, and of several parts."""
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    e /= np.sum(e, -1, keepdims=True)
    return np.concatenate([e, np.stack([e[0], e[1], e[2]]) ** 2], axis=1)


def picked(x):
    """Rows by number, twice the same, and a mean of all."""
    rows = np.array([0, 2, 2])
    return -np.log(np.abs(x[rows, [1, 0, 3]]) + 1).mean() + x[0].dot(x[1])


def added_up(x):
    """`np.add.at` adds what comes twice."""
    table = np.zeros_like(x)
    np.add.at(table, np.array([1, 1, 0]), x * 2)
    return np.maximum(table, 0) @ x.transpose(1, 0).reshape(4, 3)


def turned(x):
    """Axes and windows."""
    padded = np.pad(x[None], ((0, 0), (1, 1), (0, 0)), mode="constant")
    return np.einsum("bij,ik->bjk", padded[:, 1:-1], np.tanh(x)).swapaxes(1, 2).sum(axis=(0, 2))


def chosen(x):
    """Branches and switches of numbers."""
    low = np.where(x > 0, x**3, 0.5 * x)
    return np.clip(low, -0.4, 0.9) + np.minimum(x, 0.2) - np.logaddexp(0, x) + x.std() * np.linalg.norm(x, axis=0)


@pytest.mark.parametrize("forward", [normalised, in_loops, softmax, picked, added_up, turned, chosen])
def test_a_recording_gives_the_numbers_and_the_derivative_of_the_forward(forward):
    """Of central differences, at a point without a kink."""
    x = np.random.default_rng(3).standard_normal((3, 4))
    recording = recorded(forward, x=x)
    replay = Replay(recording, {"x": x})
    (output,) = replay.outputs()
    np.testing.assert_allclose(output, forward(x), rtol=1e-12)
    upstream = np.random.default_rng(4).standard_normal(np.shape(output))
    slopes = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[place] = 1e-6
        slopes[place] = ((forward(x + step) - forward(x - step)) * upstream).sum() / 2e-6
    np.testing.assert_allclose(replay.gradients((upstream,))["x"], slopes, rtol=1e-6, atol=1e-7)


def test_each_operation_has_its_line_and_the_name_that_it_gets():
    """As the diagnosis quotes them."""
    nodes = recorded(normalised, x=np.arange(6.0).reshape(2, 3)).nodes
    assert nodes[1].place.name == "mu"
    assert nodes[1].place.expression == "np.mean(x, axis=1, keepdims=True)"
    assert nodes[-1].place.text.startswith("return (x - mu) / np.sqrt(")


def test_what_is_not_followed_is_a_constant():
    """A median is not; the derivative is not the forward's then, and whoever compares it sees that."""
    recording = recorded(lambda x: np.median(x) * x, x=np.arange(6.0))
    (gradient,) = Replay(recording, {"x": np.arange(6.0)}).gradients((np.ones(6),)).values()
    assert gradient.tolist() == [2.5] * 6


def test_numpy_is_as_it_was_afterwards():
    """Also where the forward raises."""
    before = np.zeros, np.array, np.asarray, math.sqrt
    with pytest.raises(ZeroDivisionError):
        recorded(lambda x: 1 / 0, x=np.ones(2))
    assert before == (np.zeros, np.array, np.asarray, math.sqrt)
    assert type(np.zeros(2)) is np.ndarray


def test_whole_numbers_and_switches_stay_plain():
    """Nothing is differentiated by them."""

    def forward(x):
        hit = x > 0
        assert type(hit) is np.ndarray
        assert isinstance(np.zeros(2, dtype=int), np.ndarray)
        return x * hit * np.argmax(x)

    assert [node.op for node in recorded(forward, x=np.array([1.0, 5.0, -2.0])).nodes].count("input") == 1
