"""The run itself, with torch. The order of the checks is here; what each one computes is elsewhere."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np

from gradcheck_cli.checks import of_a_run as checks
from gradcheck_cli.checks.compare import channel_differences, on_own_axes
from gradcheck_cli.checks.of_a_run import RealData
from gradcheck_cli.checks.referee import once, truths_of
from gradcheck_cli.checks.upstream import Upstream, grad_output_check, grad_output_facts
from gradcheck_cli.model import (
    GRADIENTS,
    Array,
    Case,
    ChannelDifference,
    Check,
    Experiment,
    GradientName,
    Gradients,
    Power,
    RunOptions,
    RunReport,
    SamenessReport,
    SeedResult,
    Verdict,
)
from gradcheck_cli.numbers import exact, rounding
from gradcheck_cli.numbers.arithmetic import Judged
from gradcheck_cli.numbers.rounding import UNIT_ROUNDOFF
from gradcheck_cli.oracles import autograd, forward, numeric
from gradcheck_cli.oracles.autograd import LayerSettings
from gradcheck_cli.runs.environment import environment
from gradcheck_cli.runs.picture.answer import EXIT_OF_VERDICT, answer, method, verdict_of
from gradcheck_cli.runs.picture.beside import SecondProcess
from gradcheck_cli.runs.picture.data import Data, experiment_of
from gradcheck_cli.runs.picture.figures import figures_of, shown
from gradcheck_cli.runs.picture.full_size import full_size_checks
from gradcheck_cli.runs.picture.in_settings import autograd_in_settings
from gradcheck_cli.runs.picture.judged import judged_code
from gradcheck_cli.runs.picture.layer import LayerRun, Surroundings, run_layer, set_up
from gradcheck_cli.runs.picture.own_evidence import by_filter
from gradcheck_cli.runs.picture.own_half import OwnHalf
from gradcheck_cli.runs.picture.sameness import both_directions, sameness_of
from gradcheck_cli.runs.picture.stages import Stages
from gradcheck_cli.runs.picture.under_test import UnderTest
from gradcheck_cli.runs.plan import Plan
from gradcheck_cli.runs.reproduce import run_command


@dataclass(frozen=True)
class BothSides:
    """Autograd on the pictures, what is computed without it, and what the integer probe said of the two."""

    surroundings: Surroundings
    run: LayerRun
    own: OwnHalf
    exact: tuple[Check, ...]

    @property
    def judged(self) -> Judged:
        """The code under test."""
        return self.own.judged

    @cached_property
    def real(self) -> RealData:
        """The pictures' data with both sides' gradients."""
        return self.own.real(self.run.autograd.gradients)

    def allowed_of(self, gradient: GradientName, returned: Array) -> Array:
        """What rounding allows between the two sides on the pictures; `returned` is autograd's."""
        return checks.allowed_between(self.real, self.judged, gradient, returned.astype(np.float64))

    @property
    def decided(self) -> frozenset[str]:
        """The gradients that the integer probe found right."""
        verdicts: dict[str, set[Verdict]] = {}
        for check in self.exact:
            verdicts.setdefault(check.gradient, set()).add(check.verdict)
        held = {Verdict.PASS, Verdict.NOT_APPLICABLE}
        return frozenset(name for name, seen in verdicts.items() if Verdict.PASS in seen and seen <= held)


def run_on(data: Data, plan: Plan, options: RunOptions, stages: Stages, beside: SecondProcess | None) -> RunReport:
    """`run_experiment` after the pictures are read and torch is imported; `beside` has begun with a part of it."""
    surroundings = set_up(data.cut_to(plan.judged) if plan.is_cut else data, options)
    with judged_code(options) as code, _pools(surroundings, code) as pools:
        sides = _both_sides(surroundings, partial(_own_half, surroundings, code, pools, beside), options.seed, stages)
        with stages.stage("compare"):
            found = [*sides.exact, *checks.real_checks(sides.real, code.judged, sides.decided)]
        with stages.stage("numeric"):
            differences = _numeric(sides)
        with stages.stage("adjoint"):
            found += [*differences.checks, *sides.own.adjoint]
        with stages.stage("repeat"):
            found += [*_repeats(sides), grad_output_check(differences.upstream)]
        with stages.stage("sameness"):
            sameness = sameness_of(surroundings, sides.run, sides.own)
        with stages.stage("power"):
            power = sides.own.power
        if plan.is_cut:
            with stages.stage("full size"):
                found += full_size_checks(data.x, plan, code.judged, surroundings.settings, options.seed, pools.of_ours)
        with stages.stage("diagnosis"):
            found = once(found)
            diagnosis = code.diagnose(found)
        verdict = verdict_of(found, power) if diagnosis.holds else Verdict.FAIL
        seeds = _seeds(sides, options, verdict, sameness, stages)
    settings = autograd_in_settings(options, sides.surroundings.data.spec)
    if Verdict.FAIL in {*(seed.verdict for seed in seeds), *(row.verdict for row in settings)}:
        verdict = Verdict.FAIL
    experiment = _experiment(options, plan, data, sides, code)
    formula = method(differences.method_holds, plan.asked)
    return RunReport(
        verdict=verdict,
        exit_code=EXIT_OF_VERDICT[verdict],
        answer=answer(formula, found, verdict, diagnosis.findings, sameness.across_channels) + _judged_on(plan),
        environment=environment(autograd.environment(surroundings.settings)),
        reproduce=run_command(replace(options, threads=experiment.threads)),
        timings=dict(stages.seconds),
        experiment=experiment,
        checks=tuple(on_own_axes(check, options.axes) for check in found),
        grad_output=grad_output_facts(differences.upstream),
        channels=_channels(sides),
        sameness=sameness,
        seeds=seeds,
        power=power,
        findings=diagnosis.findings,
        counterexample=diagnosis.counterexample,
        notes=plan.notes + data.notes + diagnosis.notes,
        settings=settings,
        figures=figures_of(sides.run, sides.own.hand, sides.allowed_of, differences.grad_weight),
    )


def _judged_on(plan: Plan) -> str:
    return f" Judged on {plan.cut_text}." if plan.is_cut else ""


def _experiment(options: RunOptions, plan: Plan, data: Data, sides: BothSides, code: UnderTest) -> Experiment:
    """What was run, with the threads that torch took; of a cut layer there is no loss to tell."""
    threads = autograd.environment(sides.surroundings.settings)["threads"]
    assert isinstance(threads, int)
    loss = None if plan.is_cut else sides.run.autograd.loss
    described = experiment_of(options, plan.asked, loss, threads=threads, convention=code.convention, name=code.name)
    return replace(described, channel_names=data.channel_names)


@dataclass(frozen=True)
class Pools:
    """Threads: `many` for what is cut in parts, and one for pure code of our own, None where the code is the user's."""

    many: Executor
    one: Executor | None

    @property
    def of_ours(self) -> Executor | None:
        """All of them, where the code under test may be called in any."""
        return self.many if self.one else None


@contextmanager
def _pools(surroundings: Surroundings, code: UnderTest) -> Iterator[Pools]:
    cores = surroundings.settings.threads or os.cpu_count() or 1
    with numeric.workers(cores) as many, numeric.workers(1) as one:
        yield Pools(many, one if code.is_ours and cores > 1 else None)


def _own_half(
    surroundings: Surroundings, code: UnderTest, pools: Pools, beside: SecondProcess | None, run: LayerRun
) -> OwnHalf:
    """What follows from autograd's run without it, taken from where it was begun if that was on the same data."""
    case, settings = run.case, surroundings.settings
    layer = replace(run.layer, x=case.x, weight=case.weight, bias=case.bias)
    half = OwnHalf(surroundings.data.x, layer, case.grad_output, settings, code.judged, pools.many, run.grad_weight)
    return replace(half, source=beside) if beside is not None and beside.fits(half) else half.begun(pools.one)


def _both_sides(
    surroundings: Surroundings, half_of: Callable[[LayerRun], OwnHalf], seed: int, stages: Stages
) -> BothSides:
    with stages.stage("autograd"):
        run = run_layer(surroundings, seed, wanted=GRADIENTS)
    with stages.stage("numeric"):
        own = half_of(run)
    with stages.stage("backward under test"):
        _ = own.hand
    with stages.stage("exact probe"):
        decided = _exact(surroundings, own)
    return BothSides(surroundings, run, own, tuple(decided))


def _exact(surroundings: Surroundings, own: OwnHalf) -> list[Check]:
    """Narrow integers in any dtype; in float64 wide ones too, and the pictures themselves where they are dyadic.

    bf16 and fp16 are not exact on these integers, so the layer runs in float32 for them. Inexact arithmetic, which the
    adjoint identity cannot judge, meets the wide integers as fractions too.
    """
    settings, judged, narrow, real = surroundings.settings, own.judged, own.narrow, own.case
    decided = [] if judged.is_exact else _by_definition(own.fractions, judged)
    if settings.computed != "float64":
        return _exact_on(narrow, own.of_narrow, judged, settings.for_integers, "integers in float32") + decided
    decided += _exact_on(narrow, own.of_narrow, judged, settings, "narrow integers in float64")
    decided += _exact_on(own.wide, judged.backward(own.wide), judged, settings, "wide integers in float64")
    scaled = exact.dyadic(real.x, real.grad_output, real.spec)
    if scaled is not None:
        pictures = replace(narrow, x=scaled.x, grad_output=scaled.grad_output)
        # What is certified exact of these is grad_weight alone.
        returned = Gradients(weight=autograd.backward(pictures, settings, wanted=("weight",)).weight)
        hand, name = judged.backward(pictures, ("weight",)), "the pictures as integers, in float64"
        compared = checks.exact_checks(pictures, judged, hand, returned, name)
        decided += [check for check in compared if check.verdict is not Verdict.NOT_APPLICABLE]
    return decided


def _exact_on(case: Case, hand: Gradients, judged: Judged, settings: LayerSettings, probe: str) -> list[Check]:
    return checks.exact_checks(case, judged, hand, autograd.backward(case, settings), probe)


def _by_definition(case: Case, judged: Judged) -> list[Check]:
    return checks.exact_checks(
        case, judged, judged.backward(case), truths_of(case), "wide fractions, summed by the definition"
    )


@dataclass(frozen=True)
class Numeric:
    """What finite differences say of the formula and of the code under test, and what is known of G."""

    grad_weight: Array
    method_holds: bool | None
    checks: list[Check]
    upstream: Upstream


def _numeric(sides: BothSides) -> Numeric:
    """Compare the formula and the code under test with finite differences of the loss."""
    layer, settings, result = sides.own.layer, sides.surroundings.settings, sides.own.differences
    of_formula, of_code = sides.own.by_differences
    upstream = Upstream(
        output=sides.run.autograd.output,
        grad_output=sides.run.autograd.grad_output,
        output_exact=result.output,
        grad_output_exact=result.grad_output,
        # The loss is outside of autocast: of its two sides only O has what the products are in.
        reference=autograd.rounded(layer.reference, settings.dtype),
        reference_exact=layer.reference.astype(np.float64),
        forward_bound=_forward_bound(sides, result.output),
        loss=layer.loss,
        seed=layer.seed,
        dtype=settings.computed,
    )
    return Numeric(result.grad_weight, _holds(of_formula), of_code, upstream)


def _holds(of_formula: Sequence[Check]) -> bool | None:
    verdict = of_formula[0].verdict
    return None if verdict is Verdict.INCONCLUSIVE else verdict is Verdict.PASS


def _forward_bound(sides: BothSides, output: Array) -> Array:
    """How far autograd's O - reference may be off: summed in float32 at best, then both rounded to the dtype."""
    case, settings = sides.run.case, sides.surroundings.settings
    terms, gauge = forward.forward_terms(case.spec), forward.forward_gauge(case.x, case.weight, case.bias, case.spec)
    if settings.precision == "tf32":
        summed = rounding.allowed_tf32(terms, gauge)
    else:
        accumulator = "float64" if settings.computed == "float64" else "float32"
        summed = rounding.allowed_low(accumulator, terms, gauge, gauge, cuts=settings.cuts_sums)
    # A processor that flushes denormals loses up to the smallest normal float32 in each product and each sum.
    summed = summed + 2 * sides.run.layer.weight[0].size * float(np.finfo(np.float32).tiny)
    stored = UNIT_ROUNDOFF[settings.computed] * (np.abs(output) + np.abs(sides.run.layer.reference))
    bound: Array = summed + stored
    return bound


def _repeats(sides: BothSides) -> list[Check]:
    own = sides.own
    again = run_layer(sides.surroundings, own.layer.seed, wanted=("weight",)).grad_weight
    return [
        checks.repeat_check("weight", "autograd", sides.run.grad_weight, again, 2 * own.allowed),
        checks.repeat_check("weight", own.judged.name, own.hand.weight, own.hand_again, np.zeros(own.allowed.shape)),
    ]


def _channels(sides: BothSides) -> tuple[ChannelDifference, ...]:
    returned, spec = sides.run.grad_weight, sides.run.case.spec
    compared = (returned.astype(np.float64), shown(sides.own.hand.weight, returned), sides.own.allowed)
    return channel_differences(*(by_filter(array, spec) for array in compared))


def _seeds(
    sides: BothSides, options: RunOptions, verdict: Verdict, sameness: SamenessReport, stages: Stages
) -> tuple[SeedResult, ...]:
    """The run's own seed and the following ones, each with its own weights."""
    if options.seeds == 1:
        return ()
    loss = sides.run.autograd.loss
    results = [SeedResult(options.seed, verdict, loss, sameness.across_channels, sameness.across_filters)]
    for seed in range(options.seed + 1, options.seed + options.seeds):
        with stages.stage(f"seed {seed}"):
            results.append(_seed(sides, seed))
    return tuple(results)


def _seed(sides: BothSides, seed: int) -> SeedResult:
    run = run_layer(sides.surroundings, seed)
    real = run.real(sides.surroundings.settings, sides.judged.backward(run.case))
    found = checks.real_checks(real, sides.judged, sides.decided)
    across_channels, across_filters = both_directions(run)
    return SeedResult(seed, verdict_of(found, Power()), run.autograd.loss, across_channels, across_filters)
