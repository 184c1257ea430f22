"""Samples beside the usual ones: other settings, and other shapes where a setting wants them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from gradcheck_cli.model import OF_TORCH, Sample
from gradcheck_cli.targets.functions.form import Parameter, WrittenFunction
from gradcheck_cli.targets.functions.inputs.drawing import ProposalChoice, above_zero, drawn
from gradcheck_cli.targets.functions.inputs.emptied import with_entries
from gradcheck_cli.targets.functions.inputs.fitting import Fitted, fitted
from gradcheck_cli.targets.functions.inputs.guided import FORWARD_ENDED, UNEQUAL, Reached, guided, progress_of
from gradcheck_cli.targets.functions.inputs.options import chosen
from gradcheck_cli.targets.functions.inputs.proposals import SIZES, Proposal
from gradcheck_cli.targets.functions.inputs.running import is_good
from gradcheck_cli.targets.functions.inputs.variations import is_axis, with_other_settings
from gradcheck_cli.targets.functions.pair import PairForm

# Calls in which the shapes for one setting are looked for: a transposed matrix is one change, two of them are two.
MOST = 150
# Of this thread's work, beside what the search has left: a setting that is not asked may hide a wrong branch.
SECONDS = 2.0
_ROWS, _ROWS_OF_ROWS, _IMAGE = "n d", "n t d", "n c h w"
_ARRAYS = ("real", "positive", "unit")
_Ranked = tuple[int, ...]


@dataclass
class Beside:
    """The samples beside one choice.

    Attributes:
        form: takes them.
        choice: on which it runs as it is.
        seed: of the samples.
        file: the user's.
        end: of `time.thread_time`: what was not tried by then is left out; later where the search used all of it.
    """

    form: WrittenFunction
    choice: ProposalChoice
    seed: int
    file: str
    end: float
    _slipped: ProposalChoice | None = field(default=None, init=False)

    def samples(self) -> Iterator[Sample]:
        """One with an axis more, an image, or a row beside rows, and one for each other setting.

        Of those with which the forward runs and the backward gives any.

        Where a backward gives nothing at all, as with `retain_derived=False`, it is told to keep nothing.
        """
        self.end = max(self.end, time.thread_time() + SECONDS)
        longer = self._longer()
        if longer is not None and (fits := self._fits(longer)) is not None and fits.share == 1:
            yield longer
        for other in (self._image(), self._spread()):
            if other is not None and _gives_any(self._fits(other)):
                yield other
        yield from with_entries(self.form, self.choice, self.seed, self.file)
        for changed in with_other_settings(_settable(self.form), self.choice, self.form.source):
            if self._is_about_lengths(changed):
                continue
            if time.thread_time() > self.end:
                return
            sample, fits = self._where_it_runs(changed)
            sample = _as_held(self.form, sample)
            if fits is None or fits.share < 1:
                reshaped = self._reshaped(changed)
                if reshaped is not None:
                    yield self._drawn(reshaped)
                    continue
            if _gives_any(fits):
                yield sample

    def _where_it_runs(self, changed: ProposalChoice) -> tuple[Sample, Fitted | None]:
        """On other numbers, on those of the first sample, on positive ones: the first on which the forward runs.

        A power of 2.8 and a logarithm are meant for positive numbers, and with few it may run by chance.
        """
        tries = [self._drawn(changed), drawn(changed, SIZES[0], self.seed), *map(self._drawn, above_zero(changed))]
        for sample in tries:
            if (fits := self._fits(sample)) is not None:
                return sample, fits
        return tries[0], None

    def _is_about_lengths(self, changed: ProposalChoice) -> bool:
        """Another axis, where the backward is told how many rows or columns there are: of which, is known of one."""
        has_lengths = isinstance(self.form, PairForm) and self.form.has_lengths
        return has_lengths and any(is_axis(name) and changed[name] != self.choice[name] for name in changed)

    def _longer(self) -> Sample | None:
        """Rows of rows, as a layer of torch takes them: what is summed over one axis then has two.

        Labels of rows would be those of something else there.
        """
        first = next(iter(self.choice))
        is_labelled = any(each.kind == "index" for each in self.choice.values())
        if self.form.kind not in OF_TORCH or self.choice[first].axes != _ROWS or is_labelled:
            return None
        return self._drawn({**self.choice, first: replace(self.choice[first], axes=_ROWS_OF_ROWS)})

    def _image(self) -> Sample | None:
        """Four axes, of what gives rows back as they are: it may be meant to lay out as rows what has more of them."""
        first = next(iter(self.choice))
        rows = drawn(self.choice, SIZES[0], self.seed)
        if self.choice[first].axes != _ROWS or not isinstance(rows.values.get(first), np.ndarray):
            return None
        try:
            outputs = self.form.forward(rows.values)
        except Exception:  # one that draws may end otherwise this time
            return None
        is_same = len(outputs) == 1 and np.array_equal(outputs[0], rows.array(first))
        return self._drawn({**self.choice, first: replace(self.choice[first], axes=_IMAGE)}) if is_same else None

    def _spread(self) -> Sample | None:
        """A row beside rows, of an operation on nodes: what is spread over them has one gradient, their sum."""
        rows = [name for name, each in self.choice.items() if each.axes == _ROWS]
        if self.form.kind != "operation" or len(rows) < 2:
            return None
        return self._drawn({**self.choice, rows[-1]: replace(self.choice[rows[-1]], axes="d")})

    def _reshaped(self, changed: ProposalChoice) -> ProposalChoice | None:
        """The choice in other shapes on which all gradients fit, else on which at most a shape is turned round."""
        held = {item.name for item in self.form.parameters if item.is_state}
        listed = [[each] if name in held else _other_shapes(each) for name, each in changed.items()]
        self._slipped = None
        found = next(guided(listed, lambda places: self._attempt(listed, places), self.end, MOST), None)
        return self._slipped if found is None else chosen(self.form, listed, found)

    def _attempt(self, listed: Sequence[Sequence[Proposal]], places: _Ranked) -> Reached | None:
        choice = chosen(self.form, listed, places)
        sample = self._drawn(choice)
        try:
            outputs = self.form.forward(sample.values)
        except Exception as error:  # whatever it raises
            return progress_of(error, self.file)
        if not is_good(outputs):
            return ()
        fits = fitted(self.form, sample, outputs)
        if fits.share < 1 and fits.error is None and not fits.odd and not fits.is_empty and self._slipped is None:
            self._slipped = choice
        return None if fits.share == 1 else (FORWARD_ENDED, round(100 * fits.share))

    def _fits(self, sample: Sample) -> Fitted | None:
        return _fits_of(self.form, sample)

    def _drawn(self, choice: ProposalChoice) -> Sample:
        return drawn(choice, SIZES[0], self.seed + 2)


def beside_known(form: WrittenFunction, sample: Sample) -> Iterator[Sample]:
    """The sample with each other setting, of a layer whose inputs are known; where the backward gives any."""
    end = time.thread_time() + SECONDS
    settings = [item for item in _settable(form) if item.has_default and not item.is_state]
    kept = {item.name: Proposal("keep") for item in settings}
    for changed in with_other_settings(settings, kept, form.source):
        if time.thread_time() > end:
            return
        values = {name: each.value for name, each in changed.items() if each.kind == "constant"}
        other = _as_held(form, replace(sample, values={**sample.values, **values}))
        if _gives_any(_fits_of(form, other)):
            yield other


def _as_held(form: WrittenFunction, sample: Sample) -> Sample:
    """Without the parameters that an object of these settings lacks: no gradient is owed for them."""
    absent = getattr(form, "absent", None)
    try:
        lacking = absent(sample.values) if absent is not None else ()
    except Exception:  # whatever a constructor raises: it is not asked there
        return sample
    values = {name: value for name, value in sample.values.items() if name not in lacking}
    return Sample(values, tuple(name for name in sample.differentiated if name in values), sample.seed)


def _settable(form: WrittenFunction) -> list[Parameter]:
    """What may have another value with the arrays of the same sample."""
    lengths = getattr(form, "lengths", ())
    return [item for item in form.parameters if item.name not in lengths]


def _fits_of(form: WrittenFunction, sample: Sample) -> Fitted | None:
    """How the backward does there; None where the forward does not run."""
    try:
        outputs = form.forward(sample.values)
    except Exception:  # whatever it raises
        return None
    return fitted(form, sample, outputs) if is_good(outputs) else None


def _gives_any(fits: Fitted | None) -> bool:
    """Did the forward and the backward run, and was a gradient given?"""
    return fits is not None and fits.error is None and not fits.is_empty


def _other_shapes(proposal: Proposal) -> list[Proposal]:
    if proposal.kind not in _ARRAYS or not proposal.axes:
        return [proposal]
    return [proposal, *(replace(proposal, axes=axes) for axes in UNEQUAL if axes != proposal.axes)]
