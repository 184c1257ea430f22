"""The child's side of a probe: the same numbers in other circumstances."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from gradcheck_cli.model.circumstances import MemoryLayout
from gradcheck_cli.model.setting import PLAIN, Setting


def laid_out(tensor: Any, layout: MemoryLayout) -> Any:
    """The same numbers, lying otherwise in memory; the tensor itself where the layout has no meaning for it.

    Args:
        tensor: of any number of axes.
    """
    import torch

    if not isinstance(tensor, torch.Tensor) or tensor.dim() == 0 or layout == "contiguous":
        return tensor
    if layout == "transposed":
        return tensor if tensor.dim() < 2 else tensor.transpose(-1, -2).contiguous().transpose(-1, -2)
    if layout == "expanded":
        one = tensor.reshape(-1)[:1].reshape((1,) * tensor.dim())
        return one.expand(tensor.shape) if bool((tensor == one).all()) else tensor
    gap = float("nan") if tensor.is_floating_point() else 0
    larger = torch.full((*tensor.shape[:-1], 2 * tensor.shape[-1] + 1), gap, dtype=tensor.dtype)
    larger[..., 1::2] = tensor
    return larger[..., 1::2]


def in_setting(value: Any, setting: Setting) -> Any:
    """A tensor on the setting's device and in its memory format, floating numbers in its dtype; anything else stays."""
    import torch

    if setting == PLAIN or not isinstance(value, torch.Tensor):
        return value
    from gradcheck_cli.oracles.in_setting import placed_in

    return placed_in(value, setting)


def in_format(tensor: Any, setting: Setting) -> Any:
    """The same numbers in the memory format of the setting."""
    if setting.memory_format == "contiguous":
        return tensor
    from gradcheck_cli.oracles.in_setting import in_memory_format

    return in_memory_format(tensor, setting)


@contextlib.contextmanager
def filled_memory() -> Iterator[None]:
    """torch hands out new memory filled with NaN, and the largest number for integers."""
    import torch

    before = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    fills = torch.utils.deterministic.fill_uninitialized_memory  # type: ignore[attr-defined]
    # torch.use_deterministic_algorithms also sets torch's compiler up, which takes seconds to load.
    torch._C._set_deterministic_algorithms(True, warn_only=True)
    torch.utils.deterministic.fill_uninitialized_memory = True  # type: ignore[attr-defined]
    try:
        yield
    finally:
        torch.utils.deterministic.fill_uninitialized_memory = fills  # type: ignore[attr-defined]
        torch._C._set_deterministic_algorithms(before[0], warn_only=before[1])
