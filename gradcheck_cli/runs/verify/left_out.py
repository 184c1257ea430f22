"""What of a file that is asked whole is not asked, and is no failure: a backward beside which no forward stands."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

from gradcheck_cli.model import TargetReport
from gradcheck_cli.model.errors import TargetError
from gradcheck_cli.model.files import file_and_name
from gradcheck_cli.targets import TargetRef
from gradcheck_cli.targets.functions.listing import left_out
from gradcheck_cli.targets.resolve import parse

NOTE = "not asked: {}, beside which no forward of {} stands; to have it judged, name it ({}:{})"


def with_left_out(
    reports: Sequence[TargetReport | None], refs: Sequence[TargetRef], texts: Sequence[str]
) -> list[TargetReport | None]:
    """The reports, the first of each file that was asked whole with what of it was not asked.

    Args:
        reports: of `refs`; None where -x left it out.
        texts: as they were typed.
    """
    # Of a file of which something was named, that is what was meant.
    seen = {os.path.abspath(file_and_name(text)[0]) for text in texts if file_and_name(text)[1]}
    noted: list[TargetReport | None] = []
    for report, ref in zip(reports, refs, strict=True):
        note = "" if ref.error or report is None or ref.file in seen else _note(ref, refs)
        seen.add(ref.file)
        noted.append(replace(report, notes=(*report.notes, note)) if report and note else report)
    return noted


def _note(ref: TargetRef, refs: Sequence[TargetRef]) -> str:
    try:
        found = left_out(parse(ref.file), [other.name for other in refs if other.file == ref.file])
    except TargetError:
        return ""
    pronoun = "it" if len(found) == 1 else "them"
    shown = ref.text.removesuffix(f":{ref.name}")
    return NOTE.format(", ".join(found), pronoun, shown, found[0]) if found else ""
