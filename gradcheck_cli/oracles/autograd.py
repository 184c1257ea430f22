"""What torch.autograd says: a real torch.nn.Conv2d (or Conv1d, ... ConvTranspose3d), a loss, `.backward()`.

No other oracle loads torch, but for `graph` and `in_setting`. Import it late: `import torch` takes a second.
"""

from __future__ import annotations

import contextlib
import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch.nn.modules.conv import _ConvNd as _Module

from gradcheck_cli.model import GRADIENTS, Array, Case, ConvName, ConvSpec, GradientName, Gradients, Loss, Setting
from gradcheck_cli.model.errors import UsageError
from gradcheck_cli.oracles.in_setting import (
    DTYPES,
    available_devices,
    forward_of,
    impossible,
    switched,
    tensor_in,
    through,
)
from gradcheck_cli.oracles.layer import Layer
from gradcheck_cli.oracles.losses import random_factors

_CLASSES: Mapping[ConvName, Callable[..., _Module]] = {
    "conv1d": torch.nn.Conv1d,
    "conv2d": torch.nn.Conv2d,
    "conv3d": torch.nn.Conv3d,
    "conv_transpose1d": torch.nn.ConvTranspose1d,
    "conv_transpose2d": torch.nn.ConvTranspose2d,
    "conv_transpose3d": torch.nn.ConvTranspose3d,
}


@dataclass(frozen=True)
class LayerSettings(Setting):
    """What torch computes in and on. `threads` None leaves torch's own choice."""

    dtype: str = "float32"
    threads: int | None = None

    @classmethod
    def of(cls, setting: Setting, threads: int | None = None) -> LayerSettings:
        """A setting with so many threads."""
        return cls(**setting.message(), threads=threads)

    @property
    def for_integers(self) -> LayerSettings:
        """The same where narrow integers are exact, which they are not in bfloat16 and float16: in float32 then."""
        return self if self.computed == "float64" else replace(self, dtype="float32", autocast="off")


@dataclass(frozen=True)
class AutogradRun:
    """One forward and backward of the layer: numpy arrays, float64 for float64, else float32 (a widening, exact).

    `output` and `grad_output` are (n, c_out, h_out, w_out); `loss` is E as torch computed it.
    """

    output: Array
    grad_output: Array
    gradients: Gradients
    loss: float


def draw_parameters(spec: ConvSpec, seed: int, bias: bool) -> tuple[Array, Array]:
    """The weights that `torch.manual_seed(seed); torch.nn.Conv2d(...)` draws; the global generator is left alone.

    The same for any other form of a layer.

    Args:
        spec: the geometry.
        seed: of torch's generator.
        bias: does the layer have one?

    Returns:
        weight (c_out, c_in/groups, kh, kw) and bias (c_out,), float32; the bias is zeros where the layer has none.
    """
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        layer = _CLASSES[spec.conv](**_arguments(spec), bias=bias)
    weight = layer.weight.detach().numpy().reshape(spec.weight_shape).copy()
    if layer.bias is None:
        return weight, np.zeros(spec.out_channels, np.float32)
    return weight, layer.bias.detach().numpy().copy()


def run_layer(
    layer: Layer, settings: LayerSettings, wanted: Sequence[GradientName] = ("weight", "bias")
) -> AutogradRun:
    """Forward, loss and `.backward()` of a torch.nn.Conv2d with these weights, all in `settings.dtype`.

    Args:
        layer: inputs, weights, loss; rounded to `settings.dtype` where that is narrower.
        settings: dtype, device, threads.
        wanted: the gradients to ask torch for beside G; that of the weight and of the input cost a convolution each.

    Raises:
        UsageError: the device is not there, or does not have this dtype.
    """
    with _prepared(settings):
        module = _module(layer, settings, wanted)
        x = tensor_of(layer.x, settings).requires_grad_("input" in wanted)
        with forward_of(settings):
            output: Any = _applied(through(settings, module), x, layer.spec)
        # Where no gradient is wanted, O is where the graph begins.
        output = output if output.requires_grad else output.requires_grad_()
        output.retain_grad()
        loss = loss_of(output, tensor_of(layer.reference, settings), layer.loss, layer.seed)
        loss.backward()  # type: ignore[no-untyped-call]
        gradients = _gradients(module, x, layer.spec)
        return AutogradRun(_array(output), _array(output.grad), gradients, float(loss.item()))


def backward(case: Case, settings: LayerSettings, wanted: Sequence[GradientName] = GRADIENTS) -> Gradients:
    """Autograd's gradients for a given G: the same layer as `run_layer`, with <O, G> as the loss, so that dE/dO is G.

    `O.backward(G)` gives the same bits, but loads SymPy on its way, 0.4 s.

    Args:
        case: X, weights, bias and G; rounded to `settings.dtype` where that is narrower.
        settings: dtype, device, threads.
        wanted: the gradients to ask torch for.

    Raises:
        UsageError: the device is not there, or does not have this dtype.
    """
    with _prepared(settings):
        module = _module(case, settings, wanted)
        x = tensor_of(case.x, settings).requires_grad_("input" in wanted)
        with forward_of(settings):
            output = _applied(through(settings, module), x, case.spec)
        torch.sum(output * tensor_of(case.grad_output, settings)).backward()  # type: ignore[no-untyped-call]
        return _gradients(module, x, case.spec)


def environment(settings: LayerSettings) -> dict[str, str | int | bool | None]:
    """What the numbers may depend on: torch's version, threads, instruction set, precision settings, device."""
    facts: dict[str, str | int | bool | None] = {
        "torch": torch.__version__,
        "threads": settings.threads or torch.get_num_threads(),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "mkldnn": bool(torch.backends.mkldnn.enabled),
        "mkldnn_conv_fp32_precision": _precision_setting(torch.backends.mkldnn, "conv"),
        "mkldnn_matmul_fp32_precision": _precision_setting(torch.backends.mkldnn, "matmul"),
        "device": settings.device,
        "device_name": _device_name(settings.device),
    }
    if settings.device.startswith("cuda"):
        facts["tf32"] = "on for these runs" if settings.tf32 == "on" else "off for these runs (IEEE float32)"
        facts["cudnn"] = torch.backends.cudnn.version()  # type: ignore[no-untyped-call]
        facts["cudnn_allow_tf32"] = torch.backends.cudnn.allow_tf32
    return facts


def rounded(array: Array, dtype: str) -> Array:
    """What torch really has of an array that it is given in this number format: rounded to it, widened to float64."""
    tensor = torch.from_numpy(np.ascontiguousarray(array)).to(DTYPES[dtype])
    return np.asarray(tensor.to(torch.float64).numpy())


def _arguments(spec: ConvSpec) -> dict[str, Any]:
    """What the module is told. Sides that differ are beyond its words, see `_applied`."""
    said: dict[str, Any] = {
        "in_channels": spec.in_channels,
        "out_channels": spec.out_channels,
        "kernel_size": spec.own(spec.kernel_size),
        "stride": spec.own(spec.stride),
        "padding": spec.own(spec.padding) if spec.is_symmetric else 0,
        "dilation": spec.own(spec.dilation),
        "groups": spec.groups,
        "padding_mode": spec.padding_mode if spec.is_symmetric else "zeros",
    }
    return said | ({"output_padding": spec.own(spec.output_padding)} if spec.transposed else {})


def _module(problem: Layer | Case, settings: LayerSettings, wanted: Sequence[GradientName]) -> _Module:
    """The layer with the given weights; it is made without numbers, so nothing is drawn from torch's generator.

    `torch.nn.utils.skip_init` does the same, but loads SymPy on its way.
    """
    spec = problem.spec
    module = _CLASSES[spec.conv](**_arguments(spec), device="meta")
    weight = tensor_of(problem.weight, settings).reshape(*spec.weight_shape[:2], *spec.own(spec.kernel_size))
    module.weight = torch.nn.Parameter(weight, requires_grad="weight" in wanted)
    module.bias = torch.nn.Parameter(tensor_of(problem.bias, settings), requires_grad="bias" in wanted)
    return module


def _applied(module: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor, spec: ConvSpec) -> torch.Tensor:
    """O, with an axis of size 1 where a layer of one axis has none.

    Where the sides differ, which the module cannot say, X gets its border before it, and O of a transposed layer loses
    its border behind it.
    """
    before, after = spec.own(spec.padding), spec.own(spec.padding_after)
    x = x.reshape(*x.shape[:2], *spec.own(spec.input_size))
    if not spec.is_symmetric and not spec.transposed:
        # torch pads the last axis first.
        sides = [side for pair in zip(reversed(before), reversed(after), strict=True) for side in pair]
        x = torch.nn.functional.pad(x, sides, "constant" if spec.padding_mode == "zeros" else spec.padding_mode)
    output: torch.Tensor = module(x)
    if not spec.is_symmetric and spec.transposed:
        for axis, (first, size) in enumerate(zip(before, spec.own(spec.output_size), strict=True), start=2):
            output = output.narrow(axis, first, size)
    return output.reshape(spec.output_shape)


def loss_of(output: torch.Tensor, reference: torch.Tensor, loss: Loss, seed: int) -> torch.Tensor:
    """E, in torch's words; `losses.value` says the same in numpy."""
    if loss.name == "l1":
        terms = torch.abs(output - reference)
    elif loss.name == "mse":
        terms = torch.square(output - reference)
    elif loss.name == "sum":
        terms = output
    else:
        factors = torch.from_numpy(random_factors(tuple(output.shape), seed))
        terms = output * factors.to(output.dtype).to(output.device)
    return terms.mean() if loss.reduction == "mean" else terms.sum()


def _gradients(module: _Module, x: torch.Tensor, spec: ConvSpec) -> Gradients:
    weight = _optional(module.weight.grad)
    bias = None if module.bias is None else module.bias.grad
    return Gradients(
        weight=None if weight is None else weight.reshape(spec.weight_shape),
        input=_optional(x.grad),
        bias=_optional(bias),
    )


def _optional(tensor: torch.Tensor | None) -> Array | None:
    return None if tensor is None else _array(tensor)


def tensor_of(array: Array, settings: LayerSettings) -> torch.Tensor:
    """A copy, so that nothing torch does can reach the caller's array."""
    return tensor_in(array, settings)


def _array(tensor: torch.Tensor) -> Array:
    """float64 stays; the narrower ones are widened to float32, which changes no value."""
    wide = tensor.detach().cpu()
    return wide.numpy() if wide.dtype == torch.float64 else wide.float().numpy()


@contextlib.contextmanager
def _prepared(settings: LayerSettings) -> Iterator[None]:
    """Device and dtype checked, IEEE float32 on CUDA, the thread count set; everything as before afterwards."""
    _check_device(settings)
    with _threads(settings.threads), switched(settings), _in_our_words(settings):
        yield


@contextlib.contextmanager
def _threads(count: int | None) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextlib.contextmanager
def _in_our_words(settings: LayerSettings) -> Iterator[None]:
    """Torch's refusals as sentences that name the option."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise UsageError(
            f"--device {settings.device} has too little memory for this layer in {settings.dtype}.",
            facts={"torch says": first_line(error)},
            hint="--size, --dtype float32 or fewer images make it smaller",
        ) from error
    except (RuntimeError, NotImplementedError, TypeError) as error:
        raise UsageError(
            f"torch cannot run this layer with --dtype {settings.dtype} on --device {settings.device}.",
            facts={"torch": torch.__version__, "it says": first_line(error)},
            hint="--dtype float32 works on every device",
        ) from error


def _check_device(settings: LayerSettings) -> None:
    available = available_devices()
    if settings.device.partition(":")[0] not in available:
        raise UsageError(
            f"--device {settings.device} is not available: this torch has {', '.join(available)}.",
            facts={"torch": torch.__version__},
            hint=f"--device {available[-1]}",
        )
    if settings.device == "mps" and settings.dtype == "float64":
        raise UsageError("--device mps has no float64.", hint="--dtype float32, or --device cpu")
    reason = impossible(settings)
    if reason:
        raise UsageError(f"autograd cannot run in {settings.text}: {reason}.", hint="leave that option out")


def _device_name(device: str) -> str:
    if device.startswith("cuda") and torch.cuda.is_available():
        return torch.cuda.get_device_name(device)
    return platform.processor() or platform.machine()


def _precision_setting(backend: Any, operation: str) -> str:
    """What torch says of float32 inside `operation`; "none" is its word for "not changed", so IEEE."""
    return str(getattr(getattr(backend, operation, None), "fp32_precision", "not reported by this torch"))


def first_line(error: Exception) -> str:
    """What torch says, in a line of at most 120 characters; the kind of error where it says nothing."""
    return str(error).strip().splitlines()[0][:120] if str(error).strip() else type(error).__name__
