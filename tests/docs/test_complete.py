"""Nothing is missing from the docs: options, exit codes, report keys, mistakes, conventions; links lead somewhere."""

import json
import re

import pytest
from commands import ROOT

from gradcheck_cli.cli.commands import cli
from gradcheck_cli.layers.known import KNOWN
from gradcheck_cli.mistakes import CATALOGUE
from gradcheck_cli.model.conventions import CONVENTIONS
from gradcheck_cli.model.errors import ExitCode

DOCS = ROOT / "docs"
FILES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```$|`[^`\n]+`", re.M | re.S)
OPTIONS = sorted({name for command in cli.commands.values() for option in command.params for name in option.opts})


def read(name):
    """A page of docs/."""
    return (DOCS / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [option for option in OPTIONS if option.startswith("-")])
def test_every_option_is_in_the_reference(name):
    """As click knows it."""
    assert f"`{name}`" in read("reference/cli.md")


@pytest.mark.parametrize("code", list(ExitCode))
def test_every_exit_code_is_told(code):
    """In the reference and in the README."""
    assert f"| **{int(code)}** |" in read("reference/exit-codes.md")
    assert f"| {int(code)} |" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_report_key_is_in_the_reference():
    """Each property of each object of the schema has its row below the object's heading."""
    definitions = json.loads(read("report.schema.json"))["$defs"]
    pages = [read(f"reference/{name}.md") for name in ("report", "report-run", "report-verify", "report-sweep")]
    sections = dict(part.split("\n", 1) for text in pages for part in text.split("\n## ")[1:])
    missing = [
        f"{name}.{key}"
        for name, definition in definitions.items()
        for key in keys(definition)
        if f"| `{key}` |" not in sections[name]
    ]
    assert missing == []


def keys(schema, prefix=""):
    """Every key of an object, those of objects inside it after a full stop."""
    for key, value in schema.get("properties", {}).items():
        yield prefix + key
        yield from keys(value.get("items", value), f"{prefix}{key}.")


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_mistake_is_in_the_reference(name):
    """In the list, and with a page of its own, to which findings can link."""
    assert f"| [{name}](mistakes/{name}.md) |" in read("reference/mistakes.md")
    assert read(f"reference/mistakes/{name}.md").startswith(f"# {name}\n")


@pytest.mark.parametrize("name", KNOWN)
def test_every_layer_is_in_the_reference(name):
    """In the list, and with a page of its own."""
    assert f"| [{name}](layers/{name}.md) |" in read("reference/layers.md")
    assert read(f"reference/layers/{name}.md").startswith(f"# {name}\n")


@pytest.mark.parametrize("name", CONVENTIONS)
def test_every_convention_is_in_the_reference(name):
    """Families and layouts that `--convention` takes."""
    assert f"| `{name}` |" in read("reference/conventions.md")


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_links_lead_to_files_and_headings(file):
    """Links are relative, their files exist, and so do the headings they name."""
    broken = []
    for target in LINK.findall(FENCED.sub("", file.read_text(encoding="utf-8"))):
        path, _, heading = target.partition("#")
        there = (file.parent / path).resolve() if path else file
        if not there.exists() or (heading and f"# {heading}\n" not in there.read_text(encoding="utf-8").lower()):
            broken.append(target)
    assert broken == []


def links(file):
    """The pages of this repository that a page leads to."""
    text = FENCED.sub("", file.read_text(encoding="utf-8"))
    found = {(file.parent / target.partition("#")[0]).resolve() for target in LINK.findall(text)}
    return {path for path in found if path.suffix == ".md" and path.is_file()}


def test_every_page_is_reached_from_the_tour():
    """Whoever lands on docs/index.md finds everything by its links."""
    seen, ahead = set(), {DOCS / "index.md"}
    while ahead:
        page = ahead.pop()
        seen.add(page)
        ahead |= links(page) - seen
    assert [] == [str(file.relative_to(ROOT)) for file in FILES[1:] if file not in seen]


def test_no_page_is_longer_than_a_person_reads():
    """What is read through has 200 lines at the most; what is looked up, a table, 300."""
    lines = {str(file.relative_to(DOCS)): len(file.read_text("utf-8").splitlines()) for file in FILES[1:]}
    assert {} == {name: n for name, n in lines.items() if n > (300 if name.startswith("reference/") else 200)}


def test_the_readme_is_short():
    """150 lines, and the two commands."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 150
    assert re.findall(r"^    make \w+", text, re.M) == ["    make run", "    make test"]


def test_pictures_are_small():
    """A clone stays light."""
    assert [file.name for file in (DOCS / "pictures").iterdir() if file.stat().st_size > 300_000] == []
