"""The processes that torchrun starts together, as it says in the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from gradcheck_cli.model.errors import UsageError


@dataclass(frozen=True)
class Ranks:
    """The processes that torchrun started together: this one's number from 0, and how many there are."""

    rank: int = 0
    count: int = 1

    @classmethod
    def of(cls, environment: Mapping[str, str] = os.environ) -> Ranks:
        """What torchrun says; one process where nothing is said.

        Raises:
            UsageError: what is said cannot be of torchrun, so that the ranks would not find each other in the end.
        """
        said = [environment.get(name, "") for name in ("RANK", "WORLD_SIZE")]
        if not all(text.isdigit() for text in said):
            return cls()
        rank, count = map(int, said)
        lacking = [name for name in ("MASTER_ADDR", "MASTER_PORT") if count > 1 and not environment.get(name)]
        if rank >= max(count, 1) or lacking:
            also = f" and no {' and no '.join(lacking)}" if lacking else ""
            raise UsageError(
                f"the environment has RANK={rank} with WORLD_SIZE={count}{also}, which torchrun does not say so.",
                hint="start the ranks by torchrun, or remove RANK and WORLD_SIZE",
            )
        return cls(rank, count)
