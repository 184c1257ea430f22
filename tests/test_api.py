"""The Python API: from arguments to options, and from functions to places in files."""

import functools
import inspect
import sys
import types
from pathlib import Path

import numpy as np
import pytest
import torch

import gradcheck_cli
import gradcheck_cli.runs.sweep.pictures  # its own imports come before stand-ins take their place
from gradcheck_cli.api import WORKER_MODULE, target_name
from gradcheck_cli.model import RunOptions, VerifyOptions, no_progress
from gradcheck_cli.model.errors import GradcheckError, TargetError
from gradcheck_cli.model.option import options_of
from gradcheck_cli.model.options import SettingOptions

HERE = str(Path(__file__).resolve())
WHY = "\n  why  the code runs in a process of its own, which loads its file\n"


NESTED = f"_nested.<locals>.inner is not defined at the top of a file.{WHY}  hint: give it a name at the top of a file"


def conv_backward(x, grad_output):
    """A function that a fresh process can find again."""


class Layer:
    """A class that a fresh process can find again."""

    @staticmethod
    def backward(x, grad_output):
        """A static method."""

    def step(self, x, grad_output):
        """A method."""


@functools.wraps(conv_backward)
def decorated(x, grad_output):
    """Known by the name of what it wraps."""


@pytest.fixture
def calls(monkeypatch):
    """Both library calls replaced; the options and progress that they got."""
    seen = []
    for module, function in (("runs.picture", "run_experiment"), ("runs.verify", "verify_targets")):
        stand_in = types.ModuleType(module)
        # What else is in that room can still be loaded, whichever test comes first.
        stand_in.__path__ = [str(Path(gradcheck_cli.__file__).parent.joinpath(*module.split(".")))]
        setattr(stand_in, function, lambda options, progress: seen.append((options, progress)) or "report")
        monkeypatch.setitem(sys.modules, f"gradcheck_cli.{module}", stand_in)
    return seen


def test_public_names():
    """The package shows its public names and has each of them."""
    assert [
        "GradcheckError",
        "Report",
        "RunReport",
        "SweepReport",
        "VerdictError",
        "VerifyReport",
        "__version__",
        "run",
        "verify",
    ] == dir(gradcheck_cli)
    assert all(getattr(gradcheck_cli, name) is not None for name in dir(gradcheck_cli))


def test_absent_name():
    """A name that is not public is an AttributeError, as for any module."""
    with pytest.raises(AttributeError, match=r"^module 'gradcheck_cli' has no attribute 'runn'$"):
        gradcheck_cli.runn  # noqa: B018


def test_run_with_one_picture(calls):
    """One file name is enough, and one number for a size means both directions."""
    assert "report" == gradcheck_cli.run(Path("x.jpg"), kernel_size=5, size=(40, 50), seed=3)
    assert [(RunOptions(("x.jpg",), kernel_size=(5, 5), size=(40, 50), seed=3), no_progress)] == calls


def test_run_with_several_pictures(calls):
    """Several pictures make one batch, in order."""
    gradcheck_cli.run(["b.jpg", "a.jpg"], backward=conv_backward, reference=Path("r.png"))

    assert RunOptions(("b.jpg", "a.jpg"), backward=f"{HERE}:conv_backward", reference="r.png") == calls[0][0]


def test_run_with_a_folder(tmp_path, monkeypatch, calls):
    """A sum over its pictures, whose report is a sweep's; what is no sum is refused as on the command line."""
    monkeypatch.chdir(tmp_path)
    Path("photos").mkdir()
    for number in range(3):
        np.save(f"photos/{number}.npy", np.random.default_rng(number).integers(0, 9, (1, 3, 9, 8)).astype("f4"))
    report = gradcheck_cli.run("photos", np.ones((1, 3, 9, 8), "f4"), kernel_size=3, size=(9, 8))

    assert isinstance(report, gradcheck_cli.SweepReport)
    assert (bool(report), report.exit_code, len(report.answers)) == (True, 0, 5)
    assert "Data-parallel over 2 shares of 2, 2 pictures" in report._repr_html_()
    with pytest.raises(GradcheckError, match="--seeds 2 is not for a sum over pictures"):
        gradcheck_cli.run("photos", seeds=2)
    assert calls == []


def test_run_with_an_array(calls):
    """Its channels and its size are taken where none are said; a file holds it, so that the run can be repeated."""
    values = np.arange(2 * 5 * 4 * 3).reshape(2, 5, 4, 3)

    gradcheck_cli.run(values, kernel_size=2)
    tensor = torch.ones(5, 4, 3, dtype=torch.bfloat16, requires_grad=True)
    gradcheck_cli.run([values[0], tensor], kernel_size=2, in_channels=1)

    (first, _), (second, _) = calls
    assert (5, (4, 3), (2, 2)) == (first.in_channels, first.size, first.kernel_size)
    assert np.array_equal(values, np.load(first.images[0]))
    assert (1, (4, 3), 2) == (second.in_channels, second.size, len(second.images))
    assert np.array_equal(np.ones((5, 4, 3)), np.load(second.images[1]))


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (3, "an array of shape () is no input."),
        (np.zeros(3), "an array of shape (3,) is no input."),
        (None, "None is no input."),
        (np.array(["a"]), "an array of <U1 is no input."),
        (np.full((3, 4, 4), np.nan), "the array of shape (3, 4, 4) holds numbers that are not finite in float32."),
        (np.full((4, 4), 1e300), "the array of shape (4, 4) holds numbers that are not finite in float32."),
        (np.zeros((40, 30, 3), np.uint8), "an array of shape (40, 30, 3) looks like a picture with its colours last."),
    ],
)
def test_run_with_what_is_no_input(calls, given, sentence):
    """A picture as OpenCV hands it over would be taken for forty channels."""
    with pytest.raises(gradcheck_cli.GradcheckError) as caught:
        gradcheck_cli.run(given)

    assert (sentence, []) == (caught.value.sentence, calls)


def test_an_array_is_judged_as_its_file_is():
    """From the call to the report."""
    values = np.random.default_rng(5).integers(0, 256, (2, 4, 9, 8))

    report = gradcheck_cli.run(values, out_channels=2, kernel_size=3, threads=1)

    assert ("pass", 2, 4) == (report.verdict.value, report.experiment.batch, report.experiment.in_channels)
    assert np.array_equal(values, report.figures.x)


@pytest.mark.parametrize(
    ("conv", "shape", "taken"),
    [
        ("conv1d", (4, 5, 9), (5, (9,))),
        ("conv_transpose1d", (9,), (1, (9,))),
        ("conv3d", (5, 4, 6, 7), (5, (4, 6, 7))),
        ("conv_transpose3d", (2, 5, 4, 6, 7), (5, (4, 6, 7))),
    ],
)
def test_an_array_of_another_form_says_its_channels_and_size_too(calls, conv, shape, taken):
    """On as many axes as the layer has."""
    gradcheck_cli.run(np.ones(shape), conv=conv, kernel_size=2)

    options = calls[0][0]
    assert taken == (options.in_channels, options.size)
    assert (2,) * len(taken[1]) == options.kernel_size


def test_verify_with_text(calls):
    """A place in a file is passed on as it is."""
    gradcheck_cli.verify("mine.py:f", geometries="full", timeout=3)

    assert VerifyOptions(("mine.py:f",), geometries="full", timeout=3) == calls[0][0]


def test_verify_with_several_targets(calls):
    """Functions, classes and places may be mixed."""
    gradcheck_cli.verify([conv_backward, Layer, "mine.py:f"])

    assert (f"{HERE}:conv_backward", f"{HERE}:Layer", "mine.py:f") == calls[0][0].targets


def test_several_targets_stand_one_by_one_or_in_a_list(calls):
    """As they do on the command line."""
    gradcheck_cli.verify("one.py", "two.py:f", seed=3)
    gradcheck_cli.verify(["one.py", "two.py:f"], "three.py")

    assert [("one.py", "two.py:f"), ("one.py", "two.py:f", "three.py")] == [call[0].targets for call in calls]


def test_several_pictures_stand_one_by_one(calls):
    """They make one batch."""
    gradcheck_cli.run("x.jpg", "random:1x3x8x8", kernel_size=3)

    assert ("x.jpg", "random:1x3x8x8") == calls[0][0].images


def test_progress_is_handed_on(calls):
    """A caller may follow the progress."""

    def progress(stage, fraction):
        """Nothing."""

    gradcheck_cli.verify("mine.py:f", progress=progress)

    assert progress is calls[0][1]


@pytest.mark.parametrize("setting", [option.name for option in options_of(SettingOptions)])
@pytest.mark.parametrize(("function", "given"), [("run", "x.jpg"), ("verify", "a.py")])
def test_every_option_that_several_commands_share_is_taken(function, given, setting, calls):
    """The first of them was none: the field of the pictures stands behind those that a command has from others."""
    usual = {option.name: option.default for option in options_of(SettingOptions)}
    getattr(gradcheck_cli, function)(given, **{setting: usual[setting]})
    assert usual[setting] == getattr(calls[0][0], setting)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: gradcheck_cli.run("x.jpg", sede=3), "run() has no option 'sede'; did you mean 'seed'?"),
        (lambda: gradcheck_cli.verify("a.py", zzz=3), "verify() has no option 'zzz'"),
        (lambda: gradcheck_cli.run("x.jpg", k=3), "run() has no option 'k'; --k is 'kernel_size' here"),
    ],
)
def test_unknown_option(call, message):
    """A misspelt option is a TypeError with the near one."""
    with pytest.raises(TypeError) as caught:
        call()

    assert message == str(caught.value)


def test_options_are_checked_before_any_work(calls):
    """What the command line refuses, Python refuses with the same words."""
    with pytest.raises(gradcheck_cli.GradcheckError) as caught:
        gradcheck_cli.run("x.jpg", out_channels=0)

    assert "--out must be at least 1, not 0." == str(caught.value)
    assert [] == calls


@pytest.mark.parametrize(
    ("function", "first", "command"),
    [(gradcheck_cli.run, "images", RunOptions), (gradcheck_cli.verify, "target", VerifyOptions)],
)
def test_help_shows_every_option(function, first, command):
    """`help(gradcheck_cli.run)` has each with its default, and what it means."""
    options, shown = options_of(command), inspect.signature(function).parameters

    assert [first, "more", *(option.name for option in options), "progress"] == list(shown)
    assert [option.default for option in options] == [shown[option.name].default for option in options]
    assert [f"    {option.name}: {option.help}" for option in options] == function.__doc__.splitlines()[-len(options) :]


@pytest.mark.parametrize(
    ("target", "name"),
    [
        (conv_backward, "conv_backward"),
        (Layer, "Layer"),
        (Layer.backward, "Layer.backward"),
        (decorated, "conv_backward"),
    ],
)
def test_functions_become_places(target, name):
    """A function or class becomes the file and the name where a fresh process finds it."""
    assert f"{HERE}:{name}" == target_name(target)


def _nested():
    def inner(x, grad_output):
        """Gone when its function ends."""

    return inner


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (
            lambda x, g: x,
            f"<lambda> is not defined at the top of a file.{WHY}  hint: give it a name at the top of a file",
        ),
        (
            _nested(),
            NESTED,
        ),
        (
            Layer().step,
            f"Layer.step is bound to an object.{WHY}  hint: pass the class itself: the checks make their own objects",
        ),
        (len, f"len has no source file.{WHY}  hint: save it in a file and import it from there"),
    ],
)
def test_functions_that_no_process_finds_again(target, message):
    """What exists only here is refused with the reason."""
    with pytest.raises(TargetError) as caught:
        target_name(target)

    assert message == caught.value.text()


def test_function_of_a_session_without_files():
    """A function typed at a prompt has no file to load."""
    scope = {"__name__": "__main__"}
    exec(compile("def f(x, g): pass", "<stdin>", "exec"), scope)

    with pytest.raises(TargetError, match="f has no source file"):
        target_name(scope["f"])


def test_object_without_a_name():
    """An object that is callable but has no name is refused."""
    with pytest.raises(TargetError, match="has no name"):
        target_name(functools.partial(conv_backward, None))


@pytest.mark.parametrize("call", [lambda: gradcheck_cli.verify("user.py:f"), lambda: gradcheck_cli.run("picture.png")])
def test_a_check_at_the_top_of_a_file_does_not_start_itself_again(call, monkeypatch):
    """The worker loads the file, and a worker never starts a worker."""
    monkeypatch.setitem(sys.modules, WORKER_MODULE, None)
    with pytest.raises(TargetError, match=r"was called while a worker loads the file\.\n  hint: put the call below"):
        call()


def test_values_of_another_kind_are_told_by_their_option():
    """And not by what Python says where it first matters."""
    with pytest.raises(GradcheckError, match=r"--k takes 32, or 3x5 .*, not '3x'\."):
        gradcheck_cli.run("x.png", kernel_size="3x")
    with pytest.raises(GradcheckError, match=r"--k takes .*, not True"):
        gradcheck_cli.run("x.png", kernel_size=True)
    with pytest.raises(GradcheckError, match=r"cannot read x\.png: no such file"):
        gradcheck_cli.run("x.png", kernel_size=np.int64(3))
    with pytest.raises(GradcheckError, match=r"--timeout takes a number of seconds, not 'a'\."):
        gradcheck_cli.verify("x.py", timeout="a")


def test_what_is_no_target_is_told_with_what_one_is():
    """A number, or an object in place of its class."""
    with pytest.raises(GradcheckError, match=r"^5 has no name\.[\s\S]*pass the function or the class itself"):
        gradcheck_cli.verify(5)
