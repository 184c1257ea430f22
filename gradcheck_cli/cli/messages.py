"""Words to standard error: bounded, and harmless whatever a file is called."""

from __future__ import annotations

import sys
import unicodedata

from gradcheck_cli.errors import MAX_LINES

LINE = 400
INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


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
    shown = line if len(line) <= LINE else line[: LINE - 4] + " ..."
    return "".join(_escaped(char) if unicodedata.category(char) in INVISIBLE else char for char in shown)


def _escaped(char: str) -> str:
    return char.encode("unicode-escape", "surrogatepass").decode("ascii")
