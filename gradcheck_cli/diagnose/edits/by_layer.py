"""Code without torch has no graph to edit. Where its forward is a known layer, that layer's composition is it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from gradcheck_cli.diagnose.edits.naming import findings_of_edits
from gradcheck_cli.diagnose.edits.observed import Observed
from gradcheck_cli.layers.known import Match, ObservedCall as Seen, equals_known
from gradcheck_cli.model import Array, Finding


@dataclass(frozen=True, eq=False)
class Call:
    """One forward and backward of somebody's, by their own names.

    Attributes:
        values: what the forward was given.
        outputs: what it returned.
        upstream: what the backward was handed, one for each output.
        gradients: what it gave.
    """

    values: Mapping[str, Any]
    outputs: Sequence[Array]
    upstream: Sequence[Array | None]
    gradients: Mapping[str, Array]


@dataclass(frozen=True, eq=False)
class AsLayer:
    """Calls of one function, read as calls of a known layer where they are such.

    Attributes:
        calls: with generic values, at least one; those of other sizes confirm what the first ones say.
        name: of the function; layers that are called so are tried first.
    """

    calls: Sequence[Call]
    name: str = ""

    @cached_property
    def match(self) -> Match | None:
        """Which layer, and how it is read; None where the forward is none on all of the calls."""
        if not self.calls:
            return None
        return equals_known([Seen(call.values, call.outputs) for call in self.calls], self.name)

    def findings(self, gradient: str) -> tuple[Finding, ...]:
        """What is wrong with a gradient: the slip of the layer's graph that gives its numbers; () for none."""
        if self.match is None or gradient not in self.match.names:
            return ()
        return findings_of_edits(gradient, [each for each in self._observed if gradient in each.gradients])

    def observed_at(self, values: Mapping[str, Any], upstream: Sequence[Array | None]) -> Observed:
        """A call with these values, of which no gradient is known, beside the graph of the composition.

        Only where there is a match.
        """
        assert self.match is not None
        return _observed(self.match, Call(values, (), upstream, {}))

    @cached_property
    def _observed(self) -> list[Observed]:
        """The calls beside the graph of the composition: our shapes under their names.

        A call of another number of axes may be the layer in another reading, and is left out.
        """
        assert self.match is not None
        return [_observed(self.match, call) for call in self.calls if self.match.reads(call.values)]


def _observed(match: Match, call: Call) -> Observed:
    from gradcheck_cli.oracles.graph.compositions import recorded_composition

    theirs = {argument: name for name, argument in match.names.items()}
    values, upstream = match.values(call.values), match.upstream(call.values, call.upstream)
    return Observed(
        recording=recorded_composition(match.layer.forward, values, theirs, match.layer.id),
        values={theirs[argument]: values[argument] for argument in theirs},
        upstream=upstream if isinstance(upstream, tuple) else (upstream,),
        gradients={theirs[name]: array for name, array in match.read_gradients(call.gradients).items()},
    )
