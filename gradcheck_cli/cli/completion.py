"""What a shell offers for the topic of `explain`. The names are read from files: nothing heavy is loaded for a key."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

from gradcheck_cli.explain.ids import TOPICS, layer_ids, mistake_ids


def topics(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The topics, then the layers, then the mistakes."""
    return [CompletionItem(name) for name in (*TOPICS, *layer_ids(), *mistake_ids()) if name.startswith(incomplete)]
