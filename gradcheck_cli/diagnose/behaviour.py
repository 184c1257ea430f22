"""Mistakes that are recognised by what happened, not by a formula: errors, NaN, changed inputs, a second call."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from gradcheck_cli.diagnose.conditions import condition
from gradcheck_cli.diagnose.locate import in_place_of, locate, number
from gradcheck_cli.diagnose.observation import Comparison, Observation, absolute, lengths
from gradcheck_cli.diagnose.sentences import describe, finding
from gradcheck_cli.diagnose.words import Words
from gradcheck_cli.mistakes import Problem
from gradcheck_cli.model import Array, Case, Finding, GradientName


def behaviour(observations: Sequence[Observation], gradient: GradientName, words: Words) -> list[Finding]:
    """The findings that need no formula, in the catalogue's order. Calls that did not end show none of them."""
    observations = [seen for seen in observations if not seen.error]
    tests: tuple[Test, ...] = (
        ("bias-missing", _missing),
        ("accumulates-between-calls", _accumulates),
        ("integer-dtype", _integer),
        ("mutates-input", _mutates),
        ("not-repeatable", _differs),
        ("not-finite", _not_finite),
        ("wrong-shape", _other_axes),
    )
    found = []
    for identifier, test in tests:
        messages = [test(seen, gradient) for seen in observations]
        first = next((place for place, message in enumerate(messages) if message), None)
        if first is None or (identifier == "bias-missing" and not all(messages)):
            continue
        when = condition([(seen.case.spec, not said) for seen, said in zip(observations, messages, strict=True)])
        fix = _reshaping(observations, gradient, words) if identifier == "wrong-shape" else ""
        found.append(finding(identifier, gradient, messages[first], words, fails_when=when, fix=fix))
    return found


Test = tuple[str, Callable[[Observation, GradientName], str]]


def single_precision(evidence: Sequence[Comparison], gradient: GradientName, words: Words) -> list[Finding]:
    """Right but for float32 rounding on large integers: proved where every result is itself a float32 number."""
    wrong = [seen for seen in evidence if seen.wrong]
    if not wrong or not all(_within_float32(seen, gradient) for seen in wrong):
        return []
    proved = all(np.array_equal(seen.actual, seen.actual.astype(np.float32)) for seen in wrong)
    first = wrong[0]
    index = tuple(int(i) for i in np.argwhere(first.right != first.actual)[0])
    message = (
        f"grad_{gradient} is right to 24 bits only: {'it is' if proved else 'probably'} computed in float32, and "
        f"on {first.data} entry {list(index)} is {in_place_of(first.actual[index], first.right[index])}."
    )
    return [
        finding(
            "single-precision",
            gradient,
            message,
            words,
            certain=proved,
            fails_when="a sum needs more than 24 bits",
        )
    ]


def rounded_too(gradient: GradientName, words: Words) -> Finding:
    """Beside another mistake: large sums are off by no more than float32 rounding, small ones are not."""
    message = f"grad_{gradient} is probably computed in float32: large sums are off by no more than its rounding."
    when = "a sum needs more than 24 bits"
    return finding("single-precision", gradient, message, words, certain=False, fails_when=when)


def _within_float32(seen: Comparison, gradient: GradientName) -> bool:
    if seen.actual.shape != seen.right.shape:
        return False
    gauge = absolute(seen.problem.case).right(gradient)
    terms = seen.spec.terms + seen.problem.case.weight.size + 2
    error = np.abs(seen.actual - seen.right)
    large_enough = error.max() > terms * 2.0**-53 * float(gauge.max())
    return bool((error <= terms * 2.0**-24 * gauge).all()) and large_enough


def _missing(seen: Observation, gradient: GradientName) -> str:
    if gradient != "bias" or seen.error or seen.actual.bias is not None:
        return ""
    return "grad_bias is not returned."


def _accumulates(seen: Observation, gradient: GradientName) -> str:
    pair = _two_calls(seen, gradient)
    if pair is None or np.array_equal(*pair) or not np.array_equal(pair[1], pair[0] + pair[0]):
        return ""
    return f"The second call with the same arrays returns exactly twice the grad_{gradient} of the first."


def _differs(seen: Observation, gradient: GradientName) -> str:
    pair = _two_calls(seen, gradient)
    if pair is None or np.array_equal(*pair, equal_nan=True) or _accumulates(seen, gradient):
        return ""
    first, second = pair
    if first.shape != second.shape:
        return f"The second call returns grad_{gradient} in shape {second.shape}, the first in {first.shape}."
    index = tuple(int(i) for i in np.argwhere(first != second)[0])
    return (
        f"Two calls with the same arrays give different grad_{gradient}: entry {list(index)} is "
        f"{number(first[index])}, then {number(second[index])}."
    )


def _two_calls(seen: Observation, gradient: GradientName) -> tuple[Array, Array] | None:
    if seen.second is None:
        return None
    first, second = seen.actual.named(gradient), seen.second.named(gradient)
    return None if first is None or second is None else (first, second)


def _integer(seen: Observation, gradient: GradientName) -> str:
    actual = seen.actual.named(gradient)
    if actual is None:
        return ""
    dtype = seen.dtypes.get(gradient, str(actual.dtype))
    if not dtype.startswith(("int", "uint")):
        return ""
    return f"grad_{gradient} is returned as {dtype}: what follows the decimal point is cut off."


def _mutates(seen: Observation, _: GradientName) -> str:
    if not seen.mutated:
        return ""
    return f"The call changes its argument{'s' if len(seen.mutated) > 1 else ''} {', '.join(seen.mutated)}."


def _not_finite(seen: Observation, gradient: GradientName) -> str:
    actual = seen.actual.named(gradient)
    if actual is None or np.isfinite(actual).all():
        return ""
    index = tuple(int(i) for i in np.argwhere(~np.isfinite(actual))[0])
    count = int((~np.isfinite(actual)).sum())
    more = f", the first of {count} such entries" if count > 1 else ""
    return f"grad_{gradient}{list(index)} is {actual[index]}{more} ({describe(seen.case.spec)})."


def _other_axes(seen: Observation, gradient: GradientName) -> str:
    """Axes of length 1 too many or too few; other shapes are judged by the formulas first."""
    actual = seen.actual.named(gradient)
    right = _shape(seen.case, gradient)
    if actual is None or actual.ndim == len(right) or lengths(actual.shape) != lengths(right):
        return ""
    return f"grad_{gradient} has shape {actual.shape} where {right} is right; axes of length 1 are the difference."


def _reshaping(observations: Sequence[Observation], gradient: GradientName, words: Words) -> str:
    """The mend of a shape, tried: certain where the returned numbers in the right shape are the right gradient."""
    returned = [(Problem(seen.case).right(gradient), seen.actual.named(gradient)) for seen in observations]
    if all(actual is not None and np.array_equal(actual.ravel(), right.ravel()) for right, actual in returned):
        return f"Return it as `.reshape({_array(gradient, words)}.shape)`: its numbers are right."
    return _making(gradient, words)


def _making(gradient: GradientName, words: Words) -> str:
    """The mend of a shape that was not tried."""
    return f"Probably: make it with `np.zeros_like({_array(gradient, words)})`, and add into it."


def _array(gradient: GradientName, words: Words) -> str:
    return {"weight": words.weight, "input": words.x, "bias": "b"}[gradient]


def _shape(case: Case, gradient: GradientName) -> tuple[int, ...]:
    shapes = {"weight": case.spec.weight_shape, "input": case.spec.x_shape, "bias": (case.spec.out_channels,)}
    return shapes[gradient]


def unexplained_shape(evidence: Sequence[Comparison], gradient: GradientName, words: Words) -> list[Finding]:
    """Another shape that no formula of the catalogue has."""
    odd = [seen for seen in evidence if seen.actual.shape != seen.right.shape]
    if not odd:
        return []
    when = condition([(seen.spec, seen.actual.shape == seen.right.shape) for seen in evidence])
    message = locate(odd[0].right, odd[0].actual, gradient)
    return [finding("wrong-shape", gradient, message, words, fails_when=when, fix=_making(gradient, words))]
