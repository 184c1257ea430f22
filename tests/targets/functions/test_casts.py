"""Code of torch with its casts to few bits left out."""

import torch

from gradcheck_cli.targets.functions.casts import to_float64


def test_casts_to_few_bits_lead_to_float64():
    """Each way to say it; what is no float stays."""
    third = torch.tensor([1 / 3], dtype=torch.float64)
    with to_float64():
        made = [third.bfloat16(), third.half(), third.float(), third.to(torch.float16), third.sum(dtype=torch.float32)]
        numbers = third.to(torch.int32)
    assert all(part.dtype is torch.float64 and part.item() == 1 / 3 for part in made)
    assert numbers.dtype is torch.int32


def test_new_arrays_without_a_dtype_keep_all_bits():
    """An accumulator of float32 would round what is added to it."""
    before = torch.get_default_dtype()
    with to_float64():
        total = torch.zeros(1)
        total += torch.tensor([1 / 3], dtype=torch.float64).bfloat16()
    assert total.item() == 1 / 3
    assert torch.get_default_dtype() is before


def test_what_is_handed_over_in_few_bits_is_computed_with_all():
    """The numbers are those that it has; only what is made of them is no longer rounded."""
    rounded = torch.tensor([1 / 3], dtype=torch.bfloat16)
    with to_float64():
        product = rounded * rounded
    assert product.item() == rounded.double().item() ** 2


def test_a_backward_runs_without_its_casts_too():
    """Autograd calls it in the same circumstances."""

    class Half(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x / 3

        @staticmethod
        def backward(ctx, up):
            return (up.half() / 3).to(up.dtype)

    x = torch.ones(1, dtype=torch.float64, requires_grad=True)
    with to_float64():
        (gradient,) = torch.autograd.grad(Half.apply(x), x)
    assert gradient.item() == 1 / 3
