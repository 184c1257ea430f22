"""The graph of a forward: as the child recorded it, or that of the known layer that it equals. torch is loaded late."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcheck_cli.diagnose.edits.observed import Observed
from gradcheck_cli.layers.known import Match, Observed as Called, equals_known
from gradcheck_cli.model import Array, FunctionForm, Sample
from gradcheck_cli.model.recording import Recording
from gradcheck_cli.oracles.blackbox import Jacobian
from gradcheck_cli.trials.functions import Asking, FunctionTrial

if TYPE_CHECKING:
    from gradcheck_cli.oracles.graph.replay import Detached

RECORDED: frozenset[FunctionForm] = frozenset(("autograd-function", "module"))
"""Forms whose forward is torch's own operations, which the child can write down."""
SOURCE = "the recorded forward, differentiated node by node"


def detached_in(form: FunctionForm) -> Detached:
    """Inside a Function nothing is followed by torch, so a detach says nothing there; in a Module it is meant."""
    return "followed" if form == "autograd-function" else "kept"


def jacobians_of(recording: Recording, sample: Sample, form: FunctionForm) -> dict[str, Jacobian]:
    """The derivative of a recorded forward, by argument; nothing where torch cannot run it again."""
    from gradcheck_cli.oracles.graph.jacobian import jacobians
    from gradcheck_cli.oracles.graph.replay import Replay

    try:
        found = jacobians(Replay(recording, arrays_of(sample, recording), detached_in(form)))
    except (RuntimeError, ValueError, KeyError, NotImplementedError):
        return {}
    return {name: Jacobian(SOURCE, each.values, each.error) for name, each in found.items()}


def arrays_of(sample: Sample, recording: Recording) -> dict[str, Array]:
    """What the recording's inputs were."""
    return {name: sample.array(name) for name in recording.inputs}


def known_layer(trials: Sequence[FunctionTrial], title: str) -> Match | None:
    """The layer that the forward equals on every sample that it takes; None for none."""
    calls = [Called(trial.sample.values, trial.outputs) for trial in trials if trial.askings and not trial.exact]
    return equals_known(calls, title) if calls else None


@dataclass(frozen=True)
class Graphs:
    """Where the graph of each sample's forward is from.

    Attributes:
        form: how the function stands in its file.
        match: the known layer that the forward equals, None for none.
    """

    form: FunctionForm
    match: Match | None

    def observed(self, trials: Sequence[FunctionTrial]) -> list[Observed]:
        """The calls as the diagnosis takes them: of each sample the one with a random G.

        With G along the output or constant, terms cancel that tell one slip from another.
        """
        able = [trial for trial in trials if trial.first and trial.askings and trial.askings[0].outcome.ended]
        return [found for trial in able for found in self._of_call(trial, trial.askings[0])]

    def _of_call(self, trial: FunctionTrial, asking: Asking) -> Iterator[Observed]:
        if trial.recording is not None:
            yield self._recorded(trial, trial.recording, asking)
        elif self.match is not None:
            try:
                yield self._composed(trial.sample, self.match, asking)
            except (RuntimeError, ValueError, KeyError, TypeError, NotImplementedError):
                return  # a composition that torch cannot run on these sizes explains nothing

    def _recorded(self, trial: FunctionTrial, recording: Recording, asking: Asking) -> Observed:
        grads = iter(asking.upstream)
        upstream = tuple(next(grads, None) for _ in recording.outputs)
        values = arrays_of(trial.sample, recording)
        fitting = _fitting(asking.outcome.gradients, values)
        return Observed(recording, values, upstream, fitting, detached_in(self.form))

    def _composed(self, sample: Sample, match: Match, asking: Asking) -> Observed:
        from gradcheck_cli.oracles.graph.compositions import recorded_composition

        ours: Mapping[str, Any] = match.values(sample.values)
        names = {argument: theirs for theirs, argument in match.names.items()}
        recording = recorded_composition(match.layer.forward, ours, names, match.layer.id)
        given = match.upstream(sample.values, asking.upstream)
        upstream = given if isinstance(given, tuple) else (given,)
        gradients = match.read_gradients(_fitting(asking.outcome.gradients, _all_arrays(sample)))
        values = {names.get(name, name): value for name, value in ours.items() if isinstance(value, np.ndarray)}
        return Observed(recording, values, upstream, {names[name]: array for name, array in gradients.items()})


def _all_arrays(sample: Sample) -> dict[str, Array]:
    return {name: value for name, value in sample.values.items() if isinstance(value, np.ndarray)}


def _fitting(gradients: Mapping[str, Array], values: Mapping[str, Array]) -> dict[str, Array]:
    """Those of the right shape: others are told by that."""
    return {name: array for name, array in gradients.items() if name in values and array.shape == values[name].shape}
