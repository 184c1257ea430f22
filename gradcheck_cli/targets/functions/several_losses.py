"""Losses that give several numbers on what was tried, and whose gradients are not those of their sum."""

from __future__ import annotations

from gradcheck_cli.model import Sample
from gradcheck_cli.targets.functions.find import is_a_backward, lacks_a_forward
from gradcheck_cli.targets.functions.form import NotAFunctionError, WrittenFunction
from gradcheck_cli.targets.functions.slopes import are_slopes
from gradcheck_cli.targets.load import Loaded


def refuse_several_losses(form: WrittenFunction, sample: Sample, loaded: Loaded) -> None:
    """A loss of several numbers whose gradients are not those of their sum was not meant for what it runs on.

    Raises:
        NotAFunctionError: so it is here.
    """
    try:
        several = form.kind == "loss" and sum(out.size for out in form.forward(sample.values)) > 1
        is_sum = several and are_slopes(form, sample)
    except Exception:  # what raises is told where it is judged
        return
    if several and not is_sum:
        if is_a_backward(loaded):
            raise lacks_a_forward(loaded.name)
        raise NotAFunctionError(
            "run", "it gives several numbers where a loss is expected, on all inputs that were tried"
        )
