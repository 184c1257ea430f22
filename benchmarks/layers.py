"""grad_weight alone, ours against autograd's, over published layers of every form; and what memory ours takes.

Run as a process of its own for each number of threads, so that every library starts with it:
`python -m benchmarks.layers THREADS REPEATS`, JSON on standard output.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tracemalloc
from typing import Any

import numpy as np

from benchmarks.timing import side_by_side
from gradcheck_cli.layers import conv
from gradcheck_cli.model import ConvName, ConvSpec, TorchLayer
from gradcheck_cli.model.torch_layer import Lengths

FORUM = "forum, 32x32"
LAYERS = {
    "AlexNet conv1, 11x11/4": ConvSpec(1, 3, 64, 224, 224, (11, 11), (4, 4), (2, 2)),
    "ResNet-50 conv1, 7x7/2": ConvSpec(1, 3, 64, 224, 224, (7, 7), (2, 2), (3, 3)),
    "ResNet-50 3x3, 64": ConvSpec(1, 64, 64, 56, 56, (3, 3), padding=(1, 1)),
    "ResNet-50 3x3, 256": ConvSpec(1, 256, 256, 14, 14, (3, 3), padding=(1, 1)),
    "ResNet-50 1x1": ConvSpec(1, 256, 64, 56, 56, (1, 1)),
    "VGG conv1_2": ConvSpec(1, 64, 64, 224, 224, (3, 3), padding=(1, 1)),
    "MobileNet depthwise 3x3": ConvSpec(1, 32, 32, 112, 112, (3, 3), padding=(1, 1), groups=32),
    "ConvNeXt depthwise 7x7": ConvSpec(1, 96, 96, 56, 56, (7, 7), padding=(3, 3), groups=96),
    "RepLKNet depthwise 31x31": ConvSpec(1, 128, 128, 56, 56, (31, 31), padding=(15, 15), groups=128),
    "DeepLab 3x3, dilation 12": ConvSpec(1, 2048, 256, 33, 33, (3, 3), (1, 1), (12, 12), (12, 12)),
    "LeNet conv1, N = 64": ConvSpec(64, 1, 6, 32, 32, (5, 5)),
    "CIFAR 3x3, N = 32": ConvSpec(32, 32, 64, 32, 32, (3, 3), padding=(1, 1)),
    FORUM: ConvSpec(1, 3, 3, 256, 256, (32, 32)),
}


Counts = tuple[int, int, int]
"""Samples, channels, filters."""


def _layer(conv: ConvName, counts: Counts, size: Lengths, taps: int, **options: Any) -> ConvSpec:
    batch, channels, filters = counts
    sizes = {"batch": batch, "in_channels": channels, "out_channels": filters, "size": size, "kernel_size": taps}
    return TorchLayer(conv=conv, **sizes, **options).spec


def _causal(counts: Counts, size: int, taps: int, **options: Any) -> ConvSpec:
    """A layer of one axis with all of its padding in front."""
    before = options.get("dilation", 1) * (taps - 1)
    return _layer("conv1d", counts, size, taps, padding=[(before, 0)], **options)


OTHER_FORMS = {
    "WaveNet, 2 taps, dilation 64": _causal((1, 64, 128), 8000, 2, dilation=64),
    "WaveNet, 2 taps, dilation 512, N = 4": _causal((4, 32, 32), 4000, 2, dilation=512),
    "TCN, 3 taps, dilation 4, N = 16": _causal((16, 150, 150), 400, 3, dilation=4),
    "state space, causal 4 taps, depthwise": _causal((2, 768, 768), 1024, 4, groups=768),
    "Conformer, 31 taps, depthwise": _layer("conv1d", (4, 256, 256), 400, 31, padding=15, groups=256),
    "C3D conv1, 3x3x3": _layer("conv3d", (1, 3, 64), (16, 56, 56), 3, padding=1),
    "C3D conv2, 3x3x3": _layer("conv3d", (1, 64, 128), (8, 28, 28), 3, padding=1),
    "3D U-Net 3x3x3": _layer("conv3d", (1, 32, 64), (32, 32, 32), 3, padding=1),
    "U-Net up 2x2/2, 128": _layer("conv_transpose2d", (1, 128, 64), (56, 56), 2, stride=2),
    "U-Net up 2x2/2, 512": _layer("conv_transpose2d", (1, 512, 256), (28, 28), 2, stride=2),
    "DCGAN 4x4/2, N = 8": _layer("conv_transpose2d", (8, 256, 128), (16, 16), 4, stride=2, padding=1),
    "DCGAN last 4x4/2, N = 8": _layer("conv_transpose2d", (8, 64, 3), (32, 32), 4, stride=2, padding=1),
}
"""One axis, three axes, and transposed layers."""


def bench_layers(threads: int, repeats: int) -> list[dict[str, Any]]:
    """One row per layer, measured in a fresh process with so many threads on both sides."""
    limits = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), str(threads))
    command = [sys.executable, "-m", "benchmarks.layers", str(threads), str(repeats)]
    done = subprocess.run(command, env={**os.environ, **limits}, stdout=subprocess.PIPE, check=True)
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return rows


def measure(name: str, spec: ConvSpec, repeats: int) -> dict[str, Any]:
    """Median seconds of autograd's grad_weight, of ours, and at the forum layer of our FFT and of float64."""
    x, grad_output = arrays(spec, np.float32)
    sides = {"autograd": autograd_of(x, grad_output, spec), "direct": lambda: conv.grad_weight(x, grad_output, spec)}
    if name == FORUM:
        wide_x, wide_grads = x.astype(np.float64), grad_output.astype(np.float64)
        sides["fft"] = lambda: conv.fft.grad_weight(x, grad_output, spec)
        sides["direct float64"] = lambda: conv.grad_weight(wide_x, wide_grads, spec)
        sides["autograd float64"] = autograd_of(wide_x, wide_grads, spec)
    return {"name": name, "memory": memory(spec), **side_by_side(sides, repeats)}


def memory(spec: ConvSpec) -> float:
    """Peak memory of our grad_weight, inputs and result included, as a multiple of inputs + result."""
    x, grad_output = arrays(spec, np.float32)
    given = x.nbytes + grad_output.nbytes
    tracemalloc.start()
    result = conv.grad_weight(x, grad_output, spec)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return (given + peak) / (given + result.nbytes)


def arrays(spec: ConvSpec, dtype: type) -> tuple[Any, Any]:
    """X and G of normal numbers."""
    rng = np.random.default_rng(0)
    return tuple(rng.standard_normal(shape).astype(dtype) for shape in (spec.x_shape, spec.output_shape))  # type: ignore[return-value]


def autograd_of(x: Any, grad_output: Any, spec: ConvSpec) -> Any:
    """A call of the very kernel that autograd runs for grad_weight, and for nothing else."""
    import torch

    size, outputs, kernel = map(spec.own, (spec.input_size, spec.output_size, spec.kernel_size))
    image = torch.from_numpy(x).reshape(*spec.x_shape[:2], *size)
    upstream = torch.from_numpy(grad_output).reshape(*spec.output_shape[:2], *outputs)
    weight = torch.zeros((*spec.weight_shape[:2], *kernel), dtype=image.dtype)
    stride, padding, dilation, longer = map(spec.own, (spec.stride, spec.padding, spec.dilation, spec.output_padding))
    if not spec.is_symmetric:  # as causal layers are written: the zeros are there before the layer is called
        sides = zip(reversed(padding), reversed(spec.own(spec.padding_after)), strict=True)
        image = torch.nn.functional.pad(image, [side for pair in sides for side in pair])
        padding = (0,) * len(padding)
    geometry = (stride, padding, dilation, spec.transposed, longer, spec.groups)
    wanted = (False, True, False)
    return lambda: torch.ops.aten.convolution_backward(upstream, image, weight, None, *geometry, wanted)


def main() -> None:
    """Measure all layers with the given threads and print the rows."""
    import torch

    threads, repeats = map(int, sys.argv[1:])
    torch.set_num_threads(threads)
    print(json.dumps([measure(name, spec, repeats) for name, spec in {**LAYERS, **OTHER_FORMS}.items()]))


if __name__ == "__main__":
    main()
