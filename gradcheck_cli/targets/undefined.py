"""Names that nothing in a file or a package has: no way to call the code ends better, so the name is what to mend."""

from __future__ import annotations

import re
from importlib import metadata

# What numpy 2 no longer has, and people still write; the other names are told by what is most like them.
GONE = {
    **{f"numpy.{name}": name for name in ("int", "float", "bool", "object", "complex", "str")},
    "numpy.lib.pad": "np.pad",
    "numpy.mat": "np.asmatrix",
    "numpy.product": "np.prod",
    "numpy.float_": "np.float64",
    "numpy.in1d": "np.isin",
    "numpy.row_stack": "np.vstack",
    "numpy.Inf": "np.inf",
    "numpy.infty": "np.inf",
    "numpy.NaN": "np.nan",
}
IMPORTS = {
    "np": "import numpy as np",
    "numpy": "import numpy",
    "torch": "import torch",
    "F": "import torch.nn.functional as F",
    "nn": "from torch import nn",
    "signal": "from scipy import signal",
    "math": "import math",
}
# What Python says, and packages that look such names up by themselves.
OF_A_PACKAGE = re.compile(r"module '(?P<module>[\w.]+)' has no attribute '(?P<name>\w+)'")
_OF_A_NAME = re.compile(r".*?name '(?P<name>\w+)' is not defined")


def is_undefined(error: BaseException | None) -> bool:
    """A name of the code that nothing has, or a function that a package has not: no argument would mend it."""
    if isinstance(error, AttributeError):
        return OF_A_PACKAGE.match(str(error)) is not None
    return isinstance(error, NameError) and not isinstance(error, UnboundLocalError)


def mend_of_undefined(error: BaseException | None) -> str:
    """What to do about a name that nothing has; "" where it is another error."""
    if not is_undefined(error):
        return ""
    member, name = OF_A_PACKAGE.match(str(error)), _OF_A_NAME.match(str(error))
    if member is not None:
        return mend_of_member(member["module"], member["name"])
    return mend_of_name(name["name"]) if name is not None else ""


def mend_of_name(name: str) -> str:
    """Of one that the file does not have: a module that is always called so was not imported."""
    if name in IMPORTS:
        return f"Add `{IMPORTS[name]}` at the top of the file."
    return f"Define `{name}`, or correct the name."


def mend_of_member(module: str, name: str) -> str:
    """Of one that a module does not have: what took its place is named where that is known."""
    instead = GONE.get(f"{module}.{name}", "")
    missing = f"{_installed(module)} has no `{name}`: correct the name, or write what has taken its place"
    return missing + (f", `{instead}`." if instead else ".")


def _installed(module: str) -> str:
    """ "`numpy.lib` of the installed numpy 2.4.6"; a module that is no package of its own is only named."""
    package = module.partition(".")[0]
    try:
        return f"`{module}` of the installed {package} {metadata.version(package)}"
    except metadata.PackageNotFoundError:
        return f"`{module}`"
