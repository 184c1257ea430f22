"""The report as JUnit XML, as Jenkins' junit-10 schema and GitLab want it. One test case per check or gradient.

fail = failure; the user's code raised = error; could not check = error of the type "inconclusive";
not applicable or not returned = skipped. A verdict that no test case shows gets a test case of its own, so that the
file never looks better than the exit code.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from xml.etree import ElementTree

from gradcheck_cli.model import CALL, Check, Finding, Report, RunReport, SeedResult, TargetReport, Verdict
from gradcheck_cli.model.text import counted, visible, visible_lines
from gradcheck_cli.report.page.checks import worst_told
from gradcheck_cli.report.page.parts import mistakes, told
from gradcheck_cli.report.words import right_of_taken, subject, user_file, user_name, where_right

TAGS = {
    Verdict.FAIL: "failure",
    Verdict.ERROR: "error",
    Verdict.INCONCLUSIVE: "error",
    Verdict.NOT_APPLICABLE: "skipped",
    Verdict.MISSING: "skipped",
}


@dataclass(frozen=True)
class _TestCase:
    """One test case. `type` is the finding's id where there is one."""

    name: str
    verdict: Verdict
    message: str = ""
    type: str = ""
    body: str = ""
    output: str = ""


@dataclass(frozen=True)
class _Suite:
    """One test suite with its properties."""

    name: str
    cases: tuple[_TestCase, ...]
    seconds: float
    properties: Mapping[str, Any] = field(default_factory=dict)

    def count(self, tag: str) -> int:
        """How many of its test cases hold this element."""
        return sum(TAGS.get(case.verdict) == tag for case in self.cases)


def render_junit(report: Report, attachment: str = "") -> str:
    """The XML document.

    Args:
        attachment: path of the heatmap, told in the way that GitLab shows beside a failed test.
    """
    if isinstance(report, RunReport):
        suites = [_run_suite(report, attachment)]
    else:
        suites = [_target_suite(target, report.environment) for target in report.targets]
    return _xml(suites, _total(report))


def _run_suite(report: RunReport, attachment: str) -> _Suite:
    cases = [_check_case(check, report, attachment) for check in report.checks]
    cases += [_seed_case(seed) for seed in report.seeds]
    body = _told(report.findings, user_file(report), user_name(report))
    cases += _unshown(_verdict_case(report.verdict, report.answer, report.findings, body), cases)
    properties = {**report.environment, "seed": report.experiment.seed, "reproduce": report.reproduce}
    return _Suite(f"gradcheck run {subject(report)}", tuple(cases), _total(report), properties)


def _check_case(check: Check, report: RunReport, attachment: str) -> _TestCase:
    about = [finding for finding in report.findings if finding.gradient in (check.gradient, CALL)]
    pictured = bool(attachment) and check.gradient == "weight"
    mismatched = f"{check.mismatched:,} of {counted(check.entries, 'entry')}"
    return _TestCase(
        name=f"{check.name}[{check.gradient}]",
        verdict=check.verdict,
        message=check.detail or f"mismatch in {mismatched}: {check.criterion}",
        type=_type(check.verdict, about),
        body="\n".join(
            [
                f"criterion: {check.criterion}",
                f"mismatched: {mismatched}",
                *([worst_told(check.worst)] if check.worst is not None else []),
                *_told(about, user_file(report), user_name(report)),
            ]
        ),
        output=f"[[ATTACHMENT|{attachment}]]" if pictured else "",
    )


def _seed_case(seed: SeedResult) -> _TestCase:
    return _TestCase(f"seed[{seed.seed}]", seed.verdict, f"seed {seed.seed}: {seed.verdict}", _type(seed.verdict, []))


def _target_suite(target: TargetReport, environment: Mapping[str, Any]) -> _Suite:
    cases = [_gradient_case(target, name, result.verdict, result.findings) for name, result in target.gradients.items()]
    body = [*_told(target.findings, target.file, target.name), *([target.error] if target.error else [])]
    cases += _unshown(_verdict_case(target.verdict, target.reason, target.findings, body), cases)
    if target.output and cases:
        cases[0] = replace(cases[0], output=target.output)
    counted = right_of_taken(target.geometries)
    told = {"convention": target.convention, "layout": target.layout, "right": counted, "reason": target.reason}
    properties = {**environment, **told}
    return _Suite(target.target, tuple(cases), target.seconds, properties)


def _gradient_case(target: TargetReport, name: str, verdict: Verdict, ids: Iterable[str]) -> _TestCase:
    chosen = set(ids)
    about = [finding for finding in target.findings if finding.id in chosen]
    first = about[0].message if about else target.reason
    return _TestCase(
        name=f"grad_{name}",
        verdict=verdict,
        message="the gradient was not returned" if verdict is Verdict.MISSING else first,
        type=_type(verdict, about),
        body="\n".join(
            [
                *_told(about, target.file, target.name),
                *([target.error] if target.error else []),
                where_right(target.geometries),
            ]
        ),
    )


def _verdict_case(verdict: Verdict, message: str, findings: Sequence[Finding], body: Sequence[str]) -> _TestCase:
    """The verdict of the whole as a test case."""
    return _TestCase("verdict", verdict, message, _type(verdict, findings), "\n".join(body))


def _unshown(whole: _TestCase, cases: Sequence[_TestCase]) -> list[_TestCase]:
    """The whole's own case if no other shows its verdict: nothing compared, a mistake missed, a changed input."""
    tag = TAGS.get(whole.verdict)
    is_shown = cases and (tag is None or any(TAGS.get(case.verdict) == tag for case in cases))
    return [] if is_shown else [whole]


def _type(verdict: Verdict, findings: Sequence[Finding]) -> str:
    return findings[0].id if findings and verdict in (Verdict.FAIL, Verdict.ERROR) else verdict.value


def _told(findings: Sequence[Finding], file: str, name: str) -> list[str]:
    return [line for mistake in mistakes(findings, file, name) for line in told(mistake)]


def _xml(suites: list[_Suite], seconds: float) -> str:
    totals = {
        "tests": sum(len(suite.cases) for suite in suites),
        "failures": sum(suite.count("failure") for suite in suites),
        "errors": sum(suite.count("error") for suite in suites),
    }
    root = ElementTree.Element("testsuites", _attributes(name="gradcheck", **totals, time=_time(seconds)))
    for suite, name in zip(suites, _unique([suite.name for suite in suites]), strict=True):
        _append_suite(root, suite, name)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _append_suite(root: ElementTree.Element, suite: _Suite, name: str) -> None:
    counts = {"tests": len(suite.cases), "failures": suite.count("failure"), "errors": suite.count("error")}
    counts["skipped"] = suite.count("skipped")
    element = ElementTree.SubElement(root, "testsuite", _attributes(name=name, **counts, time=_time(suite.seconds)))
    properties = ElementTree.SubElement(element, "properties")
    for key, value in suite.properties.items():
        ElementTree.SubElement(properties, "property", _attributes(name=key, value=value))
    for case, case_name in zip(suite.cases, _unique([case.name for case in suite.cases]), strict=True):
        _append_case(element, case, name, case_name)


def _append_case(suite: ElementTree.Element, case: _TestCase, classname: str, name: str) -> None:
    element = ElementTree.SubElement(suite, "testcase", _attributes(classname=classname, name=name))
    tag = TAGS.get(case.verdict)
    if tag:
        # GitLab shows the text and not the attribute, so the message is in both.
        outcome = ElementTree.SubElement(element, tag, _attributes(message=case.message, type=case.type))
        outcome.text = visible_lines(f"{case.message}\n{case.body}".strip())
    if case.output:
        ElementTree.SubElement(element, "system-out").text = visible_lines(case.output)


def _attributes(**values: object) -> dict[str, str]:
    return {key: visible(value) for key, value in values.items()}


def _unique(names: list[str]) -> list[str]:
    """The names, told apart by a number where they would repeat: GitLab drops the second of two."""
    shown = [visible(name) for name in names]
    totals, seen = Counter(shown), Counter[str]()
    unique = []
    for name in shown:
        seen[name] += 1
        candidate = name if totals[name] == 1 or seen[name] == 1 else f"{name} ({seen[name]})"
        while candidate in unique:
            candidate += "'"
        unique.append(candidate)
    return unique


def _total(report: Report) -> float:
    """What the report says, else the sum of its stages, which follow one another."""
    return report.timings.get("total", math.fsum(report.timings.values()))


def _time(seconds: float) -> str:
    """Seconds as the schema wants them: digits and three decimals, never an exponent, a sign or NaN."""
    return f"{seconds if 0 <= seconds < math.inf else 0:.3f}"
