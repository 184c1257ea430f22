"""The table for a spreadsheet: one row per target, cells that hold anything, and none that is a formula."""

import csv
import io

import pytest

from gradcheck_cli.report import render
from tests.report.samples import (
    SAMPLES,
    failing_target,
    failing_verify_report,
    sample_finding,
    sample_target,
    sample_verify_report,
)

# What readers of the table rely on.
TITLES = "target,verdict,reason,weight,input,bias,findings,right,supported,tried,file,line,seconds,gradients,places"


def rows(report):
    """The rows as a spreadsheet reads them."""
    return list(csv.DictReader(io.StringIO(render(report, "csv").decode("utf-8"), newline=""), strict=True))


def test_the_rows_word_for_word():
    """Titles, then a row for each target; lines end in CR LF, cells with a comma are quoted."""
    report = sample_verify_report(targets=(sample_target(seconds=0.81), failing_target(line=None, seconds=0.8096)))
    reason = (
        '"batch-mean: your grad_weight is exactly dE/dF divided by the batch size N = 2: '
        'on small integers, entry [0, 0, 0, 0] is 1044.5 where 2089 is right."'
    )

    first = "right.py:conv_backward,pass,right on all 44 geometries,pass,pass,pass,,44,44,86,right.py,4,0.810"
    second = f"batch_mean.py:conv_backward,fail,{reason},fail,pass,pass,batch-mean,13,22,116,batch_mean.py,,0.810"

    assert render(report, "csv").decode().split("\r\n") == [
        TITLES,
        f"{first},weight:pass;input:pass;bias:pass,",
        f"{second},weight:fail;input:pass;bias:pass,batch-mean 11:36",
        "",
    ]


def test_a_target_that_could_not_be_loaded_has_its_reason():
    """And no number that was not counted."""
    row = rows(failing_verify_report())[3]

    assert (row["verdict"], row["tried"]) == ("error", "0")
    assert row["reason"] == "line 1 imports tensorflow, which is not installed."


def test_nothing_is_said_of_the_gradients_of_what_could_not_be_loaded():
    """Which it has is not known: none is missing, and none is wrong."""
    row = rows(failing_verify_report())[3]

    assert ("", "", "", "") == (row["weight"], row["input"], row["bias"], row["gradients"])


def test_findings_are_told_once():
    """Separated by semicolons, in their order."""
    findings = (sample_finding(id="shifted"), sample_finding(), sample_finding(gradient="input"))

    assert (
        rows(sample_verify_report(targets=(failing_target(findings=findings),)))[0]["findings"] == "shifted;batch-mean"
    )


@pytest.mark.parametrize("beginning", ["=", "+", "-", "@", "\t=", "\r="])
def test_a_cell_is_no_formula(beginning):
    """Whatever a file is called, and whatever it raised."""
    name = f'{beginning}HYPERLINK("http://x.org", "y").py:f'
    row = rows(sample_verify_report(targets=(sample_target(target=name, file=name, reason=name),)))[0]

    assert [row[key][0] for key in ("target", "file", "reason")] == ["'"] * 3
    assert 'HYPERLINK("http://x.org", "y").py:f' in row["target"]


@pytest.mark.parametrize("name", [name for name in SAMPLES if name.startswith("verify")])
def test_every_sample_is_a_table(name):
    """As many cells in every row as there are titles, hostile text included, one line each."""
    text = render(SAMPLES[name](), "csv").decode("utf-8")
    table = list(csv.reader(io.StringIO(text, newline=""), strict=True))

    assert {len(row) for row in table} == {len(TITLES.split(","))}
    assert len(table) == text.count("\r\n") == 1 + len(SAMPLES[name]().targets)
