"""Which reports there are, where they may be written, and how: whole or not at all. The renderers are loaded late.

The screen's own text is not made here but by `gradcheck_cli.report.terminal`.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from gradcheck_cli.model.errors import ReportError
from gradcheck_cli.model.nearness import nearest
from gradcheck_cli.model.report import Judgement
from gradcheck_cli.model.text import visible

if TYPE_CHECKING:
    from gradcheck_cli.model import Report

FileFormat = Literal["json", "junit", "html", "png", "md", "csv", "repro"]
FORMATS: tuple[FileFormat, ...] = get_args(FileFormat)
SAVED = "npz"
"""The format of `--save`, which is checked and written like a report."""
STDOUT_FORMATS = ("text", "json", "github")
# Format and command that do not go together, and why.
NOT_FOR = {
    ("png", "verify"): "a picture shows the planes of one layer, and `verify` judges many geometries",
    ("csv", "run"): "it has a row for each target of `gradcheck verify`",
}


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
    _check_format(name)
    return Destination(name, path)


def check_destinations(destinations: Sequence[Destination], inputs: Iterable[str], command: str) -> None:
    """Everything about `--report` that can be told before the run, so that no result is lost to a misspelt folder.

    Args:
        inputs: the files that the run reads; "-" is standard input.
        command: "run" or "verify".

    Raises:
        ReportError: the first thing that is wrong, in one sentence.
    """
    files = [name for name in inputs if name != "-"]
    for position, destination in enumerate(destinations):
        why = NOT_FOR.get((destination.format, command))
        if why:
            raise ReportError(f"`gradcheck {command}` has no {destination.format} report: {why}.")
        check_destination(destination.format, destination.path, files)
        for earlier in destinations[:position]:
            if _same_file(earlier.path, destination.path):
                raise ReportError(
                    f"the {earlier.format} and the {destination.format} report would both be written to"
                    f" {_quoted(destination.path)}."
                )


def check_destination(name: str, path: str, inputs: Iterable[str]) -> None:
    """Can a report of this format be written to `path`, as far as can be told without writing?

    Raises:
        ReportError: unknown format; no such folder, or one that may not be written to; `path` is a folder or a device;
            or it is one of `inputs`, also by a symbolic or a hard link.
    """
    _check_format(name)
    folder = os.path.dirname(os.path.realpath(path))
    if not os.path.isdir(folder):
        raise ReportError(f"the folder of the {name} report {_quoted(path)} does not exist.")
    if os.path.isdir(path) or path.endswith(("/", os.sep)):
        raise ReportError(f"the {name} report {_quoted(path)} is a folder, not a file.")
    if os.path.exists(path) and not stat.S_ISREG(os.stat(path).st_mode):
        raise ReportError(f"the {name} report {_quoted(path)} is not a regular file.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ReportError(f"the {name} report {_quoted(path)} cannot be written: no permission for its folder.")
    for file in inputs:
        if _same_file(file, path):
            raise ReportError(f"the {name} report {_quoted(path)} would overwrite the input {_quoted(file)}.")


def render(report: Report, name: str, attachment: str = "") -> bytes:
    """The report in one format, as the bytes of its file.

    Args:
        name: one of `FORMATS`, or "github".
        attachment: the picture beside a junit report, as GitLab is to find it.

    Raises:
        ReportError: the format is not known, or this report cannot be told in it.
    """
    if name == "png":
        from gradcheck_cli.report.png import render_png

        return render_png(report)
    if name == SAVED:
        from gradcheck_cli.report.npz import render_npz

        return render_npz(report)
    return _text(report, name, attachment).encode("utf-8", "backslashreplace")


def write_reports(report: Report, destinations: Sequence[Destination]) -> None:
    """Write every report; the junit one points at the picture where both are asked for.

    Raises:
        ReportError: the first that cannot be written; those before it stand, each whole.
    """
    pictures = [destination.path for destination in destinations if destination.format == "png"]
    for destination in destinations:
        write_report(report, destination.format, destination.path, pictures[0] if pictures else "")


def write_report(report: Report, name: str, path: str, attachment: str = "") -> None:
    """Write one report, whole or not at all: a reader finds the old file or the new one, whatever happens.

    Raises:
        ReportError: it cannot be written (disk full, no permission); nothing is left behind.
    """
    content = render(report, name, attachment)
    try:
        _replace(os.path.realpath(path), content)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ReportError(f"the {name} report {_quoted(path)} cannot be written: {reason}.") from error


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


def _text(report: Report, name: str, attachment: str) -> str:
    renderer = _RENDERERS.get(name)
    if renderer is None:
        raise _unknown(name)
    return renderer(report, attachment)


def _json(report: Report, _: str) -> str:
    from gradcheck_cli.report.json import render_json

    return render_json(report)


def _junit(report: Report, attachment: str) -> str:
    from gradcheck_cli.report.junit import render_junit

    return render_junit(report, attachment)


def _html(report: Report, _: str) -> str:
    from gradcheck_cli.report.html import render_html

    return render_html(report)


def _md(report: Report, _: str) -> str:
    from gradcheck_cli.report.markdown import COMMENT_LIMIT, render_markdown

    return render_markdown(report, COMMENT_LIMIT)


def _csv(report: Report, _: str) -> str:
    from gradcheck_cli.report.csv import render_csv

    return render_csv(report)


def _repro(report: Report, _: str) -> str:
    from gradcheck_cli.report.repro import render_repro

    return render_repro(report)


def _github(report: Report, _: str) -> str:
    from gradcheck_cli.report.github import render_github

    return render_github(report)


_RENDERERS: dict[str, Callable[[Report, str], str]] = {
    "json": _json,
    "junit": _junit,
    "html": _html,
    "md": _md,
    "csv": _csv,
    "repro": _repro,
    "github": _github,
}


def _check_format(name: str) -> None:
    if name not in (*FORMATS, SAVED):
        raise _unknown(name)


def _unknown(name: str) -> ReportError:
    near = nearest(name, FORMATS)
    meant = f"did you mean {near[0]}?" if near else f"there are {', '.join(FORMATS)}."
    return ReportError(f"there is no report format {visible(name)!r}; {meant}")


def _same_file(first: str, second: str) -> bool:
    if os.path.exists(first) and os.path.exists(second):
        return os.path.samefile(first, second)
    real = [os.path.normcase(os.path.realpath(path)) for path in (first, second)]
    return real[0] == real[1]


def _quoted(path: str) -> str:
    return f"'{visible(path)}'"


def _as_text(report: Report) -> str:
    from gradcheck_cli.report.terminal import as_text

    return as_text(report)


def _as_page(report: Report) -> str:
    from gradcheck_cli.report.html import render_fragment

    return render_fragment(report)


# How a report shows itself in Python and in a notebook: it stands on a lower floor and is handed this from here.
Judgement.as_text, Judgement.as_page = staticmethod(_as_text), staticmethod(_as_page)
