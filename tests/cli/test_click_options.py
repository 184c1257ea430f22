"""From words to option dataclasses: every option reaches its field, and nothing that is no number gets through."""

import shlex

import pytest

from gradcheck_cli.cli.root import cli
from gradcheck_cli.model import RunOptions, VerifyOptions
from gradcheck_cli.model.option import Kind, options_of
from gradcheck_cli.runs.reproduce import run_command, verify_command
from helpers import gradcheck

WHOLE = ("--in", "--out", "--groups", "--seed", "--seeds", "--threads")
SIZES = ("--k", "--stride", "--dilation", "--size")
NO_NUMBERS = ("three", "1.5", "", "1e3", "0x10", "٣", "9" * 5000, "--", "nan")
NO_SIZES = tuple(word for word in NO_NUMBERS if word != "0x10")  # that is a size, though not one that anything has


def test_run_defaults(experiment):
    """Without options the run is that of the dataclass."""
    gradcheck("run", "x.jpg")

    assert RunOptions(("x.jpg",)) == experiment.options


def test_every_run_option(experiment):
    """Each option sets its field."""
    gradcheck(
        *("run", "a.jpg", "-", "--in", "1", "--out", "4", "--k", "3x5", "--stride", "2", "--padding", "1x0"),
        *("--dilation", "2", "--groups", "1", "--no-bias", "--size", "64x48", "--unit-range", "--loss", "mse"),
        *("--reduction", "sum", "--reference", "r.png", "--seed", "7", "--seeds", "2", "--dtype", "float64"),
        *("--device", "cuda", "--threads", "2", "--backward", "mine.py:f", "--convention", "function"),
        *("--arithmetic", "fft", "--timeout", "2.5"),
    )

    expected = RunOptions(
        images=("a.jpg", "-"),
        in_channels=1,
        out_channels=4,
        kernel_size=(3, 5),
        stride=(2, 2),
        padding=(1, 0),
        dilation=(2, 2),
        groups=1,
        bias=False,
        size=(64, 48),
        unit_range=True,
        loss="mse",
        reduction="sum",
        reference="r.png",
        seed=7,
        seeds=2,
        dtype="float64",
        device="cuda",
        threads=2,
        backward="mine.py:f",
        convention="function",
        arithmetic="fft",
        timeout=2.5,
    )
    assert expected == experiment.options


def another(option):
    """A value of the option that is not its default, and that fits all other defaults."""
    samples = {
        Kind.WHOLE: 1 if option.name in ("in_channels", "out_channels") else 2,
        Kind.LENGTH: (3, 2),
        Kind.PADDING: ((0, 1), (2, 3)),
        Kind.SECONDS: 2.5,
        Kind.CHOICE: option.choices[-1] if option.choices else "",
        Kind.SWITCH: not option.default,
        Kind.FILE: "other.png",
        Kind.TARGET: "mine.py:f",
        Kind.ARGUMENTS: "mine.py:inputs",
        Kind.TEXT: "f(x)",
        Kind.WORDS: "function,nhwc",
    }
    geometry = "batch 2, in 3, out 4, input 8x7, kernel 3x3"
    named = {"groups": 3, "size": (64, 48), "returns": "input", "geometry": geometry, "input": "x=5x7"}
    return named.get(option.name, samples[option.kind])


# --returns needs a --call, and what is about the user's own code is refused without such code when it is typed. Only a
# transposed layer has an output padding, and less of it than its stride.
BESIDE = {
    "returns": {"call": "f(x)"},
    "output_padding": {"conv": "conv_transpose2d", "stride": (4, 4)},
}
RUN, VERIFY = options_of(RunOptions), options_of(VerifyOptions)


def test_every_declared_option_is_one_of_its_command():
    """No group is forgotten."""
    for command, options in (("run", RUN), ("verify", VERIFY)):
        names = {parameter.name for parameter in cli.commands[command].params}
        assert {option.name for option in options} <= names


def test_every_number_has_a_range():
    """A number of any size would be refused late, by whatever it is handed to, or not at all."""
    numbers = [option for option in (*RUN, *VERIFY) if option.kind in (Kind.WHOLE, Kind.LENGTH, Kind.SECONDS)]

    assert 14 <= len(numbers)
    assert [] == [option.name for option in numbers if option.allowed is None]


@pytest.mark.parametrize("option", RUN, ids=lambda option: option.name)
def test_the_reproduce_line_of_run_gives_the_option_again(experiment, option):
    """Whatever is declared is said again as it is read."""
    values = {"backward": "mine.py:f"} | BESIDE.get(option.name, {}) | {option.name: another(option)}
    options = RunOptions(("x.jpg",), **values)

    gradcheck(*shlex.split(run_command(options))[1:])

    assert options == experiment.options


@pytest.mark.parametrize("option", VERIFY, ids=lambda option: option.name)
def test_the_reproduce_line_of_verify_gives_the_option_again(verification, option):
    """Whatever is declared is said again as it is read."""
    options = VerifyOptions(("a.py:f",), **BESIDE.get(option.name, {}), **{option.name: another(option)})

    gradcheck(*shlex.split(verify_command(options))[1:])

    assert options == verification.options


@pytest.mark.parametrize("option", RUN, ids=lambda option: option.name)
def test_every_option_of_run_is_read_from_variables_and_files(experiment, tmp_path, option):
    """By its name in Python and by its flag."""
    values = BESIDE.get(option.name, {}) | {option.name: another(option)}
    expected = RunOptions(("x.jpg",), **values)
    declared = {known.name: known for known in RUN}
    texts = {
        name: str(value).lower() if isinstance(value, bool) else declared[name].as_words(value)[1]
        for name, value in values.items()
    }

    gradcheck("run", "x.jpg", env={f"GRADCHECK_{name.upper()}": text for name, text in texts.items()})
    assert expected == experiment.options

    experiment.options = None
    lines = [
        f"{declared[name].flag.removeprefix('--')} = {text if isinstance(values[name], bool) else repr(text)}\n"
        for name, text in texts.items()
    ]
    (tmp_path / "pyproject.toml").write_text("[tool.gradcheck]\n" + "".join(lines))
    gradcheck("run", "x.jpg")
    assert expected == experiment.options


def test_verify_defaults(verification):
    """Without options the verification is that of the dataclass."""
    gradcheck("verify", "mine.py:f")

    assert VerifyOptions(("mine.py:f",)) == verification.options


def test_every_verify_option(verification):
    """Each option sets its field, and several targets stay in order."""
    gradcheck(
        *("verify", "b.py:f", "a.py:f", "--convention", "cache", "--arithmetic", "fft", "--geometries", "full"),
        *("--timeout", "3", "--jobs", "2", "--seed", "5"),
    )

    expected = VerifyOptions(
        targets=("b.py:f", "a.py:f"),
        convention="cache",
        arithmetic="fft",
        geometries="full",
        timeout=3.0,
        jobs=2,
        seed=5,
    )
    assert expected == verification.options


def test_names_after_two_dashes(experiment):
    """A file whose name begins with a dash comes after "--"."""
    gradcheck("run", "--", "-x.jpg")

    assert ("-x.jpg",) == experiment.options.images


@pytest.mark.parametrize("word", ["3x5", "3X5", " 3x5"])
def test_size_spellings(experiment, word):
    """A size is vertical x horizontal."""
    gradcheck("run", "x.jpg", "--k", word)

    assert (3, 5) == experiment.options.kernel_size


@pytest.mark.parametrize("option", WHOLE)
@pytest.mark.parametrize("word", NO_NUMBERS)
def test_no_whole_number(experiment, option, word):
    """What is no whole number is refused with the word itself, before any work."""
    result = gradcheck("run", "x.jpg", f"{option}={word}")

    expected = f"Error: Invalid value for '{option}': {word!r} is not a whole number.\n"
    assert (2, "") == (result.exit_code, result.stdout)
    assert _cut(expected) + "  see:  gradcheck run --help\n" == result.stderr
    assert experiment.options is None


@pytest.mark.parametrize("option", SIZES)
@pytest.mark.parametrize("word", [*NO_SIZES, "3x", "x3", "3x5x7x9", "3,5", "3*5", "threexfive"])
def test_no_size(experiment, option, word):
    """What is no size is refused with the word itself and how a size is written."""
    result = gradcheck("run", "x.jpg", f"{option}={word}")

    expected = (
        f"Error: Invalid value for '{option}': {word!r} is not a size; write 32, or 3x5 for vertical x horizontal.\n"
    )
    assert (2, "") == (result.exit_code, result.stdout)
    assert _cut(expected) + "  see:  gradcheck run --help\n" == result.stderr
    assert experiment.options is None


@pytest.mark.parametrize("word", [*NO_SIZES, "3x", "x3", "0,1,0", "3*5", "threexfive", "sam"])
def test_no_padding(experiment, word):
    """What is no padding is refused with the word itself and how a padding is written."""
    result = gradcheck("run", "x.jpg", f"--padding={word}")

    ways = "1, 1x2, the sides 0,1,0,1 (top,bottom,left,right), same or valid"
    expected = f"Error: Invalid value for '--padding': {word!r} is no padding; write {ways}.\n"
    assert (2, "") == (result.exit_code, result.stdout)
    assert _cut(expected) + "  see:  gradcheck run --help\n" == result.stderr
    assert experiment.options is None


@pytest.mark.parametrize(
    ("word", "padding"),
    [("2", (2, 2)), ("1x2", (1, 2)), ("0,1,2,3", ((0, 1), (2, 3))), ("SAME", "same"), ("1,1,1,1", (1, 1))],
)
def test_a_padding_on_the_command_line(experiment, word, padding):
    """On every side, for each axis, each side, or in a word."""
    gradcheck("run", "x.jpg", "--k", "4", "--padding", word)

    assert padding == experiment.options.padding


@pytest.mark.parametrize("word", ["soon", "", "1s"])
def test_no_seconds(verification, word):
    """What is no number of seconds is refused."""
    result = gradcheck("verify", "a.py:f", f"--timeout={word}")

    assert 2 == result.exit_code
    assert (
        f"Error: Invalid value for '--timeout': {word!r} is not a number of seconds.\n  see:  gradcheck verify --help\n"
        == result.stderr
    )
    assert verification.options is None


@pytest.mark.parametrize("command", ["run", "verify"])
@pytest.mark.parametrize("option", [*WHOLE, *SIZES, "--padding", "--jobs", "--timeout"])
@pytest.mark.parametrize("word", ["-1", "0", "1", "99999999999999999999", "9" * 400, "abc"])
def test_any_number_anywhere(experiment, verification, command, option, word):
    """No number in any option gets another exit code than 0 or 2, nor more than six lines."""
    result = gradcheck(command, "mine.py:f", option, word)

    assert result.exit_code in (0, 2)
    assert len(result.stderr.splitlines()) <= 6
    assert (result.exit_code == 2) == result.stderr.startswith("Error: ")


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--out", "0"], "--out must be at least 1, not 0."),
        (["--k", "0x3"], "--k must be at least 1, not 0."),
        (["--padding", "-1"], "--padding must be at least 0, not -1."),
        (["--seed", "-1"], "--seed must be at least 0, not -1."),
        (["--timeout", "nan"], "--timeout must be above 0 and at most 86400 seconds, not nan."),
        (
            ["--in", "5"],
            "--in 5 does not fit a picture: it has 3 channels (blue, green, red), or 1 as gray.\n"
            "  hint: --in 3, or --in 1 for gray",
        ),
        (
            ["--convention", "cache"],
            "--convention is about your own code, and --backward is direct.\n  hint: give --backward FILE.py:NAME too",
        ),
    ],
)
def test_refused_before_any_work(experiment, argv, message):
    """Values out of range are refused before the experiment is loaded."""
    result = gradcheck("run", "x.jpg", *argv)

    assert (2, f"Error: {message}\n") == (result.exit_code, result.stderr)
    assert experiment.options is None


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("jsn=out.json", "there is no report format 'jsn'; did you mean json?"),
        ("out.json", "--report 'out.json' is not FORMAT=PATH, as in json=report.json."),
        ("json=", "--report 'json=' is not FORMAT=PATH, as in json=report.json."),
    ],
)
def test_report_words(experiment, word, message):
    """A report needs a known format and a path."""
    result = gradcheck("run", "x.jpg", "--report", word)

    assert 2 == result.exit_code
    assert f"Error: Invalid value for '--report': {message}\n  see:  gradcheck run --help\n" == result.stderr
    assert experiment.options is None


def test_every_option_has_help():
    """No option is left without a sentence in the help."""
    from gradcheck_cli.cli.root import cli

    silent = [
        f"{name} {option.opts[0]}"
        for name, command in cli.commands.items()
        for option in command.params
        if option.param_type_name == "option" and not option.help
    ]

    assert [] == silent


def _cut(line):
    return line if len(line) <= 401 else line[:396] + " ...\n"
