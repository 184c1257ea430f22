"""Mistakes to be planted into the right gradients of a recorded forward: the edits of its graph."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from gradcheck_cli.diagnose.edits.causes import EditCause
from gradcheck_cli.diagnose.edits.clauses import clause_of
from gradcheck_cli.diagnose.edits.graph_words import GraphWords
from gradcheck_cli.diagnose.edits.observed import Observed
from gradcheck_cli.mistakes import standing_for
from gradcheck_cli.model import Array

if TYPE_CHECKING:
    from gradcheck_cli.oracles.graph.edits import Edit

# The plain edits and those of values: what is more than that is seen where these are.
_STAGES = 2
# Derivatives of single nodes for all edits of a target, some 25 microseconds each: a fifth of a second.
_MOST_WORK = 8_000
# The same for what they add on all calls: a loop of fifty turns has a thousand nodes, and each edit asks all of them.
_MOST_PLANTED = 200_000
# Of a wrong gradient along a direction, to be another mistake than those before.
_DIGITS = 9
# Operations with a bound or a choice, of which values near 0 may see one side alone: names of torch.ops.aten.
_BRANCHES = (
    *("clamp", "clamp_min", "clamp_max", "hardtanh", "hardswish", "hardsigmoid", "hardshrink", "softshrink"),
    *("threshold", "softplus", "huber_loss", "smooth_l1_loss", "where", "masked_fill", "maximum", "minimum"),
    *("gt", "ge", "lt", "le"),
)
# Operations that have no derivative at a tie: of a value with 0, or of two values with each other.
_TIED = (
    *("relu", "abs", "sign", "leaky_relu", "threshold", "clamp", "clamp_min", "clamp_max", "hardtanh", "maximum"),
    *("minimum", "max", "min", "amax", "amin", "max_pool2d_with_indices", "sort", "topk", "gt", "ge", "lt", "le"),
)


@dataclass(frozen=True, eq=False)
class GraphPlants:
    """The edits of one forward, and what each adds to the right gradients on each of its calls.

    Attributes:
        calls: at least one, whose forwards do the same operations.
    """

    calls: Sequence[Observed]

    @classmethod
    def of(cls, seen: Sequence[Observed]) -> GraphPlants:
        """The calls whose forward does what that of the first does, with every path written out."""
        from gradcheck_cli.oracles.graph.edits import same_operations

        views = [replace(each, view="every path") for each in seen]
        first = views[0].literal.chain.recording
        return cls([each for each in views if same_operations(first, each.literal.chain.recording)])

    @cached_property
    def edits(self) -> tuple[Edit, ...]:
        """Those that can be made, the plainer first; as many as there is time for."""
        return tuple(self._listed())

    def _listed(self) -> Iterator[Edit]:
        from gradcheck_cli.oracles.graph.listing import Listing

        for stage in Listing(self.calls[0].editor).stages()[:_STAGES]:
            for edit in stage:
                if self.calls[0].literal.chain.work.asked > _MOST_WORK:
                    return
                if not edit.turns and not edit.is_of_block:  # what one node shows is seen in all of them
                    yield edit

    @property
    def is_tired(self) -> bool:
        """Whether more was asked than it is worth to know of slips that nobody made. Counted, so that it repeats."""
        return sum(call.literal.chain.work.asked for call in self.calls) > _MOST_PLANTED

    @property
    def has_branches(self) -> bool:
        """Whether values of another size may take another way through the forward."""
        return self._has(_BRANCHES)

    @property
    def has_ties(self) -> bool:
        """Whether there are values at which the forward has no derivative."""
        return self._has(_TIED)

    def _has(self, stems: Sequence[str]) -> bool:
        ops = (node.op.split(".") for node in self.calls[0].literal.chain.recording.nodes)
        return any(parts[1] in stems for parts in ops if len(parts) > 1)

    def added(self, edit: Edit, call: Observed) -> dict[str, Array]:
        """What an edit adds to each gradient that it changes on a call."""
        effect = call.effect(edit)
        return {} if effect is None else effect.added

    def on(self, call: Observed) -> GraphPlants | None:
        """The same edits on a further call; None where its forward does other operations."""
        found = GraphPlants.of([self.calls[0], call])
        return replace(self, calls=found.calls[1:]) if len(found.calls) > 1 else None

    def words(self, edit: Edit) -> tuple[str, str]:
        """The id of the mistake, and what it is, in a clause."""
        editor = self.calls[0].editor
        clause = clause_of(edit, EditCause((edit,)), editor)
        where = GraphWords(editor.chain.recording).where(clause.place)
        return standing_for(clause.sign).id, f"{clause.text}{where}"


def fingerprint(added: dict[str, Array]) -> tuple[tuple[str, str], ...]:
    """Of what an edit adds: the same for edits that add the same numbers."""
    found = []
    for name, array in sorted(added.items()):
        way = np.random.default_rng(0).standard_normal(array.size)
        with np.errstate(invalid="ignore"):  # of what an edit makes infinite, the sum may be no number
            found.append((name, f"{float(way @ np.ravel(array)):.{_DIGITS}g}"))
    return tuple(found)
