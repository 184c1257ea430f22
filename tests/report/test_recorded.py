"""The recorded reports: what stands in the files is what the dataclasses hold today."""

import json

import pytest

from gradcheck_cli.report.json import as_document
from tests.report import recorded
from tests.report.record import RECORDS


def test_every_record_is_stored():
    """None is missing, and none is left of a record that is made no longer."""
    assert set(recorded.NAMES) == set(RECORDS)


@pytest.mark.parametrize("name", recorded.NAMES)
def test_a_record_is_up_to_date(name):
    """Read back and written again it is the same document: fields, their order, and every number."""
    stored = json.loads((recorded.FOLDER / f"{name}.json").read_text("utf-8"))

    assert as_document(recorded.report(name)) == stored
    assert list(as_document(recorded.report(name))) == list(stored)


@pytest.mark.parametrize("change", [("name", None), ("colour", "red")])
def test_a_stale_record_is_seen(change):
    """A field too few or too many."""
    from gradcheck_cli.model import Loss

    values = {"name": "l1", "reduction": "mean", "value": None}
    values = {key: value for key, value in (values | dict([change])).items() if key != "name" or value}
    with pytest.raises(AssertionError, match="Loss has other fields"):
        recorded.instance_of(Loss, values)


def test_no_record_holds_a_path_of_the_machine_that_made_it():
    """Every name is relative to the folder of the targets."""
    for path in recorded.FOLDER.glob("*.json"):
        assert not any(part in path.read_text("utf-8") for part in ('"/', "/tmp/", "/home/", "/root/"))
