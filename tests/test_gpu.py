"""`make gpu`, as far as it goes without one."""

from benchmarks import gpu
from gradcheck_cli.model import ConvSpec, Setting

SMALL = {"a 3x3": ConvSpec(2, 3, 4, 8, 7, (3, 3)), "a 1x1": ConvSpec(1, 2, 3, 5, 5, (1, 1))}


def test_a_device_that_is_not_there_is_refused(capsys, tmp_path):
    """Exit code 2, two lines, and no page."""
    page = tmp_path / "GPU.md"
    assert gpu.main(["--device", "xpu", "--output", str(page)]) == 2
    assert "torch sees no GPU here" in capsys.readouterr().err
    assert not page.exists()


def test_every_setting_of_the_cpu_is_on_the_page(monkeypatch):
    """The smallest layer first; what could not be tried is said with its reason."""
    settings = (Setting("float32"), Setting("bfloat16"), Setting("float32", tf32="on"))
    monkeypatch.setattr(gpu, "every_setting", lambda device: settings)
    found = gpu.tried_on("cpu", SMALL, seconds=60.0)

    assert [list(tried.results) for tried in found] == [["a 1x1", "a 3x3"]] * 2 + [[]]
    assert {each.verdict for each in gpu.every_result(found)} == {"pass"}
    text = gpu.page("cpu", found, 1.0)
    assert "| a 3x3 | pass | bit for bit | bit for bit | bit for bit |" in text
    assert "Not tried: a 1x1, a 3x3: cpu has no TF32." in text


def test_what_the_time_did_not_allow_is_said():
    """Nothing is claimed of it."""
    found = gpu.tried_on("cpu", SMALL, seconds=0.0)
    assert not list(gpu.every_result(found))
    assert "the 0 s were over" in gpu.page("cpu", found, 0.0)
