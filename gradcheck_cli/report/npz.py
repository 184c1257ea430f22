"""The arrays of a run as one .npz file (`--save FILE.npz`): X, F, the reference, G, every gradient by each source."""

from __future__ import annotations

import io
from collections.abc import Mapping

import numpy as np

from gradcheck_cli.model import Array, Report, RunReport
from gradcheck_cli.model.errors import ReportError
from gradcheck_cli.report.words import user_file


def render_npz(report: Report) -> bytes:
    """The file; `numpy.load` reads it. The same report gives the same bytes.

    Raises:
        ReportError: the report is one of `gradcheck verify`, which keeps no arrays.
    """
    if not isinstance(report, RunReport):
        raise ReportError(
            "the arrays of a run can be saved, and this is a report of `gradcheck verify`.",
            hint="a json report holds the arrays of its smallest example",
        )
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays_of(report))
    return file.getvalue()


def arrays_of(report: RunReport) -> Mapping[str, Array]:
    """Name -> array: "x", "weight", "reference", "grad_output", "grad_weight_hand" (or "_user"), "_autograd", ...

    `grad_NAME_allowed` is what rounding lets the two sides differ by.
    """
    figures, mine = report.figures, "user" if user_file(report) else "hand"
    arrays = {"x": figures.x, "weight": figures.weight, "reference": figures.reference}
    arrays["grad_output"] = figures.grad_output
    for name, figure in figures.gradients.items():
        sides = {mine: figure.hand, "autograd": figure.autograd, "allowed": figure.allowed}
        arrays |= {f"grad_{name}_{source}": array for source, array in sides.items()}
    arrays["grad_weight_numeric"] = figures.numeric
    return {name: _own_axes(array, len(report.experiment.input_size)) for name, array in arrays.items()}


def _own_axes(array: Array, axes: int) -> Array:
    """Shaped as torch has it: the height of 1 is left out, which a layer of one axis has in our arrays."""
    return array[:, :, 0] if axes == 1 and array.ndim > axes + 2 else array
