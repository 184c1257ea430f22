"""What a name is used for, and what that makes of parameters whose names mean nothing or something else."""

import ast

import pytest
from recognising import PLAIN, STRIDED, answer, recognised

from gradcheck_cli.targets.conventions.source import Source
from gradcheck_cli.targets.conventions.use import Uses

TAPS = """
import numpy as np

def taps(x, g, kh, kw, s):
    for u in range(kh):
        for v in range(kw):
            rows, columns = u + s * (g.shape[2] - 1) + 1, v + s * (g.shape[3] - 1) + 1
            yield (u, v), (slice(None), slice(None), slice(u, rows, s), slice(v, columns, s))

def both(g, x, w, s, p):
    xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    dw, dxp = np.zeros(w.shape), np.zeros(xp.shape)
    for (u, v), where in taps(xp, g, *w.shape[2:], s):
        dw[:, :, u, v] = np.einsum("nopq,nipq->oi", g, xp[where])
        dxp[where] += np.einsum("nopq,oi->nipq", g, w[:, :, u, v])
    return dxp[:, :, p:p + x.shape[2], p:p + x.shape[3]], dw, g.sum(axis=(0, 2, 3))
"""


def use(code, name):
    """The use of a name in a definition."""
    return Uses(ast.parse(code).body[0]).of(name)


@pytest.mark.parametrize(
    ("line", "kinds"),
    [
        ("a['stride']", {"mapping"}),
        ("a.get('pad')", {"mapping"}),
        ("a.stride + 1", {"mapping"}),
        ("'pad' in a", {"mapping"}),
        ("a.stride()", set()),
        ("a.shape[2]", {"array"}),
        ("np.zeros_like(a)", {"array"}),
        ("a[n, :, i]", {"array"}),
        ("range(a)", {"number"}),
        ("y[:, i * a : i * a + 3]", {"number"}),
        ("np.pad(y, ((0, 0), (a, a)))", {"number"}),
        ("np.zeros((n, *a, c))", {"size"}),
        ("other(a)", set()),
    ],
)
def test_a_use_tells_what_a_name_must_be(line, kinds):
    """A dict, an array, a number or a size; a call of something unknown tells nothing."""
    assert use(f"def f(a):\n    return {line}\n", "a").kinds == kinds


def test_a_name_that_nothing_is_done_with_is_unused():
    """Storing it away is no use; using it under the other name is one."""
    assert use("def f(ctx, a):\n    ctx.kept = a\n", "a").unused
    assert not use("def f(ctx, a):\n    ctx.kept = a\n    return range(ctx.kept)\n", "a").unused
    assert not use("def f(a):\n    return a\n", "a").unused


def test_nothing_is_known_of_what_is_not_written_there():
    """A built-in or compiled function."""
    assert not Uses(None).of("a").unused


def test_the_words_that_a_name_is_compared_with_are_kept():
    """As they are, and behind `.lower()`."""
    assert use("def f(a):\n    return a == 'same'\n", "a").texts == ("same",)
    assert use("def f(a):\n    return a.lower() == 'valid'\n", "a").texts == ("valid",)


def test_into_how_many_axes_an_array_is_taken_apart():
    """By its shape, by the end of it, and by a loop over it."""
    assert use("def f(a):\n    n, c, h, w = a.shape\n", "a").axes == 4
    assert use("def f(a):\n    kd, kh, kw = a.shape[2:]\n", "a").axes == 5
    assert use("def f(a):\n    for i, j in np.ndindex(a.shape):\n        pass\n", "a").axes == 2


def test_what_is_unpacked_into_arrays_is_a_cache_and_a_dict_of_sizes_is_known_by_its_keys():
    """Whatever they are called."""
    source = Source(ast.parse("def f(g, kept):\n    x, w, extra = kept\n    s = extra['stride']\n").body[0])
    assert (source.roles("kept"), source.roles("extra")) == (["cache"], ["params"])


@pytest.mark.parametrize(
    "read",
    ["geo['stride'], geo['pad']", "geo.get('stride'), geo.get('pad')", "geo.stride, geo.padding"],
)
def test_a_dict_of_sizes_inside_a_cache_is_filled_whatever_its_name(tmp_path, read):
    """Read by keys, by get, and as attributes."""
    body = f"    x, w, b, geo = kept\n    s, p = {read}\n    return both(up, x, w, s, p)\n"
    code = f"{TAPS}\ndef conv_bwd(up, kept):\n{body}"
    chosen = recognised(tmp_path, code, "conv_bwd")
    assert answer(chosen, STRIDED)[1] == {"weight", "input", "bias"}


def test_a_size_of_x_that_is_spread_into_a_shape_is_rows_and_columns(tmp_path):
    """grad_input needs no x."""
    code = f"""{TAPS}
def grad_of_input(w, up, xsize):
    return both(up, np.zeros((len(up), w.shape[1], *xsize)), w, 1, 0)[0]
"""
    assert answer(recognised(tmp_path, code, "grad_of_input"), PLAIN)[1] == {"input"}


def test_names_that_mean_nothing_are_found_by_trial_among_what_their_use_allows(tmp_path):
    """`b` is no bias where its shape is taken apart into four."""
    code = f"""{TAPS}
def job(a, b, c):
    n, o, rows, columns = b.shape
    return both(b, a, c, 1, 0)[1]
"""
    chosen = recognised(tmp_path, code, "job")
    assert dict(chosen.candidate.assignment) == {"a": "x", "b": "grad_output", "c": "weight"}
    assert answer(chosen, PLAIN)[1] == {"weight"}


def test_an_unknown_parameter_that_is_never_used_is_no_stride(tmp_path):
    """It gets None, and other strides are not asked."""
    code = f"{TAPS}\ndef backward(dout, x, w, owner):\n    return both(dout, x, w, 1, 0)\n"
    chosen = recognised(tmp_path, code, "backward")
    assert chosen.candidate.assignment["owner"] == "nothing"
    assert chosen.candidate.refuses(STRIDED) == "it has no parameter for stride"
    assert answer(chosen, PLAIN)[1] == {"weight", "input", "bias"}


def test_a_mode_in_capitals_is_given_in_capitals(tmp_path):
    """The default says how it is spelled."""
    code = f"""{TAPS}
def backward(dout, x, w, mode="SAME"):
    if mode not in ("SAME", "VALID"):
        raise ValueError(mode)
    return both(dout, x, w, 1, w.shape[2] // 2 if mode == "SAME" else 0)
"""
    code = code.replace("mode", "pad")
    chosen = recognised(tmp_path, code, "backward")
    assert chosen.candidate.form.capitals
    assert answer(chosen, PLAIN)[1] == {"weight", "input", "bias"}


def test_a_depthwise_function_has_one_kernel_for_each_channel(tmp_path):
    """A convolution with groups = channels; other groups are refused."""
    code = """
import numpy as np

def backward(dout, x, w):
    windows = np.lib.stride_tricks.sliding_window_view(x, w.shape[1:], axis=(2, 3))
    return np.einsum("ncpquv,ncpq->cuv", windows, dout)
"""
    chosen = recognised(tmp_path, code, "backward")
    spec = PLAIN.__class__(2, 3, 3, 8, 7, (3, 3), groups=3)
    assert answer(chosen, spec)[1] == {"weight"}
    assert chosen.candidate.refuses(PLAIN) == "it is depthwise: it has one filter for each channel"


def test_a_gradient_with_channels_and_filters_exchanged_is_no_other_order_of_f(tmp_path):
    """Read as (c_in, c_out, kh, kw) it would be right where both counts are equal, and raise everywhere else."""
    code = """
import numpy as np


def conv_backward(dout, x, w):
    windows = np.lib.stride_tricks.sliding_window_view(x, w.shape[2:], axis=(2, 3))
    dw = np.zeros((w.shape[1], w.shape[0], *w.shape[2:]))
    for filter_number in range(dout.shape[1]):
        dw[:, filter_number] = np.einsum("ncpquv,npq->cuv", windows, dout[:, filter_number])
    return dw
"""
    chosen = recognised(tmp_path, code, "conv_backward")
    assert (chosen.candidate.layout.weight, chosen.yields) == ("oiuv", ("weight",))
