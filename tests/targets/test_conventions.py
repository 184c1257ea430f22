"""Every file of tests/mistakes/ through a worker: the right ones bit for bit, the planted ones must differ."""

from pathlib import Path

import numpy as np
import pytest
from mistaken import PAST_EIGHT

from gradcheck_cli.layers import conv, forms
from gradcheck_cli.layers.geometries import SAME
from gradcheck_cli.model import CALL, Case, ConvSpec
from gradcheck_cli.numbers import exact
from gradcheck_cli.targets import Worker, WorkerLimits, resolve

CORPUS = Path(__file__).resolve().parent.parent / "mistakes"
FILES = sorted(CORPUS.glob("*/*.py"))
HIDDEN_BY_INTEGERS = ("integer-dtype", "rounded-decimals")
LIMITS = WorkerLimits(timeout=60)
SPECS = (
    ConvSpec(3, 2, 4, 8, 7, (3, 3)),
    ConvSpec(2, 3, 4, 8, 7, (3, 3), padding=(1, 1)),
    ConvSpec(2, 2, 3, 9, 8, (3, 3), stride=(2, 2), padding=(1, 1)),
    ConvSpec(1, 2, 3, 9, 8, (3, 3), stride=(2, 2)),
    ConvSpec(2, 1, 2, 7, 8, (3, 3)),
    ConvSpec(1, 3, 2, 8, 7, (3, 3)),
    ConvSpec(1, 1, 1, 6, 6, (3, 3)),
    ConvSpec(1, 1, 3, 6, 7, (3, 3)),
    ConvSpec(2, 3, 3, 8, 7, (3, 2)),
    ConvSpec(2, 4, 2, 9, 8, (3, 3), dilation=(2, 2)),
    ConvSpec(2, 3, 2, 8, 14, (2, 3), stride=(3, 2)),
    ConvSpec(2, 3, 4, 9, 8, (3, 3), padding=(2, 2)),
    ConvSpec(2, 2, 3, 13, 9, (2, 4), stride=(2, 3)),
    ConvSpec(2, 2, 3, 8, 15, (3, 3), stride=(2, 2), padding=(0, 1)),
    ConvSpec(2, 4, 2, 9, 8, (3, 3), groups=2),
    ConvSpec(1, 2, 3, 7, 13, (3, 3), stride=(2, 2)),
    ConvSpec(2, 2, 3, 9, 8, (2, 2), stride=(3, 3)),
)

# What code that pads more on one side is asked, whichever of the rules it follows.
SIDED = tuple(spec for specs in SAME.values() for spec in specs if not spec.is_symmetric)
# A filter for each channel, and all zeros in front.
CAUSAL = tuple(
    ConvSpec(n, c, c, 1, 9, (1, taps), padding=(0, taps - 1), groups=c, extra_after=(0, 1 - taps))
    for n, c, taps in ((2, 3, 4), (1, 4, 3))
)
OF_A_FAMILY = {
    "same_sides": SIDED,
    "blocked": PAST_EIGHT,
    "causal": CAUSAL,
    "own_hands": (ConvSpec(2, 4, 6, 5, 6, (2, 3), groups=2),),
}


def header(file):
    """(expectation, target) from the first two lines of a file of the corpus."""
    lines = file.read_text().splitlines()[:2]
    return tuple(line.partition(":")[2].strip() for line in lines)


def case_of(spec, largest):
    """Integers up to `largest`, as float64."""
    draw = np.random.default_rng(11)
    shapes = (spec.x_shape, spec.weight_shape, (spec.out_channels,), spec.output_shape)
    return Case(spec, *(draw.integers(-largest, largest + 1, shape).astype(float) for shape in shapes))


def wrong_gradients(worker, case):
    """Names of what is not right in one outcome; None when the geometry is refused."""
    outcome, expected = worker.backward(case), conv.backward(case)
    if not outcome.supported:
        return None
    wrong = set(outcome.mutated)
    for name in worker.describe().yields:
        calls = (outcome.gradients.get(name), outcome.second.get(name) if outcome.second else None)
        if any(array is None or not np.array_equal(array, expected.get(name)) for array in calls):
            wrong.add(name)
    return wrong


def observe(file, name, sizes=(4, 2**14), scale=1.0):
    """What is wrong on each supported geometry, with integers up to each of `sizes`, times `scale`."""
    (ref,) = resolve([f"{file}:{name}"])
    with Worker(ref, LIMITS) as worker:
        described = worker.describe()
        specs = SPECS + OF_A_FAMILY.get(file.parent.name, ())
        specs = tuple(forms.of_layer(described.layer, described.modes, specs))
        cases = [exact.scaled(case_of(spec, largest), scale) for spec in specs for largest in sizes]
        found = [wrong_gradients(worker, case) for case in cases]
    return [wrong for wrong in found if wrong is not None]


def files(kind):
    """Files of the corpus that should pass, or that should not, as pytest parameters."""
    chosen = [file for file in FILES if (header(file)[0] == "pass") == (kind == "right")]
    return [pytest.param(file, id=f"{file.parent.name}/{file.stem}") for file in chosen]


@pytest.mark.parametrize("file", files("right"))
def test_a_right_file_is_right_wherever_it_runs(file):
    """Recognised unmodified; all its gradients equal ours bit for bit, on two geometries or more."""
    observed = observe(file, header(file)[1])
    assert observed == [set()] * len(observed)
    assert len(observed) >= 2


@pytest.mark.parametrize("file", files("wrong"))
def test_a_planted_mistake_shows_in_the_gradient_of_its_header(file):
    """The fault planted in a file changes each gradient that its header names, or an argument."""
    expectation, name = header(file)
    fault, _, gradients = expectation.partition(" ")
    scale = 2.0**-10 if fault in HIDDEN_BY_INTEGERS else 1.0
    seen = set().union(*observe(file, name, sizes=(2**14,), scale=scale))
    if fault == "not-found":
        return  # what it gives is right, and what it does not give was not compared
    named = set(gradients.split(",")) - {CALL}  # a call that raises gives no gradient at all
    assert seen & {"x", "grad_output"} if fault == "mutates-input" else named <= seen
    assert seen


def test_every_row_of_the_table_of_conventions_has_three_right_files():
    """Ways to hand over a backward, padding by sides, work in blocks, other layers: three styles each.

    Classes are split by how they expose gradients.
    """
    counts = {}
    for file in FILES:
        if header(file)[0] == "pass":
            family = file.parent.name.replace("class_returns", "class_keeps").replace("class_attributes", "class_keeps")
            counts[family] = counts.get(family, 0) + 1
    assert {family: count for family, count in counts.items() if count < 3} == {}
    assert len(counts) == 23
