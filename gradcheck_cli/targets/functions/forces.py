"""Forces: the negative of a potential's slope, or, where a stiffness is meant, the slope itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from gradcheck_cli.targets.functions.form import as_array
from gradcheck_cli.targets.functions.pair import PairForm
from gradcheck_cli.targets.functions.pairs import FORCES
from gradcheck_cli.targets.functions.plain import Remade
from gradcheck_cli.targets.functions.spelling import tokens

_NEGATIVE = "a force is the negative of the slope"
_SLOPE = "what is called a force is the slope itself here, without the sign"


def with_sign(form: PairForm) -> PairForm:
    """The pair of a potential and its force, in either sign; any other as it is.

    No file says which is meant: that in which it is the derivative is believed, the negative where it is in none.
    """
    if not FORCES & set(tokens(form.back.name)):
        return form
    negative = replace(form.back, call=Remade(form.back.call, _negated), meaning=_NEGATIVE)
    return replace(form, back=negative, others=(replace(form.back, meaning=_SLOPE),))


def _negated(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _negated(inner) for key, inner in value.items()}
    if isinstance(value, tuple):
        return tuple(map(_negated, value))
    array = as_array(value)
    return value if array is None else -array
