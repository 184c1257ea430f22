"""How an object's forward and backward are called: which parameter of the backward is handed what."""

from __future__ import annotations

import linecache
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gradcheck_cli.model import Array
from gradcheck_cli.targets.functions.by_use import is_static, methods_by_use, rates_by_use, stores_attributes
from gradcheck_cli.targets.functions.context import context_name, new_context
from gradcheck_cli.targets.functions.directions import directions_by_words, directions_in
from gradcheck_cli.targets.functions.form import Parameter, as_array, is_listed, outputs_of
from gradcheck_cli.targets.functions.pairs import backward_for, defined_of, pairs_among
from gradcheck_cli.targets.functions.plain import call_by_name, parameters_of
from gradcheck_cli.targets.functions.spelling import (
    RATES,
    in_order,
    is_cache,
    is_target,
    is_upstream,
    looks_like_gradient,
    tokens,
)

FORWARDS = in_order(
    "forward __call__ call fprop feedforward forward_pass forward_propagation forward_prop predict loss calculate "
    "cost compute_loss compute_cost loss_function cost_function objective energy potential nll "
    "function func activation_function evaluate value f"
)
BACKWARDS = in_order(
    "backward backprop bprop backward_pass backward_propagation back_propagation backward_prop back grad gradient "
    "backpropagate backpropagation derivative compute_gradient compute_gradients gradients "
    "backward_delta backward_input backward_inputs updateGradInput update_grad_input"
)
# Beside one that gives the gradient of the input: what adds up those of the parameters, of the same arguments.
ACCUMULATORS = in_order(
    "backward_update_gradient backward_update backward_params backward_parameters backward_weights accGradParameters "
    "acc_grad_parameters accumulate_gradient accumulate_gradients update_gradient"
)
# What is called so is handed what its loss is handed: predict(X), loss(X, y), gradient(X, y).
_GRADIENTS = in_order("grad gradient compute_gradient compute_gradients gradients derivative")
# The last word of `ik_grad`, beside `ik_cost`.
_OF_OTHERS = (("grad",), ("gradient",), ("gradients",))
# So large that what a weight was before is lost in old - new = rate * gradient: no digit of the gradient is rounded.
RATE = 2.0**100
# Where a forward that returns nothing leaves its output.
_OUTPUTS = ("output", "outputs", "out", "activations", "activation", "result", "a", "A", "y", "Y", "h", "z", "Z")


def method_names(owner: Any, asked: str = "") -> tuple[str, str]:
    """(forward, backward) of a class; "" for one that it has not.

    Args:
        asked: a method of one of several pairs, as `gru_step` and `gru_step_backward`; "" where the class is meant.
    """
    own = {name: getattr(owner, name, None) for kind in owner.__mro__ if kind is not object for name in vars(kind)}
    pairs = pairs_among({name: defined_of(call) for name, call in own.items() if callable(call)})
    if asked in pairs or backward_for(asked, pairs):
        return (pairs[asked], asked) if asked in pairs else (asked, backward_for(asked, pairs))
    backward = next((name for name in BACKWARDS if name in own), "")
    forwards = [name for name in FORWARDS if name in own]
    alike = [name for name in forwards if backward in _GRADIENTS and _take_the_same(owner, name, backward)]
    forward = next(iter([*alike, *forwards]), "")
    if forward and not backward:  # `backdrop`
        backward = min((name for name in own if name.lower().startswith("back")), default="")
    by_name = forward, backward
    by_use = ("", "") if all(by_name) else directions_by_words(own)
    by_use = by_use if all(by_name) or all(by_use) else _as_in_its_file(owner, own) or methods_by_use(owner)
    is_said = backward == by_use[1] if backward else forward in ("", by_use[0])
    return by_use if all(by_use) and is_said else by_name


def _as_in_its_file(owner: Any, names: Collection[str]) -> tuple[str, str] | None:
    """The two methods that the classes of its file are gone through with; None where it has not both."""
    codes = (getattr(call, "__code__", None) for call in vars(owner).values())
    files = {code.co_filename for code in codes if code is not None}
    texts = ["".join(linecache.getlines(file)) for file in files]
    try:
        known = [pair for text in texts for pair in directions_in(text)]
    except (SyntaxError, ValueError, RecursionError):  # as what was made by another text is
        return None
    return next((pair for pair in known if set(pair) <= set(names)), None)


def _take_the_same(owner: Any, *names: str) -> bool:
    first, *others = ({item.name for item in parameters_of_method(owner, name)} for name in names)
    return all(other == first for other in others)


def are_static(owner: Any, *names: str) -> bool:
    """Whether methods are plain functions that merely stand in a class, and hand no context from one to the other."""
    static = all(is_static(owner, name) for name in names)
    return static and not context_name(owner, names[0], names[-1])


def keeps_nothing(owner: Any, fore: str, back: str) -> bool:
    """Is the backward handed the arguments of the forward, and does neither leave anything in the object?

    So `force(q)` and `jacobian(q)`, which only read what the object was made with; a loss is told by its target. What
    is called a derivative, as `grad(x)` beside `__call__(z)`, may call the one argument as it likes, but for a G.
    """
    again = {item.name for item in parameters_of_method(owner, back)}
    own = [item.name for item in parameters_of_method(owner, fore) if not item.has_default]
    codes = (getattr(getattr(owner, name), "__code__", None) for name in (fore, back))
    is_kept = any(code is None or stores_attributes(code) for code in codes)
    is_loss = any(map(is_target, again))
    is_renamed = back in _GRADIENTS and len(own) == len(again) == 1 and not any(map(is_upstream, again))
    return (
        bool(own)
        and (set(own) <= again or is_renamed)
        and not is_loss
        and not is_kept
        and not context_name(owner, fore, back)
    )


def parameters_of_method(owner: Any, name: str) -> tuple[Parameter, ...]:
    """The parameters of a method, without the object."""
    found = parameters_of(getattr(owner, name))
    return found if is_static(owner, name) else found[1:]


@dataclass(frozen=True)
class Methods:
    """The forward and the backward of a class.

    `is_last`: the backward is called without a G, which has a default there and is not looked at.
    """

    owner: Any
    fore: str
    back: str
    is_last: bool = False

    @property
    def arguments(self) -> tuple[Parameter, ...]:
        """What the forward is given, without a context that is made for each call."""
        return tuple(item for item in parameters_of_method(self.owner, self.fore) if item.name != self.context)

    @property
    def context(self) -> str:
        """What both call the object that one hands to the other; "" where there is none."""
        return context_name(self.owner, self.fore, self.back)

    def with_context(self, given: dict[str, Any]) -> dict[str, Any]:
        """The arguments of one call, and the context that it shares with its backward."""
        name = self.context
        return {name: new_context(self.owner, self.fore), **given} if name else given

    @property
    def takes_upstream(self) -> bool:
        """Is the backward handed a G? A loss's is not."""
        return bool(self._upstreams())

    @property
    def is_handed_all(self) -> bool:
        """Is the backward handed the arguments of the forward once more, several data and what they are compared with?

        `loss(X, y, w)` and `gradient(X, y, w)` are two functions that stand in a class.
        """
        own = [item.name for item in self.arguments if not item.has_default]
        again = {item.name for item in parameters_of_method(self.owner, self.back)}
        return again >= set(own) and sum(not is_target(name) for name in own) > 1

    @property
    def is_gradient_of_same(self) -> bool:
        """Is it called a gradient, and handed what its loss is handed: `cost(X, y)` and `gradient(X, y)`?"""
        is_called_so = self.back in _GRADIENTS or tokens(self.back)[-1:] in _OF_OTHERS
        return is_called_so and _take_the_same(self.owner, self.fore, self.back)

    @property
    def may_be_last(self) -> bool:
        """Has its only upstream a default, as `backward(self, dout=1)`?"""
        found = {item.name: item.has_default for item in parameters_of_method(self.owner, self.back)}
        upstreams = self._upstreams()
        return len(upstreams) == 1 and found[upstreams[0]]

    def called(self, instance: Any, given: Mapping[str, Any]) -> tuple[tuple[Array, ...], Any]:
        """Call the forward: what it returns, or the first of a tuple whose rest is a cache, or where it leaves it.

        Returns:
            Its outputs, and the last of what it returned, which is a cache where its backward takes one.

        Raises:
            TypeError: no array is found.
            Exception: whatever the forward raises.
        """
        result = call_by_name(getattr(instance, self.fore), given)
        if result is None:
            result = next(iter(self._left(instance)), None)
        is_one = is_listed(result) and len(self._upstreams()) < 2
        if isinstance(result, tuple | list) and result and not is_one and as_array(result[0]) is not None:
            # As many as its backward is handed gradients for: h and c of a cell; what follows is a cache.
            return outputs_of(result[: max(1, len(self._upstreams()))]), result[-1]
        return outputs_of([result]), result

    def call_backward(self, instance: Any, given: Mapping[str, Any], grads: Sequence[Array], kept: Any) -> Any:
        """Call the backward; a learning rate is so large that its update shows the gradient alone.

        Args:
            kept: what the forward returned last, for a backward that is handed its cache.
        """
        handed: dict[str, Any] = dict(zip(self._upstreams(), grads, strict=False)) | self._again(given)
        handed |= {name: kept for name in self._needed() if self._is_kept(name)}
        for name in self._accumulators():
            replace(self, back=name).with_rates(instance, handed)
        return self.with_rates(instance, handed)

    def _accumulators(self) -> list[str]:
        """Those that are handed what the backward is handed, by the same names."""
        names = [name for name in ACCUMULATORS if callable(getattr(self.owner, name, None))]
        return [name for name in names if _take_the_same(self.owner, self.back, name)]

    def with_rates(self, instance: Any, handed: Mapping[str, Any]) -> Any:
        """Call the backward with what it is handed, and a rate wherever it has one."""
        for name in self._rates_of(instance):
            setattr(instance, name, RATE)
        method = getattr(instance, self.back)
        own = {item.name for item in self.arguments}  # an alpha that the forward takes too is no rate
        names = [item.name for item in parameters_of(method) if item.name not in own]
        rates = {name: RATE for name in names if name.lower() in RATES}
        return call_by_name(method, {**handed, **rates})

    def _rates_of(self, instance: Any) -> list[str]:
        """The learning rates that an object holds: by name, as long as the forward does not read it, as a slope."""
        code = getattr(getattr(self.owner, self.fore), "__code__", None)
        read = code.co_names if code else ()
        held = getattr(instance, "__dict__", {})
        steps = {name for name in rates_by_use(getattr(self.owner, self.back)) if isinstance(held.get(name), float)}
        return [name for name in held if (name in RATES or name in steps) and name not in read]

    def _left(self, instance: Any) -> Iterator[Any]:
        held = vars(instance) if hasattr(instance, "__dict__") else {}
        yield from (held[name] for name in _OUTPUTS if as_array(held.get(name)) is not None)

    def _needed(self) -> list[str]:
        found = parameters_of_method(self.owner, self.back)
        needed = [item.name for item in found if not item.has_default and item.name.lower() not in RATES]
        return needed or [item.name for item in found if is_upstream(item.name)]

    def _upstreams(self) -> list[str]:
        names = [item.name for item in self.arguments]
        needed = self._needed()
        if self.is_last or any(is_target(name) for name in needed):
            return []
        found = [
            name
            for name in needed
            if (name not in names or is_upstream(name)) and name != self.context and not self._is_kept(name)
        ]
        # backward(input, delta) beside forward(X): what is no gradient by its name is what the forward was given.
        named = [name for name in found if is_upstream(name) or looks_like_gradient(name)]
        return named or found

    def _is_kept(self, name: str) -> bool:
        """Is a parameter of the backward the cache that the forward returned?"""
        return is_cache(name) and name != self.context and all(item.name != name for item in self.arguments)

    def _again(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """What the forward was given, handed once more: by name; to a loss's backward the rest by place."""
        upstreams = self._upstreams()
        wanted = [name for name in self._needed() if name not in upstreams and not self._is_kept(name)]
        wanted += [self.context] if self.context else []
        found = {name: given[name] for name in wanted if name in given}
        left = [name for name in wanted if name not in found]
        targets = [value for name, value in given.items() if is_target(name) and name not in found]
        others = [value for name, value in given.items() if not is_target(name) and name not in found]
        for name in left:
            source = targets if is_target(name) else others
            if source:
                found[name] = source.pop(0)
        return found | self._same_settings(given, {*found, *upstreams})

    def _same_settings(self, given: Mapping[str, Any], handed: Collection[str]) -> dict[str, Any]:
        """What both may be given by the same name, as a delta, and the forward was: with a default beside it."""
        own = [item.name for item in parameters_of_method(self.owner, self.back) if item.has_default]
        return {name: given[name] for name in own if name in given and name not in handed}
