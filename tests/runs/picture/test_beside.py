"""The torch-free half of a run in a second process: nothing of a report depends on it."""

import os
from dataclasses import fields, replace

import numpy as np
import pytest

from gradcheck_cli.model import RunOptions
from gradcheck_cli.runs.picture import beside, own_half, run, run_experiment
from gradcheck_cli.runs.picture.own_half import PIECES
from gradcheck_cli.runs.plan import plan_of
from helpers import IMAGES

COFFEE = str(IMAGES / "coffee.jpg")
SMALL = RunOptions((COFFEE,), kernel_size=(5, 5), size=(24, 24))
# Times are never equal, and the figures are arrays.
APART = ("timings", "figures")

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing is forked here"),
    # Newer Pythons warn of any fork beside threads; those of pytest and torch are asleep.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


@pytest.fixture(autouse=True)
def one_thread_and_two_cores(monkeypatch):
    """As in a process of the command line on a usual machine."""
    monkeypatch.setattr(beside.sys, "platform", "linux")
    monkeypatch.setattr(beside.threading, "active_count", lambda: 1)
    monkeypatch.setattr(beside.os, "cpu_count", lambda: 2)


@pytest.fixture
def fitted(monkeypatch):
    """Whether each second process was found to compute on the run's own data."""
    found = []

    class Watched(beside.SecondProcess):
        def fits(self, half):
            found.append(super().fits(half))
            return found[-1]

    monkeypatch.setattr(beside, "SecondProcess", Watched)
    return found


def content(report):
    """All that a report says, but how long it took."""
    return {each.name: getattr(report, each.name) for each in fields(report) if each.name not in APART}


def same(report, other):
    """Do both say the same, in words and in arrays?"""
    arrays = [
        (figures.numeric, *(figure.hand for figure in figures.gradients.values()))
        for figures in (report.figures, other.figures)
    ]
    return content(report) == content(other) and all(map(np.array_equal, *arrays))


@pytest.mark.parametrize("changes", [{}, {"bias": False, "seed": 3, "reduction": "sum"}, {"seeds": 2}], ids=str)
def test_a_run_in_two_processes_reports_what_it_reports_in_one(fitted, changes):
    """Every piece comes from the second process, and is the one that would have been computed here."""
    options = replace(SMALL, **changes)

    assert same(run_experiment(options), run_experiment(options, may_fork=True))
    assert [True] == fitted


def test_every_piece_comes_from_the_second_process(monkeypatch):
    """Not one of them is computed twice."""
    taken = []

    class Watched(beside.SecondProcess):
        def take(self, name):
            pieces = super().take(name)
            taken.append((name, len(pieces)))
            return pieces

    monkeypatch.setattr(beside, "SecondProcess", Watched)
    run_experiment(SMALL, may_fork=True)

    assert {(name, 1) for name in (beside.DATA, *PIECES)} == set(taken)


def test_other_weights_than_torch_draws_are_seen_and_dropped(monkeypatch, fitted):
    """Where torch draws in another way, all is computed on what it drew."""
    right = beside.draw_as_torch
    monkeypatch.setattr(beside, "draw_as_torch", lambda *layer: tuple(part + 1 for part in right(*layer)))

    assert same(run_experiment(SMALL), run_experiment(SMALL, may_fork=True))
    assert [False] == fitted


def test_a_sign_that_float32_decides_otherwise_is_seen(monkeypatch, fitted):
    """One entry of G is enough."""
    right = beside.losses.grad_output

    def flipped(*loss):
        upstream = right(*loss)
        upstream.flat[0] *= -1
        return upstream

    expected = run_experiment(SMALL)
    with monkeypatch.context() as patch:
        patch.setattr(beside, "losses", type("Losses", (), {"grad_output": staticmethod(flipped)}))
        assert same(expected, run_experiment(SMALL, may_fork=True))
    assert [False] == fitted


@pytest.mark.parametrize("pieces", [0, 1, 4, len(PIECES)])
def test_a_process_that_ends_early_leaves_the_rest_to_this_one(monkeypatch, pieces):
    """Killed, out of memory, a bug: what has arrived is used, and nothing is waited for."""
    right = beside.answers_of

    def some(*arguments):
        for count, answer in enumerate(right(*arguments)):
            if count == pieces:
                raise MemoryError
            yield answer

    monkeypatch.setattr(beside, "answers_of", some)

    assert same(run_experiment(SMALL), run_experiment(SMALL, may_fork=True))


def test_no_process_is_left_behind():
    """Also where the run fails on its way."""

    def fail():
        with beside.begun_beside(SMALL, plan_of(SMALL)) as other:
            assert other is not None
            numbers.append(other.number)
            raise KeyboardInterrupt

    numbers = []
    with pytest.raises(KeyboardInterrupt):
        fail()

    with pytest.raises(ProcessLookupError):
        os.kill(numbers[0], 0)


@pytest.mark.parametrize("changes", [{}, {"backward": "fft"}, {"dtype": "float64"}, {"dtype": "bfloat16"}], ids=str)
def test_a_run_in_two_threads_reports_what_it_reports_in_one(monkeypatch, changes):
    """What is begun beside autograd is the same, in any arithmetic."""
    options = replace(SMALL, **changes)
    beside_autograd = run_experiment(options)
    monkeypatch.setattr(run.os, "cpu_count", lambda: 1)

    assert same(run_experiment(options), beside_autograd)


def test_what_fails_in_a_thread_fails_here(monkeypatch):
    """Nothing is left out of a report because a thread could not compute it."""
    monkeypatch.setattr(own_half, "evidence_of", lambda _case: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        run_experiment(SMALL)


def test_what_fails_in_the_second_process_is_computed_here(monkeypatch):
    """It ends without a word; the piece that it failed at, and what was to follow, are not there."""
    main = os.getpid()
    right = own_half.evidence_of
    monkeypatch.setattr(own_half, "evidence_of", lambda case: right(case) if os.getpid() == main else 1 / 0)

    assert same(run_experiment(SMALL), run_experiment(SMALL, may_fork=True))


@pytest.mark.parametrize(
    "changes",
    [
        {"loss": "mse"},
        {"backward": "fft"},
        {"backward": "mine.py:conv_backward"},
        {"dtype": "float64"},
        {"dtype": "bfloat16"},
        {"tf32": "on"},
        {"autocast": "bfloat16"},
        {"device": "cuda"},
        {"images": ("-",)},
        {"images": ("random:2x3x24x24",)},
        {"reference": "-"},
        {"size": (2048, 2048), "kernel_size": (64, 64)},
    ],
    ids=str,
)
def test_what_cannot_be_foretold_is_not_begun(changes):
    """Another loss, other arithmetic, what is read only once, and what takes much memory or time."""
    options = replace(SMALL, **changes)

    assert beside.is_of_use(SMALL, plan_of(SMALL))
    assert not beside.is_of_use(options, plan_of(options))


@pytest.mark.parametrize(
    ("module", "name", "value"),
    [("threading", "active_count", lambda: 2), ("os", "cpu_count", lambda: 1), ("sys", "platform", "darwin")],
)
def test_nothing_is_forked_beside_threads_or_on_one_core(monkeypatch, module, name, value):
    """A lock of another thread would never be released in the fork."""
    monkeypatch.setattr(getattr(beside, module), name, value)

    assert not beside.is_of_use(SMALL, plan_of(SMALL))
