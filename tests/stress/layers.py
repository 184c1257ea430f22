"""The known layers under attack: right code in several algorithms, slips of the graph and of the pen. No test here.

Forward and backward run in this process; what they are asked, and how it is judged, is what `verify` does.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import zip_longest
from typing import Any

import numpy as np
from stress.right_layers import RIGHT, SINGLE
from stress.slips import Slip, results, slips

from gradcheck_cli.diagnose.edits.naming import findings_of_edits
from gradcheck_cli.diagnose.edits.observed import Observed
from gradcheck_cli.layers.known import KNOWN, KnownLayer
from gradcheck_cli.model import FunctionOutcome, ReturnedEntry, Sample, Verdict
from gradcheck_cli.oracles.graph.chain import Chain
from gradcheck_cli.oracles.graph.compositions import recorded_composition
from gradcheck_cli.oracles.graph.editor import Editor
from gradcheck_cli.oracles.graph.edits import Edit
from gradcheck_cli.oracles.graph.listing import Listing
from gradcheck_cli.oracles.graph.replay import Replay
from gradcheck_cli.targets.functions.client import Stacked
from gradcheck_cli.trials.compared import FunctionComparison
from gradcheck_cli.trials.function_trial import FunctionTranscript
from gradcheck_cli.trials.functions import FunctionSession

# Random samples for each right algorithm: more than 2,000 with the algorithms that are there.
RANDOM = 30
# Graphs that are kept: of one layer all that its transcript asks, and of the next.
_KEPT = 200
# Gradients by argument, of these values and this G (one for each output).
Backward = Callable[[Mapping[str, Any], Sequence[np.ndarray]], "dict[str, np.ndarray] | None"]


@dataclass
class Inside:
    """A layer with somebody's backward, asked in this process; see `trials.functions.Called`."""

    layer: KnownLayer
    backward: Backward
    settings: Mapping[str, Any] = field(default_factory=dict)

    def values(self, sample: Sample) -> dict[str, Any]:
        """Of the layer, its constants among them."""
        return {**self.layer.defaults, **self.settings, **sample.values}

    def outputs(self, sample: Sample) -> FunctionOutcome:
        """The layer's own forward."""
        return FunctionOutcome(self.layer.outputs_of(self.values(sample)))

    def varied(self, sample: Sample, name: str, values: np.ndarray) -> Stacked:
        """The forward for several values of one argument."""
        found = [self.layer.outputs_of(self.values(sample.replacing(name, value))) for value in values]
        return Stacked(tuple(np.stack(part) for part in zip(*found, strict=True)))

    def gradients(self, sample: Sample, upstream: Sequence[np.ndarray], calls: int = 1) -> FunctionOutcome:
        """What the backward gives, once or twice."""
        values = self.values(sample)
        outputs = self.layer.outputs_of(values)
        first, second = (self.backward(values, upstream) for _ in range(2))
        if first is None or second is None:
            return FunctionOutcome(outputs, error="the backward raises", error_kind="raised", error_where="backward")
        returned = tuple(ReturnedEntry(name, shape=each.shape, dtype=str(each.dtype)) for name, each in first.items())
        return FunctionOutcome(outputs, first, returned, len(first), second if calls == 2 else None)


def samples_of(layer: KnownLayer, seed: int, grown: Sequence[int] = (0, 1)) -> tuple[Sample, ...]:
    """Generic values of several sizes. What a mask hides is left out of this: attention is asked without one."""
    found = []
    for place, more in enumerate(grown):
        drawn = layer.sample(seed + place, layer.sizes_grown(more))
        arrays = {name: value for name, value in drawn.items() if isinstance(value, np.ndarray)}
        arrays = {name: value for name, value in arrays.items() if (layer.id, name) != ("attention", "mask")}
        # G is drawn with the sample's own seed: another one, or it would be the first array itself.
        found.append(Sample(arrays, layer.differentiated, seed + place + 10**6))
    return tuple(found)


def asked(layer: KnownLayer, backward: Backward, samples: Sequence[Sample], **settings: Any) -> FunctionTranscript:
    """Everything that `verify` asks a pair."""
    session = FunctionSession(Inside(layer, backward, settings), True, time.perf_counter() + 600)
    return session.run(samples)


def again(layer: KnownLayer, transcript: FunctionTranscript, backward: Backward) -> FunctionComparison:
    """The same questions to another backward of the same forward: what is known of the forward is not asked again."""
    client = Inside(layer, backward)
    trials = []
    for trial in transcript.trials:
        askings = tuple(
            replace(each, outcome=client.gradients(trial.sample, each.upstream, 2)) for each in trial.askings
        )
        scaled = tuple(
            replace(each, outcome=client.gradients(trial.sample, [each.factor * g for g in trial.askings[0].upstream]))
            for each in trial.scaled
        )
        trials.append(replace(trial, askings=askings, scaled=scaled))
    return FunctionComparison.of(trials, "pair")


def verdicts(comparison: FunctionComparison) -> dict[str, str]:
    """By gradient: "fail" where one comparison fails or a law is broken, else "pass", else what it is."""
    found = {}
    for name in comparison.names:
        each = {one.judged.verdict for one in comparison.about(name)}
        if Verdict.FAIL in each or comparison.laws(name):
            found[name] = "fail"
        else:
            found[name] = "pass" if each == {Verdict.PASS} else "inconclusive"
    return found


def right(layer: KnownLayer) -> Backward:
    """The layer's own."""

    def backward(values: Mapping[str, Any], upstream: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
        grads = tuple(upstream) if len(upstream) > 1 else upstream[0]
        return layer.gradients(values, grads)

    return backward


@cache
def transcript_of(layer: KnownLayer) -> FunctionTranscript:
    """What is known of a layer's forward, asked once."""
    return asked(layer, right(layer), samples_of(layer, 0))


def observed(layer: KnownLayer, sample: Sample, upstream: Sequence[np.ndarray], backward: Backward) -> Observed | None:
    """A call beside the graph of the composition."""
    values = {**layer.defaults, **sample.values}
    gradients = backward(values, upstream)
    if gradients is None:
        return None
    recording = recorded_composition(layer.forward, values, {}, layer.id)
    return Observed(recording, sample.values, tuple(upstream), gradients)


def editor_of(layer: KnownLayer, values: Mapping[str, Any], upstream: Sequence[np.ndarray]) -> Editor:
    """The graph of the composition, to be edited."""
    recording = recorded_composition(layer.forward, values, {}, layer.id)
    arrays = {name: value for name, value in values.items() if isinstance(value, np.ndarray)}
    return Editor(Chain(Replay(recording, arrays)), tuple(upstream))


def edited(layer: KnownLayer, edit: Edit) -> Backward:
    """A backward that makes one slip of the graph; where the slip changes nothing it is the right one."""

    def backward(values: Mapping[str, Any], upstream: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
        editor = _kept_editor(layer, values, upstream)
        effect = editor.effect(edit)
        added = {} if effect is None else effect.added
        return {name: array + added.get(name, 0.0) for name, array in editor.right.items()}

    return backward


_editors: dict[tuple[object, ...], Editor] = {}


def _kept_editor(layer: KnownLayer, values: Mapping[str, Any], upstream: Sequence[np.ndarray]) -> Editor:
    """The same graph for every slip: it is asked with the same numbers again and again."""
    arrays = (*values.values(), *upstream)
    key = (layer.id, *(np.asarray(each).tobytes() for each in arrays), *(np.shape(each) for each in arrays))
    if key not in _editors:
        if len(_editors) >= _KEPT:
            _editors.clear()
        _editors[key] = editor_of(layer, values, upstream)
    return _editors[key]


def written(layer: KnownLayer, code: str) -> Backward:
    """A backward as one writes it."""

    def backward(values: Mapping[str, Any], upstream: Sequence[np.ndarray]) -> dict[str, np.ndarray] | None:
        grads = tuple(upstream) if len(upstream) > 1 else upstream[0]
        return results(layer, code, values, grads)

    return backward


def edits_of(layer: KnownLayer) -> list[Edit]:
    """Every edit of its graph but the constant factors, which are found without a graph."""
    sample = samples_of(layer, 0)[0]
    values = {**layer.defaults, **sample.values}
    upstream = [np.random.default_rng(5).standard_normal(out.shape) for out in layer.outputs_of(values)]
    editor = editor_of(layer, values, upstream)
    return [edit for stage in Listing(editor).stages() for edit in stage if edit.kind != "factor"]


def judged(layer: KnownLayer, backward: Backward, what: str) -> Iterator[dict[str, Any]]:
    """One row for each gradient that a fault changes: is it caught, is it named, and does the name hold elsewhere?

    A name is false where two further calls, of other numbers, are not explained by it as well.
    """
    comparison = again(layer, transcript_of(layer), backward)
    told = verdicts(comparison)
    seen = [each for each in calls(layer, backward, 0) if each is not None]
    others = [each for each in calls(layer, backward, 20) if each is not None]
    for name in layer.differentiated:
        changed = any(_is_changed(each, name) for each in seen if name in each.gradients)
        if not changed:
            if told.get(name) == "fail":
                yield _row(layer, name, what, "fails", "", ["a right gradient fails"])
            continue
        named, elsewhere = (ids(findings_of_edits(name, each)) for each in (seen, [*seen, *others]))
        problems = [] if told.get(name) == "fail" else [f"a wrong gradient: {told.get(name)}"]
        problems += ["named otherwise on other numbers"] if named != elsewhere else []
        yield _row(layer, name, what, told.get(name, "missing"), named, problems)


def _is_changed(call: Observed, name: str) -> bool:
    """Also to what is no number: a tolerance that such a gradient gives is none."""
    return not np.isfinite(call.gradients[name]).all() or call.is_wrong(name)


def calls(layer: KnownLayer, backward: Backward, seed: int) -> list[Observed | None]:
    """Two calls of different sizes with a random G."""
    found = []
    for sample in samples_of(layer, seed):
        outputs = layer.outputs_of({**layer.defaults, **sample.values})
        generator = np.random.default_rng([seed, sample.seed])
        upstream = [np.asarray(generator.standard_normal(out.shape)) for out in outputs]
        found.append(observed(layer, sample, upstream, backward))
    return found


def ids(findings: Sequence[Any]) -> str:
    """What is told, in short."""
    return " and ".join(dict.fromkeys(finding.id for finding in findings))


class RightOnes:
    """Every algorithm of every layer on random samples of three sizes: bad where a right gradient fails."""

    def __init__(self) -> None:
        self.all = [(layer, seed) for seed in range(0, 100 * RANDOM, 100) for layer in KNOWN.values()]

    def rows(self, number: int) -> list[dict[str, Any]]:
        """A row for each algorithm of one layer on one random sample."""
        layer, seed = self.all[number]
        transcript = asked(layer, right(layer), samples_of(layer, seed, (seed // 100 % 3,)))
        return [_right_row(layer, transcript, what, code, seed) for what, code in algorithms(layer).items()]


def _right_row(layer: KnownLayer, transcript: FunctionTranscript, what: str, code: str, seed: int) -> dict[str, Any]:
    told = verdicts(again(layer, transcript, written(layer, code)))
    single = layer.id in SINGLE and what == "float32 inside"
    problems = [f"{name}: {verdict}" for name, verdict in told.items() if verdict == "fail"]
    problems += [f"{name}: {verdict}" for name, verdict in told.items() if verdict != "pass" and not single]
    verdict = "fail" if problems else "right, in float32" if single else "right"
    return {"verdict": verdict, "layer": layer.id, "what": what, "seed": seed, "problems": problems}


def algorithms(layer: KnownLayer) -> dict[str, str]:
    """What sets it apart -> code. Attention is asked without a mask."""
    own = "".join(line for line in layer.code.splitlines(keepends=True) if "mask != 0" not in line)
    single = {"float32 inside": SINGLE[layer.id] + own} if layer.id in SINGLE else {}
    return {"as it is explained": own, **RIGHT.get(layer.id, {}), **single}


class SlipsOfTheGraph:
    """Every slip of the graph of every layer, each as a backward that makes it."""

    def __init__(self) -> None:
        self.all = _in_turns(edits_of)

    def rows(self, number: int) -> list[dict[str, Any]]:
        """A row for each gradient that it changes."""
        layer, edit = self.all[number]
        what = f"{edit.kind} {edit.node} {edit.operand} {edit.detail}"
        return list(judged(layer, edited(layer, edit), what))


class SlipsOfThePen:
    """Every slip in the code of every layer's backward: the result may be no slip of the graph at all."""

    def __init__(self) -> None:
        self.all = _in_turns(lambda layer: list(slips(algorithms(layer)["as it is explained"])))

    def rows(self, number: int) -> list[dict[str, Any]]:
        """A row for each gradient that it changes; none where it raises."""
        layer, slip = self.all[number]
        return list(judged(layer, written(layer, slip.code), slip.what)) if _runs(layer, slip) else []


def _in_turns(slips_of: Callable[[KnownLayer], list[Any]]) -> list[tuple[KnownLayer, Any]]:
    """One of each layer, then another of each: whoever runs out of time has asked all layers alike."""
    drawn = [[(layer, each) for each in _shuffled(slips_of(layer))] for layer in KNOWN.values()]
    turns = zip_longest(*drawn)
    return [each for turn in turns for each in turn if each is not None]


def _runs(layer: KnownLayer, slip: Slip) -> bool:
    """Whether it gives a gradient of the right shape for every argument."""
    sample = samples_of(layer, 0)[0]
    values = {**layer.defaults, **sample.values}
    upstream = [np.ones(out.shape) for out in layer.outputs_of(values)]
    found = results(layer, slip.code, values, tuple(upstream) if len(upstream) > 1 else upstream[0])
    return found is not None and all(found[name].shape == values[name].shape for name in layer.differentiated)


def _shuffled(those: list[Any]) -> list[Any]:
    return [those[place] for place in np.random.default_rng(len(those)).permutation(len(those))]


def _row(layer, name, what, verdict, named, problems):
    return {
        "verdict": f"{verdict}, {'named' if named else 'not named'}",
        "layer": layer.id,
        "gradient": name,
        "what": what,
        "named": named,
        "problems": problems,
    }
