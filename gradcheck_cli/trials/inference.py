"""Layers that compute something else once they are trained: with `eval=True` their backward is mostly not meant.

A norm that uses its running statistics then, and a dropout that drops nothing, are called backward in training only.
What is wrong there alone is told in a note, with the setting; it is no failure.
"""

from __future__ import annotations

import ast
from dataclasses import replace

from gradcheck_cli.diagnose import Code
from gradcheck_cli.model import Sample, Verdict
from gradcheck_cli.targets.functions.spelling import goes_backward, tokens, word_set
from gradcheck_cli.trials.compared import Compared, FunctionComparison

_TRAINED = word_set("eval evaluate evaluation test testing inference infer predict")
_TRAINING = word_set("train training")


def at_inference(sample: Sample) -> str:
    """The setting with which a sample asks for a trained layer, "eval=True"; "" where it does not."""
    for name, value in sample.values.items():
        words = set(tokens(name))
        if (value is True and words & _TRAINED) or (value is False and words & _TRAINING):
            return f"{name}={value}"
        if isinstance(value, str) and set(tokens(value)) & _TRAINED and "mode" in words:
            return f"{name}={value!r}"
    return ""


def in_training(comparison: FunctionComparison, code: Code) -> tuple[FunctionComparison, tuple[str, ...]]:
    """What is compared, without the gradients that are wrong at inference and right in training; a note for each.

    Args:
        code: the user's file: a backward that looks at the setting is meant for both.
    """
    said = [setting for trial in comparison.trials if (setting := at_inference(trial.sample))]
    if not said or at_inference(comparison.trials[0].sample) or _is_read(code, said[0].partition("=")[0]):
        return comparison, ()
    notes = {name: note for name in comparison.names if (note := _only_there(comparison.about(name)))}
    left = tuple(each for each in comparison.compared if each.name not in notes or not at_inference(each.trial.sample))
    return replace(comparison, compared=left), tuple(f"grad_{name} {note}" for name, note in notes.items())


def _is_read(code: Code, name: str) -> bool:
    """Does a backward of the file read what is called so?"""
    last = name.rpartition(".")[2]
    for node in ast.walk(code.tree) if code.tree is not None else ():
        if isinstance(node, ast.FunctionDef) and goes_backward(node.name):
            inside = ast.walk(node)
            if any(last in (getattr(inner, "id", ""), getattr(inner, "attr", "")) for inner in inside):
                return True
    return False


def _only_there(compared: list[Compared]) -> str:
    there = [each for each in compared if at_inference(each.trial.sample)]
    wrong = [each for each in there if each.judged.verdict is Verdict.FAIL]
    elsewhere = {each.judged.verdict for each in compared if not at_inference(each.trial.sample)}
    if not wrong or elsewhere != {Verdict.PASS}:
        return ""
    return f"is that of training: with {at_inference(wrong[0].trial.sample)} it is not the derivative"
