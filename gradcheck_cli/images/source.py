"""From the name of a picture to its bytes: only regular files and standard input, at most MAX_BYTES, never waiting.

What the bytes mean is not decided here.
"""

from __future__ import annotations

import itertools
import os
import stat
import sys
from typing import BinaryIO

from gradcheck_cli.images.refusal import STANDARD_INPUT, UnreadableError, shown
from gradcheck_cli.model.nearness import nearest

MAX_BYTES = 1 << 28
"""256 MiB: an uncompressed picture of MAX_PIXELS in colour has 192 MiB."""

_FIFO_HINT = "read it through standard input, with - in place of the name"
_NOT_FILES = (
    (stat.S_ISFIFO, "it is a named pipe, not a file", _FIFO_HINT),
    (stat.S_ISSOCK, "it is a socket, not a file", _FIFO_HINT),
    (stat.S_ISCHR, "it is a device, not a file", "name a picture file"),
    (stat.S_ISBLK, "it is a device, not a file", "name a picture file"),
)


def read_bytes(name: str) -> bytes:
    """The content of the file `name`, or of standard input for "-".

    Raises:
        UnreadableError: no such file, not a regular file, no permission, empty, or larger than MAX_BYTES.
    """
    if name == STANDARD_INPUT:
        return _read_standard_input()
    try:
        return _read_file(name)
    except FileNotFoundError:
        raise UnreadableError("no such file", _hint_for_missing(name)) from None
    except PermissionError:
        raise UnreadableError("permission denied", f"probably: chmod +r {shown(name)}") from None
    except ValueError:
        raise UnreadableError(
            "no file can have this name", "a file name holds neither NUL nor broken Unicode"
        ) from None
    except OSError as error:
        raise UnreadableError(_reason(error), "check the name and the disk") from None


def _read_file(name: str) -> bytes:
    _refuse_other_kinds(name, os.stat(name))
    with open(name, "rb", buffering=0, opener=without_waiting) as file:
        status = os.fstat(file.fileno())
        _refuse_other_kinds(name, status)
        _check_length(status.st_size)
        return file.readall()


def _refuse_other_kinds(name: str, status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise UnreadableError("it is a folder", f"name one picture in it, as {shown(os.path.join(name, 'a.jpg'))}")
    for is_kind, reason, hint in _NOT_FILES:
        if is_kind(status.st_mode):
            raise UnreadableError(reason, hint)


def without_waiting(path: str, flags: int) -> int:
    """Opens a FIFO that took the file's place since `os.stat` without waiting for its writer."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _check_length(length: int) -> None:
    if length == 0:
        raise UnreadableError("it is empty (0 bytes)", "copy or download the file again")
    if length > MAX_BYTES:
        raise UnreadableError(f"it has more than {MAX_BYTES >> 20} MiB", "save it as JPEG or PNG, or make it smaller")


def _read_standard_input() -> bytes:
    stream: BinaryIO | None = getattr(sys.stdin, "buffer", None)
    hint = "pipe a picture into it: cat photo.jpg | gradcheck run -"
    if stream is None or stream.closed:
        raise UnreadableError("it is closed", hint)
    if stream.isatty():
        raise UnreadableError("it is a terminal, not a picture", hint)
    try:
        data = _read_up_to(stream, MAX_BYTES + 1)
    except OSError as error:
        raise UnreadableError(_reason(error), hint) from None
    if not data:
        raise UnreadableError("it is empty (0 bytes)", hint)
    _check_length(len(data))
    return data


def _read_up_to(stream: BinaryIO, limit: int) -> bytes:
    data = bytearray()
    while len(data) < limit:
        piece = stream.read(min(1 << 20, limit - len(data)))
        if not piece:
            break
        data += piece
    return bytes(data)


def _reason(error: OSError) -> str:
    """The system's words ("Is a directory") as the middle of a sentence."""
    words = error.strerror or "the system gives no reason"
    return words[:1].lower() + words[1:]


def _hint_for_missing(name: str) -> str:
    if name.startswith(("http://", "https://", "ftp://", "file://")):
        return "addresses are not read: download the picture and name the file"
    if name.startswith("~"):
        return "the shell replaces ~ only at the start of a word without quotes"
    if any(c in name for c in "*?["):
        return "no file matches this pattern"
    if os.path.islink(name):
        return "it is a link to a file that is not there"
    folder, base = os.path.split(name)
    # Endings are left out: a common .jpg makes names near that have nothing else in common.
    stems = {os.path.splitext(there)[0]: there for there in _names_in(folder or ".")}
    near = nearest(os.path.splitext(base)[0], stems)
    if not near:
        return "check the spelling and the current folder"
    return f"probably {shown(os.path.join(folder, stems[near[0]]))}"


def _names_in(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry in itertools.islice(entries, 2000)]
    except (OSError, ValueError):
        return []
