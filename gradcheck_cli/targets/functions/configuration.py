"""Constructors that are handed their settings in one object: `Block(config: BlockConfig)`."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gradcheck_cli.targets.functions.form import Parameter
from gradcheck_cli.targets.functions.spelling import tokens, word_set

_WORDS = word_set("config cfg conf configuration settings hparams hyperparameters args opts options")


@dataclass(frozen=True)
class Configuration:
    """An object of a class of the user's, with the settings that its author thinks of by default."""

    kind: type

    def make(self) -> Any:
        """A new one.

        Raises:
            Exception: whatever its constructor raises, as where a setting has no default.
        """
        return self.kind()

    @property
    def text(self) -> str:
        """As it is written."""
        return f"{self.kind.__name__}()"


def configuration_of(owner: Any, item: Parameter) -> Configuration | None:
    """What a parameter of a constructor may be handed: of the class that its annotation names, or its own name means.

    None where its file has no such class.
    """
    scope = getattr(getattr(owner, "__init__", None), "__globals__", {})
    named = class_named(item.annotation.strip("'\"").rpartition(".")[2], scope)
    if named is not None and (dataclasses.is_dataclass(named) or _is_called_so(named.__name__)):
        return Configuration(named)
    if not _is_called_so(item.name):
        return None
    own = [kind for name, kind in scope.items() if isinstance(kind, type) and _is_called_so(name)]
    return Configuration(own[0]) if len(own) == 1 else None


def class_named(annotation: Any, scope: Mapping[str, Any]) -> type | None:
    """The class that an annotation means, also one that is written as a text."""
    kind = scope.get(annotation) if isinstance(annotation, str) else annotation
    return kind if inspect.isclass(kind) else None


def _is_called_so(name: str) -> bool:
    return bool(set(tokens(name)) & _WORDS)
