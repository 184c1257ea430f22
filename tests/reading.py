"""Reading one file of the corpus as `gradcheck run` does: X and the reference."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from gradcheck_cli import images
from gradcheck_cli.model.errors import ImageError


@dataclass(frozen=True)
class Outcome:
    """`kind` is works or error; `lines` of the message; `seconds` it took."""

    kind: str
    text: str
    lines: int
    seconds: float


def read_whole(folder, file):
    """Writes `file`, reads it, removes it. Any error but ImageError passes through."""
    path = folder / file.name
    path.write_bytes(file.data)
    start = time.perf_counter()
    kind, text = _read(path)
    seconds = time.perf_counter() - start
    path.unlink()
    return Outcome(kind, text, len(text.splitlines()), seconds)


def _read(path):
    try:
        pictures = images.read_pictures([path])
        x = images.batch_of(pictures, 3, (64, 48))
        reference = images.references_of(pictures, (33, 17))
    except ImageError as error:
        return "error", str(error)
    assert (x.shape, reference.shape) == ((1, 3, 64, 48), (1, 1, 33, 17))
    assert np.isfinite(x).all()
    assert 0 <= x.min() <= x.max() <= 255
    return "works", ""
