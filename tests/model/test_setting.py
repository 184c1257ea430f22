"""A setting's names, and which are asked for."""

from dataclasses import replace

import pytest

from gradcheck_cli.model import PLAIN, RunOptions, Setting, VerifyOptions
from gradcheck_cli.model.options import SweepOptions, settings_of
from gradcheck_cli.model.setting import every_setting


@pytest.mark.parametrize(
    ("setting", "name", "text"),
    [
        (PLAIN, "float64-cpu", "float64 on cpu"),
        (Setting("bfloat16", "cuda:1"), "bfloat16-cuda:1", "bfloat16 on cuda:1"),
        (
            Setting("float32", "cuda", "channels_last", True, True, "on", "float16"),
            "float32-cuda-channels_last-compile-deterministic-tf32-autocast-float16",
            "float32 on cuda, channels_last, compile, deterministic, tf32, autocast-float16",
        ),
    ],
)
def test_names(setting, name, text):
    """What is as usual is left out."""
    assert (name, text) == (setting.id, setting.text)
    assert setting == Setting.from_message(setting.message())


def test_all_settings_of_a_device():
    """No name twice; MPS has no float64; TF32 is CUDA's."""
    for device in ("cpu", "cuda", "mps"):
        names = [setting.id for setting in every_setting(device)]
        assert len(names) == len(set(names))
        assert (f"float64-{device}" in names) == (device != "mps")
        assert ("float32-cuda-tf32" in names) == (device == "cuda")


def test_options_spell_one_or_ask_for_all():
    """The same in every command; the run's own default is float32."""
    assert settings_of(VerifyOptions(("a.py",))) == (PLAIN,)
    assert settings_of(RunOptions(("x.jpg",))) == (Setting("float32"),)
    assert settings_of(SweepOptions(("a.py",), dtype="bfloat16", compile=True)) == (Setting("bfloat16", compile=True),)
    assert settings_of(VerifyOptions(("a.py",), settings="all")) == every_setting("cpu")


def test_what_is_left_of_a_factor_is_tf32_where_it_may_be_cut_to_it():
    """Of float32 alone: autocast's format and float64 are no TF32."""
    single = Setting("float32", tf32="on")
    assert single.precision == "tf32"
    assert replace(single, autocast="bfloat16").precision == "bfloat16"
    assert replace(single, dtype="float64").precision == "float64"
    assert replace(single, tf32="off").precision == "float32"


@pytest.mark.parametrize(
    ("change", "asks"),
    [
        ({}, False),
        ({"dtype": "float16"}, False),
        ({"dtype": "bfloat16"}, True),
        ({"device": "cuda"}, True),
        ({"compile": True}, True),
    ],
)
def test_what_numpy_cannot_be(change, asks):
    """Its own number formats on the CPU, and nothing else."""
    assert asks == replace(PLAIN, **change).asks_torch


def test_what_a_run_judges_its_code_in_is_not_autograds_setting():
    """The user's code is asked in float64, whatever autograd runs in."""
    options = RunOptions(("x.jpg",), dtype="bfloat16", memory_format="channels_last", backward="f.py:g")
    assert settings_of(options.verifying("f.py:g")) == (PLAIN,)


def test_units_that_cut_are_on_devices_and_take_few_bits():
    """A CPU rounds, and float32 is added up by rounding everywhere where TF32 is off."""
    few = [
        Setting("bfloat16", "cuda"),
        Setting("float32", "cuda", tf32="on"),
        Setting("float32", "mps", autocast="float16"),
    ]
    whole = [Setting("bfloat16"), Setting("float32", "cuda"), Setting("float64", "cuda:1", tf32="on")]

    assert all(setting.cuts_sums for setting in few)
    assert not any(setting.cuts_sums for setting in whole)
