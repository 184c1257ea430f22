"""The report of a sweep in every format."""

import csv
import io
import json
from dataclasses import replace

import pytest

from gradcheck_cli.model import Verdict
from gradcheck_cli.model.errors import ExitCode, ReportError
from gradcheck_cli.model.sweep import SweepAnswer, SweepReport
from gradcheck_cli.report import Destination, check_destinations, render
from gradcheck_cli.report.page.sweep import verify_command_of
from gradcheck_cli.report.words import answers_counted
from tests.report.test_json import VALIDATOR

ANSWERS = tuple(
    SweepAnswer(f"id{number}", number, target, f"x (1, 1, {size}, 3)", 0, verdict, {"weight": verdict}, message, 0.5)
    for number, (target, size, verdict, message) in enumerate(
        [
            ("a.py", 3, Verdict.PASS, ""),
            ("a.py", 4, Verdict.NOT_APPLICABLE, "it has no parameter for padding"),
            ("b.py", 3, Verdict.INCONCLUSIVE, "right but for rounding"),
            ("b.py", 4, Verdict.FAIL, "grad_weight is wrong"),
        ]
    )
)
REPORT = SweepReport(
    *(Verdict.FAIL, ExitCode.FAIL, {"python": "3"}, "gradcheck sweep verify a.py b.py", {"calls": 2.0}, 5, "1/2"),
    options={"call": "f(G, x)", "returns": "weight", "seed": 0},
    answers=ANSWERS,
)


def test_the_outcome_counts_everything_once():
    """Also what was not asked."""
    told = "5 questions to 2 targets, shard 1/2: 1 right, 1 wrong, 1 refused, 1 unclear, 1 not asked"
    assert answers_counted(REPORT) == told


def test_the_terminal_shows_the_wrong_ones_first():
    """And how to have the first of them named."""
    text = str(REPORT)

    assert text.splitlines()[0] == f"FAIL  {answers_counted(REPORT)}"
    assert text.index("grad_weight is wrong") < text.index("right but for rounding")
    assert "it has no parameter for padding" not in text


def test_a_target_that_refuses_everything_says_why_once():
    """Nothing of it was compared, and one reason is enough."""
    refused = tuple(replace(ANSWERS[1], number=number, geometry=f"x {number}") for number in range(3))
    text = str(replace(REPORT, answers=refused))

    assert text.count("it has no parameter for padding") == 1


def test_a_picture_is_no_geometry_for_verify():
    """Its name is enough to look closer."""
    picture = replace(ANSWERS[3], id="pictures/a.jpg", geometry="a.jpg")
    assert "Look closer" not in str(replace(REPORT, answers=(picture,)))


def test_a_wrong_answer_is_asked_again_by_verify():
    """As it was asked."""
    command = "gradcheck verify --call 'f(G, x)' --returns weight --geometry 'x (1, 1, 4, 3)' --seed 0 b.py"
    assert verify_command_of(ANSWERS[3], REPORT) == command


def test_the_json_report_fits_its_schema():
    """Every key, and no other."""
    document = json.loads(render(REPORT, "json"))
    VALIDATOR.validate(document)
    assert document["answers"][3]["verdict"] == "fail"
    assert list(VALIDATOR.iter_errors(document | {"command": "verify"}))


def test_the_csv_report_has_a_row_for_each_answer():
    """In the order of the questions."""
    rows = list(csv.DictReader(io.StringIO(render(REPORT, "csv").decode(), newline="")))

    assert [(row["number"], row["verdict"], row["weight"], row["message"]) for row in rows][3] == (
        *("3", "fail", "fail"),
        "grad_weight is wrong",
    )


@pytest.mark.parametrize("name", ["html", "md", "github", "text"])
def test_what_people_read_names_the_wrong_ones(name):
    """Or says how many there are."""
    text = render(REPORT, name).decode()
    assert "1 wrong" in text


@pytest.mark.parametrize("name", ["text", "html", "md", "json", "github"])
def test_what_is_said_of_data_parallel_training_is_said_to_everybody(name):
    """Once where people read, beside the counts."""
    said = "Data-parallel over 2 shares of 2, 1 pictures: not the same."
    assert said in " ".join(render(replace(REPORT, answer=said), name).decode().split())


def test_a_format_without_a_place_for_it_is_refused():
    """Before anything is asked."""
    with pytest.raises(ReportError, match="a sweep has no png report: a picture shows the planes of one layer"):
        check_destinations([Destination("png", "a.png")], [], "sweep")


def test_a_shard_that_is_complete_leaves_nothing():
    """No word of what was not asked."""
    assert "not asked" not in answers_counted(replace(REPORT, questions=4))
