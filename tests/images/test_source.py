"""From names to bytes: every way in which a file or standard input cannot be read, by exact text."""

import io
import os
import socket
import sys

import pytest
from corpus import PHOTOGRAPHS
from picture_files import COLOUR, png

from gradcheck_cli import images
from gradcheck_cli.images import source
from gradcheck_cli.model.errors import ImageError, UsageError

PIXEL = png(1, 1, 8, COLOUR, [b"\1\2\3"])
ASTRAY = "  hint: check the spelling and the current folder"
AGAIN = "  hint: copy or download the file again"
PIPE_IT = "  hint: pipe a picture into it: cat photo.jpg | gradcheck run -"


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    """Names in messages are short."""
    monkeypatch.chdir(tmp_path)


def message(name):
    """The text of the error for `name`."""
    with pytest.raises(ImageError) as caught:
        images.read_pictures([name])
    return str(caught.value)


def feed(monkeypatch, data, is_terminal=False):
    """Standard input that holds `data`."""
    stream = io.BytesIO(data)
    stream.isatty = lambda: is_terminal
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(stream))
    return stream


def test_missing_file():
    """A missing file is named, with the next step."""
    assert message("cofee.jpg") == "cannot read cofee.jpg: no such file.\n" + ASTRAY


def test_missing_file_with_a_near_name(tmp_path):
    """A file with almost this name beside it is offered."""
    (tmp_path / "shots").mkdir()
    (tmp_path / "shots" / "coffee.jpg").touch()

    expected = "cannot read shots/cofee.jpg: no such file.\n  hint: probably shots/coffee.jpg"
    assert message("shots/cofee.jpg") == expected


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("https://example.org/a.jpg", "addresses are not read: download the picture and name the file"),
        ("~/a.jpg", "the shell replaces ~ only at the start of a word without quotes"),
        ("nothing/*.jpg", "no file matches this pattern"),
        ("no/such/folder/a.jpg", "check the spelling and the current folder"),
    ],
)
def test_missing_file_for_a_reason(name, hint):
    """Names that were not meant as plain file names get their own hint."""
    assert message(name) == f"cannot read {name}: no such file.\n  hint: {hint}"


def test_a_dangling_link(tmp_path):
    """A link to nothing is a missing file."""
    (tmp_path / "link.jpg").symlink_to("gone.jpg")

    expected = "cannot read link.jpg: no such file.\n  hint: it is a link to a file that is not there"
    assert message("link.jpg") == expected


def test_folder(tmp_path):
    """A folder is told apart from a file."""
    (tmp_path / "shots").mkdir()

    assert message("shots") == ("cannot read shots: it is a folder.\n  hint: name one picture in it, as shots/a.jpg")


def test_named_pipe(tmp_path):
    """A FIFO without a writer is refused and not waited for."""
    os.mkfifo(tmp_path / "pipe.jpg")

    assert message("pipe.jpg") == (
        "cannot read pipe.jpg: it is a named pipe, not a file.\n"
        "  hint: read it through standard input, with - in place of the name"
    )


def test_a_pipe_that_takes_the_files_place_is_not_waited_for(tmp_path, monkeypatch):
    """Between looking at the name and opening it the file can become a FIFO."""
    (tmp_path / "file.jpg").write_bytes(PIXEL)
    os.mkfifo(tmp_path / "pipe.jpg")
    looked = os.stat("file.jpg")
    monkeypatch.setattr(source.os, "stat", lambda name: looked)

    assert message("pipe.jpg").startswith("cannot read pipe.jpg: it is a named pipe, not a file.\n")


def test_socket():
    """A socket is refused."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket.jpg")

        assert message("socket.jpg").startswith("cannot read socket.jpg: it is a socket, not a file.\n")


@pytest.mark.parametrize("name", ["/dev/null", "/dev/zero"])
def test_device(name):
    """A device is refused, an endless one too."""
    assert message(name) == f"cannot read {name}: it is a device, not a file.\n  hint: name a picture file"


def test_empty_file(tmp_path):
    """Nothing in it."""
    (tmp_path / "empty.jpg").touch()

    assert message("empty.jpg") == "cannot read empty.jpg: it is empty (0 bytes).\n" + AGAIN


def test_no_permission(tmp_path):
    """A file of mode 000, read as a user who is not root."""
    (tmp_path / "mine.jpg").write_bytes(PIXEL)
    (tmp_path / "mine.jpg").chmod(0)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        text = message(str(tmp_path / "mine.jpg"))
    finally:
        os.seteuid(user)

    path = tmp_path / "mine.jpg"
    assert text == f"cannot read {path}: permission denied.\n  hint: probably: chmod +r {path}"


def test_a_file_that_is_too_long(tmp_path):
    """A sparse file of 10 TB is refused by its length alone."""
    with open("huge.jpg", "wb") as file:
        file.truncate(10**13)

    assert message("huge.jpg") == (
        "cannot read huge.jpg: it has more than 256 MiB.\n  hint: save it as JPEG or PNG, or make it smaller"
    )


def test_a_disk_that_fails(tmp_path, monkeypatch):
    """The system's own words are kept."""
    (tmp_path / "a.jpg").write_bytes(PIXEL)

    def fail(*arguments):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(source, "without_waiting", fail)

    assert message("a.jpg") == "cannot read a.jpg: input/output error.\n  hint: check the name and the disk"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("my photo.jpg", "'my photo.jpg'"),
        ("", "''"),
        ("bell\x07.jpg", "bell\\x07.jpg"),
        ("\x1bred.jpg", "\\x1bred.jpg"),
        ("two\nlines.jpg", "two\\nlines.jpg"),
        ("caf\udce9.jpg", "caf\\xe9.jpg"),
        ("left\u202eright.jpg", "left\\u202eright.jpg"),
        ("\u732b.jpg", "\u732b.jpg"),
    ],
)
def test_names_in_messages(name, shown):
    """Control characters, bytes that are not UTF-8 and invisible characters are shown as escapes."""
    assert message(name) == f"cannot read {shown}: no such file.\n" + ASTRAY


@pytest.mark.parametrize(("name", "shown"), [("a\0b.jpg", "a\\x00b.jpg"), ("a\ud800b.jpg", "a\\ud800b.jpg")])
def test_names_that_no_file_can_have(name, shown):
    """NUL and broken Unicode never reach the system; `cv2.imread` would read the file before the NUL."""
    assert message(name) == (
        f"cannot read {shown}: no file can have this name.\n  hint: a file name holds neither NUL nor broken Unicode"
    )


def test_a_very_long_name():
    """The system refuses it; the message shows both ends."""
    expected = (
        "cannot read " + "a" * 60 + "..." + "a" * 50 + ": file name too long.\n  hint: check the name and the disk"
    )
    assert message("a" * 5000) == expected


@pytest.mark.parametrize("name", [b"caf\xe9.jpg", b"\xff\xfe.jpg", "ä ö.jpg".encode(), b"a\nb.jpg"])
def test_files_with_odd_names_are_read(tmp_path, name):
    """Names that crash `cv2.imread` are read like any other."""
    with open(os.path.join(os.fsencode(tmp_path), name), "wb") as file:
        file.write(PIXEL)

    [read] = images.read_pictures([os.fsdecode(name)])

    assert read.planes(3, (1, 1)).ravel().tolist() == [3, 2, 1]


def test_standard_input(monkeypatch):
    """`-` is read once and serves for X and for the reference."""
    stream = feed(monkeypatch, PIXEL)
    pictures = images.read_pictures(["-"])
    reference = images.reference_picture("-", pictures)

    assert pictures[0].planes(3, (1, 1)).ravel().tolist() == [3, 2, 1]
    assert reference is pictures[0]
    assert stream.read() == b""


def test_standard_input_as_the_reference_alone(monkeypatch):
    """`-` may be the reference of a picture that comes from a file."""
    feed(monkeypatch, PIXEL)
    pictures = images.read_pictures([PHOTOGRAPHS / "coffee.jpg"])

    assert images.reference_picture("-", pictures).gray((1, 1)).shape == (1, 1, 1)


def test_standard_input_twice():
    """Two samples cannot come from one stream."""
    with pytest.raises(UsageError) as caught:
        images.read_pictures(["-", "a.jpg", "-"])

    expected = "- stands twice: standard input holds one picture.\n  hint: name the other one by its file"
    assert str(caught.value) == expected


def test_standard_input_is_empty(monkeypatch):
    """Nothing was piped."""
    feed(monkeypatch, b"")

    assert message("-") == "cannot read standard input: it is empty (0 bytes).\n" + PIPE_IT


def test_standard_input_is_a_terminal(monkeypatch):
    """Nobody types a picture: refused, not waited for."""
    feed(monkeypatch, PIXEL, is_terminal=True)

    assert message("-") == "cannot read standard input: it is a terminal, not a picture.\n" + PIPE_IT


def test_standard_input_is_closed(monkeypatch):
    """A process may be started without one."""
    monkeypatch.setattr(sys, "stdin", None)

    assert message("-") == "cannot read standard input: it is closed.\n" + PIPE_IT


def test_standard_input_fails(monkeypatch):
    """The system's words are kept."""
    stream = feed(monkeypatch, b"")

    def fail(count):
        raise IsADirectoryError(21, "Is a directory")

    stream.read = fail

    assert message("-") == "cannot read standard input: is a directory.\n" + PIPE_IT


def test_standard_input_that_never_ends(monkeypatch):
    """No more than the limit is read."""
    monkeypatch.setattr(source, "MAX_BYTES", 1 << 20)
    stream = feed(monkeypatch, bytes(1 << 22))

    assert message("-").startswith("cannot read standard input: it has more than 1 MiB.\n")
    assert stream.tell() == (1 << 20) + 1


def test_standard_input_is_no_picture(monkeypatch):
    """The content is judged as a file's is."""
    feed(monkeypatch, b"hello world, hello\n")

    assert message("-") == (
        'cannot read standard input: it is not a picture, it starts with "hello world,".\n'
        "  hint: JPEG and PNG are read, for instance"
    )


def test_a_common_ending_makes_no_name_near(tmp_path):
    """ "broken.jpg" is no help to who misspelt "nofile.jpg"."""
    (tmp_path / "broken.jpg").touch()

    assert message("nofile.jpg") == "cannot read nofile.jpg: no such file.\n" + ASTRAY
