"""What a mistake is. Each file of `catalogue/` holds one: the wrong formula itself, and its explanation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from gradcheck_cli.layers import conv
from gradcheck_cli.mistakes.shown import Behaviour, Sign
from gradcheck_cli.mistakes.source import LooksLike
from gradcheck_cli.model import Array, Case, ConvSpec, GradientName, Gradients
from gradcheck_cli.model.line import LineSpec, as_picture, number_of_axes


@dataclass(frozen=True)
class Problem:
    """A case with its right gradients at hand, computed once and on demand (most wrong formulas rearrange them).

    Attributes:
        supposed: the gradient that another array stands for; see `supposing`.
        asked: the geometry as it was asked about, where that is a line and `spec` the picture of one row.
    """

    case: Case
    supposed: GradientName | None = None
    asked: ConvSpec = field(init=False)

    def __post_init__(self) -> None:
        # Formulas change geometries as they like, to ones with rows too: a line is a picture of one row to them.
        object.__setattr__(self, "asked", self.case.spec)
        if isinstance(self.case.spec, LineSpec) and self.case.spec.is_plain:
            object.__setattr__(self, "case", replace(self.case, spec=as_picture(self.case.spec)))

    @classmethod
    def supposing(cls, case: Case, gradient: GradientName, array: Array) -> Problem:
        """The problem in which `array` is taken for the right `gradient`: a second mistake on top of a first."""
        problem = cls(case, gradient)
        problem.__dict__[f"grad_{gradient}"] = array
        return problem

    @classmethod
    def knowing(cls, case: Case, gradients: Gradients) -> Problem:
        """The problem of a case whose right gradients, or some of them, are known already."""
        problem = cls(case)
        problem.__dict__.update({f"grad_{name}": gradient for name, gradient in gradients.items()})
        return problem

    @property
    def spec(self) -> ConvSpec:
        """The geometry of the case."""
        return self.case.spec

    @cached_property
    def grad_weight(self) -> Array:
        """The right dE/dF, (c_out, c_in/groups, kh, kw)."""
        return conv.grad_weight(self.case.x, self.case.grad_output, self.spec)

    @cached_property
    def grad_input(self) -> Array:
        """The right dE/dX, (n, c_in, h, w)."""
        return conv.grad_input(self.case.weight, self.case.grad_output, self.spec)

    @cached_property
    def grad_bias(self) -> Array:
        """The right dE/db, (c_out,)."""
        return conv.grad_bias(self.case.grad_output)

    def right(self, gradient: GradientName) -> Array:
        """The right gradient called `gradient`."""
        array: Array = getattr(self, f"grad_{gradient}")
        return array

    def prepared(self, prepare: OtherCase) -> Problem | None:
        """The problem of the case that `prepare` makes of this one, itself if it changes nothing; None for none."""
        other = prepare(self.case)
        if other is None:
            return None
        return self if _is_same(other, self.case) else Problem(other)

    def result_of(self, formula: WrongFormula) -> Array | None:
        """What a wrong formula gives here."""
        return formula(self)


@dataclass(frozen=True)
class RememberingProblem(Problem):
    """A problem that keeps what was made of it: for the diagnosis, where hundreds of formulas share small arrays."""

    _problems: dict[OtherCase, Problem | None] = field(default_factory=dict, compare=False)
    _results: dict[WrongFormula, Array | None] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, case: Case) -> RememberingProblem:
        """The one of this very case: its gradients, and all targets that are asked it, share what is known.

        It lives as long as the case, which must not be changed any more.
        """
        known: RememberingProblem | None = vars(case).get("_problem")
        if known is None:
            known = vars(case)["_problem"] = cls(case)
        return known

    def prepared(self, prepare: OtherCase) -> Problem | None:
        """See `Problem.prepared`; each case is made once, so its gradients are computed once."""
        if prepare not in self._problems:
            other = super().prepared(prepare)
            self._problems[prepare] = other if other is None or other is self else RememberingProblem(other.case)
        return self._problems[prepare]

    def result_of(self, formula: WrongFormula) -> Array | None:
        """See `Problem.result_of`; each formula is evaluated once. The arrays are shared: not to be written to."""
        if formula not in self._results:
            self._results[formula] = formula(self)
        return self._results[formula]


def _is_same(one: Case, other: Case) -> bool:
    """Whether both are one case: then so are their gradients, which take longer than to look."""
    if one is other:
        return True
    return one.spec == other.spec and all(
        one[name] is other[name] or (one[name].dtype == other[name].dtype and np.array_equal(one[name], other[name]))
        for name in one
    )


# The order of a mistake that has none: past every number in the catalogue.
_BEHIND_ALL = 10_000

WrongFormula = Callable[[Problem], "Array | None"]
OtherCase = Callable[[Case], "Case | None"]


@dataclass(frozen=True)
class Variant:
    """One way to make a mistake.

    Attributes:
        label: which ("one row too low"); empty for the only or the usual way.
        formula: NaN in its result where the code reads memory that is not its own, so that any number may stand there.
        brings: the mistakes of behaviour that follow from it, and are none of their own.
        title, fix: as of a `Mistake`, where this way does something else than the usual one; "" where the label only
            says more of the same.
    """

    label: str
    formula: WrongFormula
    brings: tuple[str, ...] = ()
    title: str = ""
    fix: str = ""


@dataclass(frozen=True)
class Told:
    """What is said of a mistake where the usual words would be false; "" where they are true. See `Mistake`.

    `is_missing`: it is something that is missing, so no line holds it.
    """

    title: str = ""
    fix: str = ""
    is_missing: bool = False


def of_planes(spec: ConvSpec) -> bool:
    """Formulas that read rows and columns of X among zeros: of pictures and lines."""
    return spec.is_plain


def of_convolutions(spec: ConvSpec) -> bool:
    """Formulas that only ask where filters and channels stand: whatever the axes and the padding."""
    return not spec.transposed


def of_every_form(_spec: ConvSpec) -> bool:
    """Formulas that change all entries alike, or whole samples."""
    return True


@dataclass(frozen=True)
class Mistake:
    """One entry of the catalogue, the same object for diagnosis, power, explain, docs and tests.

    Attributes:
        id: kebab-case, stable. No other module knows it: what sets a mistake apart is said by the fields below.
        order: its place among several, in reports and lists.
        title: what the code does wrong, one clause ("divides the gradient by the batch size").
        formulas: gradient -> the wrong gradient, or None where the mistake has no meaning for this geometry.
            Empty for mistakes of behaviour, which are recognised by what happened.
        why: why people write it, and why it is wrong.
        hides_when: when it gives the right numbers.
        fix: how to mend it. X, F and G stand for the arrays; a report puts the user's own names in their place.
        shown_by: the option of `gradcheck run` that makes it visible, where there is one ("two images").
        written_for: the layers that the formulas are written for; of others they would be the formulas of nothing.
        variants: gradient -> further ways to make the mistake, beside the one in `formulas`.
        elsewhere: gradient -> the ways to make it in layers of other forms, see `any_form`; for such a layer these are
            searched in place of the others.
        in_any_form: its usual ways hold for every form as they stand.
        numbers: the sizes that belong into the sentence, a template over `sizes()` ("N = {N}").
        turned: what is told of a layer whose own forward turns F by 180 degrees (a true convolution).
        transposed: what is told of a transposed layer, where X and G change their roles.
        prepare: where the wrong code is the right code on another case, that case. Serves pairs of mistakes.
        alone: told by itself or with a factor, never in a pair: its forms are too many, or leave too little.
        yields: another mistake that explains the same is believed in its place.
        needs_rows: it mixes up rows and columns, so code for one axis cannot make it.
        structure: whether its formulas are searched; not where a factor, the dtype or a second call tells it.
        divides_by: gradient -> the sizes by which it divides ("N"; see `diagnose.factors`).
        per_rate: gradient -> what it adds for each unit of a learning rate that nobody knows.
        behaviour: how it shows in what a call did.
        sign: what the diagnosis meets and tells as this mistake.
        misfits: where it also leads to sizes that do not fit, so that the call may raise.
        line: how a line of source looks that makes it; None where nothing is known to look for.
        of_function: `fix` where it is no convolution that is differentiated; "" where it says that as well.
    """

    id: str
    title: str
    why: str
    hides_when: str
    fix: str
    shown_by: str
    formulas: Mapping[GradientName, WrongFormula] = field(default_factory=dict)
    written_for: Callable[[ConvSpec], bool] = of_planes
    variants: Mapping[GradientName, tuple[Variant, ...]] = field(default_factory=dict)
    elsewhere: Mapping[GradientName, tuple[Variant, ...]] = field(default_factory=dict)
    in_any_form: bool = False
    numbers: str = ""
    prepare: OtherCase | None = None
    turned: Told = Told()
    transposed: Told = Told()
    alone: bool = False
    yields: bool = False
    needs_rows: bool = False
    structure: bool = True
    divides_by: Mapping[GradientName, tuple[str, ...]] = field(default_factory=dict)
    per_rate: Mapping[GradientName, WrongFormula] = field(default_factory=dict)
    behaviour: Behaviour | None = None
    sign: Sign | None = None
    misfits: Callable[[ConvSpec], bool] | None = None
    line: LooksLike | None = None
    order: int = _BEHIND_ALL
    of_function: str = ""

    def told(self, *, of_turned: bool, of_transposed: bool = False) -> Told:
        """Title and fix, of a layer whose forward turns F, of a transposed one or of the usual one."""
        other = self.turned if of_turned else self.transposed if of_transposed else Told()
        return Told(other.title or self.title, other.fix or self.fix, other.is_missing)

    @property
    def fix_of_function(self) -> str:
        """How it is mended in any function."""
        return self.of_function or self.fix

    def forms(self, gradient: GradientName) -> tuple[Variant, ...]:
        """Every way to make the mistake in `gradient`, the usual one first; empty where it does not occur.

        The usual way has no label, but where it is among the variants too.
        """
        usual, others = self.formulas.get(gradient), self.variants.get(gradient, ())
        is_labelled = any(variant.formula is usual for variant in others)
        first = () if usual is None or is_labelled else (Variant("", usual),)
        return first + others

    def forms_for(self, gradient: GradientName, spec: ConvSpec) -> tuple[Variant, ...]:
        """The ways in which code for this layer may make the mistake."""
        if spec.is_plain:
            return () if self.needs_rows and number_of_axes(spec) == 1 else self.forms(gradient)
        return self.elsewhere.get(gradient, ()) + (self.forms(gradient) if self.in_any_form else ())
