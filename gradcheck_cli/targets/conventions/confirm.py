"""What is asked of a layer once it is recognised: is it a convolution at all, does it add up, is torch at work?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from gradcheck_cli.model import Array, Case, ConvSpec
from gradcheck_cli.model.line import LineSpec
from gradcheck_cli.targets.conventions import probes, reading
from gradcheck_cli.targets.conventions.another_layer import AnotherLayer
from gradcheck_cli.targets.conventions.base import NotRecognisedError, UnreadableUpdateError, to_numpy
from gradcheck_cli.targets.conventions.layer import LayerCandidate
from gradcheck_cli.targets.conventions.own_forward import check_forward
from gradcheck_cli.targets.conventions.promised import agrees
from gradcheck_cli.targets.conventions.reading import Trained
from gradcheck_cli.targets.conventions.results import Keys

# Geometries that are asked about: the first ones have a plain, a padded and a strided layer among them.
TRIES = 4
# As many filters as channels, and more than one: a loop over the one in place of the other is right there.
SQUARE = (ConvSpec(2, 3, 3, 8, 7, (3, 3)), ConvSpec(1, 3, 3, 8, 8, (3, 3)), LineSpec(2, 3, 3, 1, 9, (1, 3)))


def confirmed(candidate: LayerCandidate, keys: Keys) -> LayerCandidate:
    """The candidate with what is told of it besides.

    Raises:
        NotRecognisedError: it is no convolution, or its gradient cannot be read off its update.
    """
    another = AnotherLayer(candidate, keys, _Outputs(candidate))
    for spec in _specs(candidate):
        try:
            if not candidate.forward_right and not _is_right_for_square(candidate):
                check_forward(another, spec)
            case = probes.integer_case(spec)
            _check_update(candidate, keys, case)
            written = bool(candidate.calls.backward or candidate.calls.engine) or _has_own_function(candidate, case)
            return replace(candidate, adds_up=_adds_up(candidate, keys, case), handwritten=written)
        except NotRecognisedError:
            raise
        except Exception:  # what it raises is told where it is judged
            continue
    return candidate


def _is_right_for_square(candidate: LayerCandidate) -> bool:
    """Whether its forward is the convolution where there are as many filters as channels: a slip, no other layer."""
    for spec in SQUARE:
        if not candidate.refuses(spec):
            case = probes.integer_case(spec)
            with suppress(Exception):  # what it raises is told where it is judged
                if agrees(candidate, _as_given(candidate, case), case):
                    return True
    return False


def _as_given(candidate: LayerCandidate, case: Case) -> Array:
    output = candidate.own_output(case)
    if output is None:
        raise ValueError("its forward gives no array")
    return output


def _specs(candidate: LayerCandidate) -> Iterator[ConvSpec]:
    able = [spec for spec in probes.PROBES if not candidate.refuses(spec)]
    return iter(able[:TRIES])


@dataclass
class _Outputs:
    """What its forward gives, in our layout; of one object for each geometry, where nothing in it says what was before.

    To make an object takes several times as long as to run it.
    """

    candidate: LayerCandidate
    kept: dict[ConvSpec, Trained | None] = field(default_factory=dict)

    def __call__(self, case: Case) -> Array:
        if case.spec not in self.kept:
            trained = self.candidate.build(case)
            once, other = (_output(self.candidate, trained, one) for one in (case, _other(case)))
            remembers = not np.array_equal(_output(self.candidate, trained, case), once) or not np.array_equal(
                other, _output(self.candidate, self.candidate.build(case), _other(case))
            )
            self.kept[case.spec] = None if remembers else trained
        return _output(self.candidate, self.kept[case.spec] or self.candidate.build(case), case)


def _other(case: Case) -> Case:
    """Other numbers of the same shapes."""
    return replace(case, x=case.x[::-1] + 1, weight=2 * case.weight)


def _output(candidate: LayerCandidate, trained: Trained, case: Case) -> Array:
    output = to_numpy(candidate.run_forward(trained, candidate.prepare(trained, case), case))
    if output is None:
        raise ValueError("its forward gives no array")
    return candidate.layout.take("output", output, case.spec.output_shape, case.spec.groups)


def _check_update(candidate: LayerCandidate, keys: Keys, case: Case) -> None:
    """Refuse an update by the sign of the gradient, as the first step of Adam and RMSprop is: its size is lost.

    Raises:
        UnreadableUpdateError: every weight is moved as far as every other.
    """
    key = keys.get("weight", "")
    if candidate.weight is None or key[:1].isdigit():
        return
    if reading.says_only_signs(_step(candidate, case)) and (
        key.startswith(reading.UPDATE) or _moves(candidate, key, case)
    ):
        raise UnreadableUpdateError(
            "read",
            "every weight is stepped as far as every other, as by Adam: the gradient cannot be read off its update",
            "(old - new) of the weights; no attribute holds the gradient, and it is not returned",
        )


def _step(candidate: LayerCandidate, case: Case) -> Array:
    """old - new of the weights."""
    trained = candidate.build(case)
    given = candidate.prepare(trained, case)
    items: dict[str, Array] = {}
    before = reading.look(trained)
    candidate.run_once(trained, given, case)
    reading.add_updates(trained, before, items, {}, 1.0)
    return next(iter(items.values()), np.zeros(0))


def _moves(candidate: LayerCandidate, key: str, case: Case) -> bool:
    """Whether what is kept is another thing after the same call once more, as a momentum is, and not its double."""
    session = candidate.start(case)
    one, two = session().items[key], session().items[key]
    return not np.array_equal(one, two) and not np.array_equal(2 * one, two)


def _has_own_function(candidate: LayerCandidate, case: Case) -> bool:
    """Whether a torch.autograd.Function of the user's is among the steps of its output."""
    trained = candidate.build(case)
    output = candidate.run_forward(trained, candidate.prepare(trained, case), case)
    left, seen = [getattr(output, "grad_fn", None)], set[Any]()
    while left:
        node = left.pop()
        if node is None or node in seen:
            continue
        if hasattr(node, "_forward_cls"):
            return True
        seen.add(node)
        left += [before for before, _ in node.next_functions]
    return False


def _adds_up(candidate: LayerCandidate, keys: Keys, case: Case) -> bool:
    """Whether a second backward adds to the `.grad` beside a parameter, where nobody clears it."""
    wanted = {key for name, key in keys.items() if name != "input"}
    trained = candidate.build(case)
    given = candidate.prepare(trained, case)
    reading.clear_beside(trained)
    candidate.run_once(trained, given, case)
    once = [place for place in reading.beside(trained) if place.name in wanted]
    if not once:
        return False
    candidate.run_once(trained, given, case)
    again = {place.name: place.array for place in reading.beside(trained)}
    return all(np.array_equal(again[place.name], 2 * place.array) and np.any(place.array) for place in once)
