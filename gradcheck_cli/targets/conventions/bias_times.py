"""How often a forward adds its bias: once for each output, or inside of the sum, once for each of its terms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gradcheck_cli.layers.bias import bias_counts
from gradcheck_cli.model import Array, Case
from gradcheck_cli.targets.conventions import probes
from gradcheck_cli.targets.conventions.alike import same_output


def with_more_bias(case: Case) -> Iterator[tuple[int, Case]]:
    """The cases of which O is what a forward gives that adds b more than once, each with how often.

    None of a transposed layer, whose outputs are sums of different numbers of products, and none where b is nothing.
    """
    if case.spec.transposed or not case.bias.any():
        return
    for times in sorted(set(bias_counts(case.spec).values()) - {1}):
        yield times, replace(case, bias=case.bias * times)


def bias_times(output: Array, case: Case) -> int:
    """How often b stands in an output; 0 where it does not stand there more than once, or something else does.

    Args:
        output: (n, c_out, h_out, w_out).
        case: what it was computed from.
    """
    found = (times for times, more in with_more_bias(case) if same_output(output, probes.forward(more), more))
    return next(found, 0)
