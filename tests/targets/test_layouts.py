"""The table of layouts, the depth multiplier, and layouts that only the target's own forward can tell."""

from contextlib import nullcontext

import numpy as np
import pytest
from recognising import answer, recognised

from gradcheck_cli.model import ConvSpec
from gradcheck_cli.model.line import as_line
from gradcheck_cli.targets.conventions import layouts
from gradcheck_cli.targets.conventions.filter_order import SEVERAL, with_filter_order
from gradcheck_cli.targets.conventions.layout import Layout
from gradcheck_cli.targets.conventions.layout_notes import layout_notes
from gradcheck_cli.targets.conventions.probes import integer_case

MULTIPLIED = ConvSpec(3, 2, 6, 7, 8, (3, 4), groups=2)
ONE = ConvSpec(1, 2, 5, 7, 8, (3, 3))
BATCH = ConvSpec(2, 3, 5, 8, 7, (3, 3))

HEAD = """
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view as see

"""


@pytest.mark.parametrize("layout", layouts.every()[::37], ids=lambda one: f"{one.x}-{one.weight}-{one.output}")
def test_what_is_given_in_a_layout_is_taken_back_unchanged(layout):
    """Each kind of array, at a geometry that the layout can take, in the shape that it promises."""
    geometries = (MULTIPLIED, ConvSpec(1, 3, 3, 7, 8, (3, 4), groups=3), BATCH, ONE, ConvSpec(1, 1, 1, 7, 8, (3, 4)))
    tries = (*geometries, ConvSpec(1, 2, 1, 7, 8, (3, 4)), ConvSpec(3, 1, 1, 7, 8, (3, 4)))
    spec = next(spec for spec in (*tries, *map(as_line, tries)) if not layout.refuses(spec))
    case = integer_case(spec)
    for kind, array in (("x", case.x), ("weight", case.weight), ("output", case.grad_output)):
        given = layout.give(kind, array, spec.groups)
        assert given.shape == layout.shape(kind, array.shape, spec.groups)
        np.testing.assert_array_equal(layout.take(kind, given, array.shape, spec.groups), array)


def test_no_layout_stands_in_the_table_twice_and_the_plain_one_is_first():
    """Those that people use come before all others, among those of pictures and among those of lines."""
    table = layouts.every()
    assert len(set(table)) == len(table)
    for spatial, first in ((2, Layout()), (1, Layout("ncw", "oiv", "noq"))):
        kind, usual = ([one for one in each if one.spatial == spatial] for each in (table, layouts.usual()))
        assert kind[0] == first
        assert kind[: len(usual)] == usual


def test_filters_are_counted_by_channel_or_by_multiplier():
    """Filter c*M+m of ours is channel c's m-th; in the other order it is number m*C+c."""
    filters = np.arange(6.0).reshape(1, 6, 1, 1)
    by_multiplier = Layout("nhwc", "uvgm", "npq(mg)").give("output", filters, 2)
    np.testing.assert_array_equal(by_multiplier.ravel(), [0, 3, 1, 4, 2, 5])
    kernel = np.arange(6.0).reshape(6, 1, 1, 1)
    np.testing.assert_array_equal(Layout("nhwc", "uvgm").give("weight", kernel, 2)[0, 0], [[0, 1, 2], [3, 4, 5]])


DEPTHWISE = (
    HEAD
    + """
class Separable:
    def __init__(self, filters):
        self.filters = filters  # (rows, columns, channels, multiplier)

    def forward(self, image):
        self.seen = see(image, self.filters.shape[:2], axis=(1, 2))
        maps = np.einsum("bpqcuv,uvcm->bpq{order}", self.seen, self.filters)
        return maps.reshape(*maps.shape[:3], -1)

    def backward(self, slope):
        rows, columns, channels, times = self.filters.shape
        slope = slope.reshape(*slope.shape[:3], {split})
        self.dfilters = np.einsum("bpqcuv,bpq{read}->uvcm", self.seen, slope)
        back = np.zeros((len(slope), slope.shape[1] + rows - 1, slope.shape[2] + columns - 1, channels))
        for u in range(rows):
            for v in range(columns):
                part = np.einsum("bpq{read},cm->bpqc", slope, self.filters[u, v])
                back[:, u:u + slope.shape[1], v:v + slope.shape[2]] += part
        return back
"""
)


@pytest.mark.parametrize(
    ("order", "split", "read", "right"),
    [
        ("cm", "channels, times", "cm", {"weight", "input"}),
        ("mc", "times, channels", "mc", {"weight", "input"}),
        ("cm", "times, channels", "mc", set()),
        ("mc", "channels, times", "cm", set()),
    ],
)
def test_a_depthwise_layer_with_several_filters_for_each_channel_is_asked_with_several(
    tmp_path, order, split, read, right
):
    """Its own forward says how filters are counted; a backward that counts them otherwise is wrong."""
    code = DEPTHWISE.replace("{order}", order).replace("{split}", split).replace("{read}", read)
    chosen = recognised(tmp_path, code, "Separable")
    assert not chosen.candidate.refuses(MULTIPLIED)
    assert answer(chosen, MULTIPLIED)[1] == right


PAIR = (
    HEAD
    + """
def blur(image, taps):
    return np.einsum("{x}{uv},{w}->{o}", see(image, taps.shape[{rows}:{rows} + 2], axis={axes}), taps)

def blur_vjp(image, taps, slope):
    dtaps = np.einsum("{x}{uv},{o}->{w}", see(image, taps.shape[{rows}:{rows} + 2], axis={axes}), slope)
    dimage = np.zeros_like(image)
    windows = see(dimage, taps.shape[{rows}:{rows} + 2], axis={axes}, writeable=True)
    parts = np.einsum("{o},{w}->{x}{uv}", slope, taps)
    for u, v in np.ndindex(taps.shape[{rows}:{rows} + 2]):
        windows[..., u, v] += parts[..., u, v]
    return dimage, dtaps
"""
)


@pytest.mark.parametrize(
    ("x", "w", "o", "spec"),
    [("cpq", "cuvf", "fpq", ONE), ("cpqn", "fuvc", "fpqn", BATCH), ("npqc", "cuvf", "npqf", BATCH)],
)
def test_a_kernel_in_an_order_that_nobody_guesses_is_told_by_the_forward(tmp_path, x, w, o, spec):
    """Also where the names of the pair have nothing in common with forward and backward."""
    code = PAIR
    axes = (x.index("p"), x.index("q"))
    values = {"x": x, "w": w, "o": o, "uv": "uv", "rows": str(w.index("u")), "axes": str(axes)}
    for name, value in values.items():
        code = code.replace("{" + name + "}", value)
    chosen = recognised(tmp_path, code, "blur_vjp")
    letters = chosen.candidate.layout.weight.translate(str.maketrans("oi", "fc"))
    assert letters == w
    assert answer(chosen, spec)[1] == {"weight", "input"}


def test_a_pair_that_turns_the_kernel_is_judged_as_a_true_convolution(tmp_path):
    """`smooth` and `smooth_vjp`: the forward that belongs to a backward needs no word of its own."""
    code = (
        HEAD
        + """
def smooth(f, k):
    out = np.zeros((f.shape[0] - k.shape[0] + 1, f.shape[1] - k.shape[1] + 1))
    for u, v in np.ndindex(k.shape):
        top, left = k.shape[0] - 1 - u, k.shape[1] - 1 - v
        out += k[u, v] * f[top:top + out.shape[0], left:left + out.shape[1]]
    return out

def smooth_vjp(f, k, slope):
    h, w = f.shape
    m, n = k.shape
    df, dk = np.zeros((h, w)), np.zeros((m, n))
    for u, v in np.ndindex(m, n):
        window = np.s_[m - 1 - u:h - u, n - 1 - v:w - v]
        dk[u, v] = (slope * f[window]).sum()
        df[window] += k[u, v] * slope
    return df, dk
"""
    )
    chosen = recognised(tmp_path, code, "smooth_vjp")
    assert chosen.candidate.layout == Layout("hw", "uv", "pq", flipped=True)
    assert answer(chosen, ConvSpec(1, 1, 1, 7, 8, (3, 4)))[1] == {"weight", "input"}


def test_a_matrix_of_weights_is_read_in_the_order_of_its_forward(tmp_path):
    """(kh*kw*C, O) and (C*kh*kw, O) have one shape; the forward tells them apart."""
    code = (
        HEAD
        + """
class Rows:
    def __init__(self, weights, k):
        self.matrix, self.side = weights, k

    def forward(self, x):
        n, h, w, c = x.shape
        found = see(x, (self.side, self.side), axis=(1, 2)).transpose(0, 1, 2, 4, 5, 3)
        self.size, self.rows = x.shape, found.reshape(*found.shape[:3], -1)
        return self.rows @ self.matrix

    def backward(self, g):
        self.dmatrix = np.tensordot(self.rows, g, ((0, 1, 2), (0, 1, 2)))
        k, dx = self.side, np.zeros(self.size)
        parts = (g @ self.matrix.T).reshape(*g.shape[:3], k, k, -1)
        for p, q in np.ndindex(g.shape[1:3]):
            dx[:, p:p + k, q:q + k] += parts[:, p, q]
        return dx
"""
    )
    chosen = recognised(tmp_path, code, "Rows")
    assert chosen.candidate.layout.weight == "(uvi)o"
    assert answer(chosen, BATCH)[1] == {"weight", "input"}


def test_weights_in_a_dict_and_what_is_left_for_the_backward_are_found_whatever_their_names(tmp_path):
    """(residuals, cotangent) -> ({"kernel", "bias"}, dx): what is taken apart into several things is a cache."""
    code = (
        HEAD
        + """
def conv_fwd(params, x, *, stride=1):
    seen = see(x, params["kernel"].shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]
    out = np.einsum("ncpquv,ocuv->nopq", seen, params["kernel"]) + params["bias"][:, None, None]
    return out, (params, x.shape, seen, stride)

def conv_bwd(residuals, ct):
    params, size, seen, s = residuals
    kernel = params["kernel"]
    dx = np.zeros(size)
    for p, q in np.ndindex(ct.shape[2:]):
        part = np.einsum("no,ocuv->ncuv", ct[:, :, p, q], kernel)
        dx[:, :, s * p:s * p + kernel.shape[2], s * q:s * q + kernel.shape[3]] += part
    return {"kernel": np.einsum("ncpquv,nopq->ocuv", seen, ct), "bias": ct.sum((0, 2, 3))}, dx
"""
    )
    chosen = recognised(tmp_path, code, "conv_bwd")
    assert answer(chosen, ConvSpec(2, 3, 5, 8, 7, (3, 3), stride=(2, 2)))[1] == {"weight", "input", "bias"}


COUNTED = (
    HEAD
    + """
def split_forward(x, k):
    return np.einsum("ncpquv,cmuv->nmcpq", see(x, k.shape[2:], axis=(2, 3)), k).reshape(len(x), -1, *sides(x, k))

def sides(x, k):
    return x.shape[2] - k.shape[2] + 1, x.shape[3] - k.shape[3] + 1

def split_backward(x, k, g):
    g = {read}
    dx = np.zeros_like(x)
    for u, v in np.ndindex(k.shape[2:]):
        dx[:, :, u:u + g.shape[3], v:v + g.shape[4]] += np.einsum("ncmpq,cm->ncpq", g, k[:, :, u, v])
    return dx, np.einsum("ncpquv,ncmpq->cmuv", see(x, k.shape[2:], axis=(2, 3)), g)
"""
)
AS_CHANNEL, AS_MULTIPLIER = (
    "g.reshape(len(x), *k.shape[:2], *g.shape[2:])",
    "g.reshape(len(x), *k.shape[1::-1], *g.shape[2:]).swapaxes(1, 2)",
)


@pytest.mark.parametrize(("read", "right"), [(AS_CHANNEL, set()), (AS_MULTIPLIER, {"weight", "input"})])
def test_the_forward_of_a_function_says_how_filters_are_counted(tmp_path, read, right):
    """A backward that counts them as we do beside a forward that does not is wrong."""
    chosen = recognised(tmp_path, COUNTED.replace("{read}", read), "split_backward")
    assert chosen.candidate.layout.output == "n(mg)pq"
    assert answer(chosen, MULTIPLIED)[1] == right


SINGLE = (
    HEAD
    + """
def wellen(signal, maske, schritt=1):
    felder = see(signal, maske.shape[2:], axis=(1, 2))[:, ::schritt, ::schritt]
    return np.array([(felder * kern[:, None, None]).sum((0, 3, 4)) for kern in maske])

def rueckwellen(fehler, signal, maske, schritt=1):
    zurueck, masken = np.zeros_like(signal), np.zeros_like(maske)
    for f, y, x in np.ndindex(fehler.shape):
        oben, links = slice(y, y + maske.shape[2]), slice(x, x + maske.shape[3])
        masken[f] += fehler[f, y, x] * signal[:, oben, links]
        zurueck[:, oben, links] += fehler[f, y, x] * maske[f]
    return zurueck, masken
"""
)


def test_code_for_one_image_that_is_told_of_no_groups_is_not_asked_for_groups(tmp_path):
    """By its shapes alone it would run as depthwise code too: one image comes last among what is tried."""
    chosen = recognised(tmp_path, SINGLE, "rueckwellen")
    assert chosen.candidate.layout == Layout("chw", "oiuv", "opq")
    assert answer(chosen, ONE)[1] == {"weight", "input"}
    grouped = ConvSpec(1, 2, 4, 7, 8, (3, 3), groups=2)
    assert chosen.candidate.refuses(grouped) == "it has no parameter for groups"


PER_CHANNEL = (
    HEAD
    + """
def fold_forward(x, w, b):
    times = len(w) // x.shape[1]
    maps = [(see(x[:, {c}], w.shape[2:], axis=(1, 2)) * w[f, 0]).sum((3, 4)) + b[f] for f in range(len(w))]
    return np.stack(maps, 1)

def {name}(g, x, w):
    dx, dw, times = np.zeros_like(x), np.zeros_like(w), len(w) // x.shape[1]
    for f in range(len(w)):
        c = {backward}
        dw[f, 0] = np.einsum("npquv,npq->uv", see(x[:, c], w.shape[2:], axis=(1, 2)), g[:, f])
        for p, q in np.ndindex(g.shape[2:]):
            dx[:, c, p:p + w.shape[2], q:q + w.shape[3]] += g[:, f, p, q, None, None] * w[f, 0]
    return dx, dw, g.sum((0, 2, 3))
"""
)
BY_CHANNEL, BY_MULTIPLIER = "f // times", "f % x.shape[1]"


@pytest.mark.parametrize(
    ("name", "forward", "backward", "right"),
    [
        ("unpaired", BY_CHANNEL, BY_CHANNEL, {"weight", "input", "bias"}),
        ("unpaired", BY_CHANNEL, BY_MULTIPLIER, {"bias"}),
        ("fold_backward", BY_CHANNEL, BY_MULTIPLIER, {"bias"}),
        ("fold_backward", BY_MULTIPLIER, BY_MULTIPLIER, {"weight", "input", "bias"}),
    ],
)
def test_one_axis_of_filters_is_counted_as_by_torch_unless_the_forward_says_otherwise(
    tmp_path, name, forward, backward, right
):
    """No order is chosen because more gradients are right in it; the bias is counted as the filters are."""
    code = PER_CHANNEL.replace("{name}", name).replace("{backward}", backward)
    code = code.replace("fold_forward", "fold_forward" if name == "fold_backward" else "_other").replace("{c}", forward)
    chosen = recognised(tmp_path, code, name)
    assert not chosen.candidate.refuses(MULTIPLIED)
    assert answer(chosen, MULTIPLIED)[1] == right


NEXT_CHANNEL = (
    HEAD
    + """
def mixed(g, x, w):
    assert w.shape[1] == 1
    dx, dw, times = np.zeros_like(x), np.zeros_like(w), len(w) // x.shape[1]
    for f in range(len(w)):
        c = (f // times + 1) % x.shape[1]
        for u, v in np.ndindex(w.shape[2:]):
            rows, columns = slice(u, u + g.shape[2]), slice(v, v + g.shape[3])
            dw[f, 0, u, v] = (x[:, c, rows, columns] * g[:, f]).sum()
            dx[:, c, rows, columns] += w[f, 0, u, v] * g[:, f]
    return dx, dw
"""
)


def test_depthwise_code_that_is_right_with_one_channel_only_is_judged_with_several(tmp_path):
    """With one channel it looks like plain code: asked with nothing else, it would pass."""
    chosen = recognised(tmp_path, NEXT_CHANNEL, "mixed")
    assert not chosen.candidate.refuses(MULTIPLIED)
    assert answer(chosen, MULTIPLIED)[1] == set()


ADDED_UP = (
    HEAD
    + """
def kernel_only(g, x, w):
    dw = np.zeros_like(w)
    for o, i, u, v in np.ndindex(w.shape):
        dw[o, i, u, v] = (x[:, :, u:u + g.shape[2], v:v + g.shape[3]].sum(axis=1) * g[:, o]).sum()
    return dw
"""
)


def test_plain_code_that_is_right_with_one_channel_only_is_not_taken_for_depthwise(tmp_path):
    """It adds the channels up, and gives something for every channel of every filter."""
    chosen = recognised(tmp_path, ADDED_UP, "kernel_only")
    assert chosen.candidate.layout.weight == "oiuv"
    assert answer(chosen, ConvSpec(2, 1, 3, 7, 8, (3, 4)))[1] == {"weight"}


ONE_EACH = (
    HEAD
    + """
def grad_of_each(g, x, w):
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for c in range(x.shape[1]):
        dw[c, 0] = np.einsum("npquv,npq->uv", see(x[:, c], w.shape[2:], axis=(1, 2)), g[:, c])
        for p, q in np.ndindex(g.shape[2:]):
            dx[:, c, p:p + w.shape[2], q:q + w.shape[3]] += g[:, c, p, q, None, None] * w[c, 0]
    return dx, dw
"""
)


def test_depthwise_code_for_one_filter_per_channel_is_not_asked_with_several(tmp_path):
    """It runs with several, and leaves all but the first ones at zero: that is no mistake of its."""
    chosen = recognised(tmp_path, ONE_EACH, "grad_of_each")
    assert chosen.candidate.refuses(MULTIPLIED) == "it is depthwise: it has one filter for each channel"
    assert answer(chosen, ConvSpec(2, 3, 3, 7, 8, (3, 4), groups=3))[1] == {"weight", "input"}


SEPARABLE = (
    HEAD
    + """
def separable_grads(x, w, dout):
    assert w.shape[1] == 1
    dw, dx = np.zeros(w.shape), np.zeros(x.shape)
    for k in range(len(w)):
        c = CHANNEL
        for p, q in np.ndindex(dout.shape[2:]):
            g = dout[:, k, p, q]
            dw[k, 0] += np.einsum("n,nuv->uv", g, x[:, c, p:p + w.shape[2], q:q + w.shape[3]])
            dx[:, c, p:p + w.shape[2], q:q + w.shape[3]] += g[:, None, None] * w[k, 0]
    return dx, dw, dout.sum((0, 2, 3))
"""
)


@pytest.mark.parametrize(
    ("channel", "is_by_multiplier", "right"),
    [
        ("k % x.shape[1]", True, {"weight", "input", "bias"}),
        ("k // (len(w) // x.shape[1])", False, {"weight", "input", "bias"}),
        ("(k + 1) % x.shape[1]", False, {"bias"}),
        ("k % x.shape[1] if k else 1", False, {"bias"}),
    ],
)
def test_the_order_of_filters_is_the_one_in_which_all_is_right(tmp_path, channel, is_by_multiplier, right):
    """Without a forward nothing else can tell it. Code that is right in neither order is judged in that of torch."""
    found = recognised(tmp_path, SEPARABLE.replace("CHANNEL", channel), "separable_grads")
    chosen = with_filter_order(found, lambda: None, nullcontext)
    assert chosen.candidate.layout.is_by_multiplier is is_by_multiplier
    assert all(answer(chosen, spec)[1] == right for spec in SEVERAL)
    assert [note[:38] for note in layout_notes(chosen.candidate)] == [
        "its filters are counted m*C + c, the c"
    ] * is_by_multiplier


def test_a_forward_has_told_the_order(tmp_path):
    """What its forward does is not put in question by its backward."""
    forward = """
def separable_grads_forward(x, w):
    views = see(x, w.shape[2:], (2, 3))
    return np.stack([(views[:, k // (len(w) // x.shape[1])] * w[k, 0]).sum((-2, -1)) for k in range(len(w))], 1)
"""
    backward = SEPARABLE.replace("CHANNEL", "k % x.shape[1]").replace("_grads(", "_grads_backward(")
    found = recognised(tmp_path, backward + forward, "separable_grads_backward")
    assert found.candidate.forward is not None
    assert with_filter_order(found, lambda: None, nullcontext) is found


def test_a_matrix_without_its_sides_is_asked_with_square_kernels_only(tmp_path):
    """Nothing tells the code what the sides of 2x4 are."""
    code = (
        HEAD
        + """
def sheet_forward(x, w):
    k = round((w.shape[0] / x.shape[3]) ** 0.5)
    found = see(x, (k, k), axis=(1, 2)).transpose(0, 1, 2, 4, 5, 3)
    return found.reshape(*found.shape[:3], -1) @ w

def sheet_backward(x, w, g):
    k = round((w.shape[0] / x.shape[3]) ** 0.5)
    found = see(x, (k, k), axis=(1, 2)).transpose(0, 1, 2, 4, 5, 3)
    return found.reshape(-1, len(w)).T @ g.reshape(-1, g.shape[-1])
"""
    )
    chosen = recognised(tmp_path, code, "sheet_backward")
    reason = "its kernel is a matrix, and it is told no size of it: only a square one can be told"
    assert chosen.candidate.refuses(ConvSpec(2, 3, 5, 8, 7, (2, 4))) == reason
    assert answer(chosen, BATCH)[1] == {"weight"}


ONE_CHANNEL = (
    HEAD
    + """
def spread(image, kernels, pad):
    n, h, w, _ = image.shape
    k, _, count = kernels.shape
    padded = np.pad(image, [(0, 0), (pad, pad), (pad, pad), (0, 0)])
    windows = np.lib.stride_tricks.sliding_window_view(padded[..., 0], (k, k), (1, 2))
    return np.einsum("npquv,uvo->npqo", windows, kernels)

def spread_backward(grad, image, kernels, pad):
    n, h, w, _ = image.shape
    k, _, count = kernels.shape
    padded = np.pad(image, [(0, 0), (pad, pad), (pad, pad), (0, 0)])
    below, d_kernels = np.zeros_like(padded), np.zeros_like(kernels)
    for p, q in np.ndindex(grad.shape[1:3]):
        window = padded[:, p : p + k, q : q + k, 0]
        for o in range(count):
            d_kernels[:, :, o] += np.einsum("nuv,n->uv", window, grad[:, p, q, WHICH])
            below[:, p : p + k, q : q + k, 0] += kernels[:, :, o] * grad[:, p, q, o, None, None]
    return below[:, pad : pad + h, pad : pad + w], d_kernels
"""
)


@pytest.mark.parametrize(("which", "right"), [("o", {"weight", "input"}), ("0", {"input"})])
def test_a_kernel_without_an_axis_for_the_one_channel_of_its_images(tmp_path, which, right):
    """The images keep that axis: they are not taken for several channels, nor the kernel for one of depthwise code."""
    spec = ConvSpec(2, 1, 3, 7, 6, (3, 3), padding=(1, 1))
    chosen = recognised(tmp_path, ONE_CHANNEL.replace("WHICH", which), "spread_backward")
    assert (chosen.candidate.layout.x, chosen.candidate.layout.weight) == ("nhwc", "uvo")
    assert answer(chosen, spec)[1] - {"bias"} == right
    assert chosen.candidate.refuses(ConvSpec(2, 3, 4, 7, 6, (3, 3))) == "its kernel has no channel axis"
