"""The generated pages are fresh, the stored measurement holds on a sample, and the generator leaves nothing out."""

import json

import generate
import measure
import pytest
from commands import ROOT

DOCS = ROOT / "docs"
SAMPLE = ("(right code)", "kernel-rotated", "single-precision")


@pytest.mark.parametrize("name", generate.pages())
def test_page_is_fresh(name):
    """What is in the folder is what `make docs` would write, and says so."""
    text = (DOCS / name).read_text(encoding="utf-8")
    assert generate.pages()[name]() == text
    assert "made by docs/generate.py" in text


def test_no_page_is_left_of_a_mistake_that_is_none():
    """A mistake that was renamed takes its page with it."""
    assert [] == generate.stale_pages()


@pytest.mark.parametrize("name", generate.sources())
def test_what_is_made_from_the_options_is_fresh(name):
    """The types for type checkers and the schema know every option."""
    assert generate.sources()[name]() == (ROOT / name).read_text(encoding="utf-8")


def test_the_table_of_the_readme_is_fresh():
    """The same measurement, summed up."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert generate.readme(text, json.loads(generate.MEASUREMENT.read_text(encoding="utf-8"))) == text


def test_the_measurement_holds_on_a_sample():
    """A few rows of the comparison, measured again."""
    stored = json.loads(generate.MEASUREMENT.read_text(encoding="utf-8"))
    assert {name: stored["small"][name] for name in SAMPLE} == measure.rows(list(SAMPLE))


@pytest.mark.stress
def test_the_measurement_holds():
    """The whole comparison, measured again."""
    assert json.loads(generate.MEASUREMENT.read_text(encoding="utf-8")) == measure.measure()


def test_the_measurement_is_of_this_catalogue():
    """A new mistake that was not measured is told."""
    stored = json.loads(generate.MEASUREMENT.read_text(encoding="utf-8"))
    assert [measure.RIGHT, *measure.weight_mistakes()] == list(stored["small"])


def test_a_planted_formula_reaches_every_checker():
    """The harness is no rubber stamp: a minus sign is caught everywhere, right code nowhere."""
    columns = [column for column in measure.COLUMNS if column != "named"]
    stored = json.loads(generate.MEASUREMENT.read_text(encoding="utf-8"))["small"]
    assert [True] * len(columns) == [stored["sign-flipped"][column] for column in columns]
    assert [False] * len(columns) == [stored[measure.RIGHT][column] for column in columns]


def test_a_stale_page_would_be_told():
    """The comparison notices one changed word."""
    assert generate.exit_codes_page() != generate.exit_codes_page().replace("holds", "held")
