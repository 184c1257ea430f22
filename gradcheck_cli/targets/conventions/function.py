"""Plain functions and static methods, called by argument names, or with a cache that we fill or their forward makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from gradcheck_cli.model import Array, Case, ConvSpec
from gradcheck_cli.model.text import counted
from gradcheck_cli.targets.conventions import binding, meanings, probes, stepped
from gradcheck_cli.targets.conventions.base import (
    KEEPS_SIZE,
    Prepared,
    Returned,
    UnfinishedError,
    changed,
    collect,
    during,
    to_numpy,
)
from gradcheck_cli.targets.conventions.binding import Assignment, Form
from gradcheck_cli.targets.conventions.callee import Callee
from gradcheck_cli.targets.conventions.forward_run import ForwardRun
from gradcheck_cli.targets.conventions.handing import FROM_FORWARD, PairHanding, call
from gradcheck_cli.targets.conventions.layout import Layout
from gradcheck_cli.targets.conventions.own_types import plain
from gradcheck_cli.targets.conventions.results import result_names

# Names of the gradients of what a forward was handed.
GRADIENT_OF = {**stepped.STEPPED, "x": "dx"}


@dataclass(frozen=True)
class FunctionCandidate:
    """One way to call a function: which parameter gets what, in which layout.

    `forward` is the file's own forward; it makes the cache when `cache_from` is "forward". `steps` are the results that
    are no gradients but stepped weights, old - lr * gradient: pairs of a key and "weight" or "bias". `meaning` is that
    of the forward's parameters, also of keys `name[key]`, where it was found by running it; empty where names tell it.
    `blocks`: its kernel is as wide as its stride, and cuts nothing but whole blocks.
    """

    callee: Callee
    assignment: Assignment
    form: Form
    forward: Callee | None = None
    cache_from: str = ""
    same: bool = False
    steps: stepped.WeightSteps = ()
    in_text: bool = False
    meaning: Assignment = field(default_factory=dict)
    blocks: bool = False

    @cached_property
    def handing(self) -> PairHanding:
        """What its functions are handed."""
        return PairHanding(self.callee, self.assignment, self.forward, self.cache_from, self.meaning)

    @property
    def roles(self) -> set[str]:
        """Roles that reach the function, also through its cache and its parameter dict."""
        return self.handing.roles

    @property
    def layout(self) -> Layout:
        """Axis orders of what is passed."""
        return self.form.layout

    @property
    def bias_form(self) -> str:
        """How b is passed; "" when it is not."""
        return self.form.bias if "bias" in self.roles else ""

    @property
    def family(self) -> str:
        """Id of the convention."""
        return "cache" if "cache" in self.assignment.values() else "function"

    def why(self) -> str:
        """How it was told."""
        meaning = ", ".join(f"{name} = {role}" for name, role in self.assignment.items())
        trial = meanings.by_trial(self.assignment)
        how = f"{', '.join(trial)} by trial, the rest by name" if trial else "by the names of its parameters"
        maker = self.forward.name if self.forward else ""
        cache = {
            "": "",
            "forward": f"; the cache is made by {maker}",
            "returned": f"; the rest is made by {maker}",
            "stored": f"; the cache is filled with what {maker} stores",
            "left": f"; it reads what {maker} leaves in the file's own variables",
        }
        step = "; it steps by itself, the gradients are read as (old - new) / lr" if self.steps else ""
        return (
            f"{how} ({meaning}){cache.get(self.cache_from, '; the cache is filled as the function unpacks it')}{step}"
        )

    def notes(self) -> tuple[str, ...]:
        """What a reader of the verdict should know."""
        notes = [KEEPS_SIZE] if self.same else []
        if self.forward and self.handing.lacking and not self.same:
            lacking = [f"{role} ({default} by default)" for role, default in sorted(self.handing.lacking.items())]
            notes.append(f"{self.forward.name} can be told its {' and '.join(lacking)}, {self.callee.name} cannot")
        if self.cache_from == "stored" and self.forward:
            stores, takes = len(self.forward.source.cache_names()), len(self.handing.structure)
            notes.append(
                f"{self.forward.name} stores {counted(stores, 'thing')} and {self.callee.name} unpacks {takes}, so its "
                f"cache cannot be unpacked; it was filled with what {self.forward.name} stores under these names"
            )
        return tuple(notes)

    def refuses(self, spec: ConvSpec) -> str:
        """Why it cannot take `spec`."""
        makes_cache = self.forward is not None and self.cache_from in FROM_FORWARD
        sources = [self.callee.source, *([self.forward.source] if makes_cache and self.forward else [])]
        roles = self.roles | {
            role for role, default in self.handing.lacking.items() if binding.is_value_of(spec, role, default)
        }
        roles |= {"stride"} if self.blocks else set()
        plain = binding.refuses(spec, self.form, roles, self.same) or binding.square_only(spec, self.form, sources)
        return plain or binding.no_block(spec, self.blocks)

    def start(self, case: Case) -> Prepared:
        """Fresh arguments for each call."""

        return lambda: self._judged(case)

    def stepping(self, case: Case) -> FunctionCandidate:
        """The candidate with the results that are stepped weights: twice the rate steps twice as far, to the bit."""
        if "lr" not in self.assignment.values():
            return self
        once, twice = (self._ran(case, rate)[0].items for rate in (1.0, 2.0))
        return replace(self, steps=stepped.steps(binding.values(case, self.form), once, twice))

    def _judged(self, case: Case) -> Returned:
        """What came back, stepped weights as the gradients that they were stepped by."""
        returned, before = self._ran(case, 1.0)
        return stepped.as_gradients(returned, before, self.steps)

    def _ran(self, case: Case, rate: float) -> tuple[Returned, dict[str, Array]]:
        """One call, and the arrays as they were before it."""
        given = binding.values(case, self.form) | {"lr": rate}
        output, failure = self._before.or_filled(given) if self._before else (None, None)
        arguments = self.handing.arguments(self.callee, self.assignment, given)
        before = {name: np.array(to_numpy(plain(given[name]))) for name in binding.ARRAY_ROLES}
        with during("backward"):
            result = plain(self._backward(arguments))
        mutated = changed(before, {name: plain(given[name]) for name in before})
        items, names = collect(result), result_names(result, self.callee.source) | self._named_alike(result)
        if not items and not mutated:
            raise UnfinishedError(self._nothing(result))
        if "lr" in self.assignment.values():
            items |= stepped.afterwards({role: np.array(to_numpy(plain(given[role]))) for role in mutated})
        return Returned(items, names, mutated, output, failure), before

    def _named_alike(self, result: Any) -> dict[str, str]:
        """Of a dict of gradients, the keys under which the forward was handed what they belong to."""
        handed = {name.rpartition("[")[2].rstrip("]"): role for name, role in self.meaning.items()}
        keys = list(result) if isinstance(result, Mapping) else []
        return {key: GRADIENT_OF[handed[key]] for key in keys if handed.get(key) in GRADIENT_OF}

    def _backward(self, arguments: dict[str, Any]) -> Any:
        """Call the function; one whose body ends in `raise NotImplementedError` is not begun yet."""
        try:
            return call(self.callee, arguments)
        except NotImplementedError as error:
            line = self.callee.source.not_implemented()
            if not line:
                raise
            sentence = f"{self.callee.name} is not implemented (raises NotImplementedError, line {line})"
            raise UnfinishedError(sentence) from error

    def _nothing(self, result: Any) -> str:
        if result is None and self.callee.source.returns_nothing():
            return f"{self.callee.name} returns nothing (no return statement)"
        if result is None:
            return f"{self.callee.name} returns None"
        if isinstance(result, tuple | list) and all(item is None for item in result):
            return f"{self.callee.name} returns None in place of every gradient"
        return f"{self.callee.name} returns no array ({type(result).__name__})"

    def forward_output(self, case: Case) -> Array | None:
        """What the forward before it gives, None without one or where it fails: evidence only."""
        return None if self.cache_from == "filled" else self.output_beside(case)

    def output_beside(self, case: Case) -> Array | None:
        """The same of a forward that need not run before it."""
        try:
            return self.run_forward(case)
        except Exception:
            return None

    @cached_property
    def gives_float32(self) -> bool:
        """Does the forward before it give float32 for arrays of float64, on the first usual geometry that it takes?"""
        able = (spec for spec in probes.PROBES if not self.refuses(spec))
        case = next(map(probes.integer_case, able), None)
        return case is not None and is_single(self.output_beside(case))

    def run_forward(self, case: Case) -> Array | None:
        """The same, with what it raises."""
        return self._before.run(binding.values(case, self.form)) if self._before else None

    @property
    def _before(self) -> ForwardRun | None:
        """The forward that runs before it."""
        return ForwardRun(self.handing, self.forward) if self.forward else None

    def turned(self) -> FunctionCandidate:
        """The same for a true convolution."""
        return replace(self, form=replace(self.form, layout=self.layout.turned()))

    def with_bias(self, form: str) -> FunctionCandidate:
        """The same with a bias of another shape."""
        return replace(self, form=replace(self.form, bias=form))


def is_single(output: Array | None) -> bool:
    """Is it an array of float32?"""
    return output is not None and output.dtype == np.float32
