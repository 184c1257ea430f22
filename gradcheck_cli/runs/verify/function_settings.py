"""A function that is right in float64, asked in other settings: each gradient beside what plain code gives there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from gradcheck_cli.model import PLAIN, GradientResult, Setting, Verdict
from gradcheck_cli.model.in_settings import Level, SettingResult
from gradcheck_cli.runs.called_in import MOST_SAID, is_lacking
from gradcheck_cli.runs.verify.function_dtypes import InDtype, LargeSample, asked_in, large_samples
from gradcheck_cli.trials.function_trial import CalledFunction, FunctionTrial
from gradcheck_cli.trials.graphs import GraphOracle

# What loses terms in few bits and is right in these has the right formula.
_ENOUGH_BITS = Setting("float32")


@dataclass(frozen=True)
class FunctionInSettings:
    """One function in the settings that were asked for.

    Attributes:
        gradients: what was found in float64.
        is_right: it passed there.
        client: of the function as it is written; None where its arrays are none of torch.
        oracle: of its recorded forward.
        trial: a sample that it was asked.
    """

    gradients: Mapping[str, GradientResult]
    is_right: bool
    client: CalledFunction | None
    oracle: GraphOracle
    trial: FunctionTrial

    def rows(self, settings: Sequence[Setting]) -> Iterator[SettingResult]:
        """A row for each gradient in each setting; one for the call where nothing can be compared."""
        for setting in settings:
            if setting == PLAIN:
                yield from self._as_judged()
                continue
            reason = self._unasked(setting)
            if reason:
                yield SettingResult(setting.text, "call", Verdict.NOT_APPLICABLE, "", reason)
            else:
                yield from self._asked(setting)

    def _as_judged(self) -> Iterator[SettingResult]:
        for name, each in self.gradients.items():
            yield SettingResult(PLAIN.text, name, each.verdict, "", "judged on every sample, see above")

    def _unasked(self, setting: Setting) -> str:
        """Why not, a clause; "" where it is asked."""
        if self.client is None:
            return f"not asked: it takes arrays of numpy: {setting.text} is for tensors of torch"
        if not self.is_right:
            return "not asked: it is not right in float64"
        if setting.compile:
            return "not asked: only a convolution is asked through torch.compile"
        # Whether this machine can is torch's to say, which takes a second to load.
        from gradcheck_cli.oracles.in_setting import impossible

        return impossible(setting) or ("" if self._large else "not asked: its forward could not be recorded")

    def _asked(self, setting: Setting) -> Iterator[SettingResult]:
        assert self.client is not None
        error = ""
        for large in self._large:
            found, outcome = asked_in(setting, self.client, self.oracle, large, self._names)
            if found:
                yield from (self._row(setting, large, each) for each in found)
                return
            error = error or outcome.error
        if error and not is_lacking(error):
            yield SettingResult(setting.text, "call", Verdict.ERROR, "raised", error[:MOST_SAID])
        else:
            reason = error[:MOST_SAID] or "not asked: torch itself does not compute the forward so"
            yield SettingResult(setting.text, "call", Verdict.NOT_APPLICABLE, "", reason)

    def _row(self, setting: Setting, large: LargeSample, found: InDtype) -> SettingResult:
        verdict, level = self._judged(setting, large, found)
        return SettingResult(setting.text, found.name, verdict, level, _in_words(level, setting, found))

    def _judged(self, setting: Setting, large: LargeSample, found: InDtype) -> tuple[Verdict, Level]:
        if found.beside.is_as_accurate:
            return Verdict.PASS, "as plain code"
        if not found.beside.has_lost_terms:
            return Verdict.INCONCLUSIVE, "worse than plain code"
        assert self.client is not None
        better, _ = asked_in(_ENOUGH_BITS, self.client, self.oracle, large, (found.name,))
        is_few = setting.computed not in ("float64", _ENOUGH_BITS.dtype)
        loses = is_few and any(each.beside.is_as_accurate for each in better)
        return Verdict.FAIL, "accumulates in low precision" if loses else "not rounding"

    @cached_property
    def _large(self) -> tuple[LargeSample, ...]:
        return tuple(large_samples(self.client, self.trial)) if self.client is not None else ()

    @property
    def _names(self) -> list[str]:
        return [name for name, each in self.gradients.items() if each.verdict is Verdict.PASS]


def _in_words(level: Level, setting: Setting, found: InDtype) -> str:
    """What goes behind "grad_x"."""
    beside = found.beside
    if not beside.share:
        return "off by nothing that float64 shows"
    off = f"off by {beside.share:.2g} of its largest entry, plain code by {beside.plain:.2g}"
    beginnings: dict[Level, str] = {
        "accumulates in low precision": f"accumulates in {setting.computed}: with a batch of {found.terms} it is ",
        "not rounding": "is another formula, not rounding: ",
        "worse than plain code": f"{beside.times:.3g} times worse than plain code: ",
    }
    return beginnings.get(level, "") + off
