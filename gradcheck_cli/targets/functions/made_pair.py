"""A pair whose parameters another function makes: `init(sizes)`, `forward(x, params)`, `backward(dout, cache)`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from gradcheck_cli.targets.functions.form import NotAFunctionError, Parameter
from gradcheck_cli.targets.functions.inputs.proposals import SIZES, Proposal
from gradcheck_cli.targets.functions.made_object import made_here, reads_numbers
from gradcheck_cli.targets.functions.network_wiring import (
    Handing,
    data_of,
    known_parameters,
    layouts_of,
    sample_of,
    shapes_made,
)
from gradcheck_cli.targets.functions.pair import PairForm
from gradcheck_cli.targets.functions.plain import PlainFunction
from gradcheck_cli.targets.functions.reading import named_gradients, returned_names
from gradcheck_cli.targets.functions.spelling import is_upstream
from gradcheck_cli.targets.functions.unpacked import with_members


@dataclass(frozen=True)
class MadePairForm(PairForm):
    """The pair on one layout of its data.

    Attributes:
        made_by: what makes its parameters.
        shapes: of each of these, on each set of sizes.
        known: its data, by name.
    """

    made_by: str = ""
    shapes: Mapping[str, tuple[tuple[int, ...], ...]] = field(default_factory=dict)
    known: Mapping[str, Proposal] = field(default_factory=dict)

    @property
    def why(self) -> str:
        """Who makes what."""
        return f"{super().why}; {self.made_by} makes {', '.join(self.shapes)}"

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Its own, with what is known of them; data where its gradients are those of its parameters alone."""
        found = known_parameters(super().parameters, self.shapes, self.known)
        is_one = len(returned_names(self.back.node)) == 1
        named = (
            named_gradients(self.back.node, [item.name for item in found]) if is_one else {item.name for item in found}
        )
        return tuple(replace(item, is_data=not item.is_state and item.name not in named) for item in found)


def made_pairs(form: PairForm, makings: Sequence[PlainFunction]) -> Iterator[MadePairForm]:
    """One for each layout of its data; none where its backward is handed no G, or the forward not all that is made."""
    if not any(is_upstream(item.name) for item in form.back.parameters()):
        return
    for making in makings:
        seen: set[str] = set()
        for axes, _, made in layouts_of(making):
            shapes = shapes_made(made)
            name = Handing.dict_name(form.fore)
            inner = with_members(form, name, list(shapes)) if name else form
            if not set(shapes) <= {item.name for item in inner.parameters} or axes in seen:
                continue
            seen.add(axes)
            try:
                data, proposal = data_of(form.fore, shapes, axes)
            except NotAFunctionError:
                return
            known = {data: replace(proposal, is_owed=True)}
            made_form = MadePairForm(inner.fore, inner.back, made_by=making.name, shapes=shapes, known=known)
            gradients = _gradients(made_form)
            if gradients:
                yield made_form if data in gradients else replace(made_form, known={data: proposal})


def _gradients(form: MadePairForm) -> Collection[str]:
    """What its backward gives gradients of, on a layout for which it is meant: of a network's data none is owed."""
    sample = sample_of(form)
    with suppress(Exception):  # whatever the user's code raises on a layout that it is not meant for
        for ready in form.wirings(sample.values):
            with suppress(Exception):  # another way to hand things on may be the right one
                upstream = [np.ones_like(out) for out in ready.forward(sample.values)]
                gradients = ready.run(sample.values, upstream).gradients
                if all(gradient.shape == sample.array(name).shape for name, gradient in gradients.items()):
                    return list(gradients)
    return ()


def in_made_shapes(opened: PairForm, whole: PairForm, module: Mapping[str, Any]) -> Iterator[PairForm]:
    """The pair, before or behind it the same in the shapes in which its file makes its parameters.

    Before it where it reads numbers of its file, or makes its gradients like the whole object, with what it does not
    read: other lengths would not go with them.

    Args:
        opened: the pair whose parameters are arguments one by one.
        whole: the same as it stands in its file.
    """
    own = {item.name for item in whole.fore.parameters()}
    names = {item.name for item in opened.fore.parameters()} - own
    made = made_here(module, names) if names else None
    if made is None:
        yield opened
        return
    shapes = {name: (made.arrays[name].shape,) * len(SIZES) for name in names}
    shaped = MadePairForm(
        opened.fore, opened.back, is_of_result=opened.is_of_result, made_by=made.made_by, shapes=shapes
    )
    is_first = reads_numbers(opened.source, module) or not isinstance(made.held, Mapping)
    yield from (shaped, opened) if is_first else (opened, shaped)
