"""What is asked of a function whose own forward is known: is it a convolution at all, at other strides too?"""

from __future__ import annotations

from collections.abc import Iterator

from gradcheck_cli.model import Array, Case, ConvSpec
from gradcheck_cli.targets.conventions import probes
from gradcheck_cli.targets.conventions.another_layer import AnotherLayer
from gradcheck_cli.targets.conventions.autograd_function import AutogradCandidate
from gradcheck_cli.targets.conventions.base import Candidate, NotRecognisedError, TransposedError
from gradcheck_cli.targets.conventions.closure import ClosureCandidate
from gradcheck_cli.targets.conventions.function import FunctionCandidate
from gradcheck_cli.targets.conventions.handing import FROM_FORWARD
from gradcheck_cli.targets.conventions.own_forward import check_forward
from gradcheck_cli.targets.conventions.results import Keys

# Geometries that are asked about: the first ones have a plain, a padded and a strided layer among them.
TRIES = 4
WithForward = FunctionCandidate | AutogradCandidate | ClosureCandidate


def confirm(candidate: Candidate, keys: Keys) -> None:
    """Refuse a target whose forward is no convolution, or a transposed one.

    Raises:
        NotRecognisedError: it is.
    """
    if not isinstance(candidate, WithForward) or not _uses_forward(candidate):
        return
    for spec in () if candidate.layout.transposed else _strided(candidate):
        if has_transposed_size(candidate.forward_output(probes.integer_case(spec)), candidate, spec):
            raise TransposedError
    able = [spec for spec in probes.PROBES if not candidate.refuses(spec)][:TRIES]
    if not any(probes.is_forward(_ours(candidate, case), case) for case in map(probes.integer_case, able)):
        _check(candidate, keys, able)


def has_transposed_size(output: Array | None, candidate: WithForward, spec: ConvSpec) -> bool:
    """Whether an output of a candidate has the size that a transposed convolution would give, and no other."""
    sizes = (spec.batch, spec.out_channels, *probes.transposed_size(spec))
    differs = probes.transposed_size(spec) != spec.output_size
    return differs and output is not None and output.shape == candidate.layout.shape("output", sizes, spec.groups)


def _uses_forward(candidate: WithForward) -> bool:
    return not isinstance(candidate, FunctionCandidate) or candidate.cache_from in FROM_FORWARD


def _strided(candidate: WithForward) -> Iterator[ConvSpec]:
    return (spec for spec in probes.PROBES if spec.stride != (1, 1) and not candidate.refuses(spec))


def _ours(candidate: WithForward, case: Case) -> Array | None:
    """Its O in our layout; None where it does not run, or has another shape."""
    output = candidate.forward_output(case)
    if output is None or output.shape != candidate.layout.shape("output", case.spec.output_shape, case.spec.groups):
        return None
    return candidate.layout.take("output", output, case.spec.output_shape, case.spec.groups)


def _check(candidate: WithForward, keys: Keys, specs: list[ConvSpec]) -> None:
    """The forward is right nowhere: compare the gradients with those of what it computes."""

    def forward(case: Case) -> Array:
        output = _ours(candidate, case)
        if output is None:
            raise ValueError("its forward does not run here")
        return output

    layer = AnotherLayer(candidate, keys, forward)
    for spec in specs:
        try:
            check_forward(layer, spec)
        except NotRecognisedError:
            raise
        except Exception:  # what it raises is told where it is judged
            continue
        return
