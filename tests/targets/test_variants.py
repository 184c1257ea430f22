"""One question to a target with each of several edits in its text."""

import ast
import time

import numpy as np
import pytest

from gradcheck_cli.model import ConvSpec
from gradcheck_cli.targets import TextEdit, Worker, WorkerLimits, resolve, variants
from gradcheck_cli.targets.conventions.probes import integer_case
from gradcheck_cli.targets.edited import Edits
from gradcheck_cli.targets.variants import answered, asked_of, each_answer
from gradcheck_cli.targets.wire import WireError
from helpers import PATIENCE, RIGHT

FILE = "variants_of_a_test.py"
TEXT = "def f(x): return x * 2\n"
SPEC = ConvSpec(2, 2, 3, 6, 5, (3, 3))
BACKWARD = (
    "\ndef backward(x, w, dout):\n    factor = 2\n    gx, gw, gb = right(x, w, dout)\n    return gx, gw * factor, gb\n"
)


@pytest.fixture
def asked(monkeypatch):
    """What asks a function about the number 3, with several edits in its text; `answer` is given the function."""
    monkeypatch.setattr(variants, "SLICE", PATIENCE)
    tree = ast.parse(TEXT)
    names = {}
    exec(compile(tree, FILE, "exec"), names)
    edits = Edits(tree, FILE)

    def ask(several, answer=lambda f, question, arrays: ({"said": f(3)}, {})):
        message, arrays = asked_of(several, {"do": "say"}), {"x": np.arange(3.0)}
        found = answered(edits, message, arrays, lambda question, arrays: answer(names["f"], question, arrays))
        return each_answer(*found)

    return ask


def factor(text):
    """Another factor in the function."""
    return (TextEdit(1, 21, 1, 22, text),)


def test_each_variant_answers_for_itself(asked):
    """Nothing of one is left in the next; where nothing stands at such a place there is no answer."""
    nowhere = (TextEdit(1, 20, 1, 22, "5"),)
    found = asked([factor("5"), nowhere, factor("7"), factor("x"), factor("(")])
    assert [each and each[0]["said"] for each in found] == [15, None, 21, 9, None]


def test_arrays_come_with_their_variant_and_what_one_writes_is_nothing_of_the_next(asked):
    """Each is given what was asked about."""

    def written(f, question, arrays):
        arrays["x"] += f(1)
        return {}, {"first": arrays["x"]}

    found = asked([factor("5"), factor("("), factor("7")], written)
    assert found[1] is None
    np.testing.assert_array_equal(found[0][1]["first"], [5, 6, 7])
    np.testing.assert_array_equal(found[2][1]["first"], [7, 8, 9])


@pytest.mark.parametrize(("slice_", "size", "count"), [(-1, 2**30, 1), (PATIENCE, 24, 2), (PATIENCE, 2**30, 3)])
def test_an_answer_comes_after_a_slice_of_time_or_of_memory(asked, monkeypatch, slice_, size, count):
    """With what was answered by then, one at least; a question that was begun is ended."""
    monkeypatch.setattr(variants, "SLICE", slice_)
    monkeypatch.setattr(variants, "BYTES", size)
    found = asked([factor("5"), factor("6"), factor("7")], lambda f, question, arrays: ({}, {"a": arrays["x"]}))
    assert len(found) == count


def test_no_more_are_asked_about_at_a_time_than_fit_into_a_frame(asked):
    """The rest is asked about in the next one."""
    assert len(asked([factor("5")] * (variants.MOST + 3))) == variants.MOST


@pytest.mark.parametrize("message", [{}, {"answers": []}, {"answers": "all"}])
def test_no_answer_at_all_is_no_answer_of_ours(message):
    """Who waits for one would wait for ever."""
    with pytest.raises(WireError):
        each_answer(message, {})


@pytest.fixture
def worker(tmp_path):
    """Of a backward whose kernel's gradient is twice what is right."""
    file = tmp_path / "user.py"
    file.write_text(RIGHT + BACKWARD)
    with Worker(resolve([f"{file}:backward"])[0], WorkerLimits(timeout=PATIENCE)) as worker:
        worker.describe()
        yield worker


def instead(text):
    """The edit of the factor."""
    line = 1 + (RIGHT + BACKWARD).splitlines().index("    factor = 2")
    return (TextEdit(line, 13, line, 14, text),)


def all_of(worker, texts):
    """The outcomes with each of these texts, however many come in one answer."""
    found, left = [], [instead(text) for text in texts]
    while left:
        answers = worker.backward_of_variants(left, integer_case(SPEC), "once")
        found, left = found + answers, left[len(answers) :]
    return found


def test_a_worker_answers_for_variants_as_for_edits_one_at_a_time(worker):
    """Bit for bit."""
    case, texts = integer_case(SPEC), ["1", "3", "", "x.sum()", "1 / 0"]
    several = all_of(worker, texts)
    singly = [worker.backward(case, "once") if worker.edit(instead(text)) else None for text in texts]
    assert [each and each.error for each in several] == [each and each.error for each in singly]
    assert several[2] is None
    for one, other in zip(several, singly, strict=True):
        if one is not None and not one.error:
            assert one.gradients["weight"].tobytes() == other.gradients["weight"].tobytes()


def test_a_variant_that_ends_the_process_is_the_last_that_has_answered(worker):
    """A process that is gone cannot be given edits, and is not started for them."""
    (died,) = worker.backward_of_variants(
        [instead("__import__('os')._exit(3)"), instead("2")], integer_case(SPEC), "once"
    )
    assert (died.error_kind, died.error) == ("exited", "the code ended the process (exit status 3)")
    assert worker.backward_of_variants([instead("1")], integer_case(SPEC), "once") == [None]
    assert not worker.backward(integer_case(SPEC), "once").error


def test_a_variant_that_hangs_costs_what_it_costs_by_itself(worker):
    """Python code that was edited is ended after two seconds; the others answer."""
    start = time.monotonic()
    found = all_of(worker, ["1", "[None for _ in iter(int, 1)]", "2"])
    assert [each.error.partition(":")[0] for each in found] == ["", "HungError", ""]
    assert time.monotonic() - start < PATIENCE
