"""Forces: the negative of a potential's slope, or, where a stiffness is meant, the slope itself. Scores alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from gradcheck_cli.targets.functions.form import as_array
from gradcheck_cli.targets.functions.pair import PairForm
from gradcheck_cli.targets.functions.pairs import FORCES, NEGATIVE_LIKELIHOODS
from gradcheck_cli.targets.functions.plain import Remade
from gradcheck_cli.targets.functions.spelling import tokens

_NEGATIVE = "a force is the negative of the slope"
_SLOPE = "what is called a force is the slope itself here, without the sign"
_OF_LIKELIHOOD = "a score is the slope of the likelihood, the negative of that of its negative"
_OF_NEGATIVE = "what is called a score is the slope of the negative likelihood itself here"


def with_sign(form: PairForm) -> PairForm:
    """The pair of a potential and its force, or of a negative likelihood and a score, in either sign; others as is.

    No file says which is meant: that in which it is the derivative is believed, the negative where it is in none.
    """
    own = set(tokens(form.back.name))
    is_score = "score" in own and bool(NEGATIVE_LIKELIHOODS & set(tokens(form.fore.name)))
    if not FORCES & own and not is_score:
        return form
    said, itself = (_OF_LIKELIHOOD, _OF_NEGATIVE) if is_score else (_NEGATIVE, _SLOPE)
    negative = replace(form.back, call=Remade(form.back.call, _negated), meaning=said)
    return replace(form, back=negative, others=(replace(form.back, meaning=itself),))


def _negated(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _negated(inner) for key, inner in value.items()}
    if isinstance(value, tuple):
        return tuple(map(_negated, value))
    array = as_array(value)
    return value if array is None else -array
