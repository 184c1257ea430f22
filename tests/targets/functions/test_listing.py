"""What `verify file.py` judges: every layer of the file, told by its syntax."""

import ast

import pytest

from gradcheck_cli.model.errors import TargetError
from gradcheck_cli.targets.functions.listing import every_layer, left_out

COURSE = """
def conv_forward(x, w, b, conv_param): ...
def conv_backward(dout, cache): ...
def affine_forward(x, w, b): return x, 1
def affine_backward(dout, cache): return dout
def tanh(x): return x
def dtanh(x): return x
def hinge_loss(x, y): return loss, dx
def helper(x): return x
class Layer:
    def forward(self, x): raise NotImplementedError
    def backward(self, g):
        "To be written."
class Relu(Layer):
    def forward(self, x): return x
    def backward(self, g): return g
class Named(Relu):
    name = "named"
"""


def test_every_layer_is_listed_in_order_and_no_helper():
    """Pairs, losses, and classes that have both, also through a base; not what nobody has written."""
    assert every_layer(ast.parse(COURSE), "course.py") == (
        "conv_backward",
        "affine_backward",
        "dtanh",
        "hinge_loss",
        "Relu",
        "Named",
    )


def test_a_file_with_one_layer_is_that_layer():
    """As ever."""
    assert every_layer(ast.parse("def conv_backward(g, x): return x"), "one.py") == ("conv_backward",)


def test_a_file_without_a_layer_is_refused():
    """By what it holds."""
    with pytest.raises(TargetError, match=r"nothing in empty\.py looks like"):
        every_layer(ast.parse("x = 1"), "empty.py")


def test_the_only_layer_of_a_file_needs_no_word_of_a_convolution():
    """A norm is one too."""
    source = "class Norm:\n    def forward(self, x): return x\n    def backward(self, g): return g\n"
    assert every_layer(ast.parse(source), "norm.py") == ("Norm",)


def test_functions_that_only_sound_like_a_backward_do_not_stand_in_the_way_of_the_one_layer():
    """What computes a part of its gradient has no forward."""
    source = (
        "def scale_grad(g, x): return g * x\n"
        "def shift_grad(g): return g\n"
        "class NormFunction:\n    def forward(self, x): return x\n    def backward(self, g): return g\n"
    )
    assert every_layer(ast.parse(source), "norm.py") == ("NormFunction",)


OPERATORS = """
@torch.library.custom_op("ours::swish", mutates_args=())
def swish(x): return x
def swish_setup(ctx, inputs, output): ...
def swish_backward(ctx, g): return g
swish.register_autograd(swish_backward, setup_context=swish_setup)
@custom_op("ours::gate", mutates_args=())
def gate(x, y): return x * y
"""


def test_an_operator_of_torch_is_one_and_its_registered_backward_none():
    """torch hands that backward a ctx that nobody else has."""
    assert every_layer(ast.parse(OPERATORS), "operators.py") == ("swish", "gate")


BASE = """
class _Layer:
    def forward(self, x): return x @ self.W
    def backward(self, g): return g @ self.W.T

class Dense(_Layer):
    def __init__(self): self.W = 1

class _Alone:
    def forward(self, x): return x
    def backward(self, g): return g
"""


def test_a_private_class_that_others_are_made_from_is_no_row_of_its_own():
    """It cannot be made alone; a private one that nobody derives from is judged."""
    assert every_layer(ast.parse(BASE), "layers.py") == ("Dense", "_Alone")


LAYER_OF_ANOTHER_LANGUAGE = """
class Lag:
    def framat(self, x):
        self.sist = x
        return x * self.vikt
    def bakat(self, grad_ut):
        return grad_ut * self.vikt + 0 * self.sist
class Kurva:
    def rita(self, x):
        self.sist = x
    def visa(self, titel):
        print(titel, self.sist)
"""


def test_what_a_class_keeps_and_reads_tells_a_layer_in_any_language():
    """A method that takes a gradient reads what another one keeps; one that takes a title does not go back."""
    assert every_layer(ast.parse(LAYER_OF_ANOTHER_LANGUAGE), "lag.py") == ("Lag",)


def test_a_class_of_several_pairs_is_a_row_for_each():
    """Where no method is called forward alone: nobody can say which pair its name would mean."""
    text = (
        "class Kite:\n"
        "    def forward_up(self, x):\n        self.x = x\n        return x * 2\n"
        "    def backward_up(self, dout):\n        return dout * 2 + 0 * self.x\n"
        "    def forward_down(self, y):\n        self.y = y\n        return y / 2\n"
        "    def backward_down(self, dout):\n        return dout / 2 + 0 * self.y\n"
    )
    assert every_layer(ast.parse(text), "kite.py") == ("Kite.backward_up", "Kite.backward_down")


GRAPH = """
class Node:
    def set_creator(self, func):
        self.creator = func
    def unchain(self):
        self.creator = None
    def backward(self, retain_grad=False):
        walk(self.creator)
    def unchain_backward(self):
        if self.creator is not None:
            self.creator.unchain()
class Square:
    def forward(self, x):
        self.x = x
        return x ** 2
    def backward(self, g): return 2 * self.x * g
"""


def test_a_node_of_a_graph_whose_operators_stand_elsewhere_is_no_layer():
    """`retain_grad=False` is a switch and no gradient, and what cuts the graph gives none."""
    assert every_layer(ast.parse(GRAPH), "graph.py") == ("Square",)


def test_a_file_with_one_backward_in_another_tongue_is_asked_for_it():
    """What goes forward is called nothing like it, which its refusal says."""
    tree = ast.parse("def ileri(w, x):\n    return w * x\n\n\ndef geri_yayilim(w, x, y):\n    return x * (w * x - y)\n")
    assert every_layer(tree, "ag.py") == ("geri_yayilim",)


def test_what_only_a_step_of_the_training_calls_is_no_part_of_another():
    """The derivatives of a cost in French, which `etape_du_gradient` steps along."""
    text = """
def h(theta, x):
    return theta[0] + theta[1] * x

def derivée_partielle(theta, x, y):
    return ((h(theta, x) - y) * x).mean()

def etape_du_gradient(theta, x, y):
    return theta - derivée_partielle(theta, x, y)
"""
    assert every_layer(ast.parse(text), "pente.py") == ("derivée_partielle",)


def test_a_backward_may_be_of_a_step_or_do_without_loops():
    """Of a file of convolutions both are asked, and of one step what goes back."""
    text = "def conv_backward(g, x, w):\n    return g\n\n\ndef conv_backward_no_loops(g, x, w):\n    return g\n"
    assert every_layer(ast.parse(text), "conv.py") == ("conv_backward", "conv_backward_no_loops")
    assert left_out(ast.parse("def rnn_step_backward(g, cache):\n    return g\n"), ()) == ["rnn_step_backward"]
    assert left_out(ast.parse("def gradient_step(w, g):\n    return w - g\n"), ()) == []


SERVED = """
def rows_of(image, rows, size):
    for i in range(size):
        rows[i] = image[i : i + size]
    return rows

def image_of(d_rows, d_image, size):
    for i in range(size):
        d_image[i : i + size] += d_rows[i]
    return d_image

def layer_forward(image, rows, size, w):
    return rows_of(image, rows, size) @ w

def layer_backward(g, image, size, w):
    return image_of(np.outer(g, w), np.zeros_like(image), size)
"""


def test_what_serves_a_backward_is_no_layer_of_its_own():
    """A pair by its use alone, `im2col` and `col2im`, of which a backward that says so calls the one."""
    tree = ast.parse(SERVED)
    assert every_layer(tree, "served.py") == ("layer_backward",)
    alone = ast.parse(SERVED.partition("def layer_forward")[0])
    assert every_layer(alone, "alone.py") == ("image_of",)


def test_a_class_whose_methods_are_rows_is_no_row_beside_them():
    """It would be the same twice: whatever its name says."""
    tree = ast.parse("""
class Conv1D:
    def forward_pass(self, x, w):
        return slide(x, w)

    def backward_pass(self, x, w, grad):
        return slide(grad, w), slide(x, grad)
""")
    assert len(every_layer(tree, "one.py")) == 1


def test_a_helper_beside_classes_that_compute_is_no_row():
    """The only function of a file is what is meant, where nothing else is."""
    helper = "def ones(n):\n    return [1] * n\n"
    assert every_layer(ast.parse(helper), "one.py") == ("ones",)
    with pytest.raises(TargetError, match=r"nothing in net\.py looks like"):
        every_layer(ast.parse(helper + "class Net:\n    def learn(self, x): self.w = x\n"), "net.py")
