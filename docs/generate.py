"""Writes the pages of docs/ that are made from the program, and what is made from its options: `make docs`.

    python docs/generate.py               the reference pages, and the comparisons from the stored numbers
    python docs/generate.py --measure     measure again first: comparison.json, comparison-functions.json (minutes)
    python docs/generate.py --pictures    run the program again for docs/pictures

What is measured lives in measure.py. Pages written by hand are not touched.
"""

from __future__ import annotations

import argparse
import inspect
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
sys.path[:0] = [str(ROOT), str(DOCS)]

import click  # noqa: E402

from gradcheck_cli.cli.root import HELP_OPTIONS  # noqa: E402
from gradcheck_cli.model.errors import ExitCode  # noqa: E402

MADE = "<!-- made by docs/generate.py; do not edit -->"
Row: TypeAlias = tuple[str, ...]
BEGIN, END = "<!-- made by docs/generate.py -->", "<!-- end -->"
MISTAKES = "reference/mistakes"
LAYERS = "reference/layers"
# An option that so many commands have alike is told once for all of them.
SHARED_BY = 3
MEASUREMENT = DOCS / "comparison.json"
MEASUREMENT_OF_FUNCTIONS = DOCS / "comparison-functions.json"
# The three pictures of the tour: what is asked of the program for each, in the folder of the project.
LAYER = ("--in", "3", "--out", "3", "--k", "32")
SUMMED = "docs/pictures/summed.py:conv_backward"
PICTURES = {
    "pictures/coffee.png": (*LAYER, "images/coffee.jpg"),
    "pictures/gray.png": (*LAYER, "images/camera-gray.jpg"),
    "pictures/wrong.png": (*LAYER, "--backward", SUMMED, "images/coffee.jpg"),
}

EXIT_CODES = {
    ExitCode.PASS: ("everything asked was checked and holds", "go on"),
    ExitCode.FAIL: (
        "a check failed: a mismatch, a wrong shape, NaN; or your function raised, hung, crashed or outgrew its memory",
        "read the finding; mend the code",
    ),
    ExitCode.NOT_CHECKED: (
        "it could not be checked: wrong usage, an unreadable file, a target that cannot be loaded, nothing compared, "
        "an inconclusive result",
        "read the message on standard error, or the check that is inconclusive",
    ),
    ExitCode.BUG: ("a bug of gradcheck", "run again with --debug and report the traceback"),
    ExitCode.INTERRUPTED: ("interrupted with Ctrl-C", ""),
}


def pages() -> dict[str, Callable[[], str]]:
    """Every generated page: path below docs/ -> what makes its text."""
    return {
        "reference/cli.md": cli_page,
        "reference/exit-codes.md": exit_codes_page,
        "reference/report.md": report_page,
        "reference/report-run.md": partial(report_page, "run"),
        "reference/report-verify.md": partial(report_page, "verify"),
        "reference/report-sweep.md": partial(report_page, "sweep"),
        "reference/mistakes.md": mistakes_page,
        "reference/layers.md": layers_page,
        "comparison.md": comparison_page,
        "comparison-functions.md": functions_page,
        **mistake_pages(),
        **layer_pages(),
    }


def sources() -> dict[str, Callable[[], str]]:
    """Every file that is no page: path in the project -> what makes its text. They come before the pages."""
    from declared import schema, settings_module
    from rooms import picture

    return {
        "gradcheck_cli/model/settings.py": settings_module,
        "docs/pictures/rooms.svg": picture,
        "docs/report.schema.json": lambda: schema((DOCS / "report.schema.json").read_text(encoding="utf-8")),
    }


def cli_page() -> str:
    """Every command and option, from click."""
    import gradcheck_cli.cli  # noqa: F401
    from gradcheck_cli.cli.root import SIZES, cli, every_command

    parts = [
        "# Commands and options",
        "Order of precedence: the command line, then the environment variable, then the nearest `pyproject.toml` with "
        "a table `[tool.gradcheck]` (or `[tool.gradcheck.run]`, `[tool.gradcheck.verify]`), then the default. "
        "A key in that table is the option without its dashes. `-v` tells where each value came from. "
        "`GRADCHECK_RUN_SEED` is for one command, `GRADCHECK_SEED` for all; `sweep run` reads what is for `run`, "
        "`sweep verify` what is for `verify`.",
        SIZES.replace("N|VxH", "`N|VxH`"),
        "## gradcheck",
        help_text(cli),
        option_table(option_rows(cli)),
    ]
    commands = dict(sorted(every_command(cli).items()))
    rows = {name: option_rows(command) for name, command in commands.items()}
    counts = Counter(row for own in rows.values() for row in own)
    for name, command in commands.items():
        own = [row for row in rows[name] if counts[row] < SHARED_BY]
        parts += [f"## gradcheck {name}", help_text(command), *([option_table(own)] if own else [])]
        if len(own) < len(rows[name]):
            parts.append("And those that it [shares](#shared) with other commands.")
    shared = [(*row, of_commands(row, rows)) for row in counts if counts[row] >= SHARED_BY]
    return page([*parts, "## Shared", option_table(shared)])


def of_commands(row: Row, rows: Mapping[str, list[Row]]) -> str:
    """The commands that have the option."""
    return ", ".join(f"`{name}`" for name, own in rows.items() if row in own)


def help_text(command: click.Command) -> str:
    """The command's own words, then its examples and what else is set out in lines, as one block."""
    text = inspect.cleandoc(command.help or "").replace("\b\n", "\b")
    prose = [part for part in text.split("\n\n") if not part.startswith("\b")]
    blocks = [part.removeprefix("\b") for part in text.split("\n\n") if part.startswith("\b")]
    return "\n\n".join([*prose, *(["```text\n" + "\n\n".join(blocks) + "\n```"] if blocks else [])])


def option_table(rows: Sequence[Row]) -> str:
    """Option, what it takes, default, variable, meaning; where the rows say so, the commands that have it."""
    columns = ["option", "takes", "default", "variable", "meaning", "of"]
    return table(columns[: max(map(len, rows))], [list(row) for row in rows])


def option_rows(command: click.Command) -> list[Row]:
    """A row for each option of a command."""
    context = click.Context(command, info_name=command.name, help_option_names=list(HELP_OPTIONS))
    rows = []
    for parameter in command.get_params(context):
        if isinstance(parameter, click.Option):
            names = "<br>".join(f"`{name}`" for name in [*parameter.opts, *parameter.secondary_opts])
            meaning = (parameter.help or "").split("  [default")[0]
            rows.append((names, code(taken(parameter, context)), default_of(parameter), variable(parameter), meaning))
        else:
            rows.append((f"`{parameter.make_metavar(context)}`", "", "", "", "what the command is about"))
    return rows


def taken(option: click.Option, context: click.Context) -> str:
    """What stands after the option; nothing for a flag."""
    if option.is_flag or option.count:
        return ""
    return option.make_metavar(context).strip("[]")


def default_of(option: click.Option) -> str:
    """The default as it would be typed."""
    if "[default: " in (option.help or ""):
        return (option.help or "").split("[default: ")[1].rstrip("]")
    if not option.show_default or option.default is None:
        return ""
    if option.secondary_opts:
        return code((option.opts if option.default else option.secondary_opts)[0])
    return code(str(option.default))


def variable(option: click.Option) -> str:
    """The variable that sets it for all commands, the shortest."""
    names = [option.envvar] if isinstance(option.envvar, str) else list(option.envvar or ())
    return code(min(names, key=len)) if names else ""


def exit_codes_page() -> str:
    """Every exit code."""
    rows = [[f"**{int(number)}**", *EXIT_CODES[number]] for number in ExitCode]
    return page(
        [
            "# Exit codes",
            table(["code", "meaning", "what to do"], rows),
            "In a mixture 3 beats 1, 1 beats 2, and 2 beats 0. `--exit-zero` turns 1 into 0 and nothing else. "
            "Whether gradients are the same across channels or filters never touches the exit code.",
            "The report has the same number under the key `exit_code`, as it is before `--exit-zero`.",
        ]
    )


def report_page(command: str = "") -> str:
    """The keys of the JSON report, from the schema: those of one command's report alone, or "" for the common ones."""
    schema = json.loads((DOCS / "report.schema.json").read_text(encoding="utf-8"))
    homes, definitions = homes_of(schema["$defs"]), schema["$defs"]
    if command:
        parts = [
            f"# The JSON report of `gradcheck {command}`",
            f"Each heading is one kind of object. What several commands have is told by [the JSON report]({REPORT}).",
        ]
    else:
        parts = [
            "# The JSON report",
            f"{schema['description']} The schema is [report.schema.json](../report.schema.json). "
            "It begins with [run](report-run.md#run), [verify](report-verify.md#verify) or "
            "[sweep](report-sweep.md#sweep), by the command; here is what several use. "
            "Each heading is one kind of object; a type in the tables links to its heading.",
        ]
    order = [command, *(name for name in definitions if name != command)] if command else list(definitions)
    for name in order:
        if homes[name] == report_file(command):
            parts += [f"## {name}", *definition(definitions[name], homes)]
    return page(parts)


REPORT = "report.md"


def report_file(command: str) -> str:
    """The page of one command's report, or of what both have."""
    return f"report-{command}.md" if command else REPORT


def homes_of(definitions: Mapping[str, Any]) -> dict[str, str]:
    """Kind of object -> the page that tells it: of `run`, of `verify`, or of both."""
    reached = {command: reached_from(command, definitions) for command in ("run", "verify", "sweep")}
    homes = {}
    for name in definitions:
        owners = [command for command, names in reached.items() if name in names]
        homes[name] = report_file(owners[0] if len(owners) == 1 else "")
    return homes


def reached_from(start: str, definitions: Mapping[str, Any]) -> set[str]:
    """Every kind of object that one of this kind can hold, itself included."""
    seen: set[str] = set()
    ahead = {start}
    while ahead:
        name = ahead.pop()
        seen.add(name)
        found = re.findall(r'"#/\$defs/(\w+)"', json.dumps(definitions[name]))
        ahead |= set(found) - seen
    return seen


def definition(schema: Mapping[str, Any], homes: Mapping[str, str]) -> Iterator[str]:
    """What one definition of the schema says."""
    if "description" in schema:
        yield schema["description"]
    if "properties" in schema:
        yield table(["key", "type", "meaning"], list(key_rows(schema, homes)))
    else:
        yield f"Type: {type_of(schema, homes)}."


def key_rows(schema: Mapping[str, Any], homes: Mapping[str, str], prefix: str = "") -> Iterator[list[str]]:
    """A row for every key, and below it for the keys of an object that stands inside ("sameness.counterfactuals")."""
    for key, value in schema["properties"].items():
        yield [code(prefix + key), type_of(value, homes), value.get("description", "")]
        inside = value.get("items", value)
        if "properties" in inside:
            yield from key_rows(inside, homes, f"{prefix}{key}.")


def type_of(schema: Mapping[str, Any], homes: Mapping[str, str]) -> str:
    """The type in words, with links."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/$defs/")
        return f"[{name}]({homes[name]}#{name})"
    if "enum" in schema:
        return ", ".join(code(json.dumps(value)) for value in schema["enum"])
    if "const" in schema:
        return code(json.dumps(schema["const"]))
    if "anyOf" in schema:
        return " or ".join(type_of(part, homes) for part in schema["anyOf"])
    if isinstance(schema.get("type"), list):
        return " or ".join(schema["type"])
    if schema.get("type") == "array":
        return f"list of {type_of(schema.get('items', {}), homes)}"
    values = schema.get("additionalProperties")
    if schema.get("type") == "object" and isinstance(values, Mapping):
        return f"object: name to {type_of(values, homes)}"
    return schema.get("type", "any")


def mistakes_page() -> str:
    """Every mistake of the catalogue in a line, with a link to its page."""
    from gradcheck_cli.mistakes import CATALOGUE

    rows = [
        [f"[{name}](mistakes/{name}.md)", f"{mistake.title}", ", ".join(mistake.formulas) or "behaviour"]
        for name, mistake in CATALOGUE.items()
    ]
    return page(
        [
            "# The mistakes",
            "What `gradcheck` can name. The formula of each is planted into right gradients to measure what a check "
            "would have caught, and compared with wrong ones to name their mistake. "
            "`gradcheck explain ID` prints the text of a mistake's page.",
            table(["id", "the code ...", "occurs in"], rows),
        ]
    )


def mistake_pages() -> dict[str, Callable[[], str]]:
    """A page for every mistake, as `gradcheck explain` tells it."""
    from gradcheck_cli.mistakes import CATALOGUE

    return {f"{MISTAKES}/{name}.md": partial(mistake_page, name) for name in CATALOGUE}


def mistake_page(name: str) -> str:
    """One mistake: its own text a level up, since it has the page to itself."""
    from gradcheck_cli.explain.lookup import explain

    title, *parts = explain(name).markdown().replace("\n### ", "\n## ").rstrip().split("\n\n")
    return page([title.removeprefix("#"), *parts, "[All mistakes](../mistakes.md)"])


def layers_page() -> str:
    """Every known layer in a line, with a link to its page."""
    from gradcheck_cli.layers.known import KNOWN

    rows = [[f"[{name}](layers/{name}.md)", layer.title] for name, layer in KNOWN.items()]
    return page(
        [
            "# The layers",
            "What `gradcheck` knows by name: the right backward of each, derived step by step with numbers that are "
            "computed, and the usual mistakes. `gradcheck explain LAYER` prints the text of a layer's page.",
            table(["id", "the layer ..."], rows),
        ]
    )


def layer_pages() -> dict[str, Callable[[], str]]:
    """A page for every known layer, as `gradcheck explain` tells it."""
    from gradcheck_cli.layers.known import KNOWN

    return {f"{LAYERS}/{name}.md": partial(layer_page, name) for name in KNOWN}


def layer_page(name: str) -> str:
    """One layer: its own text a level up, since it has the page to itself."""
    from gradcheck_cli.explain.lookup import explain

    title, *parts = explain(name).markdown().replace("\n### ", "\n## ").rstrip().split("\n\n")
    return page([title.removeprefix("#"), *parts, "[All layers](../layers.md)"])


def stale_pages() -> list[str]:
    """Pages of mistakes and layers that are none any more."""
    folders = (DOCS / MISTAKES, DOCS / LAYERS)
    there = sorted(path.relative_to(DOCS).as_posix() for folder in folders for path in folder.glob("*.md"))
    return [name for name in there if name not in pages()]


def comparison_page() -> str:
    """Who catches which mistake, and who names it."""
    from measure import comparison_parts

    return page(comparison_parts(json.loads(MEASUREMENT.read_text(encoding="utf-8")), table))


def functions_page() -> str:
    """The same of functions."""
    from measure_functions import function_parts

    return page(function_parts(json.loads(MEASUREMENT_OF_FUNCTIONS.read_text(encoding="utf-8")), table))


def readme(text: str, measured: Mapping[str, Any]) -> str:
    """The README with its comparison made anew."""
    from measure import summary

    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n\n{summary(measured, table)}\n\n{END}{rest.split(END)[1]}"


def page(parts: list[str]) -> str:
    """Parts with blank lines between; the title first, then who made the page."""
    return "\n\n".join([parts[0], MADE, *parts[1:]]) + "\n"


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table; bars inside cells are escaped."""
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def code(text: str) -> str:
    """`text`, or nothing for nothing."""
    return f"`{text}`" if text else ""


def make_light(picture: Path) -> None:
    """A third of the bytes, in 256 colours: a clone stays light, and the eye sees almost the same."""
    from PIL import Image  # matplotlib, which drew the picture, brings it

    with Image.open(picture) as drawn:
        light = drawn.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    light.save(picture, optimize=True)


def main() -> None:
    """Write what was asked for."""
    parser = argparse.ArgumentParser(description="Write the generated pages of docs/.")
    parser.add_argument("--measure", action="store_true", help="measure the comparison again (minutes)")
    parser.add_argument("--pictures", action="store_true", help="run the program again for the pictures")
    asked = parser.parse_args()
    if asked.measure:
        from measure import measure
        from measure_functions import measure_functions

        MEASUREMENT.write_text(json.dumps(measure(), indent=1) + "\n", encoding="utf-8")
        MEASUREMENT_OF_FUNCTIONS.write_text(json.dumps(measure_functions(), indent=1) + "\n", encoding="utf-8")
    if asked.pictures:
        import os

        from gradcheck_cli.cli import main as gradcheck

        os.chdir(ROOT)
        for name, words in PICTURES.items():
            gradcheck(["run", "--quiet", "--report", f"png=docs/{name}", *words])
            make_light(DOCS / name)
    for name, make in sources().items():
        (ROOT / name).write_text(make(), encoding="utf-8")
    for folder in (MISTAKES, LAYERS):
        (DOCS / folder).mkdir(exist_ok=True)
    for name in stale_pages():
        (DOCS / name).unlink()
    for name, make in pages().items():
        (DOCS / name).write_text(make(), encoding="utf-8")
    file, measured = ROOT / "README.md", json.loads(MEASUREMENT.read_text(encoding="utf-8"))
    file.write_text(readme(file.read_text(encoding="utf-8"), measured), encoding="utf-8")


if __name__ == "__main__":
    main()
