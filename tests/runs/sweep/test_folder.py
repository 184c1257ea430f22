"""Which pictures a sweep is about."""

from pathlib import Path

import pytest

from gradcheck_cli.model.errors import ImageError, UsageError
from gradcheck_cli.runs.sweep.folder import pictures_in
from helpers import gradcheck_process


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with a picture, an array and something else, none of which is opened."""
    monkeypatch.chdir(tmp_path)
    Path("photos").mkdir()
    for name in ("b.jpg", "a.npy", "notes.txt"):
        Path("photos", name).touch()


def test_a_folder_is_its_pictures_and_arrays_by_name(here):
    """What else lies there is left out; a name of its own stays, whatever its ending."""
    assert pictures_in(["photos", "photos/notes.txt", "random:3x8x8"]) == (
        *("photos/a.npy", "photos/b.jpg"),
        *("photos/notes.txt", "random:3x8x8"),
    )


def test_a_folder_without_pictures_is_refused(here):
    """With what would be read."""
    Path("empty").mkdir()
    with pytest.raises(UsageError, match=r"empty holds no picture\."):
        pictures_in(["empty"])


def test_a_name_that_is_not_there_is_refused(here):
    """By its name."""
    with pytest.raises(ImageError, match="cannot read nofolder: no such file"):
        pictures_in(["photos", "nofolder"])


def test_a_slip_in_a_name_is_told_before_torch_is_loaded(here):
    """Which takes seconds. A file of this name in the current folder comes before the real one."""
    Path("torch.py").write_text("raise SystemExit('torch was loaded')")
    slipped, right = (gradcheck_process("sweep", "run", name) for name in ("nofolder", "photos"))

    assert (slipped.exit_code, slipped.stderr.splitlines()[0]) == (2, "Error: cannot read nofolder: no such file.")
    assert "torch was loaded" in right.stderr
