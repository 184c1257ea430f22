"""The page SHAPES.md: how the choice among the ways of summing does, and rates fitted anew.

Part of `make bench`; `python -m benchmarks.choice` writes this page alone. `--one-thread` leaves two threads out: on a
machine that others use they wait for one another, and what is measured is that.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks import machine, rates  # noqa: E402  (found from any folder)
from benchmarks.shapes import AUTOGRAD, CHOSEN, SAMPLE, Times, bench_shapes, shapes  # noqa: E402
from gradcheck_cli.layers.conv.cost import RATES  # noqa: E402

PAGE = ROOT / "benchmarks" / "SHAPES.md"
HEAD = """# grad_weight of oneDNN's shapes

Measured by `make bench` (this page alone: `python -m benchmarks.choice`) on: {machine}.

{load}

float32, {count} descriptors of benchdnn (`benchmarks/benchdnn.txt`), samples cut to two, up to 2e9 products. The rule
that chooses a way of summing (`gradcheck_cli/layers/conv/cost.py`) is fitted to the sample, {sample} of them, and
checked on the others. Times are the shortest of five, the sides in turns; with one thread they are seconds of that
thread, so that other processes do not count.
"""
SLOWEST = 8


def main() -> None:
    """Measure, print the page and write it."""
    counts = {1} if "--one-thread" in sys.argv else {1, min(2, machine.cores())}
    page = page_of({threads: bench_shapes(threads) for threads in sorted(counts)})
    print(page)
    PAGE.write_text(page, encoding="utf-8")


def page_of(times: Mapping[int, Mapping[str, Times]]) -> str:
    """The page: threads -> descriptor -> seconds."""
    count, described = len(times[1]), machine.describe()
    head = HEAD.format(machine=described, load=machine.load(), count=count, sample=SAMPLE)
    return "\n".join([head, *_speeds(times), "", *_choices(times[1]), *_slowest(times), ""])


def _parts(lines: Mapping[str, Times]) -> dict[str, list[str]]:
    return {"sample": list(lines)[:SAMPLE], "others": list(lines)[SAMPLE:]}


def _speeds(times: Mapping[int, Mapping[str, Times]]) -> Iterator[str]:
    """Against autograd."""
    yield "| shapes | threads | autograd / ours, geometric mean | 5 % | median | smallest |"
    yield "|---|---|---|---|---|---|"
    for threads, measured in times.items():
        for name, part in _parts(measured).items():
            ratios = sorted(measured[line][AUTOGRAD] / measured[line][CHOSEN] for line in part)
            few, middle, mean = ratios[len(ratios) // 20], ratios[len(ratios) // 2], rates.geometric_mean(ratios)
            yield f"| {name}, {len(part)} | {threads} | {mean:.2f} | {few:.2f} | {middle:.2f} | {ratios[0]:.2f} |"
    yield from ("", "Floors: geometric mean 1.0 with one thread and 0.9 with two, none under 0.25.")


def _choices(times: Mapping[str, Times]) -> Iterator[str]:
    """The rates that are committed, and those that this run would have."""
    specs, parts = shapes(), _parts(times)
    anew = rates.fitted({line: times[line] for line in parts["sample"]}, specs)
    yield "| rates | shapes | another way is 1.5 x as fast | chosen / best, geometric mean |"
    yield "|---|---|---|---|"
    for which, chosen in {"committed": RATES, "fitted in this run": anew}.items():
        for name, part in parts.items():
            worth = rates.worth_of(chosen, times, specs, part)
            share = 100 * worth.another / worth.shapes
            yield f"| {which} | {name} | {worth.another} of {worth.shapes}, {share:.1f} % | {worth.regret:.3f} |"
    yield from ("", f"Fitted in this run, scaled to the committed time of a product: {rates.told(anew)}.")


def _slowest(times: Mapping[int, Mapping[str, Times]]) -> Iterator[str]:
    """Where autograd is ahead most with each number of threads, and what ours takes with one: do more help it?"""
    for threads, measured in times.items():
        alone = threads == 1
        ratios = {line: sides[AUTOGRAD] / sides[CHOSEN] for line, sides in measured.items()}
        heads = [f"slowest, {threads} thread{'' if alone else 's'}", "autograd", "ours", "autograd / ours"]
        heads[3:3] = [] if alone else ["ours, 1 thread"]
        yield from ("", f"| {' | '.join(heads)} |", "|" + "---|" * len(heads))
        for line in sorted(ratios, key=ratios.__getitem__)[:SLOWEST]:
            seconds = [measured[line][AUTOGRAD], measured[line][CHOSEN], *([] if alone else [times[1][line][CHOSEN]])]
            shown = [f"`{line}`", *(f"{each * 1e3:.3f} ms" for each in seconds), f"{ratios[line]:.2f}"]
            yield f"| {' | '.join(shown)} |"


if __name__ == "__main__":
    main()
