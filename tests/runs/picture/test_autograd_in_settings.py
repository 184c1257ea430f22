"""Autograd's side of a run in another setting: judged by what that setting may round, and by nothing else."""

import pytest

from gradcheck_cli.model import RunOptions, Setting, Verdict
from gradcheck_cli.model.errors import UsageError
from gradcheck_cli.runs.picture import in_settings, run_experiment

SMALL = {"kernel_size": (4, 3), "size": (20, 20), "threads": 1}


@pytest.mark.parametrize(
    "change", [{"memory_format": "channels_last", "deterministic": True}, {"autocast": "bfloat16"}]
)
def test_a_right_run_is_right_in_another_setting(change):
    """The exact probe is in float32, as bfloat16 has too few bits for it; the pictures are in the setting."""
    report = run_experiment(RunOptions(("images/coffee.jpg",), **SMALL, **change))

    assert report.verdict is Verdict.PASS
    assert report.settings == ()
    assert all(f"--{name.replace('_', '-')}" in report.reproduce for name in change)


def test_all_settings_are_a_table(monkeypatch):
    """The layer of the run on whole numbers; every gradient in each."""
    settings = (Setting("float32"), Setting("bfloat16"), Setting("float32", tf32="on"))
    monkeypatch.setattr(in_settings, "settings_of", lambda options: settings)
    report = run_experiment(RunOptions(("images/coffee.jpg",), settings="all", **SMALL))

    told = [(row.setting, row.gradient, row.verdict) for row in report.settings]
    names = ("weight", "input", "bias")
    assert told[:6] == [(each.text, name, Verdict.PASS) for each in settings[:2] for name in names]
    assert told[6:] == [("float32 on cpu, tf32", "call", Verdict.NOT_APPLICABLE)]
    assert report.verdict is Verdict.PASS


def test_tf32_has_no_bound_on_pictures():
    """Refused, with where it is judged."""
    with pytest.raises(UsageError, match="--tf32 on is not judged on pictures"):
        run_experiment(RunOptions(("images/coffee.jpg",), tf32="on", **SMALL))
