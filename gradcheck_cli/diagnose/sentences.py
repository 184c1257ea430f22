"""Findings in words: one sentence with the user's own numbers. Nothing is decided here."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradcheck_cli.diagnose.causes import Cause
from gradcheck_cli.diagnose.locate import number
from gradcheck_cli.diagnose.observation import Evidence
from gradcheck_cli.diagnose.words import Words
from gradcheck_cli.mistakes import CATALOGUE, Mistake, sizes
from gradcheck_cli.model import ConvSpec, Finding, GradientName


def finding(
    identifier: str,
    gradient: GradientName,
    message: str,
    words: Words,
    *,
    certain: bool = True,
    fails_when: str = "",
    line: int | None = None,
) -> Finding:
    """A finding whose fix is the catalogue's, in the user's words."""
    fix = words.speak(CATALOGUE[identifier].fix)
    return Finding(identifier, gradient, "proved" if certain else "probable", message, fix, fails_when, line)


def describe(spec: ConvSpec) -> str:
    """A geometry in a few words: only what differs from the simplest."""
    text = f"x {spec.x_shape}, weight {spec.weight_shape}, stride {_pair(spec.stride)}, padding {_pair(spec.padding)}"
    if spec.dilation != (1, 1):
        text += f", dilation {_pair(spec.dilation)}"
    return text + (f", groups {spec.groups}" if spec.groups > 1 else "")


def _pair(size: tuple[int, int]) -> str:
    return str(size[0]) if size[0] == size[1] else f"({size[0]}, {size[1]})"


def message_for(cause: Cause, identifier: str, seen: Evidence, gradient: GradientName) -> str:
    """What the code does, with this geometry's sizes and one entry as the proof; the other parts by their ids."""
    clauses = {
        mistake.id: _clause(mistake, variant.label, seen.spec, _rate(cause) if cause.structure.fits_rate else "")
        for mistake, variant in cause.structure.parts
    }
    clauses |= {part: _factor_clause(part, cause, seen.spec) for part in cause.factor.ids}
    others = [part for part in clauses if part != identifier]
    together = f", together with {' and '.join(others)}" if others else ""
    return f"grad_{gradient} is exactly what comes from code that {clauses[identifier]}{together}: {_entry(seen)}."


def either(causes: Sequence[Cause], gradient: GradientName) -> str:
    """Several mistakes that give the same numbers wherever the code was tried."""
    ways = []
    for cause in causes:
        titles = " and ".join(CATALOGUE[identifier].title for identifier in cause.ids)
        ways.append(f"{titles} ({' + '.join(cause.ids)})")
    listed = "; ".join(ways)
    return f"grad_{gradient} is exactly what each of these gives, the same numbers on all that was tried: {listed}."


def _clause(mistake: Mistake, label: str, spec: ConvSpec, rate: str) -> str:
    details = [detail for detail in (label, mistake.numbers.format(**sizes(spec)), rate) if detail]
    return mistake.title + (f" ({'; '.join(details)})" if details else "")


def _factor_clause(identifier: str, cause: Cause, spec: ConvSpec) -> str:
    mistake = CATALOGUE[identifier]
    if identifier == "sign-flipped":
        return mistake.title
    if identifier != "scaled-constant":
        return _clause(mistake, "", spec, "")
    value = abs(cause.factor.value(spec))
    name = cause.factor.name.removeprefix("-")
    shown = str(value) if name.replace(".", "").replace("/", "").isdigit() else f"{name} = {value}"
    return f"{mistake.title} ({shown if name != str(float(value)) else name})"


def _rate(cause: Cause) -> str:
    return f"learning rate {cause.factor.name}" if cause.factor.name else "learning rate 1"


def _entry(seen: Evidence) -> str:
    if seen.actual.shape != seen.right.shape:
        return f"its shape is {seen.actual.shape} where {seen.right.shape} is right"
    index = tuple(int(i) for i in np.argwhere(seen.actual != seen.right)[0])
    return f"entry {list(index)} is {number(seen.actual[index])} where {number(seen.right[index])} is right"
