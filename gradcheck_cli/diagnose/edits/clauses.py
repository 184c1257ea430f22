"""What an edit says about the user's code: "when the path through `var` is not followed"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gradcheck_cli.diagnose.edits.causes import EditCause
from gradcheck_cli.diagnose.edits.factors import NamedFactor
from gradcheck_cli.diagnose.edits.graph_words import GraphWords
from gradcheck_cli.mistakes import Sign
from gradcheck_cli.model.recording import Ref, SourcePlace

if TYPE_CHECKING:
    from gradcheck_cli.oracles.graph.chain import GraphStep
    from gradcheck_cli.oracles.graph.editor import Editor
    from gradcheck_cli.oracles.graph.edits import Edit


@dataclass(frozen=True)
class Clause:
    """One edit in words. `place` is the line that it is about, None where it is about none."""

    sign: Sign
    text: str
    place: SourcePlace | None = None


# Of an array: what was done to it, and what that is.
_TRANSFORMS = {
    "sum over": (Sign.TOTALLED, "added up over axis {0}, one number for all"),
    "mean over": (Sign.TOTALLED, "averaged over axis {0}, one number for all"),
    "sum over all": (Sign.TOTALLED, "added up over all axes, one number for all"),
    "mean over all": (Sign.TOTALLED, "averaged over all axes, one number for all"),
    "first of": (Sign.ONE_UPSTREAM, "taken from the first entry of axis {0} for all"),
    "last only": (Sign.LAST_ONLY, "0 but for the last entry of axis {0}"),
    "first only": (Sign.TAIL, "0 but for the first entry of axis {0}"),
    "tail": (Sign.TAIL, "0 behind the last whole block of {1} along axis {0}"),
    "transposed": (Sign.TRANSPOSED, "transposed"),
    "lower triangle": (Sign.MASK, "0 above the diagonal"),
    "upper triangle": (Sign.MASK, "0 below the diagonal"),
    "squared": (Sign.WRONG_DERIVATIVE, "squared"),
}


def clause_of(edit: Edit, cause: EditCause, editor: Editor) -> Clause:
    """The clause of an edit of a cause."""
    return _Clauses(editor).of(edit, cause.scale)


def factor_sign(factor: NamedFactor) -> Sign:
    """What a factor is told as."""
    if factor.text == "-1":
        return Sign.OPPOSITE
    return Sign.AVERAGED if factor.length and factor.text in ("1/N", "N") else Sign.CONSTANT


class _Clauses:
    def __init__(self, editor: Editor) -> None:
        self.editor = editor
        self.words = GraphWords(editor.chain.recording)

    def of(self, edit: Edit, scale: NamedFactor | None) -> Clause:
        if edit.kind == "upstream":
            return self._upstream(edit)
        if edit.kind == "diagonal" and edit.operand < 0:
            output, *source = (int(number) for number in edit.detail)
            target, origin = self.words.of_value(Ref(edit.node, output)), self.words.of_value(Ref(*source))
            text = f"each entry of {target} depends on its own entry of {origin} alone, the diagonal of the Jacobian"
            return Clause(Sign.DIAGONAL, text, self.editor.chain.recording.nodes[edit.node].place)
        step = self.editor.chain.steps[edit.node]
        match edit.kind:
            case "cut" | "constant":
                return self._path(edit, step, scale)
            case "own":
                return Clause(Sign.OWN_DERIVATIVE, self._own(step, edit.operand), step.node.place)
            case "slip":
                text = f"the derivative of {self.words.of_result(step.node)} is taken wrongly: {edit.detail[0]}"
                return Clause(Sign.WRONG_DERIVATIVE, text, step.node.place)
            case "setting":
                text = (
                    f"{self.words.of_result(step.node)} is differentiated with {edit.detail[1]} where the forward has "
                )
                return Clause(Sign.SETTING, f"{text}{step.node.operands[int(edit.detail[0])]}", step.node.place)
            case "saved":
                return self._saved(edit, step)
            case "value":
                return self._value(edit, step)
            case "given":
                what = self.words.of_value(step.operands[edit.operand])
                text = f"what flows back to {what} is made of G itself, and not of what comes back to"
                return Clause(Sign.OPERAND, f"{text} {self.words.of_result(step.node)}", step.node.place)
            case "factor":
                return self._factor(edit, step)
            case "last wins":
                text = "of several terms for one entry the last is kept, where they add up"
                return Clause(Sign.LAST_WINS, text, step.node.place)
            case "diagonal":
                text = f"only the diagonal of the Jacobian of {self.words.of_result(step.node)} is used"
                return Clause(Sign.DIAGONAL, text, step.node.place)
        return self._rearranged(edit, step)

    def _path(self, edit: Edit, step: GraphStep, scale: NamedFactor | None) -> Clause:
        ref = self._way(edit, step)
        what, node = self.words.of_value(ref), self.editor.chain.recording.nodes[ref.node]
        place = node.place or step.node.place
        if scale is not None:
            return Clause(factor_sign(scale), f"what flows back through {what} is multiplied by {scale.words}", place)
        operand = step.operands[edit.operand]
        if edit.kind == "cut" and step.operands.count(operand) > 1:  # w for the 2 w of w * w
            text = f"only one of the equal operands of {self.words.of_result(step.node)} is followed"
            return Clause(Sign.WRONG_DERIVATIVE, text, step.node.place)
        if edit.kind == "cut" and self.words.uses(operand) > 1 and operand == ref and step.node.place is not None:
            text = f"the path through {what} in {self.words.quoted(step.node.place)} is not followed"
            return Clause(Sign.PATH, text, step.node.place)
        return Clause(Sign.PATH, f"the path through {what} is not followed", place)

    def _way(self, edit: Edit, step: GraphStep) -> Ref:
        """The value that is told: the operand that gets nothing, or where that is an input, what is made of it."""
        own = Ref(step.index)
        if edit.kind == "constant":
            return own
        operand = step.operands[edit.operand]
        return own if operand in self.editor.chain.inputs.values() or not self.words.name(operand) else operand

    def _own(self, step: GraphStep, operand: int) -> str:
        stem = step.node.op.split(".")[1]
        if stem in ("mul", "div") and len(step.operands) == 2:
            other = self.words.of_value(step.operands[1 - operand])
            if stem == "mul":
                return f"the factor {other} is left out"
            if operand == 0:
                return f"the division by {other} is left out"
        if stem in ("mul", "div") and len(step.node.operands) == 2:
            return f"the factor in {self.words.of_result(step.node)} is left out"
        return f"the derivative of {self.words.of_result(step.node)} is left out"

    def _value(self, edit: Edit, step: GraphStep) -> Clause:
        _, name, *numbers = edit.detail
        what = self.words.of_value(Ref(step.index))
        if name in ("the sum", "the mean"):
            return Clause(Sign.AVERAGED, f"{what} is computed as {name}", step.node.place)
        if name == "all axes":
            return Clause(Sign.TOTALLED, f"{what} is computed over all axes", step.node.place)
        if name == "value":
            other = self.words.of_value(Ref(int(numbers[0]), int(numbers[1])))
            return Clause(Sign.OPERAND, f"{what} is taken to be {other}", step.node.place)
        if name == "constant":
            return Clause(Sign.OPERAND, f"{what} is computed as {float(numbers[0]):g}", step.node.place)
        operands = list(dict.fromkeys(step.node.refs()))
        kept = operands[int(numbers[0])]
        left = [self.words.of_value(ref) for ref in operands if ref != kept]
        left += [f"{part:g}" for part in step.node.operands if isinstance(part, float)]
        without = f" without {left[0]}" if len(left) == 1 else ""
        place = self.words.of_value(kept)
        return Clause(Sign.OPERAND, f"{what} is computed{without} as {place}", step.node.place)

    def _factor(self, edit: Edit, step: GraphStep) -> Clause:
        how, *numbers = edit.detail
        factor = self.words.of_value(Ref(int(numbers[0]), int(numbers[1])))
        operand = step.operands[edit.operand]
        what = f"what flows back from {self.words.of_result(step.node)} to {self.words.of_value(operand)}"
        text = f"{what} is {'multiplied' if how == 'times' else 'divided'} by {factor} once more"
        return Clause(Sign.FACTOR, text, step.node.place)

    def _saved(self, edit: Edit, step: GraphStep) -> Clause:
        slot, source, *rest = edit.detail
        kept = self._kept(step, int(slot))
        if source == "transformed":
            sign, words = _TRANSFORMS[str(rest[0])]
            text = f"{kept} is {words.format(*rest[1:])} in the derivative of {self.words.of_result(step.node)}"
            return Clause(sign, text, step.node.place)
        other = self.words.of_value(Ref(int(source), int(rest[0])))
        text = f"{other} stands where {kept} is right, in the derivative of {self.words.of_result(step.node)}"
        return Clause(Sign.OPERAND, text, step.node.place)

    def _kept(self, step: GraphStep, slot: int) -> str:
        """What torch kept: an operand, or the result."""
        kept = step.saved[slot].numpy()
        for ref in (*step.operands, Ref(step.index)):
            value = self.editor.chain.value(ref).numpy()
            if value.shape == kept.shape and np.array_equal(value, kept):
                name = self.words.name(ref)
                return f"`{name}`" if name else self.words.of_value(ref) if ref.node != step.index else "the result"
        return "another array"

    def _upstream(self, edit: Edit) -> Clause:
        several = sum(ref is not None for ref in self.editor.chain.recording.outputs) > 1
        g = f"G of output {edit.node}" if several else "G"
        if edit.detail[0] == "ones":
            return Clause(Sign.UPSTREAM_IGNORED, f"{g} is taken for 1 everywhere")
        if edit.detail[0] == "zeros":
            return Clause(Sign.PATH, f"{g} is not used, so that nothing flows back from it")
        if edit.detail[0] == "the output":
            return Clause(Sign.OPERAND, f"the output stands where {g} is right")
        sign, words = _TRANSFORMS[str(edit.detail[0])]
        if edit.detail[0] == "squared":
            sign = Sign.NONLINEAR
        if edit.detail[0] == "mean over all":
            sign = Sign.ONE_UPSTREAM
        return Clause(sign, f"{g} is {words.format(*edit.detail[1:])}")

    def _rearranged(self, edit: Edit, step: GraphStep) -> Clause:
        sign, words = _TRANSFORMS[str(edit.detail[0])]
        operand = step.operands[edit.operand]
        done = words.format(*edit.detail[1:])
        if operand in self.editor.chain.inputs.values() and self.words.uses(operand) == 1:
            return Clause(sign, f"it is {done}", None)
        what = self.words.of_value(operand)
        times = f", times {what}," if edit.kind == "weighed" else ""
        return Clause(sign, f"the gradient by {what}{times} is {done}", step.node.place)
