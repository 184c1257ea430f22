"""Random experiments for the attack on `gradcheck run`: what is drawn, and one experiment in process. No test here.

An experiment is named by its number alone: the same number draws the same pictures, options and planted fault.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field, replace
from unittest import mock

import cv2
import numpy as np

from gradcheck_cli.layers import conv
from gradcheck_cli.mistakes import CATALOGUE, Problem
from gradcheck_cli.model import GRADIENTS, Gradients, RunOptions, Verdict
from gradcheck_cli.model.errors import GeometryError
from gradcheck_cli.numbers.arithmetic import fft_slack, no_slack
from gradcheck_cli.oracles import reference
from gradcheck_cli.runs.picture import run_experiment
from gradcheck_cli.runs.picture.data import load_data
from helpers import IMAGES

PHOTOGRAPHS = tuple(sorted(str(path) for path in IMAGES.glob("*.jpg")))
PAINTED = ("constant", "black", "white", "noise", "two-valued", "smooth", "impulse", "gray-noise")
# Powers of 2 and not, from float32's denormals to sums that overflow it; 1 is what pictures have.
SCALES = (2.0**-149, 2.0**-140, 1e-42, 1e-38, 1e-30, 1e-12, 1e12, 2.0**60, 1e30, 1e36)
LOSSES = ("l1", "l1", "mse", "sum", "random")
DTYPES = ("float32", "float32", "float32", "float64", "float64", "bfloat16", "float16")


@dataclass(frozen=True)
class Drawn:
    """One experiment: `scale` multiplies X and the reference after the pictures were read."""

    options: RunOptions
    scale: float = 1.0
    fault: str = ""


@dataclass
class Seen:
    """What the planted fault did: in which gradients did a call's result differ by more than two right codes may?"""

    calls: int = 0
    gradients: set[str] = field(default_factory=set)


def draw(number: int, folder, faulty: bool) -> Drawn:
    """The experiment of that number, its pictures written to `folder`."""
    rng = np.random.default_rng((number, int(faulty)))
    while True:
        options = _options(rng)
        try:
            assert options.spec
        except GeometryError:
            continue
        break
    pictures = tuple(_picture(rng, folder, f"{number}-{n}") for n in range(_pick(rng, (1, 1, 1, 2, 3))))
    options = replace(options, images=pictures)
    if rng.random() < 0.15:
        options = replace(options, reference=_picture(rng, folder, f"{number}-reference"))
    scale = float(_pick(rng, SCALES)) if rng.random() < 0.2 and not faulty else 1.0
    fault = _pick(rng, FAULTS) if faulty else ""
    return Drawn(options, scale, fault)


def run(drawn: Drawn):
    """The report of an experiment."""
    if drawn.scale == 1:
        return run_experiment(drawn.options)

    def scaled(options):
        data = load_data(options)
        with np.errstate(all="ignore"):
            planes = {
                name: (getattr(data, name) * np.float64(drawn.scale)).astype(np.float32)
                for name in ("x", "gray", "reference")
            }
        return replace(data, **planes)

    with mock.patch("gradcheck_cli.runs.picture.load_data", scaled):
        return run_experiment(drawn.options)


def run_with_fault(drawn: Drawn):
    """(report, seen) of an experiment with its fault planted in the backward under test."""
    seen = Seen()
    slack = fft_slack if drawn.options.backward == "fft" else no_slack

    def wrong(case, wanted=GRADIENTS, method="direct"):
        seen.calls += 1
        whole = (GRADIENTS, method)
        changed = plant(drawn.fault, case, ORIGINAL(case, *whole), seen.calls, whole)
        kept = Gradients(**{name: changed.get(name) for name in wanted})
        _notice(seen, case, kept, slack)
        return kept

    with mock.patch.object(conv, "backward", wrong):
        return run(drawn), seen


def reason_of(report) -> str:
    """Why a run was inconclusive, in one of a few words, so that they can be counted."""
    texts = [check.detail for check in report.checks if check.verdict is Verdict.INCONCLUSIVE]
    for word, short in WORDS.items():
        if any(word in text for text in texts):
            return short
    if texts:
        return texts[0]
    return f"would miss {', '.join(report.power.missed)}" if report.power.missed else "nothing open"


WORDS = {"denormal": "denormals", "overflowed": "overflow", "kinks": "kinks", "not decidable": "float32 undecidable"}


def _options(rng) -> RunOptions:
    channels = _pick(rng, (1, 3, 3))
    groups = _pick(rng, (1, 1, 1, channels))
    kernel = _pair(rng, 1, 7)
    size = (int(rng.integers(1, 41)), int(rng.integers(1, 41)))
    if rng.random() < 0.1:
        size, kernel = (int(rng.integers(33, 90)), int(rng.integers(33, 90))), _pair(rng, 8, 32)
    return RunOptions(
        images=(),
        in_channels=channels,
        out_channels=groups * int(rng.integers(1, 6 if groups == 1 else 3)),
        kernel_size=kernel,
        stride=_pair(rng, 1, 4) if rng.random() < 0.5 else (1, 1),
        padding=_pair(rng, 0, 4) if rng.random() < 0.5 else (0, 0),
        dilation=_pair(rng, 1, 3) if rng.random() < 0.3 else (1, 1),
        groups=groups,
        bias=bool(rng.random() < 0.8),
        size=size,
        unit_range=bool(rng.random() < 0.2),
        loss=_pick(rng, LOSSES),
        reduction=_pick(rng, ("mean", "mean", "sum")),
        seed=int(rng.integers(0, 2**32)),
        dtype=_pick(rng, DTYPES),
        threads=_pick(rng, (1, 2)),
        backward=_pick(rng, ("direct", "direct", "direct", "fft")),
    )


def _pair(rng, least, most):
    first, second = (int(number) for number in rng.integers(least, most + 1, 2))
    return (first, first) if rng.random() < 0.5 else (first, second)


def _pick(rng, choices):
    return choices[int(rng.integers(0, len(choices)))]


def _picture(rng, folder, name) -> str:
    """A photograph (the run crops and scales it with its size) or a painted picture."""
    kind = _pick(rng, (*PHOTOGRAPHS, *PAINTED))
    if kind in PHOTOGRAPHS:
        return kind
    path = folder / f"{name}-{kind}.png"
    assert cv2.imwrite(str(path), _painted(rng, kind, int(rng.integers(1, 64)), int(rng.integers(1, 64))))
    return str(path)


def _painted(rng, kind, height, width):
    shape = (height, width, 3)
    if kind in ("black", "white"):
        return np.full(shape, 0 if kind == "black" else 255, np.uint8)
    if kind == "constant":
        return np.broadcast_to(rng.integers(0, 256, 3, np.uint8), shape).copy()
    if kind == "noise":
        return rng.integers(0, 256, shape, np.uint8)
    if kind == "gray-noise":
        return np.repeat(rng.integers(0, 256, (height, width, 1), np.uint8), 3, axis=2)
    if kind == "two-valued":
        return (255 * rng.integers(0, 2, shape)).astype(np.uint8)
    if kind == "impulse":
        picture = np.zeros(shape, np.uint8)
        picture[int(rng.integers(height)), int(rng.integers(width))] = 255
        return picture
    ramp = np.add.outer(np.arange(height), np.arange(width))[:, :, None] * np.array([1, 2, 3])
    return (ramp * 255 / max(1, ramp.max())).astype(np.uint8)


def _notice(seen, case, changed, slack):
    """Note whether the fault did anything: only then is a pass a false pass."""
    truth = ORIGINAL(case)
    for name in changed:
        expected, actual = truth.get(name), changed.get(name)
        with np.errstate(all="ignore"):
            is_right = actual.shape == expected.shape and np.all(
                np.abs(actual - expected) <= _rounding(case, name) + slack(case, name)
            )
        if not is_right:
            seen.gradients.add(name)


def _rounding(case, name):
    """2 (n+2) u A, written here once more, so that a bound that was widened by mistake does not excuse a pass."""
    if all(np.array_equal(part, np.rint(part)) for part in (case.x, case.weight, case.grad_output)):
        return 0.0
    if name == "weight":
        terms, gauge = case.spec.terms, reference.gauge(case.x, case.grad_output, case.spec)
    elif name == "input":
        terms = case.weight[0].size * case.spec.out_channels
        gauge = reference.gauge_input(case.weight, case.grad_output, case.spec)
    else:
        terms, gauge = case.spec.terms, np.abs(case.grad_output).sum(axis=(0, 2, 3))
    return 2 * (terms + 2) * 2.0**-53 * gauge + 2 * terms * 2.0**-1074


def plant(fault, case, gradients, call, method):
    """The gradients with one fault in them."""
    kind, _, rest = fault.partition(":")
    if kind == "catalogue":
        return _catalogue(rest, case, gradients)
    return SMALL_FAULTS[kind](rest, case, gradients, call, method)


def _catalogue(rest, case, gradients):
    identifier, name, form = rest.split(":")
    wrong = CATALOGUE[identifier].forms(name)[int(form)].formula(Problem(case))
    # What the program computes by hand has the shape of its tensor: another one can only come of code of the user's.
    is_possible = wrong is not None and wrong.shape == gradients.get(name).shape
    return replace(gradients, **{name: wrong}) if is_possible else gradients


def _one_entry(change):
    """A fault in the entry that is the middle of the gradient called `rest`."""

    def fault(rest, _case, gradients, _call, _method):
        array = gradients.get(rest).astype(np.float64)
        flat = array.reshape(-1)
        change(flat, flat.size // 2)
        return replace(gradients, **{rest: array})

    return fault


def _billionth(flat, at):
    flat[at] *= 1 + 1e-9


def _not_a_number(flat, at):
    flat[at] = math.nan


def _infinite(flat, at):
    flat[at] = math.inf


def _swapped(flat, at):
    flat[at], flat[at - 1] = flat[at - 1], flat[at]


def _zeroed(flat, at):
    flat[at] = 0


def _dropped_output(rest, case, gradients, _call, method):
    """One output position, as a fraction of the plane, is left out of every gradient."""
    height, width = case.spec.output_size
    place = int(float(rest) * (height * width - 1))
    upstream = case.grad_output.copy()
    upstream[:, :, place // width, place % width] = 0
    return _again(replace(case, grad_output=upstream), gradients, method)


def _dropped_sample(_rest, case, gradients, _call, method):
    """The last output of the last filter in the last sample is left out."""
    upstream = case.grad_output.copy()
    upstream[-1, -1, -1, -1] = 0
    return _again(replace(case, grad_output=upstream), gradients, method)


def _float32_inside(_rest, case, gradients, _call, method):
    single = replace(
        case, **{name: getattr(case, name).astype(np.float32) for name in ("x", "weight", "bias", "grad_output")}
    )
    return _again(single, gradients, method)


def _again(case, gradients, method):
    with np.errstate(all="ignore"):
        found = ORIGINAL(case, *method)
    return replace(gradients, **{name: found.get(name).astype(np.float64) for name in GRADIENTS})


def _on_one_call(rest, _case, gradients, call, _method):
    """All signs turned, but only on the call of that number."""
    return replace(gradients, weight=-gradients.weight) if call == int(rest) else gradients


def _drifts(_rest, _case, gradients, call, _method):
    return replace(gradients, weight=gradients.weight * (1 + 1e-12 * call))


def _transposed_shape(_rest, _case, gradients, _call, _method):
    return replace(gradients, weight=gradients.weight[..., None])


ORIGINAL = conv.backward
SMALL_FAULTS = {
    "billionth": _one_entry(_billionth),
    "nan": _one_entry(_not_a_number),
    "infinity": _one_entry(_infinite),
    "swapped": _one_entry(_swapped),
    "zeroed": _one_entry(_zeroed),
    "dropped-output": _dropped_output,
    "dropped-sample": _dropped_sample,
    "float32-inside": _float32_inside,
    "only-on-call": _on_one_call,
    "drifts": _drifts,
    "extra-axis": _transposed_shape,
}
FAULTS = (
    *(
        f"catalogue:{mistake.id}:{name}:{form}"
        for mistake in CATALOGUE.values()
        for name in GRADIENTS
        for form in range(len(mistake.forms(name)))
    ),
    *(f"{kind}:{name}" for kind in ("billionth", "nan", "infinity", "swapped", "zeroed") for name in GRADIENTS),
    *(f"dropped-output:{share}" for share in (0.0, 0.3, 0.5, 1.0)),
    *(f"only-on-call:{call}" for call in (1, 2, 3, 4, 5)),
    *("dropped-sample:", "float32-inside:", "drifts:", "extra-axis:"),
)


def judge_right(number, folder) -> dict:
    """One experiment with right code: its line of the results."""
    drawn = draw(number, folder, faulty=False)
    report = run(drawn)
    row = {"number": number, "verdict": str(report.verdict), "scale": drawn.scale}
    if report.verdict is Verdict.INCONCLUSIVE:
        row["reason"] = reason_of(report)
    if report.verdict is not Verdict.PASS:
        row |= {"options": repr(drawn.options), "details": details_of(report)}
    return row


def judge_faulty(number, folder) -> dict:
    """One experiment with a planted fault: its line of the results."""
    drawn = draw(number, folder, faulty=True)
    report, seen = run_with_fault(drawn)
    row = {"number": number, "fault": drawn.fault, "verdict": str(report.verdict), "shown": sorted(seen.gradients)}
    if report.verdict is not Verdict.FAIL and seen.gradients:
        row |= {"options": repr(drawn.options), "details": details_of(report)}
    return row


def details_of(report) -> list[str]:
    """The checks that did not pass, a line each."""
    return [
        f"{check.name} {check.gradient} {check.verdict}: {check.detail} {check.worst or ''}"
        for check in report.checks
        if check.verdict not in (Verdict.PASS, Verdict.NOT_APPLICABLE)
    ]


def summary(rows) -> dict[str, int]:
    """How many of each outcome."""
    return dict(Counter(row["verdict"] + (f" ({row['reason']})" if row.get("reason") else "") for row in rows))
