"""What code for a GPU asks of one, answered on the CPU: tensors that say they are on a device, a device to ask about.

Only where kernels are interpreted. Every number is computed where it always is; what changes is what tensors are told
and say of their device, so that a wrapper with `assert x.is_cuda` or `device="cuda"` runs as it is written.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

# Any of the last generations: kernels ask in order to choose block sizes, which change no gradient.
CAPABILITY = (8, 0)
WARP = 32
_FACTS = {"multiprocessor_count": 1, "max_shared_mem": 2**16 + 2**15, "max_num_regs": 2**16, "warpSize": WARP}
_DEVICES = ("cuda", "hip", "xpu")
_DEVICE = torch.device("cuda", 0)
# Its properties are getters of C, of which types know nothing.
_TENSOR: Any = torch.Tensor


class OnCpu(TorchFunctionMode):
    """Tensors say that they are on a GPU, and whoever wants one there gets it on the CPU."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run what was called, on the CPU."""
        if func == _TENSOR.is_cuda.__get__:
            return True
        if func == _TENSOR.device.__get__:
            return _DEVICE
        if func is torch.Tensor.get_device:
            return 0
        if func is torch.Tensor.cuda:
            return args[0]
        args = tuple(_on_cpu(part) for part in args)
        return func(*args, **{name: _on_cpu(value) for name, value in (kwargs or {}).items()})


def answer_for_a_gpu() -> None:
    """For the rest of this process."""
    import_module("triton.runtime").driver.set_active(_Driver())
    for name, answer in _OF_CUDA.items():
        setattr(torch.cuda, name, answer)
    if not hasattr(torch.cpu, "device"):
        torch.cpu.device = _context  # type: ignore[attr-defined]
    OnCpu().__enter__()  # type: ignore[no-untyped-call]


def _on_cpu(value: Any) -> Any:
    if isinstance(value, torch.device):
        return torch.device("cpu") if value.type in _DEVICES else value
    if isinstance(value, str) and value.partition(":")[0] in _DEVICES:
        return "cpu"
    return value


@contextlib.contextmanager
def _context(*_: Any, **__: Any) -> Any:
    yield


class _Driver:
    """Stands for the driver of a GPU."""

    utils = SimpleNamespace(get_device_properties=lambda *_: dict(_FACTS))

    @staticmethod
    def is_active() -> bool:
        return True

    @staticmethod
    def get_current_target() -> Any:
        return import_module("triton.backends.compiler").GPUTarget("cuda", 10 * CAPABILITY[0] + CAPABILITY[1], WARP)

    @staticmethod
    def get_active_torch_device() -> torch.device:
        return _DEVICE

    @staticmethod
    def get_device_interface() -> Any:
        return torch.cuda

    @staticmethod
    def get_current_device() -> int:
        return 0

    @staticmethod
    def set_current_device(device: int) -> None:
        """There is one."""

    @staticmethod
    def get_current_stream(device: int = 0) -> int:
        return device


def _nothing(*_: Any, **__: Any) -> None:
    """There is nothing to wait for, and nothing to choose."""


_STREAM = SimpleNamespace(cuda_stream=0, stream_id=0, synchronize=_nothing, wait_stream=_nothing)
_OF_CUDA: Mapping[str, Any] = {
    "is_available": lambda: True,
    "device_count": lambda: 1,
    "current_device": lambda: 0,
    "set_device": _nothing,
    "synchronize": _nothing,
    "device": _context,
    "stream": _context,
    "current_stream": lambda *_, **__: _STREAM,
    "get_device_capability": lambda *_, **__: CAPABILITY,
    "get_device_name": lambda *_, **__: "Triton's interpreter",
    "get_device_properties": lambda *_, **__: SimpleNamespace(
        name="Triton's interpreter",
        major=CAPABILITY[0],
        minor=CAPABILITY[1],
        multi_processor_count=_FACTS["multiprocessor_count"],
        shared_memory_per_block=_FACTS["max_shared_mem"],
        shared_memory_per_block_optin=_FACTS["max_shared_mem"],
        warp_size=WARP,
        total_memory=2**34,
    ),
}
