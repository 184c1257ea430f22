"""An operator of torch.library as a function."""

import numpy as np
import pytest
import torch

from gradcheck_cli.model.circumstances import Circumstances
from gradcheck_cli.targets.functions.custom_operator import custom_operator, is_custom_operator
from gradcheck_cli.targets.functions.form import NotAFunctionError

X, W = np.array([1.0, 2.0]), np.array([3.0, 5.0])


@pytest.fixture(scope="module")
def product():
    """x * w + c; the gradient of w is that of x, by mistake."""

    @torch.library.custom_op("ours_for_tests::product", mutates_args=())
    def product(x: torch.Tensor, w: torch.Tensor, c: float) -> torch.Tensor:
        return x * w + c

    def setup(ctx, inputs, output):
        ctx.save_for_backward(inputs[1])

    def backward(ctx, g):
        (w,) = ctx.saved_tensors
        return g * w, g * w, None

    product.register_autograd(backward, setup_context=setup)
    return product


def test_it_is_called_and_its_raw_return_is_seen(product):
    """By place, with a None for the number."""
    assert is_custom_operator(product)
    assert not is_custom_operator(torch.sin)
    form = custom_operator(product, "")
    ran = form.run({"x": X, "w": W, "c": 0.5}, [np.array([1.0, 10.0])])
    assert [3.5, 10.5] == list(ran.outputs[0])
    assert {"x": [3.0, 50.0], "w": [3.0, 50.0]} == {name: list(array) for name, array in ran.gradients.items()}
    assert ([("x", False), ("w", False), ("c", True)], 3) == (
        [(entry.name, entry.is_none) for entry in ran.returned],
        ran.owed,
    )
    assert ("product", "backward", ["x", "w", "c"]) == (form.title, form.backward, [p.name for p in form.parameters])


def test_its_backward_is_the_registered_one_again_afterwards(product):
    """Whoever looks puts it back, also where something raises."""
    registered = vars(product)["_backward_fn"]
    form = custom_operator(product, "")
    with pytest.raises(RuntimeError):
        form.run({"x": X, "w": np.ones(3), "c": 0.5}, [X])
    form.run_in(Circumstances(wanted=("x",)), {"x": X, "w": W, "c": 0.5}, [X])
    assert registered is vars(product)["_backward_fn"]


def test_without_a_backward_it_is_refused():
    """With what gives it one."""

    @torch.library.custom_op("ours_for_tests::bare", mutates_args=())
    def bare(x: torch.Tensor) -> torch.Tensor:
        return x + 1

    with pytest.raises(NotAFunctionError) as refused:
        custom_operator(bare, "")
    assert ("ours_for_tests::bare has no backward", True) == (
        refused.value.sentence,
        "register_autograd" in refused.value.hint,
    )
