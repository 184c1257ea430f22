"""What is said about an exception fits its kind."""

import numpy as np
import pytest

from gradcheck_cli.diagnose.code import Code
from gradcheck_cli.diagnose.mends import Raised, mend

SOURCE = """import numpy as np
margin = 1

class Layer:
    def __init__(self):
        self.columns = None

def strip(a, pad, *, bias=None):
    height = a.shape[2]
    if not bias:
        a = a + 1
    b = bias.sum() if bias else None
    return a[:, :, pad : padd + heigth], {'stride': 1}
"""


NOTHING_BUT_NONE = "f returns None in place of every gradient"


def told(error, line=None):
    """The mend of an error on a line of SOURCE."""
    return mend(Raised(error, line, Code(SOURCE, 8)))


@pytest.mark.parametrize(
    ("stopped", "expected"),
    [
        (NOTHING_BUT_NONE, "Write it: what it returns was set to None, and nothing else since."),
        ("f returns no array (str)", "Return the gradients themselves, as arrays of numbers."),
        ("f is not implemented (raises KeyError, line 2)", "Write it: the body stops before it computes anything."),
    ],
)
def test_what_is_not_written_yet_has_no_line_that_raised(stopped, expected):
    """A mend speaks of an exception only where there is one."""
    assert told(stopped) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("padd", "Define `padd`, or correct the name."),
        ("torch", "Add `import torch` at the top of the file."),
        ("F", "Add `import torch.nn.functional as F` at the top of the file."),
    ],
)
def test_a_name_that_is_not_defined_is_not_guessed(name, expected):
    """What looks like it may be an array where a number is due; only a module that is always called so is named."""
    assert told(f"NameError: name '{name}' is not defined", 13) == expected


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            "module 'numpy.lib' has no attribute 'pad'",
            f"`numpy.lib` of the installed numpy {np.__version__} has no `pad`: correct the name, or write what has "
            "taken its place, `np.pad`.",
        ),
        (
            "module 'numpy' has no attribute 'int'. `np.int` was a deprecated alias for the builtin `int`",
            f"`numpy` of the installed numpy {np.__version__} has no `int`: correct the name, or write what has "
            "taken its place, `int`.",
        ),
        (
            "module 'numpy' has no attribute 'zeros_lik'",
            f"`numpy` of the installed numpy {np.__version__} has no `zeros_lik`: correct the name, or write what has "
            "taken its place.",
        ),
        (
            "module 'my_own_helpers' has no attribute 'strip'",
            "`my_own_helpers` has no `strip`: correct the name, or write what has taken its place.",
        ),
        ("'NoneType' object has no attribute 'shape'", "What is asked for `.shape` is None here: give it its value "
         "before this line."),
        ("'Layer' object has no attribute 'column'", "Set `column` before it is read, or correct the name: `columns` "
         "is set."),
        ("'Layer' object has no attribute 'zzz'", "Set `zzz` before it is read, or correct the name."),
        ("'numpy.ndarray' object has no attribute 'permute'", "A numpy.ndarray has no `permute`: convert it first, or "
         "write what its own type has."),
    ],
)  # fmt: skip
def test_a_missing_attribute_is_told_by_whose_it_is(error, expected):
    """A module's, with its version; None's; the layer's own; another type's."""
    assert told(f"AttributeError: {error}") == expected


TRUTH = "ValueError: The truth value of an array with more than one element is ambiguous. Use a.any() or a.all()"


@pytest.mark.parametrize(("line", "question"), [(10, "bias is None"), (12, "bias is not None")])
def test_the_truth_of_an_array_is_compared_with_none(line, question):
    """As the line asks for it."""
    expected = f"Compare with None: `{question}`; an array of several entries is neither true nor false."
    assert told(TRUTH, line) == expected
    assert told("RuntimeError: Boolean value of Tensor with more than one value is ambiguous", line) == expected


def test_the_truth_of_an_expression_is_not_guessed():
    """No bare name is asked on this line."""
    expected = "Say what is asked of it: `is not None` for whether it is there, `.any()` or `.all()` for its entries."
    assert told(TRUTH, 9) == told(TRUTH) == expected


@pytest.mark.parametrize(
    ("error", "pair"),
    [
        (
            "ValueError: could not broadcast input array from shape (2,3,8,7) into shape (2,3,8,8)",
            "(2,3,8,7) and (2,3,8,8)",
        ),
        (
            "ValueError: operands could not be broadcast together with remapped shapes [original->remapped]: "
            "(1,3,2)->(1,3,2) (2,3,3)->(2,3,3)",
            "(1,3,2) and (2,3,3)",
        ),
        (
            "ValueError: non-broadcastable output operand with shape (3,2) doesn't match the broadcast shape (3,3)",
            "(3,2) and (3,3)",
        ),
        ("ValueError: shapes (2,3,3) and (6,5) not aligned: 3 (dim 2) != 6 (dim 0)", "(2,3,3) and (6,5)"),
        ("ValueError: cannot reshape array of size 24 into shape (2,3)", "size 24 and (2,3)"),
        ("RuntimeError: shape '[2, 3]' is invalid for input of size 24", "[2, 3] and size 24"),
        (
            "RuntimeError: Mismatch in shape: grad_output[0] has a shape of torch.Size([2, 5, 7, 6]) and output[0] has "
            "a shape of torch.Size([2, 5, 8, 7])",
            "[2, 5, 7, 6] and [2, 5, 8, 7]",
        ),
        ("RuntimeError: mat1 and mat2 shapes cannot be multiplied (2x3 and 4x5)", "2x3 and 4x5"),
    ],
)
def test_two_shapes_that_do_not_fit_are_quoted(error, pair):
    """Both, as the exception writes them; of its cause nothing is known, so nothing is said."""
    assert told(error).startswith(pair[0].upper() + pair[1:])
    assert "constant" not in told(error)


def test_a_size_without_shapes_is_told_without_them():
    """Nothing is there to be quoted."""
    assert told("ValueError: negative dimensions are not allowed") == (
        "A size that this line uses comes out below 0: look at how it is computed."
    )


@pytest.mark.parametrize(
    ("line", "error", "expected"),
    [
        (
            "    dw += a @ b",
            "operands could not be broadcast together with shapes (4,3,3,2) (4,3,3,3) (4,3,3,2)",
            "`dw` (4,3,3,2) and the right side (4,3,3,3) differ in axis 3, 2 and 3. "
            "Look at where each of the two takes that size from.",
        ),
        (
            "    dx[:] = dpad[:, 2:]",
            "could not broadcast input array from shape (2,8,7) into shape (2,8,8)",
            "The right side (2,8,7) and `dx[:]` (2,8,8) differ in axis 2, 7 and 8. "
            "Look at where each of the two takes that size from.",
        ),
        (
            "    dx = dpad + other",
            "operands could not be broadcast together with shapes (5,1,3) (5,4,2)",
            "(5,1,3) and (5,4,2) differ in axis 2, 3 and 2. Look at where each of the two takes that size from.",
        ),
        (
            "    dx = dpad + other",
            "The size of tensor a (7) must match the size of tensor b (8) at non-singleton dimension 3",
            "The two differ in axis 3, 7 and 8. Look at where each of the two takes that size from.",
        ),
    ],
)
def test_the_axis_in_which_two_arrays_differ_is_told_and_whose_they_are(line, error, expected):
    """Axes of length 1 are spread where two arrays are combined, and fit."""
    code = Code(f"def backward(dw, dx, dpad, a, b, other):\n{line}\n", 1)
    assert mend(Raised(f"ValueError: {error}", 2, code)) == expected


@pytest.mark.parametrize(
    ("line", "written"),
    [
        ("window = x[:, i:i + 3]", "`3`"),
        ("window = x[:, i:i + K]", "`K` (3)"),
        ("window = np.zeros((4, 3))", "`3`"),
        ("window = x[:, i:i + k]", ""),
        ("window = x.sum(axis=3)", ""),
        ("window = x[:, i:i + w.shape[3]]", ""),
    ],
)
def test_a_constant_is_blamed_where_it_is_one_of_the_sizes_that_differ(line, written):
    """A literal or a name that is nothing else in the file; the number of an axis is no size."""
    code = Code(f"K = 3\ndef backward(x, w, k, i):\n    {line}\n", 2)
    told = mend(Raised("ValueError: operands could not be broadcast together with shapes (4,2) (4,3)", 3, code))
    blamed = f"Probably the constant {written} stands where a size of the arrays is due."
    assert told.endswith(blamed if written else "Look at where each of the two takes that size from.")


def test_an_empty_array_points_to_its_slice():
    """The sizes of the others are right."""
    assert told("ValueError: could not broadcast input array from shape (0,5,3) into shape (10,9,3)") == (
        "Look at what gives (0,5,3), which is empty here: (0,5,3) and (10,9,3) do not fit."
    )


def test_an_index_past_the_end_is_quoted():
    """With the axis and its size."""
    assert told("IndexError: index 5 is out of bounds for axis 3 with size 5") == (
        "Index 5 does not exist where axis 3 has size 5: look at the limit of what counts it, and whether it counts "
        "this axis."
    )


@pytest.mark.parametrize(
    ("error", "beginning"),
    [
        ("UnboundLocalError: cannot access local variable 'dx' where it is not", "Give `dx` a value on every way"),
        ("ModuleNotFoundError: No module named 'im2col'", "Install im2col, or put it beside the file."),
        ("ImportError: cannot import name 'imread' from 'scipy.misc'", "The installed scipy.misc has no `imread`"),
        ("ValueError: not enough values to unpack (expected 4, got 3)", "Unpack what is there, 3 of them, where 4"),
        ("ValueError: too many values to unpack (expected 3, got 4)", "Unpack all that was stored"),
        ("IndexError: too many indices for array: array is 3-dimensional, but 4 were indexed", "Index no more axes"),
        ("KeyError: 'strides'", "Use the key under which it was stored, or store it as 'strides': 'stride' is in"),
        ("KeyError: 7", "Use the key under which it was stored, or store it as 7."),
        ("TypeError: f() missing 2 required positional arguments: 'x' and 'w'", "Hand over `x` and `w` in this call"),
        ("TypeError: f() got an unexpected keyword argument 'pads'", "Take `pads` as a parameter"),
        ("TypeError: f() takes 2 positional arguments but 3 were given", "Call it with as many arguments as it takes"),
        ("TypeError: 'NoneType' object is not subscriptable", "Something is None here"),
        ("TypeError: 'float' object cannot be interpreted as an integer", "Compute sizes and indices as whole"),
        ("TypeError: unsupported operand type(s) for -: 'int' and 'tuple'", "A pair stands where one number is meant"),
        ("TypeError: only 0-dimensional arrays can be converted to Python scalars", "Take the one number out"),
        ("TypeError: 'int' object is not callable", "Look at what is handed over on this line"),
        ("RuntimeError: expected scalar type Double but found Float", "Make all arrays in the dtype of the first"),
        ("RuntimeError: Can't call numpy() on Tensor that requires grad.", "Call `.detach().numpy()`."),
        ("ZeroDivisionError: integer modulo by zero", "Look at the divisor: it is 0 here."),
        ("RecursionError: maximum recursion depth exceeded", "It calls itself without an end"),
        ("FloatingPointError: invalid value encountered", "Look at the operation on this line"),
        ("AssertionError: (2, 3)", "The code's own assertion about a result fails"),
        ("MemoryError: Unable to allocate 298. GiB", "Make smaller arrays"),
        ("SystemExit: 3", "Do not end the process"),
        ("the code ended the process (exit status 0)", "Do not end the process"),
        ("the process was ended by SIGSEGV", "The process was killed in compiled code"),
        ("CustomError: 7", "Start at the line that raised"),
    ],
)
def test_each_kind_of_exception_has_its_own_mend(error, beginning):
    """And none of them speaks of sizes that differ."""
    assert told(error).startswith(beginning)
    assert "of the two" not in told(error)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            "conv_backward returns nothing (no return statement)",
            "Return the gradients at the end: what the code computes is dropped otherwise.",
        ),
        (
            "conv_backward is not implemented (raises NotImplementedError, line 2)",
            "Write it: the body stops before it computes anything.",
        ),
    ],
)
def test_unfinished_code_is_told_to_be_finished(error, expected):
    """Nothing raised, so there is no line to start at."""
    assert expected == told(error)
