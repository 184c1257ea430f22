"""The same command twice, and the command that a report gives for its own repetition: the same verdict and numbers."""

import shlex
from functools import cache

import pytest
from stress.faults import target_file

from helpers import IMAGES, ROOT, gradcheck

COFFEE, CHELSEA, GRAY = (str(IMAGES / f"{name}.jpg") for name in ("coffee", "chelsea", "camera-gray"))
MISTAKES = ROOT / "tests" / "mistakes"
RUNS = [
    (COFFEE, "--size", "20", "--k", "5"),
    (COFFEE, CHELSEA, "--size", "17x23", "--k", "3x2", "--stride", "2", "--padding", "1", "--threads", "2"),
    (GRAY, "--size", "12", "--k", "3", "--in", "1", "--out", "2", "--loss", "mse", "--reduction", "sum", "--no-bias"),
    (COFFEE, "--size", "15", "--k", "3", "--dtype", "float64", "--loss", "random", "--seed", "7", "--seeds", "3"),
    (COFFEE, "--size", "16", "--k", "3", "--dtype", "bfloat16", "--groups", "3", "--unit-range", "--dilation", "2"),
    (COFFEE, "--size", "16", "--k", "3", "--backward", "fft", "--reference", CHELSEA, "--loss", "sum"),
    (COFFEE, "--size", "16", "--k", "3", "--backward", f"{MISTAKES / 'plain' / 'no_stride_axes_transposed.py'}"),
]
# One of each way to be called: right, wrong everywhere, wrong at some strides, wrong otherwise each time.
MIXED = (
    "cache_dict/windows",
    "class_attributes/dw_db_not_repeatable",
    "nhwc_modes/einsum_kernel_rotated",
    "one_axis/forum_cache_wr*",
    "one_channel/filters_first_updated_too_early",
    "plain/torch_calls_extra_taps",
    "transposed/layer_summed",
)
TARGETS = tuple(str(MISTAKES / f"{name}.py") for name in MIXED)
TWO_AT_A_TIME = ("--jobs", "2")
VERIFICATIONS = [
    (str(MISTAKES / "plain" / "by_names.py"),),
    (str(MISTAKES / "plain" / "by_names_dilation_ignored.py"), "--seed", "3"),
    (*TARGETS, *TWO_AT_A_TIME),
]


def report_of(*words):
    """(the JSON document without its times, what ran again) of a command."""
    result = gradcheck(*words, "--format", "json")
    report = result.json()
    assert result.exit_code == report["exit_code"]
    del report["timings"]
    for target in report.get("targets", ()):
        del target["seconds"]
    return report


asked_first = cache(report_of)  # a second test compares with what the first of two runs gave


def numbers(report):
    """The report without what tells how it was asked for: the line itself, the environment, and how many at a time."""
    asked = {key: value for key, value in report.get("options", {}).items() if key != "jobs"}
    return {key: value for key, value in report.items() if key not in ("reproduce", "environment")} | {"options": asked}


@pytest.mark.parametrize("words", RUNS, ids=range(len(RUNS)))
def test_a_run_twice_and_by_its_own_line(words):
    """Equal but for the times; its own line gives the same line again."""
    first, second = report_of("run", *words), report_of("run", *words)
    program, *again = shlex.split(first["reproduce"])
    repeated = report_of(*again)

    assert first == second
    assert ("gradcheck", first["reproduce"]) == (program, repeated["reproduce"])
    assert numbers(first) == numbers(repeated)


@pytest.mark.parametrize("words", VERIFICATIONS, ids=range(len(VERIFICATIONS)))
def test_a_verification_twice_and_by_its_own_line(words):
    """The order of the targets does not depend on who is ready first, nor their numbers on the jobs."""
    first, second = asked_first("verify", *words), report_of("verify", *words)
    repeated = report_of(*shlex.split(first["reproduce"])[1:])

    assert first == second
    assert numbers(first) == numbers(repeated)


def test_jobs_change_nothing():
    """One after another or two at a time."""
    assert numbers(report_of("verify", *TARGETS)) == numbers(asked_first("verify", *TARGETS, *TWO_AT_A_TIME))


def test_code_that_is_not_repeatable_is_told_and_not_averaged_away(tmp_path):
    """Noise of the user's own is a finding."""
    file = target_file(tmp_path)
    noisy = "\ndef noisy(x, weight, grad_output, stride=1, padding=0):\n"
    noisy += "    dx, dw, db = right(x, weight, grad_output, stride, padding)\n"
    noisy += "    return dx, dw + 1e-7 * np.random.default_rng().normal(size=dw.shape), db\n"
    file.write_text(file.read_text() + noisy)

    assert "fail" == report_of("verify", f"{file}:noisy")["verdict"]
