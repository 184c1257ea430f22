"""The JUnit report: the rules of Jenkins' junit-10 schema, what GitLab shows, and that no verdict is lost."""

import re

import pytest
from hypothesis import given, strategies as st
from lxml import etree

from gradcheck_cli.model import Check, Power, Verdict
from gradcheck_cli.report.junit import render_junit
from tests.report.samples import (
    SAMPLES,
    evil_verify_report,
    failing_run_report,
    failing_verify_report,
    sample_finding,
    sample_run_report,
    sample_target,
    sample_verify_report,
    seeds_run_report,
)

# The rules that the junit-10 schema of Jenkins' xunit plugin has for the elements that are written here.
RULES = """
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:simpleType name="time"><xs:restriction base="xs:string">
    <xs:pattern value="[0-9]+(\\.[0-9]{3})"/>
  </xs:restriction></xs:simpleType>
  <xs:simpleType name="count"><xs:restriction base="xs:string">
    <xs:pattern value="[0-9]+"/>
  </xs:restriction></xs:simpleType>
  <xs:complexType name="outcome" mixed="true">
    <xs:attribute name="type" type="xs:string"/><xs:attribute name="message" type="xs:string"/>
  </xs:complexType>
  <xs:element name="testsuites"><xs:complexType>
    <xs:sequence><xs:element ref="testsuite" minOccurs="0" maxOccurs="unbounded"/></xs:sequence>
    <xs:attribute name="name"/><xs:attribute name="time" type="time"/>
    <xs:attribute name="tests" type="count"/><xs:attribute name="failures" type="count"/>
    <xs:attribute name="errors" type="count"/>
  </xs:complexType></xs:element>
  <xs:element name="testsuite"><xs:complexType>
    <xs:sequence>
      <xs:element name="properties" minOccurs="0"><xs:complexType><xs:sequence>
        <xs:element name="property" minOccurs="0" maxOccurs="unbounded"><xs:complexType>
          <xs:attribute name="name" use="required"/><xs:attribute name="value" use="required"/>
        </xs:complexType></xs:element>
      </xs:sequence></xs:complexType></xs:element>
      <xs:element ref="testcase" minOccurs="0" maxOccurs="unbounded"/>
    </xs:sequence>
    <xs:attribute name="name" use="required"/><xs:attribute name="tests" type="count" use="required"/>
    <xs:attribute name="failures" type="count" use="required"/><xs:attribute name="errors" type="count" use="required"/>
    <xs:attribute name="skipped" type="count"/><xs:attribute name="time" type="time"/>
  </xs:complexType></xs:element>
  <xs:element name="testcase"><xs:complexType>
    <xs:sequence>
      <xs:choice minOccurs="0">
        <xs:element name="skipped" type="outcome"/>
        <xs:element name="error" type="outcome"/>
        <xs:element name="failure" type="outcome"/>
      </xs:choice>
      <xs:element name="system-out" type="xs:string" minOccurs="0"/>
    </xs:sequence>
    <xs:attribute name="name" use="required"/><xs:attribute name="classname"/>
  </xs:complexType></xs:element>
</xs:schema>
"""
TOTAL = f"{sum(sample_run_report().timings.values()):.3f}"
SCHEMA = etree.XMLSchema(etree.fromstring(RULES))


def parse(text):
    """The document, refused where it breaks a rule."""
    root = etree.fromstring(text.encode("utf-8"))
    SCHEMA.assertValid(root)
    return root


def outcomes(root):
    """Test case -> the element that tells its outcome, or "pass"."""
    cases = root.iter("testcase")
    return {
        case.get("name"): next((child.tag for child in case if child.tag != "system-out"), "pass") for case in cases
    }


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_keeps_the_rules(name):
    """Each report, hostile ones included, is valid, and its totals are those of its test cases."""
    root = parse(render_junit(SAMPLES[name](), "out.png"))
    cases = list(root.iter("testcase"))

    assert int(root.get("tests")) == len(cases) > 0
    assert int(root.get("failures")) == len(list(root.iter("failure")))
    assert int(root.get("errors")) == len(list(root.iter("error")))
    for suite in root:
        assert int(suite.get("tests")) == len(suite.findall("testcase"))
        assert int(suite.get("skipped")) == len(suite.findall("testcase/skipped"))


@pytest.mark.parametrize("name", SAMPLES)
def test_names_are_unique(name):
    """GitLab drops the second of two test cases with one name and class."""
    cases = [
        (case.get("classname"), case.get("name")) for case in parse(render_junit(SAMPLES[name]())).iter("testcase")
    ]

    assert sorted(set(cases)) == sorted(cases)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (f'time="{TOTAL}"', 'time="1.45e+00"'),
        (' errors="0" skipped', " skipped"),
        ("<testcase ", '<testcase file="a.py" '),
        ("<properties>", "<property/><properties>"),
    ],
)
def test_the_rules_can_refuse(old, new):
    """What Jenkins refuses, these rules refuse: an exponent, no error count, a file, a misplaced property."""
    text = render_junit(sample_run_report())
    broken = text.replace(old, new, 1)

    assert text != broken
    with pytest.raises(etree.DocumentInvalid):
        parse(broken)


def test_a_failing_run():
    """A mismatch is a failure, the rest pass."""
    root = parse(render_junit(failing_run_report()))

    assert {name for name, tag in outcomes(root).items() if tag != "pass"} == {
        "exact[weight]",
        "referee[weight]",
        "hand-vs-autograd[weight]",
        "numeric[weight]",
        "adjoint[weight]",
    }
    assert set(outcomes(root).values()) == {"pass", "failure"}
    failure = root.find(".//testcase[@name='exact[weight]']/failure")
    assert failure.get("type") == "batch-mean"
    rule = "integers in float32: every order of summation is exact, so equal bit for bit"
    assert failure.get("message") == f"mismatch in 108 of 108 entries: {rule}"
    assert failure.text.splitlines() == [
        f"mismatch in 108 of 108 entries: {rule}",
        f"criterion: {rule}",
        "mismatched: 108 of 108 entries",
        "worst at [0,2,2,1]: expected -64393, actual -32196.5, difference 32196.5, allowed 0",
        f"batch-mean (proved), grad_weight: {sample_finding().message}",
        "mend it: Sum over the batch and do not divide: G already carries the factor of the loss.",
        "fails when: batch > 1",
        "at: batch_mean.py:11:36",
        "11 | return grad_input, grad_weight / len(x), grad_output.sum(axis=(0, 2, 3))",
        "   |                                ^^^^^^^^",
        "Without it grad_weight is right on all 22 geometries.",
    ]


def test_a_passing_run():
    """What was not applicable is skipped and never a failure."""
    found = outcomes(parse(render_junit(SAMPLES["run-fft"]())))

    assert {name for name, tag in found.items() if tag != "pass"} == {
        f"adjoint[{name}]" for name in ("weight", "input", "bias")
    }
    assert found["adjoint[weight]"] == "skipped"


def test_verify_outcomes():
    """Wrong numbers are failures, raised exceptions and what could not be checked are errors."""
    root = parse(render_junit(failing_verify_report()))
    right, wrong, crashed, unknown = root

    assert outcomes(right) == {"grad_weight": "pass", "grad_input": "pass", "grad_bias": "pass"}
    assert outcomes(wrong) == {"grad_weight": "failure", "grad_input": "pass", "grad_bias": "pass"}
    assert set(outcomes(crashed).values()) == {"error", "failure"}
    assert outcomes(unknown) == {"verdict": "error"}
    assert "tensorflow" in unknown.find("testcase/error").text
    assert crashed.find("testcase/error").get("type") == "crashes"
    assert unknown.find("testcase/error").get("type") == "error"
    assert "IndexError: index 2 is out of bounds" in crashed.find("testcase/error").text


def test_a_verdict_that_no_case_shows():
    """A run that is inconclusive though every check passed must not look green."""
    report = sample_run_report(
        verdict=Verdict.INCONCLUSIVE, answer="A mistake would be missed.", power=Power(missed=("x",))
    )
    root = parse(render_junit(report))

    assert outcomes(root)["verdict"] == "error"
    assert root.find(".//testcase[@name='verdict']/error").get("message") == "A mistake would be missed."


def test_nothing_checked_is_not_an_empty_suite():
    """Without a check there is still one test case that says so."""
    report = sample_run_report(verdict=Verdict.INCONCLUSIVE, checks=())

    assert outcomes(parse(render_junit(report))) == {"verdict": "error"}


def test_the_same_check_twice():
    """Two checks with one name are told apart by a number."""
    check = Check("exact", "weight", Verdict.PASS, 1, 0, "==")
    report = sample_run_report(checks=(check, check, check))

    assert list(outcomes(parse(render_junit(report)))) == ["exact[weight]", "exact[weight] (2)", "exact[weight] (3)"]


def test_the_same_target_twice():
    """Two targets with one name get suites of their own."""
    root = parse(render_junit(sample_verify_report(targets=(sample_target(), sample_target()))))

    assert [suite.get("name") for suite in root] == ["right.py:conv_backward", "right.py:conv_backward (2)"]


def test_control_characters_are_visible():
    """Escape codes are written out, so the file parses; emoji stay as they are."""
    text = render_junit(evil_verify_report())

    assert r"\x1b[31m|`x`" in text
    assert "🐈" in render_junit(sample_verify_report(targets=(sample_target(target="🐈.py:f"),)))
    assert not re.search("[\x00-\x08\x0b-\x1f]", text)


@given(st.text(st.characters(exclude_categories=())))
def test_any_text_can_be_told(text):
    """Whatever the user's code raised or printed, the file stays valid."""
    target = sample_target(verdict=Verdict.ERROR, error=text, output=text, target=text or "x")

    assert len(parse(render_junit(sample_verify_report(targets=(target,))))) == 1


def test_the_attachment():
    """The heatmap is attached to the checks of the weight, in GitLab's form; without a picture nothing is."""
    root = parse(render_junit(failing_run_report(), "reports/out.png"))
    attached = {case.get("name"): case.findtext("system-out") for case in root.iter("testcase")}

    assert attached["exact[weight]"] == "[[ATTACHMENT|reports/out.png]]"
    assert attached["exact[input]"] is None
    assert "ATTACHMENT" not in render_junit(failing_run_report())


def test_properties():
    """The suite says what decides the numbers, and how to run it again."""
    root = parse(render_junit(sample_run_report()))
    properties = {item.get("name"): item.get("value") for item in root.iter("property")}

    assert properties["torch"] == sample_run_report().environment["torch"]
    assert properties["seed"] == "0"
    assert properties["reproduce"].startswith("gradcheck run --in 3")


def test_seeds():
    """Each seed is a test case."""
    assert {"seed[0]", "seed[1]", "seed[2]"} <= set(outcomes(parse(render_junit(seeds_run_report()))))


@pytest.mark.parametrize(
    ("seconds", "expected"), [(1e-5, "0.000"), (1234567.5, "1234567.500"), (float("nan"), "0.000"), (-1.0, "0.000")]
)
def test_times(seconds, expected):
    """Times never have an exponent, a sign or a NaN."""
    root = parse(render_junit(sample_run_report(timings={"total": seconds})))

    assert root.get("time") == expected


def test_stages_add_up():
    """Where the report tells stages only, the suite took as long as all of them."""
    root = parse(render_junit(sample_run_report(timings={"autograd": 1.25, "numeric": 0.5})))

    assert [root.get("time"), root[0].get("time")] == ["1.750", "1.750"]
