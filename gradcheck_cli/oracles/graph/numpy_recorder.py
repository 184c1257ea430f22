"""A forward in numpy, written down as one of torch's."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from gradcheck_cli.model.recording import Recording
from gradcheck_cli.oracles.graph.numpy_traced import numpy_followed, tensors_of, traced
from gradcheck_cli.oracles.graph.places import Places
from gradcheck_cli.oracles.graph.recorder import Recorder


def record_numpy(
    forward: Callable[[Mapping[str, Any]], Sequence[Any]], values: Mapping[str, Any], files: Collection[str]
) -> Recording:
    """Run a forward on arrays that are followed.

    Args:
        forward: from arguments by name to its outputs, arrays.
        values: of one call; arrays of floats are the inputs of the recording.
        files: the user's; see `Places`.

    Raises:
        NotRecordableError: see `record`.
        Exception: whatever the forward raises.
    """
    skipped = (os.path.dirname(np.__file__), os.path.dirname(torch.__file__), os.path.dirname(os.__file__))
    recorder = Recorder(Places(files, skipped, record_numpy.__code__))
    given = dict(values)
    for name, value in values.items():
        if _is_followed(value):
            tensor = torch.from_numpy(np.array(value, np.float64))
            recorder.add_input(name, tensor)
            given[name] = traced(tensor)
    with recorder, numpy_followed():
        outputs = tensors_of(forward(given))
    return recorder.finish(outputs)


def _is_followed(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"
