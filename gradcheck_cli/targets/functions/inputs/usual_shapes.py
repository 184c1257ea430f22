"""A regression that is wrong on the shapes that were guessed, asked in those that every course gives it.

Code for a vector of weights runs with a matrix of them too, whose targets are spread over its columns: what is right
for the one may be wrong for the other, and nobody meant it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

from gradcheck_cli.model import Sample
from gradcheck_cli.targets.functions.form import WrittenFunction
from gradcheck_cli.targets.functions.inputs.drawing import ProposalChoice
from gradcheck_cli.targets.functions.slopes import is_slope


class _Guessed(Protocol):
    """What is looked at of a guess."""

    @property
    def form(self) -> WrittenFunction:
        """As it hangs together."""

    @property
    def samples(self) -> tuple[Sample, ...]:
        """On which it runs."""


Guessed = TypeVar("Guessed", bound=_Guessed)


def with_more_right(
    found: Guessed, choices: Iterable[ProposalChoice], attempt: Callable[[ProposalChoice], Guessed | None]
) -> Guessed:
    """The guess, or that of these choices on which more of its gradients are right, if some are wrong.

    Args:
        choices: of a regression's shapes; none for what is no regression.
        attempt: the guess that is made of a choice; None where not all fits.
    """
    most, owed = _right(found)
    if most == owed:
        return found
    for other in _tried(choices, attempt):
        right, _ = _right(other)
        if right > most:
            found, most = other, right
    return found


def _tried(choices: Iterable[ProposalChoice], attempt: Callable[[ProposalChoice], Guessed | None]) -> Iterator[Guessed]:
    for choice in choices:
        try:
            other = attempt(choice)
        except Exception:  # it runs on others
            continue
        if other is not None:
            yield other


def _right(guessed: _Guessed) -> tuple[int, int]:
    """How many gradients are slopes of the forward on the first sample, and how many there are."""
    form, sample = guessed.form, guessed.samples[0]
    try:
        upstream = [out * 0 + 1 for out in form.forward(sample.values)]
        gradients = form.run(sample.values, upstream).gradients
        slopes = [is_slope(form, sample, name, gradient, upstream) for name, gradient in gradients.items()]
    except Exception:  # what raises is told where it is judged
        return 0, 0
    return sum(slopes), len(slopes)
