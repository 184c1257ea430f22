"""The numeric check of all 9,216 kernel entries of the forum layer against `torch.autograd.gradcheck`, slow mode.

gradcheck would take hours for all entries, so its price per entry is the slope between two small numbers of entries.
`python -m benchmarks.numeric` is ours alone, in a process of its own: seconds, and MiB above what numpy takes.
"""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

import numpy as np

from benchmarks import machine
from benchmarks.commands import Row
from gradcheck_cli.model import ConvSpec, Loss

SPEC = ConvSpec(1, 3, 3, 256, 256, kernel_size=(32, 32))
ENTRIES = (2, 6)


def bench_numeric() -> tuple[Row, float | None]:
    """Seconds of both for all entries, and the MiB that ours takes above numpy."""
    what, against = "numeric check of all 9,216 entries", "`torch.autograd.gradcheck` slow, extrapolated"
    done = subprocess.run([sys.executable, "-m", "benchmarks.numeric"], capture_output=True, text=True, check=False)
    if done.returncode:
        return Row(what, against, "10,000 x; 1 s", None), None
    ours, mebibytes = map(float, done.stdout.split())
    theirs = per_entry() * int(np.prod(SPEC.weight_shape))
    return Row(what, against, "10,000 x; 1 s", ours, theirs), mebibytes


def per_entry() -> float:
    """Seconds that gradcheck takes for one more kernel entry."""
    few, many = (_gradcheck_seconds(entries) for entries in ENTRIES)
    return (many - few) / (ENTRIES[1] - ENTRIES[0])


def _gradcheck_seconds(entries: int) -> float:
    """Seconds of a slow gradcheck of the L1 loss in the first so many kernel entries."""
    import torch

    x, weight, reference = (torch.from_numpy(array) for array in _arrays())
    rest = weight.reshape(-1)[entries:]

    def loss(first: Any) -> Any:
        kernel = torch.cat((first, rest)).reshape(SPEC.weight_shape)
        return (torch.nn.functional.conv2d(x, kernel) - reference).abs().mean()

    first = weight.reshape(-1)[:entries].clone().requires_grad_()
    start = time.perf_counter()
    torch.autograd.gradcheck(loss, (first,), raise_exception=False)
    return time.perf_counter() - start


def _arrays() -> tuple[Any, Any, Any]:
    """X as of a picture, a kernel as Conv2d draws it, a reference; float64."""
    rng = np.random.default_rng(0)
    x, reference = (rng.integers(0, 256, shape).astype(np.float64) for shape in (SPEC.x_shape, (1, 1, 225, 225)))
    return x, rng.uniform(-1, 1, SPEC.weight_shape) / 55.4, reference


def main() -> None:
    """Print the seconds of our check and the MiB above numpy."""
    before = machine.peak()
    from gradcheck_cli.oracles import numeric
    from gradcheck_cli.oracles.layer import Layer

    x, weight, reference = _arrays()
    layer = Layer(x, weight, np.zeros(SPEC.out_channels), reference, SPEC, Loss("l1", "mean"))
    start = time.perf_counter()
    with numeric.workers(1) as pool:
        numeric.start(layer, pool).result()
    taken = time.perf_counter() - start
    print(taken, machine.peak() - before)


if __name__ == "__main__":
    main()
