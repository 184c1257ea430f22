"""A layer that is too large for all checks, still met at full size: integers through both sides, picture by picture.

On integers both sides must agree bit for bit, and the code under test must satisfy the adjoint identity, which is
exact, needs two forwards and takes the place of the full reference. One picture at a time bounds the memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import replace

import numpy as np

from gradcheck_cli.checks import of_a_run as checks
from gradcheck_cli.checks.compare import Subject, not_applicable, with_detail
from gradcheck_cli.model import Array, Case, Check
from gradcheck_cli.model.evidence import WORST_FIRST
from gradcheck_cli.numbers import exact
from gradcheck_cli.numbers.arithmetic import Judged
from gradcheck_cli.numbers.formats import largest_given
from gradcheck_cli.oracles import autograd
from gradcheck_cli.oracles.autograd import LayerSettings
from gradcheck_cli.runs.memory import give_freed_memory_back
from gradcheck_cli.runs.plan import Plan


def full_size_checks(
    x: Array, plan: Plan, judged: Judged, settings: LayerSettings, seed: int, pool: Executor | None = None
) -> list[Check]:
    """The exact probe and the adjoint identity on the whole layer; not-applicable where that takes too long.

    Args:
        x: all pictures at full size, (n, c_in, h, w).
        plan: what is affordable.
        judged: the code under test.
        settings: autograd's.
        seed: draws G, F and the identity's factors.
        pool: where our own code works beside autograd; None where the code under test is the user's.
    """
    if not plan.probes_whole:
        subject = Subject("exact", "weight", "integers at full size: equal bit for bit")
        return [not_applicable(subject, f"at full size: would take {plan.probe.text}; not run")]
    # What all checks left behind on the cut is of other sizes.
    give_freed_memory_back()
    found: dict[tuple[str, str], list[Check]] = {}
    for place, first in enumerate(range(0, plan.asked.batch, plan.at_once)):
        rng, picture = np.random.default_rng((seed, place)), x[first : first + plan.at_once]
        spec, most = replace(plan.asked, batch=len(picture)), largest_given(settings.precision)
        # Without a name of its own: no case is to lie beside the next.
        of_picture = _of_picture(
            exact.narrow_case(spec, rng, x=picture, most=most), judged, settings, rng, pool, len(picture) == len(x)
        )
        for check in of_picture:
            found.setdefault((check.name, check.gradient), []).append(check)
    return [_together(several) for several in found.values()]


def _of_picture(
    case: Case, judged: Judged, settings: LayerSettings, rng: np.random.Generator, pool: Executor | None, is_alone: bool
) -> Iterator[Check]:
    settings = settings.for_integers
    if pool is None:
        hand, returned = judged.backward(case), autograd.backward(case, settings)
    else:
        # In one thread: torch has as many as there are cores, and what two gradients ask for need not lie together.
        begun = pool.submit(judged.backward, case)
        returned = autograd.backward(case, settings)
        hand = begun.result()
    yield from checks.exact_checks(case, judged, hand, returned, f"integers in {settings.dtype}, at full size")
    del returned
    if is_alone:
        # Two outputs in float64 follow, and torch leaves holes of float32; another picture's would fill them.
        give_freed_memory_back()
    yield from checks.adjoint_checks(case, hand, judged, rng, pool)


def _together(several: Sequence[Check]) -> Check:
    """The same check of all pictures as one: entries added up, the worst verdict, the worst entry."""
    first = min(several, key=lambda check: (WORST_FIRST.index(check.verdict), -_ratio(check)))
    pictures = "the picture" if len(several) == 1 else f"each of {len(several)} pictures by itself"
    sentence = f"at full size, {pictures}" + (f": {first.detail}" if first.detail else "")
    entries, mismatched = (sum(getattr(check, name) for check in several) for name in ("entries", "mismatched"))
    return with_detail(replace(first, entries=entries, mismatched=mismatched), sentence)


def _ratio(check: Check) -> float:
    return check.worst.ratio if check.worst else 0.0
