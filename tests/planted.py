"""The planted files of tests/mistakes: what their headers promise, and one run of `verify` over many of them."""

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from gradcheck_cli.model import VerifyOptions
from gradcheck_cli.runs.verify import target as target_run, verify_targets

FOLDER = Path(__file__).resolve().parent / "mistakes"


@dataclass(frozen=True)
class Planted:
    """One file. `mistake` is "" in a right one; `gradients` are those that it spoils, or that are not to be found."""

    file: Path
    target: str
    mistake: str
    gradients: tuple[str, ...]

    @property
    def is_right(self):
        """All its gradients are there, and right."""
        return not self.mistake and not self.gradients

    @property
    def id(self):
        """Family and name, for pytest."""
        return f"{self.file.parent.name}/{self.file.stem}"


def planted(file):
    """Read the two header lines."""
    expectation, name = (line.partition(":")[2].strip() for line in file.read_text().splitlines()[:2])
    mistake, _, gradients = expectation.partition(" ")
    named = tuple(gradients.split(",")) if gradients else ()
    return Planted(file, f"{file}:{name}", "" if mistake in ("pass", "not-found") else mistake, named)


ALL = tuple(planted(file) for file in sorted(FOLDER.glob("*/*.py")))
RIGHT = tuple(each for each in ALL if not each.mistake)
WRONG = tuple(each for each in ALL if each.mistake)


@contextmanager
def unplaced():
    """Inside, no line is looked for: each change of a text is asked anew, and places have tests of their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(target_run, "located", lambda report, *_asked: report)
        yield


def verified(files, **options):
    """The whole report and each file's own, two at a time; without the places of the mistakes."""
    with unplaced():
        report = verify_targets(VerifyOptions(tuple(each.target for each in files), jobs=2, **options))
    return report, {target.target: target for target in report.targets}
