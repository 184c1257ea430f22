"""Conditions that fit what was tried by accident are refuted by the formula's answers on the neighbours."""

import pytest
from mistaken import observe, planted

from gradcheck_cli.diagnose import diagnose
from gradcheck_cli.diagnose.beside import results_beside
from gradcheck_cli.diagnose.causes import Cause, singles
from gradcheck_cli.diagnose.factors import NONE, named_factors
from gradcheck_cli.diagnose.observation import gather
from gradcheck_cli.diagnose.summary import condition
from gradcheck_cli.model import ConvSpec

# With a stride the batch is 2, without it is 1.
ACCIDENT = (
    ConvSpec(2, 2, 3, 9, 8, (3, 2), stride=(2, 2)),
    ConvSpec(2, 3, 4, 7, 10, (3, 3), stride=(2, 2), padding=(1, 1)),
    ConvSpec(1, 2, 3, 6, 7, (3, 2)),
    ConvSpec(1, 3, 4, 7, 5, (3, 3), padding=(1, 1)),
)


@pytest.mark.parametrize("gradient", ["weight", "input"])
def test_a_condition_that_holds_on_the_list_by_accident_is_not_told(gradient):
    """Every wrong geometry has a batch, but it is the stride that matters."""
    seen = observe(gradient, planted("stride-ignored", gradient), ACCIDENT)
    evidence = gather(seen, gradient, "NCHW")
    (finding,) = diagnose(seen, gradient)

    assert "batch > 1" == condition([(each.spec, not each.wrong) for each in evidence])
    assert ("stride-ignored", "stride > 1") == (finding.id, finding.fails_when)


def test_a_condition_that_is_the_cause_is_still_told():
    """The mean over the batch shows with a batch, whatever else is changed."""
    (finding,) = diagnose(
        observe("weight", lambda problem: problem.grad_weight / problem.spec.batch, ACCIDENT), "weight"
    )
    assert ("batch-mean", "batch > 1") == (finding.id, finding.fails_when)


def test_neighbours_are_new_geometries_and_the_cause_s_own_answers():
    """Without a batch, exchanged, wider: right without a stride, wrong with it, whatever the batch."""
    evidence = gather(observe("weight", planted("stride-ignored", "weight"), ACCIDENT), "weight", "NCHW")
    structure = next(one for one in singles("weight") if one.parts and one.parts[0][0].id == "stride-ignored")
    results = results_beside(Cause(structure, NONE), evidence, "weight")
    specs = [spec for spec, _ in results]

    assert len(set(specs)) == len(specs) > 20
    assert not set(specs) & set(ACCIDENT)
    assert {(spec.batch, spec.stride[0]) for spec in specs} >= {(1, 2), (3, 2), (2, 1)}
    assert all(right == (spec.stride == (1, 1)) for spec, right in results)


def test_a_factor_shows_where_it_is_not_1_and_a_fitted_rate_says_nothing():
    """1/N is 1 for a batch of one; a learning rate is known for what was seen only."""
    evidence = gather(
        observe("input", lambda problem: problem.grad_input / problem.spec.batch, ACCIDENT), "input", "NCHW"
    )
    right, *_, early = singles("input")
    mean = next(factor for factor in named_factors("input") if factor.name == "1/N")
    results = results_beside(Cause(right, mean), evidence, "input")

    assert results
    assert all(is_right == (spec.batch == 1) for spec, is_right in results)
    assert early.fits_rate
    assert [] == results_beside(Cause(early, NONE), evidence, "input")
