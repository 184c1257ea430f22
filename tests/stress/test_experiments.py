"""The whole attack: thousands of random experiments, right ones and planted faults, and every planted file."""

import os

import pytest
from stress.attack import attack, is_bad, kept_file

COUNT = int(os.environ.get("STRESS_COUNT", "2000"))
SECONDS = float(os.environ.get("STRESS_SECONDS", "1800"))


@pytest.mark.stress
@pytest.mark.parametrize("kind", ["right", "faulty", "planted", "forms"])
def test_the_whole_attack(kind):
    """Not one false alarm, not one false pass, no crash; what was finished before is not repeated."""
    rows = attack(kind, COUNT, SECONDS, kept_file(kind))

    assert [] == [row for row in rows if is_bad(kind, row)]
    assert rows
