"""The third step with a layer class: which of all that it left is which gradient."""

from __future__ import annotations

from gradcheck_cli.model import Array
from gradcheck_cli.targets.conventions import reading
from gradcheck_cli.targets.conventions.base import collect
from gradcheck_cli.targets.conventions.instance import run_updater
from gradcheck_cli.targets.conventions.layer_way import LayerWay
from gradcheck_cli.targets.conventions.reading import Passed
from gradcheck_cli.targets.conventions.results import result_names


def read(way: LayerWay, passed: Passed) -> tuple[dict[str, Array], dict[str, str]]:
    """The gradients, and what the source calls them: what was returned, then what the instance keeps or stepped."""
    result, given = passed.result, passed.given
    items, names = collect(result), result_names(result, way.source.method(way.calls.backward))
    if way.calls.engine is not None:
        items, names = reading.of_leaves(given["leaves"])
    elif not way.calls.backward:
        items, names = reading.of_tensor(given["x"])
    _add_kept(way, passed, items, names)
    return items, names


def _add_kept(way: LayerWay, passed: Passed, items: dict[str, Array], names: dict[str, str]) -> None:
    """Add what the instance keeps, hands over and steps to what was returned."""
    trained, before = passed.trained, passed.before
    reading.add_kept(trained, before, items, names)
    reading.add_updates(trained, before, items, names, way.lr)
    if not _has_weight(names):
        reading.add_handed(trained, before, items, names)
    methods = (way.calls.forward, way.calls.backward)
    if not _has_weight(names) and run_updater(trained.instance, way.source, methods, passed.given["grad_output"]):
        reading.add_updates(trained, before, items, names, way.lr, by_updater=True)
    reading.add_unmoved(trained, items, names, way.wanted)


def _has_weight(names: dict[str, str]) -> bool:
    return "dw" in names.values()
