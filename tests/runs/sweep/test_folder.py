"""Which pictures a sweep is about."""

from dataclasses import replace
from pathlib import Path

import pytest

from gradcheck_cli.model.errors import GradcheckError, ImageError, UsageError
from gradcheck_cli.model.options import SumOptions
from gradcheck_cli.runs.sweep.folder import check_sum, pictures_in
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


def test_folders_below_belong_to_it(here):
    """As data sets have one for each class. What is hidden is left out, and a link upwards leads nowhere new."""
    for name in ("cats", "dogs/small", ".thumbnails"):
        Path("photos", name).mkdir(parents=True)
        Path("photos", name, "c.jpg").touch()
    Path("photos/.hidden.jpg").touch()
    Path("photos/dogs/up").symlink_to("..")

    below = ("photos/cats/c.jpg", "photos/dogs/small/c.jpg")
    assert pictures_in(["photos/"]) == ("photos/a.npy", "photos/b.jpg", *below)


def test_a_picture_that_is_named_twice_is_one(here):
    """By itself and in its folder: a sum would hold it twice."""
    assert pictures_in(["photos/b.jpg", "photos", "photos"]) == ("photos/b.jpg", "photos/a.npy")


def test_a_folder_without_pictures_is_refused(here):
    """With what would be read."""
    Path("empty/.below").mkdir(parents=True)
    with pytest.raises(UsageError, match=r"empty holds no picture\."):
        pictures_in(["empty"])


def test_a_name_that_is_not_there_is_refused(here):
    """By its name."""
    with pytest.raises(ImageError, match="cannot read nofolder: no such file"):
        pictures_in(["photos", "nofolder"])


def test_a_folder_that_cannot_be_read_is_refused(here, monkeypatch):
    """And what to do."""
    monkeypatch.setattr("os.listdir", lambda _folder: (_ for _ in ()).throw(PermissionError(13, "Permission denied")))
    with pytest.raises(UsageError, match=r"photos cannot be read: Permission denied\.\n  hint: make it readable"):
        raise_whole(pictures_in, ["photos"])


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"images": ("photos", "-")}, "standard input (-) is one picture, and a sum over pictures reads files."),
        ({"images": ("my.py:f", "photos")}, "my.py:f is code, and run takes pictures."),
        ({"seeds": 2}, "--seeds 2 is not for a sum over pictures."),
        ({"settings": "all"}, "--settings all is not for a sum over pictures."),
        ({"reference": "-"}, "--reference - is not for a sum over pictures: each reads it anew, and standard input is"),
        ({"reference": "photos"}, "--reference photos is a folder."),
        ({"reference": "nofile.jpg"}, "cannot read nofile.jpg: no such file."),
        ({"in_channels": 5}, "--in 5 does not fit a picture: it has 3 channels (blue, green, red), or 1 as gray."),
        ({"kernel_size": (300,)}, "the kernel does not fit the input along its height: 300 > 256."),
    ],
)
def test_what_is_no_sum_is_refused_with_what_to_do(here, change, sentence):
    """The option or the name, its value, and a hint."""
    with pytest.raises(GradcheckError) as caught:
        check_sum(replace(SumOptions(("photos",)), **change))

    assert caught.value.text().startswith(sentence)
    assert "\n  hint: " in caught.value.text()


@pytest.mark.parametrize("conv", ["conv1d", "conv2d", "conv3d"])
def test_arrays_have_any_number_of_channels(here, conv):
    """A folder of them alone, of a layer of as many axes as they have."""
    Path("photos/b.jpg").unlink()
    check_sum(SumOptions(("photos",), conv=conv, in_channels=5, kernel_size=(3,), size=(20,)))


def test_a_thousand_pictures_are_no_batch(here):
    """Each is judged by itself: together they would fill any memory."""
    options = SumOptions(tuple(f"random:3x{number}x8" for number in range(1, 9000)), size=(1024,), kernel_size=(3,))
    check_sum(options)


def raise_whole(function, *arguments):
    """With all that the command line would say."""
    try:
        function(*arguments)
    except GradcheckError as error:
        raise UsageError(error.text()) from error


def test_a_slip_in_a_name_is_told_before_torch_is_loaded(here):
    """Which takes seconds. A file of this name in the current folder comes before the real one."""
    Path("torch.py").write_text("raise SystemExit('torch was loaded')")
    slipped, right = (gradcheck_process("sweep", "run", name) for name in ("nofolder", "photos"))

    assert (slipped.exit_code, slipped.stderr.splitlines()[0]) == (2, "Error: cannot read nofolder: no such file.")
    assert "torch was loaded" in right.stderr
