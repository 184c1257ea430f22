"""What a target is asked, in which order, and when it is left alone."""

from dataclasses import replace

from answering import TRUTHS, Answering, session_of

from gradcheck_cli.model import ConvSpec, Gradients, Verdict
from gradcheck_cli.targets import Described, Outcome
from gradcheck_cli.trials.session import MOST_DEATHS

DESCRIBED = Described("function", "NCHW", "by the names of its parameters", 3, ("weight", "input", "bias"))
SPECS = [ConvSpec(2, 1, 2, 5, 4 + more, (2, 2)) for more in range(5)]


def right(truth):
    """All gradients as they should be, twice."""
    return Outcome(truth.gradients, truth.gradients)


def test_a_target_that_is_right_sees_the_further_probes_and_a_second_use():
    """On the two largest geometries; the second use comes last, on the narrow numbers of the largest."""
    worker = Answering(right)
    session = session_of(worker, DESCRIBED)
    session.try_all(SPECS)
    session.try_further()

    probes = [(trial.answer.question.probe, trial.case.spec.width) for trial in session.further]
    assert [("wide", 8), ("fractional", 8), ("tiny", 8), ("wide", 7), ("fractional", 7), ("tiny", 7)] == probes[:-1]
    assert ("after-another", 8) == probes[-1]
    assert "after another" == worker.asked[-1][1]
    assert session.further[-1].case is TRUTHS.of(session.trials[-1].answer.question).case


def test_what_is_refused_whatever_the_numbers_are_is_not_asked():
    """It stands in the record as refused, in the words of the target, and nothing is summed for it."""
    worker = Answering(right, lambda spec: "it is too wide" if spec.width > 6 else "")
    specs = [replace(spec, batch=3) for spec in SPECS]  # nobody else has asked for the truth on these
    session = session_of(worker, DESCRIBED)
    session.try_all(specs)

    assert [spec for spec, _ in worker.asked] == specs[:3]
    refused = [trial for trial in session.trials if not trial.supported]
    assert [trial.case.spec for trial in refused] == specs[3:]
    assert {("it is too wide", "refused")} == {(trial.outcome.error, trial.outcome.error_kind) for trial in refused}
    assert not any("gradients" in vars(trial.truth) for trial in refused)


def test_every_question_has_an_id_of_its_own():
    """Geometry, probe, seed and target together."""
    session = session_of(Answering(right), DESCRIBED)
    session.try_all(SPECS)
    session.try_further()

    ids = [trial.answer.question.id for trial in (*session.trials, *session.further)]
    assert len(set(ids)) == len(ids) == len(SPECS) + 7


def test_a_target_that_keeps_dying_is_left_alone():
    """After three deaths nothing is asked, and the record says why."""
    dies = Answering(lambda _: Outcome(Gradients(), error="the process was ended by SIGSEGV", error_kind="crashed"))
    session = session_of(dies, DESCRIBED)
    session.try_all(SPECS)
    session.try_more()
    session.try_further()
    record = session.finished()

    assert MOST_DEATHS == len(dies.asked) == len(record.trials)
    assert "stopped after 3 calls that ended the target, hung or outgrew its memory" == record.stopped
    assert {Verdict.ERROR} == {trial.verdict(name) for trial in record.trials for name in DESCRIBED.yields}


def test_after_its_time_nothing_is_asked_but_once():
    """The record says how much was asked up to then: what used all of its time to be tried at all is shown slow."""
    worker = Answering(right, lambda spec: "it is too narrow" if spec.width < 6 else "")
    session = session_of(worker, DESCRIBED, timeout=7.0, deadline=0.0)
    session.try_all(SPECS)

    assert SPECS[2:3] == [spec for spec, _ in worker.asked]
    assert "stopped after 1 geometry at the time limit of 7 s" == session.finished().stopped


def test_what_hangs_has_its_finding_however_late_it_is():
    """Its time may have gone into the tries to call it."""
    hangs = Answering(lambda _: Outcome(Gradients(), error="no answer within 7 s", error_kind="timeout"))
    session = session_of(hangs, DESCRIBED, timeout=7.0, deadline=0.0)
    session.try_all(SPECS)

    (trial,) = session.trials
    assert trial.observation().timed_out


def test_what_was_asked_does_not_change_behind_a_reader():
    """The trials up to now are a value: who walks through them while more are asked sees those."""
    session = session_of(Answering(right), DESCRIBED)
    session.try_all(SPECS[:2])
    seen = session.trials
    session.try_all(SPECS[2:])

    assert (2, 5) == (len(seen), len(session.trials))


def test_an_example_that_cannot_be_made_smaller_in_time_is_shown_as_it_is():
    """The failing geometry with the least work."""
    wrong = Answering(lambda truth: Outcome(Gradients(-truth.gradients.weight, None, None)))
    session = session_of(wrong, DESCRIBED, timeout=-1.0)
    session.try_all(SPECS)
    example = session.finished().counterexample

    assert (SPECS[0], "weight", None, ()) == (example.spec, example.gradient, example.entry, example.terms)
    assert (example.expected == -example.actual).all()
    assert not example.is_smallest


def test_what_only_raised_at_first_owes_what_it_gives_where_a_call_ends():
    """All three are assumed until then; where nothing ever ends, they stay."""

    def odd(truth):
        """Ends on odd widths, with one gradient."""
        if truth.case.spec.width % 2:
            return Outcome(Gradients(weight=truth.gradients.weight))
        return Outcome(Gradients(), error="ValueError: no", error_kind="raised")

    session = session_of(Answering(odd), replace(DESCRIBED, assumed=True))
    session.try_all(SPECS[:1])
    assert session.finished().described.yields == ("weight", "input", "bias")
    session.try_all(SPECS[1:])
    assert session.finished().described.yields == ("weight",)
    assert {trial.yields for trial in session.trials} == {("weight",)}
    assert {Verdict.PASS} == {trial.verdict("weight") for trial in session.trials if trial.ended}
