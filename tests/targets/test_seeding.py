"""Global random numbers are the same at every call, on every device, at next to no price."""

import random

import numpy as np
import pytest
import torch

from gradcheck_cli.targets.seeding import SEED, keep_generators, seed_all


@pytest.fixture(autouse=True)
def own_numbers():
    """What other tests draw does not depend on these."""
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    yield
    random.setstate(states[0])
    np.random.set_state(states[1])
    torch.set_rng_state(states[2])


def test_torch_draws_what_it_draws_after_its_own_seed():
    """The numbers of `torch.manual_seed`, each time."""
    torch.manual_seed(SEED)
    expected = torch.rand(3)

    for _ in range(2):
        seed_all()
        assert torch.equal(expected, torch.rand(3))


def test_python_and_numpy_are_seeded_too():
    """The same twice."""
    drawn = []
    for _ in range(2):
        seed_all()
        drawn.append((random.random(), np.random.rand()))
    assert drawn[0] == drawn[1]


def test_no_wish_is_left_behind_by_each_call(monkeypatch):
    """torch keeps a wish with its stack for every device that has not started: one is enough."""
    seed_all()
    monkeypatch.setattr(torch, "manual_seed", lambda seed: pytest.fail("asked again"))
    seed_all()


@pytest.mark.parametrize("device", ["cuda", "xpu", "mtia"])
def test_a_device_that_is_at_work_is_seeded_each_time(monkeypatch, device):
    """Also one that starts between two calls."""
    seed_all()
    seeds = []
    monkeypatch.setattr(getattr(torch, device), "is_initialized", lambda: True)
    monkeypatch.setattr(torch, "manual_seed", seeds.append)
    seed_all()
    assert seeds == [SEED]


@pytest.mark.parametrize(
    ("held", "drawn"),
    [
        (np.random.default_rng(7), "random"),
        (np.random.RandomState(7), "random_sample"),
        (random.Random(7), "random"),
    ],
)
def test_a_generator_of_the_user_s_file_goes_back_to_where_it_was(held, drawn):
    """With each call, as the global ones do; once another file is loaded, it goes on by itself."""
    getattr(held, drawn)()  # as the file did when it was loaded
    keep_generators({"draw": held, "other": 3})
    first = getattr(held, drawn)()
    seed_all()
    assert getattr(held, drawn)() == first
    keep_generators({})
    seed_all()
    assert getattr(held, drawn)() != first
