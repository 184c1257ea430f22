"""What is refused before any work: every option at -1, 0, huge, by the exact text."""

from dataclasses import replace

import pytest

from gradcheck_cli.model import ConvSpec, RunOptions, VerifyOptions
from gradcheck_cli.model.errors import GeometryError, UsageError
from gradcheck_cli.model.limits import OptionError, check_memory, check_run, check_verify

PICTURE = ("x.jpg",)


def refusal(check, options):
    """The text with which `check` refuses `options`."""
    with pytest.raises(UsageError) as caught:
        check(options)
    return caught.value.text()


@pytest.mark.parametrize(
    ("parameter", "option", "least", "most"),
    [
        ("in_channels", "--in", 1, 2147483647),
        ("out_channels", "--out", 1, 2147483647),
        ("groups", "--groups", 1, 2147483647),
        ("seed", "--seed", 0, 4294967295),
        ("seeds", "--seeds", 1, 10000),
        ("threads", "--threads", 1, 1024),
    ],
)
def test_run_numbers_out_of_range(parameter, option, least, most):
    """A number below or above its range is refused with both numbers."""
    low = refusal(check_run, RunOptions(PICTURE, **{parameter: least - 1}))
    high = refusal(check_run, RunOptions(PICTURE, **{parameter: most + 1}))

    assert f"{option} must be at least {least}, not {least - 1}." == low
    assert f"{option} must be at most {most}, not {most + 1}." == high


@pytest.mark.parametrize(
    ("parameter", "option", "least"),
    [
        ("kernel_size", "--k", 1),
        ("stride", "--stride", 1),
        ("padding", "--padding", 0),
        ("dilation", "--dilation", 1),
        ("size", "--size", 1),
    ],
)
@pytest.mark.parametrize("axis", [0, 1])
def test_run_sizes_out_of_range(parameter, option, least, axis):
    """Both numbers of a size are held to its range."""
    low, high = [1, 1], [1, 1]
    low[axis], high[axis] = least - 1, 2**31

    assert f"{option} must be at least {least}, not {least - 1}." == refusal(
        check_run, RunOptions(PICTURE, **{parameter: tuple(low)})
    )
    assert f"{option} must be at most 2147483647, not 2147483648." == refusal(
        check_run, RunOptions(PICTURE, **{parameter: tuple(high)})
    )


@pytest.mark.parametrize(("jobs", "text"), [(0, "at least 1, not 0."), (257, "at most 256, not 257.")])
def test_jobs_out_of_range(jobs, text):
    """The number of workers has a range too."""
    assert f"--jobs must be {text}" == refusal(check_verify, VerifyOptions(("a.py:f",), jobs=jobs))


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan"), float("inf"), 86401.0])
def test_timeout_out_of_range(seconds):
    """A time limit is a positive number of seconds, at most a day; NaN is no limit."""
    expected = f"--timeout must be above 0 and at most 86400 seconds, not {seconds:g}."

    assert expected == refusal(check_run, RunOptions(PICTURE, timeout=seconds))
    assert expected == refusal(check_verify, VerifyOptions(("a.py:f",), timeout=seconds))


def test_last_seed_out_of_range():
    """The last of the seeds has to be a seed too."""
    options = RunOptions(PICTURE, seed=4294967295, seeds=2)

    expected = (
        "--seed 4294967295 and --seeds 2 pass 4294967295.\n  hint: --seed 4294967294 is the last one for that many"
    )
    assert expected == refusal(check_run, options)


@pytest.mark.parametrize("channels", [2, 4, 5, 100])
def test_channels_that_no_picture_has(channels):
    """A picture has three channels, or one."""
    expected = (
        f"--in {channels} does not fit a picture: it has 3 channels (blue, green, red), or 1 as gray.\n"
        "  hint: --in 3, or --in 1 for gray"
    )

    assert expected == refusal(check_run, RunOptions(PICTURE, in_channels=channels))


@pytest.mark.parametrize("channels", [1, 3])
def test_channels_of_pictures_pass(channels):
    """Gray and colour are accepted, so the test above can fail."""
    check_run(RunOptions(PICTURE, in_channels=channels))


def test_kernel_larger_than_the_input():
    """Both numbers and what would fit are told."""
    with pytest.raises(GeometryError) as caught:
        check_run(RunOptions(PICTURE, kernel_size=(300, 300)))

    assert caught.value.text().startswith("the kernel does not fit the input along its height: 300 > 256.\n")


def test_groups_that_do_not_divide():
    """The groups that would divide are listed."""
    with pytest.raises(GeometryError) as caught:
        check_run(RunOptions(PICTURE, groups=2))

    assert "--groups 2 does not divide --in 3.\n  hint: --groups that divide 3: 1, 3" == caught.value.text()


@pytest.mark.parametrize(
    ("changes", "first_line"),
    [
        ({"size": (100_000, 100_000)}, "the input would have 30,000,000,000 entries; 2,147,483,648 are the most."),
        (
            {"padding": (20_000, 20_000)},
            "the padded input would have 4,861,636,608 entries; 2,147,483,648 are the most.",
        ),
        ({"out_channels": 10**7}, "the kernel would have 30,720,000,000 entries; 2,147,483,648 are the most."),
        (
            {"out_channels": 10**5, "kernel_size": (1, 1)},
            "the output would have 6,553,600,000 entries; 2,147,483,648 are the most.",
        ),
    ],
)
def test_arrays_that_fill_any_memory(changes, first_line):
    """Sizes in the gigabytes are refused before anything is allocated."""
    with pytest.raises(GeometryError) as caught:
        check_run(RunOptions(PICTURE, **changes))

    assert first_line == caught.value.sentence


def test_memory_of_a_large_photograph_is_accepted():
    """A 4096 x 4096 photograph with a kernel of 128 is large but allowed."""
    check_memory(ConvSpec(1, 3, 3, 4096, 4096, (128, 128)))


def test_no_picture():
    """Nothing compared is never a pass, so no picture is an error."""
    expected = "there is no picture.\n  hint: name one, or - for standard input: gradcheck run coffee.jpg"

    assert expected == refusal(check_run, RunOptions(()))


def test_no_target():
    """Nothing compared is never a pass, so no target is an error."""
    expected = "there is no target to verify.\n  hint: name one: gradcheck verify my_layers.py:conv_backward"

    assert expected == refusal(check_verify, VerifyOptions(()))


def test_standard_input_once():
    """Standard input holds one picture; it may serve as picture and as reference."""
    expected = "standard input (-) can be read only once.\n  hint: give the other pictures as files"

    assert expected == refusal(check_run, RunOptions(("-", "-")))
    check_run(RunOptions(("-",), reference="-"))


@pytest.mark.parametrize(("value", "hint"), [("fftt", "\n  hint: did you mean 'fft'?"), ("mine", ""), ("", "")])
def test_backward_that_is_none(value, hint):
    """--backward is one of ours or a place in a file."""
    expected = f"--backward must be direct, fft or FILE.py:NAME, not {value!r}.{hint}"

    assert expected == refusal(check_run, RunOptions(PICTURE, backward=value))


@pytest.mark.parametrize("value", ["direct", "fft", "mine.py:f", "mine.py", "package.module:f"])
def test_backward_that_may_be(value):
    """What looks like a target is left to the room that loads targets."""
    check_run(RunOptions(PICTURE, backward=value))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"loss": "L1"}, "--loss must be one of l1, mse, sum, random, not 'L1'.\n  hint: did you mean 'l1'?"),
        ({"convention": "Cache, nwhc"}, "--convention has no 'nwhc'.\n  hint: did you mean 'nhwc'?"),
        ({"loss": "rndom"}, "--loss must be one of l1, mse, sum, random, not 'rndom'.\n  hint: did you mean 'random'?"),
        ({"reduction": "none"}, "--reduction must be one of mean, sum, not 'none'."),
        (
            {"dtype": "float23"},
            "--dtype must be one of float32, float64, bfloat16, float16, not 'float23'."
            "\n  hint: did you mean 'float32'?",
        ),
        ({"device": "tpu"}, "--device must be one of cpu, cuda, mps, not 'tpu'.\n  hint: did you mean 'cpu'?"),
        ({"arithmetic": "fast"}, "--arithmetic must be one of direct, fft, not 'fast'."),
    ],
)
def test_words_that_are_no_choice(changes, expected):
    """The Python API gets the choices and the near one, like the command line."""
    assert expected == refusal(check_run, RunOptions(PICTURE, **changes))


def test_a_convention_that_is_like_none_is_told_all():
    """With the words that there are."""
    hint = "it takes auto, function, cache, autograd-function, class, nchw, nhwc, chw, hwc, hw, nhw, chwn, hwcn, "
    hint += "ncw, nwc, cw, wc, w, nw, cwn, wcn, wnc, ncdhw, ndhwc, cdhw, dhwc, dhw"
    assert f"--convention has no 'keras'.\n  hint: {hint}" == refusal(
        check_verify, VerifyOptions(("f.py",), convention="keras")
    )


@pytest.mark.parametrize(
    ("check", "options"),
    [
        (check_verify, VerifyOptions(("f.py::name",))),
        (check_run, RunOptions(PICTURE, backward="f.py::name")),
    ],
)
def test_a_place_written_as_pytest_does(check, options):
    """One colon parts the file from the name."""
    expected = "f.py::name has two colons.\n  hint: one parts the file from the name: f.py:name"
    assert expected == refusal(check, options)


def test_one_geometry_and_many_are_not_asked_together():
    """--geometry is the only one that is tried."""
    options = VerifyOptions(("f.py",), geometry="in 1, out 1, input 5, kernel 3", geometries="full")
    expected = "--geometry tries one geometry, and --geometries full many.\n  hint: give one of them"
    assert expected == refusal(check_verify, options)


def test_option_error_names_its_parameter():
    """The command line tells where a refused value came from by this name."""
    with pytest.raises(OptionError) as caught:
        check_run(RunOptions(PICTURE, seeds=0))

    assert "seeds" == caught.value.parameter


def test_a_stride_beyond_the_input():
    """A stride that is larger than the padded input is told with the one that gives the same layer."""
    expected = (
        "--stride 17 is larger than the padded input, whose height is 16.\n  hint: --stride 16 gives the same outputs"
    )
    options = RunOptions(PICTURE, kernel_size=(3, 3), size=(12, 20), padding=(2, 2))

    assert expected == refusal(check_run, replace(options, stride=(17, 1)))
    check_run(replace(options, stride=(16, 24)))


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (
            {"padding": "same", "stride": (2, 1)},
            "--padding same goes with --stride 1 only, not 2x1.\n"
            "  hint: as torch has it; --padding top,bottom,left,right says each side in numbers",
        ),
        (
            {"padding": "some"},
            "--padding 'some' is none.\n  hint: 1, 1x2, the sides top,bottom,left,right as 0,1,0,1, same or valid",
        ),
        (
            {"padding": ((0, 1),)},
            "--padding 0,1 does not fit conv2d: it has 2 axes.\n"
            "  hint: one number for all, 1x2 for each axis, or each side: top,bottom,left,right",
        ),
        ({"padding": ((0, 1), (-2, 0))}, "--padding must be at least 0, not -2."),
    ],
)
def test_a_padding_that_no_layer_has(options, text):
    """A word that is none, sides that are missing, 'same' with a stride, less than nothing."""
    assert text == refusal(check_run, RunOptions(PICTURE, **options))


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (
            {"kernel_size": (3, 4, 5)},
            "--k 3x4x5 does not fit conv2d: it has 2 axes.\n  hint: one number for all, or one for each, as in 3x4",
        ),
        (
            {"conv": "conv1d", "stride": (1, 2)},
            "--stride 1x2 does not fit conv1d: it has 1 axis.\n  hint: one number",
        ),
        (
            {"conv": "conv3d", "size": (4, 5, 6)},
            "--size 4x5x6 does not fit a picture: it has 2 axes.\n"
            "  hint: one number for all, or one for each, as in 3x4",
        ),
        (
            {"conv": "conv3d", "padding": (1, 2)},
            "--padding 1x2 does not fit conv3d: it has 3 axes.\n"
            "  hint: one number for all, 1x2x3 for each axis, or each side: front,back,top,bottom,left,right",
        ),
        (
            {"conv": "conv1d", "padding": ((0, 1), (0, 1))},
            "--padding 0,1,0,1 does not fit conv1d: it has 1 axis.\n"
            "  hint: one number for all, or each side: left,right",
        ),
        (
            {"conv": "conv_transpose2d", "padding": "same"},
            "--padding same does not fit conv_transpose2d, as torch has numbers alone there.",
        ),
        ({"output_padding": (1, 0)}, "--output-padding is of transposed layers, and conv2d is none."),
        (
            {"conv": "conv_transpose1d", "padding_mode": "reflect"},
            "--padding-mode reflect does not fit conv_transpose1d: torch has zeros alone there.\n"
            "  hint: its padding is cut off the output, where nothing can be repeated",
        ),
        (
            {"conv": "conv1d", "reference": "y.npy"},
            "conv1d takes pictures or arrays, not both.\n"
            "  hint: it takes every row of a picture as a sample; an array is (n, c, l)",
        ),
        (
            {"conv": "conv4d"},
            "--conv must be one of conv1d, conv2d, conv3d, conv_transpose1d, conv_transpose2d, conv_transpose3d, "
            "not 'conv4d'.\n  hint: did you mean 'conv1d'?",
        ),
    ],
    ids=str,
)
def test_what_does_not_fit_the_form_of_the_layer(options, text):
    """Numbers for other axes, and what only other forms have."""
    assert text == refusal(check_run, RunOptions(PICTURE, **options))


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (
            {"padding": (256, 256), "padding_mode": "reflect"},
            "reflect padding of 256 is too wide for an input height of 256",
        ),
        (
            {"padding": (257, 0), "padding_mode": "circular"},
            "circular padding of 257 is too wide for an input height of",
        ),
        (
            {"conv": "conv_transpose1d", "output_padding": (2,), "stride": (2,)},
            "output padding 2 along the length must be",
        ),
        (
            {"conv": "conv_transpose2d", "size": (1, 1), "padding": (16, 16)},
            "a transposed layer needs an output along its",
        ),
        ({"conv": "conv3d"}, "the kernel does not fit the input along its depth: 32 > 1."),
        ({"conv": "conv1d", "size": (9, 20)}, "the kernel does not fit the input along its length: 32 > 20."),
    ],
    ids=str,
)
def test_what_torch_refuses_is_refused_before_anything_is_read(options, text):
    """With both numbers."""
    with pytest.raises(GeometryError) as caught:
        check_run(RunOptions(PICTURE, **options))

    assert caught.value.sentence.startswith(text)


@pytest.mark.parametrize(
    ("images", "options", "shape"),
    [
        (PICTURE, {"conv": "conv1d", "size": (20, 31)}, (20, 3, 1, 31)),
        (("a.jpg", "b.jpg"), {"conv": "conv1d", "size": (20,)}, (40, 3, 1, 20)),
        (("a.jpg", "b.jpg"), {"conv": "conv3d", "size": (20, 31)}, (1, 3, 2, 20, 31)),
        (("a.npy",), {"conv": "conv1d", "size": (31,), "held": 4}, (4, 3, 1, 31)),
        (("a.npy",), {"conv": "conv3d", "size": (4, 20, 31)}, (1, 3, 4, 20, 31)),
        (("a.jpg", "b.jpg"), {"conv": "conv_transpose2d", "size": (20, 31)}, (2, 3, 20, 31)),
    ],
    ids=str,
)
def test_pictures_and_arrays_of_every_form(images, options, shape):
    """Rows are samples of a layer of one axis, pictures the depth of one of three."""
    assert shape == RunOptions(images, kernel_size=(1,), **options).spec.x_shape
