"""The questions: the same for every target, exact, and never with a gradient of zeros."""

from itertools import combinations

import numpy as np

from gradcheck_cli.layers.geometries import QUICK
from gradcheck_cli.model import GRADIENTS, ConvSpec
from gradcheck_cli.numbers.exact import as_integers
from gradcheck_cli.trials.question import Question
from gradcheck_cli.trials.truth import Truths

SPEC = ConvSpec(1, 1, 1, 6, 5, (3, 3))


def test_a_question_is_answered_once():
    """The second target gets the very same arrays."""
    truths = Truths()
    assert truths.of(Question("a.py:f", SPEC)) is truths.of(Question("b.py:g", SPEC))
    assert truths.of(Question("a.py:f", SPEC)) is not truths.of(Question("a.py:f", SPEC, "wide"))


def test_a_second_use_is_asked_about_the_same_numbers_as_the_first():
    """Another kind of question, not another case: what it adds is what came before."""
    truths = Truths()
    assert truths.of(Question("a.py:f", SPEC)) is truths.of(Question("a.py:f", SPEC, "after-another"))


def test_the_seed_decides_the_data():
    """The same seed asks the same, another one does not."""
    one, same, other = (Truths().of(Question("a.py:f", SPEC, seed=seed)).case.x for seed in (1, 1, 2))

    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_no_truth_is_all_zeros():
    """Zeros show no mistake, and an update by zeros cannot be told from no update."""
    for seed in range(4):
        for spec in QUICK:
            truth = Truths().of(Question("a.py:f", spec, seed=seed))
            assert all(truth.gradients.get(name).any() for name in GRADIENTS), (seed, spec)
            assert truth.autograd_agrees


def test_every_kind_of_question_has_its_own_data():
    """Fresh numbers on the same geometry: no kind is another one in other clothes."""
    spec, truths = ConvSpec(2, 3, 4, 9, 8, (3, 3)), Truths()
    narrow, wide, fractional, tiny = (
        truths.of(Question("a.py:f", spec, probe)).case for probe in ("narrow", "wide", "fractional", "tiny")
    )
    drawn = [narrow, wide, fractional, as_integers(tiny)]
    whole = [np.trunc(case.x) for case in drawn]

    for one, other in combinations(whole, 2):
        assert np.mean(one == other) < 0.1
