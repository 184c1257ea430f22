"""The catalogue of mistakes: each entry is a wrong formula with its explanation, one file in `catalogue/` each."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType

from gradcheck_cli.mistakes import catalogue as _folder
from gradcheck_cli.mistakes.mistake import (
    Mistake as Mistake,
    Problem as Problem,
    RememberingProblem as RememberingProblem,
    Told as Told,
    Variant as Variant,
    WrongFormula as WrongFormula,
)
from gradcheck_cli.mistakes.shown import (
    Behaviour as Behaviour,
    Observation as Observation,
    Sign as Sign,
)
from gradcheck_cli.mistakes.wording import (
    describe as describe,
    in_place_of as in_place_of,
    number as number,
    padding_words as padding_words,
    pair as pair,
    sizes as sizes,
)


def _discover() -> dict[str, Mistake]:
    names = [module.name for module in iter_modules(_folder.__path__)]
    found: list[Mistake] = [import_module(f"{_folder.__name__}.{name}").MISTAKE for name in names]
    found.sort(key=lambda mistake: (mistake.order, mistake.id))
    return {mistake.id: mistake for mistake in found}


CATALOGUE: Mapping[str, Mistake] = MappingProxyType(_discover())


def standing_for(sign: Sign) -> Mistake:
    """The mistake that a sign stands for."""
    return next(mistake for mistake in CATALOGUE.values() if mistake.sign is sign)
