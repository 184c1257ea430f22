"""What of a run is done at full size: small layers whole, large ones on a cut that fits, said in words."""

from dataclasses import replace

import pytest

from gradcheck_cli.model import RunOptions
from gradcheck_cli.model.errors import UsageError
from gradcheck_cli.runs import plan, price
from gradcheck_cli.runs.plan import plan_of


@pytest.fixture(autouse=True)
def large_machine(monkeypatch):
    """64 GiB, so that what is refused does not hang on where the tests run."""
    monkeypatch.setattr(price, "memory_of_machine", lambda: 64 * 2**30)


def planned(pictures=1, **changes):
    """The plan for so many pictures."""
    return plan_of(RunOptions(("a.jpg",) * pictures, **changes))


def test_the_forum_layer_is_judged_whole_and_nothing_is_said():
    """A run of seconds has no price to tell."""
    found = planned()
    assert found.asked == found.judged
    assert (None, ()) == (found.announcement, found.notes)


def test_a_batch_of_64_is_judged_whole_and_its_price_is_told():
    """30 thousand million products a pass, minutes."""
    found = planned(64)
    assert not found.is_cut
    assert "this run: 3e+10 products a pass, about 3.0 GiB and 118 s on one core." == found.announcement
    assert () == found.notes


def test_eight_pictures_of_1024_meet_the_exact_probe_whole():
    """The cut keeps two pictures, all filters and the kernel; the probe goes picture by picture."""
    found = planned(8, size=(1024, 1024), kernel_size=(7, 7), out_channels=64)
    assert (2, 64, (7, 7)) == (found.judged.batch, found.judged.out_channels, found.judged.kernel_size)
    assert found.probes_whole
    assert found.cut_text.endswith("of the first 2 of 8 pictures")
    assert "the whole layer meets the exact probe, picture by picture." in found.announcement


def test_a_kernel_of_128_on_4096_pixels_is_judged_on_a_cut_only():
    """Hours, so nothing is run at full size, and the note says what it would have taken."""
    found = planned(size=(4096, 4096), kernel_size=(128, 128))
    assert not found.probes_whole
    assert found.judged.height == found.judged.width < 4096
    assert found.notes == (
        "all checks on the whole layer would take 2.3e+12 products a pass, about 12.2 GiB and 2.3 h, so they run on "
        f"{found.cut_text}. The exact probe on the whole layer would take {found.probe.text} and is not run.",
    )


def test_float64_of_torch_makes_the_cut_smaller():
    """Its convolution unfolds the input, and 2 GiB hold fewer windows."""
    narrow, wide = (planned(size=(4096, 4096), kernel_size=(128, 128), dtype=dtype) for dtype in ("float32", "float64"))
    assert wide.judged.height < narrow.judged.height


@pytest.mark.parametrize("stride", [(1, 1), (2, 3), (7, 5)])
@pytest.mark.parametrize("padding", [(0, 0), (5, 40)])
@pytest.mark.parametrize("size", [(4096, 4096), (900, 9000)])
def test_a_cut_is_as_large_as_its_price_allows(stride, padding, size):
    """It fits, and with one output more a side it would not."""
    found = planned(size=size, kernel_size=(64, 64), out_channels=45, stride=stride, padding=padding)
    assert found.is_cut
    assert found.price.fits(plan.CUT_SECONDS, plan.CUT_BYTES)
    few = replace(found.asked, batch=found.judged.batch)
    larger = plan.with_outputs(few, max(found.judged.output_size) + 1)
    assert not price.full_price(larger).fits(plan.CUT_SECONDS, plan.CUT_BYTES)


def test_seeds_never_make_the_layer_smaller():
    """They are what was asked for; they only make the run longer."""
    found = planned(seeds=1000)
    assert not found.is_cut
    assert price.full_price(found.asked, seeds=1000).seconds == found.seconds
    assert found.announcement.startswith("this run: ")


def test_a_layer_too_large_for_any_picture_is_refused():
    """5,000 filters make 37 million pairs of planes, whatever the picture."""
    with pytest.raises(UsageError, match=r"^this layer is too large for any picture: with a single output it takes "):
        planned(out_channels=5000, kernel_size=(3, 3))


def test_what_the_memory_cannot_hold_is_refused_before_the_start(monkeypatch):
    """The pictures first, then the computation; both numbers and what would fit."""
    monkeypatch.setattr(price, "memory_of_machine", lambda: 2**30)
    with pytest.raises(
        UsageError, match=r"^reading the picture at this --size would take about 1\.5 GiB; this machine"
    ):
        planned(size=(4096, 4096))
    with pytest.raises(UsageError, match=r"^this run would take about 1\.2 GiB; this machine has 1\.0 GiB\."):
        planned(dtype="float64", size=(224, 224))


def test_rows_of_pictures_are_cut_picture_by_picture():
    """A row is a sample of a layer of one axis, and two of them would be very little."""
    found = planned(4, conv="conv1d", size=(1024, 1024), kernel_size=(256,), out_channels=64)

    assert (2048, 4096) == (found.judged.batch, found.asked.batch)
    assert found.cut_text == f"a cut, the middle {found.judged.width} of the first 2048 of 4096 rows"
    assert "the whole layer meets the exact probe, picture by picture." in found.announcement


@pytest.mark.parametrize(
    "options",
    [
        {"conv": "conv_transpose2d", "stride": (2, 2), "size": (2048, 2048), "kernel_size": (32,)},
        {"padding": (31, 31), "padding_mode": "reflect", "size": (2048, 2048), "kernel_size": (64,)},
        {"padding": (60, 60), "padding_mode": "circular", "size": (2048, 2048), "kernel_size": (64,), "stride": (3, 3)},
    ],
    ids=str,
)
def test_a_layer_of_any_form_is_cut_to_one_that_exists_and_fits(options):
    """A padding that repeats needs enough to repeat."""
    found = planned(out_channels=64, **options)

    assert found.is_cut
    assert found.price.fits(plan.CUT_SECONDS, plan.CUT_BYTES)
    assert max(found.judged.input_size) < 2048


def test_the_depth_of_an_array_is_cut_too():
    """As rows and columns are."""
    options = RunOptions(("a.npy",), conv="conv3d", size=(64, 256, 256), kernel_size=(5,), out_channels=64, held=1)

    found = plan_of(options)

    assert found.judged.depth == found.judged.height == found.judged.width
    assert " of the sample" in found.cut_text
