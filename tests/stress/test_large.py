"""Large layers: the limits are made small here, so that a small layer is treated like a large one."""

from unittest import mock

import numpy as np
import pytest

from gradcheck_cli.checks import referee
from gradcheck_cli.layers import conv
from gradcheck_cli.model import GRADIENTS, Case, Gradients, RunOptions, Verdict
from gradcheck_cli.numbers.arithmetic import Judged, no_slack
from gradcheck_cli.oracles import autograd, numeric
from gradcheck_cli.runs import plan
from gradcheck_cli.runs.picture import full_size, run_experiment
from gradcheck_cli.runs.picture.data import load_data
from helpers import IMAGES

PICTURES = (str(IMAGES / "coffee.jpg"), str(IMAGES / "chelsea.jpg"), str(IMAGES / "rocket.jpg"))
LAYER = {"size": (60, 70), "kernel_size": (4, 3), "stride": (2, 1), "padding": (1, 2), "threads": 1}


@pytest.fixture
def small_limits(monkeypatch):
    """A full run may cost the seconds of its start and a little more, a cut less."""
    monkeypatch.setattr(plan, "MOST_SECONDS", 2.01)
    monkeypatch.setattr(plan, "CUT_SECONDS", 2.005)


def run(pictures=PICTURES, **changes):
    """A run that is cut where the limits are small."""
    return run_experiment(RunOptions(pictures, **(LAYER | changes)))


def of_name(report, name):
    """The checks of a name at full size."""
    return [check for check in report.checks if check.name == name and check.detail.startswith("at full size")]


def test_a_cut_run_passes_and_says_that_it_is_one(small_limits):
    """All checks on the cut, the exact probe and the adjoint identity on each whole picture."""
    report = run()

    assert Verdict.PASS == report.verdict
    assert "Judged on a cut, the middle " in report.answer
    assert report.notes[0].startswith("all checks on the whole layer would take ")
    assert (3, (60, 70)) == (report.experiment.batch, report.experiment.size)
    assert None is report.experiment.loss.value
    weight, given, bias = of_name(report, "exact")
    assert (3 * 9 * 12, 3 * 3 * 60 * 70, 3 * 3) == (weight.entries, given.entries, bias.entries)
    assert "at full size, each of 3 pictures by itself" == weight.detail
    assert [Verdict.PASS] * 3 == [identity.verdict for identity in of_name(report, "adjoint")]


def test_a_whole_run_says_nothing_of_cuts():
    """The same layer under the real limits."""
    report = run()

    assert "cut" not in report.answer
    assert () == report.notes
    assert [] == of_name(report, "exact")


def test_a_probe_that_takes_too_long_is_not_applicable_with_its_price(small_limits, monkeypatch):
    """It is never a pass."""
    monkeypatch.setattr(plan, "MOST_BYTES", 1)
    found = of_name(run(), "exact")

    assert [(Verdict.NOT_APPLICABLE, 0)] == [(check.verdict, check.entries) for check in found]
    assert found[0].detail.startswith("at full size: would take ")
    assert found[0].detail.endswith("; not run")


@pytest.mark.parametrize(
    "changes", [{}, {"stride": (1, 1), "padding": (0, 0)}, {"dilation": (2, 3)}, {"stride": (3, 2)}]
)
def test_a_cut_keeps_pixels_and_references_together(small_limits, changes):
    """Where no padding is met, the outputs of the cut are outputs of the whole, beside the same reference."""
    options = RunOptions(PICTURES, **(LAYER | changes))
    found = plan.plan_of(options)
    assert found.is_cut
    whole = load_data(options)
    cut = whole.cut_to(found.judged)
    assert found.judged.x_shape == cut.x.shape
    assert (found.judged.batch, 1, *found.judged.output_size) == cut.reference.shape
    top, left = (_start(whole, cut, axis) for axis in (0, 1))
    rows, columns = (slice(start, start + size) for start, size in zip((top, left), cut.spec.input_size, strict=True))
    assert np.array_equal(whole.x[: cut.spec.batch, :, rows, columns], cut.x)
    first = [start // stride for start, stride in zip((top, left), options.stride, strict=True)]
    rows, columns = (slice(start, start + size) for start, size in zip(first, cut.spec.output_size, strict=True))
    assert np.array_equal(whole.reference[: cut.spec.batch, :, rows, columns], cut.reference)


def _start(whole, cut, axis):
    """The middle, rounded down to a whole number of strides."""
    stride = cut.spec.stride[axis]
    return (whole.spec.input_size[axis] - cut.spec.input_size[axis]) // 2 // stride * stride


def only_at_full_size(fault):
    """Our backward with a fault that shows on whole pictures only."""

    def backward(case):
        gradients = conv.backward(case)
        return fault(gradients) if case.spec.height == 60 else gradients

    return backward


def one_entry_off(gradients):
    """The last kernel entry is one too large."""
    weight = gradients.weight.copy()
    weight[-1, -1, -1, -1] += 1
    return Gradients(weight, gradients.input, gradients.bias)


def probed(backward, most=referee.MOST_PRODUCTS, pool=None):
    """The checks at full size of this backward."""
    options = RunOptions(PICTURES, **LAYER)
    judged = Judged("the hand-written backward", backward, no_slack)
    settings = autograd.LayerSettings(threads=1)
    with mock.patch.object(referee, "MOST_PRODUCTS", most):
        return full_size.full_size_checks(load_data(options).x, plan.plan_of(options), judged, settings, 0, pool)


@pytest.mark.parametrize("fault", [one_entry_off, lambda gradients: gradients])
def test_threads_change_nothing_at_full_size(small_limits, fault):
    """Each gradient by itself, beside autograd, and each forward of the identity: the same checks in the same order."""

    def backward(case, wanted=GRADIENTS):
        gradients = only_at_full_size(fault)(case)
        return Gradients(**{name: gradients[name] for name in wanted})

    with numeric.workers(2) as pool:
        assert probed(backward) == probed(backward, pool=pool)


@pytest.mark.parametrize("most", [0, referee.MOST_PRODUCTS])
def test_a_fault_at_full_size_is_found_and_its_side_named(small_limits, most):
    """One entry of grad_weight: the exact probe fails, the identity fails, the referee names the hand-written code."""
    found = probed(only_at_full_size(one_entry_off), most)
    failed = {(check.name, check.gradient): check for check in found if check.verdict is Verdict.FAIL}

    assert {("exact", "weight"), ("referee", "weight"), ("adjoint", "weight")} == set(failed)
    assert 3 == failed["exact", "weight"].mismatched
    assert "grad_weight is wrong in the hand-written backward" in failed["referee", "weight"].detail
    assert "autograd is right" in failed["referee", "weight"].detail


@pytest.mark.parametrize("gradient", ["weight", "input", "bias"])
def test_the_adjoint_referee_names_autograd_where_autograd_is_wrong(small_limits, gradient):
    """Planted in torch's side."""
    right = autograd.backward

    def wrong(case, settings):
        gradients = vars(right(case, settings))
        return Gradients(**{**gradients, gradient: gradients[gradient] + 1})

    with mock.patch.object(autograd, "backward", wrong):
        found = probed(conv.backward, most=0)
    blamed = [check.detail for check in found if check.name == "referee"]
    assert 1 == len(blamed)
    assert f"the adjoint identity says that grad_{gradient} is wrong in autograd; the hand" in blamed[0]


def test_a_missing_or_misshapen_gradient_is_wrong_for_the_adjoint_referee():
    """It is told, not raised."""
    spec = RunOptions(PICTURES[:1], **LAYER).spec
    case = Case(spec, *(np.ones(shape) for shape in (spec.x_shape, spec.weight_shape, (3,), spec.output_shape)))
    right = conv.grad_weight(case.x, case.grad_output, spec)
    found = referee.adjoint_referee(case, "weight", {"the code": None, "other": right[:1], "autograd": right})
    assert (
        "the adjoint identity says that grad_weight is wrong in the code and other; autograd is right" == found.detail
    )
    both = referee.adjoint_referee(case, "weight", {"the code": right, "autograd": right})
    assert Verdict.INCONCLUSIVE == both.verdict
