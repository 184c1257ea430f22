"""A geometry as the wire carried it: `fields_of` one, where JSON has lists for pairs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from gradcheck_cli.model import ConvSpec


def spec_of_message(values: Mapping[str, Any]) -> ConvSpec:
    """The geometry of a message."""
    kept: dict[str, Any] = {field.name: values[field.name] for field in fields(ConvSpec)}
    kept |= {name: tuple(value) for name, value in kept.items() if isinstance(value, list)}
    return ConvSpec(**kept)
