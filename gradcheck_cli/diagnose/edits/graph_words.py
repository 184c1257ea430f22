"""What the values and operations of a recording are called in a sentence: by the user's own names, where there are."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import cached_property

from gradcheck_cli.model.recording import CONSTANT, INPUT, Node, Recording, Ref, SourcePlace

_OPERATIONS = {
    "mul": "product",
    "div": "quotient",
    "add": "sum",
    "sub": "difference",
    "rsub": "difference",
    "pow": "power",
    "mm": "matrix product",
    "bmm": "matrix product",
    "addmm": "matrix product",
    "mv": "matrix product",
    "dot": "dot product",
    "sum": "sum",
    "mean": "mean",
    "amax": "maximum",
    "max": "maximum",
    "exp": "exponential",
    "log": "logarithm",
    "sqrt": "square root",
    "rsqrt": "reciprocal square root",
    "neg": "negation",
    "_softmax": "softmax",
    "_log_softmax": "log-softmax",
    "native_layer_norm": "layer norm",
    "index": "indexing",
    **dict.fromkeys(("_fft_c2c", "_fft_r2c", "_fft_c2r"), "Fourier transform"),
    "var": "variance",
}
# The same numbers in another shape: nothing that a person gives a name.
_SAME_NUMBERS = frozenset(
    f"aten.{name}"
    for name in ("view.default", "_unsafe_view.default", "expand.default", "clone.default", "detach.default")
)
_NAMESPACE = re.compile(r"\bxp\.")
# Longer statements are not repeated in a sentence about what lies inside them.
_MOST_TEXT = 70


def is_same_numbers(node: Node) -> bool:
    """Does it give what it is given, in another shape or place?"""
    return node.op in _SAME_NUMBERS


def is_ours(node: Node) -> bool:
    """Is it a copy that no line of the user makes, as of an argument before the forward is called?"""
    return node.place is None and is_same_numbers(node)


@dataclass(frozen=True)
class GraphWords:
    """The words of one recording."""

    recording: Recording

    def of_value(self, ref: Ref) -> str:
        """ "`var`", "`(x - mu) ** 2`", or where several operations are one expression "the square root in `...`"."""
        node = self.recording.nodes[ref.node]
        name = self.name(ref)
        if name:
            return f"`{name}`"
        if node.op == CONSTANT:
            return "a constant"
        if is_same_numbers(node):
            return self.of_value(next(node.refs()))
        return f"`{self._alone[ref.node]}`" if ref.node in self._alone else self.of_result(node)

    def of_result(self, node: Node) -> str:
        """ "the square root in `r = var.sqrt()`"."""
        words = f"the {self.of_operation(node)}"
        return words if node.place is None else f"{words} in {self.quoted(node.place)}"

    def name(self, ref: Ref) -> str:
        """The user's name of a value; "" where it has none."""
        node = self.recording.nodes[ref.node]
        if node.op == INPUT:
            return node.name
        return node.place.name if node.place is not None and ref.node in self._named else ""

    def of_operation(self, node: Node) -> str:
        """ "product"."""
        stem = node.op.split(".")[1] if "." in node.op else node.op
        return _OPERATIONS.get(stem, stem.strip("_").replace("_", " "))

    def quoted(self, place: SourcePlace) -> str:
        """An expression as a sentence quotes it, the beginning of a long one; the statement where it is not known."""
        text = self._readable(place.expression or place.text)
        if len(text) > _MOST_TEXT:
            text = f"{text[: _MOST_TEXT - 4]} ..."
        return f"`{text}`" if text else f"line {place.line}"

    def where(self, place: SourcePlace | None) -> str:
        """ " (norm.py:4: `var = ...`)"; "" where nothing is known."""
        if place is None:
            return ""
        if self.recording.layer:
            return f" (in gradcheck's own {self.recording.layer}: `{self._readable(place.text)}`)"
        text = f": `{place.text}`" if place.text else ""
        return f" ({os.path.basename(place.file)}:{place.line}{text})"

    def uses(self, ref: Ref) -> int:
        """How many operands the value is."""
        return self._uses.get(ref, 0)

    @cached_property
    def _alone(self) -> dict[int, str]:
        """The expressions of the nodes that are the whole of one, be it in a loop."""
        found: dict[SourcePlace, list[int]] = {}
        for index, node in enumerate(self.recording.nodes):
            if node.place is not None and 0 < len(node.place.expression) <= _MOST_TEXT:
                found.setdefault(node.place, []).append(index)
        return {
            index: self._readable(place.expression)
            for place, indices in found.items()
            # The same operation several times is that of a loop, made in each turn.
            if len({self.recording.nodes[index].op for index in indices}) == 1
            for index in indices
        }

    def _readable(self, text: str) -> str:
        """Of a composition of ours, which takes numpy or torch as `xp`, what is computed."""
        return _NAMESPACE.sub("", text) if self.recording.layer else text

    @cached_property
    def _uses(self) -> dict[Ref, int]:
        found: dict[Ref, int] = {}
        for node in self.recording.nodes:
            for ref in node.refs():
                found[ref] = found.get(ref, 0) + 1
        return found

    @cached_property
    def _named(self) -> frozenset[int]:
        """The nodes whose result is what their statement gives its variable: it is used elsewhere, or returned."""
        found = {ref.node for ref in self.recording.outputs if ref is not None}
        for node in self.recording.nodes:
            for ref in node.refs():
                place = self.recording.nodes[ref.node].place
                if place is not None and (node.place is None or place.line != node.place.line):
                    found.add(ref.node)
        return frozenset(found)
