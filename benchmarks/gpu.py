"""What torch's own convolutions compute on a device: settings x published layers x exact probes, as a page.

`python -m benchmarks.gpu` is `make gpu`. It needs torch, numpy, opencv and this package, and ends within its time: the
cheapest layers come first, and what was left out is said.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from math import prod
from pathlib import Path

from benchmarks import machine
from benchmarks.layers import LAYERS
from gradcheck_cli.checks.levels import Leveller, Reply
from gradcheck_cli.layers import conv
from gradcheck_cli.model import Case, ConvSpec, Gradients, Setting, Verdict
from gradcheck_cli.model.errors import UsageError
from gradcheck_cli.model.in_settings import SettingResult
from gradcheck_cli.model.setting import every_setting

PAGE = Path(__file__).parent / "GPU.md"
# One command that somebody waits for; `make gpu` promises it.
SECONDS = 480.0
# The compiler takes as long for a small layer as for a large one.
COMPILED = 1
GPU = "cuda"
# What `make gpu` says where there is none, and its exit code.
NO_GPU = "gradcheck: torch sees no {device} here, so nothing was tried and nothing written (exit code 2)"
NOTHING_TRIED = 2


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


def tried_on(device: str, layers: Mapping[str, ConvSpec], seconds: float) -> list[Tried]:
    """Every setting of the device on every layer, layer by layer, until the time is up."""
    from gradcheck_cli.oracles.in_setting import impossible

    end = time.perf_counter() + seconds
    found = [Tried(setting) for setting in every_setting(device)]
    exact = Exact()
    for number, (name, spec) in enumerate(sorted(layers.items(), key=lambda layer: work(layer[1]))):
        exact.known.clear()
        for tried in found:
            reason = impossible(tried.setting)
            if tried.setting.compile and number >= COMPILED:
                reason = reason or "compiled for the smallest layer only"
            if time.perf_counter() > end:
                reason = reason or f"the {seconds:g} s were over"
            if reason:
                tried.untried[name] = reason
                continue
            tried.results[name] = results_of(tried.setting, spec, exact)
    return found


def work(spec: ConvSpec) -> int:
    """Products in one convolution."""
    return spec.terms_of("bias") * prod(spec.weight_shape)


def results_of(setting: Setting, spec: ConvSpec, exact: Exact) -> tuple[SettingResult, ...]:
    """What autograd's convolution does in this setting."""
    from gradcheck_cli.oracles import autograd

    def ask(case: Case) -> Reply:
        try:
            return Reply(autograd.backward(case, autograd.LayerSettings.of(setting)))
        except UsageError as error:
            return Reply(refused="; ".join((error.sentence, *map(str, error.facts.values()))))

    return Leveller(ask, setting, 0, exact).results(spec, lambda larger: work(larger) < 4 * work(spec))


def page(device: str, found: Sequence[Tried], seconds: float) -> str:
    """The page in Markdown."""
    head = (
        f"# Settings on a device\n\nMade by `make gpu` on {device}: {machine.describe()}{device_name(device)}.\n\n"
        f"It took {seconds:.0f} s. Each layer is asked on whole numbers of which the right gradients are known; "
        "what the words mean is said in `gradcheck_cli/model/in_settings.py`.\n"
    )
    return "\n".join([head, *(section(tried) for tried in found)]).rstrip() + "\n"


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
    verdict = next((each for each in (Verdict.FAIL, Verdict.ERROR, Verdict.PASS) if each in verdicts), "not tried")
    cells = dict.fromkeys(("weight", "input", "bias"), "")
    for each in results:
        for key in cells if each.gradient == "call" else (each.gradient,):
            cells[key] = f"{each.level or each.detail}{figures(each)}"
    return f"| {name} | {verdict} | {' | '.join(cell.replace('|', '/') for cell in cells.values())} |"


def figures(result: SettingResult) -> str:
    """The error and what is allowed of it, in units of A, where there is one."""
    return f", {result.error:.2g} of {result.allowed:.2g} A" if result.error and result.allowed is not None else ""


def device_name(device: str) -> str:
    """The name of the card."""
    import torch

    return f", {torch.cuda.get_device_name(device)}" if device.startswith("cuda") else ""


def main(words: Sequence[str] | None = None) -> int:
    """0, or 2 where the device is not there."""
    from gradcheck_cli.oracles.in_setting import available_devices

    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__)
    parser.add_argument("--device", default=GPU)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--output", type=Path, default=PAGE)
    parser.add_argument("--layers", type=int, default=len(LAYERS), help="only the cheapest so many")
    options = parser.parse_args(words)
    if options.device.partition(":")[0] not in available_devices():
        kind = "GPU" if options.device == GPU else options.device
        print(NO_GPU.format(device=kind), file=sys.stderr)
        return NOTHING_TRIED
    cheapest = dict(sorted(LAYERS.items(), key=lambda layer: work(layer[1]))[: options.layers])
    begun = time.perf_counter()
    found = tried_on(options.device, cheapest, options.seconds)
    options.output.write_text(page(options.device, found, time.perf_counter() - begun), encoding="utf-8")
    print(f"written to {options.output}: {counted(found)}")
    return 0


def counted(found: Sequence[Tried]) -> str:
    """How many gradients came out how."""
    verdicts = [each.verdict for each in every_result(found)]
    return ", ".join(f"{verdicts.count(verdict)} {verdict}" for verdict in dict.fromkeys(verdicts)) or "nothing"


def every_result(found: Sequence[Tried]) -> Iterator[SettingResult]:
    """Of all settings and layers."""
    return (each for tried in found for results in tried.results.values() for each in results)


if __name__ == "__main__":
    sys.exit(main())
