"""What of a file that is asked whole is not asked, and is no failure: a backward beside which no forward stands."""

from __future__ import annotations

import os
from collections.abc import Sequence

from gradcheck_cli.model.errors import TargetError
from gradcheck_cli.model.files import file_and_name
from gradcheck_cli.targets import TargetRef
from gradcheck_cli.targets.functions.listing import left_out
from gradcheck_cli.targets.resolve import parse


def without_forward(refs: Sequence[TargetRef], texts: Sequence[str]) -> tuple[str, ...]:
    """What is left out of each file that is asked whole, as one would name it: "course.py:stretch_backward".

    Args:
        refs: what is asked.
        texts: as they were typed.
    """
    # Of a file of which something was named, that is what was meant.
    seen = {os.path.abspath(file_and_name(text)[0]) for text in texts if file_and_name(text)[1]}
    named: list[str] = []
    for ref in refs:
        named += [] if ref.error or ref.file in seen else _left_out(ref, refs)
        seen.add(ref.file)
    return tuple(named)


def _left_out(ref: TargetRef, refs: Sequence[TargetRef]) -> list[str]:
    try:
        found = left_out(parse(ref.file), [other.name for other in refs if other.file == ref.file])
    except TargetError:
        return []
    file = ref.text.removesuffix(f":{ref.name}")
    return [f"{file}:{name}" for name in found]
