"""What recognition looks up for every target, and no target changes: made once, each fork of this process has it."""

from __future__ import annotations

from gradcheck_cli.targets.conventions.layouts import LINES, PICTURES, usual
from gradcheck_cli.targets.conventions.names import compile_all


def make() -> None:
    """Now, and not when the first target asks for it: a quarter of the work of recognising a plain function."""
    for kind in (PICTURES, LINES):
        usual(kind)
    compile_all()
