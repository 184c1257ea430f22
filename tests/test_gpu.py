"""`make gpu`, as far as it goes without one."""

from benchmarks import gpu
from gradcheck_cli.model import ConvSpec, Setting
from gradcheck_cli.model.setting import every_setting
from gradcheck_cli.oracles import in_setting

SMALL = {"a 3x3": ConvSpec(2, 3, 4, 8, 7, (3, 3)), "a 1x1": ConvSpec(1, 2, 3, 5, 5, (1, 1))}


def test_without_a_gpu_one_line_says_that_nothing_was_tried(capsys, tmp_path, monkeypatch):
    """Exit code 2, and no page."""
    monkeypatch.setattr(in_setting, "available_devices", lambda: ("cpu",))
    page = tmp_path / "GPU.md"
    assert gpu.main(["--output", str(page)]) == 2
    assert capsys.readouterr().err == (
        "gradcheck: torch sees no GPU here, so nothing was tried and nothing written (exit code 2)\n"
    )
    assert not page.exists()


def test_the_script_runs_where_it_is_told_to(capsys, tmp_path, monkeypatch):
    """On the CPU, the cheapest layer, in every setting but the compiled one, which takes most of a minute."""
    settings = [setting for setting in every_setting("cpu") if not setting.compile]
    monkeypatch.setattr(gpu, "every_setting", lambda device: settings)
    page = tmp_path / "CPU.md"
    assert gpu.main(["--device", "cpu", "--layers", "1", "--seconds", "5", "--output", str(page)]) == 0

    text = page.read_text("utf-8")
    assert text.startswith("# Settings on a device\n\nMade by `make gpu` on cpu: ")
    assert [line for line in text.splitlines() if line.startswith("## ")] == [
        f"## {setting.text}" for setting in settings
    ]
    assert " pass" in capsys.readouterr().out


def test_every_setting_of_the_cpu_is_on_the_page(monkeypatch):
    """The smallest layer first; what could not be tried is said with its reason."""
    settings = (Setting("float32"), Setting("bfloat16"), Setting("float32", tf32="on"))
    monkeypatch.setattr(gpu, "every_setting", lambda device: settings)
    found = gpu.tried_on("cpu", SMALL, seconds=60.0)

    assert [list(tried.results) for tried in found] == [["a 1x1", "a 3x3"]] * 2 + [[]]
    assert {each.verdict for each in gpu.every_result(found)} == {"pass"}
    text = gpu.page("cpu", found, 1.0)
    assert "| a 3x3 | pass | bit for bit | bit for bit | bit for bit |" in text
    assert "Not tried: a 1x1; a 3x3: cpu has no TF32." in text


def test_what_the_time_did_not_allow_is_said():
    """Nothing is claimed of it."""
    found = gpu.tried_on("cpu", SMALL, seconds=0.0)
    assert not list(gpu.every_result(found))
    assert "the 0 s were over" in gpu.page("cpu", found, 0.0)
