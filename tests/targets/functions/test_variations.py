"""The same call with other settings."""

import numpy as np

from gradcheck_cli.model import Sample
from gradcheck_cli.targets.functions.form import Parameter
from gradcheck_cli.targets.functions.inputs.proposals import Proposal
from gradcheck_cli.targets.functions.inputs.variations import (
    MOST,
    at_default_only,
    with_a_label_left_out,
    with_other_settings,
)

X, KEEP = Proposal("real", "n d"), Proposal("keep")


def changed(item, proposal):
    """What the parameter becomes, choice by choice."""
    choice = {"x": X, item.name: proposal}
    return [other[item.name].value for other in with_other_settings([Parameter("x"), item], choice)]


def test_a_switch_is_turned():
    """Training and inference."""
    assert changed(Parameter("training", True, True), KEEP) == [False]
    assert changed(Parameter("train"), Proposal("constant", value=True)) == [False]


def test_an_axis_is_each_of_the_first_two():
    """The last one is what most code is tried on."""
    assert changed(Parameter("dim", True, -1), KEEP) == [0, 1]
    assert changed(Parameter("axis", True, 1), KEEP) == [0]


def test_a_factor_is_moved_and_an_epsilon_shows():
    """A factor of 1 hides that it is forgotten, an epsilon of 1e-8 as well."""
    assert changed(Parameter("delta", True, 1.0), KEEP) == [0.7]
    assert changed(Parameter("eps", True, 1e-8), KEEP) == [0.05]
    assert changed(Parameter("reg", True, 0.0), KEEP) == [0.7]


def test_an_array_that_may_be_left_out_is_left_out():
    """As `bias=None`."""
    assert changed(Parameter("bias", True, None), Proposal("real", "m")) == [None]
    assert changed(Parameter("bias"), Proposal("real", "m")) == []


def test_a_whole_number_is_one_more():
    """Where another number of groups does not divide the channels, the forward raises and nothing is asked."""
    assert changed(Parameter("groups", True, 2), KEEP) == [3]
    assert changed(Parameter("reg", True, 0), KEEP) == [1]
    assert changed(Parameter("ignore_index", True, -100), KEEP) == changed(Parameter("seed", True, 3), KEEP) == []


def test_windows_come_to_lie_over_each_other():
    """A shorter step; sides become unequal, and all of them change together first: one window overlaps with nothing."""
    assert changed(Parameter("stride"), Proposal("constant", value=2)) == [1]
    assert changed(Parameter("stride", True, 1), KEEP) == [2]
    choice = {"x": X, "size": Proposal("constant", value=(1, 1)), "stride": Proposal("constant", value=(2, 2))}
    found = with_other_settings([Parameter("x"), Parameter("size"), Parameter("stride")], choice)
    assert [(other["size"].value, other["stride"].value) for other in found] == [
        ((1, 2), (1, 2)),
        ((1, 2), (2, 2)),
        ((1, 1), (1, 2)),
    ]


def test_a_word_is_each_that_the_code_compares_it_with():
    """A loss that is summed, and not the mean of."""
    source = "def f(x, how='mean'):\n    return x.sum() if how == 'sum' else x if how == 'none' else x.mean()"
    choice = {"x": X, "how": KEEP}
    found = with_other_settings([Parameter("x"), Parameter("how", True, "mean")], choice, source)
    assert [other["how"].value for other in found] == ["sum", "none"]
    assert changed(Parameter("mode", True, "train"), KEEP) == []


def test_what_no_sample_changes_is_at_its_default_only():
    """Numbers, switches, words and None; what was handed in, once, is not among them."""
    items = [Parameter("x"), Parameter("reg", True, 0.0), Parameter("mode", True, "a"), Parameter("bias", True, None)]
    x = np.zeros(2)
    assert at_default_only(items, [Sample({"x": x}, ("x",))]) == ["reg", "mode", "bias"]
    others = [Sample({"x": x, "reg": 0.7}, ("x",)), Sample({"x": x, "bias": x}, ("x",))]
    assert at_default_only(items, [Sample({"x": x}, ("x",)), *others]) == ["mode"]


def test_there_are_not_more_than_a_layer_has_settings():
    """Each is a sample more."""
    items = [Parameter(f"flag{number}", True, True) for number in range(20)]
    choice = {item.name: KEEP for item in items}
    assert len(list(with_other_settings(items, choice))) == MOST


def test_a_label_that_is_left_out_is_one_of_the_labels():
    """-100 stands for none of them."""
    sample = Sample({"logits": np.zeros((3, 5)), "labels": np.array([4, 2, 4])}, ("logits",))
    items = [Parameter("logits"), Parameter("labels"), Parameter("ignore_index", True, -100)]

    (other,) = with_a_label_left_out(items, sample)
    assert other.values["ignore_index"] == 4
    assert list(with_a_label_left_out(items[:2], sample)) == []


def test_a_label_that_is_left_out_may_be_told_in_every_call():
    """Without a default it has the number that was handed over."""
    sample = Sample({"logits": np.zeros((3, 5)), "labels": np.array([4, 2, 4]), "ignore_index": -1}, ("logits",))
    items = [Parameter("logits"), Parameter("labels"), Parameter("ignore_index")]
    assert [each.values["ignore_index"] for each in with_a_label_left_out(items, sample)] == [4]


def test_switches_are_also_turned_on_together():
    """What two do together is code of its own."""
    items = [Parameter("x"), Parameter("trans_a", True, False), Parameter("trans_b", True, False)]
    first = next(iter(with_other_settings(items, {"x": X, "trans_a": KEEP, "trans_b": KEEP})))
    assert (first["trans_a"].value, first["trans_b"].value) == (True, True)


def test_a_number_stands_in_the_place_of_none_where_no_array_fits():
    """The ends of a range lie among normal numbers."""
    assert changed(Parameter("lo", True, None), KEEP) == [-0.75]
    assert changed(Parameter("shrinkage", True, None), KEEP) == [0.5, 2]


def test_settings_in_a_dict_are_changed_one_at_a_time():
    """Those too that the code has a default for; what none changes is named."""
    source = "def f(x, param):\n    return x[param['pad']:] * param.get('gain', 0.5)"
    choice = {"x": X, "param": Proposal("constant", value={"pad": 0})}
    found = [
        other["param"].value for other in with_other_settings([Parameter("x"), Parameter("param")], choice, source)
    ]
    assert found == [{"pad": 1}, {"pad": 0, "gain": 0.35}]
    samples = [Sample({"x": np.zeros(2), "param": {"pad": 0, "gain": gain}}, ("x",)) for gain in (1.0, 0.7)]
    assert at_default_only([Parameter("x"), Parameter("param")], samples) == ["param['pad']"]
