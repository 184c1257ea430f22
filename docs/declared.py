"""What files outside `gradcheck_cli/model/options.py` say of the options that are declared there; for generate.py."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

from gradcheck_cli.model import Experiment, RunOptions, VerifyOptions
from gradcheck_cli.model.option import Kind, Option, options_of
from gradcheck_cli.model.options import SweepOptions

SETTINGS = '''"""The options by their names in Python, for type checkers. Made by docs/generate.py; do not edit.

They are declared in `options`; a type checker cannot read them there, since Python takes more: one number for a size, a
path, a function.
"""

from __future__ import annotations

from typing import TypedDict

from gradcheck_cli.model.axis import PaddingMode
from gradcheck_cli.model.options import (
{imports}
)
from gradcheck_cli.model.padding import Padding
from gradcheck_cli.model.spec import ConvName, Size
'''
CLASS = '''

class {name}(TypedDict, total=False):
    """The options of `gradcheck {command}`, by their names in Python."""

{keys}
    progress: Progress
'''
# Imported by the lines above, or without a module.
BUILT_IN = ("None", "int", "float", "str", "bool", "Size", "ConvName", "Padding", "PaddingMode")


def settings_module() -> str:
    """The source of gradcheck_cli/model/settings.py."""
    classes = {"run": ("RunSettings", options_of(RunOptions)), "verify": ("VerifySettings", options_of(VerifyOptions))}
    named = {option.python_type for _, options in classes.values() for option in options} | {"Progress"}
    single = {name for annotation in named for name in annotation.split(" | ")}
    imports = sorted(name for name in single if name.isidentifier() and name not in BUILT_IN)
    source = SETTINGS.format(imports="\n".join(f"    {name}," for name in imports))
    for command, (name, options) in classes.items():
        keys = "\n".join(f"    {option.name}: {option.python_type}" for option in options)
        source += CLASS.format(name=name, command=command, keys=keys)
    return source


def schema(text: str) -> str:
    """The report's schema with an entry for every option that a report records; what stands there is kept."""
    document = json.loads(text)
    record = document["$defs"]["experiment"]
    for option in options_of(RunOptions):
        if option.recorded:
            record["properties"].setdefault(option.name, entry_of(option))
    record["required"] = [field.name for field in fields(Experiment)]
    record["properties"] = {name: record["properties"][name] for name in record["required"]}
    for command, declared in {"verify": VerifyOptions, "sweep": SweepOptions}.items():
        told = [option for option in options_of(declared) if option.recorded]
        asked = document["$defs"][command]["properties"]["options"]
        asked["properties"] = {option.name: entry_of(option) for option in told}
    return json.dumps(document, indent=2) + "\n"


def entry_of(option: Option) -> dict[str, Any]:
    """What the schema says of an option."""
    return {"description": f"{option.flag}: {option.help}", **type_of(option)}


def type_of(option: Option) -> dict[str, Any]:
    """What the schema says of the values of an option."""
    if option.kind is Kind.LENGTH:
        return {"$ref": "#/$defs/size"}
    if option.kind is Kind.PADDING:
        return {"$ref": "#/$defs/padding"}
    if option.kind is Kind.CHOICE:
        return {"enum": list(option.choices)}
    types = {Kind.WHOLE: "integer", Kind.SECONDS: "number", Kind.SWITCH: "boolean"}
    name = types.get(option.kind, "string")
    return {"type": [name, "null"] if option.default is None else name}
