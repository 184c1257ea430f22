"""The processes that torchrun starts together, as it says in the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Ranks:
    """The processes that torchrun started together: this one's number from 0, and how many there are."""

    rank: int = 0
    count: int = 1

    @classmethod
    def of(cls, environment: Mapping[str, str] = os.environ) -> Ranks:
        """What torchrun says; one process where nothing is said."""
        said = [environment.get(name, "") for name in ("RANK", "WORLD_SIZE")]
        return cls(int(said[0]), int(said[1])) if all(text.isdigit() for text in said) else cls()
