"""Slips that are named by what stands in the place of another: a conjugate, a count, the places that pick."""

import pytest
import torch

from gradcheck_cli.diagnose.edits.naming import findings_of_edits
from gradcheck_cli.diagnose.edits.observed import Observed
from gradcheck_cli.oracles.graph.recorder import record
from tests.diagnose.edits.observing import findings


def ring(u, k):
    """A product of spectra."""
    return torch.fft.irfft(torch.fft.rfft(u) * torch.fft.rfft(k), n=u.shape[-1])


def ring_backward(turned):
    """Its gradient by k; right where the spectrum of u is turned."""

    def backward(g, u, k):
        spectrum = torch.fft.rfft(u)
        spectrum = spectrum.conj() if turned else spectrum
        return {"k": torch.fft.irfft(torch.fft.rfft(g) * spectrum, n=k.shape[-1])}

    return backward


LINES = {"u": (6,), "k": (6,)}, {"u": (9,), "k": (9,)}


def test_a_product_of_spectra_whose_conjugate_is_missing():
    """Complex numbers are followed."""
    (found,) = findings(ring, ring_backward(turned=False), "k", *LINES)
    assert (found.id, found.certainty) == ("wrong-derivative", "proved")
    assert "is not conjugated in the derivative of the product in" in found.message
    assert findings(ring, ring_backward(turned=True), "k", *LINES) == ()


def peaks(x):
    """The largest of each window of three, that lie over each other."""
    return x.unfold(1, 3, 1).max(dim=-1).values


def peaks_backward(adds):
    """Its gradient, in which the last window of one entry may be all that is kept."""

    def backward(g, x):
        place = x.unfold(1, 3, 1).max(dim=-1).indices + torch.arange(g.shape[1])
        found = torch.zeros_like(x)
        return {"x": found.scatter_add_(1, place, g) if adds else found.scatter_(1, place, g)}

    return backward


def test_the_largest_of_several_windows_is_written_once():
    """Windows in which another entry is the largest write nothing."""
    shapes = {"x": (3, 9)}, {"x": (4, 11)}
    (found,) = findings(peaks, peaks_backward(adds=False), "x", *shapes)
    assert (found.id, found.certainty) == ("overwrites-instead-of-adding", "proved")
    assert findings(peaks, peaks_backward(adds=True), "x", *shapes) == ()


def kept(x):
    """The mean of some rows."""
    keep = x[:, 0] > 0
    return (x.pow(2).sum(1) * keep).sum() / keep.sum()


def kept_backward(counts_all):
    """Its gradient, which may be divided by all rows."""

    def backward(g, x):
        keep = x[:, 0] > 0
        return {"x": 2 * x * keep[:, None] * g / (len(x) if counts_all else keep.sum())}

    return backward


def test_a_mean_over_all_rows_where_some_are_left_out():
    """What the forward counts is a length too, by which a gradient may be off."""
    shapes = {"x": (7, 3)}, {"x": (11, 4)}
    (found,) = findings(kept, kept_backward(counts_all=True), "x", *shapes)
    assert (found.id, found.certainty) == ("scaled-constant", "proved")
    assert "`keep.sum()`" in found.message
    assert findings(kept, kept_backward(counts_all=False), "x", *shapes) == ()


def picked(which, length):
    """A call of x[at], whose gradient is put where `which` says."""
    generator = torch.Generator().manual_seed(length)
    x = torch.randn(length, dtype=torch.float64, generator=generator)
    places = {name: torch.randint(0, length, (6,), generator=generator) for name in ("at", "by")}
    at = places["at"]
    out, recording = record(lambda: x[at].sin(), {"x": x, **places})
    g = torch.randn(out.shape, dtype=torch.float64, generator=generator)
    right = torch.zeros_like(x).index_add_(0, places[which], g * x[at].cos())
    values = {name: tensor.numpy() for name, tensor in {"x": x, **places}.items()}
    return Observed(recording, values, (g.numpy(),), {"x": right.numpy()})


@pytest.mark.parametrize("which", ["at", "by"])
def test_places_that_pick_are_taken_for_others(which):
    """Of whole numbers of one shape."""
    found = findings_of_edits("x", [picked(which, 8), picked(which, 5)])
    told = [(each.id, each.certainty, "`at` is taken to be `by`" in each.message) for each in found]
    assert told == [("wrong-operand", "proved", True)] * (which == "by")
