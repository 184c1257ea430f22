"""The ranks that torchrun started, talking by gloo: sums, lists, and waiting for each other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from importlib import import_module
from typing import Any, TypeVar

import numpy as np

from gradcheck_cli.model import Array

Item = TypeVar("Item")
# One rank may be much longer at work than the others; torch itself would give up after half an hour.
PATIENCE = timedelta(days=7)


@contextmanager
def group() -> Iterator[Any]:
    """torch.distributed, set up for as long as it is needed."""
    distributed = import_module("torch.distributed")
    distributed.init_process_group("gloo", timeout=PATIENCE)
    try:
        yield distributed
    finally:
        distributed.destroy_process_group()


def wait_for_the_others() -> None:
    """Until every rank is here."""
    with group() as distributed:
        distributed.barrier()


def summed(distributed: Any, array: Array) -> Array:
    """The sum over the ranks, in float64."""
    tensor = import_module("torch").from_numpy(np.array(array, np.float64))
    distributed.all_reduce(tensor)
    return np.asarray(tensor.numpy())


def gathered(distributed: Any, items: list[Item]) -> list[Item]:
    """The items of all ranks, one rank after the other."""
    lists: list[list[Item]] = [[] for _ in range(distributed.get_world_size())]
    distributed.all_gather_object(lists, items)
    return [item for each in lists for item in each]
