"""Words to standard error: bounded, and harmless whatever a file is called."""

from __future__ import annotations

import sys

from gradcheck_cli.model.errors import MAX_LINES
from gradcheck_cli.model.text import visible

# A message is read in a terminal or a log of CI; more than five lines of it are not.
LINE = 400


def say(message: str) -> None:
    """At most `MAX_LINES` lines on standard error, control characters made visible."""
    if sys.stderr is None:
        return
    lines = [_harmless(line) for line in message.split("\n")[:MAX_LINES]]
    try:
        sys.stderr.write("\n".join(lines) + "\n")
        sys.stderr.flush()
    except OSError:
        pass  # nobody listens on standard error; the exit code still tells


def _harmless(line: str) -> str:
    return visible(line if len(line) <= LINE else line[: LINE - 4] + " ...")
