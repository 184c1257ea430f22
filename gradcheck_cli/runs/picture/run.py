"""The run itself, with torch. The order of the checks is here; what each one computes is elsewhere."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from gradcheck_cli.checks import of_a_run as checks
from gradcheck_cli.checks.compare import channel_differences, on_own_axes
from gradcheck_cli.checks.of_a_run import RealData
from gradcheck_cli.checks.power import Probe, power_of
from gradcheck_cli.checks.referee import gauge_of, once, truths_of
from gradcheck_cli.checks.upstream import Upstream, grad_output_check, grad_output_facts
from gradcheck_cli.layers import conv
from gradcheck_cli.mistakes import CATALOGUE
from gradcheck_cli.mistakes.mistake import Problem
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
from gradcheck_cli.numbers.arithmetic import Judged, no_slack
from gradcheck_cli.numbers.formats import largest_given
from gradcheck_cli.numbers.rounding import UNIT_ROUNDOFF, allowed_float64
from gradcheck_cli.oracles import autograd, forward, numeric
from gradcheck_cli.oracles.autograd import LayerSettings
from gradcheck_cli.runs.environment import environment
from gradcheck_cli.runs.picture.answer import EXIT_OF_VERDICT, answer, method, verdict_of
from gradcheck_cli.runs.picture.data import Data, experiment_of
from gradcheck_cli.runs.picture.figures import figures_of, shown
from gradcheck_cli.runs.picture.full_size import full_size_checks
from gradcheck_cli.runs.picture.in_settings import autograd_in_settings
from gradcheck_cli.runs.picture.judged import judged_code
from gradcheck_cli.runs.picture.layer import LayerRun, Surroundings, run_layer, set_up
from gradcheck_cli.runs.picture.sameness import both_directions, by_filter, sameness_of
from gradcheck_cli.runs.picture.stages import Stages
from gradcheck_cli.runs.picture.under_test import UnderTest
from gradcheck_cli.runs.plan import Plan
from gradcheck_cli.runs.reproduce import run_command


@dataclass(frozen=True)
class BothSides:
    """Both sides on the pictures and on the narrow integer probe; finite differences go on behind the other checks."""

    surroundings: Surroundings
    run: LayerRun
    differences: numeric.Started
    judged: Judged
    hand: Gradients
    narrow: Case
    of_narrow: Gradients
    wide: Case
    exact: tuple[Check, ...]

    @cached_property
    def real(self) -> RealData:
        """The pictures' data with both sides' gradients."""
        return self.run.real(self.surroundings.settings, self.hand)

    @cached_property
    def fractions(self) -> Case:
        """The wide integers as fractions."""
        return _as_fractions(self.wide)

    @cached_property
    def of_fractions(self) -> Gradients:
        """What the code under test gives for them."""
        return self.judged.backward(self.fractions)

    @property
    def is_formula(self) -> bool:
        """Is the code under test our own, by which right gradients are computed? Then they are not computed again."""
        return self.judged.backward is conv.backward

    @cached_property
    def allowed(self) -> Array:
        """What rounding allows between the two sides on the pictures, for every kernel entry."""
        return self.allowed_of("weight", self.run.grad_weight)

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


def run_on(data: Data, plan: Plan, options: RunOptions, stages: Stages) -> RunReport:
    """`run_experiment` after the pictures are read and torch is imported."""
    surroundings = set_up(data.cut_to(plan.judged) if plan.is_cut else data, options)
    with judged_code(options) as code, numeric.workers(surroundings.settings.threads or os.cpu_count() or 1) as pool:
        sides = _both_sides(surroundings, code, pool, options.seed, stages)
        with stages.stage("compare"):
            found = [*sides.exact, *checks.real_checks(sides.real, code.judged, sides.decided)]
        with stages.stage("numeric"):
            differences = _numeric(sides)
        found += differences.checks
        with stages.stage("adjoint"):
            found += _adjoint(sides, options.seed)
        with stages.stage("repeat"):
            found += [*_repeats(sides), grad_output_check(differences.upstream)]
        with stages.stage("sameness"):
            sameness = sameness_of(surroundings, sides.run, options.seed)
        with stages.stage("power"):
            power = _power(sides, differences)
        if plan.is_cut:
            with stages.stage("full size"):
                found += full_size_checks(data.x, plan, code.judged, surroundings.settings, options.seed)
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
        figures=figures_of(sides.run, sides.hand, sides.allowed_of, differences.grad_weight),
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


def _both_sides(surroundings: Surroundings, code: UnderTest, pool: Executor, seed: int, stages: Stages) -> BothSides:
    with stages.stage("autograd"):
        run = run_layer(surroundings, seed, wanted=GRADIENTS)
    with stages.stage("numeric"):
        differences = numeric.start(replace(run.layer, x=run.case.x, weight=run.case.weight, bias=run.case.bias), pool)
    with stages.stage("backward under test"):
        hand = code.judged.backward(run.case)
    with stages.stage("exact probe"):
        data, most = surroundings.data, largest_given(surroundings.settings.precision)
        rng = np.random.default_rng(seed)
        narrow = exact.narrow_case(data.spec, rng, x=data.x, signs=run.case.grad_output, most=most)
        wide = exact.wide_case(data.spec, np.random.default_rng(seed), x=data.x)
        of_narrow = code.judged.backward(narrow)
        decided = _exact(surroundings, code.judged, run.case, (narrow, of_narrow), wide)
    return BothSides(surroundings, run, differences, code.judged, hand, narrow, of_narrow, wide, tuple(decided))


def _exact(
    surroundings: Surroundings, judged: Judged, real: Case, probe: tuple[Case, Gradients], wide: Case
) -> list[Check]:
    """Narrow integers in any dtype; in float64 wide ones too, and the pictures themselves where they are dyadic.

    bf16 and fp16 are not exact on these integers, so the layer runs in float32 for them. Inexact arithmetic, which the
    adjoint identity cannot judge, meets the wide integers as fractions too.
    """
    settings, decided = surroundings.settings, [] if judged.is_exact else _by_definition(_as_fractions(wide), judged)
    if settings.computed != "float64":
        return _exact_on(*probe, judged, settings.for_integers, "integers in float32") + decided
    decided += _exact_on(*probe, judged, settings, "narrow integers in float64")
    decided += _exact_on(wide, judged.backward(wide), judged, settings, "wide integers in float64")
    scaled = exact.dyadic(real.x, real.grad_output, real.spec)
    if scaled is not None:
        pictures = replace(probe[0], x=scaled.x, grad_output=scaled.grad_output)
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


def _as_fractions(case: Case) -> Case:
    """Integers so small that code which cuts or rounds gradients shows: each time by far more than it may be off."""
    return exact.scaled(case, exact.SMALL_STEP)


@dataclass(frozen=True)
class Numeric:
    """What finite differences say of the formula and of the code under test, what is known of G, and the data."""

    grad_weight: Array
    method_holds: bool | None
    checks: list[Check]
    upstream: Upstream
    probe: Probe


def _numeric(sides: BothSides) -> Numeric:
    """Compare the formula and the code under test with finite differences of the loss."""
    layer, case, result = sides.run.layer, sides.run.case, sides.differences.result()
    settings = sides.surroundings.settings
    same_loss = replace(case, grad_output=result.grad_output)
    hand, gauge = sides.judged.backward(same_loss, ("weight",)), gauge_of(same_loss, "weight")
    problem = _problem(sides, same_loss, hand)
    formula = Judged("the formula", conv.backward, no_slack)
    of_formula = checks.numeric_check(result, same_loss, problem.grad_weight, formula, gauge)
    of_code = checks.numeric_check(result, same_loss, hand.weight, sides.judged, gauge)
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
    allowed = checks.allowed_numeric(result, same_loss, sides.judged, gauge)
    probe = Probe(problem, allowed, allowed_float64(case.spec.terms, gauge))
    return Numeric(result.grad_weight, _holds(of_formula), of_code, upstream, probe)


def _problem(sides: BothSides, case: Case, returned: Gradients) -> Problem:
    """The case with its right gradients; what our own code under test returned is them."""
    return Problem.knowing(case, returned) if sides.is_formula else Problem(case)


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


def _adjoint(sides: BothSides, seed: int) -> list[Check]:
    """On wide integers, which the code meets as fractions: one that cuts or rounds them shows as a float32 does."""
    rng, gradients = np.random.default_rng(seed), Gradients()
    if sides.judged.is_exact:
        gradients = exact.unscaled(sides.of_fractions, exact.SMALL_STEP)
    return checks.adjoint_checks(sides.wide, gradients, sides.judged, rng)


def _repeats(sides: BothSides) -> list[Check]:
    allowed = sides.allowed
    again = run_layer(sides.surroundings, sides.run.layer.seed, wanted=("weight",)).grad_weight
    hand = sides.judged.backward(sides.run.case, ("weight",)).weight
    return [
        checks.repeat_check("weight", "autograd", sides.run.grad_weight, again, 2 * allowed),
        checks.repeat_check("weight", sides.judged.name, sides.hand.weight, hand, np.zeros(allowed.shape)),
    ]


def _power(sides: BothSides, differences: Numeric) -> Power:
    case = sides.run.case
    rounding = allowed_float64(case.spec.terms, sides.real.gauge("weight"))
    real = Probe(_problem(sides, case, sides.hand), sides.allowed, rounding)
    narrow = _exact_probe(_problem(sides, sides.narrow, sides.of_narrow), sides.judged)
    of_fractions = sides.of_fractions if sides.is_formula else Gradients()
    wide = _exact_probe(_problem(sides, sides.fractions, of_fractions), sides.judged)
    return power_of([narrow, real], [differences.probe, wide], CATALOGUE)


def _exact_probe(problem: Problem, judged: Judged) -> Probe:
    """Exact sums allow nothing to direct summation, and its slack to an FFT."""
    return Probe(problem, np.asarray(judged.slack(problem.case, "weight")), np.zeros(()))


def _channels(sides: BothSides) -> tuple[ChannelDifference, ...]:
    returned, spec = sides.run.grad_weight, sides.run.case.spec
    compared = (returned.astype(np.float64), shown(sides.hand.weight, returned), sides.allowed)
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
