"""How exactly code computes in a setting: from whole numbers with few bits to those that need all of the format's.

Each probe's right gradients are exact. A code that is right on numbers of 8 bits has the right formula, whatever it
adds up in; what it gets wrong beyond is rounding, and on which probe it begins says of which kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from gradcheck_cli.checks.of_a_run import partial_sums
from gradcheck_cli.checks.referee import truths_of
from gradcheck_cli.model import GRADIENTS, TENSORS, Array, Case, ConvSpec, GradientName, Gradients, Setting, Verdict
from gradcheck_cli.model.in_settings import Level, SettingResult
from gradcheck_cli.numbers import exact, graded
from gradcheck_cli.numbers.formats import BITS, FEWEST_BITS, cut_to, limit_of, rounded_to
from gradcheck_cli.numbers.rounding import TF32_FACTORS, allowed_low

# No sum of whole numbers in any float format has a fraction, so one of less than this is no sum's: a quarter leaves as
# much again until another whole number would be nearer.
FRACTION = 0.25
# Of a layer of ones: so many times as many as the format can count. What stops is then off by a third.
BEYOND = 1.5


@dataclass(frozen=True)
class Reply:
    """What code gave for a case; `refused` and `error` say why it gave nothing."""

    gradients: Gradients = field(default_factory=Gradients)
    refused: str = ""
    error: str = ""


Ask = Callable[[Case], Reply]


@dataclass(frozen=True)
class Probed:
    """A case, what came back, and what gives the right gradients."""

    case: Case
    returned: Reply
    truth: Callable[[Case], Gradients]

    @cached_property
    def right(self) -> Gradients:
        """The exact sums."""
        return self.truth(self.case)

    @cached_property
    def sizes(self) -> Gradients:
        """A, the sums of the absolute values."""
        return self.truth(magnitudes_of(self.case))

    def actual(self, name: GradientName) -> Array:
        """A gradient in float64; a wrong shape never gets here."""
        return np.asarray(self.returned.gradients[name], np.float64)

    def expected(self, name: GradientName) -> Array:
        """The exact sum."""
        return self.right[name]

    def is_equal(self, name: GradientName) -> bool:
        """Bit for bit the exact sum?"""
        return np.array_equal(self.expected(name), self.actual(name))

    def is_transformed(self, name: GradientName) -> bool:
        """Are there fractions where whole numbers are right, each nearest to the right one?"""
        actual, expected = self.actual(name), self.expected(name)
        is_near = bool((np.abs(actual - expected) < FRACTION).all())
        return is_near and bool((np.rint(actual) != actual).any())

    def error(self, name: GradientName) -> float:
        """The largest |error| / A."""
        gauge = self.sizes[name]
        off = np.abs(self.actual(name) - self.expected(name))
        ratio = np.divide(off, gauge, out=np.where(off > 0, np.inf, 0.0), where=gauge > 0)
        return float(ratio.max(initial=0.0))

    def worst(self, name: GradientName) -> tuple[float, float]:
        """(actual, expected) of the entry that is furthest off."""
        actual, expected = self.actual(name), self.expected(name)
        place = np.unravel_index(np.argmax(np.nan_to_num(np.abs(actual - expected), nan=np.inf)), actual.shape)
        return float(actual[place]), float(expected[place])


@dataclass(frozen=True)
class Leveller:
    """One piece of code in one setting.

    Attributes:
        ask: calls it.
        setting: in what it computes.
        seed: of the numbers.
        truth: the right gradients of whole numbers; by the definition, unless something faster is as sure.
    """

    ask: Ask
    setting: Setting
    seed: int
    truth: Callable[[Case], Gradients] = truths_of

    @cached_property
    def bits(self) -> int:
        """Of the format in which it computes."""
        return BITS[self.setting.computed]

    def results(self, spec: ConvSpec, is_counted: Callable[[ConvSpec], bool]) -> tuple[SettingResult, ...]:
        """Every gradient that it gives, judged on one geometry.

        Args:
            spec: the geometry.
            is_counted: may a larger layer of ones be asked, for what stops counting?
        """
        probes = self._probes(spec)
        failed = next((probe.returned for probe in probes if probe.returned.refused or probe.returned.error), None)
        if failed is not None:
            return (self._not_compared(failed),)
        small, summed, *further = probes
        given = [name for name in GRADIENTS if all(self._is_there(probe, name) for probe in probes)]
        counted = self._counted(spec, is_counted)
        return tuple(self._judged(name, small, summed, further + counted) for name in given)

    def _not_compared(self, failed: Reply) -> SettingResult:
        """Why it gave nothing, in place of all gradients."""
        if failed.refused:
            return SettingResult(self.setting.text, "call", Verdict.NOT_APPLICABLE, "", failed.refused)
        return SettingResult(self.setting.text, "call", Verdict.ERROR, "raised", failed.error)

    def _probes(self, spec: ConvSpec) -> list[Probed]:
        """Few bits, sums of many, and for wide formats inputs of many; up to the first that gives nothing."""
        found: list[Probed] = []
        for case in self._cases(spec):
            found.append(Probed(case, self.ask(case), self.truth))
            if found[-1].returned.refused or found[-1].returned.error:
                break
        return found

    def _cases(self, spec: ConvSpec) -> Iterator[Case]:
        yield graded.small_case(spec, np.random.default_rng([self.seed, 1]), FEWEST_BITS)
        yield graded.summed_case(spec, np.random.default_rng([self.seed, 2]), self.setting.computed)
        if self.bits == BITS["float32"]:
            yield graded.fine_case(spec, np.random.default_rng([self.seed, 3]))
        elif self.bits == BITS["float64"]:
            yield exact.wide_case(spec, np.random.default_rng([self.seed, 4]))

    def _counted(self, spec: ConvSpec, is_counted: Callable[[ConvSpec], bool]) -> list[Probed]:
        """Ones on larger layers, for formats that cannot count so far."""
        if self.bits >= BITS["float32"]:
            return []
        larger = graded.with_terms(spec, int(BEYOND * limit_of(self.bits)))
        asked = [graded.counting_case(each) for each in larger if is_counted(each)]
        probes = [Probed(case, self.ask(case), self.truth) for case in asked]
        return [probe for probe in probes if not (probe.returned.refused or probe.returned.error)]

    def _is_there(self, probe: Probed, name: GradientName) -> bool:
        actual = probe.returned.gradients.get(name)
        return actual is not None and actual.shape == TENSORS[name].shape(probe.case.spec)

    def _judged(self, name: GradientName, small: Probed, summed: Probed, further: list[Probed]) -> SettingResult:
        fractional = next((probe for probe in (small, summed, *further) if probe.is_transformed(name)), None)
        if fractional is not None and self.setting.device != "cpu":
            return self._transformed(name, fractional)
        if not small.is_equal(name):
            actual, right = small.worst(name)
            detail = f"{actual:g} where {right:g} is right, on whole numbers that {FEWEST_BITS} bits hold: no rounding"
            return self._result(name, Verdict.FAIL, "not rounding", detail, (small.error(name), 0.0))
        if self.bits < BITS["float32"]:
            return self._of_few_bits(name, [summed, *further])
        return self._of_many_bits(name, [summed, *further])

    def _transformed(self, name: GradientName, probe: Probed) -> SettingResult:
        """Libraries of a device may choose an algorithm that does other sums, which these probes do not judge."""
        actual, right = probe.worst(name)
        detail = f"{actual:.9g} where {right:g} is right: the library may have transformed (Winograd, FFT), no verdict"
        return self._result(name, Verdict.INCONCLUSIVE, "transformed", detail, (probe.error(name), 0.0))

    def _of_few_bits(self, name: GradientName, probes: list[Probed]) -> SettingResult:
        """bfloat16 and float16: the exact sum rounded once, or its parts, or nothing that sums in float32 can be."""
        level: Level = "rounded once"
        for probe in probes:
            expected, actual = probe.expected(name), probe.actual(name)
            if np.array_equal(actual, rounded_to(expected, self.bits)):
                continue
            if not (np.abs(actual - expected) <= self._allowed(probe, name)).all():
                return self._too_coarse(name, probe)
            level = "rounded in parts"
        figures = max((probe.error(name), self._largest_allowed(probe, name)) for probe in probes)
        return self._result(name, Verdict.PASS, level, _WORDS[level], figures)

    def _too_coarse(self, name: GradientName, probe: Probed) -> SettingResult:
        actual, right = probe.worst(name)
        stops = actual == limit_of(self.bits) < right and not (probe.actual(name) > actual).any()
        how = f"accumulates in {self.setting.computed}: stops at" if stops else "adds up with fewer than 24 bits: gives"
        detail = f"{how} {actual:g} where {right:g} is right"
        figures = probe.error(name), self._largest_allowed(probe, name)
        return self._result(name, Verdict.FAIL, "accumulates in low precision", detail, figures)

    def _of_many_bits(self, name: GradientName, probes: list[Probed]) -> SettingResult:
        """float32 and float64: bit for bit, or with inputs or sums of fewer bits."""
        summed, *further = probes
        if not summed.is_equal(name):
            actual, right = summed.worst(name)
            detail = f"adds up with fewer than 24 bits: {actual:g} where {right:g} is right"
            return self._result(name, Verdict.FAIL, "accumulates in low precision", detail, (summed.error(name), 0.0))
        probe = next((each for each in further if not each.is_equal(name)), None)
        if probe is None:
            return self._result(name, Verdict.PASS, "bit for bit", _WORDS["bit for bit"], (0.0, 0.0))
        error = probe.error(name)
        if self.bits == BITS["float32"] and self._is_of_rounded(name, probe, BITS["tf32"]):
            verdict = Verdict.PASS if self.setting.tf32 == "on" else Verdict.FAIL
            detail = f"TF32 rounding: {error:.2g} of A, allowed {TF32_FACTORS:.2g}"
            detail += "" if self.setting.tf32 == "on" else ", and TF32 is off"
            return self._result(name, verdict, "TF32 rounding", detail, (error, TF32_FACTORS))
        return self._result(name, Verdict.FAIL, "rounded inputs", self._of_inputs(name, probe), (error, 0.0))

    def _of_inputs(self, name: GradientName, probe: Probed) -> str:
        actual, right = probe.worst(name)
        where = f"{actual:g} where {right:g} is right"
        if self.bits == BITS["float32"] and self._is_of_rounded(name, probe, BITS["bfloat16"]):
            return f"rounds its inputs to bfloat16: {where}"
        return f"computes with fewer than {self.bits if self.bits > 24 else graded.FINE_BITS} bits: {where}"

    def _is_of_rounded(self, name: GradientName, probe: Probed, bits: int) -> bool:
        """Is it exactly the gradient of inputs that were rounded, or cut, to so many bits?"""
        case = probe.case
        others = (
            replace(case, x=fewer(case.x, bits), weight=fewer(case.weight, bits)) for fewer in (rounded_to, cut_to)
        )
        return any(np.array_equal(self.truth(other)[name], probe.actual(name)) for other in others)

    def _allowed(self, probe: Probed, name: GradientName) -> Array:
        """What sums in float32 may be off, of which as many parts are rounded as torch rounds."""
        spec = probe.case.spec
        gauge, parts = probe.sizes[name], partial_sums(spec, name)
        return allowed_low(self.setting.computed, spec.terms_of(name), gauge, probe.expected(name), parts)

    def _largest_allowed(self, probe: Probed, name: GradientName) -> float:
        gauge = probe.sizes[name]
        shares = np.divide(self._allowed(probe, name), gauge, out=np.zeros(gauge.shape), where=gauge > 0)
        return float(shares.max(initial=0.0))

    def _result(
        self, name: GradientName, verdict: Verdict, level: Level, detail: str, figures: tuple[float, float]
    ) -> SettingResult:
        return SettingResult(self.setting.text, name, verdict, level, detail, *figures)


def magnitudes_of(case: Case) -> Case:
    """The case without signs: its gradients are the sums of absolute values."""
    return replace(case, x=abs(case.x), weight=abs(case.weight), grad_output=abs(case.grad_output))


_WORDS: Mapping[Level, str] = {
    "bit for bit": "equal bit for bit",
    "rounded once": "adds up in float32, rounds once",
    "rounded in parts": "within what torch's own partial sums are off",
}
