"""The page GROWTH.md and its picture: how `gradcheck run` grows with kernel, size, filters and pictures.

Part of `make bench`; `python -m benchmarks.growth` writes both alone. Each point is one run with one thread; its
seconds are those of the processor, so that other processes count little, less those of a run on a tiny picture.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks import machine  # noqa: E402  (found from any folder)
from benchmarks.loglog import Curve, drawn  # noqa: E402
from gradcheck_cli.model import RunOptions  # noqa: E402
from gradcheck_cli.runs.plan import plan_of  # noqa: E402

PAGE, PICTURE = ROOT / "benchmarks" / "GROWTH.md", ROOT / "docs" / "pictures" / "growth.svg"
PHOTOGRAPH = str(ROOT / "images" / "coffee.jpg")
HEAD = """# Growth

Measured by `make bench` (this page alone: `python -m benchmarks.growth`) on: {machine}.

{load}

Seconds of the processor of one `gradcheck run` with all default checks and one thread, 3 channels of coffee.jpg, less
the {start:.1f} s of a run on 32x32 pixels. The slope is that of a line through the points in logarithms: 1 is as the
number itself, 2 as its square.

![Seconds against the number that grows, in logarithms](../docs/pictures/growth.svg)
"""


@dataclass(frozen=True)
class Series:
    """One number grows and the others stay."""

    name: str
    values: tuple[int, ...]
    kernel: int = 7
    size: int = 256
    filters: int = 3
    fixed: str = field(default="", compare=False)

    def command(self, value: int) -> list[str]:
        """The run at a value."""
        sizes = self._sizes(value)
        return [
            *("run", "--in", "3", "--out", str(sizes["filters"]), "--k", str(sizes["kernel"])),
            *("--size", str(sizes["size"]), *[PHOTOGRAPH] * sizes["pictures"]),
        ]

    def priced(self, value: int) -> float:
        """The seconds that the run at a value announces."""
        sizes = self._sizes(value)
        kernel, size = (sizes["kernel"],) * 2, (sizes["size"],) * 2
        pictures = (PHOTOGRAPH,) * sizes["pictures"]
        return plan_of(RunOptions(pictures, out_channels=sizes["filters"], kernel_size=kernel, size=size)).seconds

    def _sizes(self, value: int) -> dict[str, int]:
        return {"kernel": self.kernel, "size": self.size, "filters": self.filters, "pictures": 1} | {self.name: value}


SERIES = (
    Series("kernel", (8, 16, 32, 64), fixed="256x256 pixels, 3 filters"),
    Series("size", (256, 512, 1024), fixed="kernel 7, 3 filters"),
    Series("filters", (4, 16, 64), fixed="kernel 7, 256x256 pixels"),
    Series("pictures", (1, 4, 16), fixed="kernel 7, 256x256 pixels, 3 filters"),
)


def main() -> None:
    """Measure, print the page, and write it with its picture."""
    start = min(seconds(Series("size", (32,), kernel=3).command(32)) for _ in range(2))
    curves = [curve(series, start) for series in SERIES]
    head = HEAD.format(machine=machine.describe(), load=machine.load(), start=start)
    page = "\n".join([head, *_table(curves), "", *_prices(curves, start), ""])
    print(page)
    PAGE.write_text(page, encoding="utf-8")
    PICTURE.write_text(drawn(curves, "seconds"), encoding="utf-8")


def curve(series: Series, start: float) -> Curve:
    """Seconds above a start at each value."""
    taken = [max(0.01, seconds(series.command(value)) - start) for value in series.values]
    return Curve(f"{series.name} ({series.fixed})", series.values, taken, slope(series.values, taken))


def slope(values: Sequence[float], taken: Sequence[float]) -> float:
    """Of the line through the points in logarithms, by least squares."""
    return float(np.polyfit(np.log(values), np.log(taken), 1)[0])


def seconds(arguments: Sequence[str]) -> float:
    """Of the processor, in a process of its own and in those that it starts."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "gradcheck_cli", *arguments, "--threads", "1"]
    subprocess.run(command, env={**os.environ, **threads}, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _table(curves: Sequence[Curve]) -> Iterator[str]:
    yield from ("| what grows | seconds at each value | slope |", "|---|---|---|")
    for each in curves:
        points = ", ".join(f"{value:g}: {taken:.1f}" for value, taken in zip(each.xs, each.ys, strict=True))
        yield f"| {each.name} | {points} | {each.slope:.2f} |"


def _prices(curves: Sequence[Curve], start: float) -> Iterator[str]:
    ratios = [
        series.priced(int(value)) / (taken + start)
        for series, each in zip(SERIES, curves, strict=True)
        for value, taken in zip(each.xs, each.ys, strict=True)
    ]
    yield "The seconds that these runs are priced at before they start, over what they took with their start:"
    yield f"{min(ratios):.2f} to {max(ratios):.2f}."


if __name__ == "__main__":
    main()
