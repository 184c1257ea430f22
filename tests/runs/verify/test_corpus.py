"""Every planted file through `verify`: the wrong ones are named and proved, the right ones never fail."""

import random

import pytest
from observing import observing
from planted import RIGHT, WRONG, verified

from gradcheck_cli.layers import geometries
from gradcheck_cli.model import CALL, Verdict

RANDOM_GEOMETRIES = 16
SEED = 20
# What a call does is told once, not for each gradient.
OF_THE_CALL = ("mutates-input",)


def random_geometries(seed, count):
    """So many of those that `--geometries full` draws from."""
    generator, found = random.Random(seed), []
    while len(found) < count:
        spec = geometries.random_spec(generator)
        found += [] if spec is None else [spec]
    return tuple(found)


@pytest.fixture(scope="module")
def wrong():
    """`verify` on all files with a mistake, and what is seen of them on geometries of our own."""
    with observing(WRONG) as seen:
        return *verified(WRONG), seen


@pytest.fixture(scope="module")
def right():
    """`verify` on all right files, on random geometries besides its own, and what is seen of them on ours."""
    with pytest.MonkeyPatch.context() as patch, observing(RIGHT) as seen:
        extra = random_geometries(SEED, RANDOM_GEOMETRIES)
        patch.setattr(geometries, "QUICK", geometries.QUICK + extra)
        return *verified(RIGHT), set(extra), seen


@pytest.mark.parametrize("planted", WRONG, ids=lambda planted: planted.id)
def test_a_planted_mistake_is_named_and_proved(planted, wrong):
    """The finding of the header, for each of its gradients, as proved."""
    report = wrong[1][planted.target]
    gradients = planted.gradients[:1] if planted.mistake in OF_THE_CALL else planted.gradients
    proved = {(found.id, found.gradient) for found in report.findings if found.certainty == "proved"}

    assert report.verdict is Verdict.FAIL
    assert {(planted.mistake, gradient) for gradient in gradients} <= proved


@pytest.mark.parametrize("planted", WRONG, ids=lambda planted: planted.id)
def test_a_planted_mistake_shows_in_the_gradient_of_its_header(planted, wrong):
    """The fault planted in a file changes each gradient that its header names, or an argument."""
    seen = set().union(*wrong[2][planted.target])
    named = set(planted.gradients) - {CALL}  # a call that raises gives no gradient at all
    assert seen & {"x", "grad_output"} if planted.mistake == "mutates-input" else named <= seen
    assert seen


@pytest.mark.parametrize("planted", WRONG, ids=lambda planted: planted.id)
def test_every_finding_says_what_where_and_how_to_mend(planted, wrong):
    """A sentence, a fix, and a line of the user's file where one was found."""
    for found in wrong[1][planted.target].findings:
        assert found.message
        assert found.fix
        assert found.line is None or 1 <= found.line <= len(planted.file.read_text().splitlines())


def test_a_folder_with_mistakes_exits_1(wrong):
    """One wrong target is enough, and here all are."""
    assert wrong[0].exit_code == 1


@pytest.mark.parametrize("planted", RIGHT, ids=lambda planted: planted.id)
def test_a_right_file_passes(planted, right):
    """No finding, no error, and something was compared; a gradient that is nowhere to be found is no pass."""
    report = right[1][planted.target]

    assert report.findings == ()
    assert report.error == ""
    assert report.verdict is (Verdict.INCONCLUSIVE if planted.gradients else Verdict.PASS)
    assert report.geometries.right == report.geometries.supported > 0


@pytest.mark.parametrize("planted", [each for each in RIGHT if each.is_right], ids=lambda planted: planted.id)
def test_a_right_file_is_right_wherever_it_runs(planted, right):
    """Recognised unmodified; all its gradients equal ours bit for bit, on two geometries or more."""
    observed = right[3][planted.target]

    assert observed == [set()] * len(observed)
    assert len(observed) >= 2


def test_right_files_were_compared_on_hundreds_of_random_geometries(right):
    """Two hundred at least, without one false alarm."""
    _, reports, extra, _ = right
    compared = [
        place.spec
        for each in reports.values()
        for place in each.geometries.list
        if place.supported and place.spec in extra
    ]

    assert len(compared) >= 200
    assert not {Verdict.FAIL, Verdict.ERROR} & {each.verdict for each in reports.values()}
