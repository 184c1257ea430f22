"""Usual numbers that stand where arrays may: `p` is a share of a dropout, and the chances of a loss."""

from __future__ import annotations

from collections.abc import Sequence

from gradcheck_cli.model import Sample
from gradcheck_cli.targets.functions.form import WrittenFunction
from gradcheck_cli.targets.functions.inputs.meant import is_derivative
from gradcheck_cli.targets.functions.inputs.proposals import Proposal


def may_be_arrays(
    form: WrittenFunction, sample: Sample, guessed: Sequence[tuple[Proposal, Sequence[Proposal]]]
) -> bool:
    """Does a usual number stand where an array may, and is the gradient wrong with it?

    Args:
        guessed: of each parameter that nobody said anything of, what it is here, and all that it may be.
    """
    usual = [options for each, options in guessed if each.kind == "constant"]
    may_be_others = any(each.kind != "constant" for options in usual for each in options)
    return may_be_others and not is_derivative(form, sample)
