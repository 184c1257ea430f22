"""Runs of every form of a convolution: what is read, what is compared, and whether planes are told by their roles."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from picture_files import animated

import gradcheck_cli
from gradcheck_cli.model import Rung, TorchLayer, Verdict
from gradcheck_cli.report import render
from gradcheck_cli.runs.picture.sameness import by_filter

IMAGES = Path(__file__).resolve().parents[3] / "images"
COFFEE, ROCKET, GRAY = (str(IMAGES / f"{name}.jpg") for name in ("coffee", "rocket", "camera-gray"))
SMALL = {"out_channels": 2, "kernel_size": 3, "size": (8, 9), "threads": 1}


@cache
def asked(images, options):
    """The report of a run that several tests look at."""
    return gradcheck_cli.run(images, **{**SMALL, **dict(options)})


def run(*images, **options):
    """A small run; of one picture where none is named."""
    return asked(images or (COFFEE,), tuple(sorted(options.items())))


FORMS = [
    {"conv": "conv1d"},
    {"conv": "conv1d", "padding": "same", "kernel_size": 4},
    {"conv": "conv1d", "padding": ((2, 0),), "dilation": 2, "groups": 3, "out_channels": 3},
    {"conv": "conv1d", "padding": 2, "padding_mode": "circular"},
    {"padding": (1, 2), "padding_mode": "reflect"},
    {"padding": ((0, 2), (3, 1)), "padding_mode": "replicate", "stride": (2, 1)},
    {"conv": "conv3d", "kernel_size": (2, 3, 2), "padding": (1, 0, 1), "dtype": "float64"},
    {"conv": "conv3d", "kernel_size": (2, 3, 2), "padding": (1, 1, 0), "padding_mode": "circular"},
    {"conv": "conv_transpose1d", "stride": 3, "output_padding": 2},
    {"conv": "conv_transpose2d", "kernel_size": 4, "stride": 2, "padding": 1, "dtype": "float64"},
    {"conv": "conv_transpose2d", "kernel_size": 4, "stride": 2, "loss": "mse", "dtype": "bfloat16"},
    {"conv": "conv_transpose2d", "stride": (3, 2), "output_padding": (1, 0), "groups": 3, "out_channels": 6},
    {"conv": "conv_transpose3d", "kernel_size": (1, 2, 2), "stride": (1, 2, 2), "size": (3, 4)},
]


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_the_right_backward_of_every_form_passes(form):
    """All checks, on two pictures."""
    report = run(COFFEE, ROCKET, **form)

    assert Verdict.PASS == report.verdict, report.answer
    passed = {check.name for check in report.checks if check.verdict is Verdict.PASS}
    assert {"exact", "hand-vs-autograd", "numeric", "adjoint", "repeat", "grad-output"} <= passed
    assert not report.power.missed
    found = [found.verdict for found in report.sameness.counterfactuals]
    # Where each filter reads one channel there is no pair to compare.
    assert [Rung.IDENTICAL] * (2 if form.get("groups", 1) < 3 else len(found)) == found


@pytest.mark.parametrize("conv", ["conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d"])
def test_a_gray_picture_gives_the_same_gradient_for_all_channels_of_any_form(conv):
    """The question of the post, of each form."""
    kernel = 1 if conv == "conv3d" else 3
    gray, colour = run(GRAY, conv=conv, kernel_size=kernel), run(COFFEE, conv=conv, kernel_size=kernel)

    assert Rung.IDENTICAL == gray.sameness.across_channels.verdict
    assert Rung.IDENTICAL != colour.sameness.across_channels.verdict


def test_planes_of_a_transposed_layer_are_told_by_their_roles():
    """F is (c_in, c_out/groups, ...): the plane of filter o and channel i stands at [i, o]."""
    spec = TorchLayer(conv="conv_transpose1d", in_channels=4, out_channels=6, groups=2, size=5, kernel_size=2).spec
    weight = np.arange(np.prod(spec.weight_shape)).reshape(spec.weight_shape)

    planes = by_filter(weight, spec)

    assert (6, 2, 1, 2) == planes.shape
    for group, i, o in np.ndindex(2, 2, 3):
        assert np.array_equal(weight[2 * group + i, o], planes[3 * group + o, i])


def test_planes_of_a_convolution_stay_where_they_are():
    """Filters are first already."""
    spec = TorchLayer(in_channels=4, out_channels=6, size=5, kernel_size=2).spec
    weight = np.ones(spec.weight_shape)

    assert by_filter(weight, spec) is weight


def test_a_transposed_layer_has_a_row_of_the_table_for_each_filter_and_channel():
    """Not for each of the first axis of F."""
    report = run(conv="conv_transpose2d")

    assert [(o, i) for o in range(2) for i in range(3)] == [(row.filter, row.channel) for row in report.channels]
    assert (3, 2, 3, 3) == report.figures.weight.shape


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"conv": "conv1d"}, "conv1d 3 -> 2, kernel 3; "),
        ({"conv": "conv1d"}, "coffee.jpg, 8 rows of 9 -> 7; "),
        ({"conv": "conv3d", "kernel_size": (1, 3, 3)}, "coffee.jpg, depth 1 of 8x9 -> 1x6x7; "),
        ({"padding": 1, "padding_mode": "reflect"}, "conv 3 -> 2, kernel 3x3, padding 1x1 (reflect); "),
        (
            {"conv": "conv_transpose2d", "stride": 2, "output_padding": (1, 0)},
            "conv_transpose2d 3 -> 2, kernel 3x3, stride 2x2, output padding 1x0; ",
        ),
    ],
    ids=str,
)
def test_what_was_run_is_told_in_the_words_of_the_form(form, told):
    """Its name, its own axes, and how the picture was read."""
    assert told in " ".join(str(run(**form)).split())


def test_arrays_of_other_forms_are_read_as_the_layer_has_them(tmp_path):
    """Samples, channels, and the layer's own axes; what is saved has them too."""
    values = np.random.default_rng(0).integers(0, 256, (2, 4, 9))
    report = gradcheck_cli.run(values, conv="conv1d", out_channels=3, kernel_size=2, threads=1)

    saved = np.load(_written(tmp_path, render(report, "npz")))
    assert Verdict.PASS == report.verdict
    assert np.array_equal(values, saved["x"])
    assert ((3, 4, 2), (2, 3, 8)) == (saved["grad_weight_hand"].shape, saved["grad_output"].shape)


def _written(folder, content):
    (folder / "run.npz").write_bytes(content)
    return folder / "run.npz"


@pytest.mark.parametrize(
    "form", [{"conv": "conv1d"}, {"conv": "conv3d", "kernel_size": 1}, {"conv": "conv_transpose2d"}]
)
@pytest.mark.parametrize("kind", ["html", "md", "json", "junit", "github", "png", "repro"])
def test_every_format_tells_every_form(form, kind):
    """Nothing is written for two axes alone."""
    assert render(run(**form), kind)


def test_the_line_that_reproduces_a_run_says_the_form():
    """With one number where all axes have the same."""
    report = run(conv="conv_transpose3d", kernel_size=(1, 2, 2), stride=2, output_padding=(1, 0, 1))

    asked = "--conv conv_transpose3d --in 3 --out 2 --k 1x2x2 --stride 2 --output-padding 1x0x1 --size 8x9 --seed 0"
    assert report.reproduce.startswith(f"gradcheck run {asked} ")


def test_the_frames_of_an_animation_are_the_depth(tmp_path):
    """Nothing is refused before they are counted."""
    frames = [np.full((9, 8, 3), 20 * place, np.uint8) + np.arange(8, dtype=np.uint8)[:, None] for place in range(4)]
    (tmp_path / "moving.png").write_bytes(animated(".png", frames))

    report = run(str(tmp_path / "moving.png"), conv="conv3d")

    assert ("pass", 1) == (report.verdict.value, report.experiment.batch)
    assert ((4, 8, 9), (2, 6, 7)) == (report.experiment.input_size, report.experiment.output_size)
