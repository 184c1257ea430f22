"""What a search of inputs finds: the form as it runs, and its samples."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gradcheck_cli.model import InputsFrom, Sample
from gradcheck_cli.targets.functions.form import NotAFunctionError, WrittenFunction
from gradcheck_cli.targets.functions.inputs.drawing import ProposalChoice, drawn
from gradcheck_cli.targets.functions.inputs.labels import looks_up
from gradcheck_cli.targets.functions.inputs.options import for_sizes
from gradcheck_cli.targets.functions.inputs.proposals import SIZES
from gradcheck_cli.targets.functions.inputs.running import runs, takes
from gradcheck_cli.targets.functions.inputs.unrolled import is_cut
from gradcheck_cli.targets.functions.inputs.variations import with_a_label_left_out, with_equal_lengths


@dataclass(frozen=True)
class Guess:
    """What ran: the form as it hangs together then, and its samples on each set of sizes that it takes.

    `raised` are likelier ones, on which the forward runs and the backward raises; none where there are no such. Where
    nothing fits, all that come as near as any. `notes` say what the guess is worth.
    """

    form: WrittenFunction
    samples: tuple[Sample, ...]
    source: InputsFrom = "guess"
    raised: tuple[Sample, ...] = ()
    notes: tuple[str, ...] = ()


class NearlyError(NotAFunctionError):
    """The forward runs on what was guessed, and the backward does not: the code's fault, or that of the guess."""

    def __init__(self, refusal: NotAFunctionError, guess: Guess) -> None:
        super().__init__(refusal.step, refusal.sentence, refusal.hint, refusal.cause)
        self.guess = guess


def with_samples(form: WrittenFunction, choice: ProposalChoice, seed: int, others: Iterable[Sample]) -> Guess:
    """On both sets of sizes, two draws of the first where the forward does not take the second; then others."""
    first = drawn(choice, SIZES[0], seed)
    other = drawn(for_sizes(form, choice, 1), SIZES[1], seed)
    second = other if not is_cut(choice) and takes(form, other) else drawn(choice, SIZES[0], seed + 1)
    left_out = [sample for sample in with_a_label_left_out(form.parameters, first) if runs(form, sample)]
    left_out = [sample for sample in left_out if not looks_up(form, sample)]
    return Guess(form, (first, second, *with_equal_lengths(form, first), *others, *left_out))
