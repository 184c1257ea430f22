"""What the recorder asks of tensors and of torch's operations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch

from gradcheck_cli.model import Array


def flattened(value: Any) -> Iterator[Any]:
    """The parts of nested tuples, lists and dicts."""
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, tuple | list):
        for part in value:
            yield from flattened(part)
    else:
        yield value


def pulled_back(
    results: tuple[torch.Tensor, ...], given: tuple[torch.Tensor, ...], leaves: tuple[torch.Tensor, ...], order: int = 1
) -> tuple[torch.Tensor | None, ...]:
    """torch.autograd.grad without the checks of its arguments, which cost more than the derivative of a small node.

    They also load SymPy, which a process pays with 0.7 s.

    Args:
        results: each of them requires a gradient.
        given: one for each result.
        leaves: what is differentiated by; None comes back where nothing depends on it.
        order: how often the results are to be differentiated: more than once keeps a graph of what comes back.
    """
    engine = torch.autograd.Variable._execution_engine
    found: tuple[torch.Tensor | None, ...] = engine.run_backward(
        results, given, True, order > 1, leaves, True, accumulate_grad=False
    )
    return found


def left_in_leaves(results: tuple[torch.Tensor, ...], given: tuple[torch.Tensor, ...]) -> None:
    """torch.autograd.backward without the checks of its arguments: the gradients are added to `.grad` of the leaves.

    Args:
        results: each of them requires a gradient.
        given: one for each result.
    """
    torch.autograd.Variable._execution_engine.run_backward(results, given, False, False, (), True, accumulate_grad=True)


def as_numpy(tensor: torch.Tensor) -> Array:
    """A tensor as an array; bfloat16, which numpy lacks, as float32."""
    array: Array = (tensor.float() if tensor.dtype is torch.bfloat16 else tensor).numpy(force=True)
    return array


def targets_of(func: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> list[torch.Tensor]:
    """The tensors that an operation writes to."""
    found = []
    for position, argument in enumerate(func._schema.arguments):
        if argument.alias_info is not None and argument.alias_info.is_write:
            value = args[position] if position < len(args) else kwargs.get(argument.name)
            found += [part for part in flattened(value) if isinstance(part, torch.Tensor)]
    return found


def returning(func: Any) -> Any:
    """The overload that returns what `func` writes; None where torch has none."""
    stem = func._schema.name.removeprefix("aten::")
    packet = getattr(torch.ops.aten, stem.removesuffix("_"), None)
    wanted = [(part.name, str(part.type)) for part in func._schema.arguments if part.name != "out"]
    for name in [] if packet is None else packet.overloads():
        other = getattr(packet, name)
        if not other._schema.is_mutable and wanted == [(part.name, str(part.type)) for part in other._schema.arguments]:
            return other
    return None


def dtype_name(tensor: torch.Tensor) -> str:
    """ "float64"."""
    return str(tensor.dtype).removeprefix("torch.")


def is_drawn(func: Any) -> bool:
    """Whether an operation gives other numbers each time."""
    return torch.Tag.nondeterministic_seeded in func.tags or func._schema.name == "aten::empty"
