"""Thousands of random geometries over the right files of tests/mistakes, without one false alarm."""

import pytest
from planted import RIGHT, verified

pytestmark = pytest.mark.stress

THOUSAND = {"geometries": "full", "timeout": 600.0}


@pytest.mark.parametrize("seed", [0, 1])
def test_right_files_are_right_on_a_thousand_geometries_each(seed):
    """Every supported one, all gradients bit for bit."""
    report, reports = verified(RIGHT, seed=seed, **THOUSAND)
    wrong = {
        name: [place for place in each.geometries.list if place.supported and "fail" in place.gradients.values()]
        for name, each in reports.items()
        if each.verdict != "pass"
    }

    assert wrong == {}
    assert report.exit_code == 0
    assert sum(each.geometries.supported for each in reports.values()) > 5000
