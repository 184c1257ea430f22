"""The questions of a sweep, from its options: every target about every geometry with every seed."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from gradcheck_cli.layers import geometries
from gradcheck_cli.model import PLAIN, ConvSpec
from gradcheck_cli.model.errors import GradcheckError, UsageError
from gradcheck_cli.model.limits import check_memory
from gradcheck_cli.model.notation import geometry_of
from gradcheck_cli.model.options import SweepOptions, settings_of
from gradcheck_cli.targets import TargetRef, called_by, resolve
from gradcheck_cli.targets.recorded_model import geometries_of_model
from gradcheck_cli.trials.question import Question


@dataclass(frozen=True)
class SweepQuestion:
    """A question of a sweep: its place among all of them, and who is asked."""

    number: int
    ref: TargetRef
    question: Question


def questions_of(options: SweepOptions) -> tuple[SweepQuestion, ...]:
    """All questions, target by target. No id stands there twice.

    Raises:
        TargetError: a name that is not there, or a pattern that matches nothing.
        UsageError: the file of the geometries cannot be read, or a line of it.
        GeometryError: sizes that no layer can have.
    """
    specs = tuple(dict.fromkeys(_specs(options)))
    refs = resolve(options.targets, called_by(options.call) if options.call else None)
    found: dict[str, tuple[TargetRef, Question]] = {}
    for ref in refs:
        for spec in specs:
            for question in _about(ref.text, spec, options):
                found.setdefault(question.id, (ref, question))
    return tuple(SweepQuestion(number, *pair) for number, pair in enumerate(found.values()))


def _about(target: str, spec: ConvSpec, options: SweepOptions) -> Iterator[Question]:
    """Every seed in every setting; in the plain one the probe on which mistakes show, else the graded ones."""
    for setting in settings_of(options):
        for seed in range(options.seed, options.seed + options.seeds):
            yield Question(target, spec, "narrow" if setting == PLAIN else "graded", seed, setting=setting)


def digest(questions: Sequence[SweepQuestion]) -> str:
    """Short, and another for other questions: files of one sweep can be told from those of another."""
    return sha256("\n".join(asked.question.id for asked in questions).encode()).hexdigest()[:16]


def _specs(options: SweepOptions) -> Iterator[ConvSpec]:
    if options.from_module:
        yield from geometries_of_model(options.from_module, options.timeout)
    elif options.geometries == "quick":
        yield from geometries.QUICK
    elif options.geometries == "full":
        yield from geometries.full(options.seed)
    else:
        yield from geometries_in(options.geometries)


def geometries_in(file: str) -> Iterator[ConvSpec]:
    """The geometries of a file: one on each line, as --geometry takes it, # begins a remark; or `geometries` of a TOML.

    Raises:
        UsageError: it cannot be read, holds none, or a line is no geometry; with the line.
        GeometryError: sizes that no layer can have.
    """
    lines = _toml_lines(file) if file.endswith(".toml") else list(enumerate(_text(file).splitlines(), start=1))
    said = [(number, line.partition("#")[0].strip()) for number, line in lines]
    if not any(line for _, line in said):
        raise UsageError(
            f"{file} holds no geometry.", hint="one on each line, as in: batch 2, in 3, out 4, input 8x7, kernel 3"
        )
    for number, line in said:
        if line:
            yield _geometry(file, number, line)


def _geometry(file: str, number: int, line: str) -> ConvSpec:
    try:
        spec = geometry_of(line)
        check_memory(spec)
    except GradcheckError as error:
        raise UsageError(f"{file}:{number}: {error.sentence}", facts=error.facts, hint=error.hint) from error
    return spec


def _text(file: str) -> str:
    try:
        return Path(file).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        hint = "--geometries takes quick, full, or the name of a file"
        raise UsageError(f"the geometries in {file} cannot be read: {reason}.", hint=hint) from error


def _toml_lines(file: str) -> list[tuple[int, str]]:
    """Of `geometries = ["...", "..."]`, each with its place in the list."""
    try:
        listed = tomllib.loads(_text(file)).get("geometries", [])
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{file} is no TOML: {error}.") from error
    if not isinstance(listed, list) or not all(isinstance(line, str) for line in listed):
        raise UsageError(
            f"geometries in {file} is no list of texts.", hint='geometries = ["in 3, out 4, input 8, kernel 3"]'
        )
    return list(enumerate(listed, start=1))
