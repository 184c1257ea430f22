"""The second step with a layer class: its forward and its backward, and what they left behind (`Passed`)."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcheck_cli.model import Case
from gradcheck_cli.targets.conventions import calling, promised, reading
from gradcheck_cli.targets.conventions.backprop import Backprop, Made
from gradcheck_cli.targets.conventions.base import RefusedError, changed, to_numpy
from gradcheck_cli.targets.conventions.instance import clear_gradients
from gradcheck_cli.targets.conventions.layer_build import build, prepare
from gradcheck_cli.targets.conventions.layer_way import LayerWay
from gradcheck_cli.targets.conventions.reading import Passed, Trained


def run(way: LayerWay, trained: Trained, case: Case) -> Passed:
    """Its forward and its backward, once, from a clean state."""
    if way.calls.engine is not None and way.calls.engine.way is None:
        _find_way_back(way, way.calls.engine, case)
    given = prepare(way, trained, case)
    clear_gradients(trained.instance)
    reading.clear_beside(trained)
    arrays = {name: np.array(to_numpy(given[name])) for name in ("x", "grad_output")}
    output = _output(way, trained, given, case)
    wrong = promised.wrong_forward(way, output, case)
    before = reading.look(trained)
    trained.optimizer.forget()
    result = _run_backward(way, trained.instance, given)
    return Passed(trained, before, given, output, result, changed(arrays, given), wrong)


def run_once(way: LayerWay, trained: Trained, given: dict[str, Any], case: Case) -> Any:
    """Its forward and its backward, and nothing else; what the backward gives."""
    run_forward(way, trained, given, case)
    return _run_backward(way, trained.instance, given)


def run_forward(way: LayerWay, trained: Trained, given: dict[str, Any], case: Case) -> Any:
    """What the layer's forward gives, or keeps; its cache, if any, joins `given`."""
    result = given["made"] = calling.run_forward(trained.instance, way.calls, way.source, given, way.weight is None)
    result = way.calls.engine.own.array(result) if way.calls.engine else result
    shape = way.layout.shape("output", case.spec.output_shape, case.spec.groups)
    given["output"], given["cache"] = calling.take_output(result, trained.instance, shape)
    return given["output"]


def _output(way: LayerWay, trained: Trained, given: dict[str, Any], case: Case) -> Any:
    try:
        return run_forward(way, trained, given, case)
    except Exception as error:
        if way.is_uneven(case.spec):
            raise RefusedError("it takes one number for sizes, strides and paddings") from error
        raise


def _run_backward(way: LayerWay, instance: Any, given: dict[str, Any]) -> Any:
    if way.calls.engine is not None:
        made = Made(given["made"], tuple(given["leaves"].values()))
        return way.calls.engine.run(made, given["grad_output"], lambda: made)
    if not way.calls.backward:
        return given["output"].backward(given["grad_output"])
    return calling.run_backward(instance, way.calls, way.source, given)


def _find_way_back(way: LayerWay, engine: Backprop, case: Case) -> None:
    """On an instance of its own: a way that is tried and not taken leaves gradients behind."""
    trained = build(way, case)

    def make() -> Made:
        given = prepare(way, trained, case)
        run_forward(way, trained, given, case)
        return Made(given["made"], tuple(given["leaves"].values()))

    engine.run(make(), prepare(way, trained, case)["grad_output"], make)
