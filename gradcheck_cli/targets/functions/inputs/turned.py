"""Data that are turned in pairs of entries, beside tables of the angles: rows of an even length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gradcheck_cli.targets.functions.form import Parameter
from gradcheck_cli.targets.functions.inputs.proposals import REAL, Proposal, is_bias_name, is_weight_name
from gradcheck_cli.targets.functions.spelling import ANGLE_WORDS, tokens

# "h" is even in both sets of sizes, and "c" is its half: an angle for each entry, or one for each pair.
_TABLES = ("t h", "t c")
_DATA = ("t h", "n t h")


def in_pairs(
    found: Sequence[Proposal], item: Parameter, parameters: Sequence[Parameter], *, is_known: bool
) -> Sequence[Proposal]:
    """Those before any others, where angles are among the parameters; the proposals as they are where none are.

    Args:
        is_known: the user, the code or an object says the shape.
    """
    is_of_angles = any(_is_table(each) for each in parameters)
    is_learnt = is_weight_name(item.name) or is_bias_name(item.name)
    if is_known or not is_of_angles or is_learnt or found[0].kind not in REAL:
        return found
    return [*(replace(found[0], axes=axes) for axes in (_TABLES if _is_table(item) else _DATA)), *found]


def _is_table(item: Parameter) -> bool:
    return bool(set(tokens(item.name)) & ANGLE_WORDS)
