"""Why a wrong gradient on a guess may be the fault of the guess."""

from __future__ import annotations

from collections.abc import Sequence

from gradcheck_cli.model import Array, Sample
from gradcheck_cli.targets.functions.form import WrittenFunction
from gradcheck_cli.targets.functions.inputs.drawing import ProposalChoice
from gradcheck_cli.targets.functions.inputs.labels import labels_nothing, mixes_columns
from gradcheck_cli.targets.functions.inputs.proving import is_of_no_number

_LABELS = "on all inputs that were tried its labels belong to no rows, and its gradient is not the derivative there"
_COLUMNS = (
    "on all inputs that were tried each target is compared with each prediction, and its gradient is no derivative"
)
NO_NUMBER = "on all inputs that were tried it gives several numbers, and its gradient is not the derivative there"


def why_unproved(form: WrittenFunction, sample: Sample, choice: ProposalChoice, outputs: Sequence[Array]) -> str:
    """Why nothing is proved on a sample where the gradient is no derivative there, as it is told; "" where it is."""
    if labels_nothing(form, sample, choice):
        return _LABELS
    if mixes_columns(form, sample):
        return _COLUMNS
    return NO_NUMBER if is_of_no_number(form, sample, outputs) else ""
