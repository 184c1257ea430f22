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
    padding_words as padding_words,
    pair as pair,
    sizes as sizes,
)

# The order of presentation; a file that is not named here comes after these.
_ORDER = (
    *("batch-mean", "scaled-constant", "sign-flipped", "clipped"),
    *("bias-spatial-mean", "bias-totalled", "bias-missing", "bias-axes-wrong", "bias-times-output", "never-filled"),
    *("upstream-rotated", "kernel-rotated", "axes-transposed", "rows-columns-mixed"),
    *("reshape-not-transpose", "input-grad-kernel-unrotated"),
    *("channels-summed", "filters-collapsed", "channels-reversed", "in-out-swapped", "wrong-index", "samples-mixed"),
    *("last-sample-only", "last-window-only", "window-not-moved", "bounds-off-by-one"),
    *("accumulates-between-calls", "starts-from-data", "updated-too-early"),
    *("stride-ignored", "offset-times-stride", "extra-taps", "partial-output", "input-grad-stride-not-dilated"),
    *(
        *("rest-skipped", "remainder-dropped", "unpad-empty", "padding-hard-coded", "padding-mode-wrong"),
        *("padded-twice", "padding-not-stripped", "padding-split-wrong"),
    ),
    *(
        "full-margin-wrong",
        "upstream-padded",
        "upstream-ignored",
        "output-for-upstream",
        "wrong-tensor",
        "dilation-ignored",
    ),
    *("groups-ignored", "shifted", "single-precision", "integer-dtype", "rounded-decimals", "mutates-input"),
    *("not-repeatable", "not-finite", "wrong-shape", "wrong-forward", "crashes", "too-slow"),
)


def _discover() -> dict[str, Mistake]:
    names = [module.name for module in iter_modules(_folder.__path__)]
    found: list[Mistake] = [import_module(f"{_folder.__name__}.{name}").MISTAKE for name in names]
    rank = {identifier: place for place, identifier in enumerate(_ORDER)}
    found.sort(key=lambda mistake: (rank.get(mistake.id, len(rank)), mistake.id))
    return {mistake.id: mistake for mistake in found}


CATALOGUE: Mapping[str, Mistake] = MappingProxyType(_discover())
