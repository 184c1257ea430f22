"""One way to build and call a layer class, as data: what is called, where its arrays are, what it can be told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from gradcheck_cli.model import Case, ConvSpec
from gradcheck_cli.targets.conventions import binding, calling, state
from gradcheck_cli.targets.conventions.binding import Form
from gradcheck_cli.targets.conventions.calling import Calls
from gradcheck_cli.targets.conventions.construct import Constructor, Recipe
from gradcheck_cli.targets.conventions.layout import Layout
from gradcheck_cli.targets.conventions.names import function_roles
from gradcheck_cli.targets.conventions.reading import UPDATE
from gradcheck_cli.targets.conventions.source import Source


@dataclass(frozen=True)
class LayerWay:
    """One way to build and call a layer class.

    Attributes:
        weight: where the instance keeps F; None where F is handed to its forward.
        rectified: the layer applies max(0, .), undone by a bias so large that every output is positive.
        forward_right: its forward gives exactly O.
        bias_often: but for b, which it adds more than once.
        same: it pads by itself to keep the size.
        adds_up: it adds to the `.grad` of its parameters, which the model is to clear.
        handwritten: its gradients are not all torch's own.
        wanted: the keys of its results that are known to be gradients; empty while it is being recognised.
        blocks: its kernel is as wide as its stride, and cuts nothing but whole blocks.
        forgotten: sentences about gradients that its backward computes and gives to nobody.
    """

    owner: type
    constructor: Constructor
    source: Source
    recipe: Recipe
    form: Form
    calls: Calls
    weight: state.Path | None
    bias: state.Path | None
    rectified: bool = False
    forward_right: bool = False
    bias_often: bool = False
    same: bool = False
    adds_up: bool = False
    handwritten: bool = True
    lr: float = 1.0
    exposure: str = ""
    wanted: frozenset[str] = frozenset()
    forgotten: tuple[str, ...] = ()
    in_text: bool = False
    blocks: bool = False

    @property
    def layout(self) -> Layout:
        """Axis orders of what is passed."""
        return self.form.layout

    @property
    def bias_form(self) -> str:
        """How the layer keeps b; "" without one."""
        return self.form.bias if self.bias or self.takes("bias") else ""

    @property
    def family(self) -> str:
        """Id of the convention."""
        if not self.calls.backward and self.calls.engine is None:
            return "module"
        return {UPDATE: "class-update", "attribute": "class-attribute"}.get(self.exposure, "class")

    @property
    def has_rate(self) -> bool:
        """Whether we could set its learning rate; else the rate is a number in its code."""
        method = binding.parameters(getattr(self.owner, self.calls.backward, self.owner))
        roles = {role for item in method for role in function_roles(item.name)[:1]} | set(self.recipe.roles.values())
        return bool(roles & {"lr", "optimizer"})

    def refuses(self, spec: ConvSpec) -> str:
        """Why it cannot take `spec`; sizes that its constructor fixes show when it is built."""
        form = replace(self.form, pairs=True) if not self.recipe.mode else replace(self.form, pairs=True, mode=True)
        form = replace(form, corners=self.recipe.corners(self.constructor))
        roles = self._roles() | ({"stride"} if self.blocks else set())
        plain = binding.refuses(spec, form, roles, self.same) or binding.square_only(spec, form, [self.source])
        return plain or binding.no_block(spec, self.blocks)

    def takes(self, role: str) -> bool:
        """Whether `forward` itself is handed an array of `role`."""
        return self.weight is None and role in calling.handed(self.owner, self.calls.forward, self.source).values()

    def _roles(self) -> set[str]:
        """What it can be told."""
        roles = set(self.recipe.roles.values())
        roles |= {"stride", "padding"} if "params" in roles else set()
        if self.weight is None:
            settings = binding.parameters(getattr(self.owner, self.calls.forward), 1)
            roles |= {role for item in settings for role in function_roles(item.name)[:1]}
        return roles

    def values(self, case: Case) -> dict[str, Any]:
        """The value of every role: of the constructor's, in the form in which methods take them."""
        return {**self.recipe.values(case), **binding.values(case, self.form)}

    def is_uneven(self, spec: ConvSpec) -> bool:
        """Pairs that differ, for a class that was recognised with numbers: tried, but never promised."""
        if self.layout.spatial == 1:
            return False
        pairs = (spec.stride, spec.padding, spec.dilation, spec.kernel_size)
        promised = self.recipe.pairs, self.recipe.pairs, self.recipe.pairs, self.recipe.kernel_pair
        return any(len(set(pair)) > 1 and not known for pair, known in zip(pairs, promised, strict=True))
