"""Caches beside a forward that raises, or that stores something else than the backward unpacks; closures; steps."""

import sys

import numpy as np
import pytest
from recognising import PLAIN, STRIDED, answer, recognised

from gradcheck_cli.model import ConvSpec, Verdict
from helpers import verified

WIDE = ConvSpec(2, 3, 4, 7, 9, (3, 3))
CORE = """
import numpy as np
from functools import partial

def views(x, w, s=1, p=0):
    x = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    return np.lib.stride_tricks.sliding_window_view(x, w.shape[2:], axis=(2, 3))[:, :, ::s, ::s]

def output(x, w, s=1, p=0):
    return np.einsum("nipquv,oiuv->nopq", views(x, w, s, p), w)

def weight_gradient(g, x, w, s=1, p=0):
    return np.einsum("nipquv,nopq->oiuv", views(x, w, s, p), g)
"""
PAIR = """
def conv_forward(x, w, b, conv_param):
    s, p = conv_param["stride"], conv_param["pad"]
    {trouble}
    return output(x, w, s, p) + b[:, None, None], (x, w, b, conv_param)

def conv_backward(dout, cache):
    x, w, b, conv_param = cache
    s, p = conv_param["stride"], conv_param["pad"]
    return weight_gradient(dout, x, w, s, p), dout.sum(axis=(0, 2, 3))
"""


def test_the_cache_is_filled_where_the_forward_raises(tmp_path):
    """The backward is judged alone, and what the forward raised is kept."""
    code = CORE + PAIR.format(trouble="np.zeros(x.shape[2])[x.shape[3] - 1]")
    chosen = recognised(tmp_path, code, "conv_backward")
    returned, right = answer(chosen, WIDE)
    assert right == {"weight", "bias"}
    assert isinstance(returned.forward_error, IndexError)
    assert answer(chosen, STRIDED)[0].forward_error is None


def test_what_the_forward_raised_is_a_note_of_a_pass(tmp_path):
    """Through the whole program."""
    (report,) = verified(
        tmp_path, CORE + PAIR.format(trouble="np.zeros(x.shape[2])[x.shape[3] - 1]"), "conv_backward", file="pair.py"
    ).targets
    assert report.gradients["weight"].verdict is Verdict.PASS
    (note,) = [
        note
        for note in report.notes
        if note.startswith("its own forward raises when the image is wider than high (on ")
    ]
    assert "IndexError" in note
    assert note.endswith("there the cache was filled as the backward unpacks it, and the backward was judged alone")


def test_what_the_forward_refuses_is_not_asked_of_the_backward(tmp_path):
    """Its own `assert` is about the geometry."""
    code = CORE + PAIR.format(trouble="assert x.shape[3] <= x.shape[2], 'too wide'")
    with pytest.raises(AssertionError, match="too wide"):
        answer(recognised(tmp_path, code, "conv_backward"), WIDE)


def test_a_bias_of_the_course_is_found_behind_a_forward_that_cannot_run(tmp_path):
    """(1, 1, 1, F), and a forward that numpy does not take any more."""
    code = """
import numpy as np

def conv_forward(A_prev, W, b, hparameters):
    s, p = hparameters["stride"], hparameters["pad"]
    A = np.pad(A_prev, ((0, 0), (p, p), (p, p), (0, 0)))
    taps = np.lib.stride_tricks.sliding_window_view(A, W.shape[:2], axis=(1, 2))[:, ::s, ::s]
    each = [np.einsum("npqiuv,uvi->npq", taps, W[..., f]) + float(b[..., f]) for f in range(W.shape[3])]
    return np.stack(each, axis=-1), (A_prev, W, b, hparameters)

def conv_backward(dZ, cache):
    A_prev, W, b, hparameters = cache
    s, p = hparameters["stride"], hparameters["pad"]
    A = np.pad(A_prev, ((0, 0), (p, p), (p, p), (0, 0)))
    taps = np.lib.stride_tricks.sliding_window_view(A, W.shape[:2], axis=(1, 2))[:, ::s, ::s]
    return np.einsum("npqiuv,npqo->uvio", taps, dZ), dZ.sum(axis=(0, 1, 2), keepdims=True)
"""
    chosen = recognised(tmp_path, code, "conv_backward")
    assert (chosen.candidate.bias_form, chosen.candidate.layout.x) == ("111o", "nhwc")
    assert answer(chosen, STRIDED)[1] == {"weight", "bias"}


def test_a_cache_that_cannot_be_unpacked_is_filled_with_what_the_forward_stores(tmp_path):
    """Four stored, three unpacked, and x padded already."""
    code = f"""{CORE}
def conv_forward(x, w, b, conv_param):
    s, p = conv_param["stride"], conv_param["pad"]
    x = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    cache = (x, w, b, conv_param)
    return output(x, w, s) + b[:, None, None], cache

def conv_backward(dout, cache):
    x, w, conv_param = cache
    return weight_gradient(dout, x, w, conv_param["stride"])
"""
    chosen = recognised(tmp_path, code, "conv_backward")
    assert answer(chosen, STRIDED)[1] == {"weight"}
    assert chosen.candidate.notes() == (
        "conv_forward stores 4 things and conv_backward unpacks 3, so its cache cannot be unpacked; it was filled with "
        "what conv_forward stores under these names",
    )


@pytest.mark.parametrize(
    ("returned", "parameters"),
    [("y, back", "g"), ("y, (x, w), back", "g, kept"), ("back, y", "upstream")],
)
def test_a_forward_that_returns_its_own_backward_is_followed(tmp_path, returned, parameters):
    """In any order, and with a cache."""
    first = parameters.split(",")[0]
    code = f"""{CORE}
def conv(x, w, stride=1, pad=0):
    y = output(x, w, stride, pad)

    def back({parameters}):
        return {{"dw": weight_gradient({first}, x, w, stride, pad)}}

    return {returned}
"""
    chosen = recognised(tmp_path, code, "conv")
    assert chosen.candidate.why().endswith("returns its own backward, which is called with G")
    assert answer(chosen, STRIDED)[1] == {"weight"}


@pytest.mark.parametrize(
    "line",
    ["bwd = partial(weight_gradient, s=1)", "bwd = lambda g, x, w: weight_gradient(g, x, w)", "bwd = weight_gradient"],
)
def test_a_function_under_another_name_is_called_as_what_it_is(tmp_path, line):
    """A partial, a lambda, an alias."""
    assert answer(recognised(tmp_path, f"{CORE}\n{line}\n", "bwd"), PLAIN)[1] == {"weight"}


def test_a_method_that_needs_no_self_is_called_without_a_constructor(tmp_path):
    """The network's wants what we do not have; its method only calls another one that needs nothing."""
    code = f"""{CORE}
class Network:
    def __init__(self, settings):
        self.rate = settings.rate

    def views(self, x, w):
        return views(x, w)

    def conv_backward(self, dout, x, w):
        return np.einsum("nipquv,nopq->oiuv", self.views(x, w), dout)
"""
    assert answer(recognised(tmp_path, code, "Network.conv_backward"), PLAIN)[1] == {"weight"}


@pytest.mark.parametrize(
    ("body", "right"),
    [
        ("w -= lr * weight_gradient(dout, x, w)\n    return w", {"weight"}),
        ("return w - lr * weight_gradient(dout, x, w), b - lr * dout.sum((0, 2, 3))", {"weight", "bias"}),
        ("b -= lr * dout.sum((0, 2, 3))\n    return weight_gradient(dout, x, w)", {"weight", "bias"}),
        ("w -= lr * 3 * weight_gradient(dout, x, w)\n    return w", set()),
    ],
)
def test_weights_that_a_function_steps_itself_give_their_gradient(tmp_path, body, right):
    """(old - new) / lr, in place or new; proved by a second rate, right or wrong; the step is no changed argument."""
    code = f"{CORE}\ndef train(dout, x, w, b, lr):\n    {body}\n"
    returned, found = answer(recognised(tmp_path, code, "train"), PLAIN)
    assert (found, returned.mutated) == (right, ())


def test_a_weight_that_changes_by_something_else_than_a_step_is_a_changed_argument(tmp_path):
    """It does not grow with the rate."""
    code = f"{CORE}\ndef train(dout, x, w, lr):\n    grad = weight_gradient(dout, x, w)\n    w *= 2\n    return grad\n"
    returned, found = answer(recognised(tmp_path, code, "train"), PLAIN)
    assert (found, returned.mutated) == ({"weight"}, ("weight",))


JAX = '''
"""A stand-in with the one thing that matters: arrays that cannot be written into."""
import numpy as np


class Array:
    def __init__(self, data):
        self._data = np.asarray(data)
        self.shape, self.dtype = self._data.shape, self._data.dtype

    def __array__(self, dtype=None, copy=None):
        return self._data

    def __getitem__(self, key):
        return Array(self._data[key])

    @property
    def at(self):
        return At(self)


class At:
    def __init__(self, owner, key=None):
        self.owner, self.key = owner, key

    def __getitem__(self, key):
        return At(self.owner, key)

    def add(self, values):
        data = np.array(self.owner)
        data[self.key] += np.asarray(values)
        return Array(data)


def asarray(data):
    return Array(data)


def zeros_like(array):
    return Array(np.zeros(array.shape))


def einsum(terms, *arrays):
    return Array(np.einsum(terms, *map(np.asarray, arrays)))
'''


def test_code_that_imports_jax_is_given_its_arrays(tmp_path, monkeypatch):
    """And what it returns is read as numbers; nothing is imported that it did not import itself."""
    package = tmp_path / "jax"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "numpy.py").write_text(JAX)
    monkeypatch.syspath_prepend(str(tmp_path))
    code = """
import jax.numpy as jnp

def conv_backward(dout, x, w):
    dw = jnp.zeros_like(w)
    for p in range(dout.shape[2]):
        for q in range(dout.shape[3]):
            part = jnp.einsum("no,niuv->oiuv", dout[:, :, p, q], x[:, :, p : p + w.shape[2], q : q + w.shape[3]])
            dw = dw.at[:, :, :, :].add(part)
    return dw
"""
    try:
        returned, right = answer(recognised(tmp_path, code, "conv_backward"), PLAIN)
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == "jax"]:
            del sys.modules[name]
    assert right == {"weight"}
    assert isinstance(returned.items["0"], np.ndarray)
