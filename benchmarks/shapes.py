"""grad_weight of benchdnn's shapes: every way of summing and autograd, to fit the rule that chooses and to check it.

`benchdnn.txt` holds the descriptors. `SAMPLE` of them, drawn by the hash of their text, are what the rates are fitted
to; on the others they are checked. Run as a process of its own for each number of threads, so that every library starts
with it: `python -m benchmarks.shapes THREADS`, JSON on standard output.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from math import prod
from pathlib import Path

import numpy as np

from benchmarks.layers import arrays, autograd_of
from benchmarks.timing import clock_of, fastest
from gradcheck_cli.layers.conv import direct
from gradcheck_cli.model import ConvSpec
from gradcheck_cli.model.benchdnn import geometry_of

SAMPLE = 400
# What takes seconds in one call would make up most of the time of all.
MOST_PRODUCTS = 2 * 10**9
MOST_SAMPLES = 2
AUTOGRAD, CHOSEN = "autograd", "chosen"

Times = Mapping[str, float]
"""Seconds of autograd, of what we choose, and of each way by its name."""


def shapes() -> dict[str, ConvSpec]:
    """Descriptor -> layer, those of `SAMPLE` first: in the order of their hashes, which nobody chose."""
    lines = Path(__file__).with_name("benchdnn.txt").read_text("utf-8").splitlines()
    named = {line: geometry_of(line) for line in lines if line and not line.startswith("#")}
    cut = {line: replace(spec, batch=min(spec.batch, MOST_SAMPLES)) for line, spec in named.items()}
    taken = [line for line, spec in cut.items() if prod(spec.weight_shape) * spec.terms <= MOST_PRODUCTS]
    return {line: cut[line] for line in sorted(taken, key=lambda line: hashlib.sha256(line.encode()).hexdigest())}


def bench_shapes(threads: int) -> dict[str, Times]:
    """Seconds by descriptor, measured in a fresh process with so many threads on both sides."""
    limits = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), str(threads))
    command = [sys.executable, "-m", "benchmarks.shapes", str(threads)]
    done = subprocess.run(command, env={**os.environ, **limits}, stdout=subprocess.PIPE, check=True)
    times: dict[str, Times] = json.loads(done.stdout)
    return times


def measure(spec: ConvSpec, threads: int) -> Times:
    """Autograd, our choice, and with one thread every way: that is what the rates are fitted to."""
    x, grad_output = arrays(spec, np.float32)
    sides = {
        AUTOGRAD: autograd_of(x, grad_output, spec),
        CHOSEN: lambda: direct.grad_weight(x, grad_output, spec),
    }
    for way in direct.weight_ways(spec) if threads == 1 else ():
        sides[way.__name__.rpartition(".")[2]] = lambda way=way: way.grad_weight(x, grad_output, spec)  # type: ignore[misc]
    return fastest(sides, clock_of(threads))


def main() -> None:
    """Measure all shapes with the given threads and print the seconds."""
    import torch

    threads = int(sys.argv[1])
    torch.set_num_threads(threads)
    print(json.dumps({line: measure(spec, threads) for line, spec in shapes().items()}))


if __name__ == "__main__":
    main()
