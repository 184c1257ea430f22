"""Which function is whose backward, by name."""

import pytest

from gradcheck_cli.targets.functions.spelling import (
    are_renamed,
    argument_called,
    belongs_to,
    forward_for,
    goes_backward,
    is_target,
    is_upstream,
    tokens,
)


@pytest.mark.parametrize(
    ("backward", "forward"),
    [
        ("affine_backward", "affine_forward"),
        ("backward_affine", "forward_affine"),
        ("gelu_bwd", "gelu_fwd"),
        ("tanh_grad", "tanh"),
        ("dsigmoid", "sigmoid"),
        ("sigmoid_prime", "sigmoid"),
        ("batchnorm_backward_alt", "batchnorm_forward"),
        ("LayerNormBackward", "LayerNormForward"),
        ("compute_gradient", "compute_cost"),
        ("compute_gradient_logistic", "compute_cost_logistic"),
        ("gradient", "cost_function"),
        ("dense_backward", "dense"),
        ("dropout_grad", "dropout"),
        ("grad_dice_loss", "dice_loss"),
        ("ddecay", "decay"),
        ("dSoftmax", "softmax_forward"),
        ("grad_re", "func_re"),
        ("activation_derivative", "activation_function"),
    ],
)
def test_a_backward_finds_its_forward(backward, forward):
    """Among others of the file."""
    names = [backward, "helper", "other_forward", "other_backward", forward]
    assert forward_for(backward, names) == forward


def test_a_backward_alone_has_no_forward():
    """Nothing is guessed."""
    assert forward_for("affine_backward", ["affine_backward", "helper"]) == ""


@pytest.mark.parametrize(
    ("gradient", "argument"),
    [
        ("dx", "x"),
        ("dW", "W"),
        ("grad_gamma", "gamma"),
        ("x_grad", "x"),
        ("dj_dx", "x"),
        ("dC_db", "b"),
        ("dprev_h", "prev_h"),
        ("self.db", "b"),
        ("out", ""),
    ],
)
def test_a_gradient_belongs_to_an_argument(gradient, argument):
    """Whatever marks it as a gradient."""
    assert belongs_to(gradient, ["x", "W", "gamma", "prev_h", "b"]) == argument


@pytest.mark.parametrize("name", ["dout", "grad_output", "dY", "upstream", "dnext_h", "delta"])
def test_an_upstream_is_known_by_its_name(name):
    """Courses and papers differ."""
    assert is_upstream(name)


def test_the_gradient_of_y_is_no_target():
    """A backward that takes dY is no loss's."""
    assert is_target("Y")
    assert not is_target("dY")


def test_a_forward_may_be_shortened_to_its_initials():
    """Of three words or more; two letters are in every name."""
    assert forward_for("derivative_sol", ["speed_of_light", "other"]) == "speed_of_light"
    assert forward_for("derivative_sl", ["speed_light", "other"]) == ""


@pytest.mark.parametrize(
    ("name", "argument"),
    [("X_batch", "X"), ("x", "X"), ("w", "w"), ("yTrue", "y"), ("dout", ""), ("Xs", "")],
)
def test_a_parameter_of_a_backward_means_an_argument_of_its_forward(name, argument):
    """By its name, or by a longer one that begins so."""
    assert argument_called(name, ["w", "X", "y"]) == argument


def test_of_two_arguments_none_is_meant():
    """x_hat begins as x does, and as X does."""
    assert argument_called("x_hat", ["x", "X"]) == ""


def test_verbs_tell_nothing_of_which_forward_is_meant():
    """A softmax is applied, and its backward is that of the softmax; what is only a verb keeps it."""
    assert forward_for("softmax_backward", ["apply_softmax", "softmax_backward", "helper"]) == "apply_softmax"
    assert forward_for("compute_gradient", ["compute_cost", "predict"]) == "compute_cost"


def test_a_short_gradient_is_of_the_argument_that_is_written_out():
    """`dw` beside `weights`; where there is a w, it is meant."""
    assert belongs_to("dw", ["X", "y", "weights", "bias"]) == "weights"
    assert belongs_to("db", ["X", "y", "weights", "bias"]) == "bias"
    assert belongs_to("grad_w", ["weight", "w"]) == "w"
    assert belongs_to("dw", ["X", "y"]) == ""


def test_a_gradient_of_one_of_many_is_of_all_of_them():
    """`dprediction` beside an argument called predictions; where there is one of either kind, it is meant."""
    assert belongs_to("dprediction", ["predictions", "target_index"]) == "predictions"
    assert belongs_to("grad_anchors", ["anchor", "negative"]) == "anchor"
    assert belongs_to("dx", ["x", "xs"]) == "x"
    assert belongs_to("dxs", ["x", "xs"]) == "xs"


@pytest.mark.parametrize(
    ("names", "arguments", "are"),
    [
        (("w", "datax", "datay"), ("w", "x", "y"), True),
        (("x_in", "t_in"), ("x", "t"), True),
        (("dx", "y"), ("x", "y"), False),  # one alone may be a gradient
        (("datax", "outy"), ("x", "y"), False),
        (("datax", "datay"), ("x", "y", "z"), False),
    ],
)
def test_arguments_may_be_renamed_alike(names, arguments, are):
    """The same letters before or behind each of two or more."""
    assert are_renamed(names, arguments) is are


def test_letters_are_read_without_their_accents():
    """A name in French says that it is a derivative."""
    assert tokens("dérivée_partielle") == ("derivee", "partielle")
    assert goes_backward("dérivée_partielle")


@pytest.mark.parametrize(
    ("backward", "forward"),
    [("retropropagation", "propagation"), ("retropropaga", "propaga"), ("backprop", "prop"), ("background", "")],
)
def test_back_in_one_word_with_what_propagates(backward, forward):
    """In any language; a ground that lies behind has no derivative."""
    assert forward_for(backward, [backward, forward or "ground", "plot"]) == forward


def test_what_is_added_to_a_parameter_later_is_its_gradient():
    """As Darknet and Caffe call it; an update gate is none."""
    names = ["weights", "biases", "bias", "W"]
    assert belongs_to("weight_updates", names) == "weights"
    assert belongs_to("bias_updates", names) == "bias"
    assert belongs_to("bias_updates", ["weights", "biases"]) == "biases"
    assert belongs_to("weights_diff", names) == "weights"
    assert belongs_to("W_update", names) == ""
