"""Shapes that go together: what is a vector in a regression is one in all its parts.

Each part alone is likelier as something else, and a choice of four unlikely parts comes hundreds of choices later.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from gradcheck_cli.targets.functions.form import Parameter
from gradcheck_cli.targets.functions.inputs.proposals import REAL, Proposal, ProposalKind, is_bias_name, is_weight_name
from gradcheck_cli.targets.functions.spelling import is_target

# Role -> axes: one number for each row, as a vector and as a column.
_REGRESSIONS: Sequence[Mapping[str, Sequence[str]]] = (
    {"data": ("n d",), "weight": ("d",), "bias": ("",), "target": ("n",)},
    {"data": ("n d",), "weight": ("d 1",), "bias": ("1", ""), "target": ("n 1",)},
)

# What a logistic regression compares with lies between 0 and 1.
_KINDS: Mapping[str, Collection[ProposalKind]] = {"target": (*REAL, "shares", "mask")}


def together(parameters: Sequence[Parameter], listed: Sequence[Sequence[Proposal]]) -> Iterator[tuple[int, ...]]:
    """The places of such choices among what each parameter may be; none where there is no weight beside data."""
    roles = [_role(item, options) for item, options in zip(parameters, listed, strict=True)]
    if not {"data", "weight"} <= set(roles):
        return
    for axes in _REGRESSIONS:
        places = [
            _place(options, axes.get(role, ()), _KINDS.get(role, REAL))
            for role, options in zip(roles, listed, strict=True)
        ]
        if any(places) and all(place is not None for place in places):
            yield tuple(place or 0 for place in places)


def _role(item: Parameter, options: Sequence[Proposal]) -> str:
    """ "" of what stays as it is likeliest: a setting, and what an object holds."""
    if item.is_state:
        return ""
    if is_target(item.name) and any(each.kind in _KINDS["target"] for each in options):
        return "target"
    if options[0].kind not in REAL:
        return ""
    return "weight" if is_weight_name(item.name) else "bias" if is_bias_name(item.name) else "data"


def _place(options: Sequence[Proposal], axes: Sequence[str], kinds: Collection[ProposalKind]) -> int | None:
    """Where the first of these axes stands; 0 where none is wanted, None where none is there."""
    found = (place for one in axes for place, each in enumerate(options) if each.kind in kinds and each.axes == one)
    return next(found, None) if axes else 0
