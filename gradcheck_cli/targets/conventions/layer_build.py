"""The first step with a layer class: an instance with our weights (`Trained`), and what its methods are handed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from gradcheck_cli.model import Case
from gradcheck_cli.targets.conventions import binding, calling, probes, state
from gradcheck_cli.targets.conventions.base import RefusedError, to_numpy
from gradcheck_cli.targets.conventions.instance import quieten
from gradcheck_cli.targets.conventions.layer_way import LayerWay
from gradcheck_cli.targets.conventions.layout import Layout
from gradcheck_cli.targets.conventions.reading import Trained
from gradcheck_cli.targets.conventions.stand_ins import StandInOptimizer
from gradcheck_cli.targets.conventions.wiring import equip, wire


def build(way: LayerWay, case: Case) -> Trained:
    """An instance for this geometry, with its weights located.

    Raises:
        RefusedError: its constructor fixes sizes.
    """
    try:
        trained = _located(way, case)
    except Exception as error:
        if way.is_uneven(case.spec):
            raise RefusedError("it takes one number for sizes, strides and paddings") from error
        raise
    wanted = way.layout.shape("weight", case.spec.weight_shape, case.spec.groups)
    if trained.weight is not None and trained.weight.array.shape != wanted:
        raise RefusedError(f"its constructor makes weights of shape {trained.weight.array.shape}, not {wanted}")
    return trained


def _located(way: LayerWay, case: Case) -> Trained:
    optimizer = StandInOptimizer()
    instance = way.recipe.build(way.constructor, case, optimizer)
    quieten(instance)
    equip(instance, optimizer)
    if way.weight is None:
        return Trained(instance, None, None, optimizer)
    if state.read(instance, way.weight) is None:
        wire_weights(way, instance, case, [way.layout], optimizer)
    places = {place.path: place for place in state.held(instance)}
    if way.weight not in places:
        raise RefusedError("its constructor makes no weights for this geometry")
    return Trained(instance, places[way.weight], places.get(way.bias) if way.bias else None, optimizer)


def wire_weights(
    way: LayerWay, instance: Any, case: Case, layouts: Sequence[Layout], optimizer: StandInOptimizer
) -> None:
    """Let an instance make its weights: those of one of the layouts.

    Raises:
        Exception: whatever its forward raised, when it does not.
    """
    values = {**way.values(case), "optimizer": optimizer}
    shapes = [layout.shape("weight", case.spec.weight_shape, case.spec.groups) for layout in layouts]

    def run() -> None:
        calling.run_forward(instance, way.calls, way.source, dict(values), way.weight is None)
        if not any(place.array.shape in shapes for place in state.held(instance)):
            raise RefusedError("it makes no weights for this geometry")

    wire(instance, run, values, optimizer)


def prepare(way: LayerWay, trained: Trained, case: Case) -> dict[str, Any]:
    """Put the case's weights into the instance; the values of every role."""
    if way.rectified:
        case = replace(case, bias=case.bias + probes.lift(case))
    given = binding.values(case, way.form)
    if trained.weight:
        state.write(trained.instance, trained.weight, np.array(to_numpy(given["weight"])))
    if trained.bias:
        bias = np.array(to_numpy(given["bias"]))
        state.write(trained.instance, trained.bias, bias.reshape(trained.bias.array.shape))
    if way.calls.engine is not None:
        given["leaves"] = calling.leaves(way.calls.engine, given, way.weight is None)
    elif not way.calls.backward:
        given["x"].requires_grad_(True)
    given["optimizer"] = trained.optimizer
    return given
