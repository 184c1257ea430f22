"""The part of a script of `--report repro` that asks functions again: the smallest sample that fails, of each target.

It judges as `verify` does: a function has no definition but its own forward.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from gradcheck_cli.model import FunctionExample, TargetReport, VerifyReport

SCRIPT = '''import math
import sys

import numpy as np

from gradcheck_cli.model import Sample, Verdict, VerifyOptions
from gradcheck_cli.runs.verify.function import session_of
from gradcheck_cli.targets import HowToCall, resolve
from gradcheck_cli.targets.here import worker_here
from gradcheck_cli.trials.compared import judged_of

nan, inf = float("nan"), float("inf")

OPTIONS = {options}

CASES = {cases}


def value(told):
    """An argument as the function is given it."""
    if isinstance(told, dict) and set(told) == {{"dtype", "array"}}:
        return np.array(told["array"], told["dtype"])
    if isinstance(told, dict):
        return {{key: value(inner) for key, inner in told.items()}}
    return tuple(map(value, told)) if isinstance(told, tuple) else told


def agrees(case):
    """Print both gradients; True where the target's is the derivative of its forward."""
    name = case["gradient"]
    print(ascii(case["target"]), "- grad_" + name)
    for argument, told in case["values"].items():
        print(ascii(argument), "=", told["array"] if isinstance(told, dict) and "array" in told else told)
    print("G =", case["upstream"])
    options = VerifyOptions((case["target"],), **OPTIONS)
    worker = worker_here(resolve([case["target"]])[0], HowToCall.of(options))
    described = worker.describe_any()
    print("called as", described.why)
    sample = Sample({{argument: value(told) for argument, told in case["values"].items()}}, (name,))
    # The call itself. All before it was loading, and finding out how to call, on other arrays.
    session = session_of(described, worker, options, math.inf)
    trial = session.about(sample, name, [np.array(grad, dtype=float) for grad in case["upstream"]])
    if trial.failure is not None or not trial.askings[0].outcome.ended:
        print("your function:", (trial.failure or trial.askings[0].outcome).error)
        return False
    judged = judged_of(trial, trial.askings[0], name)
    print("expected when reported =", case["expected"])
    print("expected now =", None if judged is None else judged.expected.tolist())
    print("actual when reported =", case["actual"])
    print("actual now =", None if judged is None or judged.actual is None else judged.actual.tolist())
    right = judged is not None and judged.verdict is Verdict.PASS
    print("equal" if right else "DIFFERENT")
    return right


if __name__ == "__main__":
    results = [agrees(case) for case in CASES]
    sys.exit(0 if all(results) else 1)
'''


def function_cases(report: VerifyReport, place: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """The example of each function that has one.

    Args:
        place: target -> where it is, from whatever folder the script is run.
    """
    for target in report.targets:
        if isinstance(target.counterexample, FunctionExample):
            yield _case(place[target.target], target.counterexample)


def has_functions_only(targets: tuple[TargetReport, ...]) -> bool:
    """Is every example that of a function, and is there one?"""
    examples = [target.counterexample for target in targets if target.counterexample is not None]
    return bool(examples) and all(isinstance(example, FunctionExample) for example in examples)


def _case(target: str, example: FunctionExample) -> dict[str, Any]:
    return {
        "target": target,
        "gradient": example.gradient,
        "values": {name: _told(value) for name, value in example.values.items()},
        "upstream": [grad.tolist() for grad in example.upstream],
        "expected": example.expected.tolist(),
        "actual": None if example.actual is None else example.actual.tolist(),
    }


def _told(value: Any) -> Any:
    """A value as a literal; an array with its dtype."""
    if isinstance(value, np.ndarray):
        return {"dtype": value.dtype.name, "array": value.tolist()}
    if isinstance(value, Mapping):
        return {str(key): _told(inner) for key, inner in value.items()}
    return tuple(map(_told, value)) if isinstance(value, tuple) else value
