"""What torch's own convolutions compute on a device: settings x published layers x exact probes, as a page.

`python -m benchmarks.gpu` is `make gpu`. It needs torch, numpy, opencv and this package, installed or not, and ends
within its time: the cheapest layers come first, nothing is begun that would probably not be done, and what was left out
is said. The page is written anew after each layer, so that what stops the script loses one.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from math import prod
from pathlib import Path

from benchmarks import machine
from benchmarks.layers import LAYERS, OTHER_FORMS
from gradcheck_cli.checks.levels import Leveller, Reply
from gradcheck_cli.layers import conv
from gradcheck_cli.model import Case, ConvSpec, Gradients, Setting, Verdict
from gradcheck_cli.model.errors import UsageError
from gradcheck_cli.model.in_settings import SettingResult
from gradcheck_cli.model.setting import every_setting

PAGE = Path(__file__).parent / "GPU.md"
# `make gpu` promises eight minutes in all: half of one is for starting torch, and for what takes longer than thought.
SECONDS = 450.0
# The compiler takes as long for a small layer as for a large one.
COMPILED = 1
GPU = "cuda"
# What `make gpu` says where there is none, and its exit code.
NO_GPU = "gradcheck: torch sees no {device} here, so nothing was tried and nothing written (exit code 2)"
NOTHING_TRIED = 2
PUBLISHED: Mapping[str, ConvSpec] = {**LAYERS, **OTHER_FORMS}
# The verdict of a layer is the worst of its gradients.
WORST_FIRST = (Verdict.FAIL, Verdict.ERROR, Verdict.INCONCLUSIVE, Verdict.PASS)


@dataclass
class Exact:
    """The right gradients of whole numbers, from our own backward in float64; the same case is computed once."""

    known: dict[str, Gradients] = field(default_factory=dict)

    def __call__(self, case: Case) -> Gradients:
        """All three."""
        digest = sha256(repr(case.spec).encode())
        for array in case.values():
            digest.update(array.tobytes())
        key = digest.hexdigest()
        if key not in self.known:
            self.known[key] = conv.backward(case)
        return self.known[key]


@dataclass
class Tried:
    """One setting: what came of each layer, and what could not be tried."""

    setting: Setting
    results: dict[str, tuple[SettingResult, ...]] = field(default_factory=dict)
    untried: dict[str, str] = field(default_factory=dict)


@dataclass
class Clock:
    """How long there is, and whether that will do for a layer, judged by the one before it, which is nearly as large.

    Attributes:
        seconds: in all.
        begun: when, by `now`.
        now: tells the time.
        products: of the last layer that was tried.
        slowest: seconds that a setting took on it, the most of all, but for the compiler.
    """

    seconds: float
    begun: float
    now: Callable[[], float] = time.perf_counter
    products: int = 1
    slowest: float = 0.0

    def lacks(self, products: int) -> str:
        """Why a layer of so many is not begun, a clause; "" where there is time for it."""
        left = self.begun + self.seconds - self.now()
        is_enough = left > 0 and self.slowest * products / self.products <= left
        return "" if is_enough else f"the {self.seconds:g} s were too few"

    def took(self, seconds: float, products: int) -> None:
        """A setting on a layer."""
        self.slowest = max(self.slowest, seconds) if products == self.products else seconds
        self.products = products


def tried_on(
    device: str,
    layers: Mapping[str, ConvSpec],
    clock: Clock,
    *,
    settings: Sequence[Setting] = (),
    after_each: Callable[[str, Sequence[Tried]], None] = lambda _name, _found: None,
) -> list[Tried]:
    """Layer by layer, the cheapest first, every setting of the device, until the time is up.

    Args:
        device: of torch.
        layers: by name.
        clock: how long there is.
        settings: those of the device where none are said.
        after_each: is handed each layer's name when it is done, and all that is known then.
    """
    found = [Tried(setting) for setting in settings or every_setting(device)]
    exact = Exact()
    for number, (name, spec) in enumerate(by_work(layers)):
        exact.known.clear()
        for tried in found:
            reason = not_for(tried.setting, number) or clock.lacks(work(spec))
            if reason:
                tried.untried[name] = reason
                continue
            begun = clock.now()
            tried.results[name] = results_of(tried.setting, spec, exact)
            if not tried.setting.compile:
                clock.took(clock.now() - begun, work(spec))
        after_each(name, found)
    return found


def not_for(setting: Setting, number: int) -> str:
    """Why a setting is not asked about the layer of that number, whatever time there is; "" where it is."""
    from gradcheck_cli.oracles.in_setting import impossible

    too_many = setting.compile and number >= COMPILED
    return impossible(setting) or ("compiled for the smallest layer only" if too_many else "")


def by_work(layers: Mapping[str, ConvSpec]) -> list[tuple[str, ConvSpec]]:
    """The cheapest first."""
    return sorted(layers.items(), key=lambda layer: work(layer[1]))


def work(spec: ConvSpec) -> int:
    """Products in one convolution."""
    return spec.terms_of("bias") * prod(spec.weight_shape)


def results_of(setting: Setting, spec: ConvSpec, exact: Exact) -> tuple[SettingResult, ...]:
    """What autograd's convolution does in this setting; whatever is raised ends this one question, and is told."""
    from gradcheck_cli.oracles import autograd

    def ask(case: Case) -> Reply:
        try:
            return Reply(autograd.backward(case, autograd.LayerSettings.of(setting)))
        except UsageError as error:
            return Reply(refused="; ".join((error.sentence, *map(str, error.facts.values()))))
        except Exception as error:  # of a compiler or a driver, which raise what they like
            return Reply(error=f"{type(error).__name__}: {error}".partition("\n")[0])

    return Leveller(ask, setting, 0, exact).results(spec, lambda larger: work(larger) < 4 * work(spec))


def page(device: str, found: Sequence[Tried], seconds: float, left: Sequence[str] = ()) -> str:
    """The page in Markdown.

    Args:
        device: as it was named.
        found: what came of it.
        seconds: that it took.
        left: layers that nobody came to: the script was stopped.
    """
    stopped = f"\nStopped before: {'; '.join(left)}.\n" if left else ""
    head = (
        f"# Settings on a device\n\nMade by `make gpu` on {device}: {machine.describe()}{device_name(device)}.\n\n"
        f"It took {seconds:.0f} s. Each layer is asked on whole numbers of which the right gradients are known; what "
        "the words mean is said under [how the kind of rounding is known](../docs/howto/settings.md).\n"
    )
    return "\n".join([head + stopped, *(section(tried) for tried in found)]).rstrip() + "\n"


def section(tried: Tried) -> str:
    """One setting: a row for each layer, and what could not be tried."""
    lines = [f"## {tried.setting.text}", ""]
    if tried.results:
        lines += ["| layer | verdict | grad_weight | grad_input | grad_bias |", "|---|---|---|---|---|"]
        lines += [row(name, results) for name, results in tried.results.items()]
        lines.append("")
    for reason in dict.fromkeys(tried.untried.values()):
        names = "; ".join(name for name, why in tried.untried.items() if why == reason)
        lines += [f"Not tried: {names}: {reason}.", ""]
    return "\n".join(lines)


def row(name: str, results: Sequence[SettingResult]) -> str:
    """One layer."""
    verdicts = {each.verdict for each in results}
    verdict = next((each for each in WORST_FIRST if each in verdicts), "not tried")
    cells = dict.fromkeys(("weight", "input", "bias"), "")
    for each in results:
        for key in cells if each.gradient == "call" else (each.gradient,):
            said = each.level if each.verdict is Verdict.PASS else each.detail
            cells[key] = f"{said or each.detail}{figures(each)}"
    return f"| {name} | {verdict} | {' | '.join(cell.replace('|', '/') for cell in cells.values())} |"


def figures(result: SettingResult) -> str:
    """The error and what is allowed of it, in units of A, where there is one."""
    return f", {result.error:.2g} of {result.allowed:.2g} A" if result.error and result.allowed is not None else ""


def device_name(device: str) -> str:
    """The card, and the libraries that compute on it."""
    import torch

    if not device.startswith("cuda"):
        return ""
    libraries = f"CUDA {torch.version.cuda}, cuDNN {torch.backends.cudnn.version()}"
    return f", {torch.cuda.get_device_name(device)}, {libraries}"


def main(words: Sequence[str] | None = None) -> int:
    """0; 2 where the device is not there; 130 where it was interrupted, with a page of what was tried until then."""
    begun = time.perf_counter()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__)
    parser.add_argument("--device", default=GPU)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--output", type=Path, default=PAGE)
    parser.add_argument("--layers", type=int, default=len(PUBLISHED), help="only the cheapest so many")
    options = parser.parse_args(words)
    if not is_there(options.device):
        kind = "GPU" if options.device == GPU else options.device
        print(NO_GPU.format(device=kind), file=sys.stderr)
        return NOTHING_TRIED
    cheapest = dict(by_work(PUBLISHED)[: options.layers])
    left = list(cheapest)

    def write(name: str, found: Sequence[Tried]) -> None:
        left.remove(name)
        seconds = time.perf_counter() - begun
        print(f"{seconds:4.0f} s  {name}: {counted(found, name)}", file=sys.stderr)
        options.output.write_text(page(options.device, found, seconds, left), encoding="utf-8")

    try:
        found = tried_on(options.device, cheapest, Clock(options.seconds, begun), after_each=write)
    except KeyboardInterrupt:
        print(f"stopped; what was done is in {options.output}", file=sys.stderr)
        return 130
    print(f"written to {options.output}: {counted(found)}")
    return 0


def is_there(device: str) -> bool:
    """Whether torch can use it: of several cards also the one of that number."""
    import torch

    from gradcheck_cli.oracles.in_setting import available_devices

    kind, _, number = device.partition(":")
    if kind not in available_devices() or not (number or "0").isdigit():
        return False
    return int(number or 0) < (torch.cuda.device_count() if kind == GPU else 1)


def counted(found: Sequence[Tried], name: str = "") -> str:
    """How many gradients came out how, of one layer or of all."""
    verdicts = [each.verdict for each in every_result(found, name)]
    return ", ".join(f"{verdicts.count(verdict)} {verdict}" for verdict in dict.fromkeys(verdicts)) or "nothing tried"


def every_result(found: Sequence[Tried], name: str = "") -> Iterator[SettingResult]:
    """Of all settings and layers, or of one layer."""
    return (
        each for tried in found for layer, results in tried.results.items() if name in ("", layer) for each in results
    )


if __name__ == "__main__":
    sys.exit(main())
