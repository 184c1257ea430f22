"""`make gpu`, with the CPU in the place of the device: everything but what only a GPU computes."""

import subprocess
import sys
import textwrap

import pytest
import torch

from benchmarks import gpu
from benchmarks.gpu import Clock, Tried
from gradcheck_cli.model import ConvSpec, Setting, Verdict
from gradcheck_cli.model.in_settings import SettingResult
from gradcheck_cli.model.setting import every_setting
from gradcheck_cli.oracles import autograd, in_setting
from helpers import ROOT

SMALL = {"a 3x3": ConvSpec(2, 3, 4, 8, 7, (3, 3)), "a 1x1": ConvSpec(1, 2, 3, 5, 5, (1, 1))}
FLOAT32 = Setting("float32")
# It starts with none of what only our own commands and tests need.
WITHOUT = """
import sys
for name in ("click", "rich", "jinja2", "markupsafe", "matplotlib", "pytest", "PIL", "scipy"):
    sys.modules[name] = None
from benchmarks import gpu
gpu.every_setting = lambda device: [gpu.Setting("float32"), gpu.Setting("bfloat16")]
sys.exit(gpu.main(["--device", "cpu", "--layers", "1", "--output", "CPU.md"]))
"""


def clock(seconds=60.0, step=0.0):
    """One that goes on by `step` whenever it is looked at."""
    times = iter(range(10**6))
    return Clock(seconds, 0.0, now=lambda: step * next(times))


def test_without_a_gpu_one_line_says_that_nothing_was_tried(capsys, tmp_path, monkeypatch):
    """Exit code 2, and no page."""
    monkeypatch.setattr(in_setting, "available_devices", lambda: ("cpu",))
    page = tmp_path / "GPU.md"
    assert gpu.main(["--output", str(page)]) == 2
    assert capsys.readouterr().err == (
        "gradcheck: torch sees no GPU here, so nothing was tried and nothing written (exit code 2)\n"
    )
    assert not page.exists()


@pytest.mark.parametrize(
    ("device", "there"), [("cuda", True), ("cuda:1", True), ("cuda:2", False), ("cuda:x", False), ("tpu", False)]
)
def test_of_several_cards_the_one_that_is_named_is_there_or_not(monkeypatch, device, there):
    """Two of them."""
    monkeypatch.setattr(in_setting, "available_devices", lambda: ("cpu", "cuda"))
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert gpu.is_there(device) is there


def test_the_script_runs_where_it_is_told_to(capsys, tmp_path, monkeypatch):
    """On the CPU, the two cheapest layers, in every setting but the compiled one, which takes most of a minute."""
    settings = [setting for setting in every_setting("cpu") if not setting.compile]
    monkeypatch.setattr(gpu, "every_setting", lambda device: settings)
    page = tmp_path / "CPU.md"
    assert gpu.main(["--device", "cpu", "--layers", "2", "--seconds", "60", "--output", str(page)]) == 0

    text = page.read_text("utf-8")
    assert text.startswith("# Settings on a device\n\nMade by `make gpu` on cpu: ")
    assert [line for line in text.splitlines() if line.startswith("## ")] == [
        f"## {setting.text}" for setting in settings
    ]
    printed = capsys.readouterr()
    assert " pass" in printed.out
    assert [line.partition(" s  ")[2].partition(":")[0] for line in printed.err.splitlines()] == [
        name for name, _ in gpu.by_work(gpu.PUBLISHED)[:2]
    ]
    assert "Stopped before" not in text


def test_it_needs_nothing_but_torch_numpy_and_opencv(tmp_path):
    """And this package, from the folder that it is in."""
    (tmp_path / "run.py").write_text(textwrap.dedent(WITHOUT))
    done = subprocess.run(
        [sys.executable, "run.py"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "PATH": "/usr/bin:/bin"},
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "written to CPU.md: 6 pass\n"), done.stderr
    assert "## bfloat16 on cpu" in (tmp_path / "CPU.md").read_text("utf-8")


def test_every_published_layer_is_one_of_a_form_that_torch_has():
    """One to three axes, transposed too; every name once, and the cheapest first."""
    ordered = gpu.by_work(gpu.PUBLISHED)
    assert {spec.conv for _, spec in ordered} == {"conv1d", "conv2d", "conv3d", "conv_transpose2d"}
    assert [gpu.work(spec) for _, spec in ordered] == sorted(gpu.work(spec) for spec in gpu.PUBLISHED.values())


def test_every_setting_of_the_cpu_is_on_the_page():
    """The smallest layer first; what could not be tried is said with its reason."""
    settings = (FLOAT32, Setting("bfloat16"), Setting("float32", tf32="on"))
    found = gpu.tried_on("cpu", SMALL, clock(), settings=settings)

    assert [list(tried.results) for tried in found] == [["a 1x1", "a 3x3"]] * 2 + [[]]
    assert {each.verdict for each in gpu.every_result(found)} == {"pass"}
    text = gpu.page("cpu", found, 1.0)
    assert "| a 3x3 | pass | bit for bit | bit for bit | bit for bit |" in text
    assert "Not tried: a 1x1; a 3x3: cpu has no TF32." in text


def test_the_compiler_is_asked_once(monkeypatch):
    """For the smallest layer; the time that it took says nothing of the next one."""
    monkeypatch.setattr(gpu, "results_of", lambda *_question: ())
    time = clock(seconds=10.0, step=4.0)
    (compiled,) = gpu.tried_on("cpu", SMALL, time, settings=[Setting("float32", compile=True)])

    assert (list(compiled.results), compiled.untried) == (["a 1x1"], {"a 3x3": "compiled for the smallest layer only"})
    assert time.slowest == 0


def test_what_the_time_did_not_allow_is_said():
    """Nothing is claimed of it."""
    found = gpu.tried_on("cpu", SMALL, clock(seconds=0.0), settings=[FLOAT32])
    assert not list(gpu.every_result(found))
    assert "Not tried: a 1x1; a 3x3: the 0 s were too few." in gpu.page("cpu", found, 0.0)


def test_nothing_is_begun_that_would_not_be_done(monkeypatch):
    """The 1x1 took 3 s; the 3x3 has many times as many products, and 51 s are left."""
    monkeypatch.setattr(gpu, "results_of", lambda *_question: ())
    (found,) = gpu.tried_on("cpu", SMALL, clock(seconds=60.0, step=3.0), settings=[FLOAT32])

    assert 3 * gpu.work(SMALL["a 3x3"]) > 51 * gpu.work(SMALL["a 1x1"])
    assert (list(found.results), found.untried) == (["a 1x1"], {"a 3x3": "the 60 s were too few"})


def test_the_layer_before_tells_how_long_the_next_one_takes():
    """By its slowest setting; what is long ago, and was slow to start, does not count."""
    time = clock(seconds=10.0)
    time.took(8.0, 100)
    time.took(1.0, 200)
    time.took(2.0, 200)
    time.took(1.0, 200)

    assert [bool(time.lacks(products)) for products in (200, 1000, 1001)] == [False, False, True]


def test_what_is_raised_ends_one_question_and_is_told(monkeypatch):
    """Whatever a driver or a compiler raises, and what torch refuses in words."""

    def backward(case, settings):
        raise MemoryError("the card is full\nand more") if settings.dtype == "float32" else autograd.UsageError("no")

    monkeypatch.setattr(autograd, "backward", backward)
    found = gpu.tried_on("cpu", {"a 1x1": SMALL["a 1x1"]}, clock(), settings=[FLOAT32, Setting("bfloat16")])

    text = gpu.page("cpu", found, 1.0)
    assert f"| a 1x1 | error |{' MemoryError: the card is full |' * 3}" in text
    assert f"| a 1x1 | not tried |{' no |' * 3}" in text


def test_the_worst_gradient_is_the_verdict_and_says_why():
    """A level stands for what is right, a clause for what is not."""
    results = [
        SettingResult("", "weight", Verdict.PASS, "rounded once", "the exact sum, rounded once", 0.002, 0.004),
        SettingResult("", "input", Verdict.INCONCLUSIVE, "transformed", "2.0001 where 2 is right", 1e-5, 0.0),
    ]
    assert gpu.row("a 1x1", results) == (
        "| a 1x1 | inconclusive | rounded once, 0.002 of 0.004 A | 2.0001 where 2 is right, 1e-05 of 0 A |  |"
    )


def test_what_was_done_is_kept_when_it_is_stopped(capsys, tmp_path, monkeypatch):
    """Ctrl-C in the second layer: the page holds the first, and names the others."""
    asked = []

    def results_of(*_question):
        asked.append(1)
        if len(asked) == 2:
            raise KeyboardInterrupt
        return (SettingResult("", "weight", Verdict.PASS, "bit for bit"),)

    monkeypatch.setattr(gpu, "results_of", results_of)
    monkeypatch.setattr(gpu, "every_setting", lambda device: [FLOAT32])
    page = tmp_path / "CPU.md"
    assert gpu.main(["--device", "cpu", "--layers", "3", "--output", str(page)]) == 130

    first, *others = [name for name, _ in gpu.by_work(gpu.PUBLISHED)[:3]]
    text = page.read_text("utf-8")
    assert f"| {first} | pass | bit for bit |" in text
    assert f"Stopped before: {'; '.join(others)}." in text
    assert "stopped; what was done is in" in capsys.readouterr().err


def test_a_card_is_named_with_its_libraries(monkeypatch):
    """Which algorithm runs is theirs to choose."""
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"card of {device}")
    monkeypatch.setattr(torch.backends.cudnn, "version", lambda: 91000)
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    assert gpu.page("cuda:1", [Tried(FLOAT32)], 1.0).count(", card of cuda:1, CUDA 13.0, cuDNN 91000.") == 1
