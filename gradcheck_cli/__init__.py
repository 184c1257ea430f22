"""gradcheck: is a hand-written gradient right, and if not, what is the mistake?

The public names live here. They are loaded when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradcheck_cli.api import __version__ as __version__, run as run, verify as verify
    from gradcheck_cli.model import Report as Report, RunReport as RunReport, VerifyReport as VerifyReport
    from gradcheck_cli.model.errors import GradcheckError as GradcheckError, VerdictError as VerdictError
    from gradcheck_cli.model.sweep import SweepReport as SweepReport

_HOMES = {
    "GradcheckError": "gradcheck_cli.model.errors",
    "Report": "gradcheck_cli.model",
    "RunReport": "gradcheck_cli.model",
    "SweepReport": "gradcheck_cli.model.sweep",
    "VerdictError": "gradcheck_cli.model.errors",
    "VerifyReport": "gradcheck_cli.model",
    "__version__": "gradcheck_cli.api",
    "run": "gradcheck_cli.api",
    "verify": "gradcheck_cli.api",
}
__all__ = [
    "GradcheckError",
    "Report",
    "RunReport",
    "SweepReport",
    "VerdictError",
    "VerifyReport",
    "__version__",
    "run",
    "verify",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
