"""The same numbers in other memory."""

import pytest
import torch

from gradcheck_cli.model.probes import Probe
from gradcheck_cli.targets.functions.circumstances import filled_memory, laid_out


@pytest.mark.parametrize("layout", ["contiguous", "transposed", "sliced", "expanded"])
@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 4), (5,), ()])
def test_a_layout_keeps_the_numbers(layout, shape):
    """Whatever the number of axes."""
    for tensor in (torch.randn(shape), torch.ones(shape)):
        assert torch.equal(laid_out(tensor, layout), tensor)


def test_layouts_are_what_they_say():
    """Strides of a transposed, a sliced and an expanded array; the gaps of the sliced one are NaN."""
    tensor = torch.ones(3, 4)
    assert (1, 3) == laid_out(tensor, "transposed").stride()
    assert (0, 0) == laid_out(tensor, "expanded").stride()
    sliced = laid_out(tensor, "sliced")
    assert (9, 2) == sliced.stride()
    assert sliced.as_strided((3,), (2,), 0).isnan().all()


def test_only_equal_entries_can_be_one():
    """Else strides of 0 would change the numbers."""
    tensor = torch.arange(3.0)
    assert laid_out(tensor, "expanded") is tensor


def test_memory_is_filled_and_given_back_as_it_was():
    """An empty array shows that nobody wrote it."""
    with filled_memory():
        assert torch.empty(4).isnan().all()
    assert not torch.are_deterministic_algorithms_enabled()


@pytest.mark.parametrize(
    ("probe", "about"),
    [
        (Probe(upstream="transposed"), "G is transposed in memory"),
        (Probe(inputs="sliced"), "the inputs are a part of a larger array"),
        (Probe(wanted=("x",)), "only x needs a gradient"),
        (Probe(filled=True), "new memory is filled with NaN first"),
        (Probe(passes=2), "it is called twice on one graph"),
    ],
)
def test_a_probe_says_what_it_is_and_crosses_the_wire(probe, about):
    """One clause; and the same probe on the other side."""
    assert about == probe.about
    assert probe == Probe.from_message(probe.message())
