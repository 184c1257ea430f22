"""Layer classes, in three steps: built with our weights (`Trained`), run (`Passed`), and read (`Returned`).

Their gradients are returned, kept, handed to an optimiser, or read off an update.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gradcheck_cli.model import Array, Case
from gradcheck_cli.targets.conventions import layer_build, layer_read, layer_run, promised, reading
from gradcheck_cli.targets.conventions.base import Prepared, Returned, WrongForwardError, to_numpy
from gradcheck_cli.targets.conventions.layer_way import LayerWay
from gradcheck_cli.targets.conventions.layer_words import notes_of, why_of
from gradcheck_cli.targets.conventions.reading import UPDATE, Trained


@dataclass(frozen=True)
class LayerCandidate(LayerWay):
    """A way to call a layer class, gone: the steps one after the other."""

    def why(self) -> str:
        """How it was told."""
        return why_of(self)

    def notes(self) -> tuple[str, ...]:
        """What was done to the layer."""
        return notes_of(self)

    def start(self, case: Case) -> Prepared:
        """An instance with the case's weights; each call runs forward and backward on it.

        Raises:
            RefusedError: the instance has other weights than this geometry asks for.
        """
        if self.calls.engine is not None:  # the nodes that hold its weights add up: each call has its own
            return lambda: self._call(self.build(case), case)
        trained = self.build(case)
        return lambda: self._call(trained, case)

    def start_after(self, other: Case, case: Case) -> Prepared:
        """The same for an instance that has worked on `other` before: what it keeps of that shows.

        Raises:
            RefusedError: see `start`.
        """
        if self.calls.engine is not None:
            return self.start(case)
        trained = self.build(case)
        self._call(trained, other)
        return lambda: self._call(trained, case)

    def build(self, case: Case) -> Trained:
        """An instance for this geometry, with its weights located.

        Raises:
            RefusedError: its constructor fixes sizes.
        """
        return layer_build.build(self, case)

    def prepare(self, trained: Trained, case: Case) -> dict[str, Any]:
        """Put the case's weights into the instance; the values of every role."""
        return layer_build.prepare(self, trained, case)

    def run_forward(self, trained: Trained, given: dict[str, Any], case: Case) -> Any:
        """What the layer's forward gives, or keeps; its cache, if any, joins `given`."""
        return layer_run.run_forward(self, trained, given, case)

    def run_once(self, trained: Trained, given: dict[str, Any], case: Case) -> Any:
        """Its forward and its backward, and nothing else; what the backward gives."""
        return layer_run.run_once(self, trained, given, case)

    def own_output(self, case: Case) -> Array | None:
        """What the forward of a fresh instance gives for a case, in the layer's layout."""
        trained = self.build(case)
        return to_numpy(self.run_forward(trained, self.prepare(trained, case), case))

    def _call(self, trained: Trained, case: Case) -> Returned:
        passed = layer_run.run(self, trained, case)
        items, names = layer_read.read(self, passed)
        if self.lr != 1.0 and reading.is_whole(case):
            items = {key: reading.snapped(array) if key.startswith(UPDATE) else array for key, array in items.items()}
        if passed.wrong_forward and not promised.are_right(self.layout, items, case):
            raise WrongForwardError(passed.wrong_forward)
        return Returned(items, names, passed.mutated, to_numpy(passed.output))
