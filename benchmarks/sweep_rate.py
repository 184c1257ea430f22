"""What a sweep costs: seconds of the processor by one process and by two, and what that makes of 10,000 questions.

`python -m benchmarks.sweep_rate` writes benchmarks/SWEEP.md. What is measured and what is reckoned from it is said.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import machine

PAGE = Path(__file__).parent / "SWEEP.md"
CODE = """
import numpy as np

def conv_backward(grad_output, x, weight, stride=1):
    kh, kw = weight.shape[2:]
    windows = np.lib.stride_tricks.sliding_window_view(x, (kh, kw), axis=(2, 3))[:, :, ::stride, ::stride]
    return np.einsum("nopq,nipquv->oiuv", grad_output, windows)
"""
# Seeds of each of the geometries below: a few, and so many more that the start does not count in the difference.
SEEDS = (2, 22)
GEOMETRIES = tuple(
    f"batch {batch}, in {channels}, out 4, input {height}x9, kernel {kernel}, stride {stride}"
    for batch in (1, 2)
    for channels in (1, 3)
    for height in (8, 11)
    for kernel in (1, 3)
    for stride in (1, 2)
)
MANY, MACHINES, CORES = 10_000, 100, 2


def seconds_of(folder: Path, shards: int, seeds: int) -> float:
    """Of the processor, by so many processes at the same time and by what they start.

    Other work on the machine makes the wall's seconds say little, and these nothing else.
    """
    words = [sys.executable, "-m", "gradcheck_cli", "sweep", "verify", "mine.py", "--geometries", "layers.txt"]
    environment = {**os.environ, "PYTHONPATH": os.getcwd(), "OMP_NUM_THREADS": "1"}
    before = used()
    running = [
        subprocess.Popen(
            [*words, "--seeds", str(seeds), "--shard", f"{shard}/{shards}", "-q"],
            cwd=folder,
            env=environment,
            stdout=subprocess.DEVNULL,
        )
        for shard in range(1, shards + 1)
    ]
    codes = [process.wait() for process in running]
    if any(codes):
        raise SystemExit("a shard failed")
    return used() - before


def used() -> float:
    """Seconds of the processor by every process that was started and has ended."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


@dataclass(frozen=True)
class Cost:
    """Seconds of the processor: of each process once, and of each question."""

    start: float
    question: float


def cost_of(folder: Path, shards: int, seeds: tuple[int, int]) -> Cost:
    """From two sweeps of which one asks much more than the other."""
    few, many = (seconds_of(folder, shards, count) for count in seeds)
    asked = [count * len(GEOMETRIES) for count in seeds]
    question = (many - few) / (asked[1] - asked[0])
    return Cost((few - question * asked[0]) / shards, question)


def page(costs: Mapping[int, Cost], questions: int) -> str:
    """The page in Markdown."""
    rows = "\n".join(
        f"| {count} | {cost.start:.1f} s | {1000 * cost.question:.1f} ms "
        f"| {cost.start + MANY * cost.question / count:.0f} s |"
        for count, cost in sorted(costs.items())
    )
    cost, processes = costs[max(costs)], MACHINES * CORES
    return f"""# What a sweep costs

Made by `python -m benchmarks.sweep_rate` on {machine.describe()}.

Measured: {questions:,} questions about small layers to a function of numpy, asked by one process, then by two at the
same time. Seconds are those of the processor, since the machine had other work; on an idle one the wall's are about as
many. The start is Python, torch, and finding out how the code is called.

| processes | start of each | a question | {MANY:,} questions, reckoned |
|---|---|---|---|
{rows}

Reckoned, not measured: questions are independent and dealt out by a hash, so the time falls with the number of
processes until each has less to ask than its start takes. {MACHINES} machines of {CORES} cores, all with the same
command (`--shard I/{processes}`, or torchrun), would take {cost.start + MANY * cost.question / processes:.0f} s for
{MANY:,} questions, most of it the start, and {cost.start + 1e6 * cost.question / processes:.0f} s for a million.
A question about a large layer costs what two calls of the code cost, and the sum by the definition.
"""


def main(words: Sequence[str] | None = None) -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sweep_rate", description=__doc__)
    parser.add_argument("--seeds", type=int, nargs=2, default=SEEDS)
    parser.add_argument("--output", type=Path, default=PAGE)
    options = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "mine.py").write_text(CODE, encoding="utf-8")
        (folder / "layers.txt").write_text("\n".join(GEOMETRIES) + "\n", encoding="utf-8")
        costs = {count: cost_of(folder, count, tuple(options.seeds)) for count in (1, 2)}
    options.output.write_text(page(costs, max(options.seeds) * len(GEOMETRIES)), encoding="utf-8")
    print(f"written to {options.output}")


if __name__ == "__main__":
    main()
