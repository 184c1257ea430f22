"""Findings in words: one sentence with the user's own numbers. Nothing is decided here."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from gradcheck_cli.diagnose.causes import Cause
from gradcheck_cli.diagnose.observation import Comparison
from gradcheck_cli.diagnose.words import Words, axis_words
from gradcheck_cli.mistakes import CATALOGUE, Mistake, Sign, Variant, in_place_of, sizes
from gradcheck_cli.model import ConvSpec, Finding, FindingAbout, GradientName
from gradcheck_cli.model.line import without_rows


def finding(
    identifier: str,
    gradient: FindingAbout,
    message: str,
    words: Words,
    *,
    certain: bool = True,
    fails_when: str = "",
    fix: str = "",
) -> Finding:
    """A finding; its fix is the catalogue's in the user's words, where no other is given.

    Where the cause is not certain, the fix is none either.
    """
    fix = fix or words.rename(words.spoken(CATALOGUE[identifier]).fix)
    fix = fix if certain or fix.startswith("Probably") else f"Probably: {fix}"
    return Finding(identifier, gradient, "proved" if certain else "probable", message, fix, fails_when)


def message_for(
    cause: Cause,
    identifier: str,
    seen: Comparison,
    gradient: GradientName,
    words: Words,
    beside: Sequence[str] | None = None,
) -> str:
    """What the code does, with this geometry's sizes and one entry as the proof; the other parts by their ids.

    Args:
        beside: those of the other parts that change something on this geometry; None for all.
    """
    entry = _entry(seen, gradient, words)
    if not cause.structure.parts:
        factor = words.retold(_factor_phrase(cause, seen.spec))
        return f"your grad_{gradient} is exactly {words.gradient(gradient)} {factor}: {entry}."
    rate = _rate(cause) if cause.structure.fits_rate else ""
    clauses = {
        mistake.id: _clause(mistake, variant, seen.spec, words, rate) for mistake, variant in cause.structure.parts
    }
    clauses |= {part: _factor_clause(part, cause, seen.spec, words) for part in cause.factor.ids}
    others = [part for part in clauses if part != identifier and (beside is None or part in beside)]
    together = f", together with {' and '.join(others)}" if others else ""
    clause = words.rename(clauses[identifier])
    together += (
        ". What it reads there is no number of its own, which is why two calls may differ" if cause.brings else ""
    )
    return f"your grad_{gradient} is exactly what comes out when the code {clause}{together}: {entry}."


def either(causes: Sequence[Cause], gradient: GradientName, words: Words) -> str:
    """Several mistakes that give the same numbers wherever the code was tried."""
    ways = []
    for cause in causes:
        named = (words.spoken(CATALOGUE[identifier]) for identifier in cause.ids)
        titles = " and ".join(each.title for each in named)
        ways.append(f"it {words.rename(titles)} ({' + '.join(cause.ids)})")
    listed = ", or ".join(ways)
    return (
        f"your grad_{gradient} fits more than one mistake, which give the same numbers on all that was tried: {listed}."
    )


def _factor_phrase(cause: Cause, spec: ConvSpec) -> str:
    """ "divided by the batch size N = 5", "times 2", "with the opposite sign"."""
    value = cause.factor.value(spec)
    sign = ["with the opposite sign"] if value < 0 else []
    name, value = cause.factor.name.removeprefix("-"), abs(value)
    if value == 1:
        return sign[0] if sign else f"times {name} = 1"
    if name.startswith("1/"):
        size = name[3:-1] if name.startswith("1/(") else name[2:]
        if size.isdigit():
            return " and ".join([*sign, f"divided by {size}"])
        scale = f"divided by {_NAMES.get(size, '')}{size} = {1 / value}"
    elif name[0].isdigit():
        scale = f"times {name}"
    else:
        scale = f"times {_NAMES.get(name, '')}{name} = {value}"
    return " and ".join([*sign, scale])


_NAMES = {
    "N": "the batch size ",
    "P*Q": "the outputs of an image, ",
    "N*P*Q": "all outputs of a filter, ",
    "numel(O)": "the size of O, ",
    "c_in": "the number of channels, ",
    "c_out": "the number of filters, ",
    "stride": "the ",
}


def _clause(mistake: Mistake, way: Variant | None, spec: ConvSpec, words: Words, rate: str = "") -> str:
    """What the code does; a way that does something else than the usual one has a clause of its own."""
    numbers = re.sub(r"\b1 (channel|filter)s", r"1 \1", mistake.numbers.format(**sizes(spec)))
    own = way.title if way is not None else ""
    label = way.label if way is not None and not own else ""
    details = [detail for detail in (label, numbers, rate) if detail]
    title = own or words.spoken(mistake).title
    return title + (f" ({'; '.join(details)})" if details else "")


def _factor_clause(identifier: str, cause: Cause, spec: ConvSpec, words: Words) -> str:
    mistake = CATALOGUE[identifier]
    if mistake.sign is not Sign.CONSTANT:
        return _clause(mistake, None, spec, words)
    value = abs(cause.factor.value(spec))
    name = cause.factor.name.removeprefix("-")
    shown = str(value) if name.replace(".", "").replace("/", "").isdigit() else f"{name} = {value}"
    return f"{mistake.title} ({shown if name != str(float(value)) else name})"


def _rate(cause: Cause) -> str:
    return f"learning rate {cause.factor.name}" if cause.factor.name else "learning rate 1"


def _entry(seen: Comparison, gradient: GradientName, words: Words) -> str:
    if seen.actual.shape != seen.right.shape:
        actual, right = (without_rows(array.shape, seen.spec) for array in (seen.actual, seen.right))
        return f"its shape is {actual} where {right} is right" + _axes(gradient, words)
    index = tuple(int(i) for i in np.argwhere(seen.actual != seen.right)[0])
    place = f"on {seen.data}, entry {list(without_rows(index, seen.spec))}{_axes(gradient, words)}"
    return f"{place} is {in_place_of(seen.actual[index], seen.right[index])}"


def _axes(gradient: GradientName, words: Words) -> str:
    """What the axes are, where the user's own order is another."""
    if words.layout in ("NCHW", "NCW", "NCDHW") or gradient == "bias":
        return ""
    return f" ({', '.join(one for one, _ in axis_words(gradient, words.spatial))})"
