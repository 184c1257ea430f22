"""All bad pictures, command lines and target files, and the large layers: every one as it must be."""

import pytest
from stress.attack import attack, is_bad, kept_file

LEAST = {"pictures": 1000, "options": 1000, "targets": 500, "large": 6}


@pytest.mark.stress
@pytest.mark.parametrize("kind", LEAST)
def test_every_case(kind):
    """In at most 6 lines, without a traceback, within 10 s and 1 GiB, and nothing is left behind."""
    rows = attack(kind, 10**6, 3600, kept_file(kind))

    assert LEAST[kind] <= len(rows)
    assert [] == [row for row in rows if is_bad(kind, row)]
