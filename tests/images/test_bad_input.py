"""A sample of the corpus of bad pictures, in one process; `tests/stress/test_bad_images.py` reads all of it."""

from collections import Counter

import pytest
from corpus import corpus
from reading import read_whole

FILES = list(corpus(cuts=3, flips=4))


def test_the_corpus_has_every_family():
    """The sample is not empty by accident."""
    outcomes = Counter(file.outcome for file in FILES)

    assert outcomes["works"] > 80
    assert outcomes["error"] > 150
    assert outcomes["either"] > 60
    assert len({file.name for file in FILES}) == len(FILES)


def test_the_sample(tmp_path, capfd):
    """Each file works or gives one short ImageError, as it must, and nothing is printed."""
    wrong = []
    for file in FILES:
        outcome = read_whole(tmp_path, file)
        noise = capfd.readouterr()
        if outcome.kind not in (("works", "error") if file.outcome == "either" else (file.outcome,)):
            wrong.append((file.name, outcome))
        if noise.out or noise.err or outcome.lines > 6:
            wrong.append((file.name, outcome, noise))

    assert wrong == []


@pytest.mark.parametrize("lie", ["works", "error"])
def test_a_wrong_expectation_is_seen(tmp_path, lie):
    """The comparison of the test above can fail: a good file that must fail, a bad one that must work."""
    [file] = [file for file in FILES if file.name == ("not-text.jpg" if lie == "works" else "kind-gray.jpg")]

    assert read_whole(tmp_path, file).kind != lie
