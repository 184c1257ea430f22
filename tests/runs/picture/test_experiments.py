"""A sample of the attack on `gradcheck run` and `gradcheck verify`; all of it runs in `make stress`."""

import pytest
from stress import forms
from stress.attack import attack, is_bad
from stress.experiments import FAULTS, draw
from stress.planted import HARD_TO_SEE, planted

SAMPLE = 60


@pytest.mark.parametrize("kind", ["right", "faulty"])
def test_random_experiments(kind):
    """Right code never fails, a planted fault never passes, and nothing crashes."""
    rows = attack(kind, SAMPLE, 600)

    assert SAMPLE == len(rows)
    assert [] == [row for row in rows if is_bad(kind, row)]


def test_most_experiments_come_to_a_verdict():
    """The attack would be worth nothing if all of it were undecided, or if no fault changed anything."""
    right, faulty = attack("right", 20, 600), attack("faulty", 20, 600)

    assert sum(row["verdict"] == "pass" for row in right) >= 15
    assert sum(row["verdict"] == "fail" and bool(row["shown"]) for row in faulty) >= 12


def test_random_layers_of_every_form():
    """Right code never fails, a wrong entry never passes, and nothing crashes."""
    assert [] == [row for row in forms.layers(6) if row["problems"]]


@pytest.mark.parametrize(
    ("kind", "row"),
    [
        ("right", {"verdict": "fail"}),
        ("right", {"verdict": "crash"}),
        ("right", {"verdict": "inconclusive", "reason": "nothing open"}),
        ("faulty", {"verdict": "pass", "shown": ["weight"]}),
        ("planted", {"verdict": "inconclusive", "expected": "fail"}),
        ("pictures", {"verdict": "works", "problems": ["11.2 s"]}),
    ],
)
def test_what_is_bad_is_seen(kind, row):
    """The attack can fail."""
    assert is_bad(kind, row)


def test_the_same_number_draws_the_same_experiment(tmp_path):
    """So that a bad one can be looked at again."""
    assert [draw(number, tmp_path, True) for number in range(20)] == [
        draw(number, tmp_path, True) for number in range(20)
    ]


def test_there_is_much_to_plant():
    """Every formula of the catalogue with its variants, and the small faults; right and wrong files."""
    assert len(FAULTS) > 100
    assert len({fault.partition(":")[0] for fault in FAULTS}) > 10
    assert {"right", "random", "wrong", "generated"} == {kind for kind, *_ in planted()}
    assert len(HARD_TO_SEE) >= 20
