"""What a backward returned for a forward that is recorded, and the graph that says what it should have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from gradcheck_cli.diagnose.edits.graph_words import GraphWords
from gradcheck_cli.model import Array
from gradcheck_cli.model.recording import CONSTANT, INPUT, Recording, Ref

if TYPE_CHECKING:
    from gradcheck_cli.oracles.graph.editor import Editor
    from gradcheck_cli.oracles.graph.edits import Edit, Effect
    from gradcheck_cli.oracles.graph.listing import Listing
    from gradcheck_cli.oracles.graph.replay import Detached

# Edit and user's code round differently, and a composition is not as accurate as what a person derives by hand.
_UNITS = 2.0**14
# Derivatives of single nodes, 25 microseconds each, so a second.
_MOST_WORK = 40_000

GraphView: TypeAlias = Literal["as it ran", "written out", "every path"]
"""The graph in which an edit is looked for: with torch's own composite operations; with these written out; and with
the paths that add nothing to any gradient, which the other two leave out as one does by hand."""


@dataclass(frozen=True, eq=False)
class Observed:
    """One call.

    Attributes:
        recording: of the forward, on these values.
        values: by the recording's names of its inputs.
        upstream: what the backward was handed, one for each output of the recording.
        gradients: what it returned, by the same names; only those of the right shape.
        detached: what the forward's own detach means; see `oracles.graph.replay`.
        unit: roundoff of the precision in which the backward computes.
        dtype: in which the graph is; "" for the dtypes of the forward.
        view: see `GraphView`.
    """

    recording: Recording
    values: Mapping[str, Array]
    upstream: tuple[Array | None, ...]
    gradients: Mapping[str, Array]
    detached: Detached = "kept"
    unit: float = 2.0**-53
    view: GraphView = "as it ran"
    dtype: str = ""
    _views: dict[GraphView, Observed] = field(default_factory=dict, init=False, repr=False)
    _effects: dict[int, list[Effect]] = field(default_factory=dict, init=False, repr=False)

    def seen_as(self, view: GraphView) -> Observed:
        """The same call in another view, itself where that shows nothing else."""
        if view not in self._views:
            if view == "written out" and self._opened is self.recording:
                self._views[view] = self.seen_as("as it ran")
            elif view == "every path" and not self.seen_as("written out").editor.done:
                self._views[view] = self.seen_as("written out")
            else:
                self._views[view] = self if view == self.view else replace(self, view=view)
        return self._views[view]

    @cached_property
    def editor(self) -> Editor:
        """The graph of the forward, with its right messages."""
        return self.literal if self.view == "every path" else self.literal.on_top_of(self.literal.neutral())

    @cached_property
    def literal(self) -> Editor:
        """The same with every path, also those that add nothing."""
        from gradcheck_cli.oracles.graph.chain import Chain
        from gradcheck_cli.oracles.graph.editor import Editor
        from gradcheck_cli.oracles.graph.replay import Replay

        recording = self.recording if self.view == "as it ran" else self._opened
        return Editor(Chain(Replay(recording, self.values, self.detached, self.dtype)), self.upstream)

    @cached_property
    def _opened(self) -> Recording:
        from gradcheck_cli.oracles.graph.opened import opened

        return opened(self.recording, self.values)

    @cached_property
    def stages(self) -> int:
        """How many stages of edits there are, the plainer first."""
        return len(self._listing.stages())

    @cached_property
    def _listing(self) -> Listing:
        from gradcheck_cli.oracles.graph.listing import Listing

        return Listing(self.editor)

    def effects(self, stage: int) -> list[Effect]:
        """The edits of a stage that change something, as far as it is not tired."""
        if stage not in self._effects:
            self._effects[stage] = list(self._of_stage(stage))
        return self._effects[stage]

    def _of_stage(self, stage: int) -> Iterator[Effect]:
        for edit in self._listing.stages()[stage]:
            if self.is_tired:
                return
            effect = self.editor.effect(edit)
            if effect is not None and all(np.isfinite(array).all() for array in effect.added.values()):
                yield effect

    @property
    def is_tired(self) -> bool:
        """Whether more was asked than the answer is worth. Counted, so that the same run has the same end."""
        return self.literal.chain.work.asked > _MOST_WORK

    def effect(self, edit: Edit) -> Effect | None:
        """One edit."""
        return self.editor.effect(edit)

    def edit_of(self, edit: Edit, other: Observed) -> Edit | None:
        """An edit of another call on this one, whose loops may have another number of turns."""
        return other.literal.chain.turns.there(edit, self.literal.chain.turns)

    def use_of(self, use: Ref, other: Observed) -> Ref | None:
        """A use of an input of another call, on this one."""
        return other.literal.chain.turns.use_there(use, self.literal.chain.turns)

    def difference(self, name: str) -> Array:
        """What the user's gradient has too much."""
        difference: Array = np.asarray(self.gradients[name], np.float64) - self.editor.right[name]
        return difference

    def allowed(self, name: str) -> float:
        """How far two ways to compute one gradient may be apart, as one number for all of its entries."""
        returned = float(np.abs(self.gradients[name]).max(initial=0))
        return _UNITS * self.unit * max(self.literal.largest_term(name), returned)

    def is_wrong(self, name: str) -> bool:
        """Whether the gradient differs by more than that."""
        return not self.agrees(self.difference(name), 0.0, name)

    def agrees(self, one: Array, other: Array | float, name: str) -> bool:
        """Whether two arrays are the same gradient, or differences of it."""
        return bool(np.all(np.abs(one - other) <= self.allowed(name)))

    @cached_property
    def lengths(self) -> dict[str, int]:
        """The sizes by which a gradient could be divided, in words."""
        found: dict[str, int] = {}
        for name, value in self.values.items():
            shape = np.shape(value)
            axes = {f"the length of axis {axis} of {name}": length for axis, length in enumerate(shape)}
            axes[f"the number of entries of {name}"] = int(np.prod(shape))
            found.update({words: length for words, length in axes.items() if length > 1})
        for number, upstream in enumerate(self.upstream):
            if upstream is not None and upstream.size > 1:
                which = "" if len(self.upstream) == 1 else f" {number}"
                found[f"the number of entries of output{which}"] = upstream.size
        return found | self._counts

    @property
    def _counts(self) -> dict[str, int]:
        """Whole numbers that the forward counts, as the rows that it keeps: what it divides by."""
        words = GraphWords(self.literal.chain.recording)
        steps = [step for step in self.literal.chain.steps if step.node.op not in (INPUT, CONSTANT) and step.outputs]
        whole = {step.index: out for step in steps if (out := _whole(step.outputs[0])) is not None}
        return {words.of_value(Ref(index)): value for index, value in whole.items() if value > 0}


def _whole(value: object) -> int | None:
    """The whole number that a value is; None of what is none."""
    is_number = getattr(value, "ndim", 1) == 0 and str(getattr(value, "dtype", "")) == "torch.int64"
    return int(value) if is_number else None  # type: ignore[call-overload]
