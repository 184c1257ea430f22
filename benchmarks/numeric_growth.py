"""The page NUMERIC.md and its picture: a numeric check of dE/dF by gradcheck and by what torch has for it.

Part of `make bench`; `python -m benchmarks.numeric_growth` writes both alone. The post's layer, smaller and larger:
each way has a process of its own with one thread, which ends where a check takes more than `SECONDS` of the processor
or `GIBIBYTES` of memory. `python -m benchmarks.numeric_growth WAY` is one of these processes.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks import machine  # noqa: E402  (found from any folder)
from benchmarks.growth import slope  # noqa: E402
from benchmarks.loglog import Curve, drawn  # noqa: E402
from gradcheck_cli.model import ConvSpec, Loss  # noqa: E402

PAGE, PICTURE = ROOT / "benchmarks" / "NUMERIC.md", ROOT / "docs" / "pictures" / "numeric.svg"
# What somebody waits for a check of one layer, and what a small machine has.
SECONDS, GIBIBYTES = 20, 4
# Sides of the picture; the kernel has an eighth of it, as in the post (256 and 32).
SIDES = (16, 32, 48, 64, 128, 256)
# A layer that is checked first, of no interest.
WARM = 8
HEAD = """# Numeric checks, compared

Measured by `make bench` (this page alone: `python -m benchmarks.numeric_growth`) on: {machine}.

{load}

The layer of the post, smaller and larger: one picture of 3 channels, 3 filters, the kernel an eighth of the picture,
float64, one thread. Each way runs in a process of its own: seconds of the processor, and the most MiB above what
Python and torch take. A way gives up where it needs more than {seconds} s or {gibibytes} GiB.

- **gradcheck**: finite differences of the loss in every kernel entry, each with its own bound; dE/dF of the layer.
- **torch.autograd.gradcheck** of `conv2d` in its kernel: the Jacobian, by differences and by autograd. Its fast mode
  compares one random combination of all entries: it sees that something is wrong, not where.
- **torch.func.jacfwd** of `conv2d` in its kernel, times G: no differences, but another way to the same numbers.

![Processor seconds against kernel entries, in logarithms](../docs/pictures/numeric.svg)
"""


@dataclass(frozen=True)
class Measured:
    """One check: seconds and MiB, or what it needed too much of."""

    seconds: float = 0.0
    mebibytes: float = 0.0
    too_much: str = ""

    @property
    def text(self) -> str:
        """For the table."""
        return self.too_much or f"{self.seconds:.2g} s, {self.mebibytes:.0f} MiB"


def layer(side: int) -> ConvSpec:
    """The post's layer on a picture of that side."""
    return ConvSpec(1, 3, 3, side, side, kernel_size=(side // 8, side // 8))


def arrays(spec: ConvSpec) -> tuple[Any, Any, Any]:
    """X as of a picture, a kernel as Conv2d draws it, a reference; float64."""
    rng = np.random.default_rng(0)
    x, reference = (rng.integers(0, 256, shape).astype(np.float64) for shape in (spec.x_shape, spec.output_shape))
    return x, rng.uniform(-1, 1, spec.weight_shape) / np.sqrt(spec.terms), reference


def ours(side: int) -> Callable[[], object]:
    """Finite differences of the loss in every entry, with bounds."""
    from gradcheck_cli.oracles import numeric
    from gradcheck_cli.oracles.layer import Layer

    spec = layer(side)
    x, weight, reference = arrays(spec)
    asked = Layer(x, weight, np.zeros(spec.out_channels), reference, spec, Loss("l1", "mean"))

    def check() -> object:
        with numeric.workers(1) as pool:
            return numeric.start(asked, pool).result()

    return check


def _gradcheck(side: int, *, fast: bool) -> Callable[[], object]:
    import torch

    x, weight, _ = (torch.from_numpy(array) for array in arrays(layer(side)))
    weight.requires_grad_()
    conv = torch.nn.functional.conv2d
    return lambda: torch.autograd.gradcheck(lambda kernel: conv(x, kernel), (weight,), fast_mode=fast)


def slow(side: int) -> Callable[[], object]:
    """Every entry of the Jacobian, twice."""
    return _gradcheck(side, fast=False)


def fast(side: int) -> Callable[[], object]:
    """One random combination of them."""
    return _gradcheck(side, fast=True)


def jacobian(side: int) -> Callable[[], object]:
    """The Jacobian by forward derivatives, since there are fewer entries than outputs; then times G."""
    import torch

    x, weight, reference = (torch.from_numpy(array) for array in arrays(layer(side)))
    conv = torch.nn.functional.conv2d
    upstream = (conv(x, weight) - reference).sign() / reference.numel()

    def check() -> object:
        whole = torch.func.jacfwd(lambda kernel: conv(x, kernel))(weight)
        return torch.tensordot(upstream, whole, dims=4)

    return check


WAYS: Mapping[str, tuple[str, Callable[[int], Callable[[], object]]]] = {
    "ours": ("gradcheck (all entries)", ours),
    "slow": ("torch gradcheck, slow (all entries)", slow),
    "fast": ("torch gradcheck, fast (one combination)", fast),
    "jacobian": ("torch.func.jacfwd (no differences)", jacobian),
}


def up_to_the_limit(way: str) -> list[Measured]:
    """At each side, in a process of its own, until it gives up; beyond it is not asked."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.numeric_growth", way],
        env={**os.environ, **threads},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    found = [Measured(*map(float, line.split())) for line in done.stdout.splitlines()]
    if done.returncode == -signal.SIGXCPU:
        found.append(Measured(too_much=f"more than {SECONDS} s"))
    elif done.returncode and "memory" in done.stderr.lower():
        found.append(Measured(too_much=f"more than {GIBIBYTES} GiB"))
    elif done.returncode:
        raise RuntimeError(f"{way}: {done.stderr[-500:]}")
    return found


def check_here(way: str) -> None:
    """Print the seconds and MiB of each check in this process, until the system ends it at a limit."""
    prepare = WAYS[way][1]
    prepare(WARM)()  # what is loaded late is no part of a check
    begun_with = machine.peak()
    resource.setrlimit(resource.RLIMIT_DATA, (GIBIBYTES * 2**30, GIBIBYTES * 2**30))
    for side in SIDES:
        check, begun = prepare(side), time.process_time()
        most = resource.getrlimit(resource.RLIMIT_CPU)[1]
        resource.setrlimit(resource.RLIMIT_CPU, (int(begun) + SECONDS, most))
        check()
        print(time.process_time() - begun, machine.peak() - begun_with, flush=True)


def main() -> None:
    """Measure, print the page, and write it with its picture."""
    found = {way: up_to_the_limit(way) for way in WAYS}
    head = HEAD.format(machine=machine.describe(), load=machine.load(), seconds=SECONDS, gibibytes=GIBIBYTES)
    page = "\n".join([head, *table(found), ""])
    print(page)
    PAGE.write_text(page, encoding="utf-8")
    PICTURE.write_text(drawn([curve(way, points) for way, points in found.items()], "seconds"), encoding="utf-8")


def entries(side: int) -> int:
    """Of the kernel."""
    return int(np.prod(layer(side).weight_shape))


def curve(way: str, points: Sequence[Measured]) -> Curve:
    """Seconds against kernel entries, as far as it went."""
    done = [(entries(side), each.seconds) for side, each in zip(SIDES, points, strict=False) if not each.too_much]
    xs, ys = [x for x, _ in done], [max(1e-4, y) for _, y in done]
    return Curve(WAYS[way][0], xs, ys, slope(xs, ys))


def table(found: Mapping[str, Sequence[Measured]]) -> Iterator[str]:
    """A row for each size, a column for each way."""
    names = [WAYS[way][0] for way in found]
    yield f"| picture, kernel | entries | {' | '.join(names)} |"
    yield f"|---|---|{'---|' * len(names)}"
    for place, side in enumerate(SIDES):
        cells = [points[place].text if place < len(points) else "" for points in found.values()]
        yield f"| {side}x{side}, {side // 8}x{side // 8} | {entries(side):,} | {' | '.join(cells)} |"


if __name__ == "__main__":
    if sys.argv[1:]:
        check_here(sys.argv[1])
    else:
        main()
