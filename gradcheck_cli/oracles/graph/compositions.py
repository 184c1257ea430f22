"""The graph of a composition that is written for any array library, as the known layers are.

Code without torch has no graph. Where its forward equals a known layer, that layer's composition has the same
derivative and is recorded in its place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from gradcheck_cli.model.recording import Recording
from gradcheck_cli.oracles.graph.recorder import record


def recorded_composition(
    forward: Callable[..., Any], values: Mapping[str, Any], names: Mapping[str, str], title: str
) -> Recording:
    """A composition written down.

    Args:
        forward: takes the module torch, and the values by name.
        values: by its own names, arrays and constants.
        names: its name of an array -> what the user calls it; an array that is not there keeps its name.
        title: what the layer is called.

    Raises:
        NotRecordableError: see `record`.
        Exception: whatever the composition raises.
    """
    given = {name: _tensor(value) for name, value in values.items()}
    tensors = {names.get(name, name): value for name, value in given.items() if isinstance(value, torch.Tensor)}
    files = {forward.__code__.co_filename}
    _, recording = record(lambda: forward(torch, **given), tensors, files)
    return replace(recording, layer=title)


def _tensor(value: Any) -> Any:
    return torch.tensor(value) if isinstance(value, np.ndarray) else value
