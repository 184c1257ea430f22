"""`gradcheck run` as a function: verdicts on real pictures, and planted faults whose side is named."""

import gc
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest

from gradcheck_cli.layers import conv
from gradcheck_cli.model import GRADIENTS, Gradients, Rung, RunOptions, Verdict
from gradcheck_cli.model.errors import ExitCode, GeometryError, ImageError
from gradcheck_cli.oracles import autograd, numeric
from gradcheck_cli.runs.picture import run_experiment, uncollected
from helpers import IMAGES

COFFEE = str(IMAGES / "coffee.jpg")
SMALL = {"kernel_size": (5, 5), "size": (24, 24)}


def run(*images, **changes):
    """A run on the coffee picture, small unless told otherwise."""
    return run_experiment(RunOptions(images or (COFFEE,), **(SMALL | changes)))


def checks_of(report, name):
    """The checks called `name`."""
    return [check for check in report.checks if check.name == name]


def blamed(report):
    """What the referee says."""
    return [check.detail for check in checks_of(report, "referee")]


@pytest.mark.parametrize("picture", ["astronaut.jpg", "coffee.jpg", "chelsea.jpg", "rocket.jpg", "camera-gray.jpg"])
def test_every_photograph_passes_at_the_size_of_the_forum(picture):
    """3 filters of 3x32x32 on 256x256: every check holds, and only a gray picture is the same across channels."""
    report = run_experiment(RunOptions((str(IMAGES / picture),)))

    assert (Verdict.PASS, ExitCode.PASS) == (report.verdict, report.exit_code)
    assert {"exact", "hand-vs-autograd", "numeric", "adjoint", "repeat", "grad-output"} == {
        check.name for check in report.checks
    }
    assert (picture == "camera-gray.jpg") == (report.sameness.across_channels.verdict is Rung.IDENTICAL)
    assert report.answer.startswith(
        "Method: dE/dF[o,i] = corr(X[i], G[o]) is right. Code: right. Same for all channels: "
    )


def test_two_photographs_make_a_batch():
    """Each has its own reference, and the mean over the batch becomes visible."""
    alone, both = run(), run(COFFEE, str(IMAGES / "chelsea.jpg"))

    assert Verdict.PASS == both.verdict
    assert 2 == both.experiment.batch
    assert "batch-mean" in {hidden.id for hidden in alone.power.cannot_show}
    assert "batch-mean" in both.power.caught


@pytest.mark.parametrize(
    "changes",
    [
        {"stride": (2, 3)},
        {"padding": (2, 1)},
        {"padding": ((0, 1), (3, 2))},
        {"padding": "same", "kernel_size": (4, 5)},
        {"dilation": (2, 2)},
        {"groups": 3},
        {"in_channels": 1, "out_channels": 2},
        {"kernel_size": (3, 5)},
        {"size": (20, 31)},
        {"bias": False},
        {"loss": "mse"},
        {"loss": "mse", "reduction": "sum"},
        {"loss": "sum"},
        {"loss": "random"},
        {"reduction": "sum"},
        {"dtype": "float64"},
        {"dtype": "bfloat16"},
        {"dtype": "float16"},
        {"unit_range": True},
        {"backward": "fft"},
        {"threads": 1},
        {"seed": 7},
    ],
    ids=str,
)
def test_the_right_backward_passes_whatever_is_asked(changes):
    """No option makes the right code look wrong."""
    report = run(**changes)

    assert Verdict.PASS == report.verdict, report.answer


@pytest.mark.parametrize(
    ("images", "changes"),
    [
        (["astronaut.jpg"], {"out_channels": 4, "stride": (3, 2), "padding": (1, 3), "size": (51, 57), "loss": "mse"}),
        (["camera-gray.jpg", "astronaut.jpg"], {"in_channels": 1, "stride": (3, 3), "size": (38, 9)}),
    ],
)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_low_precision_is_judged_by_its_own_roundings(images, changes, dtype):
    """The reference is rounded too, and torch adds the samples of a batch one after another into the result."""
    assert Verdict.PASS == run(*(str(IMAGES / name) for name in images), dtype=dtype, seed=5, **changes).verdict


def test_an_overflow_forbids_a_verdict():
    """A sum of thousands of pixels does not fit float16; that is said, and nothing is passed or failed by it."""
    report = run(dtype="float16", loss="sum", reduction="sum", size=(29, 25))

    assert (Verdict.INCONCLUSIVE, ExitCode.NOT_CHECKED) == (report.verdict, report.exit_code)
    assert {"autograd overflowed in float16"} == {
        check.detail for check in report.checks if check.verdict is Verdict.INCONCLUSIVE
    }


def test_float64_is_decided_on_wide_integers_and_on_the_pictures_themselves():
    """Pixels are dyadic numbers and G is a sign, so the real gradient has an exact float64 value."""
    probes = {check.criterion.split(":")[0] for check in checks_of(run(dtype="float64"), "exact")}

    assert {
        "narrow integers in float64",
        "wide integers in float64",
        "the pictures as integers, in float64",
    } == probes


def test_one_part_in_a_billion_in_one_entry_fails(monkeypatch):
    """The exact probe sees a factor of 1 + 1e-9 in one entry, and the referee names the hand-written side."""
    right = conv.backward

    def wrong(case, *wanted):
        gradients = right(case, *wanted)
        weight = gradients.weight.copy()
        weight[np.unravel_index(np.argmax(np.abs(weight)), weight.shape)] *= 1 + 1e-9
        return replace(gradients, weight=weight)

    monkeypatch.setattr(conv, "backward", wrong)
    report = run()

    assert (Verdict.FAIL, ExitCode.FAIL) == (report.verdict, report.exit_code)
    assert (
        "the definition's sum says that grad_weight is wrong in the hand-written backward (1 of 225 entries)"
        in (blamed(report)[0])
    )
    assert blamed(report)[0].endswith("autograd is right")


def test_a_fault_in_autograd_is_blamed_on_autograd(monkeypatch):
    """The library is a suspect too: rolled channels in its gradient are found there."""
    right = autograd.backward

    def wrong(case, settings, *wanted):
        gradients = right(case, settings, *wanted)
        return replace(gradients, weight=np.roll(gradients.weight, 1, axis=1))

    monkeypatch.setattr(autograd, "backward", wrong)
    report = run()

    assert Verdict.FAIL == report.verdict
    assert (
        "grad_weight is wrong in autograd (225 of 225 entries); the hand-written backward is right" in blamed(report)[0]
    )


def test_a_fault_in_the_finite_differences_is_blamed_on_them(monkeypatch):
    """An oracle that is wrong does not make the code wrong."""
    right = numeric.Started.result

    def wrong(started):
        result = right(started)
        return replace(result, grad_weight=result.grad_weight * 1.001)

    monkeypatch.setattr(numeric.Started, "result", wrong)
    report = run()

    assert Verdict.FAIL == report.verdict
    assert (
        "grad_weight is wrong in numeric (225 of 225 entries); the hand-written backward is right" in blamed(report)[0]
    )


def test_a_float32_inside_the_hand_written_side_is_seen(monkeypatch):
    """Narrow integers are exact in float32 too; the wide ones and the finite differences are not."""
    right = conv.backward

    def wrong(case, *wanted):
        single = replace(
            case, **{name: getattr(case, name).astype(np.float32) for name in ("x", "weight", "grad_output")}
        )
        gradients = right(single, *wanted)
        return Gradients(**{name: gradient.astype(np.float64) for name, gradient in gradients.items()})

    monkeypatch.setattr(conv, "backward", wrong)
    report = run()

    assert Verdict.FAIL == report.verdict
    assert all(check.verdict is Verdict.PASS for check in checks_of(report, "exact"))
    assert Verdict.FAIL == checks_of(report, "adjoint")[0].verdict


def test_a_backward_that_differs_from_itself_fails(monkeypatch):
    """The hand-written side has no noise to excuse."""
    right, calls = conv.backward, []

    def wrong(case, *wanted):
        calls.append(1)
        gradients = right(case, *wanted)
        return replace(gradients, weight=gradients.weight * (1 + 1e-12 * len(calls)))

    monkeypatch.setattr(conv, "backward", wrong)

    assert Verdict.FAIL in {check.verdict for check in checks_of(run(), "repeat")}


def test_torch_is_asked_for_the_gradients_that_a_check_reads(monkeypatch):
    """All on the pictures, of the second time the kernel's, and of the gray pictures G alone."""
    right, asked = autograd.run_layer, []

    def counted(layer, settings, wanted):
        asked.append(tuple(wanted))
        return right(layer, settings, wanted)

    monkeypatch.setattr(autograd, "run_layer", counted)
    run()

    assert [GRADIENTS, ("weight",), ()] == asked


def test_the_code_under_test_is_asked_for_all_gradients_once_for_each_probe(monkeypatch):
    """The pictures, narrow integers and fractions; where only the kernel's gradient is compared, for that alone."""
    right, asked = conv.backward, []

    def counted(case, wanted=GRADIENTS):
        asked.append(tuple(wanted))
        return right(case, wanted)

    monkeypatch.setattr(conv, "backward", counted)
    run()

    assert (3, 2, 5) == (asked.count(GRADIENTS), asked.count(("weight",)), len(asked))


def test_the_table_holds_every_filter_and_channel():
    """Nine planes, each with its difference in units of what is allowed."""
    report = run()

    assert 9 == len(report.channels)
    assert all(row.ratio <= 1 and row.entries == 25 for row in report.channels)


def test_both_counterfactuals_come_out_as_they_must():
    """A gray picture makes the channels identical, an equal G the filters."""
    assert [("channels", Rung.IDENTICAL), ("filters", Rung.IDENTICAL)] == [
        (found.across, found.verdict) for found in run().sameness.counterfactuals
    ]


def test_several_seeds_are_told_one_by_one():
    """The weights change with the seed, so does the loss; the verdict does not."""
    report = run(seeds=3, seed=4)

    assert [4, 5, 6] == [result.seed for result in report.seeds]
    assert 3 == len({result.loss for result in report.seeds})
    assert {Verdict.PASS} == {result.verdict for result in report.seeds}


def test_at_least_ten_mistakes_are_planted_at_the_layer_of_the_forum_and_all_are_caught():
    """A pass says what it would have caught."""
    power = run_experiment(RunOptions((COFFEE,))).power

    assert len(power.planted) >= 10
    assert power.planted == power.caught
    assert () == power.missed
    assert len(power.planted) + len(power.cannot_show) >= 16


def test_a_gray_picture_cannot_show_mixed_channels():
    """Equal channels hide a mix-up of channels, and a colour picture is named as the remedy."""
    hidden = {item.id: item.shown_by for item in run(str(IMAGES / "camera-gray.jpg")).power.cannot_show}

    assert "colour" in hidden["channels-reversed"]


def test_a_kernel_larger_than_the_picture_is_told_before_anything_is_read():
    """The geometry is wrong whatever the file."""
    with pytest.raises(GeometryError, match="40 > 24"):
        run("missing.jpg", kernel_size=(40, 40))


def test_a_missing_picture_is_an_error_of_the_picture():
    """It is told by its name."""
    with pytest.raises(ImageError, match=r"missing\.jpg"):
        run("missing.jpg")


def test_the_same_run_twice_gives_the_same_report():
    """But for the times."""
    first, second = (replace(run(), timings={}) for _ in range(2))

    assert first == second


@pytest.mark.parametrize("was_enabled", [True, False])
def test_garbage_is_looked_for_again_once_torch_is_there(was_enabled):
    """As before, also after an error; whoever had switched it off finds it off."""
    before = gc.isenabled()
    try:
        (gc.enable if was_enabled else gc.disable)()
        with suppress(ImportError), uncollected():
            assert not gc.isenabled()
            raise ImportError
        assert was_enabled is gc.isenabled()
    finally:
        (gc.enable if before else gc.disable)()
