"""Defaults from pyproject.toml and the environment: their order, their spelling, and what is refused."""

import pytest

from gradcheck_cli.cli.config import keys, variable_names
from gradcheck_cli.cli.root import cli
from helpers import gradcheck


@pytest.fixture
def configure(tmp_path):
    """Write pyproject.toml into the current folder."""

    def write(text):
        file = tmp_path / "pyproject.toml"
        file.write_text(text)
        return file

    return write


def test_file_sets_defaults(experiment, configure):
    """Keys may be spelt as the options are, or as in Python."""
    configure("[tool.gradcheck]\nin = 1\nk = 3\nunit-range = true\nout_channels = 2\nsize = [40, 50]\nbias = false\n")

    assert 0 == gradcheck("run", "x.jpg").exit_code
    options = experiment.options
    assert (1, (3, 3), True, 2) == (options.in_channels, options.kernel_size, options.unit_range, options.out_channels)
    assert ((40, 50), False) == (options.size, options.bias)


def test_table_of_the_command_wins_over_the_common_one(experiment, verification, configure):
    """[tool.gradcheck.run] is for one command only."""
    configure("[tool.gradcheck]\nseed = 1\n[tool.gradcheck.run]\nseed = 2\n")

    gradcheck("run", "x.jpg")
    gradcheck("verify", "a.py:f")

    assert (2, 1) == (experiment.options.seed, verification.options.seed)


def test_order_is_command_line_then_environment_then_file(experiment, configure):
    """What is nearer to the user wins."""
    configure("[tool.gradcheck]\nseed = 1\n")
    seeds = []
    for argv, env in (((), {}), ((), {"GRADCHECK_SEED": "2"}), (("--seed", "3"), {"GRADCHECK_SEED": "2"})):
        gradcheck("run", "x.jpg", *argv, env=env)
        seeds.append(experiment.options.seed)

    assert [1, 2, 3] == seeds


@pytest.mark.parametrize(
    "name", ["GRADCHECK_IN", "GRADCHECK_IN_CHANNELS", "GRADCHECK_RUN_IN", "GRADCHECK_RUN_IN_CHANNELS"]
)
def test_variables_are_spelt_like_options(experiment, name):
    """A variable has the option's name, with or without the command's."""
    gradcheck("run", "x.jpg", env={name: "1"})

    assert 1 == experiment.options.in_channels


def test_variable_of_the_command_wins(experiment):
    """GRADCHECK_RUN_SEED says more than GRADCHECK_SEED."""
    gradcheck("run", "x.jpg", env={"GRADCHECK_SEED": "1", "GRADCHECK_RUN_SEED": "2"})

    assert 2 == experiment.options.seed


def test_flags_from_the_environment(experiment):
    """Flags are true or false."""
    gradcheck("run", "x.jpg", env={"GRADCHECK_BIAS": "false", "GRADCHECK_UNIT_RANGE": "1"})

    assert (False, True) == (experiment.options.bias, experiment.options.unit_range)


def test_file_of_a_folder_above(experiment, configure, tmp_path, monkeypatch):
    """The nearest pyproject.toml with our table counts; one without is passed by."""
    configure("[tool.gradcheck]\nseed = 9\n")
    inner = tmp_path / "inner" / "deep"
    inner.mkdir(parents=True)
    (inner / "pyproject.toml").write_text("[tool.other]\nseed = 1\n")
    monkeypatch.chdir(inner)

    gradcheck("run", "x.jpg")

    assert 9 == experiment.options.seed


def test_positional_arguments_from_the_file(verification, configure):
    """A project can name its targets once for all."""
    configure('[tool.gradcheck.verify]\ntargets = ["a.py:f", "b.py:f"]\n')

    gradcheck("verify")

    assert ("a.py:f", "b.py:f") == verification.options.targets


def test_reports_from_the_file(experiment, configure, tmp_path):
    """Repeatable options are lists, or one text."""
    configure('[tool.gradcheck]\nreport = ["json=a.json"]\n[tool.gradcheck.run]\nreport = "json=b.json"\n')

    assert 0 == gradcheck("run", "x.jpg").exit_code
    assert [False, True] == [(tmp_path / name).exists() for name in ("a.json", "b.json")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("seedd = 3\n", "[tool.gradcheck] has no key 'seedd'.\n  file  {file}\n  hint: did you mean 'seed'?"),
        (
            "[tool.gradcheck.verify]\ngeometris = 'full'\n",
            "[tool.gradcheck.verify] has no key 'geometris'.\n  file  {file}\n  hint: did you mean 'geometries'?",
        ),
        ("zzz = 3\n", "[tool.gradcheck] has no key 'zzz'.\n  file  {file}"),
        ("run = 3\n", "run in [tool.gradcheck] of {file} is not a table."),
        ("bias = 'no'\n", "bias must be true or false, not 'no'.\n  file  {file}"),
        ("seed = true\n", "seed must be a text or a number, not true.\n  file  {file}"),
        ("seed = {{a = 1}}\n", "seed must be a text or a number, not {{'a': 1}}.\n  file  {file}"),
        ("seed = 1979-05-27\n", "seed must be a text or a number, not datetime.date(1979, 5, 27).\n  file  {file}"),
        ("report = [3]\n", "report must be a list of texts, not [3].\n  file  {file}"),
        (
            "seed = 'x'\n",
            "Invalid value for '--seed': 'x' is not a whole number.\n  from: {file}\n  see:  gradcheck run --help",
        ),
        ("seed = -1\n", "--seed must be at least 0, not -1.\n  from: {file}"),
    ],
)
def test_files_that_are_refused(experiment, configure, text, message):
    """A slip in the file is told with the file, and with the near key."""
    file = configure("[tool.gradcheck]\n" + text.format())

    result = gradcheck("run", "x.jpg")

    assert (2, "") == (result.exit_code, result.stdout)
    assert f"Error: {message.format(file=file)}\n" == result.stderr
    assert experiment.options is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            b"[tool.gradcheck\n",
            "is not valid TOML: Expected ']' at the end of a table declaration (at line 1, column 16).",
        ),
        (b"[tool]\ngradcheck = 3\n", None),
        (
            b"[tool.gradcheck]\nseed = '\xff'\n",
            "is not valid TOML: 'utf-8' codec can't decode byte 0xff in position 25:",
        ),
    ],
)
def test_files_that_cannot_be_read(experiment, tmp_path, content, message):
    """A file that is broken is named."""
    file = tmp_path / "pyproject.toml"
    file.write_bytes(content)

    result = gradcheck("run", "x.jpg")

    assert 2 == result.exit_code
    expected = f"Error: {file} {message}" if message else f"Error: gradcheck in [tool] of {file} is not a table."
    assert result.stderr.startswith(expected)
    assert bool(message) == ("\n  hint: mend it, or run from a folder that is not below it" in result.stderr)


def test_broken_files_of_others_do_not_matter(experiment, tmp_path):
    """A pyproject.toml that does not speak of us is never parsed."""
    (tmp_path / "pyproject.toml").write_bytes(b"\xff\xff not toml")

    assert 0 == gradcheck("run", "x.jpg").exit_code


def test_help_works_beside_a_broken_file(configure):
    """Help is there for those whose configuration is wrong."""
    configure("[tool.gradcheck]\nseedd = 3\n")

    assert 0 == gradcheck("run", "--help").exit_code


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("GRADCHECK_SEDE", "GRADCHECK_SEED"),
        ("GRADCHECK_RUN_DTIPE", "GRADCHECK_RUN_DTYPE"),
        ("GRADCHECK_VERIFY_JOB", "GRADCHECK_VERIFY_JOBS"),
    ],
)
def test_variables_that_set_nothing(experiment, name, hint):
    """A misspelt variable is refused with the near one, as a misspelt key is."""
    result = gradcheck("run", "x.jpg", env={name: "3"})

    assert 2 == result.exit_code
    assert f"Error: the environment variable {name} sets no option.\n  hint: did you mean {hint!r}?\n" == result.stderr


def test_refused_variable_is_named(experiment):
    """A value that is refused is told with the variable that it came from."""
    result = gradcheck("run", "x.jpg", env={"GRADCHECK_RUN_OUT": "0"})

    assert "Error: --out must be at least 1, not 0.\n  from: GRADCHECK_RUN_OUT\n" == result.stderr


def test_variables_of_the_other_command_are_fine(experiment):
    """A variable of `verify` does not disturb `run`."""
    assert 0 == gradcheck("run", "x.jpg", env={"GRADCHECK_JOBS": "2"}).exit_code


def test_verbose_tells_where_values_came_from(experiment, configure):
    """-v names the origin of each option that is not at its default, on standard error."""
    file = configure("[tool.gradcheck]\nsize = 64\n")

    result = gradcheck("run", "x.jpg", "--k", "3x5", "-v", env={"GRADCHECK_SEED": "4"})

    expected = [
        "--k 3x5: the command line",
        f"--size 64: {file}",
        "--seed 4: GRADCHECK_SEED",
    ]
    assert expected == result.stderr.splitlines()


def test_spellings_of_one_option():
    """An option has its long names and its name in Python, each with two variables."""
    option = next(option for option in cli.commands["run"].params if option.name == "kernel_size")

    assert ["k", "kernel_size"] == keys(option)
    assert [
        "GRADCHECK_RUN_K",
        "GRADCHECK_RUN_KERNEL_SIZE",
        "GRADCHECK_K",
        "GRADCHECK_KERNEL_SIZE",
    ] == variable_names("run", option)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("tool = 'gradcheck'", "Error: tool in {file} is not a table.\n"),
        ("[tool.gradcheck]\nseed = " + "[" * 2000, "Error: {file} is not valid TOML: "),
        ("[tool.gradcheck]\nseed = " + "9" * 5000, "Error: {file} is not valid TOML: "),
    ],
    ids=["no table", "too deep", "too long"],
)
def test_a_file_that_no_reader_takes(tmp_path, monkeypatch, content, message):
    """A file that cannot be read as TOML is told by its name, however it fails."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "pyproject.toml"
    file.write_text(content)

    result = gradcheck("run", "x.jpg")

    assert 2 == result.exit_code
    assert result.stderr.startswith(message.format(file=file))
