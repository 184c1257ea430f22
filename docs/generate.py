"""Writes the pages of docs/ that are made from the program, and what is made from its options: `make docs`.

    python docs/generate.py               the reference pages, and the comparisons from the stored numbers
    python docs/generate.py --measure     measure again first: comparison.json (minutes)
    python docs/generate.py --pictures    run the program again for docs/pictures

What is measured lives in measure.py. Pages written by hand are not touched.
"""

from __future__ import annotations

import argparse
import inspect
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
sys.path[:0] = [str(ROOT), str(DOCS)]

import click  # noqa: E402

from gradcheck_cli.cli.root import HELP_OPTIONS  # noqa: E402
from gradcheck_cli.model.errors import ExitCode  # noqa: E402

MADE = "<!-- made by docs/generate.py; do not edit -->"
BEGIN, END = "<!-- made by docs/generate.py -->", "<!-- end -->"
MEASUREMENT = DOCS / "comparison.json"
PICTURE = "pictures/coffee.png"
PICTURE_COMMAND = [
    "run",
    *["--in", "3", "--out", "3", "--k", "32", "--quiet", "--report"],
    f"png=docs/{PICTURE}",
    "images/coffee.jpg",
]

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
        "reference/mistakes.md": mistakes_page,
        "comparison.md": comparison_page,
    }


def sources() -> dict[str, Callable[[], str]]:
    """Every file that is no page: path in the project -> what makes its text. They come before the pages."""
    from declared import schema, settings_module

    return {
        "gradcheck_cli/model/settings.py": settings_module,
        "docs/report.schema.json": lambda: schema((DOCS / "report.schema.json").read_text(encoding="utf-8")),
    }


def cli_page() -> str:
    """Every command and option, from click."""
    import gradcheck_cli.cli.commands  # noqa: F401
    from gradcheck_cli.cli.root import cli

    parts = [
        "# Commands and options",
        "Order of precedence: the command line, then the environment variable, then the nearest `pyproject.toml` with "
        "a table `[tool.gradcheck]` (or `[tool.gradcheck.run]`, `[tool.gradcheck.verify]`), then the default. "
        "A key in that table is the option without its dashes. `-v` tells where each value came from. "
        "`GRADCHECK_RUN_SEED` is for one command, `GRADCHECK_SEED` for all.",
        "## gradcheck",
        help_text(cli),
        option_table(cli),
    ]
    for name, command in sorted(cli.commands.items()):
        parts += [f"## gradcheck {name}", help_text(command), option_table(command)]
    return page(parts)


def help_text(command: click.Command) -> str:
    """The command's own words, its examples as a block."""
    text = inspect.cleandoc(command.help or "").replace("\b\n", "\b")
    prose = [part for part in text.split("\n\n") if not part.startswith("\b")]
    blocks = [part.removeprefix("\b") for part in text.split("\n\n") if part.startswith("\b")]
    return "\n\n".join([*prose, *(f"```text\n{block}\n```" for block in blocks)])


def option_table(command: click.Command) -> str:
    """Option, what it takes, default, variable, meaning."""
    context = click.Context(command, info_name=command.name, help_option_names=list(HELP_OPTIONS))
    rows = []
    for parameter in command.get_params(context):
        if isinstance(parameter, click.Option):
            names = "<br>".join(f"`{name}`" for name in [*parameter.opts, *parameter.secondary_opts])
            meaning = (parameter.help or "").split("  [default")[0]
            rows.append([names, code(taken(parameter, context)), default_of(parameter), variable(parameter), meaning])
        else:
            rows.append([f"`{parameter.make_metavar(context)}`", "", "", "", "what the command is about"])
    return table(["option", "takes", "default", "variable", "meaning"], rows)


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


def report_page() -> str:
    """Every key of the JSON report, from the schema."""
    schema = json.loads((DOCS / "report.schema.json").read_text(encoding="utf-8"))
    definitions = schema["$defs"]
    order = ["run", "verify", *(name for name in definitions if name not in ("run", "verify"))]
    parts = [
        "# The JSON report",
        f"{schema['description']} The schema is [report.schema.json](../report.schema.json). "
        "Each heading below is one kind of object; a type in the tables links to its heading.",
    ]
    for name in order:
        parts += [f"## {name}", *definition(definitions[name])]
    return page(parts)


def definition(schema: Mapping[str, Any]) -> Iterator[str]:
    """What one definition of the schema says."""
    if "description" in schema:
        yield schema["description"]
    if "properties" in schema:
        yield table(["key", "type", "meaning"], list(key_rows(schema)))
    else:
        yield f"Type: {type_of(schema)}."


def key_rows(schema: Mapping[str, Any], prefix: str = "") -> Iterator[list[str]]:
    """A row for every key, and below it for the keys of an object that stands inside ("sameness.counterfactuals")."""
    for key, value in schema["properties"].items():
        yield [code(prefix + key), type_of(value), value.get("description", "")]
        inside = value.get("items", value)
        if "properties" in inside:
            yield from key_rows(inside, f"{prefix}{key}.")


def type_of(schema: Mapping[str, Any]) -> str:
    """The type in words, with links."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/$defs/")
        return f"[{name}](#{name})"
    if "enum" in schema:
        return ", ".join(code(json.dumps(value)) for value in schema["enum"])
    if "const" in schema:
        return code(json.dumps(schema["const"]))
    if "anyOf" in schema:
        return " or ".join(type_of(part) for part in schema["anyOf"])
    if isinstance(schema.get("type"), list):
        return " or ".join(schema["type"])
    if schema.get("type") == "array":
        return f"list of {type_of(schema.get('items', {}))}"
    values = schema.get("additionalProperties")
    if schema.get("type") == "object" and isinstance(values, Mapping):
        return f"object: name to {type_of(values)}"
    return schema.get("type", "any")


def mistakes_page() -> str:
    """Every mistake of the catalogue, as `gradcheck explain` tells it."""
    from gradcheck_cli.explain import explain
    from gradcheck_cli.mistakes import CATALOGUE

    rows = [
        [f"[{name}](#{name})", f"{mistake.title}", ", ".join(mistake.formulas) or "behaviour"]
        for name, mistake in CATALOGUE.items()
    ]
    return page(
        [
            "# The mistakes",
            "What `gradcheck` can name. The formula of each is planted into right gradients to measure what a check "
            "would have caught, and compared with wrong ones to name their mistake. "
            "`gradcheck explain ID` prints the same text.",
            table(["id", "the code ...", "occurs in"], rows),
            *(explain(name).markdown().rstrip() for name in CATALOGUE),
        ]
    )


def comparison_page() -> str:
    """Who catches which mistake, and who names it."""
    from measure import comparison_parts

    return page(comparison_parts(json.loads(MEASUREMENT.read_text(encoding="utf-8")), table))


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

        MEASUREMENT.write_text(json.dumps(measure(), indent=1) + "\n", encoding="utf-8")
    if asked.pictures:
        import os

        from gradcheck_cli.cli import main as gradcheck

        os.chdir(ROOT)
        gradcheck(PICTURE_COMMAND)
        make_light(DOCS / PICTURE)
    for name, make in sources().items():
        (ROOT / name).write_text(make(), encoding="utf-8")
    for name, make in pages().items():
        (DOCS / name).write_text(make(), encoding="utf-8")
    file, measured = ROOT / "README.md", json.loads(MEASUREMENT.read_text(encoding="utf-8"))
    file.write_text(readme(file.read_text(encoding="utf-8"), measured), encoding="utf-8")


if __name__ == "__main__":
    main()
