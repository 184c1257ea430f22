"""What is wrong with a setting beside its default, though the target is right at its defaults."""

from __future__ import annotations

from collections.abc import Iterable

from gradcheck_cli.model import Finding
from gradcheck_cli.targets import Described


def findings_beside(described: Described) -> Iterable[Finding]:
    """One for each such setting: its own forward proves it, and no formula of the catalogue speaks of it."""
    for wrong in described.wrong_beside:
        name = wrong.setting.partition("=")[0]
        message = (
            f"with {wrong.setting} it is not the derivative of your own forward, as it is at the default: along one "
            f"direction the slope is {wrong.slopes}."
        )
        fix = f"Do with {name} in the backward what the forward does with it."
        yield Finding("unexplained", wrong.gradient, "proved", message, fix, wrong.setting)
