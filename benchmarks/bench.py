"""Measure everything and write RESULTS.md: `make bench`. `--quick` repeats less and prints without writing.

Only ratios within one run mean something; seconds are printed to tell how large the things are.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks import choice, commands, growth, layers, machine, numeric_growth  # noqa: E402  (found from any folder)
from benchmarks.commands import Row  # noqa: E402
from benchmarks.numeric import bench_numeric  # noqa: E402

RESULTS = ROOT / "benchmarks" / "RESULTS.md"
OTHER_PAGES = (
    "More shapes, and the choice of a way to sum: [SHAPES](SHAPES.md). How a run grows: [GROWTH](GROWTH.md). "
    "The numeric check beside torch's: [NUMERIC](NUMERIC.md)."
)
LIMITS = """## What limits each

- **By rows (forum, RepLKNet).** A row of the forum layer is a product of 96 x 225 by 225 x 96: too small for BLAS to
  reach the rate of a large product, above all with two cores. Copying the windows takes about a twentieth of the time.
- **By patches (3x3, 1x1, strided).** Autograd runs these at the machine's peak. A BLAS product of these shapes
  reaches 50 to 85 % of it, and the patches are copied first.
- **By taps (depthwise).** Inner products read two numbers per multiply-add: probably the caches set the pace. X and G
  are copied once before, to widen their rows.
- **Volumes.** A tap of the depth is a layer of pictures of its own, so X and G are laid beside one another once for
  each; with few channels (C3D conv1) that is most of the time.
- **Lines.** The products are small beside the copies: a layer of 2 taps copies all that it reads twice.
- **Transposed.** As the convolution that they turn round.
- **LeNet.** A millisecond in all: the fixed price of numpy calls counts.
- **FFT.** About half of the time goes to the six forward transforms, the rest to nine products and their pruned
  inverses. numpy transforms with one thread, so with more of them autograd catches up. Fresh memory costs as much as a
  transform, so planes are transformed one by one.
- **Memory.** What remains above inputs and result is the padded input and one block of patches.
"""


def main() -> None:
    """Run the benchmarks, print the page, and write it unless asked for a quick look."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer repeats, layers only, nothing written")
    quick = parser.parse_args().quick
    repeats = 3 if quick else 5
    lines = ["# Speed", "", f"Measured by `make bench` on: {machine.describe()}.", "", OTHER_PAGES, ""]
    for threads in sorted({1, min(2, machine.cores())}):
        lines += layer_table(layers.bench_layers(threads, repeats), threads)
    if not quick:
        lines += command_table()
        lines.append(LIMITS)
    lines[3:3] = ["", machine.load()]
    page = "\n".join(lines)
    print(page)
    if not quick:
        RESULTS.write_text(page, encoding="utf-8")
        choice.main()
        growth.main()
        numeric_growth.main()


def layer_table(rows: list[dict[str, Any]], threads: int) -> Iterator[str]:
    """grad_weight in float32: our time, autograd's, the ratio, our memory; then the forum layer."""
    yield from (f"## grad_weight, float32, {threads} thread{'s' * (threads > 1)} on both sides", "")
    pictures = [row for row in rows if row["name"] in layers.LAYERS]
    yield from _ratios(pictures)
    yield from ("", "One axis, three axes, and transposed:", "")
    yield from _ratios([row for row in rows if row["name"] in layers.OTHER_FORMS])
    forum = next(row for row in rows if row["name"] == layers.FORUM)
    yield from ("", "Memory is that of inputs, result and everything between, over inputs + result (floor 3 x).", "")
    yield "| forum layer | autograd | ours | ratio | floor | aim |"
    yield "|---|---|---|---|---|---|"
    for ours, theirs, floor, aim in (
        ("fft", "autograd", "10", "20"),
        ("direct", "autograd", "3", "10"),
        ("direct float64", "autograd float64", "", ""),
    ):
        times = f"{_milliseconds(forum[theirs])} | {_milliseconds(forum[ours])} | {forum[theirs] / forum[ours]:.1f}"
        yield f"| {ours} | {times} | {floor} | {aim} |"
    yield ""


def _ratios(rows: list[dict[str, Any]]) -> Iterator[str]:
    """A line for each layer, and their geometric mean."""
    ratios = [row["autograd"] / row["direct"] for row in rows]
    mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
    yield from ("| layer | autograd | direct | autograd / direct | peak memory |", "|---|---|---|---|---|")
    for row, ratio in zip(rows, ratios, strict=True):
        times = f"{_milliseconds(row['autograd'])} | {_milliseconds(row['direct'])}"
        yield f"| {row['name']} | {times} | {ratio:.2f} | {row['memory']:.1f} x |"
    yield f"| **geometric mean; smallest** (floor 0.7; 0.2) | | | **{mean:.2f}; {min(ratios):.2f}** | |"


def command_table() -> Iterator[str]:
    """Whole commands, seconds and ratio."""
    numeric, mebibytes = bench_numeric()
    yield from (
        "## Whole commands",
        "",
        "| what | against | ours | theirs | ratio | floor |",
        "|---|---|---|---|---|---|",
    )
    yield _command_line(numeric, faster=True)
    for bench in (commands.bench_run, commands.bench_help, commands.bench_verify):
        yield _command_line(bench(repeats=3), faster=False)
    for bench in (commands.bench_course, commands.bench_folder):
        yield _command_line(bench(repeats=1), faster=False)
    if mebibytes is not None:
        yield from ("", f"The numeric check takes {mebibytes:.0f} MiB above numpy (floor 100).")
    yield ""


def _command_line(row: Row, *, faster: bool) -> str:
    """A row of the table; the ratio is theirs / ours where we replace something slow, ours / theirs else."""
    if row.ours is None or (row.against and row.theirs is None):
        return f"| {row.what} | {row.against} | not run | | | {row.floor} |"
    if row.theirs is None:
        return f"| {row.what} | {row.against} | {row.ours:.2f} s | | | {row.floor} |"
    ratio = row.theirs / row.ours if faster else row.ours / row.theirs
    return f"| {row.what} | {row.against} | {row.ours:.2f} s | {row.theirs:,.2f} s | {ratio:,.2f} | {row.floor} |"


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1e3:.2f} ms"


if __name__ == "__main__":
    main()
