"""A backward under test, and what is said of it after a failed check."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gradcheck_cli.model import Check, Counterexample, Finding
from gradcheck_cli.numbers.arithmetic import Judged


@dataclass(frozen=True)
class Diagnosis:
    """What is wrong with the code under test; `holds` is False when it is wrong, seen on the pictures or elsewhere."""

    holds: bool = True
    findings: tuple[Finding, ...] = ()
    counterexample: Counterexample | None = None
    notes: tuple[str, ...] = ()


class UnderTest:
    """One of our own backwards under test: there is nothing of the user's to diagnose."""

    convention = "ours"
    name = ""

    def __init__(self, judged: Judged) -> None:
        self.judged = judged

    @property
    def is_ours(self) -> bool:
        """Is it pure code of our own, which any thread may call?"""
        return self.convention == UnderTest.convention

    def diagnose(self, _found: Sequence[Check], /) -> Diagnosis:
        """What is wrong, given the checks; nothing is said of our own code."""
        return Diagnosis()
