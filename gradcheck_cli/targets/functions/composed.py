"""One backward of two functions: `softmax(x)`, `cross_entropy(p, y)` and `softmax_backward(p, y)`, which is p - y.

A backward that is handed what a loss compares with, and no dE/dO, goes back through that loss too: judged is the loss
of what the forward gives. A loss that takes scores and makes the probabilities itself is the other way to mean it:
that in which the backward is the derivative is believed.
"""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gradcheck_cli.targets.functions.form import Values, fresh
from gradcheck_cli.targets.functions.pair import (
    ARGUMENT,
    CACHE,
    LENGTH,
    RESULT,
    Meaning,
    PairForm,
    Wiring,
)
from gradcheck_cli.targets.functions.pairs import Defined
from gradcheck_cli.targets.functions.plain import PlainFunction, call_by_name
from gradcheck_cli.targets.functions.reading import returned_names
from gradcheck_cli.targets.functions.spelling import (
    LOSS_WORDS,
    backwards_among,
    base_of,
    counts_data,
    is_cache,
    is_target,
    is_upstream,
    tokens,
)

# To hand a backward its arguments.
MOST_WAYS = 8


@dataclass(frozen=True)
class Composition:
    """A backward goes back through `fore` and through one of `losses`, the likeliest first."""

    fore: str
    losses: tuple[str, ...]


def compositions_among(functions: Mapping[str, Defined], pairs: Mapping[str, str]) -> dict[str, Composition]:
    """Backward -> what it goes back through, of the functions of one file.

    Args:
        pairs: see `pairs_among`.
    """
    found = {}
    for back in backwards_among(functions):
        own = functions[back].parameters
        if not any(map(is_target, own)) or any(map(is_upstream, own)):
            continue
        fore = pairs.get(back, "") or _part_of(back, functions)
        if not fore or _is_loss(fore) or any(map(is_target, functions[fore].parameters)):
            continue
        others = [name for name in functions if name not in (back, fore, *pairs)]
        losses = [name for name in others if _is_loss(name) and _compares(functions[name])]
        if losses:
            near = sorted(losses, key=lambda name: -len(set(base_of(name)) & set(base_of(back))))
            found[back] = Composition(fore, tuple(near))
    return found


def _part_of(back: str, functions: Mapping[str, Defined]) -> str:
    """`softmax` of softmax_cross_entropy_grad: the only function that is called as a part of it, and is no loss."""
    base = base_of(back)
    found = [name for name in functions if name != back and base_of(name) and set(base_of(name)) < set(base)]
    found = [name for name in found if not _is_loss(name)]
    return found[0] if len(found) == 1 else ""


def _is_loss(name: str) -> bool:
    return bool(set(tokens(name)) & LOSS_WORDS)


def _compares(said: Defined) -> bool:
    """It takes something and what that is compared with, and gives the loss alone."""
    return sum(map(is_target, said.needed)) == 1 and len(said.needed) > 1 and len(said.returned) < 2


@dataclass(frozen=True)
class ComposedPair(PairForm):
    """The loss of what the forward gives, and its backward.

    `first`: the forward by itself; `losses`: the other ways to mean the loss.
    """

    first: PlainFunction | None = None
    losses: tuple[PlainFunction, ...] = ()

    @property
    def alone(self) -> PairForm:
        """The forward and the backward without the loss."""
        return PairForm(self.first or self.fore, self.back)

    @property
    def _names(self) -> list[str]:
        """What the forward by itself calls what it gives."""
        return returned_names(self.first.node) if self.first is not None else []

    @property
    def why(self) -> str:
        """What was put together."""
        return f"{super().why}; it is handed what a loss compares with: judged is {self.fore.name}"

    def wirings(self, values: Values) -> Iterator[PairForm]:
        """Of each way that runs; see `PairForm.wirings`.

        Raises:
            Exception: what the likeliest way raises, where none runs.
        """
        first_error: Exception | None = None
        has_run = False
        for fore in (self.fore, *self.losses):
            try:
                result = call_by_name(fore.call, fresh(values))
            except Exception as error:  # this loss does not take what the first one takes
                first_error = first_error or error
                continue
            has_run = True
            is_loss = np.shape(result[0]) == ()
            for meanings in _meanings(self.back, list(values), len(result), self._names):
                yield replace(self, fore=fore, losses=(), wiring=Wiring((0,), meanings, bare=True, is_loss=is_loss))
        if first_error is not None and not has_run:
            raise first_error


def _meanings(
    back: PlainFunction, given: Sequence[str], count: int, names: Sequence[str]
) -> Iterator[dict[str, Meaning]]:
    """Each way to hand the backward the arguments and what the forward gave, which stands behind the loss.

    Args:
        names: what the forward calls what it gives.
    """
    listed: list[list[tuple[str, Meaning]]] = []
    for item in back.parameters():
        if item.name in given:
            options: list[Meaning] = [(ARGUMENT, item.name)]
        elif item.has_default:
            continue
        elif is_cache(item.name):
            options = [(CACHE, count - 1)]
        elif item.name in names:
            options = [(RESULT, 1 + names.index(item.name))]
        elif counts_data(item.name):
            options = [(LENGTH, (name, slice(None, 1))) for name in given[:2]]
        else:
            options = [*((RESULT, place) for place in range(1, count)), (ARGUMENT, given[0])]
        listed.append([(item.name, option) for option in options])
    for chosen in itertools.islice(itertools.product(*listed), MOST_WAYS):
        yield dict(chosen)


def composed_pair(
    composition: Composition, back: PlainFunction, function: Callable[[str], PlainFunction]
) -> ComposedPair:
    """The form of a composition.

    Args:
        function: of the file, by its name.
    """
    fore, losses = function(composition.fore), [function(name) for name in composition.losses]
    ways = [_of_result(fore, loss, back) for loss in losses] + [_beside(fore, loss, back) for loss in losses]
    return ComposedPair(ways[0], back, first=fore, losses=tuple(ways[1:]))


def _of_result(fore: PlainFunction, loss: PlainFunction, back: PlainFunction) -> PlainFunction:
    return _put_together(_Both(fore, loss, _renamed(loss, back), _prediction(loss)), f"{loss.name}({fore.name})")


def _beside(fore: PlainFunction, loss: PlainFunction, back: PlainFunction) -> PlainFunction:
    """The loss of the argument itself; what the forward gives is handed to the backward."""
    return _put_together(_Both(fore, loss, _renamed(loss, back), ""), loss.name)


def _put_together(both: _Both, name: str) -> PlainFunction:
    return PlainFunction(both, None, name, f"{both.fore.source}\n{both.loss.source}")


def _prediction(loss: PlainFunction) -> str:
    """The loss's argument that is compared."""
    return next(item.name for item in loss.parameters() if not item.has_default and not is_target(item.name))


def _renamed(loss: PlainFunction, back: PlainFunction) -> dict[str, str]:
    """What is compared with, as the backward calls it, where both call one thing so."""
    own, wanted = ([item.name for item in each.parameters() if is_target(item.name)] for each in (loss, back))
    return {own[0]: wanted[0]} if len(own) == len(wanted) == 1 else {}


@dataclass(frozen=True)
class _Both:
    """Gives the loss, and behind it what the forward gives.

    Attributes:
        names: of the loss's arguments that are called otherwise here.
        compared: the loss's argument that is what the forward gives; "" where it is the forward's own argument.
    """

    fore: PlainFunction
    loss: PlainFunction
    names: Mapping[str, str]
    compared: str

    @property
    def __signature__(self) -> inspect.Signature:
        others = {name: item for name, item in self._of(self.loss).items() if name != self.compared}
        mine = [item.replace(name=self._named(name)) for name, item in others.items()]
        items = {item.name: item for item in (*mine, *self._of(self.fore).values())}
        return inspect.Signature([item.replace(kind=item.KEYWORD_ONLY) for item in items.values()])

    def __call__(self, **given: Any) -> tuple[Any, ...]:
        own = {name: given[name] for name in self._of(self.fore) if name in given}
        result = call_by_name(self.fore.call, own)
        parts: Sequence[Any] = result if isinstance(result, tuple) else (result,)
        wanted = {name: self._named(name) for name in self._of(self.loss)}
        handed = {name: given[here] for name, here in wanted.items() if here in given}
        if self.compared:
            handed[self.compared] = parts[0]
        return call_by_name(self.loss.call, handed), *parts

    def _named(self, name: str) -> str:
        """What an argument of the loss is called here; where it is compared and made by nobody, as the forward's."""
        if not self.compared and name == _prediction(self.loss):
            return next(iter(self._of(self.fore)))
        return self.names.get(name, name)

    @staticmethod
    def _of(function: PlainFunction) -> Mapping[str, inspect.Parameter]:
        return inspect.signature(function.call).parameters
