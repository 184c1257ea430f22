"""Change the checker in a copy of the tree, one small change at a time, and see whether a test fails for each.

mutmut (an extra, `pip install -e '.[mutants]'`) makes the changes and runs the tests: comparisons, arithmetic, numbers,
`and`, `or`, `not`, arguments, texts. What it leaves alone (module constants, decorated functions) is changed here, by
the same rules. Both runs are bounded and go on where they were stopped, as long as the copy is kept.

    python scripts/mutants.py --seconds 1500
    python scripts/mutants.py --seconds 1500 --folder /tmp/mutants     # run it again to go on

benchmarks/MUTANTS.md keeps what it says of modules that are not run this time.
"""

from __future__ import annotations

import argparse
import ast
import copy
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from mutants_report import KILLED, NOT_RUN, RESULTS, SLOW, SURVIVED, UNTESTED, Mutant, write_results

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "gradcheck_cli"
COPIED = ("gradcheck_cli", "tests", "images", "docs", "benchmarks", "pyproject.toml")
# Module (or folder) -> the tests that are about it.
MIRRORS = {
    "checks/compare.py": ["tests/checks/test_compare.py"],
    "numbers/rounding.py": ["tests/numbers/test_rounding.py"],
    "numbers/exact.py": ["tests/numbers/test_exact.py", "tests/numbers/test_exact_forms.py"],
    "numbers/drawing.py": ["tests/numbers/test_exact.py", "tests/numbers/test_exact_forms.py"],
    "numbers/magnitudes.py": ["tests/numbers/test_exact.py", "tests/numbers/test_exact_forms.py"],
    "sameness/channels.py": ["tests/sameness/test_channels.py"],
    "sameness/reasons.py": ["tests/sameness/test_reasons.py"],
    "runs/picture/answer.py": ["tests/runs/picture/test_answer.py"],
    "checks/power.py": ["tests/checks/test_power.py"],
    "checks/of_a_run.py": ["tests/checks/test_of_a_run.py", "tests/runs/picture/test_run.py"],
    "numbers/arithmetic.py": ["tests/numbers/test_arithmetic.py"],
    "numbers/digits.py": ["tests/numbers/test_digits.py"],
    "layers/smaller.py": ["tests/layers/test_smaller.py"],
    "checks/referee.py": ["tests/checks/test_referee.py", "tests/checks/test_of_a_run.py"],
    "checks/upstream.py": ["tests/checks/test_upstream.py"],
    "checks/levels.py": ["tests/checks/test_levels.py", "tests/checks/test_low_precision.py"],
    "diagnose/naming.py": ["tests/diagnose/test_naming.py"],
    "diagnose/": ["tests/diagnose"],
    "oracles/": ["tests/oracles"],
    "cli/entry.py": ["tests/cli/test_entry.py", "tests/cli/test_config.py", "tests/cli/test_click_options.py"],
    "trials/": ["tests/trials", "tests/runs/verify"],
    "runs/verify/": ["tests/runs/verify"],
}
# Run for every module, after its own.
COMMON = ("tests/checks/test_of_a_run.py",)
# Long, in a process of their own elsewhere, or about the files of the tree and not about what they compute.
LEFT_OUT = (
    *("stress", "test_every_photograph", "test_faults", "test_planted_files", "test_repeatable"),
    *("test_wide_integers_are_exact_in_float64_and_show_float32", "test_odd_file_name_in_a_message_is_harmless"),
    "test_at_least_ten_mistakes_are_planted_at_the_layer_of_the_forum",
    *("of_a_real_process", "test_full_disk_behind_standard_output", "test_the_process_gives"),
)
MARKED = "not stress and not further_form"
# Exit codes of pytest: nothing failed, a test failed, the changed file cannot be imported.
PYTEST = {0: SURVIVED, 1: KILLED, 2: KILLED}
# Exit codes of mutmut's workers.
OUTCOMES = {
    1: KILLED,
    3: KILLED,
    0: SURVIVED,
    5: UNTESTED,
    33: UNTESTED,
    24: SLOW,
    -24: SLOW,
    36: SLOW,
    152: SLOW,
    255: SLOW,
}


def main() -> int:
    """Run, write the results, and return 1 if a survivor is not explained."""
    options = _options()
    folder = Path(options.folder or tempfile.mkdtemp(prefix="mutants-"))
    end = time.monotonic() + options.seconds
    found: list[Mutant] = []
    for name in options.module:
        tree = folder / name.strip("/").replace("/", "-")
        if options.again and tree.exists():
            _forget_survivors(tree)
        _copy(tree, name)
        if time.monotonic() < end:
            _mutmut(tree, end, options.jobs)
        found += [*_of_mutmut(tree), *_leftovers(tree, name, end)]
    open_ones = write_results(found, _command(options))
    sys.stdout.write(f"{len(found)} mutants, {len(open_ones)} survivors without an explanation; {RESULTS}\n")
    if not options.folder:
        shutil.rmtree(folder)
    return 1 if open_ones else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--seconds", type=float, default=1500, help="stop after this time (default 1500)")
    parser.add_argument("--folder", help="keep the copy here, and go on with what it holds")
    parser.add_argument("--jobs", type=int, default=1, help="mutants that are tried at the same time (default 1)")
    parser.add_argument(
        "--again", action="store_true", help="try survivors and what has changed again, with the tests as they are"
    )
    parser.add_argument("--module", nargs="*", default=list(MIRRORS), choices=list(MIRRORS), metavar="MODULE")
    return parser.parse_args()


def _command(options: argparse.Namespace) -> str:
    chosen = "" if options.module == list(MIRRORS) else f" --module {' '.join(options.module)}"
    return f"python scripts/mutants.py --seconds {options.seconds:g}{chosen}"


def _copy(tree: Path, module: str) -> None:
    """Copy the tree, where it is not there yet, with mutmut's settings for one module (or folder of modules)."""
    for name in COPIED:
        source, there = ROOT / name, tree / name
        if there.exists():
            continue
        there.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, there, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, there)
        if name == "pyproject.toml":
            there.write_text(there.read_text() + _settings(module))
        elif name == "tests":
            # A changed function reads mutmut's settings from the current folder: now, before a test is elsewhere.
            with (there / "conftest.py").open("a") as tests:
                tests.write("\n\nfrom mutmut.configuration import config\n\nconfig()\n")


def _forget_survivors(tree: Path) -> None:
    """What is not killed, and every function that has changed, is to be tried again, with new copies of everything."""
    for old in (*(tree / name for name in COPIED), tree / "mutants" / "tests"):
        shutil.rmtree(old, ignore_errors=True)
    for old in (tree / "pyproject.toml", tree / "mutants" / "mutmut-stats.json"):
        old.unlink(missing_ok=True)
    for path in (tree / "mutants" / PACKAGE).rglob("*.meta"):
        meta = json.loads(path.read_text())
        codes = meta["exit_code_by_key"]
        meta["exit_code_by_key"] = {
            key: code if OUTCOMES.get(code, KILLED) == KILLED else None for key, code in codes.items()
        }
        path.write_text(json.dumps(meta))
    leftovers = tree / "leftovers.jsonl"
    if leftovers.exists():
        kept = [line for line in leftovers.read_text().splitlines() if json.loads(line)[-1] == KILLED]
        leftovers.write_text("".join(f"{line}\n" for line in kept))


def _settings(module: str) -> str:
    lines = {
        "source_paths": [PACKAGE],
        "only_mutate": [f"{PACKAGE}/{module}" + ("*.py" if module.endswith("/") else "")],
        "also_copy": ["images", "docs", "benchmarks"],
        "pytest_add_cli_args": ["-q", "-m", MARKED, "-k", _selection(), "-p", "no:cacheprovider"],
        "pytest_add_cli_args_test_selection": _tests(module),
        "process_isolation": "forkserver",  # torch does not survive a plain fork
    }
    return "\n[tool.mutmut]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in lines.items())


def _selection() -> str:
    return " and ".join(f"not {name}" for name in LEFT_OUT)


def _tests(module: str) -> list[str]:
    return [test for test in (*MIRRORS[module], *COMMON) if (ROOT / test).exists()]


def _environment() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "CI": "1"}


def _mutmut(tree: Path, end: float, jobs: int) -> None:
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", str(jobs)]
    with (
        (tree / "mutmut.log").open("ab") as log,
        subprocess.Popen(
            command, cwd=tree, env=_environment(), stdout=log, stderr=log, start_new_session=True
        ) as process,
    ):
        try:
            process.wait(timeout=max(1.0, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            # Every result is on disk by then; SIGINT is ignored where a shell started this in the background.
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _of_mutmut(tree: Path) -> list[Mutant]:
    """Every mutant of mutmut's run with its outcome; the change is looked up for those that were not killed."""
    found = []
    for meta in sorted((tree / "mutants" / PACKAGE).rglob("*.meta")):
        module = str(meta.relative_to(tree / "mutants" / PACKAGE)).removesuffix(".meta")
        functions = _functions(meta.with_name(meta.name.removesuffix(".meta")))
        for name, code in json.loads(meta.read_text())["exit_code_by_key"].items():
            outcome = NOT_RUN if code is None else OUTCOMES.get(code, KILLED)
            text = "" if outcome in (KILLED, NOT_RUN) else _difference(functions, name.rpartition(".")[2])
            found.append(Mutant(module, _place(name), text, outcome))
    return found


def _place(name: str) -> str:
    """ "gradcheck_cli.checks.compare.x_within__mutmut_3" -> "within"."""
    return re.sub(r"__mutmut_\d+$", "", name.rpartition(".")[2]).removeprefix("x_").replace("xǁ", "").replace("ǁ", ".")


def _functions(file: Path) -> dict[str, list[str]]:
    """The lines of every function in a file of mutants, without its name."""
    nodes = [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.FunctionDef)]
    return {node.name: ast.unparse(node).replace(node.name + "(", "(", 1).splitlines() for node in nodes}


def _difference(functions: dict[str, list[str]], name: str) -> str:
    """ "line before -> line after" of one mutant."""
    original = functions.get(re.sub(r"_\d+$", "_orig", name), [])
    changed = functions.get(name, [])
    before = [line.strip() for line in original if line not in changed]
    after = [line.strip() for line in changed if line not in original]
    return f"{' '.join(before)} -> {' '.join(after)}"


def _leftovers(tree: Path, name: str, end: float) -> list[Mutant]:
    """Module constants and decorated functions: each change in the copy, its tests in a fresh process."""
    done_file = tree / "leftovers.jsonl"
    rows = [json.loads(line) for line in done_file.read_text().splitlines()] if done_file.exists() else []
    done = {tuple(row[:4]): row[4] for row in rows}
    found = []
    for path in _files(tree, name):
        module = str(path.relative_to(tree / PACKAGE))
        seen: Counter[tuple[str, str]] = Counter()
        for place, text, source in leftover_mutants((ROOT / PACKAGE / module).read_text()):
            seen[place, text] += 1
            number = seen[place, text]
            outcome = done.get((module, place, text, number))
            if outcome is None and time.monotonic() < end:
                outcome = _try(tree, path, source, _tests(name))
                with done_file.open("a") as file:
                    print(json.dumps([module, place, text, number, outcome]), file=file)
            found.append(Mutant(module, place, text, outcome or NOT_RUN))
    return found


def _files(tree: Path, name: str) -> list[Path]:
    path = tree / PACKAGE / name
    return sorted(path.rglob("*.py")) if path.is_dir() else [path]


def _try(tree: Path, path: Path, source: str, tests: list[str]) -> str:
    """Put `source` in place of the file in the copy, run its tests, and put the file back as it is in the project."""
    original = (ROOT / path.relative_to(tree)).read_text()
    path.write_text(source)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-x",
        "-m",
        MARKED,
        "-k",
        _selection(),
        "-p",
        "no:cacheprovider",
        *tests,
    ]
    try:
        done = subprocess.run(command, cwd=tree, env=_environment(), capture_output=True, timeout=120, text=True)
        if done.returncode not in PYTEST:
            raise RuntimeError(
                f"pytest ended with {done.returncode} in {tree}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
            )
        return PYTEST[done.returncode]
    except subprocess.TimeoutExpired:
        return SLOW
    finally:
        path.write_text(original)


def leftover_mutants(source: str) -> Iterator[tuple[str, str, str]]:
    """(place, change, changed source) for every change in what mutmut leaves alone."""
    tree = ast.parse(source)
    for place, node in _left_alone(tree):
        for target in ast.walk(node):
            for attribute, value in _changes(target):
                old = ast.unparse(target)
                before, changed = getattr(target, attribute), copy.copy(value)
                setattr(target, attribute, changed)
                text = f"{old} -> {ast.unparse(target)}"
                if text.partition(" -> ")[0] != text.partition(" -> ")[2]:
                    yield place, text, ast.unparse(tree)
                setattr(target, attribute, before)


def _left_alone(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            yield ast.unparse(target), node.value
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.decorator_list:
            for statement in node.body:
                yield node.name, statement


COMPARED = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
COMPUTED = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Pow: ast.Mult,
}


def _changes(node: ast.AST) -> Iterator[tuple[str, object]]:
    """(attribute, new value) of each change at this node."""
    if isinstance(node, ast.Compare):
        for at, operator in enumerate(node.ops):
            if type(operator) in COMPARED:
                yield "ops", [*node.ops[:at], COMPARED[type(operator)](), *node.ops[at + 1 :]]
    elif isinstance(node, ast.BinOp) and type(node.op) in COMPUTED:
        yield "op", COMPUTED[type(node.op)]()
    elif isinstance(node, ast.BoolOp):
        yield "op", ast.Or() if isinstance(node.op, ast.And) else ast.And()
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "op", ast.UAdd()
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield "value", not node.value
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        yield "value", node.value + 1
    elif isinstance(node, ast.Return) and node.value is not None:
        yield "value", ast.Constant(None)


if __name__ == "__main__":
    sys.exit(main())
