"""More than a thousand command lines, configuration files and variables that nobody should have written.

What an option takes is read from the program's own options, so that a new option is attacked without a new line here.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import click
import cv2
import numpy as np

from gradcheck_cli.cli.param_types import Length, Margins, ReportRequest, Seconds, Whole
from gradcheck_cli.cli.root import cli
from helpers import gradcheck

PICTURE, OTHER, TARGET = "tiny.png", "other.png", "mine.py"
RUN = ("run", PICTURE, "--size", "12", "--k", "3")
VERIFY = ("verify", f"{TARGET}:backward")
EXPLAIN = ("explain", "shapes")
BASES = {"run": RUN, "verify": ("verify", "missing.py:f"), "explain": EXPLAIN}
TARGET_CODE = "def backward(x, w, dout):\n    return None\n"

NUMBERS = ("-1", "0", "1", "+1", "2147483647", "2147483648", "4294967296", "9" * 19, "-9223372036854775809")
NO_NUMBERS = (
    *("3.5", "1e9", "nan", "inf", "-inf", "", " ", "３", "٣", "²", "½", "0x10", "0b1", "1_000", "1,000", "3 4", "3\n4"),
    *("three", "None", "true", "--", "-", "1;2", "$(1)", "%d", "\x1b[31m3", "\udcff", "9" * 21, "9" * 5000, "x" * 5000),
)
SIZES = ("0x3", "3x0", "-1x3", "3x-1", "1x1", " 3x3", "3X3", "0x10", "2147483648x1", "1x2147483648")
NO_SIZES = ("3x", "x3", "x", "3x3x3", "3x3x3x3", "3,3", "3*3", "(3,3)", "[3]", "3x3px", "3×3", "axb", "3xnan", "3xx3")
SECONDS = ("-1", "0", "1e309", "-0.0", "nan", "inf", "86401", "1e-320", "ten", "", "1s", "0x1", "1,5", "٣", "9" * 5000)
WORDS = ("", " ", "nonsense", "L1", "none", "l1 ", "mean,sum", "\x1b[31m", "x" * 5000, "\udcff")
PATHS = ("", " ", ".", "/", "missing.png", "no/folder/x", "\udcff.png", "x" * 300, "x" * 5000, "/dev/null", "~", "a\nb")
REPORTS = (
    *("", "json", "=", "json=", "=x", "xml=x", "JSON=x", "json=.", "json=/", "json=no/folder/x.json", "json=x/"),
    *(f"json={PICTURE}", f"png=./{PICTURE}", "json=link.png", "html=/dev/full", "json=" + "x" * 300, "jsn=x.json"),
    *("json=\udcff/x", "txt=x", "text=x", "github=x", "json=/proc/x", "json=" + "x/" * 2000 + "y", "json=a\nb/c"),
)
WRONG_TOML = ("true", "{a = 1}", "1979-05-27", "[true]", "[[1]]", "[1, 2, 3]", "inf", "-1", '"x"', '""', "1.5", "[]")
TOPICS = (
    *("", " ", "batch_mean", "BATCH-MEAN", "batch-meen", "shape", "nonsense", "\x1b[31m", "\udcff", "x" * 5000),
    *("../../etc/passwd", "--", "-", "a\nb\nc\nd\ne\nf\ng\nh", "{0}", "%s", "[red]x[/red]", "0", "None"),
)
TARGETS = (
    *("", " ", ":", ":f", f"{TARGET}:", f"{TARGET}:1", f"{TARGET}:missing", f"{TARGET}:a.b.c", f"{TARGET}:backward:x"),
    *("missing.py:f", "missing.py", "missing", "no.such.module:f", ".:f", "/", "..:f", PICTURE, f"{PICTURE}:f", "*"),
    *("*.py:missing", "missing/*.py:f", "[", "[:f", "**:f", "empty.py", "empty.py:f", "/dev/null:f", "x" * 300 + ":f"),
    *("x" * 5000 + ":f", "\udcff:f", "a\nb:f", "os", "sys:path", "os:missing", "1:f", "-:f", "-", "json.:f", ".json:f"),
    *("numpy.missing:f", f"{TARGET}:backwrad", f"{TARGET}:__class__", "C:\\x\\y.py:f", "http://x/y.py:f", "~/x.py:f"),
)
CONFLICTS = (
    *(["--in", "4"], ["--in", "2"], ["--groups", "2"], ["--in", "3", "--out", "4", "--groups", "3"]),
    *(["--in", "1", "--groups", "3"], ["--k", "13"], ["--k", "3x13"], ["--k", "13x3"], ["--k", "7", "--dilation", "3"]),
    *(["--size", "2"], ["--size", "12x2"], ["--dilation", "100000"]),
    ["--k", "300", "--size", "256", "--dilation", "2"],
    *(["--arithmetic", "fft"], ["--convention", "cache"], ["--timeout", "5"], ["--backward", "fft", "--timeout", "5"]),
    *(["-q", "-v"], ["--quiet", "--verbose"], ["--seed", "4294967295", "--seeds", "2"], ["--device", "tpu"]),
    *(["--padding", "2147483647"], ["--size", "2147483647"], ["--out", "2147483647"], ["--size", "50000"]),
    *(["--report", "json=x", "--report", "html=x"], ["--report", "json=x", "--report", "json=./x"]),
    *(["--report", f"png={OTHER}", "--reference", OTHER], ["--report", "md=link.png"], ["--report", "md=hard.png"]),
    *(["--backward", "missing.py:f"], ["--backward", f"{TARGET}:missing"]),
    *(["--backward", "directt"], ["--backward", ":f"]),
    *(["--backward", f"{TARGET}:backward", "--report", f"repro={TARGET}"], ["--backward", ""], ["--backward", "x.py"]),
    *(["--backward", f"{TARGET}:backward", "--convention", "nonsense"], ["--reference", "missing.png"]),
    *(["--reference", TARGET], ["--reference", "."], ["--reference", ""], ["-", "-"], ["missing.png"], [TARGET], ["."]),
    *(["empty.png"], ["--bias=1"], ["--unit-range=yes"], ["--exit-zero=1"], ["-k", "3"], ["--kernel", "3"], ["-x"]),
    *(["--sead", "1"], ["--in"], ["--report"], ["--k", "3", "--k"], ["--format", "xml"], ["--color", "maybe"]),
)
CONFIGS = (
    *(b"[tool.gradcheck]\nsead = 1\n", b"[tool.gradcheck]\nk-ernel = 3\n", b"[tool.gradcheck.rnu]\nseed = 1\n"),
    *(b"[tool.gradcheck.run]\njobs = 2\n", b"[tool]\ngradcheck = 3\n"),
    *(b"tool = 'gradcheck'\n", b"tool.gradcheck = []\n"),
    *(b"[tool.gradcheck\n", b"gradcheck = \n", b"\xff\xfe gradcheck", b"\xef\xbb\xbf[tool.gradcheck]\nsead = 1\n"),
    *(b"[tool.gradcheck]\nseed = 1\nseed = 2\n", b"[tool.gradcheck]\n'' = 1\n", b"[tool.gradcheck]\nrun = 3\n"),
    *(b"gradcheck\x00", b"[tool.gradcheck]\nseed = " + b"[" * 2000, b"[tool.gradcheck]\nhelp = true\n"),
    b"[tool.gradcheck]\nseed = '\\u0000'\n",
    *(b"[tool.gradcheck]\nseed = " + b"9" * 5000, b"[tool.gradcheck]\nx.y = 1\n"),
    *(b"[tool.gradcheck]\nin = 3\nin_channels = 4\n", b"[[tool.gradcheck]]\n", b"[tool.gradcheck]\nseed = 1 # \xfc\n"),
)
VARIABLES = (
    *({"GRADCHECK_SEAD": "1"}, {"GRADCHECK_": "1"}, {"GRADCHECK_RUN": "1"}, {"GRADCHECK_RUN_JOBS": "1"}),
    *({"GRADCHECK_seed": "1"}, {"GRADCHECK_VERIFY_IN": "3"}),
    *({"GRADCHECK_\udcff": "1"}, {"GRADCHECK_" + "X" * 5000: "1"}),
)


@dataclass(frozen=True)
class Case:
    """`outcome`: refused must end in 2; either may also work."""

    argv: tuple[str, ...]
    env: dict[str, str] = field(default_factory=dict)
    config: bytes = b""
    outcome: Literal["refused", "either"] = "refused"

    @property
    def name(self):
        """What it is, for a person, without odd characters."""
        told = [*map(str, self.argv), *(f"{name}={value}" for name, value in self.env.items()), repr(self.config)[2:-1]]
        return ascii(" ".join(told))[1:-1][:150]


@dataclass(frozen=True)
class Done:
    """What came of a case."""

    exit_code: int
    stdout: str
    stderr: str
    seconds: float
    changed: tuple[str, ...]


def cases():
    """All of them, those of one kind together, none twice."""
    return list({(case.argv, *case.env.items(), case.config): case for case in _all()}.values())


def _all():
    yield from _of_options()
    yield from (Case((*RUN, *more)) for more in CONFLICTS)
    yield from (Case(("explain", topic)) for topic in TOPICS if topic not in ("", "--"))
    yield from (Case(("explain", "batch-mean", option, "3")) for option in ("--in", "--out", "--k", "--size", "--seed"))
    yield from (Case(("verify", target)) for target in TARGETS)
    yield from (Case((*VERIFY, "--report", report)) for report in ("png=x", f"json={TARGET}", f"repro=./{TARGET}"))
    yield from (Case((word,)) for word in ("", "rnu", "RUN", "--seed", "-x", "\udcff", "\x1b[31m", PICTURE, "x" * 5000))
    yield from (Case(words) for words in (("run",), ("verify",), ("run", "--"), ("explain", "a", "b")))
    yield from (Case(RUN, config=config) for config in CONFIGS)
    yield from (Case(RUN, env=variables) for variables in VARIABLES)


def prepare(folder):
    """Writes the few files that the command lines name."""
    pixels = np.random.default_rng(5).integers(0, 256, (20, 24, 3), np.uint8)
    for name in (PICTURE, OTHER):
        (folder / name).write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
    (folder / TARGET).write_text(TARGET_CODE)
    (folder / "empty.py").touch()
    (folder / "empty.png").touch()
    (folder / "link.png").symlink_to(PICTURE)
    (folder / "hard.png").hardlink_to(folder / PICTURE)


def attempt(case, run=gradcheck):
    """Runs one case in the current folder, which `prepare` filled; tells which of its files are not as before."""
    config = Path("pyproject.toml")
    if case.config:
        config.write_bytes(case.config)
    before = _contents()
    start = time.perf_counter()
    result = run(*case.argv, env=case.env)
    seconds = time.perf_counter() - start
    after = _contents()
    config.unlink(missing_ok=True)
    changed = tuple(name for name in before | after if before.get(name) != after.get(name))
    return Done(result.exit_code, result.stdout, result.stderr, seconds, changed)


def wrong(case, done):
    """What is not as it must be, in words; empty where all is well."""
    allowed = (2,) if case.outcome == "refused" else (0, 2)
    found = [f"exit code {done.exit_code}"] if done.exit_code not in allowed else []
    found += [f"{done.stderr.count(chr(10))} lines"] if done.stderr.count("\n") > 6 else []
    found += ["traceback"] if "Traceback" in done.stdout + done.stderr else []
    found += ["silent"] if done.exit_code == 2 and not done.stderr and not done.stdout else []
    found += ["control characters"] if re.search(r"[\x00-\x09\x0b-\x1f\x7f]", done.stderr) else []
    found += [f"wrote {', '.join(done.changed)}"] if done.changed else []
    return "; ".join(found)


def _contents():
    return {path.name: path.read_bytes() if path.is_file() else b"" for path in Path().iterdir()}


def _of_options():
    """Every option of every command: typed, from a variable, from a configuration file."""
    for command, base in BASES.items():
        for option in cli.commands[command].params:
            if isinstance(option, click.Option) and not option.is_flag and not option.count:
                yield from _typed(base, option)
                yield from _from_elsewhere(command, _without(base, option.opts[0]), option)


def _typed(base, option):
    for word in _words(option):
        yield Case((*base, f"{option.opts[0]}={word}"), outcome=_outcome(base, option, word))


def _from_elsewhere(command, base, option):
    name = option.opts[0].removeprefix("--")
    for word in ("-1", "nan", "99999999999", "three"):
        variable = f"GRADCHECK_{command}_{name}".upper().replace("-", "_")
        yield Case(base, {variable: word}, outcome=_outcome(base, option, word))
    for value in WRONG_TOML:
        config = f"[tool.gradcheck.{command}]\n{name} = {value}\n".encode()
        yield Case(base, config=config, outcome="refused" if _never(option, value) else "either")


def _without(base, spelling):
    """The command line leaves the attacked option to the variable or the file."""
    at = base.index(spelling) if spelling in base else len(base)
    return base[:at] + base[at + 2 :]


def _words(option):
    kinds = {
        Whole: NUMBERS + NO_NUMBERS,
        Margins: NUMBERS + NO_NUMBERS + SIZES + NO_SIZES,
        Length: NUMBERS + NO_NUMBERS + SIZES + NO_SIZES,
        Seconds: SECONDS,
    }
    kinds |= {click.Choice: WORDS, ReportRequest: REPORTS, click.Path: PATHS}
    return kinds.get(type(option.type), WORDS)


def _outcome(base, option, word):
    """Refused where that is plain from the word alone, or where the command has nothing to work on."""
    if base[1] == "missing.py:f":
        return "refused"
    numbers = word.strip().lower().split("x") if isinstance(option.type, Length | Margins) else [word.strip()]
    if isinstance(option.type, Whole | Length | Margins):
        plain = all(re.fullmatch(r"[+-]?[0-9]{1,20}", number) and 0 <= int(number) < 2**32 for number in numbers)
        return "either" if plain and len(numbers) <= 2 else "refused"
    return "either" if _is_text(option) else "refused"


def _never(option, value):
    """No option takes a table, a date or truth; what else is wrong depends on the option."""
    number = isinstance(option.type, Whole | Length | Margins)
    return WRONG_TOML.index(value) < 5 or (number and value not in ("[]", '""'))


def _is_text(option):
    """Options that take any text."""
    return not isinstance(option.type, Whole | Length | Margins | Seconds | click.Choice | ReportRequest)
