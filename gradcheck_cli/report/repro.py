"""A Python script that shows the finding again by itself: the smallest counterexamples, or the whole run without one.

The script holds the arrays, sums the expected gradient straight from the definition, calls the user's function in the
same process and in the convention that was recognised, and ends with 0 once both agree. Every name in it is an ASCII
literal.
"""

from __future__ import annotations

import pprint
from collections.abc import Mapping
from typing import Any

from gradcheck_cli.model import (
    Counterexample,
    FunctionExample,
    Report,
    RunOptions,
    RunReport,
    TargetReport,
    VerifyOptions,
    VerifyReport,
)
from gradcheck_cli.model.conventions import CONVENTIONS
from gradcheck_cli.model.files import file_and_name
from gradcheck_cli.model.option import options_of
from gradcheck_cli.report.repro_function import SCRIPT, function_cases, has_functions_only
from gradcheck_cli.report.words import user_file

# The arrays of a script: with the names before them within the 120 columns of an editor.
_WIDTH = 110

_HEAD = '''"""{title}

Run it with Python: it needs numpy and gradcheck-cli. {how}
"""

'''
_HERE = """Your code runs in this process, so a debugger can step into it: `python -m pdb
FILE`, or a breakpoint() in your function, which stops at the call with the arrays below."""
_AGAIN_HERE = "Your code runs in a process of its own."

_COUNTEREXAMPLE = '''import sys

import numpy as np

from gradcheck_cli.model import Case, ConvSpec
from gradcheck_cli.model.line import as_line

nan, inf = float("nan"), float("inf")

CASES = {cases}


def arrays(case):
    """x, the weight and G of the case; a layer of one axis has an axis of size 1 before it."""
    return tuple(np.array(case[name], dtype=float) for name in ("x", "weight", "grad_output"))


def source(place, size, mode):
    """Which element stands at a place beside the input, None for a zero."""
    if mode == "reflect":
        place = abs(place)
        return place if place < size else 2 * (size - 1) - place
    if mode == "circular":
        return place % size
    if mode == "replicate":
        return min(max(place, 0), size - 1)
    return place if 0 <= place < size else None


def by_definition(case):
    """The gradient summed term by term. A transposed layer reads G where another reads x."""
    x, weight, grad_output = arrays(case)
    gradients = {{"weight": np.zeros_like(weight), "input": np.zeros_like(x)}}
    gradients["bias"] = grad_output.sum(axis=(0, *range(2, x.ndim)))
    transposed = case["conv"].startswith("conv_transpose")
    read, met = (grad_output, x) if transposed else (x, grad_output)
    for n, first, *p in np.ndindex(*met.shape):
        for second, *u in np.ndindex(*weight.shape[1:]):
            axes = zip(case["stride"], p, case["dilation"], u, case["padding"], read.shape[2:])
            places = [(s * at + d * tap - before, size) for s, at, d, tap, before, size in axes]
            place = [source(at, size, case["padding_mode"]) for at, size in places]
            if None in place:
                continue
            other = first // (weight.shape[0] // case["groups"]) * weight.shape[1] + second
            here, there, entry = (n, first, *p), (n, other, *place), (first, second, *u)
            gradients["weight"][entry] += met[here] * read[there]
            if transposed:
                gradients["input"][here] += read[there] * weight[entry]
            else:
                gradients["input"][there] += met[here] * weight[entry]
    return gradients[case["gradient"]]


def by_your_function(case):
    """What case["target"] returns for the same arrays, and how far its kind of arithmetic may be off."""
    from gradcheck_cli.numbers.arithmetic import declared_slack
    from gradcheck_cli.targets import called_by, resolve
    from gradcheck_cli.targets.contract import HowToCall, roles_in
    from gradcheck_cli.targets.here import worker_here

    x, weight, grad_output = arrays(case)
    depth = x.shape[2] if x.ndim > 4 else 1
    told = {{name: case[name] for name in ("stride", "padding", "dilation", "groups", "extra_after", "conv")}}
    told |= {{name: case[name] for name in ("padding_mode", "output_padding")}}
    sizes = (x.shape[0], x.shape[1], grad_output.shape[1], *x.shape[-2:], weight.shape[2:])
    spec = ConvSpec(*sizes, depth=depth, **told)
    spec = as_line(spec) if spec.conv.endswith("1d") else spec
    refs = resolve([case["target"]], called_by(case["call"]) if case["call"] else None)
    worker = worker_here(refs[0], HowToCall(case["convention"], case["call"], roles_in(case["returns"])))
    described = worker.describe()
    print("called as", described.why)
    # The call itself. All before it was loading, and finding out how to call, on other arrays.
    asked = Case(spec, x, weight, np.array(case["bias"], dtype=float), grad_output)
    outcome = worker.backward(asked, calls="once")
    if outcome.error:
        print("your function:", outcome.error)
    allowed = declared_slack(case["arithmetic"], described.rate)(asked, case["gradient"])
    return outcome.gradients.get(case["gradient"]), allowed


def agrees(case):
    """Print both gradients; True where they are equal."""
    print(ascii(case["target"]), "- grad_" + case["gradient"])
    for name in ("x", "weight", "grad_output"):
        print(name, "=", case[name])
    expected = by_definition(case)
    print("expected =", expected.tolist())
    print("actual when reported =", case["actual"])
    actual, allowed = by_your_function(case)
    print("actual now =", None if actual is None else actual.tolist())
    same_shape = actual is not None and expected.shape == actual.shape
    equal = same_shape and bool(np.all(abs(expected - actual) <= allowed))
    print("equal" if equal else "DIFFERENT")
    return equal


if __name__ == "__main__":
    results = [agrees(case) for case in CASES]
    sys.exit(0 if all(results) else 1)
'''

_AGAIN = """import sys

import gradcheck_cli

{variable} = {values}
OPTIONS = {options}

if __name__ == "__main__":
    report = gradcheck_cli.{function}({variable}, **OPTIONS)
    print(report.verdict{also})
    sys.exit(int(report.exit_code))
"""


def render_repro(report: Report) -> str:
    """The script. Paths in it are those of the report: relative ones mean the folder that gradcheck ran in."""
    title = "The smallest counterexample that gradcheck found."
    if isinstance(report, VerifyReport) and has_functions_only(report.targets):
        places = {target.target: _place(target) for target in report.targets}
        told = {"options": _literal(_options(report)), "cases": _literal(list(function_cases(report, places)))}
        return _HEAD.format(title=title, how=_HERE) + SCRIPT.format(**told)
    cases = list(_run_cases(report) if isinstance(report, RunReport) else _verify_cases(report))
    if cases:
        return _HEAD.format(title=title, how=_HERE) + _COUNTEREXAMPLE.format(cases=_literal(cases))
    title = "The same check once more, through gradcheck's Python API."
    again = _run_again(report) if isinstance(report, RunReport) else _verify_again(report)
    return _HEAD.format(title=title, how=_AGAIN_HERE) + again


def _run_cases(report: RunReport) -> list[dict[str, Any]]:
    """A counterexample to one of our own backwards has no file to load, so the run itself is repeated."""
    if report.counterexample is None or not user_file(report):
        return []
    run = report.experiment
    said = {"call": run.call, "returns": run.returns, "arithmetic": run.arithmetic}
    return [_case(run.backward, run.convention, report.counterexample) | said]


def _verify_cases(report: VerifyReport) -> list[dict[str, Any]]:
    """None where a function is among them: one script has one way to judge."""
    if any(isinstance(target.counterexample, FunctionExample) for target in report.targets):
        return []
    return [
        _case(_place(target), f"{target.convention},{target.layout}", target.counterexample)
        | {"call": target.call, "returns": target.returns, "arithmetic": report.options.get("arithmetic", "direct")}
        for target in report.targets
        if isinstance(target.counterexample, Counterexample)
    ]


def _place(target: TargetReport) -> str:
    """The target from wherever the script is run: its file with its whole path, and the name if one was typed."""
    name = file_and_name(target.target)[1]
    return f"{target.file}:{name}" if name else target.file


def _case(target: str, convention: str, example: Counterexample) -> dict[str, Any]:
    spec = example.spec
    return {
        "target": target,
        "convention": _words(convention),
        "gradient": example.gradient,
        "stride": spec.stride,
        "padding": spec.padding,
        "dilation": spec.dilation,
        "groups": spec.groups,
        "extra_after": spec.extra_after,
        "conv": spec.conv,
        "padding_mode": spec.padding_mode,
        "output_padding": spec.output_padding,
        "x": example.x.tolist(),
        "weight": example.weight.tolist(),
        "bias": [0.0] * spec.out_channels if example.bias is None else example.bias.tolist(),
        "grad_output": example.grad_output.tolist(),
        "actual": None if example.actual is None else example.actual.tolist(),
    }


def _words(convention: str) -> str:
    """Of what a report says about a convention ("cache, NHWC: by name"), what `--convention` takes."""
    words = [word.strip().lower() for word in convention.partition(":")[0].split(",")]
    return ",".join(word for word in words if word in CONVENTIONS) or "auto"


def _run_again(report: RunReport) -> str:
    run = report.experiment
    options = {option.name: getattr(run, option.name) for option in options_of(RunOptions) if option.recorded}
    options["convention"] = _words(run.convention)
    options |= {"loss": run.loss.name, "reduction": run.loss.reduction, "seeds": max(1, len(report.seeds))}
    return _script("IMAGES", run.images, options, "run")


def _verify_again(report: VerifyReport) -> str:
    targets = (*(target.target for target in report.targets), *report.not_asked)
    return _script("TARGETS", targets, _options(report), "verify")


def _options(report: VerifyReport) -> dict[str, Any]:
    """Those that are not what they are by default."""
    declared = {option.name: option.default for option in options_of(VerifyOptions)}
    return {name: value for name, value in report.options.items() if value != declared.get(name)}


def _script(variable: str, values: tuple[str, ...], options: Mapping[str, Any], function: str) -> str:
    also = ", report.answer" if function == "run" else ""
    return _AGAIN.format(
        variable=variable, values=_literal(values), options=_literal(dict(options)), function=function, also=also
    )


def _literal(value: Any) -> str:
    r"""A Python literal, wrapped; what is not ASCII in its strings is written as \x, \u or \U."""
    source = pprint.pformat(value, width=_WIDTH, compact=True, sort_dicts=False)
    return source.encode("ascii", "backslashreplace").decode("ascii")
