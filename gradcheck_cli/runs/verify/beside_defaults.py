"""What is wrong with a setting beside its default, though the target is right at its defaults."""

from __future__ import annotations

from collections.abc import Iterable

from gradcheck_cli.mistakes import Sign, standing_for
from gradcheck_cli.model import UNEXPLAINED, Finding
from gradcheck_cli.targets import Described, WrongBeside


def findings_beside(described: Described) -> Iterable[Finding]:
    """One for each such setting: its own forward proves it."""
    for wrong in described.wrong_beside:
        yield _alone(wrong) if wrong.is_alone else _unexplained(wrong)


def _unexplained(wrong: WrongBeside) -> Finding:
    name = wrong.setting.partition("=")[0]
    message = (
        f"with {wrong.setting} it is not the derivative of your own forward, as it is otherwise: along one "
        f"direction the slope is {wrong.slopes}."
    )
    fix = f"Do with {name} in the backward what the forward does with it."
    return Finding(UNEXPLAINED, wrong.gradient, "proved", message, fix, wrong.setting)


def _alone(wrong: WrongBeside) -> Finding:
    """A gradient of the convolution, in a layer that does more with this setting."""
    message = (
        f"with {wrong.setting} grad_{wrong.gradient} is exactly that of the convolution alone, and not that of what "
        f"your forward makes of its output: along one direction the slope is {wrong.slopes}."
    )
    fix = (
        f"Multiply G by the derivative of what follows the convolution before grad_{wrong.gradient} is made of it: "
        "for max(0, .) that is O > 0."
    )
    return Finding(standing_for(Sign.OWN_DERIVATIVE).id, wrong.gradient, "proved", message, fix, wrong.setting)
