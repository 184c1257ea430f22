"""What `mutants.py` found, as benchmarks/MUTANTS.md: a table, and each survivor with the reason of mutants.toml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE, BENCHMARKS = ROOT / "gradcheck_cli", ROOT / "benchmarks"
RESULTS, EXPLAINED = BENCHMARKS / "MUTANTS.md", BENCHMARKS / "mutants.toml"
KILLED, SURVIVED, UNTESTED, SLOW, NOT_RUN = "killed", "survived", "no test", "timed out", "not run"
COLUMNS = ("mutants", "run", "killed", "timed out", "survived, explained", "survived, open")


@dataclass(frozen=True)
class Mutant:
    """One change. `text` is the changed line, before and after."""

    module: str
    place: str
    text: str
    outcome: str


def write_results(found: list[Mutant], command: str) -> list[Mutant]:
    """Write the report; the survivors that nothing explains are returned.

    Modules that were not run keep their row and their survivors.
    """
    explained = tomllib.loads(EXPLAINED.read_text())["survivor"] if EXPLAINED.exists() else []
    survivors = [mutant for mutant in found if mutant.outcome in (SURVIVED, UNTESTED)]
    reasons = {mutant: _reason(mutant, explained) for mutant in survivors}
    rows, told = _kept({mutant.module for mutant in found})
    rows |= _counted(found, reasons)
    told += [_told(mutant, reason) for mutant, reason in reasons.items()]
    lines = [
        "# Mutants of the checker",
        "",
        f"`{command}`; modules that it left out are of an earlier run.",
        "",
        "Each mutant is the package with one small change; it is killed when a test fails.",
        "",
        f"| module | {' | '.join(COLUMNS)} |",
        "|---" * (1 + len(COLUMNS)) + "|",
        *(_row(module, rows[module]) for module in sorted(rows)),
        _row("**all**", [sum(numbers) for numbers in zip(*rows.values(), strict=True)]),
        "",
        "## Survivors",
        "",
        *sorted(told),
    ]
    RESULTS.write_text("\n".join(lines) + "\n")
    return [mutant for mutant, reason in reasons.items() if not reason]


def _kept(run: Iterable[str]) -> tuple[dict[str, list[int]], list[str]]:
    """Rows and survivors of the modules that are not in `run` and still there, from the report as it is."""
    lines = RESULTS.read_text().splitlines() if RESULTS.exists() else []
    found = (re.match(r"\| (\S+\.py) \|((?: \d+ \|)+)$", line) for line in lines)
    kept = [row for row in found if row and row[1] not in run and (PACKAGE / row[1]).exists()]
    rows = {row[1]: [int(number) for number in row[2].split("|")[:-1]] for row in kept}
    # Older reports name a survivor's file without its folder.
    names = {*rows, *(module.rpartition("/")[2] for module in rows)}
    return rows, [line for line in lines if line.startswith("- ") and line[2:].partition(",")[0] in names]


def _counted(found: list[Mutant], reasons: dict[Mutant, str]) -> dict[str, list[int]]:
    """Module -> the numbers of `COLUMNS`."""
    rows = {}
    for module in {mutant.module for mutant in found}:
        mine = [mutant for mutant in found if mutant.module == module]
        ran = [mutant for mutant in mine if mutant.outcome != NOT_RUN]
        survived = [mutant for mutant in ran if mutant in reasons]
        explained = sum(bool(reasons[mutant]) for mutant in survived)
        killed, slow = (sum(mutant.outcome == outcome for mutant in ran) for outcome in (KILLED, SLOW))
        rows[module] = [len(mine), len(ran), killed, slow, explained, len(survived) - explained]
    return rows


def _row(module: str, numbers: Iterable[int]) -> str:
    return f"| {module} | {' | '.join(map(str, numbers))} |"


def _told(mutant: Mutant, reason: str) -> str:
    text = mutant.text.replace("|", "\\|").replace("`", "'")[:200]
    return f"- {mutant.module}, {mutant.place}: `{text}`: {reason or '**not explained**'}"


def _reason(mutant: Mutant, explained: list[dict[str, str]]) -> str:
    if is_text(mutant.text):
        return "the words of a sentence, or how a number is written in it"
    for row in explained:
        same_place = row["place"] in ("*", f"{mutant.module}:{mutant.place}")
        if same_place and re.search(row.get("change", ""), mutant.text):
            return row["why"]
    return ""


def is_text(change: str) -> bool:
    """Is the change one of words only: both sides are equal once their quoted parts are taken out?"""
    before, _, after = change.partition(" -> ")
    strip = re.compile(r"(?:f|r)?\"[^\"]*\"|(?:f|r)?'[^']*'")
    quoted = [part for part in strip.findall(before) if " " in part]
    return bool(quoted) and _in_braces(before) == _in_braces(after) and strip.sub("", before) == strip.sub("", after)


def _in_braces(text: str) -> list[str]:
    """The code inside the braces of f-strings, without how its value is written."""
    return [re.split("[:!]", part)[0] for part in re.findall(r"\{([^{}]*)\}", text)]
