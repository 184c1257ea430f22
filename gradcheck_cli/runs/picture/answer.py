"""The answer to the forum's question, in words. Every clause is derived from a check; none is assumed."""

from __future__ import annotations

from collections.abc import Sequence

from gradcheck_cli.layers.conv.formula import weight_gradient
from gradcheck_cli.model import Check, ConvSpec, Finding, Power, Rung, Sameness, Verdict
from gradcheck_cli.model.errors import ExitCode
from gradcheck_cli.sameness.reasons import percent

# What could not be decided is no success: CI must not go on with it.
EXIT_OF_VERDICT = {
    Verdict.PASS: ExitCode.PASS,
    Verdict.FAIL: ExitCode.FAIL,
    Verdict.ERROR: ExitCode.FAIL,
    Verdict.INCONCLUSIVE: ExitCode.NOT_CHECKED,
}


def verdict_of(checks: Sequence[Check], power: Power) -> Verdict:
    """FAIL if a check failed, else INCONCLUSIVE if one could not decide, a mistake would be missed or none compared."""
    verdicts = {check.verdict for check in checks}
    if Verdict.FAIL in verdicts:
        return Verdict.FAIL
    if Verdict.INCONCLUSIVE in verdicts or Verdict.PASS not in verdicts or power.missed:
        return Verdict.INCONCLUSIVE
    return Verdict.PASS


def answer(
    of_method: str,
    checks: Sequence[Check],
    verdict: Verdict,
    findings: Sequence[Finding],
    channels: Sameness,
) -> str:
    """ "Method: ... Code: ... Same for all channels: ..." from the checks, the findings and the sameness verdict.

    `of_method` is what `method` says.
    """
    clauses = {
        "Method": of_method,
        "Code": code(checks, verdict, findings),
        "Same for all channels": same(channels),
    }
    return " ".join(f"{name}: {clause}" for name, clause in clauses.items())


def method(holds: bool | None, spec: ConvSpec) -> str:
    """Is dE/dF[o,i] = corr(X[i], G[o]) the gradient? `holds` is what the finite differences say of the formula."""
    formula = weight_gradient(spec)
    if holds is None:
        return f"{formula}; finite differences could not decide it here."
    return f"{formula} is right." if holds else f"{formula} is not what finite differences give."


def code(checks: Sequence[Check], verdict: Verdict, findings: Sequence[Finding]) -> str:
    """Is the code under test right, and if not, which side is wrong and why?"""
    if verdict is Verdict.PASS:
        return "right."
    if verdict is Verdict.INCONCLUSIVE:
        open_checks = [check for check in checks if check.verdict is Verdict.INCONCLUSIVE]
        reason = open_checks[0].detail if open_checks else "a planted mistake would not have been caught"
        return f"not decided ({reason.rstrip('.')})."
    if findings:
        return f"wrong: {', '.join(dict.fromkeys(map(_named, findings)))}."
    referee = [check.detail for check in checks if check.name == "referee" and check.verdict is Verdict.FAIL]
    failed = [check for check in checks if check.verdict is Verdict.FAIL]
    detail = (referee or [f"{failed[0].name} of grad_{failed[0].gradient} failed"])[0]
    return f"wrong: {detail.rstrip('.')}."


def _named(finding: Finding) -> str:
    """The mistake by its name: the sentence on it stands below the answer."""
    return f"{finding.titled} in {finding.about}"


def same(channels: Sameness) -> str:
    """Are the kernel gradients the same for all channels of a filter?"""
    if channels.verdict is None or channels.relative_difference is None:
        return f"{channels.reason}."
    largest = percent(channels.relative_difference[1])
    if channels.verdict is Rung.IDENTICAL:
        return f"yes, because {channels.reason}."
    if channels.verdict is Rung.IDENTICAL_TO_ROUNDING:
        return f"yes, up to rounding ({channels.reason})."
    return f"no, because {channels.reason}; taking them as the same would be wrong by up to {largest}."
