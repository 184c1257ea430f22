"""Triton's kernels on tensors of the CPU: run by Triton's own interpreter, in the process of the target.

`prepare` is called before the user's file is loaded. Nothing happens until that file, or one that it imports, imports
triton: then the interpreter is switched on first, as Triton decides when it is imported, and what its launches ask of a
GPU is answered. Nothing here computes: see `on_cpu` for the tensors.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

SWITCH = "TRITON_INTERPRET"
"""Triton's own; who sets it, to 0 too, is not overruled."""

IN_INTERPRETER = (
    "its Triton kernels ran on the CPU, in Triton's interpreter, one program after the other: races between programs, "
    "speed and what only a compiled kernel does were not looked at"
)


@dataclass
class Launches:
    """What was launched in this process.

    Attributes:
        count: launches so far.
        choice: the configuration that autotuned kernels run with, counted from 0; the last where one has fewer.
        configurations: the most that an autotuned kernel has.
    """

    count: int = 0
    choice: int = 0
    configurations: int = 1

    def notes(self) -> tuple[str, ...]:
        """What a report has to say of them; nothing where nothing was launched."""
        if not self.count:
            return ()
        if self.configurations == 1:
            return (IN_INTERPRETER,)
        return (IN_INTERPRETER, f"autotuned kernels ran with the first of up to {self.configurations} configurations")


LAUNCHES = Launches()


@contextlib.contextmanager
def configured(number: int) -> Iterator[None]:
    """Autotuned kernels run with this configuration."""
    before, LAUNCHES.choice = LAUNCHES.choice, number
    try:
        yield
    finally:
        LAUNCHES.choice = before


def prepare() -> None:
    """From now on an import of triton is one of its interpreter."""
    if "triton" not in sys.modules and not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


class _Finder(MetaPathFinder):
    """Stands before the first import of triton, and steps aside."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec that would be found without us, with a loader that prepares."""
        del path, target
        if fullname != "triton":
            return None
        sys.meta_path.remove(self)
        found = importlib.util.find_spec(fullname)
        if found is not None and found.loader is not None:
            found.loader = _Loader(found.loader)
        return found


class _Loader(Loader):
    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """As ever."""
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Triton itself, between the switch and the answers."""
        os.environ.setdefault(SWITCH, "1")
        self._loader.exec_module(module)
        if os.environ[SWITCH] == "1":
            from gradcheck_cli.targets.on_cpu import answer_for_a_gpu

            answer_for_a_gpu()
            _choose_configurations(module)
            _count_launches()
            _put_on_once()


def _choose_configurations(triton: Any) -> None:
    """An autotuner runs one configuration; it would time them all, on a GPU."""
    tuner = triton.runtime.autotuner.Autotuner
    before: Callable[..., Any] = tuner.run

    def run(self: Any, *args: Any, **kwargs: Any) -> Any:
        every = self.configs
        LAUNCHES.configurations = max(LAUNCHES.configurations, len(every))
        self.configs = [every[min(LAUNCHES.choice, len(every) - 1)]]
        try:
            return before(self, *args, **kwargs)
        finally:
            self.configs = every

    tuner.run = run


def _count_launches() -> None:
    interpreted = import_module("triton.runtime.interpreter").InterpretedFunction
    before = interpreted.run

    def run(self: Any, *args: Any, **kwargs: Any) -> Any:
        LAUNCHES.count += 1
        return before(self, *args, **kwargs)

    interpreted.run = run


def _put_on_once() -> None:
    """Triton puts its interpreter into its language at each call of a function and takes it out again.

    Nothing else runs here: it stays in, which halves the time. A version that does it otherwise is left alone.
    """
    interpreter: Any = import_module("triton.runtime.interpreter")
    before = getattr(interpreter, "_patch_lang", None)
    if before is None or not hasattr(interpreter, "_LangPatchScope"):
        return
    done: dict[int, Any] = {}

    def put_on(function: Any) -> Any:
        # Kept as a value too, so that no other namespace is taken for it.
        if id(function.__globals__) not in done:
            done[id(function.__globals__)] = function.__globals__
            before(function)
        return interpreter._LangPatchScope()

    interpreter._patch_lang = put_on
