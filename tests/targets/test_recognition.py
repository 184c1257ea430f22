"""Ways of handing over a backward that the corpus of tests/mistakes does not hold, through a worker."""

import numpy as np
import pytest

from gradcheck_cli.layers import conv
from gradcheck_cli.model import ConvSpec
from gradcheck_cli.model.errors import TargetError, UsageError
from gradcheck_cli.targets import HowToCall, Worker, WorkerLimits, resolve
from gradcheck_cli.targets.conventions.probes import integer_case

SPEC = ConvSpec(2, 3, 4, 9, 8, (3, 3), stride=(2, 2), padding=(1, 1))
PLAIN = ConvSpec(2, 3, 4, 9, 8, (3, 3))
IMAGE = ConvSpec(1, 1, 3, 8, 7, (3, 3))
ROUTINES = """
import numpy as np

def correlate(x, w, s=1, p=0):
    xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    windows = np.lib.stride_tricks.sliding_window_view(xp, w.shape[2:], (2, 3))[:, :, ::s, ::s]
    return np.einsum("ncpquv,ocuv->nopq", windows, w)

def gradients(x, w, g, s=1, p=0):
    xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    dxp, dw = np.zeros_like(xp), np.zeros_like(w)
    for i in range(g.shape[2]):
        for j in range(g.shape[3]):
            rows, columns = slice(i * s, i * s + w.shape[2]), slice(j * s, j * s + w.shape[3])
            dw += np.einsum("no,ncuv->ocuv", g[:, :, i, j], xp[:, :, rows, columns])
            dxp[:, :, rows, columns] += np.einsum("no,ocuv->ncuv", g[:, :, i, j], w)
    return dxp[:, :, p:p + x.shape[2], p:p + x.shape[3]], dw, g.sum(axis=(0, 2, 3))
"""
LAYER = (
    ROUTINES
    + """
class Conv:
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0):
        self.W = np.ones((out_channels, in_channels, kernel_size, kernel_size))
        self.b = np.zeros(out_channels)
        self.stride, self.padding = stride, padding

    def forward(self, x):
        self.x = x
        return correlate(x, self.W, self.stride, self.padding) + self.b[:, None, None]
"""
)


@pytest.fixture
def ask(tmp_path):
    """(Described, Outcome) of a target written to a file."""

    def question(code, name, spec=SPEC, convention="auto", calls="twice"):
        file = tmp_path / "user.py"
        file.write_text(code)
        with Worker(resolve([f"{file}:{name}"])[0], WorkerLimits(timeout=30), HowToCall(convention)) as worker:
            return worker.describe(), worker.backward(integer_case(spec), calls)

    return question


def right_ones(outcome, spec=SPEC):
    """Names of the gradients that equal ours."""
    expected = conv.backward(integer_case(spec))
    found = {name: outcome.gradients.get(name) for name in ("weight", "input", "bias")}
    return {name for name, array in found.items() if array is not None and np.array_equal(array, expected.get(name))}


ALL = {"weight", "input", "bias"}


def test_a_torch_module_is_run_through_autograd(ask):
    """An nn.Module without a backward of its own: gradients of its parameters and of its input."""
    code = """
import torch

class Net(torch.nn.Module):
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0):
        super().__init__()
        self.conv = torch.nn.Conv2d(in_channels, out_channels, kernel_size, stride, padding)

    def forward(self, x):
        return self.conv(x)
"""
    described, outcome = ask(code, "Net")
    assert (described.convention, right_ones(outcome)) == ("module", ALL)


def test_a_function_with_setup_context_is_called_without_ctx(ask):
    """torch's newer style: forward has no ctx, setup_context saves."""
    code = """
import torch
import torch.nn.functional as F

class Conv(torch.autograd.Function):
    @staticmethod
    def forward(x, weight, bias, stride, padding):
        return F.conv2d(x, weight, bias, stride, padding)

    @staticmethod
    def setup_context(ctx, inputs, output):
        x, weight, bias, ctx.stride, ctx.padding = inputs
        ctx.save_for_backward(x, weight)

    @staticmethod
    def backward(ctx, grad_output):
        x, weight = ctx.saved_tensors
        columns = F.unfold(x, weight.shape[2:], padding=ctx.padding, stride=ctx.stride)
        flat = grad_output.flatten(2)
        dw = torch.einsum("nop,nkp->ok", flat, columns).reshape(weight.shape)
        dc = torch.einsum("nop,ok->nkp", flat, weight.flatten(1))
        dx = F.fold(dc, x.shape[2:], weight.shape[2:], padding=ctx.padding, stride=ctx.stride)
        return dx, dw, flat.sum(dim=(0, 2)), None, None
"""
    described, outcome = ask(code, "Conv")
    assert (described.convention, right_ones(outcome)) == ("autograd-function", ALL)


def test_a_wrong_shape_in_one_gradient_of_a_function_leaves_the_others_judged(ask):
    """Autograd refuses the whole backward; only the gradient at fault is wrong."""
    code = """
import torch
import torch.nn.functional as F

class Conv(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, bias, stride=1, padding=0):
        ctx.save_for_backward(x, weight)
        ctx.stride, ctx.padding = stride, padding
        return F.conv2d(x, weight, bias, stride, padding)

    @staticmethod
    def backward(ctx, g):
        x, weight = ctx.saved_tensors
        columns = F.unfold(x, weight.shape[2:], padding=ctx.padding, stride=ctx.stride)
        dw = torch.einsum("nop,nkp->ok", g.flatten(2), columns).reshape(weight.shape)
        return F.conv_transpose2d(g, weight, None, ctx.stride, ctx.padding), dw, g.sum(dim=(0, 2, 3)), None, None
"""
    _, outcome = ask(code, "Conv")
    assert (outcome.error_kind, outcome.gradients.input.shape) == ("misshapen", (2, 3, 9, 7))
    assert right_ones(outcome) == {"weight", "bias"}


def test_numbers_of_the_script_that_a_function_reads_are_found(ask):
    """A script part that fails after the globals which the target needs."""
    code = f"""
{ROUTINES}
STRIDE, PADDING = 1, 0
data = load_the_data_set_that_is_not_here()

def backward(dout, x, w):
    return gradients(x, w, dout, STRIDE, PADDING)
"""
    described, outcome = ask(code, "backward", PLAIN)
    assert right_ones(outcome, PLAIN) == ALL
    assert described.notes == (
        "the file's script part fails (NameError at line 21); only what the target needs was executed",
    )


def test_a_learning_rate_that_is_a_number_in_the_code_is_read_off(ask):
    """W -= 0.01 * dW with nothing to set: the rate is recognised, the quotient is exact again."""
    code = f"""{LAYER}
    def backward(self, dout):
        dx, dw, db = gradients(self.x, self.W, dout, self.stride, self.padding)
        self.W -= 0.01 * dw
        self.b -= 0.01 * db
        return dx
"""
    described, outcome = ask(code, "Conv")
    assert (described.convention, right_ones(outcome)) == ("class-update", ALL)
    assert "(old - new) / 0.01" in described.why


def test_a_package_target_is_loaded_inside_its_package(tmp_path, monkeypatch):
    """package.module:name with a relative import of its own."""
    package = tmp_path / "homemade"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "routines.py").write_text(ROUTINES)
    (package / "layer.py").write_text(
        "from .routines import gradients\n\ndef backward(dout, x, w, stride, pad):\n"
        "    return gradients(x, w, dout, stride, pad)\n"
    )
    monkeypatch.chdir(tmp_path)
    with Worker(resolve(["homemade.layer:backward"])[0], WorkerLimits(timeout=30)) as worker:
        assert right_ones(worker.backward(integer_case(SPEC))) == ALL


def test_a_package_whose_init_fails_still_gives_its_siblings(tmp_path):
    """An `__init__` that imports what is not installed is none of the target's business."""
    package = tmp_path / "broken"
    package.mkdir()
    (package / "__init__.py").write_text("import a_package_that_nobody_has\n")
    (package / "routines.py").write_text(ROUTINES)
    (package / "layer.py").write_text(
        "from .routines import gradients\n\ndef backward(dout, x, w, stride, pad):\n"
        "    return gradients(x, w, dout, stride, pad)\n"
    )
    with Worker(resolve([f"{package / 'layer.py'}:backward"])[0], WorkerLimits(timeout=30)) as worker:
        assert right_ones(worker.backward(integer_case(SPEC))) == ALL


def test_absolute_imports_of_the_own_project_are_found_above_the_file(tmp_path):
    """project/nn/layers/conv.py that says `from project.nn.routines import ...`, without any `__init__.py`."""
    folder = tmp_path / "project" / "nn" / "deep" / "layers"
    folder.mkdir(parents=True)
    (folder.parent.parent / "routines.py").write_text(ROUTINES)
    (folder / "layer.py").write_text(
        "from project.nn.routines import gradients\n\ndef backward(dout, x, w, stride, pad):\n"
        "    return gradients(x, w, dout, stride, pad)\n"
    )
    with Worker(resolve([f"{folder / 'layer.py'}:backward"])[0], WorkerLimits(timeout=30)) as worker:
        assert right_ones(worker.backward(integer_case(SPEC))) == ALL


EITHER_LAYOUT = """
import numpy as np

def backward(dout, x, w):
    return np.ones_like(x), np.ones_like(w)
"""


def test_two_layouts_without_a_right_gradient_are_ambiguous(ask):
    """Nothing tells them apart: say so, and name the option that settles it."""
    with pytest.raises(TargetError) as raised:
        ask(EITHER_LAYOUT, "backward")
    assert str(raised.value).endswith(
        "user.py:backward is ambiguous: it runs in more than one layout (nchw, nhwc, chwn, hwcn), and no gradient is "
        "right in any.\n  hint: say which: --convention nchw; or say how: "
        '--call "NAME(G, x, w)" --returns input,weight,bias; of any function --call "FORWARD -> BACKWARD"; or '
        "gradcheck_call() in the file (gradcheck explain calling)"
    )


def test_convention_settles_the_layout(ask):
    """The same file, told."""
    described, outcome = ask(EITHER_LAYOUT, "backward", PLAIN, convention="nhwc")
    assert (described.layout, outcome.error_kind, right_ones(outcome, PLAIN)) == ("NHWC", "", set())


def test_convention_narrows_the_family(ask):
    """A class told to be a function is not recognised as a layer."""
    code = LAYER + "\n    def backward(self, g):\n        return gradients(self.x, self.W, g)\n"
    with pytest.raises(TargetError, match="--convention function leaves no way to call it"):
        ask(code, "Conv", convention="function")


def test_an_unknown_convention_is_refused(ask):
    """With the words that exist."""
    with pytest.raises((TargetError, UsageError), match="there is no convention torchy"):
        ask(EITHER_LAYOUT, "backward", convention="torchy")


def test_a_result_that_a_second_call_changes_was_copied_before(ask):
    """A layer that returns the very array into which it adds: the first result stays what it was."""
    code = f"""{LAYER}
    def backward(self, g):
        dx, self.dW, self.db = gradients(self.x, self.W, g, self.stride, self.padding)
        self.dx = getattr(self, "dx", np.zeros_like(dx))
        self.dx += dx
        return self.dx
"""
    _, outcome = ask(code, "Conv")
    assert right_ones(outcome) == ALL
    assert np.array_equal(outcome.second.input, 2 * outcome.gradients.input)


def test_a_second_call_of_another_shape_is_kept_as_it_is(ask):
    """What differs between calls is for the parent to judge: the worker hands over both."""
    code = f"""{ROUTINES}
calls = []

def backward(dout, x, w, stride, pad):
    calls.append(1)
    dx, dw, db = gradients(x, w, dout, stride, pad)
    return (dx, dw, db) if len(calls) % 2 else (dx, dw[:, :, :2], db)
"""
    _, outcome = ask(code, "backward")
    shapes = {outcome.gradients.weight.shape, outcome.second.weight.shape}
    assert shapes == {(4, 3, 3, 3), (4, 3, 2, 3)}


def test_a_static_pair_with_a_context_of_its_own_gets_one(ask):
    """forward(ctx, ...) and backward(ctx, g) of a home-made autograd, in numpy."""
    code = f"""{ROUTINES}
class Conv2d:
    @staticmethod
    def forward(ctx, input, weight, padding, stride):
        ctx.save_for_backward(input, weight)
        ctx.geometry = stride, padding
        return correlate(input, weight, stride, padding)

    @staticmethod
    def backward(ctx, grad_output):
        input, weight = ctx.saved_tensors
        return gradients(input, weight, grad_output, *ctx.geometry)[:2]
"""
    described, outcome = ask(code, "Conv2d")
    assert (described.convention, right_ones(outcome)) == ("cache", {"weight", "input"})


def test_arguments_that_only_the_forward_can_make_come_from_it(ask):
    """backward(dout, cols, w, ...) where forward returns (out, cols)."""
    code = """
import numpy as np

def conv_forward(x, w, stride, pad):
    xp = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    cols = np.lib.stride_tricks.sliding_window_view(xp, w.shape[2:], (2, 3))[:, :, ::stride, ::stride]
    return np.einsum("ncpquv,ocuv->nopq", cols, w), cols

def conv_backward(dout, cols, w):
    return np.einsum("nopq,ncpquv->ocuv", dout, cols), dout.sum(axis=(0, 2, 3))
"""
    described, outcome = ask(code, "conv_backward")
    assert (right_ones(outcome), outcome.error) == ({"weight", "bias"}, "")
    assert described.why.endswith("the rest is made by conv_forward")


def test_a_small_k_beside_a_large_one_is_the_kernel_size(ask):
    """backward(dout, cols, K, x_shape, k)"""
    code = """
import numpy as np

def conv_forward(x, K):
    cols = np.lib.stride_tricks.sliding_window_view(x, K.shape[2:], (2, 3))
    return np.einsum("ncpquv,ocuv->nopq", cols, K), cols

def conv_backward(dout, cols, K, x_shape, k):
    dx = np.zeros(x_shape)
    for u in range(k):
        for v in range(k):
            part = np.einsum("nopq,oc->ncpq", dout, K[:, :, u, v])
            dx[:, :, u:u + dout.shape[2], v:v + dout.shape[3]] += part
    return np.einsum("nopq,ncpquv->ocuv", dout, cols), dx
"""
    assert right_ones(ask(code, "conv_backward", PLAIN)[1], PLAIN) == {"weight", "input"}


def test_two_parameters_with_the_same_meaning_are_tried_both_ways(ask):
    """`prev_layer` may be the input, or the gradient of the previous step."""
    code = f"{ROUTINES}\ndef backprop(prev_layer, input, filter, stride):\n" + (
        "    return gradients(input, filter, prev_layer, stride)\n"
    )
    spec = ConvSpec(2, 3, 4, 9, 8, (3, 3), stride=(2, 2))
    _, outcome = ask(code, "backprop", spec)
    assert right_ones(outcome, spec) == ALL


def test_a_backward_may_call_its_gradient_input(ask):
    """A method with one parameter: whatever it is called, it is G."""
    code = LAYER + (
        "\n    def _backward(self, input):\n"
        "        return gradients(self.x, self.W, input, self.stride, self.padding)\n"
    )
    assert right_ones(ask(code, "Conv")[1]) == ALL


def test_a_kernel_that_is_unpacked_as_square_is_not_asked_for_another(ask):
    """`(f, f, ...) = W.shape` promises square kernels only; a 3x2 one is not supported, no crash."""
    code = f"""{ROUTINES}
def conv_backward(dZ, cache):
    (x, W, b, stride, pad) = cache
    (n_C, n_C_prev, f, f) = W.shape
    assert W.shape == (n_C, n_C_prev, f, f)
    return gradients(x, W, dZ, stride, pad)
"""
    _, square = ask(code, "conv_backward")
    _, other = ask(code, "conv_backward", ConvSpec(2, 3, 4, 9, 8, (3, 2)))
    assert right_ones(square) == ALL
    assert (other.supported, other.error) == (False, "its kernel is square: it reads one size for both directions")


@pytest.mark.parametrize(
    ("sizes", "asked"),
    [("k = W.shape[2]", False), ("k = W.shape[2]\n    kw = W.shape[2]", True), ("k = W.shape[3]", False)],
)
def test_one_size_of_the_kernel_read_once_promises_a_square_one(ask, sizes, asked):
    """Read twice it is a slip of code that means two sizes, and a kernel that is not square shows it."""
    code = f"{ROUTINES}\ndef conv_backward(dZ, x, W):\n    {sizes}\n    assert k > 0\n    return gradients(x, W, dZ)\n"
    assert right_ones(ask(code, "conv_backward", PLAIN)[1], PLAIN) == ALL

    assert ask(code, "conv_backward", ConvSpec(2, 3, 4, 9, 8, (3, 2)))[1].supported is asked


def test_a_batch_axis_is_preferred_where_both_run(ask):
    """A mean over the batch would hide behind one image."""
    code = """
import numpy as np

def conv2d_backward(grad_output, image, kernel):
    batch = image if image.ndim == 3 else image[None]
    g = grad_output if image.ndim == 3 else grad_output[None]
    windows = np.lib.stride_tricks.sliding_window_view(batch, g.shape[1:], (1, 2))
    return np.einsum("nuvpq,npq->uv", windows, g) / len(batch)
"""
    described, outcome = ask(code, "conv2d_backward", ConvSpec(2, 1, 1, 8, 7, (3, 3)))
    assert (described.layout, right_ones(outcome, ConvSpec(2, 1, 1, 8, 7, (3, 3)))) == ("NHW", set())


def test_a_layer_that_keeps_every_forward_until_it_is_flushed_is_flushed(ask):
    """Weights made by the first forward; inputs and gradients pile up until flush_gradients."""
    code = f"""{ROUTINES}
class Conv:
    def __init__(self, out_ch, kernel_size, stride=1, pad=0):
        self.out_ch, self.kernel_size, self.stride, self.pad = out_ch, kernel_size, stride, pad
        self.X, self.W, self.dW = [], None, 0

    def forward(self, X):
        if self.W is None:
            self.W = np.ones((self.out_ch, X.shape[1], self.kernel_size, self.kernel_size))
        self.X.append(X)
        return correlate(X, self.W, self.stride, self.pad)

    def backward(self, grad):
        for X in self.X:
            dx, dw, _ = gradients(X, self.W, grad, self.stride, self.pad)
            self.dW = self.dW + dw
        return dx

    def flush_gradients(self):
        self.X, self.dW = [], 0
"""
    assert right_ones(ask(code, "Conv")[1]) == {"weight", "input"}


def test_a_layer_whose_backward_always_raises_is_recognised_and_fails(ask):
    """Its own forward is right, so it is called as meant; the crash is the result."""
    code = LAYER + "\n    def backward(self, dout):\n        return self.col.T @ dout\n"
    described, outcome = ask(code, "Conv")
    assert set(described.yields) == ALL
    assert (outcome.error_kind, outcome.error) == ("raised", "AttributeError: 'Conv' object has no attribute 'col'")


def test_code_that_raises_however_it_is_called_is_not_accused(ask):
    """Perhaps we call it wrongly: say what it raised, and where."""
    code = "def backward(dout, x, w):\n    return dout['up'] * x\n"
    with pytest.raises(TargetError) as raised:
        ask(code, "backward")
    assert "it raises in every way in which it was called" in str(raised.value)
    assert "the likeliest raised  IndexError" in str(raised.value)
    assert "(line 2)" in str(raised.value)


def test_a_learning_rate_one_object_deeper_is_set(ask):
    """self.settings.learning_rate"""
    code = f"""{ROUTINES}
class Settings:
    def __init__(self):
        self.learning_rate = 0.05

class Conv:
    def __init__(self, in_channels, out_channels, kernel_size):
        self.W = np.ones((out_channels, in_channels, kernel_size, kernel_size))
        self.settings = Settings()

    def forward(self, x):
        self.x = x
        return correlate(x, self.W)

    def backward(self, dout):
        dx, dw, _ = gradients(self.x, self.W, dout)
        self.W -= self.settings.learning_rate * dw
        return dx
"""
    assert right_ones(ask(code, "Conv", PLAIN)[1], PLAIN) == {"weight", "input"}


def test_a_convolution_shape_and_a_stride_shape_build_a_layer_that_keeps_the_size(ask):
    """Conv(stride_shape, convolution_shape, num_kernels)"""
    code = f"""{ROUTINES}
class Conv:
    def __init__(self, stride_shape, convolution_shape, num_kernels):
        self.stride_shape = stride_shape
        self.weights = np.ones((num_kernels, *convolution_shape))
        self.bias = np.zeros(num_kernels)

    def forward(self, input_tensor):
        self.x, p = input_tensor, self.weights.shape[2] // 2
        return correlate(self.x, self.weights, self.stride_shape[0], p) + self.bias[:, None, None]

    def backward(self, error_tensor):
        half = self.weights.shape[2] // 2
        dx, self.dW, self.db = gradients(self.x, self.weights, error_tensor, self.stride_shape[0], half)
        return dx
"""
    spec = ConvSpec(2, 3, 4, 9, 8, (3, 3), padding=(1, 1))
    assert right_ones(ask(code, "Conv", spec)[1], spec) == ALL


def test_an_unusual_order_of_the_kernel_is_told(tmp_path):
    """Code that is right only for F as (c_in, c_out, kh, kw) is judged so, and that is said."""
    file = tmp_path / "swapped.py"
    file.write_text(
        "import numpy as np\n"
        "def conv_backward(dout, x, w):\n"
        "    kh, kw = w.shape[2:]\n"
        "    dw = np.zeros((x.shape[1], dout.shape[1], kh, kw))\n"
        "    for n, f, p, q in np.ndindex(dout.shape):\n"
        "        dw[:, f] += dout[n, f, p, q] * x[n, :, p : p + kh, q : q + kw]\n"
        "    return dw\n"
    )
    [ref] = resolve([f"{file}:conv_backward"])
    with Worker(ref) as worker:
        notes = worker.describe().notes
    assert "its F is taken as (c_in, c_out, kh, kw): in the usual order its gradient is not right" in notes
