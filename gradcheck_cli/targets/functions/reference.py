"""What a function should be: another forward, called with the same sample. `--against torch.nn.functional.gelu`."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gradcheck_cli.model import Array, FunctionForm
from gradcheck_cli.model.errors import TargetError
from gradcheck_cli.targets.functions.form import NotAFunctionError, Parameter, Ran, Values, fresh, outputs_of
from gradcheck_cli.targets.functions.plain import parameters_of
from gradcheck_cli.targets.functions.tensors import arrays, floating, tensors
from gradcheck_cli.targets.load import load
from gradcheck_cli.targets.resolve import resolve


@dataclass(frozen=True)
class ReferenceForm:
    """A forward without a backward. `reference` is a function, of arrays or of tensors."""

    reference: Any
    name: str

    @property
    def kind(self) -> FunctionForm:
        """It is only called forward."""
        return "pair"

    @property
    def why(self) -> str:
        """Who says so."""
        return f"{self.name}, as --against says"

    @property
    def title(self) -> str:
        """Its name."""
        return self.name

    @property
    def backward(self) -> str:
        """It has none."""
        return ""

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """None: it takes what the target takes."""
        return ()

    @property
    def source(self) -> str:
        """Nobody reads it."""
        return ""

    def forward(self, values: Values) -> tuple[Array, ...]:
        """The outputs, by tensors first where it is torch's, by the names that both have, else by place.

        Raises:
            Exception: what the likeliest call raised.
        """
        error: Exception | None = None
        for given in self._given(values):
            for arguments in _calls(self.reference, given):
                try:
                    return self._called(arguments)
                except Exception as refusal:
                    error = error or refusal
        raise error or NotAFunctionError("run", f"{self.name} takes none of it")

    def run(self, values: Values, upstream: Sequence[Array]) -> Ran:
        """Only its forward is asked."""
        del upstream
        return Ran(self.forward(values), {})

    def _given(self, values: Values) -> Iterator[Mapping[str, Any]]:
        own = str(getattr(self.reference, "__module__", "") or "")
        if own.startswith("torch") or self.name.startswith("torch"):
            yield tensors(values)
            return
        yield fresh(values)
        try:
            yield tensors(values)
        except ImportError:
            return

    def _called(self, arguments: tuple[Sequence[Any], Mapping[str, Any]]) -> tuple[Array, ...]:
        result = self.reference(*arguments[0], **arguments[1])
        if hasattr(result, "detach") or (isinstance(result, tuple) and result and hasattr(result[0], "detach")):
            return arrays([part.detach() for part in floating(result)])
        return outputs_of([result[0]] if isinstance(result, tuple | list) else [result])


def _calls(reference: Any, given: Mapping[str, Any]) -> Iterator[tuple[Sequence[Any], Mapping[str, Any]]]:
    """By the names of the reference where it has them, the first argument by its place; then all by place."""
    names = [item.name for item in parameters_of(reference)]
    if names:
        values = list(given.values())
        named = {name: given[name] for name in names[1:] if name in given}
        # Of torch's norms: the sizes of the last axes, which their own weight has too.
        if "normalized_shape" in names and "normalized_shape" not in named:
            named["normalized_shape"] = (values[0].shape[-1],)
        yield values[:1], named
    yield list(given.values()), {}
    yield [value for value in given.values() if hasattr(value, "shape")], {}


def reference_of(place: str) -> ReferenceForm:
    """From a dotted name, or FILE.py:NAME, to a form.

    Raises:
        TargetError: there is no such thing, it cannot be called, or its file fails.
    """
    if ".py" in place:
        return ReferenceForm(load(resolve([place])[0]).target, place)
    parts = place.replace(":", ".").split(".")
    for count in range(len(parts) - 1, 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:count]))
        except ImportError:
            continue
        for part in parts[count:]:
            found = getattr(found, part, None)
        if callable(found):
            return ReferenceForm(found, place)
        break
    hint = "a dotted name as in torch.nn.functional.gelu, or FILE.py:NAME"
    raise TargetError(f"--against {place} is no function.", hint=hint)
