"""The same call with other settings: what holds at the default may not hold beside it.

A switch is turned, a number that is a factor is moved, an axis is another one, an array that may be left out is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeGuard

import numpy as np

from gradcheck_cli.model import Sample
from gradcheck_cli.targets.functions.form import Parameter, WrittenFunction
from gradcheck_cli.targets.functions.inputs.drawing import ProposalChoice
from gradcheck_cli.targets.functions.inputs.parameters import defaults_read, words_compared
from gradcheck_cli.targets.functions.inputs.proposals import Proposal, constant
from gradcheck_cli.targets.functions.inputs.running import runs
from gradcheck_cli.targets.functions.spelling import tokens, word_set

# Each is a sample more, with all its questions: a layer has rarely more settings than that.
MOST = 6
_AXES = word_set("dim axis axes dims")
# Whole numbers by which a label is left out: they stand among the labels then.
_LEFT_OUT = word_set("ignore ignored pad padding skip")
# Of a number that is compared with labels: `padding_idx`, not `padding`.
_OF_LABELS = word_set("ignore ignored skip idx index id token")
_SEEDS = word_set("seed random")
_STEPS = word_set("stride strides step steps s sh sw sx sy")
_SMALL = word_set("eps epsilon")
# Beside the epsilons that are usual: large enough for its every use to show in float64.
LARGE_EPSILON = 0.05
# No power of 2: then not even a factor is left exact by chance.
FACTOR = 0.7
# Of what is compared with a single word, `if mode == "train": ... else: ...`: what goes to the other branch.
_ANOTHER_WORD = "other"


def with_other_settings(
    parameters: Sequence[Parameter], choice: ProposalChoice, source: str = ""
) -> Iterator[ProposalChoice]:
    """The choice with one setting changed at a time, and with all switches turned on; at most `MOST` of them.

    Args:
        source: the forward's text: words that it compares a setting with are others.
    """
    single = [{item.name: proposal} for item in parameters for proposal in _others(item, choice, source)]
    switches = [change for change in single if all(proposal.value is True for proposal in change.values())]
    # Windows lie over each other only where they are several, and their step is short.
    sides = [change for change in single if all(_is_sides(proposal.value) for proposal in change.values())]
    for change in [*_together(switches), *_together(sides), *single][:MOST]:
        yield {**choice, **change}


def _together(changes: Sequence[Mapping[str, Proposal]]) -> list[dict[str, Proposal]]:
    """All of them at once, where they are several: what two switches do together is code of its own."""
    return [{name: other for change in changes for name, other in change.items()}] if len(changes) > 1 else []


def _is_sides(value: object) -> TypeGuard[tuple[int, ...]]:
    """Whole numbers, one for each axis of an image."""
    return isinstance(value, tuple) and len(value) > 1 and all(type(part) is int for part in value)


def is_axis(name: str) -> bool:
    """Is a setting called as an axis is?"""
    return bool(set(tokens(name)) & _AXES)


def with_a_label_left_out(parameters: Sequence[Parameter], sample: Sample) -> Iterator[Sample]:
    """The sample with the first of its labels as that which is left out, where there is a setting for it."""
    labels = [value for value in sample.values.values() if isinstance(value, np.ndarray) and value.dtype.kind == "i"]
    for item in parameters:
        if labels and _is_left_out(item, sample.values.get(item.name)):
            values = {**sample.values, item.name: int(labels[0].flat[0])}
            yield Sample(values, sample.differentiated, sample.seed)


def with_equal_lengths(form: WrittenFunction, sample: Sample) -> Iterator[Sample]:
    """The sample with two lengths of an object equal of which its code asks whether they are, for each such pair."""
    alike = getattr(form, "alike", None)
    yield from (other for other in (alike(sample) if alike is not None else ()) if runs(form, other))


def epsilons_raised(sample: Sample) -> list[str]:
    """The epsilons that a sample has another value of than their tiny default."""
    return [
        name
        for name, value in sample.values.items()
        if set(tokens(name)) & _SMALL and isinstance(value, float) and value == LARGE_EPSILON
    ]


def at_default_only(parameters: Sequence[Parameter], samples: Sequence[Sample]) -> list[str]:
    """The settings with a default that is a number, a switch, a word or None, and that no sample has another value of.

    Those without a default too, and those inside a dict of settings, as `param['stride']`: they have what was put there
    in every sample.
    """
    plain = [
        item.name
        for item in parameters
        if item.has_default and not item.is_state and isinstance(item.default, bool | int | float | str | None)
        if all(_is_at_default(item, sample) for sample in samples)
    ]
    plain += [item.name for item in parameters if not item.has_default and _is_one_number(item.name, samples)]
    return plain + [f"{item.name}[{key!r}]" for item in parameters for key in _unvaried_keys(item.name, samples)]


def _is_one_number(name: str, samples: Sequence[Sample]) -> bool:
    """Or one switch, or one word."""
    values = [sample.values.get(name) for sample in samples]
    return all(isinstance(value, bool | int | float | str) and value == values[0] for value in values)


def _unvaried_keys(name: str, samples: Sequence[Sample]) -> list[str]:
    found = [value for sample in samples if isinstance(value := sample.values.get(name), Mapping)]
    first = found[0] if found else {}
    return [
        key
        for key, value in first.items()
        if isinstance(value, bool | int | float | str) and all(each.get(key) == value for each in found)
    ]


def _is_at_default(item: Parameter, sample: Sample) -> bool:
    value = sample.values.get(item.name, item.default)
    return not isinstance(value, np.ndarray) and value == item.default


def _others(item: Parameter, choice: ProposalChoice, source: str) -> list[Proposal]:
    now = choice.get(item.name)
    if now is None or item.is_state:
        return []
    if item.has_default and item.default is None and now.kind != "keep":
        return [Proposal("constant", value=None)]
    if item.default is None and now.kind == "keep" and item.has_default:  # no array fits there: a word or a number may
        if known := words_compared(source, item.name):
            return [Proposal("constant", value=word) for word in known]
        usual = constant(tokens(item.name), None)
        return [Proposal("constant", value=value) for value in ((0.5, 2) if usual is None else (usual,))]
    value = item.default if now.kind == "keep" else now.value if now.kind == "constant" else None
    others = _inside(item.name, value, source) if isinstance(value, Mapping) else _beside(item.name, value, source)
    return [Proposal("constant", value=other) for other in others]


def _inside(name: str, value: Mapping[str, object], source: str) -> list[object]:
    """A dict of settings with one of them changed; those too that the code has a default for."""
    defaults = defaults_read(source, name)
    whole = {**value, **{key: default for key, default in defaults.items() if key not in value}}
    return [{**value, key: other} for key, now in whole.items() for other in _beside(key, now, source)]


def _beside(name: str, value: object, source: str) -> list[object]:
    words = set(tokens(name))
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, str):
        compared = words_compared(source, name)
        return [other for other in compared if other != value] or [_ANOTHER_WORD] * bool(compared)
    if isinstance(value, int) and is_axis(name):
        return [other for other in (0, 1) if other != value]
    if _is_sides(value):  # unequal ones, as rows and columns are easily exchanged
        return [(_stepped(value[0]), *value[1:]) if words & _STEPS else (*value[:-1], value[-1] + 1)]
    if isinstance(value, int) and not words & (_OF_LABELS | _SEEDS):
        return [_stepped(value) if words & _STEPS else value + 1]
    if isinstance(value, float):  # at 0 what hangs on it is nowhere to be seen
        return [LARGE_EPSILON if words & _SMALL else float(f"{FACTOR * (value or 1.0):.6g}")]
    return []


def _stepped(step: int) -> int:
    """Another one, so short that windows lie over each other."""
    return 2 if step == 1 else 1


def _is_left_out(item: Parameter, now: object) -> bool:
    """Is it a whole number that is called as a label that is left out is, with a default or without?"""
    value = item.default if item.has_default else now
    return isinstance(value, int) and not isinstance(value, bool) and bool(set(tokens(item.name)) & _LEFT_OUT)
