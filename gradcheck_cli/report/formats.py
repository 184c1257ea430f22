"""The formats of a report, in one table. Each is one file beside this one and one line here."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module

from gradcheck_cli.model.errors import ReportError
from gradcheck_cli.model.nearness import nearest
from gradcheck_cli.model.text import visible


@dataclass(frozen=True)
class Format:
    """One format.

    Attributes:
        module: where in this room its renderer is; loaded when it is asked for.
        renderer: the function there: `renderer(report)` gives its text or its bytes.
        options: the commands' options that ask for it: "report", "format", "save".
        not_for: command -> why a report of that command cannot be told in it.
        suffixes: how its files end; the first is the usual one.
        attaches: the renderer takes as a second argument the path of the picture beside it, "" for none.
    """

    module: str
    renderer: str
    options: tuple[str, ...] = ("report",)
    not_for: Mapping[str, str] = field(default_factory=dict)
    suffixes: tuple[str, ...] = ()
    attaches: bool = False

    def load(self) -> Callable[..., str | bytes]:
        """The renderer."""
        found: Callable[..., str | bytes] = getattr(import_module(f"gradcheck_cli.report.{self.module}"), self.renderer)
        return found


_COUNTS = (
    "it has a case for each gradient of a target, and a sweep has an answer for each question; csv has a row for it"
)
SAVED = "npz"
"""The format of `--save`."""

TABLE: Mapping[str, Format] = {
    "text": Format("terminal", "as_text", options=("format",)),
    "json": Format("json", "render_json", options=("report", "format"), suffixes=(".json",)),
    "junit": Format("junit", "render_junit", attaches=True, not_for={"sweep": _COUNTS}, suffixes=(".xml",)),
    "html": Format("html", "render_html", suffixes=(".html", ".htm")),
    "png": Format(
        "png",
        "render_png",
        not_for={
            "verify": "a picture shows the planes of one layer, and `verify` judges many geometries",
            "sweep": "a picture shows the planes of one layer, and a sweep asks about many",
        },
        suffixes=(".png",),
    ),
    "md": Format("markdown", "render_markdown", suffixes=(".md", ".markdown")),
    "csv": Format(
        "csv",
        "render_csv",
        not_for={"run": "it has a row for each target of `gradcheck verify`"},
        suffixes=(".csv",),
    ),
    "repro": Format(
        "repro",
        "render_repro",
        not_for={"sweep": "it shows one example, and a sweep names the commands"},
        suffixes=(".py",),
    ),
    "github": Format("github", "render_github", options=("format",)),
    SAVED: Format("npz", "render_npz", options=("save",), suffixes=(".npz",)),
}

FORMATS = tuple(name for name, found in TABLE.items() if "report" in found.options)
"""Those of `--report`."""
STDOUT_FORMATS = tuple(name for name, found in TABLE.items() if "format" in found.options)
"""Those of `--format`."""


_OF_OTHER_KINDS = (".pdf", ".jpg", ".jpeg", ".svg", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".npy", ".zip", ".xlsx")
"""Names that programs go by, and that no report is."""


def refused_suffix(name: str, path: str) -> str:
    """The end of a file's name that promises something else than this format: ".pdf" of a png; "" where none does."""
    suffix = os.path.splitext(path)[1].lower()
    promised = {*_OF_OTHER_KINDS, *(each for found in TABLE.values() for each in found.suffixes)}
    return suffix if suffix in promised and suffix not in TABLE[name].suffixes else ""


def known(name: str) -> Format:
    """The format of that name.

    Raises:
        ReportError: there is none; the near one is named.
    """
    return _among(tuple(TABLE), name)


def known_for_files(name: str) -> Format:
    """The format of that name, if it is written to a file.

    Raises:
        ReportError: there is none; the near one is named.
    """
    return _among((*FORMATS, SAVED), name)


def _among(names: Sequence[str], name: str) -> Format:
    if name in names:
        return TABLE[name]
    near = nearest(name, FORMATS)
    meant = f"did you mean {near[0]}?" if near else f"there are {', '.join(FORMATS)}."
    raise ReportError(f"there is no report format {visible(name)!r}; {meant}")
