"""The catalogue as a whole: complete, in order, and every formula shows somewhere."""

import ast
import pkgutil
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from mistaken import CAUSAL, GAPPED, PAST_BLOCKS, SIDED, SPECS, UNEQUAL, integers

import gradcheck_cli
from gradcheck_cli.mistakes import CATALOGUE, Problem, RememberingProblem, Sign, catalogue
from gradcheck_cli.mistakes.wording import sizes
from gradcheck_cli.model import GRADIENTS, ConvSpec, Gradients

DESIGN = [
    *("batch-mean", "scaled-constant", "sign-flipped", "bias-spatial-mean", "bias-totalled", "bias-missing"),
    *("upstream-rotated", "kernel-rotated", "axes-transposed", "reshape-not-transpose"),
    *("input-grad-kernel-unrotated", "channels-summed", "filters-collapsed", "channels-reversed", "in-out-swapped"),
    *("wrong-index", "last-sample-only", "last-window-only", "accumulates-between-calls", "starts-from-data"),
    *("updated-too-early", "stride-ignored", "offset-times-stride", "partial-output"),
    *("input-grad-stride-not-dilated", "remainder-dropped", "unpad-empty", "padding-hard-coded"),
    *("padding-not-stripped", "full-margin-wrong", "upstream-padded", "upstream-ignored", "wrong-tensor"),
    *("dilation-ignored", "groups-ignored", "shifted", "single-precision", "integer-dtype", "mutates-input"),
    *("not-finite", "wrong-shape", "crashes", "too-slow"),
]
BEHAVIOUR = {"mutates-input", "not-repeatable", "not-finite", "wrong-shape", "wrong-forward", "crashes", "too-slow"}
# Of any function: found by editing the graph of its forward.
FUNCTIONS = {
    "ties-counted-twice",
    "wrong-configuration",
    "path-missing",
    "derivative-missing",
    "wrong-derivative",
    "wrong-operand",
    "factor-on-a-path",
    "operand-too-many",
    "diagonal-only",
    "summed-too-far",
    "reduction-missing",
    "mean-for-sum",
    "missing-gradient",
    "unused-in-forward",
    "one-upstream-for-all",
    "not-linear",
    "strides-ignored",
    "overwrites-upstream",
    "tail-missing",
    "overwrites-instead-of-adding",
    "wrong-forward-mask",
    "other-setting",
    "double-backward-wrong",
    "wrong-count",
    "needs-input-grad-wrong",
    "accumulates-in-low-precision",
    "rounds-too-coarsely",
    "uninitialised-memory",
    "surrogate",
}
INVISIBLE_ON_SMALL_INTEGERS = {"single-precision", "integer-dtype", "rounded-decimals"}
FORMS = [
    pytest.param(gradient, mistake.id, number, id=f"{gradient}-{mistake.id}-{number}")
    for gradient in GRADIENTS
    for mistake in CATALOGUE.values()
    for number in range(len(mistake.forms(gradient)))
    if mistake.id not in INVISIBLE_ON_SMALL_INTEGERS
]


def test_the_design_s_mistakes_are_there_in_its_order():
    """Ids of the design come in the design's order, with ours between them."""
    assert [identifier for identifier in CATALOGUE if identifier in DESIGN] == DESIGN


def test_one_file_per_mistake_named_after_it():
    """A new file is a new mistake: ids and file names are the same words."""
    files = {module.name for module in pkgutil.iter_modules(catalogue.__path__)}
    assert files == {identifier.replace("-", "_") for identifier in CATALOGUE}


@pytest.mark.parametrize("mistake", CATALOGUE.values(), ids=list(CATALOGUE))
def test_every_text_is_written_and_fits_its_sentence(mistake):
    """Titles and conditions are clauses; reasons and fixes are sentences."""
    assert mistake.title[0].islower()
    assert not mistake.title.endswith(".")
    assert "{" not in mistake.title
    assert mistake.why.endswith(".")
    assert mistake.fix.rstrip("`").endswith((".", ")"))
    assert mistake.hides_when
    assert not mistake.hides_when.endswith(".")
    assert mistake.shown_by
    is_made = bool(mistake.formulas or mistake.variants or mistake.elsewhere)
    assert is_made == (mistake.id not in BEHAVIOUR | FUNCTIONS)


def test_enough_mistakes_of_grad_weight_show_at_the_forum_layer():
    """Small stand-in for the forum's layer (N = 1, stride 1, no padding): at least sixteen exist, ten show."""
    problem = Problem(integers(ConvSpec(1, 3, 3, 12, 12, (4, 4))))
    formulas = {name: mistake.formulas["weight"] for name, mistake in CATALOGUE.items() if "weight" in mistake.formulas}
    shown = [
        identifier
        for identifier, formula in formulas.items()
        if (wrong := formula(problem)) is not None and not np.array_equal(wrong, problem.grad_weight)
    ]
    assert len(formulas) >= 16
    assert len(shown) >= 10


@pytest.mark.parametrize(("gradient", "identifier", "number"), FORMS)
def test_every_form_differs_from_the_truth_on_some_geometry(gradient, identifier, number):
    """A form that never shows would be a claim without power."""
    formula = CATALOGUE[identifier].forms(gradient)[number].formula
    problems = [Problem(integers(spec)) for spec in SPECS + UNEQUAL + SIDED + GAPPED + PAST_BLOCKS + CAUSAL]
    wrong = [(problem, formula(problem)) for problem in problems]
    assert any(found is not None and not np.array_equal(found, problem.right(gradient)) for problem, found in wrong)


HIDDEN_BY = {
    "batch-mean": (ConvSpec(1, 2, 3, 6, 7, (3, 2)), ConvSpec(2, 2, 3, 6, 7, (3, 2))),
    "last-sample-only": (ConvSpec(1, 2, 3, 6, 7, (3, 2)), ConvSpec(2, 2, 3, 6, 7, (3, 2))),
    "kernel-rotated": (ConvSpec(1, 2, 3, 6, 7, (1, 1)), ConvSpec(1, 2, 3, 6, 7, (3, 3))),
    "channels-summed": (ConvSpec(1, 1, 3, 6, 7, (3, 2)), ConvSpec(1, 3, 3, 6, 7, (3, 2))),
    "channels-reversed": (ConvSpec(1, 1, 3, 6, 7, (3, 2)), ConvSpec(1, 3, 3, 6, 7, (3, 2))),
    "filters-collapsed": (ConvSpec(1, 2, 1, 6, 7, (3, 2)), ConvSpec(1, 2, 2, 6, 7, (3, 2))),
    "updated-too-early": (ConvSpec(1, 2, 1, 6, 7, (3, 2)), ConvSpec(1, 2, 2, 6, 7, (3, 2))),
    "window-not-moved": (ConvSpec(1, 2, 3, 6, 7, (1, 1)), ConvSpec(1, 2, 3, 6, 7, (3, 3))),
    "stride-ignored": (
        ConvSpec(1, 2, 3, 9, 7, (3, 2)),
        ConvSpec(1, 2, 3, 9, 7, (3, 2), stride=(2, 2)),
    ),
    "offset-times-stride": (
        ConvSpec(1, 2, 3, 9, 7, (3, 2)),
        ConvSpec(1, 2, 3, 9, 7, (3, 2), stride=(2, 2)),
    ),
    "padded-twice": (ConvSpec(1, 2, 3, 6, 7, (3, 2)), ConvSpec(1, 2, 3, 6, 7, (3, 2), padding=(1, 1))),
    "upstream-padded": (ConvSpec(1, 2, 3, 6, 7, (3, 2)), ConvSpec(1, 2, 3, 6, 7, (3, 2), padding=(1, 1))),
    "dilation-ignored": (
        ConvSpec(1, 2, 3, 6, 7, (3, 2)),
        ConvSpec(1, 2, 3, 6, 7, (3, 2), dilation=(2, 2)),
    ),
    "groups-ignored": (ConvSpec(1, 4, 4, 6, 7, (3, 2)), ConvSpec(1, 4, 4, 6, 7, (3, 2), groups=2)),
}


@pytest.mark.parametrize("identifier", HIDDEN_BY)
def test_it_hides_and_shows_where_the_texts_say(identifier):
    """The usual formula of grad_weight equals the truth in the first geometry and not in the second."""
    formula = CATALOGUE[identifier].formulas["weight"]
    hidden, shown = (Problem(integers(spec)) for spec in HIDDEN_BY[identifier])
    assert np.array_equal(formula(hidden), hidden.grad_weight)
    assert not np.array_equal(formula(shown), shown.grad_weight)


@pytest.mark.parametrize("gradient", ["weight", "input"])
def test_a_wrong_split_hides_where_both_sides_are_padded_alike(gradient):
    """Wherever zeros are added, as long as there are as many behind X as in front of it."""
    form = CATALOGUE["padding-split-wrong"].forms(gradient)[0]
    for spec in SPECS + UNEQUAL:
        problem = Problem(integers(spec))
        assert np.array_equal(form.formula(problem), problem.right(gradient))
    for spec in SIDED:
        problem = Problem(integers(spec))
        assert not np.array_equal(form.formula(problem), problem.right(gradient))


def test_equal_channels_hide_what_mixes_channels():
    """A gray picture copied to all channels cannot show a reversed order of channels."""
    case = integers(ConvSpec(1, 3, 2, 6, 7, (3, 2)))
    case.x[:, 1:] = case.x[:, :1]
    problem = Problem(case)
    assert np.array_equal(CATALOGUE["channels-reversed"].formulas["weight"](problem), problem.grad_weight)


def test_a_remembering_problem_makes_each_case_and_each_result_once():
    """The arrays are the same objects; a case that stays has no second problem."""
    case, made = integers(ConvSpec(1, 2, 3, 6, 7, (3, 2))), []

    def prepare(case):
        made.append(case)
        return replace(case, x=-case.x)

    def formula(problem):
        made.append(problem)
        return problem.grad_weight + 1

    problem = RememberingProblem(case)
    assert problem.prepared(prepare) is problem.prepared(prepare)
    assert problem.result_of(formula) is problem.result_of(formula)
    assert len(made) == 2
    assert problem.prepared(lambda same: same) is problem
    assert problem.prepared(lambda case: replace(case, x=case.x.copy())) is problem
    assert problem.prepared(lambda case: replace(case, x=case.x.astype(np.float32))) is not problem
    assert problem.prepared(lambda _: None) is None
    assert np.array_equal(problem.prepared(prepare).grad_weight, -problem.grad_weight)

    forgetful = Problem(case)
    assert forgetful.prepared(prepare) is not forgetful.prepared(prepare)
    assert np.array_equal(forgetful.result_of(formula), problem.result_of(formula))


def test_gradients_that_are_known_are_not_computed():
    """What is handed over is taken for right; the others follow from the case."""
    case = integers(ConvSpec(1, 2, 3, 6, 7, (3, 2)))
    known = Gradients(weight=np.ones(case.spec.weight_shape))
    problem = Problem.knowing(case, known)

    assert problem.grad_weight is known.weight
    assert np.array_equal(Problem(case).grad_input, problem.grad_input)


PACKAGE = Path(gradcheck_cli.__file__).parent
# The help shows one as an example: it must not load numpy to look one up.
EXAMPLES = {"gradcheck explain batch-mean"}


def ids_in(source):
    """The texts of a module that are an id, or hold one of several words."""
    texts = [node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)]
    several = "|".join(sorted((each for each in CATALOGUE if "-" in each), reverse=True))
    words = re.compile(rf"(?<![\w-])({several})(?![\w-])")
    for text in (text for text in texts if isinstance(text, str)):
        held = words.search(text)
        if text in CATALOGUE or (held and not any(example in text for example in EXAMPLES)):
            yield text if text in CATALOGUE else held[0]


def test_no_other_module_knows_an_id():
    """What sets a mistake apart is said in its own file, so that a new one is one new file."""
    others = (file for file in PACKAGE.rglob("*.py") if "catalogue" not in file.parts)
    known = {str(file.relative_to(PACKAGE)): list(ids_in(file.read_text("utf-8"))) for file in others}

    assert {} == {file: found for file, found in known.items() if found}


def test_an_id_is_found_as_a_text_of_its_own_and_in_a_sentence():
    """Else the test above could not fail."""
    assert ["shifted", "batch-mean"] == list(ids_in('A = "shifted"\nB = "as batch-mean is"\nC = "is shifted"'))


@pytest.mark.parametrize("sign", Sign)
def test_each_sign_is_told_as_one_mistake(sign):
    """Two would leave it to the order which of them is told."""
    assert 1 == sum(mistake.sign is sign for mistake in CATALOGUE.values())


def test_no_two_mistakes_have_one_place():
    """Else their order would hang on their names."""
    assert len(CATALOGUE) == len({mistake.order for mistake in CATALOGUE.values()})


@pytest.mark.parametrize("mistake", CATALOGUE.values(), ids=lambda mistake: mistake.id)
def test_the_sizes_in_a_sentence_are_known(mistake):
    """Its template names sizes that every geometry has, so that a finding can be written."""
    assert "{" not in mistake.numbers.format(**sizes(ConvSpec(2, 3, 4, 7, 6, (3, 2))))
