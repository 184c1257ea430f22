"""Random layers of every form on pictures: right code, and code with one entry wrong. What goes wrong is told."""

from __future__ import annotations

from dataclasses import replace
from unittest import mock

import numpy as np

from gradcheck_cli.layers import conv
from gradcheck_cli.model import CONVS, PADDING_MODES, RunOptions, Verdict
from gradcheck_cli.model.errors import GradcheckError
from gradcheck_cli.model.limits import check_run
from gradcheck_cli.runs.picture import run_experiment
from helpers import IMAGES

PHOTOGRAPHS = tuple(sorted(str(path) for path in IMAGES.glob("*.jpg")))
COUNT = 2000
RIGHT = conv.backward


def layers(count=COUNT):
    """A row for each of so many layers; every second one has a fault. The same number is the same layer."""
    for number in range(count):
        options = drawn(number)
        verdict, problems = judged(options, faulty=number % 2 == 1)
        yield {"layer": repr(options), "verdict": verdict, "problems": problems}


def drawn(number):
    """A layer that exists, of any form."""
    rng = np.random.default_rng((13, number))
    while True:
        try:
            options = _options(rng)
            check_run(options)
        except GradcheckError:
            continue
        return options


def judged(options, *, faulty):
    """(verdict, what should not be): a crash, right code that fails, wrong code that passes."""
    backward = one_entry_off if faulty else RIGHT
    with mock.patch.object(conv, "backward", backward):
        try:
            report = run_experiment(options)
        except GradcheckError as error:
            return "refused", [] if "overflow" in str(error) else [error.sentence]
        except Exception as error:
            return "crash", [f"{type(error).__name__}: {error}"]
    wrong = Verdict.PASS if faulty else Verdict.FAIL
    # Where no tap meets X the gradient is 0, and a fault in proportion to it is none.
    nothing = not report.figures.gradients["weight"].autograd.any()
    return report.verdict.value, [report.answer] if report.verdict is wrong and not nothing else []


def one_entry_off(case, *method):
    """The gradients, the middle entry of grad_weight off by a hundredth of the largest."""
    right = RIGHT(case, *method)
    weight = right.weight.astype(np.float64)
    weight.reshape(-1)[weight.size // 2] += np.abs(weight).max() / 100
    return replace(right, weight=weight)


def _options(rng):
    name = _pick(rng, CONVS)
    axes, transposed = int(name[-2]), "transpose" in name
    channels = _pick(rng, (1, 3, 3))
    groups = _pick(rng, (1, 1, channels))
    paddings = [_lengths(rng, axes, 0, 3), tuple((int(a), int(b)) for a, b in rng.integers(0, 4, (axes, 2)))]
    padding = _pick(rng, (0, *paddings, *([] if transposed else ["same"])))
    return RunOptions(
        images=tuple(_pick(rng, PHOTOGRAPHS) for _ in range(_pick(rng, (1, 2, 3)))),
        conv=name,
        in_channels=channels,
        out_channels=groups * int(rng.integers(1, 4)),
        kernel_size=_lengths(rng, axes, 1, 9 if axes == 1 else 4),
        stride=_lengths(rng, axes, 1, 3) if padding != "same" and rng.random() < 0.5 else (1,),
        padding=padding or (0,),
        padding_mode="zeros" if transposed else _pick(rng, PADDING_MODES),
        output_padding=_lengths(rng, axes, 0, 2) if transposed else (0,),
        dilation=_lengths(rng, axes, 1, 2) if rng.random() < 0.3 else (1,),
        groups=groups,
        bias=bool(rng.random() < 0.8),
        size=_lengths(rng, 2, 1, 14),
        loss=_pick(rng, ("l1", "l1", "mse", "sum", "random")),
        reduction=_pick(rng, ("mean", "sum")),
        seed=int(rng.integers(0, 1000)),
        dtype=_pick(rng, ("float32", "float32", "float64", "bfloat16", "float16")),
        threads=1,
        backward=_pick(rng, ("direct", "direct", "fft")),
    )


def _lengths(rng, count, least, most):
    return tuple(int(number) for number in rng.integers(least, most + 1, count))


def _pick(rng, choices):
    return choices[int(rng.integers(0, len(choices)))]
