"""Which kind of layer a target is the backward of, by what its code does."""

import inspect

import pytest
from recognising import answer, loaded_from, recognised

from gradcheck_cli.layers.forms import transposed, volume
from gradcheck_cli.model import ConvSpec, Verdict, VerifyOptions
from gradcheck_cli.model.line import LineSpec
from gradcheck_cli.runs.verify import verify_targets
from gradcheck_cli.targets.conventions import NotRecognisedError, probes, recognise
from gradcheck_cli.targets.conventions.axes_said import agreeing_first
from gradcheck_cli.targets.conventions.kinds import kinds_to_try
from gradcheck_cli.targets.conventions.meanings import assignments
from helpers import verified

TOP = "import numpy as np\n\n\n"
LINE = """
def back(g, x, w, stride=1):
    n, c, length = x.shape
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for t in range(g.shape[2]):
        at = slice(t * stride, t * stride + w.shape[2])
        dw += np.einsum("no,nck->ock", g[:, :, t], x[:, :, at])
        dx[:, :, at] += np.einsum("no,ock->nck", g[:, :, t], w)
    return dx, dw
"""
GROWING = """
def grow(x, w, s):
    n, c, height, width = x.shape
    out = np.zeros((n, w.shape[1], (height - 1) * s + w.shape[2], (width - 1) * s + w.shape[3]))
    for i, j in np.ndindex(height, width):
        out[:, :, i * s:i * s + w.shape[2], j * s:j * s + w.shape[3]] += np.einsum("nc,couv->nouv", x[:, :, i, j], w)
    return out, (x, w, s)


def grow_backward(dout, cache):
    x, w, s = cache
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for i, j in np.ndindex(*x.shape[2:]):
        seen = dout[:, :, i * s:i * s + w.shape[2], j * s:j * s + w.shape[3]]
        dx[:, :, i, j] = np.einsum("nouv,couv->nc", seen, w)
        dw += np.einsum("nc,nouv->couv", x[:, :, i, j], seen)
    return dx, dw
"""
VOLUME = """
def back(g, x, w):
    n, c, depth, height, width = x.shape
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for t, u, v in np.ndindex(*w.shape[2:]):
        at = np.s_[:, :, t:t + g.shape[2], u:u + g.shape[3], v:v + g.shape[4]]
        dw[:, :, t, u, v] = np.einsum("nodhw,ncdhw->oc", g, x[at])
        dx[at] += np.einsum("nodhw,oc->ncdhw", g, w[:, :, t, u, v])
    return dx, dw
"""
RING = """
def back(g, x, w):
    dx, dw, reach = np.zeros_like(x), np.zeros_like(w), w.shape[2] // 2
    for k in range(w.shape[2]):
        dw[:, :, k] = np.einsum("not,nct->oc", g, np.roll(x, reach - k, axis=2))
        dx += np.roll(np.einsum("not,oc->nct", g, w[:, :, k]), k - reach, axis=2)
    return dx, dw
"""
SPECS = {
    "conv1d": LineSpec(2, 3, 4, 1, 9, (1, 3), stride=(1, 2)),
    "conv_transpose2d": transposed((2, 3, 4), (3, 4), (2, 3), stride=(2, 2)),
    "conv3d": volume((2, 3, 4), (3, 4, 5), (2, 3, 2)),
}


@pytest.mark.parametrize(("code", "name", "conv"), [(LINE, "back", "conv1d"), (VOLUME, "back", "conv3d")])
def test_the_axes_are_told_by_the_code(tmp_path, code, name, conv):
    """No name says how many there are."""
    chosen = recognised(tmp_path, TOP + code, name)
    assert chosen.candidate.layout.conv == conv
    assert answer(chosen, SPECS[conv])[1] == {"weight", "input"}


def test_a_transposed_layer_is_told_by_its_forward(tmp_path):
    """Its names say nothing of it."""
    chosen = recognised(tmp_path, TOP + GROWING, "grow_backward")
    assert chosen.candidate.layout.conv == "conv_transpose2d"
    assert answer(chosen, SPECS["conv_transpose2d"])[1] == {"weight", "input"}


def test_a_padding_that_repeats_is_told_by_what_is_right(tmp_path):
    """`np.roll` is a word for it; the numbers are the proof."""
    chosen = recognised(tmp_path, TOP + RING, "back")
    spec = LineSpec(2, 3, 4, 1, 7, (1, 3), padding=(0, 1), padding_mode="circular")
    assert chosen.candidate.layout.modes == ("circular",)
    assert answer(chosen, spec)[1] == {"weight", "input"}


def test_what_another_function_of_the_file_pads_with_says_nothing(tmp_path):
    """Code that pads with zeros stands beside code that reflects."""
    other = "def mirrored(a):\n    return np.pad(a, 1, mode='reflect')\n\n\n"
    assert recognised(tmp_path, TOP + other + LINE, "back").candidate.layout.modes == ("zeros",)


def test_a_target_of_one_kind_refuses_a_geometry_of_another_by_name(tmp_path):
    """`--geometry` may ask for it."""
    chosen = recognised(tmp_path, TOP + LINE, "back")
    assert chosen.candidate.refuses(ConvSpec(2, 3, 4, 5, 6, (2, 2))) == "it is a backward of conv1d, not of conv2d"


SIGNAL = """
def forward(x, h):
    assert x.ndim == h.ndim == 1
    return np.convolve(x, h, mode="valid")


def of_taps(g, x):
    return np.correlate(x, g, mode="valid")[::-1]


def backward(g, x, h):
    return np.correlate(g, h, mode="full"), of_taps(g, x)
"""


def test_numpy_s_own_correlation_in_a_helper_tells_a_line(tmp_path):
    """It is tried as one first: as a picture it raises in thousands of ways."""
    assert next(iter(kinds_to_try(loaded_from(tmp_path, TOP + SIGNAL, "backward"), ())))[0].conv == "conv1d"


def test_code_for_one_signal_is_tried_on_one_signal_first(tmp_path):
    """Its text says how many axes its arrays have."""
    first = agreeing_first(loaded_from(tmp_path, TOP + SIGNAL, "backward"), probes.LINES)[0]
    assert (first.batch, first.in_channels, first.out_channels) == (1, 1, 1)


def test_time_that_was_up_is_told_as_such(tmp_path):
    """What raises as a picture may be right as a line that nobody had the time to try."""
    loaded = loaded_from(tmp_path, TOP + SIGNAL.replace("np.correlate(x", "np.correlate(x[0]"), "backward")
    with pytest.raises(NotRecognisedError, match="no time"):
        recognise(loaded, budget=0.02)


def test_a_function_that_a_package_has_not_fails_however_little_time_there_is(tmp_path):
    """No argument would mend it: it is no matter of the ways that nobody tried."""
    loaded = loaded_from(
        tmp_path, TOP + SIGNAL.replace("(g, x, h):", "(g, x, h):\n    x = np.lib.nowhere(x)"), "backward"
    )
    assert not recognise(loaded, budget=0.02).plan


def test_arrays_that_no_name_tells_are_what_is_needed():
    """Three arrays are G, X and F in some order; none of them is tried as a bias where they can be all three."""

    def rueck(eins, zwei, drei):
        return eins, zwei, drei

    found = assignments(list(inspect.signature(rueck).parameters.values()), ("grad_output", "x", "weight"))
    assert found
    assert all(set(one.values()) >= {"grad_output", "x", "weight"} or "bias" not in one.values() for one in found)


ECHO = """
class Echo:
    def __init__(self, coefficients):
        self.pattern = np.array(coefficients, dtype=float)

    def forward(self, tone):
        k = len(self.pattern)
        self.far = np.concatenate([np.zeros(k // 2), tone, np.zeros(k - 1 - k // 2)])
        return np.array([self.far[t:t + k] @ self.pattern for t in range(len(tone))])

    def backward(self, dy):
        k = len(self.pattern)
        self.d_pattern = np.array([self.far[j:j + len(dy)] @ dy for j in range(k)])
        far = np.concatenate([np.zeros(k - 1 - k // 2), dy, np.zeros(k // 2)])
        return np.array([far[t:t + k] @ self.pattern[::-1] for t in range(len(dy))])
"""


def test_code_that_only_reads_lists_is_tried_on_a_single_signal_first(tmp_path):
    """Neither a shape nor an index of two axes is in it, and nothing says how many there are."""
    first = kinds_to_try(loaded_from(tmp_path, TOP + ECHO, "Echo"), ())[0][0]
    assert (first.conv, first.batch, first.in_channels, first.out_channels) == ("conv1d", 1, 1, 1)


def test_none_in_an_index_is_no_axis(tmp_path):
    """`err[:, :, None, None, None]` has two axes before and five after: it is of pictures."""
    body = "    n, c, h, v = x.shape\n    return err[:, :, 0, 0][:, :, None, None, None] * w, x\n"
    code = f"def back(err, x, w):\n{body}"
    assert kinds_to_try(loaded_from(tmp_path, code, "back"), ())[0][0].conv == "conv2d"


def test_taps_that_a_constructor_is_handed_are_its_weights(tmp_path):
    """A list of numbers; and weights of another order that fit by chance are not those with which it comes back."""
    chosen = recognised(tmp_path, TOP + ECHO, "Echo")
    assert (chosen.candidate.layout.x, chosen.candidate.layout.weight) == ("w", "v")
    assert answer(chosen, LineSpec(1, 1, 1, 1, 7, (1, 4), padding=(0, 2), extra_after=(0, -1)))[1] == {
        "weight",
        "input",
    }


def test_a_setting_of_a_volume_is_as_many_numbers_as_its_default(tmp_path):
    """Three where it is taken apart into three, though another parameter is a single number."""
    code = """
import numpy as np

def conv3d_backward(dout, x, w, stride=(1, 1, 1), groups=1):
    sd, sh, sw = stride
    dw = np.zeros_like(w)
    for r, p, q in np.ndindex(dout.shape[2:]):
        t, u, v = w.shape[2:]
        part = x[:, :, sd * r : sd * r + t, sh * p : sh * p + u, sw * q : sw * q + v]
        dw += np.einsum("no,nituv->oituv", dout[:, :, r, p, q], part)
    return dw
"""
    chosen = recognised(tmp_path, code, "conv3d_backward")
    spec = volume((2, 3, 4), (5, 6, 7), (2, 3, 2), stride=(2, 2, 2))
    assert answer(chosen, spec)[1] == {"weight"}


def test_rows_and_columns_of_a_kernel_by_their_names_are_no_channels(tmp_path):
    """`kh, kw = w.shape` is a matrix of taps, and no line with its channels; the other gradient is wrong."""
    code = """
import numpy as np

def conv_backward(x, w, g):
    kh, kw = w.shape
    windows = np.lib.stride_tricks.sliding_window_view(x, g.shape)
    dx = np.zeros_like(x)
    dx[:kh, :kw] = w
    return np.einsum("uvpq,pq->uv", windows, g), dx
"""
    assert recognised(tmp_path, code, "conv_backward").candidate.layout.id == "HW"


def test_what_is_right_nowhere_is_no_convolution_for_want_of_a_forward(tmp_path):
    """Nothing in it speaks of one: its arguments fit a gradient and an input only by their number."""
    file = tmp_path / "angles.py"
    file.write_text("""
import numpy as np

def cosine_gradient(x_a, x_b):
    lengths = np.linalg.norm(x_a, axis=-1, keepdims=True), np.linalg.norm(x_b, axis=-1, keepdims=True)
    cosine = (x_a * x_b).sum(-1, keepdims=True) / (lengths[0] * lengths[1])
    return x_b / (lengths[0] * lengths[1]) - x_a * cosine / lengths[0] ** 2
""")
    report = verify_targets(VerifyOptions((f"{file}:cosine_gradient",), timeout=120.0)).targets[0]
    assert report.verdict is Verdict.ERROR
    assert "no forward of cosine_gradient stands in its file" in report.error


ALONE = """
def norm_backward(dout, cache):
    xhat, inv = cache
    return inv * (dout - dout.mean(0)), (dout * xhat).sum(0), dout.sum(0)

def bend_grad(y, dout):
    return dout * y * (1 - y)

def dense_backward(dout, x, w):
    return dout @ w.T, x.T @ dout

def tanh_forward(x):
    return x
"""


@pytest.mark.parametrize(
    ("name", "lack", "mend"),
    [
        ("norm_backward", "no forward of norm_backward stands in its file", "write norm_forward beside it"),
        ("bend_grad", "no forward of bend_grad stands in its file", "write bend_forward beside it"),
        ("dense_backward", "no forward of dense_backward stands in its file", "write dense_forward beside it"),
        ("tanh_forward", "no backward of tanh_forward stands in its file", "write tanh_backward(dout, ...) beside it"),
    ],
)
def test_what_stands_alone_is_told_what_it_lacks(tmp_path, name, lack, mend):
    """A call as a convolution does not help: what is to be written is named, and the call that says both directions."""
    report = verified(tmp_path, ALONE, name, file="alone.py", timeout=120.0).targets[0]

    assert report.verdict is Verdict.ERROR
    assert f"{name}: {lack}." in report.error
    assert f"hint: {mend}" in report.error
    assert "NAME(G, x, w)" not in report.error
    assert " -> " in report.error.partition("--call")[2]


GROUPS = """
def group_conv_grad(dout, x, w, stride, groups):
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    channels, filters = x.shape[1] // groups, w.shape[0] // groups
    for j, p, q in np.ndindex(groups, *dout.shape[2:]):
        mine, seen = slice(j * filters, (j + 1) * filters), slice(j * channels, (j + 1) * channels)
        at = np.s_[:, seen, p * stride:p * stride + w.shape[2], q * stride:q * stride + w.shape[3]]
        dw[mine] += np.einsum("nf,ncuv->fcuv", dout[:, mine, p, q], x[at])
        dx[at] += np.einsum("nf,fcuv->ncuv", dout[:, mine, p, q], w[mine])
    return dx, dw
"""


def test_up_at_the_end_of_a_word_makes_no_transposed_layer(tmp_path):
    """`group_conv` is no upconvolution, and where they look alike, at stride 1, is not where they are told apart."""
    assert not recognised(tmp_path, TOP + GROUPS, "group_conv_grad").candidate.layout.transposed


@pytest.mark.parametrize("said", ["A transposed convolution.", "Deconvolution by blocks."])
def test_what_is_written_of_it_says_that_it_is_transposed(tmp_path, said):
    """Then that is tried first."""
    code = GROWING.replace("def grow(x, w, s):\n", f'def grow(x, w, s):\n    """{said}"""\n')
    assert kinds_to_try(loaded_from(tmp_path, TOP + code, "grow_backward"), ())[0][0].transposed


def test_the_kernel_of_a_process_is_none_that_goes_over_pictures(tmp_path):
    """Its gradient is by what the kernel is made of, which nobody hands over: its shape proves nothing."""
    file = tmp_path / "process.py"
    file.write_text("""
import numpy as np

class Process:
    def __init__(self, length=0.5):
        self.length = length

    def kernel(self, X):
        apart = ((X[:, None] - X[None]) ** 2).sum(-1)
        return np.exp(-apart / (2 * self.length ** 2)) + 0.1 * np.eye(len(X)), apart

    def log_likelihood(self, X, y):
        kernel, _ = self.kernel(X)
        return -0.5 * y @ np.linalg.solve(kernel, y) - 0.5 * np.linalg.slogdet(kernel)[1]

    def log_likelihood_gradient(self, X, y):
        kernel, apart = self.kernel(X)
        weights = np.linalg.solve(kernel, y)
        by_length = (kernel - 0.1 * np.eye(len(X))) * apart / self.length ** 3
        return np.array([0.5 * np.trace((np.outer(weights, weights) - np.linalg.inv(kernel)) @ by_length)])
""")
    report = verify_targets(VerifyOptions((f"{file}:Process.log_likelihood_gradient",), timeout=120.0)).targets[0]
    assert report.verdict is not Verdict.FAIL
    assert not report.findings


def test_a_batch_of_images_of_one_channel_is_no_line(tmp_path):
    """Three axes, of which two have windows: one kernel for all, without channels."""
    code = (
        TOP
        + """
def fore(x, w, b):
    (kh, kw) = w.shape
    out = np.zeros((len(x), x.shape[1] - kh + 1, x.shape[2] - kw + 1))
    for i, j in np.ndindex(*out.shape[1:]):
        out[:, i, j] = (x[:, i : i + kh, j : j + kw] * w).sum((1, 2)) + b
    return out


def fore_backward(x, g, w, b):
    (n, height, width) = x.shape
    (kh, kw) = w.shape
    dx, dw, db = np.zeros((n, height, width)), np.zeros((n, kh, kw)), np.zeros((n, *b.shape))
    for i, j in np.ndindex(height - kh + 1, width - kw + 1):
        up = g[:, i, j][:, None, None]
        dw += up * x[:, i : i + kh, j : j + kw]
        db += up.reshape(db.shape)
        dx[:, i : i + kh, j : j + kw] += up * w
    return dx, dw.sum(0), db.sum(0)
"""
    )
    chosen = recognised(tmp_path, code, "fore_backward")
    single = ConvSpec(2, 1, 1, 6, 5, (3, 2))
    assert answer(chosen, single)[1] == {"input", "weight", "bias"}


CLIPPED = """
class CausalLayer:
    def __init__(self, n_in, n_out, kernel_size, dilation):
        self.W, self.k, self.d = np.zeros((n_out, n_in, kernel_size)), kernel_size, dilation

    def forward(self, x):
        self.padded = np.pad(x, ((0, 0), (0, 0), ((self.k - 1) * self.d, 0)))
        return sum(np.einsum("oi,nit->not", self.W[:, :, j], self.part(j)) for j in range(self.k))

    def part(self, j):
        return self.padded[:, :, j * self.d : self.padded.shape[2] - (self.k - 1 - j) * self.d]

    def backward(self, g):
        below = np.zeros_like(self.padded)
        slope = np.zeros_like(self.W)
        for j in range(self.k):
            slope[:, :, j] = np.einsum("not,nit->oi", g, self.part(j))
            below[:, :, j * self.d : j * self.d + g.shape[2]] += np.einsum("oi,not->nit", self.W[:, :, j], g)
        self.both = (slope, None)
        return below[:, :, {start} :]

    def step(self):
        self.W -= 0.1 * np.clip(self.both[0], -5, 5)
"""


@pytest.mark.parametrize(
    ("start", "right"), [("(self.k - 1) * self.d", {"weight", "input"}), ("self.k - 1", {"weight"})]
)
def test_a_word_of_another_padding_does_not_end_the_search(tmp_path, start, right):
    """A step that clips is no padding that repeats the edge: as such a layer it is none, and as a causal one it is.

    What it steps by is cut, and is the gradient that was kept all the same.
    """
    code = TOP + CLIPPED.replace("{start}", start)
    chosen = recognised(tmp_path, code, "CausalLayer")
    assert chosen.candidate.layout.modes == ("zeros",)
    spec = LineSpec(3, 2, 4, 1, 9, (1, 3), padding=(0, 4), extra_after=(0, -4), dilation=(1, 2))
    assert answer(chosen, spec)[1] & {"weight", "input"} == right
