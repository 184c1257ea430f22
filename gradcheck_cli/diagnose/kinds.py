"""What kind of mistake a finding is, asked of the catalogue: so nobody else needs to know an id."""

from __future__ import annotations

from gradcheck_cli.mistakes import CATALOGUE, Behaviour, Sign
from gradcheck_cli.model import Finding

_OF_OTHER_CALLS = (Sign.TIES, Sign.STRIDES, Sign.UNINITIALISED, Sign.CONFIGURATION, Sign.NEEDS)


def fails_by_itself(identifier: str) -> bool:
    """Whether it is a failure however right the numbers are."""
    shows = behaviour_of(identifier)
    return stands_for(identifier, Sign.OTHER_FORWARD) or (shows is not None and shows.fails)


def comes_last(finding: Finding) -> bool:
    """Whether other findings come first, since it hides their numbers."""
    shows = behaviour_of(finding.id)
    return shows is not None and shows.told_last


def is_of_the_call(finding: Finding) -> bool:
    """Whether it is told once, and not of each gradient."""
    shows = behaviour_of(finding.id)
    return shows is not None and shows.of_the_call


def stands_for(identifier: str, sign: Sign) -> bool:
    """Whether it is the mistake that a sign is told as."""
    return identifier in CATALOGUE and CATALOGUE[identifier].sign is sign


def is_of_other_calls(identifier: str) -> bool:
    """Whether it shows in other calls than those whose numbers are compared, and says nothing of what is wrong there.

    On entries that are equal, on other memory, with other configurations, or where few gradients are asked for.
    """
    return identifier in CATALOGUE and CATALOGUE[identifier].sign in _OF_OTHER_CALLS


def behaviour_of(identifier: str) -> Behaviour | None:
    """How it shows in what a call did; None where a formula tells it, or where it is none of the catalogue."""
    return CATALOGUE[identifier].behaviour if identifier in CATALOGUE else None
