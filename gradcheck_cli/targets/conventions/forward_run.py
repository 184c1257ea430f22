"""The file's own forward, run before its backward: it makes the cache, or what the backward is handed beside it."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from typing import Any

from gradcheck_cli.model import Array
from gradcheck_cli.targets.conventions.base import HungError, UnfinishedError, during, to_numpy
from gradcheck_cli.targets.conventions.binding import Assignment
from gradcheck_cli.targets.conventions.caches import STORED, fill, missing
from gradcheck_cli.targets.conventions.callee import Callee
from gradcheck_cli.targets.conventions.context import context_for
from gradcheck_cli.targets.conventions.handing import FROM_FORWARD, PairHanding, call
from gradcheck_cli.targets.conventions.own_types import plain


@dataclass(frozen=True)
class ForwardRun:
    """The forward of a pair; what it leaves joins the values of all roles, `given`."""

    handing: PairHanding
    forward: Callee

    def or_filled(self, given: dict[str, Any]) -> tuple[Array | None, BaseException | None]:
        """Its output, where it makes the cache; where it raises, the cache is filled without it, and its exception."""
        if self.handing.cache_from not in FROM_FORWARD:
            return None, None
        try:
            with during("forward"):
                return self.run(given), None
        except Exception as error:
            if not self._does_without(given, error):
                raise
            given["cache"] = fill(self.handing.structure, given, self.handing.callee.source)
            return None, error

    def run(self, given: dict[str, Any]) -> Array | None:
        """Call the file's forward; its cache joins `given`, its output is returned."""
        assigned = self.handing.handed_to(self.forward)
        given["cache"] = context = self._context(assigned) if "cache" in assigned.values() else None
        given["shared"] = handed = self.handing.arguments(self.forward, assigned, given)
        result = call(self.forward, dict(handed))
        output, cache = split_forward(result)
        given["cache"] = context if "cache" in assigned.values() else cache
        if self.handing.cache_from == "stored":
            given[STORED] = dict(zip(self.forward.source.cache_names(), cache, strict=True))
        given["made"] = self._made(result)
        given["output"] = output
        return to_numpy(plain(output))

    def _does_without(self, given: dict[str, Any], error: Exception) -> bool:
        """Can the cache be filled where the forward raised? What it refuses by itself, it refuses."""
        if self.handing.cache_from == "returned" or isinstance(error, HungError | UnfinishedError):
            return False
        last = traceback.extract_tb(error.__traceback__)[-1]
        structure = self.handing.callee.source.structure(self.handing.cache_name)
        refused = isinstance(error, NotImplementedError) or self.forward.source.refuses_at(last.name, last.lineno or 0)
        return structure is not None and not refused and not missing(structure, given, self.handing.callee.source)

    def _context(self, assigned: Assignment) -> Any:
        """What the forward is handed to keep things in."""
        name = next((name for name, role in assigned.items() if role == "cache"), "")
        return context_for(self.forward.source, name, getattr(self.forward.function, "__globals__", {}))

    def _made(self, result: Any) -> dict[str, Any]:
        """What the forward returns, by the names that its `return` has for them."""
        names = self.forward.source.returns()
        fits = isinstance(result, tuple | list) and len(result) == len(names)
        return dict(zip(names, result, strict=True)) if fits else {}


def split_forward(result: Any) -> tuple[Any, Any]:
    """(output, cache) of a forward that returns `out`, `(out, cache)` or `(out, x, w, ...)`."""
    if not isinstance(result, tuple | list) or not result:
        return result, None
    first, rest = result[0], list(result[1:])
    if to_numpy(first) is None or isinstance(first, list):
        arrays = [item for item in rest if to_numpy(item) is not None and not isinstance(item, list)]
        if arrays and isinstance(first, tuple | dict | list):
            return arrays[0], first
    return first, rest[0] if len(rest) == 1 else tuple(rest)
