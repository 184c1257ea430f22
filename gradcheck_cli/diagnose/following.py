"""Errors that a named mistake brings along: the same wrong number, where it no longer fits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from gradcheck_cli.diagnose.kinds import behaviour_of, stands_for
from gradcheck_cli.diagnose.observation import Observation
from gradcheck_cli.diagnose.table import parsed
from gradcheck_cli.mistakes import CATALOGUE, Sign
from gradcheck_cli.model import ConvSpec, Finding

# Sizes or indices that do not fit.
_SIZES = re.compile(r"out of bounds|out of range|shape|size|broadcast|dimension|must match|mismatch|aligned")


def without_followers(findings: Sequence[Finding], observations: Sequence[Observation]) -> list[Finding]:
    """The findings without the errors that one of them explains, which then says where the call raises.

    And without calls that differ, of a gradient that keeps something of each call.

    Such an error is of sizes, and comes only where the mistake changes the numbers too: what else could be its reason
    would be seen elsewhere.

    Args:
        observations: all calls.
    """
    keeping = {finding.gradient for finding in findings if _keeps(finding)}
    kept = [one for one in findings if one.gradient not in keeping or not stands_for(one.id, Sign.UNSTEADY)]
    raising = [finding for finding in findings if stands_for(finding.id, Sign.RAISED)]
    for crash in [finding for finding in raising if _SIZES.search(finding.message)]:
        raised = [seen.case.spec for seen in observations if seen.error and seen.error_line == crash.line]
        causes = [finding for finding in kept if _explains(finding, raised)]
        if causes:
            kept.remove(crash)
            kept = [_with(finding, raised, crash) if finding in causes else finding for finding in kept]
    return kept


def _keeps(finding: Finding) -> bool:
    shows = behaviour_of(finding.id)
    return shows is not None and shows.keeps


def _explains(finding: Finding, raised: Sequence[ConvSpec]) -> bool:
    mistake, when = CATALOGUE.get(finding.id), parsed(finding.fails_when)
    where = None if mistake is None else mistake.misfits
    if where is None or when is None or finding.certainty != "proved" or not raised:
        return False
    return all(where(spec) and when.holds(spec) for spec in raised)


def _with(finding: Finding, raised: Sequence[ConvSpec], crash: Finding) -> Finding:
    count = len(set(raised))
    where = f"on {count} of these geometries" if count > 1 else "on one of these geometries"
    line = f" at line {crash.line}" if crash.line else ""
    sentence = f"The call raises {where}{line}: {crash.message.partition(': ')[2]}"
    return replace(finding, message=f"{finding.message} {sentence}")
