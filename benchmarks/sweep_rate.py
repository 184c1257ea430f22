"""What a sweep costs: seconds of the processor by one process and by two, and what that makes of 10,000 questions.

`python -m benchmarks.sweep_rate` writes benchmarks/SWEEP.md. What is measured and what is reckoned from it is said.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import machine

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "benchmarks" / "SWEEP.md"
PICTURE = ROOT / "images" / "coffee.jpg"
CODE = """
import numpy as np

def conv_backward(grad_output, x, weight, stride=1):
    kh, kw = weight.shape[2:]
    windows = np.lib.stride_tricks.sliding_window_view(x, (kh, kw), axis=(2, 3))[:, :, ::stride, ::stride]
    return np.einsum("nopq,nipquv->oiuv", grad_output, windows)
"""
GEOMETRIES = tuple(
    f"batch {batch}, in {channels}, out 4, input {height}x9, kernel {kernel}, stride {stride}"
    for batch in (1, 2)
    for channels in (1, 3)
    for height in (8, 11)
    for kernel in (1, 3)
    for stride in (1, 2)
)
MANY, MACHINES, CORES = 10_000, 100, 2
# How much of each: a few, so many more that the start does not count in the difference, and more again, which shows
# whether a question among many costs more.
SEEDS = (2, 22, 102)
PICTURES = (4, 24, 44)


@dataclass(frozen=True)
class Sweep:
    """A command that asks so many questions.

    Attributes:
        words: behind `gradcheck sweep`.
        questions: that it asks.
    """

    words: tuple[str, ...]
    questions: int


@dataclass(frozen=True)
class Cost:
    """Seconds of the processor: of each process once, and of each question."""

    start: float
    question: float

    def of(self, questions: float, processes: int) -> float:
        """Seconds that each of them takes for its share."""
        return self.start + self.question * questions / processes


def about_layers(folder: Path, seeds: int) -> Sweep:
    """Small layers, each with so many seeds; a function of numpy is asked."""
    (folder / "mine.py").write_text(CODE, encoding="utf-8")
    (folder / "layers.txt").write_text("\n".join(GEOMETRIES) + "\n", encoding="utf-8")
    words = ("verify", "mine.py", "--geometries", "layers.txt", "--seeds", str(seeds))
    return Sweep(words, seeds * len(GEOMETRIES))


def about_pictures(folder: Path, pictures: int) -> Sweep:
    """So many copies of a photograph, the layer of the forum's script, our own backward."""
    photos = folder / f"photos{pictures}"
    photos.mkdir(exist_ok=True)
    for number in range(pictures):
        shutil.copy(PICTURE, photos / f"{number}.jpg")
    return Sweep(("run", "--in", "3", "--out", "3", "--k", "32", "--threads", "1", photos.name), pictures)


@dataclass(frozen=True)
class Spent:
    """Seconds of the processor by all processes of a sweep and by what they started; MiB of the largest of them."""

    seconds: float
    memory: float


def spent_by(folder: Path, sweep: Sweep, shards: int) -> Spent:
    """What so many processes need for it at the same time.

    Other work on the machine makes the wall's seconds say little, and these nothing else.
    """
    words = [sys.executable, "-m", "gradcheck_cli", "sweep", *sweep.words, "-q"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    running = [
        subprocess.Popen(
            [*words, "--shard", f"{shard}/{shards}"], cwd=folder, env=environment, stdout=subprocess.DEVNULL
        )
        for shard in range(1, shards + 1)
    ]
    seconds, memory = 0.0, 0.0
    for process in running:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds += used.ru_utime + used.ru_stime
        memory = max(memory, used.ru_maxrss / 1024)
    codes = [process.returncode for process in running]
    if any(codes):
        raise SystemExit(f"a shard of {' '.join(sweep.words)} failed: exit codes {codes}")
    return Spent(seconds, memory)


@dataclass(frozen=True)
class Rate:
    """What a kind of sweep costs.

    Attributes:
        costs: number of processes -> seconds.
        later: seconds of a question among the many, by one process.
        asked: how many questions there were, from few to many.
        memory: MiB with the few and with the many, by one process.
    """

    costs: Mapping[int, Cost]
    later: float
    asked: tuple[int, ...]
    memory: tuple[float, float]


def rate_of(folder: Path, sweeps: Sequence[Sweep]) -> Rate:
    """From a few questions, more, and many, by one process; the first two also by two at the same time."""
    few, more, _ = sweeps
    alone = [spent_by(folder, sweep, 1) for sweep in sweeps]
    both = [spent_by(folder, sweep, 2) for sweep in (few, more)]
    costs = {1: cost_of(few, more, alone, 1), 2: cost_of(few, more, both, 2)}
    return Rate(
        costs=costs,
        later=question_of(*sweeps[1:], alone[1:]),
        asked=tuple(sweep.questions for sweep in sweeps),
        memory=(alone[0].memory, alone[-1].memory),
    )


def cost_of(few: Sweep, many: Sweep, spent: Sequence[Spent], shards: int) -> Cost:
    """From two sweeps of which one asks much more than the other."""
    question = question_of(few, many, spent)
    start = (spent[0].seconds - question * few.questions) / shards
    return Cost(_told(start, many), question)


def question_of(few: Sweep, many: Sweep, spent: Sequence[Spent]) -> float:
    """Seconds of each of the questions that one asks more than the other."""
    return _told((spent[1].seconds - spent[0].seconds) / (many.questions - few.questions), many)


def _told(seconds: float, sweep: Sweep) -> float:
    if seconds <= 0:
        raise SystemExit(f"{sweep.questions} questions are too few to tell what one costs: ask more")
    return seconds


def table(costs: Mapping[int, Cost], one: str) -> str:
    """A row for each number of processes; `one` is what a question is about."""
    rows = "\n".join(
        f"| {count} | {duration(cost.start)} | {duration(cost.question)} | {duration(cost.of(MANY, count))} |"
        for count, cost in sorted(costs.items())
    )
    return f"| processes | start of each | {one} | {MANY:,} of them, reckoned |\n|---|---|---|---|\n{rows}"


def duration(seconds: float) -> str:
    """ "3.0 ms", "1.2 s", "35 s", "12 min", "2.4 h"."""
    if seconds < 1:
        return f"{1000 * seconds:.1f} ms"
    if seconds < 120:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def growth(rate: Rate, name: str) -> str:
    """Whether one among many costs more, and what is kept."""
    few, more, many = (f"{count:,}" for count in rate.asked)
    first, last = (f"{memory:.0f} MiB" for memory in rate.memory)
    return (
        f"Among {few} to {more} of them {name} took {duration(rate.costs[1].question)}, among {more} to {many} "
        f"{duration(rate.later)}; the process needed {first} for {few} and {last} for {many}."
    )


def reckoned(rate: Rate, name: str) -> str:
    """What many machines would make of it."""
    cost = rate.costs[max(rate.costs)]
    many, more = (duration(cost.of(questions, MACHINES * CORES)) for questions in (MANY, 1e6))
    return f"{many} for {MANY:,} {name} and {more} for a million"


def page(layers: Rate, pictures: Rate) -> str:
    """The page in Markdown."""
    paragraphs = f"""# What a sweep costs

Made by `python -m benchmarks.sweep_rate` on {machine.describe()}.

Seconds are those of the processor, since the machine had other work; on an idle one the wall's are about as many. One
process asks, then two at the same time. The start is Python, torch, and finding out how the code is called.

**`gradcheck sweep verify`**, measured: up to {layers.asked[-1]:,} questions about small layers to a function of numpy.

{table(layers.costs, "a question")}

{growth(layers, "a question")}

**`gradcheck sweep run`**, measured: up to {pictures.asked[-1]:,} pictures of 256x256, 3 filters of 32x32 (the forum's
layer), our own backward.

{table(pictures.costs, "a picture")}

{growth(pictures, "a picture")}

A question about a large layer costs what two calls of the code cost, and the sum by the definition.

Reckoned, not measured: questions are independent and dealt out by a hash, so the time falls with the number of
processes until each has less to ask than its start takes. {MACHINES} machines of {CORES} cores, all with the same
command (`--shard I/{MACHINES * CORES}`, or torchrun), would take
{reckoned(layers, "questions about small layers")}, and {reckoned(pictures, "pictures")}.
"""
    return "\n\n".join(map(wrapped, paragraphs.strip().split("\n\n"))) + "\n"


def wrapped(paragraph: str) -> str:
    """In lines of at most 120 characters, but for a table."""
    return paragraph if paragraph.startswith("|") else textwrap.fill(" ".join(paragraph.split()), 120)


def main(words: Sequence[str] | None = None) -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sweep_rate", description=__doc__)
    parser.add_argument("--seeds", type=int, nargs=3, default=SEEDS)
    parser.add_argument("--pictures", type=int, nargs=3, default=PICTURES)
    parser.add_argument("--output", type=Path, default=PAGE)
    options = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        layers = rate_of(folder, [about_layers(folder, count) for count in options.seeds])
        pictures = rate_of(folder, [about_pictures(folder, count) for count in options.pictures])
    options.output.write_text(page(layers, pictures), encoding="utf-8")
    print(f"written to {options.output}")


if __name__ == "__main__":
    main()
