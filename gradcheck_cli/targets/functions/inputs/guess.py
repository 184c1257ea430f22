"""Tries proposals on the target until its forward and its backward run, and says what they were."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace

from gradcheck_cli.targets.functions.autograd import AutogradForm
from gradcheck_cli.targets.functions.form import NotAFunctionError, WrittenFunction
from gradcheck_cli.targets.functions.inputs.given import Given
from gradcheck_cli.targets.functions.inputs.guessed import Guess, NearlyError
from gradcheck_cli.targets.functions.inputs.own_fault import is_own_fault
from gradcheck_cli.targets.functions.inputs.search import InputSearch
from gradcheck_cli.targets.functions.single import SingleForm, rounded

# Of this thread's own work: on a machine that others use, the same things are tried.
SECONDS = 6.0
# For the same in float32: most that runs on nothing is no matter of a dtype.
SECONDS_IN_SINGLE = 2.0


def guess(forms: Iterable[WrittenFunction], said: Given, seed: int, file: str = "") -> Guess:
    """The first choice of proposals, form by form, on which forward and backward run.

    Where the backward fits on none, the first on which the forward runs, as long as that is what the user gives or no
    other input would mend it: then that is what is told.

    Args:
        forms: ways to take the target.
        said: what the user says of the inputs.
        seed: of the samples.
        file: the user's, to see how far a call came in it.

    Raises:
        NotAFunctionError: the forward runs on none; says what it raised on the likeliest.
        NearlyError: the backward runs on none that was guessed, gives shapes that fit nothing, or is not the derivative
            where labels were guessed that belong to no rows.
    """
    end = time.thread_time() + SECONDS
    searches: list[InputSearch] = []
    for form in forms:
        searches.append(InputSearch(form, said, seed, file, end))
        found = searches[-1].run()
        if found is not None:
            return replace(found, raised=searches[-1].raising(found.form))
        if searches[-1].nearly.is_slip or searches[-1].is_settled:
            break
    return _in_single(searches, said) or _second_best(searches, said)


def _in_single(searches: Sequence[InputSearch], said: Given) -> Guess | None:
    """A Function that ran on nothing may take float32 alone."""
    for search in searches:
        if isinstance(search.form, AutogradForm) and (search.second_best is None or said.calls):
            end = time.thread_time() + SECONDS_IN_SINGLE
            found = InputSearch(SingleForm(search.form), said, search.seed, search.file, end).run()
            if found is not None:
                samples = (replace(sample, values=rounded(sample.values)) for sample in found.samples)
                return replace(found, samples=tuple(samples))
    return None


def _second_best(searches: Sequence[InputSearch], said: Given) -> Guess:
    known = [search for search in searches if search.second_best is not None]
    best = next((search for search in known if search.nearly.is_slip), known[0] if known else None)
    if best is None or best.second_best is None:
        cause = next((search.error for search in searches if search.error is not None), None)
        if is_own_fault(cause, searches[0].file if searches else ""):
            raise NotAFunctionError(
                "run", "its forward raises whatever it is given", "mend the line that raises", cause
            )
        raise NotAFunctionError("run", "its forward runs on no inputs that were tried", cause=cause)
    try:
        best.nearly.refuse(best.file)
    except NotAFunctionError as error:
        if said.source == "guess":
            raise NearlyError(error, replace(best.second_best, raised=best.others())) from error.cause
    return best.second_best
