"""The two ways out: an expression on the command line, and a function in the file."""

import numpy as np
import pytest

from gradcheck_cli.errors import UsageError
from gradcheck_cli.limits import check_call
from gradcheck_cli.model import VerifyOptions
from gradcheck_cli.targets import HowToCall
from gradcheck_cli.targets.conventions import call
from gradcheck_cli.targets.conventions.base import NotRecognisedError
from gradcheck_cli.targets.conventions.probes import PROBES, integer_case
from gradcheck_cli.targets.load import load
from gradcheck_cli.targets.resolve import no_name, resolve
from helpers import gradcheck

LEDGER = """
import numpy as np

class Ledger:
    def __init__(self, clause):
        self.hop = clause["hop"]

    def settle(self, debts):
        owed, goods, rates = debts
        total = np.zeros_like(rates)
        for n, f, p, q in np.ndindex(owed.shape):
            r, c = p * self.hop, q * self.hop
            total[f] += owed[n, f, p, q] * goods[n, :, r : r + rates.shape[2], c : c + rates.shape[3]]
        return 7, total
"""
SETTLE = "Ledger({'hop': s}).settle((G, x, w))"


@pytest.fixture
def loaded(tmp_path):
    """Load a file with this text, without a name in it."""

    def run(text=LEDGER):
        (tmp_path / "theirs.py").write_text(text)
        return load(resolve([str(tmp_path / "theirs.py")], no_name)[0])

    return run


def refusal(candidate, of):
    """(step, sentence) of what is not meant."""
    with pytest.raises(NotRecognisedError) as caught:
        call.checked(candidate, of)
    return caught.value.step, caught.value.sentence


def test_an_expression_gives_the_gradients_in_the_order_that_is_told(loaded):
    """What `_` stands for is skipped; here a number."""
    theirs = loaded()
    candidate = call.said(theirs, HowToCall(call=SETTLE, returns=("_", "weight")), ())

    assert {"weight": "weight"} == call.checked(candidate, theirs)


def test_what_the_expression_does_not_use_is_not_asked(loaded):
    """No padding, no pair for the stride: such layers are refused with the reason."""
    candidate = call.said(loaded(), HowToCall(call=SETTLE, returns=("_", "weight")), ())
    reasons = {candidate.refuses(spec) for spec in PROBES}

    assert "--call passes no padding" in reasons
    assert "" in reasons


def test_short_names_are_numbers_and_long_names_are_pairs(loaded):
    """A layer whose rows and columns differ is only asked of an expression that takes pairs."""
    theirs = loaded("seen = []\ndef note(*sizes):\n    seen.append(sizes)\n    return {'weight': [1.0]}\n")
    case = integer_case(PROBES[0])
    call.said(theirs, HowToCall(call="note(s, stride, p, padding, d, dilation, groups)"), ()).start(case)()

    spec = case.spec
    expected = (spec.stride[0], spec.stride, spec.padding[0], spec.padding, 1, (1, 1), 1)
    assert [expected] == theirs.module.seen


def test_arrays_in_another_order_of_axes(loaded):
    """`--convention nhwc` hands X over with its channels last."""
    theirs = loaded("def shape(x):\n    return {'input': x}\n")
    case = integer_case(PROBES[0])
    candidate = call.said(theirs, HowToCall(call="shape(x)"), ("nhwc",))

    assert np.array_equal(case.x.transpose(0, 2, 3, 1), candidate.start(case)().items["input"])


@pytest.mark.parametrize(
    ("expression", "returns", "expected"),
    [
        ("Leger({}).settle(G)", ("weight",), ("run", "--call uses Leger, which the file does not define")),
        ("Ledger()", ("weight",), ("run", "what --call says raises")),
        (SETTLE, ("weight",), ("read", "--call gives 2 arrays, and --returns names 1")),
        (SETTLE, (), ("read", "--call gives 2 arrays, and --returns does not say which")),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_step(loaded, expression, returns, expected):
    """An unknown name, arguments that do not fit, other results."""
    theirs = loaded()

    assert expected == refusal(call.said(theirs, HowToCall(call=expression, returns=returns), ()), theirs)


def test_what_the_code_itself_raises_is_its_own_failure(loaded):
    """It is judged on every geometry, not refused."""
    theirs = loaded("def f(g):\n    return [][0]\n")
    candidate = call.said(theirs, HowToCall(call="f(G)", returns=("weight",)), ())

    assert {"weight": "weight"} == call.checked(candidate, theirs)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "def gradcheck_call(**all):\n    return [1.0]\n",
            "gradcheck_call takes (all), and is given (x, weight,",
        ),
        (
            "def gradcheck_call({}):\n    return x\n",
            "gradcheck_call returns a ndarray; a dict of weight, input,",
        ),
        (
            "def gradcheck_call({}):\n    return {{'dw': x}}\n",
            "gradcheck_call returns 'dw'; the keys are weight,",
        ),
    ],
)
def test_a_function_of_another_form_is_refused(loaded, text, expected):
    """Its parameters, or what it returns."""
    theirs = loaded(text.format(", ".join(call.ARGUMENTS)) if "**" not in text else text)
    with pytest.raises(NotRecognisedError) as caught:
        call.checked(call.said(theirs, HowToCall(), ()), theirs)

    assert caught.value.sentence.startswith(expected)


@pytest.mark.parametrize(
    ("expression", "returns", "message"),
    [
        ("f(", "weight", "--call is no Python expression at column 2: '(' was never closed."),
        ("", "weight", "--returns says what --call gives, and there is no --call."),
        ("f(x)", "weights", "--returns names 'weights'."),
        ("f(x)", "weight,weight", "--returns names 'weight' twice."),
    ],
)
def test_options_that_mean_nothing_are_refused_before_anything_is_loaded(expression, returns, message):
    """With the value and an example."""
    with pytest.raises(UsageError) as caught:
        check_call(expression, returns)

    assert message == caught.value.sentence


def test_one_expression_serves_a_folder_and_can_be_reproduced(tmp_path):
    """Right and wrong submissions, a row each; the reproduce line says the expression again."""
    (tmp_path / "anna.py").write_text(LEDGER)
    (tmp_path / "ben.py").write_text(LEDGER.replace("return 7, total", "return 7, total / len(goods)"))

    done = gradcheck("verify", f"{tmp_path}/*.py", "--call", SETTLE, "--returns", "_,weight", "--format", "json")

    assert 1 == done.exit_code, done.stderr
    assert ['"pass"', '"fail"'] == [
        line.split()[-1].strip(",") for line in done.stdout.splitlines() if line.startswith('      "verdict"')
    ]
    assert "--returns _,weight" in done.stdout


def test_a_file_that_says_how_it_is_called_needs_no_name(tmp_path):
    """`gradcheck_call` is what is meant, and stands before other candidates."""
    (tmp_path / "own.py").write_text(f"def conv_backward(a): ...\ndef {call.FUNCTION}(): ...\n")

    assert call.FUNCTION == resolve([str(tmp_path / "own.py")])[0].name


def test_the_options_say_how_to_call():
    """Spaces around the roles do not matter."""
    options = VerifyOptions(("a.py",), call="f(G)", returns="weight, _ ,bias")

    assert HowToCall("auto", "f(G)", ("weight", "_", "bias")) == HowToCall.of(options)
