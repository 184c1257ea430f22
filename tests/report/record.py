"""Runs real commands in this process and stores their reports: `python tests/report/record.py [NAME ...]`, by hand.

Everything happens in a new folder, so that no path of this machine gets into a report. What a machine decides (times,
versions) is recorded as it was; no test looks at it.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT)]

import gradcheck_cli  # noqa: E402
from tests.report import recorded, targets  # noqa: E402

STRANGERS = ROOT / "tests" / "recognition" / "examples"
# A small layer on a small picture: files of a few kilobytes that hold all that a large run holds.
SMALL = {"kernel_size": (4, 3), "size": 20, "threads": 1}
COFFEE, ROCKET, GRAY = "images/coffee.jpg", "images/rocket.jpg", "images/camera-gray.jpg"


def judged(images, **changes):
    """What `run` gives of a small layer."""
    return lambda: gradcheck_cli.run(images, **{**SMALL, **changes})


def verified(*names, **changes):
    """What `verify` gives of planted targets."""
    return lambda: gradcheck_cli.verify(names, **changes)


def thirty():
    """A teacher's folder: twenty-two strangers' files and eight that do not get as far as numbers."""
    strangers = sorted(path for path in STRANGERS.glob("*.py"))[:22]
    for file in strangers:
        shutil.copy(file, "submissions")
    truth = [line.split("\t") for line in (STRANGERS.parent / "truth.tsv").read_text("utf-8").splitlines()[1:]]
    named = {row[0]: row[1] for row in truth}
    asked = [f"submissions/{file.name}:{named[file.name]}" for file in strangers]
    return gradcheck_cli.verify([*asked, *targets.UNFINISHED], timeout=20.0, jobs=2)


RECORDS = {
    "run-right": judged(COFFEE),
    "run-wrong-weight": judged([COFFEE, ROCKET], backward="batch_mean.py:conv_backward"),
    "run-wrong-input": judged(COFFEE, backward="unrotated.py:conv_backward"),
    "run-wrong-bias": judged(COFFEE, backward="bias_mean.py:Conv"),
    "run-raising": judged(COFFEE, backward="raising.py:conv_backward"),
    "run-weight-only": judged(COFFEE, backward="weight_only.py:grads"),
    "run-grouped": judged(COFFEE, groups=3, stride=(2, 1), padding=1, dilation=(1, 2)),
    "run-one-plane": judged(GRAY, in_channels=1, out_channels=1, bias=False),
    "run-gray": judged(GRAY, unit_range=True),
    "run-fft": judged(COFFEE, backward="fft", dtype="float64"),
    "run-float64": judged([COFFEE, ROCKET], backward="batch_mean.py:conv_backward", dtype="float64"),
    "run-overflow": judged(COFFEE, dtype="float16", loss="sum", reduction="sum", size=26),
    "run-seeds": judged(COFFEE, seeds=3),
    "run-many-planes": judged("random:1x6x12x12", in_channels=6, out_channels=12, kernel_size=2, size=12),
    "run-hostile": judged(targets.HOSTILE_PICTURES, backward=f"{targets.HOSTILE_FILE}:printing"),
    "verify-right": verified("right.py:conv_backward"),
    "verify-wrong": verified("batch_mean.py:conv_backward"),
    "verify-few": verified("right.py:conv_backward", "batch_mean.py:conv_backward", *targets.FEW),
    "verify-kinds": verified(*targets.KINDS),
    "verify-thirty": thirty,
    "verify-functions": verified("course.py"),
    "verify-hostile": verified(f"{targets.HOSTILE_FILE}:conv_backward", f"{targets.HOSTILE_FILE}:printing"),
}


def main(names):
    """Record those reports, or all."""
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        targets.write(Path(folder))
        shutil.copytree(ROOT / "images", "images")
        for picture in targets.HOSTILE_PICTURES:
            Path(picture).parent.mkdir(exist_ok=True)
            shutil.copy(ROOT / "images" / "coffee.jpg", os.fsencode(picture))
        for name in names or RECORDS:
            sys.stdout.write(f"{name}\n")
            sys.stdout.flush()
            recorded.write(name, RECORDS[name](), folder)
        os.chdir(ROOT)


if __name__ == "__main__":
    main(sys.argv[1:])
