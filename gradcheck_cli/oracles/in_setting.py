"""A setting in torch's words: tensors of its number format where it wants them, and its switches while something runs.

Everything is as before afterwards. Import it late: `import torch` takes a second.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import torch

from gradcheck_cli.model import Array, Setting

DTYPES = {
    "float32": torch.float32,
    "float64": torch.float64,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}
# What torch.compile calls, unless the environment names another.
COMPILERS = ("c++", "g++", "clang++")
# channels_last by the number of axes; a line has no such form.
_CHANNELS_LAST = {4: torch.channels_last, 5: torch.channels_last_3d}


def available_devices() -> tuple[str, ...]:
    """The devices that this torch can use, the CPU first."""
    found = ["cpu"]
    if torch.cuda.is_available():
        found.append("cuda")
    if torch.backends.mps.is_available():
        found.append("mps")
    return tuple(found)


def impossible(setting: Setting) -> str:
    """Why this machine cannot compute so, a clause; "" where it can."""
    kind = setting.device.partition(":")[0]
    if kind not in available_devices():
        return f"this torch has no {kind}: it has {', '.join(available_devices())}"
    if kind == "mps" and setting.dtype == "float64":
        return "mps has no float64"
    if setting.tf32 == "on" and kind != "cuda":
        return f"{kind} has no TF32"
    if setting.tf32 == "on" and setting.precision != "tf32":
        return f"TF32 is what is left of float32, and it is computed in {setting.computed}"
    if setting.compile and kind == "cpu" and not _compiler():
        return "torch.compile needs a C++ compiler, and there is no c++, g++ or clang++: install one, or set CXX"
    return ""


def tensor_in(array: Array, setting: Setting) -> torch.Tensor:
    """A copy of an array as a tensor of the setting; a leaf, so that nothing torch does can reach the caller's array.

    Of four or five axes channels_last lays the second one innermost; the numbers and their places are the same.
    """
    return placed_in(torch.tensor(np.asarray(array), dtype=DTYPES[setting.dtype]), setting)


def placed_in(tensor: torch.Tensor, setting: Setting) -> torch.Tensor:
    """A tensor on the device and in the memory format of the setting, one of floating numbers in its dtype."""
    dtype = DTYPES[setting.dtype] if tensor.is_floating_point() else tensor.dtype
    return in_memory_format(tensor.to(setting.device, dtype), setting)


def in_memory_format(tensor: torch.Tensor, setting: Setting) -> torch.Tensor:
    """The same numbers as the setting has them lie."""
    form = _CHANNELS_LAST.get(tensor.dim())
    if setting.memory_format == "channels_last" and form is not None:
        return tensor.to(memory_format=form)
    return tensor


def through(setting: Setting, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, through torch.compile where the setting says so."""
    if not setting.compile:
        return function
    # One process compiles: a pool of workers would outlive the call.
    os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")
    return torch.compile(function)


def forward_of(setting: Setting) -> AbstractContextManager[object]:
    """While a forward runs: under autocast, where the setting says so."""
    if setting.autocast == "off":
        return contextlib.nullcontext()
    return torch.autocast(setting.device.partition(":")[0], dtype=DTYPES[setting.autocast])


@contextlib.contextmanager
def switched(setting: Setting) -> Iterator[None]:
    """While anything runs: deterministic algorithms, and TF32 on or off."""
    with _deterministic(setting), _tf32(setting):
        yield


@contextlib.contextmanager
def _deterministic(setting: Setting) -> Iterator[None]:
    if not setting.deterministic:
        yield
        return
    before = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    # cuBLAS reads it when it is first used; torch refuses to be deterministic without it.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    # torch.use_deterministic_algorithms also sets torch's compiler up, which takes seconds to load.
    torch._C._set_deterministic_algorithms(True, warn_only=False)
    try:
        yield
    finally:
        torch._C._set_deterministic_algorithms(before[0], warn_only=before[1])


@contextlib.contextmanager
def _tf32(setting: Setting) -> Iterator[None]:
    """cuDNN may cut float32 to TF32 (10 bits) by default, which is another layer than the one judged."""
    if not setting.device.startswith("cuda"):
        yield
        return
    precision = "tf32" if setting.tf32 == "on" else "ieee"
    convolutions, products = _precision_of(torch.backends.cudnn, "conv"), _precision_of(torch.backends.cuda, "matmul")
    with _as_set(convolutions, precision), _as_set(products, precision):
        yield


def _precision_of(backend: Any, operation: str) -> tuple[Any, str]:
    """The object and its attribute that say whether float32 may be cut: newer torch has a name for each precision."""
    owner = getattr(backend, operation, None)
    if owner is not None and hasattr(owner, "fp32_precision"):
        return owner, "fp32_precision"
    return (backend, "allow_tf32") if hasattr(backend, "allow_tf32") else (owner, "allow_tf32")


@contextlib.contextmanager
def _as_set(place: tuple[Any, str], precision: str) -> Iterator[None]:
    owner, name = place
    before = getattr(owner, name)
    setattr(owner, name, precision if name == "fp32_precision" else precision == "tf32")
    try:
        yield
    finally:
        setattr(owner, name, before)


def _compiler() -> str | None:
    return next(filter(None, map(shutil.which, (os.environ.get("CXX", ""), *COMPILERS))), None)
