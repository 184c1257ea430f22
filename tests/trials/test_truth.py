"""The questions: the same for every target, exact, and never with a gradient of zeros."""

from itertools import combinations

import numpy as np

from gradcheck_cli.layers.geometries import QUICK
from gradcheck_cli.model import GRADIENTS, ConvSpec
from gradcheck_cli.numbers.exact import as_integers
from gradcheck_cli.trials.truth import Questions

SPEC = ConvSpec(1, 1, 1, 6, 5, (3, 3))


def test_a_question_is_answered_once():
    """The second target gets the very same arrays."""
    questions = Questions(0)
    assert questions.narrow(SPEC) is questions.narrow(SPEC)
    assert questions.narrow(SPEC) is not questions.wide(SPEC)


def test_the_seed_decides_the_data():
    """The same seed asks the same, another one does not."""
    one, same, other = (Questions(seed).narrow(SPEC).case.x for seed in (1, 1, 2))

    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_no_truth_is_all_zeros():
    """Zeros show no mistake, and an update by zeros cannot be told from no update."""
    for seed in range(4):
        for spec in QUICK:
            truth = Questions(seed).narrow(spec).truth
            assert all(truth.gradients.get(name).any() for name in GRADIENTS), (seed, spec)
            assert truth.autograd_agrees


def test_every_kind_of_question_has_its_own_data():
    """Fresh numbers on the same geometry: no kind is another one in other clothes."""
    spec, questions = ConvSpec(2, 3, 4, 9, 8, (3, 3)), Questions(0)
    kinds = (questions.narrow, questions.wide, questions.fractional)
    drawn = [kind(spec).case for kind in kinds] + [as_integers(questions.tiny(spec).case)]
    whole = [np.trunc(case.x) for case in drawn]

    for one, other in combinations(whole, 2):
        assert np.mean(one == other) < 0.1
