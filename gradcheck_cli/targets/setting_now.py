"""The setting in which the target is being called, for whatever makes its arrays.

One thread calls one target: the child process has no other.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

from gradcheck_cli.model import PLAIN, Array, Setting

# A target is recognised, and mostly asked, in the plain one.
_now = [PLAIN]


def setting_now() -> Setting:
    """The one of the call that is being made."""
    return _now[-1]


@contextlib.contextmanager
def computing_in(setting: Setting) -> Iterator[None]:
    """While the target is called in this setting; torch is only touched where the setting is not the plain one."""
    _now.append(setting)
    try:
        with contextlib.nullcontext() if setting == PLAIN or not setting.asks_torch else _switched(setting):
            yield
    finally:
        _now.pop()


def tensor_of(array: Array) -> Any:
    """A tensor for the target, in the setting of the call."""
    if setting_now() == PLAIN:
        import torch  # only for targets that imported it themselves

        return torch.from_numpy(array)
    from gradcheck_cli.oracles.in_setting import tensor_in

    return tensor_in(array, setting_now())


def through_setting(function: Callable[..., Any]) -> Callable[..., Any]:
    """A forward, through torch.compile where the setting says so."""
    if not setting_now().compile:
        return function
    from gradcheck_cli.oracles.in_setting import through

    return through(setting_now(), function)


def forward_setting() -> AbstractContextManager[object]:
    """While a forward runs: under autocast where the setting says so."""
    if setting_now().autocast == "off":
        return contextlib.nullcontext()
    from gradcheck_cli.oracles.in_setting import forward_of

    return forward_of(setting_now())


def cannot_ask_in(setting: Setting, *, is_function: bool) -> str:
    """Why no call can be made in this setting, a clause; "" where one can. What numpy lacks shows as arrays are made.

    Args:
        setting: that is asked for.
        is_function: the target is a torch.autograd.Function.
    """
    if setting.needs_forward and not is_function:
        return f"{setting.needs_forward} is for a forward that torch differentiates, a torch.autograd.Function"
    if not setting.asks_torch:
        return ""
    from gradcheck_cli.oracles.in_setting import impossible

    return impossible(setting)


def numpy_lacks() -> str:
    """What of the setting no array of numpy can be, a clause; "" where it can."""
    setting = setting_now()
    if not setting.asks_torch:
        return ""
    if setting.dtype == "bfloat16":
        return "it takes arrays of numpy, which has no bfloat16"
    return f"it takes arrays of numpy: {setting.text} is for tensors of torch"


def _switched(setting: Setting) -> AbstractContextManager[None]:
    from gradcheck_cli.oracles.in_setting import switched

    return switched(setting)
