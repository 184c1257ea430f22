"""Hundreds of damaged target files, every planted behaviour, and functions of many random signatures."""

import pytest
from fuzzed_targets import files, functions, tricks
from fuzzing import verify, wrong

SEED = 5
FILES, FUNCTIONS = 400, 100


@pytest.mark.stress
@pytest.mark.parametrize(
    ("name", "content"),
    [*files(SEED, FILES), *functions(SEED, FUNCTIONS), *tricks()],
    ids=lambda value: value if isinstance(value, str) and len(value) < 40 else "",
)
def test_generated_targets(tmp_path, monkeypatch, name, content):
    """Each ends in 0, 1 or 2, without a traceback, a stray file or a process that lives on."""
    monkeypatch.chdir(tmp_path)

    assert "" == wrong(*verify(content))
