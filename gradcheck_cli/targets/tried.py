"""How a convolution is called: as was said, else as trying tells; and what is asked of the way that was found.

Layers of torch that make tensors in its default dtype clash with the float64 in which they are asked. That is the
question's doing: such a target is asked with float64 as the default dtype. What is float32 by its own words stays so.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

from gradcheck_cli.model import Case
from gradcheck_cli.targets.conventions import Chosen, NotRecognisedError, probes, recognise, suggest
from gradcheck_cli.targets.conventions.base import Candidate, NoTimeError
from gradcheck_cli.targets.conventions.call import Spelled
from gradcheck_cli.targets.conventions.call_tried import as_said
from gradcheck_cli.targets.conventions.filter_order import with_filter_order
from gradcheck_cli.targets.conventions.padding_form import Guard, with_padding
from gradcheck_cli.targets.conventions.square_images import of_square_images
from gradcheck_cli.targets.conventions.unvaried import Varying
from gradcheck_cli.targets.conventions.whole_blocks import in_blocks
from gradcheck_cli.targets.load import Loaded, lacking
from gradcheck_cli.targets.seeding import seed_all
from gradcheck_cli.targets.setting_now import made_in_float64
from gradcheck_cli.targets.undefined import mend_of_undefined
from gradcheck_cli.targets.ways_out import WAYS_OUT

# What a refusal says of a target that is something else, whatever way it is called.
NO_CONVOLUTION = ("is not a convolution", "are not covered")
WIDE = (
    "it makes tensors in torch's default dtype, which clash with the float64 in which it is asked: that was the "
    "default while it ran"
)
# As torch says it of a product, of an index, of a convolution, and of a loss.
_CLASH = re.compile(
    r"same d?type|scalar type|dtypes match|type .*should be the same|dtype \w+ but|DoubleTensor|FloatTensor"
)
# Geometries: a bias, say, may be made on some alone.
_TRIES = 3


@dataclass(frozen=True)
class Settled:
    """What was found.

    Attributes:
        chosen: the way to call it.
        rules: by which it keeps the size by itself; None where it is told.
        sides: it is told what is added in front and what behind.
        is_wide: with float64 as torch's default dtype.
    """

    chosen: Chosen
    rules: frozenset[str] | None
    sides: bool = False
    is_wide: bool = False


def tried(loaded: Loaded, spelled: Spelled | None, wanted: Sequence[str], seconds: float, guard: Guard) -> Settled:
    """Called as was said, else as trying tells.

    Args:
        loaded: the target.
        spelled: what was said of how to call it.
        wanted: words of `--convention`.
        seconds: for all of it.
        guard: ends a single try that takes too long.

    Raises:
        NotRecognisedError: no way to call it is found.
        AmbiguousError: several are.
    """
    try:
        found = _tried(loaded, spelled, wanted, seconds, guard)
    except NotRecognisedError as error:
        if not _is_clash(error.error):
            raise
        with made_in_float64():
            return replace(_tried(loaded, spelled, wanted, seconds, guard), is_wide=True)
    if "torch" not in sys.modules or not _clashes_by_default(found.chosen.candidate, guard):
        return found
    with made_in_float64():
        return replace(_tried(loaded, spelled, wanted, seconds, guard), is_wide=True)


def _tried(loaded: Loaded, spelled: Spelled | None, wanted: Sequence[str], seconds: float, guard: Guard) -> Settled:
    if spelled is not None:
        chosen = as_said(spelled, wanted, seed_all, guard)
    else:
        chosen = with_filter_order(_recognised(loaded, wanted, guard, seconds), seed_all, guard)
        chosen = Varying(seed_all, guard).settled(chosen) if chosen.is_right else chosen
    candidate = chosen.candidate
    if chosen.is_right:
        candidate = of_square_images(in_blocks(candidate, seed_all, guard), seed_all, guard)
    padding = with_padding(candidate, seed_all, guard)
    return Settled(replace(chosen, candidate=padding.candidate), padding.rules, padding.sides)


def _recognised(loaded: Loaded, wanted: Sequence[str], guard: Guard, seconds: float) -> Chosen:
    try:
        return recognise(loaded, wanted, seed_all, guard, seconds)
    except NotRecognisedError as error:
        if not any(words in error.sentence for words in NO_CONVOLUTION):  # --call would judge it as one
            more_time = "a larger --timeout would do, or " if isinstance(error, NoTimeError) else ""
            how = more_time + (suggest.hint(loaded, guard) or WAYS_OUT)
            error.hint = error.hint or mend_of_undefined(error.error) or how
        raise lacking(error.error, loaded) or error from error


def _is_clash(error: BaseException | None) -> bool:
    return isinstance(error, RuntimeError | TypeError | ValueError) and _CLASH.search(str(error)) is not None


def _clashes_by_default(candidate: Candidate, guard: Guard) -> bool:
    """Whether it raises for a clash of dtypes, and does not with float64 as the default."""
    able = islice((spec for spec in probes.PROBES if not candidate.refuses(spec)), _TRIES)
    for case in map(probes.integer_case, able):
        if _is_clash(_raised(candidate, case, guard)):
            with made_in_float64():
                return _raised(candidate, case, guard) is None
    return False


def _raised(candidate: Candidate, case: Case, guard: Guard) -> BaseException | None:
    seed_all()
    try:
        with guard():
            candidate.start(case)()
    except (Exception, SystemExit) as error:
        return error
    return None
