"""The rates of the rule in `gradcheck_cli/layers/conv/cost.py`, fitted to measured times, and what they are worth."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from benchmarks.shapes import AUTOGRAD, CHOSEN, Times
from gradcheck_cli.layers.conv import direct
from gradcheck_cli.layers.conv.cost import RATES, Effort
from gradcheck_cli.model import Array, ConvSpec

# Beyond this another way was worth having.
WORTH = 1.5
# Turns after which the last digits that are shown stay.
ROUNDS, SWEEPS = 6, 3000


@dataclass(frozen=True)
class Worth:
    """What a choice by some rates is worth on shapes of which every way was timed.

    Attributes:
        shapes: how many.
        another: of how many another way was `WORTH` times as fast as the chosen one.
        regret: geometric mean of chosen time / best time.
    """

    shapes: int
    another: int
    regret: float


def fitted(times: Mapping[str, Times], specs: Mapping[str, ConvSpec]) -> Effort:
    """Rates >= 0 that tell the times of all ways with the least relative error, in nanoseconds.

    A least-squares fit in which each time is weighed by its own size and by what the last fit said of it, so that being
    off by a factor counts alike in both directions.
    """
    rows = [
        (np.array(effort), times[line][name] * 1e9) for line in times for name, effort in efforts(specs[line]).items()
    ]
    counts, measured = np.array([row for row, _ in rows]), np.array([time for _, time in rows])
    rates = _nonnegative(counts / measured[:, None], np.ones(len(measured)))
    for _ in range(ROUNDS):
        weight = 1 / np.sqrt(measured * np.maximum(counts @ rates, 1))
        rates = _nonnegative(counts * weight[:, None], measured * weight)
    return Effort(*map(float, rates))


def efforts(spec: ConvSpec) -> dict[str, Effort]:
    """Name of each way that is written for the layer -> what it does."""
    return {way.__name__.rpartition(".")[2]: way.grad_weight_effort(spec) for way in direct.weight_ways(spec)}


def worth_of(rates: Effort, times: Mapping[str, Times], specs: Mapping[str, ConvSpec], lines: Collection[str]) -> Worth:
    """What choosing by these rates gives on some of the shapes."""
    regrets = []
    for line in lines:
        ways = {name: seconds for name, seconds in times[line].items() if name not in (AUTOGRAD, CHOSEN)}
        chosen = min(ways, key=lambda name: float(np.dot(efforts(specs[line])[name], rates)))
        regrets.append(ways[chosen] / min(ways.values()))
    another = sum(regret > WORTH for regret in regrets)
    return Worth(len(regrets), another, geometric_mean(regrets))


def told(rates: Effort) -> str:
    """The rates as they stand in `cost.py`, relative to what a product takes there: only ratios decide."""
    scale = RATES.products / rates.products if rates.products else 1.0
    return ", ".join(f"{name} {rate * scale:.3g}" for name, rate in zip(Effort._fields, rates, strict=True) if rate)


def geometric_mean(values: Collection[float]) -> float:
    """Of numbers above 0."""
    return math.exp(sum(map(math.log, values)) / len(values))


def _nonnegative(matrix: Array, wanted: Array) -> Array:
    """The least-squares solution without negative numbers, one coordinate at a time."""
    squares, products = matrix.T @ matrix, matrix.T @ wanted
    solution = np.zeros(matrix.shape[1])
    for _ in range(SWEEPS):
        for place in np.flatnonzero(np.diag(squares)):
            step = (products[place] - squares[place] @ solution) / squares[place, place]
            solution[place] = max(0.0, solution[place] + step)
    return solution
