"""Where reports may be written, and how: whole or not at all. `formats.TABLE` says which there are.

On a terminal the text is printed by `gradcheck_cli.report.terminal`, which knows its width and its colours.
"""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gradcheck_cli.model.errors import ReportError
from gradcheck_cli.model.judgement import Judgement
from gradcheck_cli.model.text import visible
from gradcheck_cli.report.formats import FORMATS, SAVED, STDOUT_FORMATS, known, known_for_files, refused_suffix

if TYPE_CHECKING:
    from gradcheck_cli.model.sweep import AnyReport

__all__ = [
    "FORMATS",
    "SAVED",
    "STDOUT_FORMATS",
    "Destination",
    "check_destination",
    "check_destinations",
    "parse_destination",
    "render",
    "write_report",
    "write_reports",
]


@dataclass(frozen=True)
class Destination:
    """One `--report FORMAT=PATH`."""

    format: str
    path: str


def parse_destination(text: str) -> Destination:
    """The destination that `FORMAT=PATH` names.

    Raises:
        ReportError: no "=", no path, or a format that is not known; the near one is named.
    """
    name, equals, path = text.partition("=")
    if not equals or not path:
        raise ReportError(f"--report {visible(text)!r} is not FORMAT=PATH, as in json=report.json.")
    known_for_files(name)
    return Destination(name, path)


def check_destinations(destinations: Sequence[Destination], inputs: Iterable[str], command: str) -> None:
    """Everything about `--report` that can be told before the run, so that no result is lost to a misspelt folder.

    Args:
        inputs: the files that the run reads; "-" is standard input.
        command: "run", "verify" or "sweep", which several commands are.

    Raises:
        ReportError: the first thing that is wrong, in one sentence.
    """
    files = [name for name in inputs if name != "-"]
    for position, destination in enumerate(destinations):
        why = known(destination.format).not_for.get(command)
        if why:
            others = [name for name in FORMATS if command not in known(name).not_for]
            who = "a sweep" if command == "sweep" else f"`gradcheck {command}`"
            raise ReportError(f"{who} has no {destination.format} report: {why}.", hint=f"one of {', '.join(others)}")
        check_destination(destination.format, destination.path, files)
        for earlier in destinations[:position]:
            if _same_file(earlier.path, destination.path):
                raise ReportError(
                    f"the {earlier.format} and the {destination.format} report would both be written to"
                    f" {_quoted(destination.path)}.",
                    hint="a file of its own for each",
                )


def check_destination(name: str, path: str, inputs: Iterable[str]) -> None:
    """Can a report of this format be written to `path`, as far as can be told without writing?

    Raises:
        ReportError: unknown format; a name that promises another kind of file; no such folder, or one that may not be
            written to; `path` is a folder or a device;
            or it is one of `inputs`, also by a symbolic or a hard link.
    """
    known_for_files(name)
    folder = os.path.dirname(os.path.realpath(path))
    if not os.path.isdir(folder):
        make = f"mkdir -p {shlex.quote(visible(os.path.dirname(path)))}"
        raise ReportError(f"the folder of the {name} report {_quoted(path)} does not exist.", hint=make)
    if os.path.isdir(path) or path.endswith(("/", os.sep)):
        inside = _quoted(os.path.join(path, f"report.{name}"))
        raise ReportError(f"the {name} report {_quoted(path)} is a folder, not a file.", hint=f"a file in it: {inside}")
    if os.path.exists(path) and not stat.S_ISREG(os.stat(path).st_mode):
        raise ReportError(
            f"the {name} report {_quoted(path)} is not a regular file.",
            hint="a plain file: a report takes its place in one step, which a pipe or a device does not have",
        )
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ReportError(
            f"the {name} report {_quoted(path)} cannot be written: no permission for its folder.",
            hint="a file in a folder that you may write to",
        )
    for file in inputs:
        if _same_file(file, path):
            raise ReportError(
                f"the {name} report {_quoted(path)} would overwrite the input {_quoted(file)}.",
                hint="another name for the report",
            )
    _check_suffix(name, path)


def _check_suffix(name: str, path: str) -> None:
    found = known_for_files(name)
    suffix = refused_suffix(name, path)
    if suffix:
        stem = visible(os.path.splitext(path)[0])
        others = [other for other in FORMATS if suffix in known(other).suffixes]
        meant = [f"--report {each}={stem}{known(each).suffixes[0]}" for each in (name, *others) if each in FORMATS]
        raise ReportError(
            f"the {name} report {_quoted(path)} would be no {suffix} file, whatever its name says.",
            hint=" or ".join(meant) or f"{stem}{found.suffixes[0]}",
        )


def render(report: AnyReport, name: str, attachment: str = "") -> bytes:
    """The report in one format, as the bytes of its file.

    Args:
        name: one of `formats.TABLE`.
        attachment: the picture beside a junit report, as GitLab is to find it.

    Raises:
        ReportError: the format is not known, or this report cannot be told in it.
    """
    found = known(name)
    told = found.load()(report, attachment) if found.attaches else found.load()(report)
    return told if isinstance(told, bytes) else told.encode("utf-8", "backslashreplace")


def write_reports(report: AnyReport, destinations: Sequence[Destination]) -> None:
    """Write every report; the junit one points at the picture where both are asked for.

    Raises:
        ReportError: the first that cannot be written; those before it stand, each whole.
    """
    pictures = [destination.path for destination in destinations if destination.format == "png"]
    for destination in destinations:
        write_report(report, destination.format, destination.path, pictures[0] if pictures else "")


def write_report(report: AnyReport, name: str, path: str, attachment: str = "") -> None:
    """Write one report, whole or not at all: a reader finds the old file or the new one, whatever happens.

    Raises:
        ReportError: it cannot be written (disk full, no permission); nothing is left behind.
    """
    content = render(report, name, attachment)
    try:
        _replace(os.path.realpath(path), content)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ReportError(
            f"the {name} report {_quoted(path)} cannot be written: {reason}.",
            hint="a file in another folder; an old report of this name still stands as it was",
        ) from error


def _replace(path: str, content: bytes) -> None:
    """A new file beside the old one takes its place in one step, with the same permissions."""
    temporary = os.path.join(os.path.dirname(path), f".gradcheck-{os.urandom(8).hex()}.tmp")
    try:
        with open(temporary, "xb") as file:
            if os.path.exists(path):
                os.chmod(temporary, stat.S_IMODE(os.stat(path).st_mode))
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        if os.path.lexists(temporary):
            os.unlink(temporary)
        raise


def _same_file(first: str, second: str) -> bool:
    if os.path.exists(first) and os.path.exists(second):
        return os.path.samefile(first, second)
    real = [os.path.normcase(os.path.realpath(path)) for path in (first, second)]
    return real[0] == real[1]


def _quoted(path: str) -> str:
    return f"'{visible(path)}'"


def _as_text(report: AnyReport) -> str:
    from gradcheck_cli.report.terminal import as_text

    return as_text(report)


def _as_page(report: AnyReport) -> str:
    from gradcheck_cli.report.html import render_fragment

    return render_fragment(report)


# How a report shows itself in Python and in a notebook: it stands on a lower floor and is handed this from here.
Judgement.as_text, Judgement.as_page = staticmethod(_as_text), staticmethod(_as_page)
