"""The two ways out: an expression on the command line, and a function in the file."""

from contextlib import nullcontext

import numpy as np
import pytest

from gradcheck_cli.layers import conv
from gradcheck_cli.model import ConvSpec, VerifyOptions
from gradcheck_cli.model.errors import UsageError
from gradcheck_cli.model.limits import check_call
from gradcheck_cli.model.spelled import names_in
from gradcheck_cli.targets import HowToCall, Worker, WorkerLimits, called_by, resolve
from gradcheck_cli.targets.conventions.base import NotRecognisedError
from gradcheck_cli.targets.conventions.call import ARGUMENTS
from gradcheck_cli.targets.conventions.call_tried import as_said, said
from gradcheck_cli.targets.conventions.handed_back import ReadingError, by_exact_keys, by_keys, by_returns
from gradcheck_cli.targets.conventions.probes import integer_case
from gradcheck_cli.targets.conventions.results import take
from gradcheck_cli.targets.load import load
from gradcheck_cli.targets.resolve import CALL
from helpers import gradcheck

PLAIN = ConvSpec(2, 3, 4, 7, 8, (3, 3))
STRIDED = ConvSpec(2, 3, 4, 7, 9, (3, 3), stride=(2, 2))
PADDED = ConvSpec(2, 3, 4, 7, 8, (3, 3), padding=(1, 1))
UNEVEN = ConvSpec(2, 3, 4, 7, 8, (3, 3), stride=(2, 1))

ODDLY_NAMED = """
import numpy as np

def fold(q, r, t):
    '''(upstream, (picture, kernels), hop)'''
    a, k = r
    da, dk = np.zeros(a.shape), np.zeros(k.shape)
    for y in range(q.shape[2]):
        for z in range(q.shape[3]):
            at = np.s_[:, :, y * t : y * t + k.shape[2], z * t : z * t + k.shape[3]]
            da[at] += np.tensordot(q[:, :, y, z], k, axes=(1, 0))
            dk += np.tensordot(q[:, :, y, z], a[at], axes=(0, 0))
    return dk, (da, q.sum(axis=(0, 2, 3)))
"""


def how(call, returns):
    """From the texts of the two options."""
    return HowToCall.of(VerifyOptions(("a.py",), call=call, returns=returns))


@pytest.fixture
def told(tmp_path):
    """The chosen call of a file that is written down here."""

    def choose(source, call="", returns="", words=()):
        file = tmp_path / "theirs.py"
        file.write_text(source)
        (ref,) = resolve([str(file)], called_by(call) if call else None)
        loaded = load(ref, names=names_in(call))
        spelled = said(loaded, how(call, returns), words)
        return as_said(spelled, words, lambda: None, nullcontext)

    return choose


def right(chosen, spec):
    """The gradients that are right at `spec`, in alphabetical order."""
    case = integer_case(spec)
    taken = take(chosen.candidate.start(case)(), chosen.plan, spec, chosen.candidate.layout, "")
    truth = conv.backward(case)
    return [name for name in sorted(chosen.plan) if np.array_equal(taken.gradients.get(name), truth.get(name))]


def refusal(choose, *arguments, **options):
    """(step, sentence, hint) of a call that cannot be made."""
    with pytest.raises(NotRecognisedError) as caught:
        choose(*arguments, **options)
    return caught.value.step, str(caught.value), caught.value.hint


def test_an_expression_calls_what_no_name_tells(told):
    """Nested results are flattened and named in order."""
    chosen = told(ODDLY_NAMED, "fold(G, (x, w), s)", "weight,input,bias")

    assert right(chosen, PLAIN) == right(chosen, STRIDED) == ["bias", "input", "weight"]
    assert chosen.candidate.why() == "called as --call says: fold(G, (x, w), s)"


def test_long_names_mean_the_same(told):
    """weight and grad_output for w and G; stride is the pair."""
    assert right(told(ODDLY_NAMED, "fold(grad_output, (x, weight), stride[0])[0]", "weight"), STRIDED) == ["weight"]


def test_what_is_not_used_is_not_asked(told):
    """No padding, no dilation, no groups are handed over."""
    candidate = told(ODDLY_NAMED, "fold(G, (x, w), 1)[0]", "weight").candidate

    assert candidate.refuses(STRIDED) == "--call passes no stride"
    assert candidate.refuses(PADDED) == "--call passes no padding"
    assert candidate.refuses(PLAIN) == ""


def test_short_names_are_numbers_and_long_names_are_pairs(told):
    """A layer whose rows and columns differ is only asked of an expression that takes pairs."""
    source = "seen = []\ndef note(x, *sizes):\n    seen.append(sizes)\n    return x\n"
    call = "note(x, s, stride, p, padding, d, dilation, k, kernel_size, groups, in_channels, out_channels)"
    candidate = told(source, call, "input").candidate
    candidate.start(integer_case(UNEVEN))()

    expected = (2, (2, 1), 0, (0, 0), 1, (1, 1), 3, (3, 3), 1, 3, 4)
    assert candidate.spelled.scope["seen"][-1] == expected
    number = told(source, "note(x, s)", "input").candidate
    assert number.refuses(UNEVEN) == "--call passes one number for the stride (stride is the pair)"
    assert told(source, "note(x, stride)", "input").candidate.refuses(UNEVEN) == ""


ONE_HOP = """
import numpy as np

def back(up, picture, taps, hop):
    da, dk = np.zeros(picture.shape), np.zeros(taps.shape)
    high, wide = taps.shape[2:]
    for y in range(up.shape[2]):
        for z in range(up.shape[3]):
            top, left = y * hop, z * hop
            da[:, :, top : top + high, left : left + wide] += np.tensordot(up[:, :, y, z], taps, axes=(1, 0))
            dk += np.tensordot(up[:, :, y, z], picture[:, :, top : top + high, left : left + wide], axes=(0, 0))
    return da, dk
"""


def test_a_long_name_is_one_number_for_code_that_runs_on_nothing_else(told):
    """`stride` is what most people call it; a pair would only make their code raise."""
    chosen = told(ONE_HOP, "back(G, x, w, stride)", "input,weight")

    assert right(chosen, PLAIN) == right(chosen, STRIDED) == ["input", "weight"]
    assert chosen.candidate.refuses(UNEVEN) == "--call passes one number for the stride"
    assert chosen.candidate.why() == "called as --call says: back(G, x, w, stride) (stride as one number)"


def test_a_long_name_stays_a_pair_where_the_code_runs_on_it_and_is_wrong(told):
    """Numbers that are not right are no reason to hand it something else."""
    chosen = told(
        ONE_HOP.replace("top, left = y * hop, z * hop", "top, left = y * hop[0], z * hop[0]"),
        "back(G, x, w, stride)",
        "input,weight",
    )

    assert chosen.candidate.refuses(UNEVEN) == ""
    assert right(chosen, STRIDED) == ["input", "weight"]


def test_gradcheck_call_is_handed_numbers_where_it_runs_on_nothing_else(told):
    """It passes on what it is given."""
    source = ONE_HOP + (
        "def gradcheck_call(x, weight, grad_output, stride):\n"
        "    dx, dw = back(grad_output, x, weight, stride)\n"
        "    return {'weight': dw, 'input': dx}\n"
    )
    chosen = told(source)

    assert right(chosen, STRIDED) == ["input", "weight"]
    assert chosen.candidate.refuses(UNEVEN) == "gradcheck_call takes one number for the stride"
    assert chosen.candidate.why() == "called through gradcheck_call of its file (stride as one number)"


def test_a_call_that_hands_over_one_image_is_asked_about_one_image(told):
    """The rest would be left out by the call, not by the code."""
    source = ONE_HOP + "def one(up, picture, taps):\n    return back(up[None], picture[None], taps, 1)[1]\n"
    candidate = told(source, "one(G[0], x[0], w)", "weight").candidate

    assert candidate.refuses(PLAIN) == "--call hands over x[0], one of 2 images"
    assert right(told(source, "one(G[0], x[0], w)", "weight"), ConvSpec(1, 3, 4, 7, 8, (3, 3))) == ["weight"]


CLASS = """
import numpy as np

class Op:
    def attach(self, kernels):
        self.kernels = kernels

    def see(self, image):
        self.image = image

    def blame(self, d):
        views = np.lib.stride_tricks.sliding_window_view(self.image, self.kernels.shape[2:], axis=(2, 3))
        self.slope = np.einsum("nfyz,ncyzuv->fcuv", d, views)
"""


def test_a_class_is_called_in_several_steps(told):
    """A list with := ; the last item counts."""
    chosen = told(CLASS, "[o := Op(), o.attach(w), o.see(x), o.blame(G), o.slope][-1]", "weight")
    assert right(chosen, PLAIN) == ["weight"]


def test_nothing_that_an_expression_binds_is_left_behind(told):
    """Each call has a namespace of its own."""
    source = "kept = []\ndef f(x, seen):\n    kept.append(seen)\n    return x\n"
    chosen = told(source, "[old := globals().get('mine'), mine := x, f(x, old)][-1]", "input")
    for _ in range(2):
        chosen.candidate.start(integer_case(PLAIN))()
    kept = chosen.candidate.spelled.scope["kept"]

    assert kept == [None] * len(kept)


def test_channels_last_are_handed_over_and_taken_back(told):
    """`--convention nhwc`, with F as (kh, kw, c_in, c_out)."""
    source = (
        "import numpy as np\n"
        "def f(im, up, size):\n"
        "    views = np.lib.stride_tricks.sliding_window_view(im, size, axis=(1, 2))\n"
        "    return np.einsum('nyzf,nyzcuv->uvcf', up, views)\n"
    )
    assert right(told(source, "f(x, G, w.shape[:2])", "weight", ["nhwc"]), PLAIN) == ["weight"]


def test_results_with_the_channels_last_are_no_mistake(told):
    """The layout was not said: step read."""
    source = "def f(g, im):\n    return im.transpose(0, 2, 3, 1)\n"

    assert refusal(told, source, "f(G, x)", "input") == (
        "read",
        "grad_input came back as (3, 8, 7, 2): the channels are last",
        "--convention nhwc hands arrays over and takes them so; or transpose in --call",
    )


def test_code_that_pads_by_itself_is_asked_about_its_own_padding(told):
    """An expression without p, for code that keeps the size."""
    source = (
        "import numpy as np\n"
        "def f(im, up, k):\n"
        "    m = (k - 1) // 2\n"
        "    im = np.pad(im, ((0, 0), (0, 0), (m, m), (m, m)))\n"
        "    views = np.lib.stride_tricks.sliding_window_view(im, (k, k), axis=(2, 3))\n"
        "    return np.einsum('nfyz,ncyzuv->fcuv', up, views)\n"
    )
    chosen = told(source, "f(x, G, len(w[0, 0]))", "weight")

    assert chosen.candidate.same
    assert right(chosen, PADDED) == ["weight"]
    assert chosen.candidate.refuses(PLAIN) == "it always pads to keep the size"


def test_modes_of_padding_are_handed_over_as_words(told):
    """'valid' without a padding, 'same' where it keeps the size; no other padding is asked."""
    chosen = told(
        "def f(im, mode):\n    assert mode in ('same', 'valid')\n    return im\n", "f(x, padding_mode)", "input"
    )

    assert chosen.candidate.refuses(PADDED) == chosen.candidate.refuses(PLAIN) == ""
    other = ConvSpec(2, 3, 4, 9, 8, (3, 3), padding=(2, 2))
    assert chosen.candidate.refuses(other) == "its padding is 'same' or 'valid'"


def test_torch_code_is_handed_tensors(told):
    """Where it cannot work with arrays."""
    source = (
        "import torch\n"
        "def f(im, up, size):\n"
        "    views = im.unfold(2, size, 1).unfold(3, size, 1)\n"
        "    return torch.einsum('nfyz,ncyzuv->fcuv', up, views)\n"
    )
    chosen = told(source, "f(x, G, len(w[0, 0]))", "weight")

    assert right(chosen, PLAIN) == ["weight"]
    assert chosen.candidate.why().endswith("(with torch's tensors)")


@pytest.mark.parametrize(
    ("call", "returns", "expected"),
    [
        ("fold(G, (x, w), s)", "weight,input", ("read", "--call gives 3 arrays, and --returns names 2")),
        (
            "fold(G, (x, w), s)",
            "",
            ("read", "--call gives 3 arrays in a tuple, and --returns does not say which"),
        ),
        ("{'a': x}", "", ("read", "--call gives a dict whose keys say no gradient: 'a'")),
        ("[fold(G, (x, w), s), None][-1]", "weight", ("read", "--call gives None")),
        ("fold", "weight", ("read", "it returned a function for weight")),
        (
            "fold(G, (x, w), s)",
            "input,weight,bias",
            ("read", "grad_weight came back as (3, 2, 8, 7), the shape of grad_input"),
        ),
        (
            "fold(G, x)",
            "weight",
            ("run", "what --call says raises TypeError: fold() missing 1 required positional argument: 't'"),
        ),
        (
            "x.backwards(G)",
            "weight",
            (
                "run",
                "what --call says raises AttributeError: 'numpy.ndarray' object has no attribute 'backwards'",
            ),
        ),
        ("fodl(G, (x, w), s)", "weight", ("run", "--call uses fodl, which the file does not define")),
    ],
)
def test_a_call_that_cannot_be_meant_is_refused(told, call, returns, expected):
    """Step and sentence."""
    assert refusal(told, ODDLY_NAMED, call, returns)[:2] == expected


@pytest.mark.parametrize(
    ("call", "meant"), [("fold(g, (x, w), s)", "did you mean G? "), ("fodl(G, (x, w), s)", "did you mean fold? ")]
)
def test_a_name_that_is_nearly_there_is_offered(told, call, meant):
    """One of the standard names in another case, or one of the file's."""
    assert refusal(told, ODDLY_NAMED, call, "weight")[2].startswith(meant)


def test_another_order_is_offered(told):
    """The results have each other's shapes."""
    hint = refusal(told, ODDLY_NAMED, "fold(G, (x, w), s)", "input,weight,bias")[2]
    assert hint == "did you mean --returns weight,input,bias?"


def test_code_that_raises_itself_is_judged(told):
    """The call is known, so what it raises is its failure: no refusal."""
    chosen = told("def f(x):\n    return x.nothing\n", "f(x)", "input")

    assert chosen.yields == ("input",)
    with pytest.raises(AttributeError):
        chosen.candidate.start(integer_case(PLAIN))()


def test_a_function_without_a_return_is_judged(told):
    """It is not finished; how it is called is no question."""
    assert told("def f(x):\n    x + 1\n", "f(x)", "input").yields == ("input",)


def test_a_family_of_conventions_contradicts_a_call(told):
    """Only layouts go with --call."""
    with pytest.raises(UsageError, match="--convention cache and --call both say how the code is called"):
        told(ODDLY_NAMED, "fold(G, (x, w), s)", "weight,input,bias", ["cache"])


def test_arguments_that_the_code_writes_into_are_seen(told):
    """By the names of their roles."""
    chosen = told("def f(g, k):\n    k += 1\n    return k\n", "f(G, w)", "weight")
    assert chosen.candidate.start(integer_case(PLAIN))().mutated == ("weight",)


HOOKED = (
    ODDLY_NAMED
    + """
def gradcheck_call(x, weight, bias, grad_output, stride, padding, dilation, groups):
    if stride[0] != stride[1] or padding != (0, 0) or dilation != (1, 1) or groups > 1:
        raise NotImplementedError
    dk, (da, db) = fold(grad_output, (x, weight), stride[0])
    return {"weight": dk, "input": da, "bias": db}
"""
)


def test_a_file_says_itself_how_it_is_called(told):
    """gradcheck_call() is used without an option."""
    chosen = told(HOOKED)

    assert chosen.candidate.why() == "called through gradcheck_call of its file"
    assert right(chosen, STRIDED) == ["bias", "input", "weight"]


def test_call_wins_over_the_file(told):
    """What is typed is meant."""
    assert told(HOOKED, "fold(G, (x, w), 1)[0]", "weight").yields == ("weight",)


def test_parameters_that_are_left_out_are_not_asked(told):
    """A function without `stride` is asked about stride 1."""
    source = "def gradcheck_call(x, weight, grad_output):\n    return {'input': x}\n"
    candidate = told(source).candidate

    assert candidate.refuses(STRIDED) == "gradcheck_call passes no stride"
    assert candidate.refuses(PLAIN) == ""


GIVEN = f"and is given ({', '.join(ARGUMENTS)})"


@pytest.mark.parametrize(
    ("source", "step", "sentence"),
    [
        ("def gradcheck_call(x, w):\n    return {}\n", "run", f"gradcheck_call takes (x, w), {GIVEN}"),
        ("def gradcheck_call(x, /):\n    return {}\n", "run", f"gradcheck_call takes (x), {GIVEN}"),
        ("def back(x): ...\ngradcheck_call = 3\n", "run", "gradcheck_call is not a function"),
        (
            "def gradcheck_call(x):\n    return {'dx': x}\n",
            "read",
            "gradcheck_call returns 'dx'; the keys are weight, input, bias",
        ),
        (
            "def gradcheck_call(x):\n    return x\n",
            "read",
            "gradcheck_call returns an array; a dict of weight, input, bias is needed",
        ),
        ("def gradcheck_call(x):\n    return {}\n", "read", "gradcheck_call returns an empty dict"),
        (
            "def gradcheck_call(x):\n    return {'input': undone(x)}\n",
            "run",
            "gradcheck_call raises NameError: name 'undone' is not defined",
        ),
    ],
)
def test_a_gradcheck_call_that_cannot_be_meant_is_refused(told, source, step, sentence):
    """Signature, keys, its own slips."""
    assert refusal(told, source)[:2] == (step, sentence)


ONE, OTHER = np.arange(6.0).reshape(2, 3), np.ones(2)


@pytest.mark.parametrize(
    ("result", "returns", "expected"),
    [
        (ONE, ["weight"], {"weight": ONE}),
        (ONE.tolist(), ["weight"], {"weight": ONE}),
        ([ONE, ONE], ["weight", "input"], {"weight": ONE, "input": ONE}),
        ((ONE, (OTHER,)), ["weight", "bias"], {"weight": ONE, "bias": OTHER}),
        ((ONE, {"any": object()}), ["weight", "_"], {"weight": ONE}),
        ((ONE, {"k": ONE, "b": OTHER}), ["input", "weight", "bias"], {"input": ONE, "weight": ONE, "bias": OTHER}),
        ({"bias": OTHER, "weight": ONE}, ["weight", "bias"], {"weight": ONE, "bias": OTHER}),
        ({"first": ONE, "second": OTHER}, ["weight", "bias"], {"weight": ONE, "bias": OTHER}),
        ([ONE.tolist(), OTHER.tolist()], ["weight", "bias"], {"weight": ONE, "bias": OTHER}),
        ((1.0, 1.0), ["bias"], {"bias": OTHER}),
        (["done", ONE, 0], ["weight", "_"], {"weight": ONE}),
        ((ONE, None, OTHER), ["weight", "bias"], {"weight": ONE, "bias": OTHER}),
    ],
)
def test_results_are_taken_in_the_order_that_is_said(result, returns, expected):
    """Arrays, lists, tuples, dicts, nested."""
    found = by_returns(result, returns)

    assert {name: array.tolist() for name, array in found.items()} == {n: a.tolist() for n, a in expected.items()}


class JaxLike:
    """Holds an array, as other libraries' arrays do."""

    def __array__(self, dtype=None, copy=None):
        """As numpy asks."""
        return ONE


def test_arrays_of_other_libraries_are_read():
    """Whatever has `__array__`."""
    assert by_returns((JaxLike(), None), ["weight", "_"])["weight"].tolist() == ONE.tolist()


@pytest.mark.parametrize(
    ("result", "expected"),
    [({"dW": ONE, "db": OTHER}, ["bias", "weight"]), ({"input": ONE, "cache": None}, ["input"])],
)
def test_the_keys_of_a_dict_say_what_they_hold(result, expected):
    """Roles, or the names that people give to gradients."""
    assert sorted(by_keys(result)) == expected


def test_two_keys_for_one_gradient_are_refused():
    """Which of them is meant?"""
    with pytest.raises(ReadingError, match=r"^two keys of what --call gives say weight: 'dW', 'weight'$"):
        by_keys({"dW": ONE, "weight": ONE})


def test_a_gradient_that_is_none_is_refused():
    """A promise that is not kept."""
    with pytest.raises(ReadingError, match=r"^it returned None for bias$"):
        by_exact_keys({"weight": ONE, "bias": None})


def test_names_of_an_expression_are_those_that_it_does_not_bind():
    """Walruses, comprehensions and lambdas bind; the outermost call comes first."""
    names = names_in("back(G, [i for i in fwd(x)], lambda z: z + q, (t := w))")

    assert names[:2] == ("back", "G")
    assert set(names) == {"back", "G", "fwd", "x", "q", "w"}
    assert names_in("") == ()


def test_a_worker_is_told_how_to_call(tmp_path):
    """Through the process: the same case, the same gradients."""
    file = tmp_path / "theirs.py"
    file.write_text(ODDLY_NAMED)
    call = "fold(G, (x, w), s)"
    (ref,) = resolve([str(file)], called_by(call))
    case = integer_case(STRIDED)
    with Worker(ref, WorkerLimits(timeout=60), how(call, "weight,input,bias")) as worker:
        described, outcome = worker.describe(), worker.backward(case)

    assert (ref.name, ref.line) == ("fold", 4)
    assert (described.convention, described.layout, described.yields) == ("call", "NCHW", ("weight", "input", "bias"))
    assert np.array_equal(outcome.gradients.input, conv.backward(case).input)


def test_code_that_ends_the_process_in_every_call_is_judged(tmp_path):
    """The call is known, so it is asked without a try."""
    file = tmp_path / "theirs.py"
    file.write_text("import os\ndef f(x):\n    os._exit(3)\n")
    with Worker(resolve([str(file)], called_by("f(x)"))[0], WorkerLimits(timeout=60), how("f(x)", "input")) as worker:
        assert worker.backward(integer_case(PLAIN)).error_kind == "exited"


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
    (tmp_path / "anna.py").write_text(ODDLY_NAMED)
    (tmp_path / "ben.py").write_text(ODDLY_NAMED.replace("return dk", "return dk / len(a)"))

    call = ("--call", "(7, fold(G, (x, w), s)[0])", "--returns", "_,weight")
    done = gradcheck("verify", f"{tmp_path}/*.py", *call, "--format", "json")

    assert 1 == done.exit_code, done.stderr
    assert ['"pass"', '"fail"'] == [
        line.split()[-1].strip(",") for line in done.stdout.splitlines() if line.startswith('      "verdict"')
    ]
    assert "--returns _,weight" in done.stdout


def test_a_file_that_says_how_it_is_called_needs_no_name(tmp_path):
    """`gradcheck_call` is what is meant, and stands before other candidates."""
    (tmp_path / "own.py").write_text(f"def conv_backward(a): ...\ndef {CALL}(): ...\n")

    assert CALL == resolve([str(tmp_path / "own.py")])[0].name


def test_the_options_say_how_to_call():
    """Spaces around the roles do not matter."""
    options = VerifyOptions(("a.py",), call="f(G)", returns="weight, _ ,bias")

    kinds = ("convolution", "function")
    assert HowToCall("auto", "f(G)", ("weight", "_", "bias"), kinds) == HowToCall.of(options)


LAST = """
import numpy as np

def back(up, picture, taps):
    '''(n, h, w, c), (filters, rows, columns, c)'''
    below, slope = np.zeros(picture.shape), np.zeros(taps.shape)
    for a in range(taps.shape[1]):
        for e in range(taps.shape[2]):
            at = np.s_[:, a : a + up.shape[1], e : e + up.shape[2]]
            slope[:, a, e] = np.tensordot(up, picture[at], ([0, 1, 2], [0, 1, 2])) * FACTOR
            below[at] += up @ taps[:, a, e] * FACTOR
    return slope, below
"""


def test_code_that_raises_on_our_order_and_is_right_on_another_is_not_judged(told):
    """A forgotten `--convention nhwc` is no crash of the code."""
    with pytest.raises(NotRecognisedError) as refusal:
        told(LAST.replace("FACTOR", "1"), "back(G, x, w)", "weight,input")
    assert refusal.value.sentence == "it raises on arrays in the order NCHW and is right on NHWC"
    assert refusal.value.hint == "say so: --convention nhwc"


def test_code_that_is_right_in_no_order_is_judged_in_ours(told):
    """Wrong by a factor in NHWC, it raises in NCHW: nothing proves that another order was meant."""
    chosen = told(LAST.replace("FACTOR", "2"), "back(G, x, w)", "weight,input")
    assert chosen.candidate.layout.id == "NCHW"
