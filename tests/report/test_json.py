"""The JSON document: its keys, its numbers, its strings, and the schema that describes them."""

import copy
import json
import math
from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st
from jsonschema import Draft202012Validator, ValidationError

from gradcheck_cli import model
from gradcheck_cli.report.json import LEFT_OUT, as_document, render_json
from tests.report.samples import (
    EVIL_NAMES,
    SAMPLES,
    crashed_target,
    failing_run_report,
    failing_target,
    failing_verify_report,
    sample_experiment,
    sample_finding,
    sample_run_report,
    sample_verify_report,
)

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "report.schema.json").read_text("utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)
RUN_KEYS = [
    *("schema_version", "command", "verdict", "exit_code", "answer", "environment", "reproduce", "timings"),
    *("experiment", "checks", "grad_output", "channels", "sameness", "seeds", "power", "findings"),
    *("counterexample", "notes"),
]
VERIFY_KEYS = [
    *("schema_version", "command", "verdict", "exit_code", "environment", "reproduce", "timings", "targets"),
    *("options", "not_asked", "summary"),
]
DATACLASSES = {
    "run": model.RunReport,
    "verify": model.VerifyReport,
    "experiment": model.Experiment,
    "loss": model.Loss,
    "check": model.Check,
    "worst": model.Worst,
    "grad_output": model.GradOutput,
    "channel": model.ChannelDifference,
    "pair": model.ChannelPair,
    "sameness": model.Sameness,
    "counterfactual": model.Counterfactual,
    "seed": model.SeedResult,
    "power": model.Power,
    "finding": model.Finding,
    "term": model.Term,
    "counterexample": model.Counterexample,
    "spec": model.ConvSpec,
    "target": model.TargetReport,
    "gradient_result": model.GradientResult,
    "geometry": model.GeometryResult,
    "geometries": model.Geometries,
    "function_example": model.FunctionExample,
    "sample": model.SampleResult,
    "evidence": model.RungEvidence,
    "setting_result": model.SettingResult,
    "function_power": model.FunctionPower,
    "not_shown": model.NotShown,
}


def strict(text):
    """Parse as a reader would that knows no NaN."""

    def refuse(name):
        raise AssertionError(f"{name} is not JSON")

    return json.loads(text, parse_constant=refuse)


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_is_valid(name):
    """Each report, hostile ones included, is one JSON document that the shipped schema accepts."""
    document = strict(render_json(SAMPLES[name]()))

    assert [error.message for error in VALIDATOR.iter_errors(document)] == []


def test_schema_is_a_schema():
    """The schema itself is valid, and every key in it is described."""
    Draft202012Validator.check_schema(SCHEMA)
    for name, definition in SCHEMA["$defs"].items():
        assert definition["description"], name
        for key, value in definition.get("properties", {}).items():
            assert value.get("description") or "$ref" in value, f"{name}.{key}"


@pytest.mark.parametrize("name", DATACLASSES)
def test_schema_names_every_field(name):
    """The schema's keys are the fields in their order, no others; all required but what is left out as usual."""
    definition = SCHEMA["$defs"][name]
    told = [field for field in fields(DATACLASSES[name]) if field.name not in LEFT_OUT]
    head = ["schema_version", "command"] if name in {"run", "verify"} else []

    assert head + [field.name for field in told] == list(definition["properties"])
    assert head + [field.name for field in told if "unless_usual" not in field.metadata] == definition["required"]
    assert definition["additionalProperties"] is False


def test_schema_table_is_complete():
    """No dataclass of the reports is forgotten by the test above."""
    reported = {item for name in dir(model) if is_dataclass(item := getattr(model, name))}
    elsewhere = {model.Case, model.Gradients, model.Figure, model.Figures, model.RunOptions, model.VerifyOptions}
    elsewhere |= {model.TorchLayer, model.Axis, model.TransposedAxis, model.Geometry, model.CodePlace, model.Tensor}
    elsewhere |= {model.Sample, model.FunctionOutcome, model.ReturnedEntry, model.Setting, model.PLAIN}
    inline = {model.SamenessReport, model.CannotShow}

    assert reported == set(DATACLASSES.values()) | elsewhere | inline


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ((), "answer", "anwser"),
        (("experiment",), "in_channels", "in"),
        (("checks", 0), "mismatched", "mismatches"),
        (("sameness", "across_channels"), "reason", "why"),
    ],
)
def test_schema_refuses_a_misspelt_key(path, old, new):
    """A key with another name is an error on both counts: one is missing, one is unknown."""
    document = copy.deepcopy(as_document(sample_run_report()))
    place = document
    for step in path:
        place = place[step]
    place[new] = place.pop(old)

    with pytest.raises(ValidationError, match=old):
        VALIDATOR.validate(document)


@pytest.mark.parametrize(
    ("key", "value"),
    [("verdict", "passed"), ("exit_code", 4), ("schema_version", 3), ("command", "check"), ("seeds", None)],
)
def test_schema_refuses_a_wrong_value(key, value):
    """Verdicts, exit codes, version and command are closed lists."""
    with pytest.raises(ValidationError):
        VALIDATOR.validate({**as_document(sample_run_report()), key: value})


def test_keys_and_their_order():
    """The top-level keys are those of the design, in its order."""
    assert list(strict(render_json(sample_run_report()))) == RUN_KEYS
    assert list(strict(render_json(sample_verify_report()))) == VERIFY_KEYS


def test_head():
    """The document says first what it is."""
    document = as_document(failing_run_report())

    assert tuple(document[key] for key in RUN_KEYS[:4]) == (2, "run", "fail", 1)


def test_figures_are_left_out():
    """The arrays for the pictures never reach the document."""
    assert "figures" not in render_json(sample_run_report())


def test_numbers_that_json_lacks_are_strings():
    """NaN and the infinities are told apart, and never bare."""
    broken = (math.nan, math.inf, math.nan, 0.0, math.inf)
    check = replace(sample_run_report().checks[0], worst=model.Worst((0, 0, 0, 0), *broken))
    channel = model.ChannelDifference(0, 0, math.nan, -math.inf, 0, 4)
    document = strict(render_json(sample_run_report(checks=(check,), channels=(channel,))))
    worst = document["checks"][0]["worst"]

    assert (worst["expected"], worst["actual"], worst["ratio"]) == ("NaN", "Infinity", "Infinity")
    assert tuple(document["channels"][0][key] for key in ("max_abs_difference", "ratio")) == ("NaN", "-Infinity")


def test_arrays_are_nested_lists():
    """The counterexample's arrays keep their axes."""
    document = as_document(failing_run_report())

    assert document["counterexample"]["x"] == [[[[4.0]]], [[[8.0]]]]
    assert document["counterexample"]["actual"] == [[[[8.0]]]]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float32(0.5), 0.5),
        (np.float64("nan"), "NaN"),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (np.array([np.inf, 1.0]), ["Infinity", 1.0]),
        ({1: (model.Verdict.PASS,)}, {"1": ["pass"]}),
        (None, None),
    ],
)
def test_environment_values(value, expected):
    """numpy's scalars and arrays, enums, tuples and maps become plain JSON."""
    document = as_document(sample_run_report(environment={"value": value}))
    actual = document["environment"]["value"]

    assert expected == actual
    assert type(expected) is type(actual)


def test_a_foreign_object_is_refused():
    """What JSON cannot hold is an error with its value, not a silent string."""
    with pytest.raises(TypeError, match=r"^a report cannot hold a object: <object object at .*>$"):
        as_document(sample_run_report(environment={"value": object()}))


def test_the_text_is_ascii():
    """Any pipe and any code page carries the document; names come back as they were."""
    text = render_json(sample_run_report(experiment=sample_experiment(images=EVIL_NAMES)))
    expected = [name.replace("\udcff", r"\xff") for name in EVIL_NAMES]

    assert text.isascii()
    assert expected == strict(text)["experiment"]["images"]
    assert text.endswith("}\n")


@given(st.floats())
def test_every_number_survives(value):
    """A finite number comes back exactly; NaN and infinity come back as what Python's float() reads."""
    text = render_json(sample_run_report(timings={"total": value}))
    actual = float(strict(text)["timings"]["total"])

    assert value == actual or (math.isnan(value) and math.isnan(actual))


@given(st.text(st.characters(exclude_categories=())))
def test_every_string_is_encodable(text):
    """Whatever a file is called, the document is valid UTF-8 when parsed and written again."""
    document = strict(render_json(sample_run_report(answer=text)))

    assert document["answer"].encode("utf-8").decode("utf-8") == document["answer"]


def test_verify_gradients_by_name():
    """A target's gradients are keyed by their names."""
    document = as_document(failing_verify_report())

    assert document["targets"][1]["gradients"]["weight"] == {"verdict": "fail", "findings": ["batch-mean"]}


def test_each_mistake_once_with_its_targets():
    """The summary, the commonest mistake first, a target that makes it for two gradients once."""
    twice = failing_target(target="b.py:f", findings=(sample_finding(), sample_finding(gradient="input")))
    targets = (crashed_target(), failing_target(target="a.py:f"), twice)

    assert as_document(sample_verify_report(targets=targets))["summary"] == {
        "batch-mean": ["a.py:f", "b.py:f"],
        "crashes": ["raising.py:conv_backward"],
    }


def test_every_target_has_a_reason():
    """In one line, also where it could not be read."""
    reasons = [target["reason"] for target in as_document(failing_verify_report())["targets"]]

    assert reasons[0] == "right on all 44 geometries"
    assert reasons[1].startswith("batch-mean: your grad_weight is exactly dE/dF divided by the batch size N = 2: ")
    assert reasons[3] == "line 1 imports tensorflow, which is not installed."
