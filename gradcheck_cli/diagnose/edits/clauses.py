"""What an edit says about the user's code: "when the path through `var` is not followed"."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gradcheck_cli.diagnose.edits.causes import EditCause
from gradcheck_cli.diagnose.edits.factors import NamedFactor
from gradcheck_cli.diagnose.edits.graph_words import GraphWords, is_ours, is_same_numbers
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
    "not conjugated": (Sign.WRONG_DERIVATIVE, "not conjugated"),
    "turned round": (Sign.MASK, "turned round"),
}


# What is told of a Jacobian's diagonal.
_OF_DIAGONAL = {"turned": "has the opposite sign", "left out": "is left out"}
# Slips that are more than a wrong derivative.
_OF_SLIP = {"it is reshaped, not turned back": Sign.RESHAPED}


def clause_of(edit: Edit, cause: EditCause, editor: Editor, name: str = "") -> Clause:
    """The clause of an edit of a cause.

    Args:
        name: of the gradient, where the cause is one of it.
    """
    clauses = _Clauses(editor)
    clause = clauses.of(edit, cause.scale)
    if edit.turns == "every":
        clause = replace(clause, text=f"{clause.text}, each time that it is computed")
    if cause.way is None:
        return clause
    way = clauses.words.of_value(_seen_use(editor, cause.way.node))
    return replace(clause, text=f"{clause.text}, in what comes to {name} through {way} alone")


def factor_sign(factor: NamedFactor) -> Sign:
    """What a factor is told as."""
    if factor.text == "-1":
        return Sign.OPPOSITE
    return Sign.AVERAGED if factor.length and factor.text in ("1/N", "N") else Sign.CONSTANT


def _seen_use(editor: Editor, node: int) -> Ref:
    """What is made of an input first that has numbers of its own."""
    users = editor.chain.users[Ref(node)]
    while is_same_numbers(editor.chain.recording.nodes[node]) and len(users) == 1:
        node = users[0]
        users = editor.chain.users[Ref(node)]
    return Ref(node)


class _Clauses:
    def __init__(self, editor: Editor) -> None:
        self.editor = editor
        self.words = GraphWords(editor.chain.recording)

    def of(self, edit: Edit, scale: NamedFactor | None) -> Clause:
        if edit.kind == "upstream":
            return self._upstream(edit)
        if edit.is_of_block:
            return self._block(edit)
        step = self.editor.chain.steps[edit.node]
        if edit.kind == "cut" and edit.turns not in (None, "every"):
            return self._terms(edit, step)
        match edit.kind:
            case "cut" | "constant":
                return self._path(edit, step, scale)
            case "own":
                return Clause(Sign.OWN_DERIVATIVE, self._own(step, edit.operand), step.node.place)
            case "slip":
                text = f"the derivative of {self.words.of_result(step.node)} is taken wrongly: {edit.detail[0]}"
                return Clause(_OF_SLIP.get(str(edit.detail[0]), Sign.WRONG_DERIVATIVE), text, step.node.place)
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
                made = "it" if is_ours(step.node) else self.words.of_result(step.node)
                text = f"what flows back to {what} is made of G itself, and not of what comes back to {made}"
                return Clause(Sign.OPERAND, text, step.node.place)
            case "factor":
                return self._factor(edit, step)
            case "last wins":
                text = "of several terms for one entry the last is kept, where they add up"
                return Clause(Sign.LAST_WINS, text, step.node.place)
            case "diagonal":
                text = f"only the diagonal of the Jacobian of {self.words.of_result(step.node)} is used"
                return Clause(Sign.DIAGONAL, text, step.node.place)
        return self._rearranged(edit, step)

    def _block(self, edit: Edit) -> Clause:
        """Of all between a value and a later one."""
        output, node, number, *detail = edit.detail
        target = self.words.of_value(Ref(edit.node, int(output)))
        origin = self.words.of_value(Ref(int(node), int(number)))
        place = self.editor.chain.recording.nodes[edit.node].place
        if edit.kind == "own":
            return Clause(Sign.OWN_DERIVATIVE, f"the derivative of {target} by {origin} is left out", place)
        if edit.kind == "exchanged":
            text = f"what flows back to {origin} and what flows back to {target} stand in each other's place"
            return Clause(Sign.OPERAND, text, place)
        if edit.kind == "slip":
            text = f"the derivative of {target} by {origin} is taken wrongly: {detail[0]}"
            return Clause(Sign.WRONG_DERIVATIVE, text, place)
        if detail[0] == "alone":
            text = f"each entry of {target} depends on its own entry of {origin} alone, the diagonal of the Jacobian"
            return Clause(Sign.DIAGONAL, text, place)
        if detail[0] == "as it is":
            text = f"the Jacobian of {target} by {origin} is not transposed"
            return Clause(Sign.TRANSPOSED, text, place)
        text = f"the diagonal of the Jacobian of {target} by {origin} {_OF_DIAGONAL[str(detail[0])]}"
        return Clause(Sign.WRONG_DERIVATIVE, text, place)

    def _terms(self, edit: Edit, step: GraphStep) -> Clause:
        """Of the terms that the turns of a loop add; where each turn has a value of its own, a path of some turns."""
        operand = step.operands[edit.operand]
        group = self.editor.chain.turns.group(edit.node)
        others = (self.editor.chain.steps[index].operands for index in group[1:])
        if any(each[edit.operand : edit.operand + 1] != (operand,) for each in others):
            path = self._path(edit, self.editor.chain.steps[group[1]], None)
            where = {"first": "the first turn", "last": "the last turn"}.get(str(edit.turns), f"{edit.turns} turn")
            return replace(path, text=f"{path.text} in {where}")
        what = self.words.of_value(operand)
        if edit.turns in ("all but the first", "all but the last"):
            kept = edit.turns.removeprefix("all but ")
            text = f"of the terms that flow back to {what}, one for each turn, {kept} alone is kept, where they add up"
            return Clause(Sign.LAST_WINS, text, step.node.place)
        text = f"of the terms that flow back to {what}, one for each turn, the {edit.turns} is left out"
        return Clause(Sign.TURN_MISSING, text, step.node.place)

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
                return f"the factor {other.removeprefix('the ')} is left out"
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
        if name == "the negative":
            return Clause(Sign.OPPOSITE, f"{what} is taken with the opposite sign", step.node.place)
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
        source = "" if is_ours(step.node) else f" from {self.words.of_result(step.node)}"
        what = f"what flows back{source} to {self.words.of_value(operand)}"
        text = f"{what} is {'multiplied' if how == 'times' else 'divided'} by {factor} once more"
        return Clause(Sign.FACTOR, text, step.node.place)

    def _saved(self, edit: Edit, step: GraphStep) -> Clause:
        slot, source, *rest = edit.detail
        kept = self._kept(step, int(slot))
        if isinstance(source, str) and source != "transformed":
            text = f"{kept} {source} stands where that of the turn itself is right, in the derivative of"
            return Clause(Sign.OPERAND, f"{text} {self.words.of_result(step.node)}", step.node.place)
        if source == "transformed":
            sign, words = _TRANSFORMS[str(rest[0])]
            text = f"{kept} is {words.format(*rest[1:])} in the derivative of {self.words.of_result(step.node)}"
            return Clause(sign, text, step.node.place)
        other = self.words.of_value(Ref(int(source), int(rest[0])))
        text = f"{other} stands where {kept} is right, in the derivative of {self.words.of_result(step.node)}"
        return Clause(Sign.OPERAND, text, step.node.place)

    def _kept(self, step: GraphStep, slot: int) -> str:
        """What torch kept: an operand, or the result."""
        kept = step.saved[slot].resolve_conj().numpy()
        if not (step.saved[slot].is_floating_point() or step.saved[slot].is_complex()):
            return "the condition"
        for ref in (*step.operands, Ref(step.index)):
            value = self.editor.chain.value(ref).resolve_conj().numpy()
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
