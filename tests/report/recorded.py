"""Reports that real commands gave, read back from tests/report/recorded/. `python tests/report/record.py` makes them.

A report is one JSON document, as the product writes it, beside an .npz file with the arrays of its pictures. A document
whose keys are no longer the fields of the dataclasses is stale, and reading it fails.
"""

import json
import os
import types
import typing
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from pathlib import Path

import numpy as np

from gradcheck_cli.model import Figure, Figures, RunReport, VerifyReport
from gradcheck_cli.report.json import LEFT_OUT, as_document

FOLDER = Path(__file__).resolve().parent / "recorded"
NAMES = tuple(sorted(path.stem for path in FOLDER.glob("*.json")))
# What an argument of a function is: in a document arrays are lists, and constants are what they are.
VALUE = typing.NewType("VALUE", object)
HEAD = ("schema_version", "command")


@cache
def report(name):
    """The report of that name."""
    document = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    kind = {"run": RunReport, "verify": VerifyReport}[document["command"]]
    extra = {"figures": _read_figures(FOLDER / f"{name}.npz")} if kind is RunReport else {}
    return instance_of(kind, {key: value for key, value in document.items() if key not in HEAD}, extra)


def write(name, found, folder):
    """Store a report under that name, without the folder that it was made in."""
    FOLDER.mkdir(exist_ok=True)
    text = json.dumps(as_document(found), separators=(",", ":"), allow_nan=False).replace(f"{folder}{os.sep}", "")
    assert folder not in text
    (FOLDER / f"{name}.json").write_text(text.replace('},{"', '},\n{"') + "\n", "ascii")
    if isinstance(found, RunReport) and found.figures is not None:
        np.savez_compressed(FOLDER / f"{name}.npz", **_flat(found.figures))


def _flat(figures):
    arrays = {field.name: getattr(figures, field.name) for field in fields(Figures) if field.name != "gradients"}
    for gradient, figure in figures.gradients.items():
        arrays |= {f"gradients.{gradient}.{side.name}": getattr(figure, side.name) for side in fields(Figure)}
    return arrays


def _read_figures(path):
    with np.load(path) as stored:
        arrays = {name: stored[name] for name in stored.files}
    gradients = {}
    for name in [name for name in arrays if name.startswith("gradients.")]:
        _, gradient, side = name.split(".")
        gradients.setdefault(gradient, {})[side] = arrays.pop(name)
    return Figures(**arrays, gradients={gradient: Figure(**sides) for gradient, sides in gradients.items()})


def instance_of(kind, values, extra=types.MappingProxyType({})):
    """A dataclass from its document; what it computes for itself must come out as it was stored."""
    names = [
        field.name
        for field in fields(kind)
        if field.name in values or not (field.name in LEFT_OUT or field.metadata.get("unless_usual"))
    ]
    assert names == list(values), f"{kind.__name__} has other fields than the recorded document"
    hints = _hints(kind)
    read = {field.name: _typed(hints[field.name], values[field.name]) for field in fields(kind) if field.name in values}
    made = kind(
        **{field.name: read[field.name] for field in fields(kind) if field.init and field.name in read}, **extra
    )
    assert all(getattr(made, field.name) == read[field.name] for field in fields(kind) if not field.init)
    return made


@cache
def _hints(kind):
    """The types of its fields; hundreds of instances of a few classes are read."""
    return typing.get_type_hints(kind, localns={"Array": np.ndarray, "Value": VALUE})


def _typed(hint, value):
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if hint is VALUE:
        return np.array(value, np.float64) if isinstance(value, list) else value
    if value is None or hint is typing.Any or origin is typing.Literal:
        return value
    if origin in (typing.Union, types.UnionType):
        kinds = [kind for kind in inner if kind is not type(None)]
        return _typed(kinds[0] if len(kinds) == 1 else next(kind for kind in kinds if _may_be(kind, value)), value)
    if origin is tuple:
        return tuple(_typed(inner[0] if inner[-1] is ... else inner[place], item) for place, item in enumerate(value))
    if origin is not None:  # a mapping
        return {key: _typed(inner[1], item) for key, item in value.items()}
    if is_dataclass(hint):
        return instance_of(hint, value)
    return np.array(value, np.float64) if hint is np.ndarray else _scalar(hint, value)


def _may_be(kind, value):
    """Of a union, the kind that a value of JSON stands for: by its fields, or as a tuple, or a tuple of tuples."""
    if is_dataclass(kind):
        return {field.name for field in fields(kind)} == set(value)
    if not isinstance(value, list):
        return typing.get_origin(kind) is not tuple
    is_deep = bool(value) and isinstance(value[0], list)
    return typing.get_origin(kind) is tuple and (typing.get_origin(typing.get_args(kind)[0]) is tuple) == is_deep


def _scalar(hint, value):
    """JSON has no NaN: those numbers are written as words that float() reads."""
    if hint is float or issubclass(hint, Enum):
        return hint(value)
    assert type(value) is hint, f"{value!r} is no {hint.__name__}"
    return value
