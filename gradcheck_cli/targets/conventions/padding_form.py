"""How a target is told its padding: by itself, in words ("same", "valid"), in numbers, or in words and numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from gradcheck_cli.model import ConvSpec
from gradcheck_cli.model.line import LineSpec
from gradcheck_cli.targets.conventions import binding
from gradcheck_cli.targets.conventions.base import Candidate
from gradcheck_cli.targets.conventions.call import CallCandidate
from gradcheck_cli.targets.conventions.callee import Callee
from gradcheck_cli.targets.conventions.confirm_function import WithForward
from gradcheck_cli.targets.conventions.function import FunctionCandidate
from gradcheck_cli.targets.conventions.handing import FROM_FORWARD
from gradcheck_cli.targets.conventions.layer import LayerCandidate
from gradcheck_cli.targets.conventions.same import COUNTS, followed, right_there, rules_followed
from gradcheck_cli.targets.conventions.use import PADDING_WORDS

Seed = Callable[[], None]
Guard = Callable[[], AbstractContextManager[None]]


@dataclass(frozen=True)
class PaddingForm:
    """A target as it is told its padding.

    Attributes:
        rules: those by which it keeps the size, None where it never does so.
        sides: it is told what is added in front and what behind, and its own forward adds so much there.
    """

    candidate: Candidate
    rules: frozenset[str] | None
    sides: bool = False

    def keeps_otherwise(self, spec: ConvSpec) -> bool:
        """Whether it is told no number here and keeps the size by another rule than the padding of `spec` is by."""
        if self.rules is None or _is_valid_mode(self.candidate, spec) or followed(spec, self.rules):
            return False
        form = self.candidate.form if isinstance(self.candidate, FunctionCandidate) else None
        return form is None or form.numbers is None or binding.is_by_word(spec, form)


def with_padding(candidate: Candidate, seed: Seed, guard: Guard) -> PaddingForm:
    """The candidate with both spellings where it takes both, and the rules that its "same" follows."""
    given = candidate
    if isinstance(candidate, FunctionCandidate):
        candidate = _in_words(candidate)
    if not _pads_by_itself(candidate):
        return PaddingForm(candidate, None, _takes_sides(candidate, seed, guard))
    rules = rules_followed(candidate, seed, guard)
    if isinstance(candidate, FunctionCandidate) and candidate.form.mode:
        both = replace(candidate, form=replace(candidate.form, numbers=rules))
        candidate = both if candidate is not given or _takes_numbers(both, seed, guard) else candidate
    return PaddingForm(candidate, rules)


def _in_words(candidate: FunctionCandidate) -> FunctionCandidate:
    """The candidate told in words, where everything that is handed its padding compares that with words."""
    form = candidate.form
    texts = [_texts(one, name) for one, name in _handed_padding(candidate)]
    if form.mode or form.sides or not texts or not all(texts):
        return candidate
    form = replace(form, mode=True, capitals=any(text.isupper() for text in texts[0]))
    return replace(candidate, form=form)


def _handed_padding(candidate: FunctionCandidate) -> Iterator[tuple[Callee, str]]:
    """Each function of the file that the candidate hands the padding to, and the name of its parameter."""
    handed = [(candidate.callee, candidate.assignment)]
    if candidate.forward is not None and candidate.cache_from in FROM_FORWARD:
        handed.append((candidate.forward, candidate.handing.handed_to(candidate.forward)))
    for callee, assigned in handed:
        yield from ((callee, name) for name, role in assigned.items() if role == "padding")


def _texts(callee: Callee, name: str) -> list[str]:
    return [text for text in callee.source.use(name).texts if text.lower() in PADDING_WORDS]


# No rule of "same" pads a 3x3 kernel so: a target that is right here was told in numbers.
_NUMBERED = (2, 2)


def _takes_numbers(candidate: FunctionCandidate, seed: Seed, guard: Guard) -> bool:
    """Whether its forward or a gradient is right where the padding is said in numbers."""
    kind = ConvSpec if candidate.layout.spatial > 1 else LineSpec
    specs = (kind(*counts, 8, 7, (3, 3), padding=_NUMBERED) for counts in COUNTS)
    able = [spec for spec in specs if not candidate.refuses(spec)]
    return any(right_there(candidate, spec, seed, guard) for spec in able[:1])


# Another number on each side: whoever takes them in another order gives another output.
_IN_FRONT, _MORE_BEHIND = (1, 2), (2, -2)


def _takes_sides(candidate: Candidate, seed: Seed, guard: Guard) -> bool:
    """Whether its forward is right with another number on each side of a picture."""
    if candidate.layout.spatial != 2 or candidate.layout.transposed:
        return False
    specs = (ConvSpec(*counts, 5, 7, (3, 2), padding=_IN_FRONT, extra_after=_MORE_BEHIND) for counts in COUNTS)
    able = [spec for spec in specs if not candidate.refuses(spec)]
    return any("forward" in right_there(candidate, spec, seed, guard) for spec in able[:1])


def _pads_by_itself(candidate: Candidate) -> bool:
    """It keeps the size without being told a margin: always, or in the mode "same"."""
    if isinstance(candidate, LayerCandidate):
        return candidate.same or candidate.recipe.mode
    if isinstance(candidate, CallCandidate):
        return candidate.same or candidate.has_mode
    return isinstance(candidate, WithForward) and (candidate.same or candidate.form.mode)


def _is_valid_mode(candidate: Candidate, spec: ConvSpec) -> bool:
    """No margin, asked of code that can be told so."""
    always = isinstance(candidate, LayerCandidate | WithForward | CallCandidate) and candidate.same
    return not spec.is_padded and not always
