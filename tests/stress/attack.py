"""The whole attack on the checker, bounded and resumable, and its results in benchmarks/STRESS.md.

    python tests/stress/attack.py --count 2000 --seconds 1800

Finished experiments are kept, a line of JSON each, in build/stress/; another version of the package starts anew.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [path for path in (str(ROOT), str(ROOT / "tests")) if path not in sys.path]

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch is loaded

from stress import (  # noqa: E402
    bad_input,
    forms,
    large,
    layers,
)
from stress.experiments import draw, judge_faulty, judge_right  # noqa: E402
from stress.planted import judge_planted, planted_count  # noqa: E402

from gradcheck_cli.model.errors import GradcheckError  # noqa: E402

RESULTS = ROOT / "benchmarks" / "STRESS.md"
KEPT = ROOT / "build" / "stress"
# What may keep a verdict from a right run.
EXCUSES = ("denormals", "overflow", "kinks", "would miss")


def attack(kind: str, count: int, seconds: float, kept: Path | None = None) -> list[dict]:
    """The lines of the first `count` experiments of a kind, as many as fit into the time.

    Args:
        kind: of `TITLES`.
        count: experiments wanted; those in `kept` are not repeated.
        seconds: after this no further one is begun.
        kept: where finished ones are kept; None for nowhere.
    """
    if kind in IN_ONE_GO:
        return _in_one_go(kind, seconds, kept)
    if kind in IN_PARTS:
        return _in_parts(IN_PARTS[kind](), seconds, kept)
    rows = _finished(kept)
    end = time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as folder:
        for number in range(min(count, planted_count()) if kind == "planted" else count):
            if number in rows:
                continue
            if time.monotonic() > end:
                break
            rows[number] = _judged(kind, number, Path(folder))
            if kept:
                with kept.open("a") as file:
                    print(json.dumps(rows[number]), file=file)
    return [rows[number] for number in sorted(rows) if number < count]


def _in_one_go(kind, seconds, kept):
    """All of one kind, or as many as fit into the time; kept only when it is whole."""
    rows = list(_finished(kept).values())
    if rows:
        return rows
    end = time.monotonic() + seconds
    for number, row in enumerate(IN_ONE_GO[kind]()):
        rows.append({"number": number, **row})
        if time.monotonic() > end:
            return rows
    if kept:
        kept.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return rows


def _in_parts(parts, seconds, kept):
    """All of one kind, as many as fit into the time; what is kept of an earlier call is not asked again."""
    finished = _finished(kept)
    end = time.monotonic() + seconds
    for number in range(len(parts.all)):
        if number in finished:
            continue
        if time.monotonic() > end:
            break
        finished[number] = {"number": number, "rows": parts.rows(number)}
        if kept:
            with kept.open("a") as file:
                print(json.dumps(finished[number]), file=file)
    asked = f"{len(finished)} of {len(parts.all)}"
    return [{**row, "asked": asked} for number in sorted(finished) for row in finished[number]["rows"]]


def _finished(kept):
    if kept is None or not kept.exists():
        return {}
    rows = [json.loads(line) for line in kept.read_text().splitlines() if line.endswith("}")]
    return {row["number"]: row for row in rows}


def _judged(kind, number, folder):
    if kind == "planted":
        return judge_planted(number)
    judge = judge_faulty if kind == "faulty" else judge_right
    # Warnings of numpy are faults on ordinary pictures: the user would see them.
    ordinary = draw(number, folder, kind == "faulty").scale == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error" if ordinary else "ignore")
        try:
            return judge(number, folder)
        except GradcheckError as error:
            excuse = "overflow" if "overflow" in str(error) else str(error)
            return {"number": number, "verdict": "inconclusive", "reason": excuse, "shown": []}
        except Exception as error:
            return {"number": number, "verdict": "crash", "reason": f"{type(error).__name__}: {error}"}


def is_bad(kind: str, row: dict) -> bool:
    """A crash, a false alarm, a false pass, or no verdict without one of the excuses."""
    if kind in IN_ONE_GO or kind in IN_PARTS:
        return bool(row["problems"])
    if row["verdict"] == "crash":
        return True
    if kind == "right":
        return row["verdict"] == "fail" or not row.get("reason", EXCUSES[0]).startswith(EXCUSES)
    if kind == "faulty":
        return row["verdict"] == "pass" and bool(row["shown"])
    return row["verdict"] != row["expected"]


def kept_file(kind: str) -> Path:
    """Where the finished experiments of this version of the package are kept."""
    KEPT.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    for path in sorted((ROOT / "gradcheck_cli").rglob("*.py")):
        digest.update(path.read_bytes())
    return KEPT / f"{kind}-{digest.hexdigest()[:12]}.jsonl"


def counted(kind: str, rows: list[dict]) -> list[str]:
    """A table of the outcomes, in the order of their number."""
    words = Counter(_outcome(kind, row) for row in rows)
    lines = ["| outcome | experiments |", "|---|---|"]
    return lines + [f"| {outcome} | {count} |" for outcome, count in words.most_common()]


def _outcome(kind, row):
    told = row["verdict"] + (f" ({row['reason']})" if row.get("reason") else "")
    if kind == "faulty":
        return f"{told}, the fault {'changed a result' if row.get('shown') else 'changes nothing on these data'}"
    return f"{row['expected']} expected: {told}" if kind == "planted" else told


# Kinds that are judged in one go: their rows tell their own problems.
IN_ONE_GO = {
    "pictures": bad_input.pictures,
    "options": bad_input.options,
    "targets": bad_input.targets,
    "large": large.layers,
    "forms": forms.layers,
}
# Kinds of many experiments, each of which gives rows that tell their own problems: asked in parts, as the time allows.
IN_PARTS = {
    "layers-right": layers.RightOnes,
    "layers-graph": layers.SlipsOfTheGraph,
    "layers-pen": layers.SlipsOfThePen,
}
TITLES = {
    "right": "Right code: false alarms",
    "faulty": "One planted fault each: false passes",
    "planted": "verify: the planted files, right ones on random geometries too",
    "pictures": "Bad pictures: damaged, lying, of every kind",
    "options": "Bad command lines, configuration files and variables",
    "targets": "Bad target files: damaged source, odd signatures, odd behaviour",
    "large": "Large layers, each in a process of its own",
    "layers-right": "Known layers, right in several algorithms: false alarms",
    "layers-graph": "Known layers, a slip of the graph each: caught, and named",
    "layers-pen": "Known layers, a slip of the pen each: caught, and named",
    "forms": "Layers of every form on pictures, right ones and with one entry wrong",
}


def write(results: dict[str, list[dict]], command: str) -> None:
    """benchmarks/STRESS.md: counts, and what is bad in full. Kinds that did not run keep what was written."""
    lines = ["# Attack on the checker", ""]
    earlier = _sections(RESULTS.read_text() if RESULTS.exists() else "")
    for kind, title in TITLES.items():
        rows = results.get(kind)
        if rows is None:
            lines += [f"## {title}", "", earlier[title], ""] if title in earlier else []
            continue
        bad = [row for row in rows if is_bad(kind, row)]
        asked = f" Asked: {rows[0]['asked']} experiments." if rows and "asked" in rows[0] else ""
        lines += [f"## {title}", "", f"`{command}`", "", f"{len(rows)} cases, {len(bad)} bad.{asked}", ""]
        lines += [*counted(kind, rows), ""]
        lines += [f"- bad: `{_without_folders(json.dumps(row))[:600]}`" for row in bad[:20]] + [""]
    RESULTS.write_text("\n".join(lines).rstrip() + "\n")


def _sections(text):
    """Title -> what stands below it."""
    parts = (part.partition("\n") for part in text.split("\n## ")[1:])
    return {title: body.strip() for title, _, body in parts}


def _without_folders(text):
    """The same pictures have other folders on other machines."""
    return re.sub(r"/[^' ]*/(?=[^/' ]+\.(?:png|jpg)')", "", text)


def main() -> int:
    """Run all kinds and write the results; 1 if something is bad or unfinished."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--count", type=int, default=2000, help="experiments of each kind (default 2000)")
    parser.add_argument("--seconds", type=float, default=1800, help="for each kind (default 1800)")
    parser.add_argument("--only", default="", help=f"some kinds, with commas between: {', '.join(TITLES)}")
    options = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "2")
    kinds = [kind for kind in TITLES if not options.only or kind in options.only.split(",")]
    results = {kind: attack(kind, options.count, options.seconds, kept_file(kind)) for kind in kinds}
    only = f" --only {options.only}" if options.only else ""
    write(results, f"python tests/stress/attack.py --count {options.count} --seconds {options.seconds:g}{only}")
    bad = sum(is_bad(kind, row) for kind, rows in results.items() for row in rows)
    for kind, rows in results.items():
        told = f"{kind}: {len(rows)} cases, {sum(is_bad(kind, row) for row in rows)} bad\n"
        sys.stdout.write(told)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
