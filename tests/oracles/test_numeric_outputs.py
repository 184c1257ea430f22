"""Finite differences output by output: by hand, against those entry by entry, and within their own bound."""

import random
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from layer_forms import drawn
from random_layers import specs
from residuals import known_of, layer_of, meetings, two

from gradcheck_cli.model import CONVS, ConvSpec, Loss
from gradcheck_cli.oracles import numeric, reference
from gradcheck_cli.oracles.numeric_bounds import rounding_bound_by_output
from gradcheck_cli.oracles.numeric_outputs import slopes

LOSSES = ("l1", "mse", "sum", "random")


def by_output(layer, monkeypatch, threads=1):
    """As of a layer too large to move every output for every entry."""
    monkeypatch.setattr(numeric, "MOST_MOVES", 0)
    with numeric.workers(threads) as pool:
        return numeric.start(layer, pool).result()


def by_entry(layer):
    """As of a small layer."""
    with numeric.workers(1) as pool:
        return numeric.start(layer, pool).result()


@pytest.mark.parametrize(
    ("name", "expected"), [("l1", [1, -1]), ("mse", [8, -12]), ("sum", [1, 1]), ("random", [3, 3])]
)
def test_slopes_by_hand(name, expected):
    """Residuals 4 and -6, step * largest pixel 1: |5| - |3|, 25 - 9, 5 - 3 and 3 * (5 - 3), over 2; so for -6."""
    assert expected == slopes(two(name, (1, -2), (4, -6)), 0.5).ravel().tolist()


def test_a_black_picture_has_no_slope():
    """Nothing moves."""
    assert [0, 0] == slopes(two("l1", (0, 0), (4, -6)), 0.5).ravel().tolist()


@given(specs(), st.sampled_from(LOSSES), st.sampled_from(["mean", "sum"]), st.integers(0, 999))
@settings(max_examples=50, deadline=None)
def test_the_referee_is_within_the_bound(spec, name, reduction, seed):
    """Any geometry, loss and reduction."""
    layer = layer_of(spec, Loss(name, reduction), seed)
    with pytest.MonkeyPatch.context() as patch:
        result = by_output(layer, patch)
    exact = reference.grad_weight(layer.x, result.grad_output, spec)
    gauge = reference.gauge(layer.x, result.grad_output, spec)
    assert (np.abs(result.grad_weight - exact) <= result.bound + spec.terms * 2.0**-53 * gauge).all()


@pytest.mark.parametrize("name", CONVS)
def test_both_kinds_of_differences_agree_for_every_form(name, monkeypatch):
    """Within both bounds, whose sum is a millionth of the gauge at most."""
    generator = random.Random(name)
    for seed in range(4):
        layer = layer_of(drawn(generator, name), Loss(), seed)
        entries, outputs = by_entry(layer), by_output(layer, monkeypatch)
        monkeypatch.undo()
        assert (np.abs(entries.grad_weight - outputs.grad_weight) <= entries.bound + outputs.bound).all()
        assert (entries.kinks, entries.step) == (outputs.kinks, outputs.step)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("scale", [1e-30, 1 / 255, 1.0, 1e30])
def test_the_bound_decides_at_any_scale(name, scale, monkeypatch):
    """Tiny, unit-range and huge inputs are still conclusive, for every loss."""
    layer = layer_of(ConvSpec(2, 4, 6, 9, 8, (3, 2), (2, 1), (1, 2), (1, 2), 2), Loss(name, "mean"), 5, scale)
    result = by_output(layer, monkeypatch)
    exact = reference.grad_weight(layer.x, result.grad_output, layer.spec)
    gauge = reference.gauge(layer.x, result.grad_output, layer.spec)
    assert (np.abs(result.grad_weight - exact) <= result.bound).all()
    assert (result.bound <= 1e-6 * gauge).all()


@pytest.mark.parametrize("name", LOSSES)
def test_threads_change_nothing(name, monkeypatch):
    """The bands are the same for any number of them."""
    layer = layer_of(ConvSpec(1, 2, 3, 23, 19, (4, 3), (2, 1)), Loss(name, "mean"))
    one, two_of_them = (by_output(layer, monkeypatch, threads) for threads in (1, 2))
    assert (one.grad_weight == two_of_them.grad_weight).all()


@pytest.mark.parametrize("name", LOSSES)
def test_the_bound_holds_for_exact_arithmetic(name):
    """Rounded slopes times pixels, summed exactly, against the same without any rounding, entry by entry."""
    spec, step = ConvSpec(1, 2, 2, 4, 3, (2, 2)), 2.0**-7
    known = known_of(spec, name, 3, unit=0.1, residual_unit=0.3)
    known = known.without(np.argwhere(np.abs(known.residual) < 2 * step * known.largest_x))
    rounded, bound = slopes(known, step), rounding_bound_by_output(known, step)
    errors = dict.fromkeys(np.ndindex(spec.weight_shape), Fraction())
    for output, entry, pixel in meetings(spec):
        slope = _exact(known, output) if known.largest_x[output[0], output[1], 0, 0] else 0
        errors[entry] += (Fraction(float(rounded[output])) - slope) * Fraction(float(known.x[pixel]))
    assert any(errors.values()) or name in ("sum", "random")
    assert all(abs(error) * Fraction(known.scale) <= Fraction(float(bound[entry])) for entry, error in errors.items())


def _exact(known, output):
    """f * l'(r) in exact arithmetic."""
    residual = Fraction(float(known.residual[output]))
    if known.loss.name == "l1":
        return (residual > 0) - (residual < 0)
    if known.loss.name == "mse":
        return 2 * residual
    return Fraction(1) if known.factor is None else Fraction(float(known.factor[output]))
