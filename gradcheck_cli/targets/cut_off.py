"""An import that the alarm cuts off leaves parts of a package behind; the next import would take them for the whole."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def whole_imports() -> Iterator[None]:
    """Where the body raises, forget the new modules whose package is not there.

    Python takes the package whose import failed out of `sys.modules`, but not the modules below it that were done.
    Imported again, the package would lack them as attributes: "module 'sympy' has no attribute 'core'".
    """
    before = set(sys.modules)
    try:
        yield
    except BaseException:
        # Parents come before their children, so that a whole branch goes.
        for name in sorted(set(sys.modules) - before):
            package = name.rpartition(".")[0]
            if package and package not in sys.modules:
                del sys.modules[name]
        raise
