"""A function that is called by the names of what it takes."""

import functools

import pytest

from gradcheck_cli.targets.functions.plain import call_by_name


def plain(a, b):
    """By name."""
    return a - b


def bare(a, /, b):
    """The first by position alone, whatever stands first among what is handed."""
    return a - b


class Owner:
    """Whose methods take them."""

    def method(self, a, /, b):
        """As `bare`, of an object."""
        return a - b

    @classmethod
    def of_class(cls, a, /, b):
        """As `bare`, of a class."""
        return a - b

    def __call__(self, a, /, b):
        """As `bare`, of an object that is called."""
        return a - b


@functools.wraps(bare)
def wrapping(*args, **kwargs):
    """Takes anything, and says that it is `bare`."""
    return bare(*args, **kwargs)


@pytest.mark.parametrize(
    "call",
    [plain, bare, Owner().method, Owner.of_class, Owner(), wrapping, functools.partial(bare), lambda b, a: a - b],
    ids=["plain", "bare", "method", "classmethod", "object", "wrapping", "partial", "lambda"],
)
def test_each_value_goes_to_the_parameter_of_its_name(call):
    """In whatever order they are handed, and also where a name is not taken by name."""
    assert call_by_name(call, {"b": 2, "a": 7}) == 5


def test_of_what_has_no_signature_all_is_handed_by_position():
    """In the order in which it is handed."""
    assert list(call_by_name(map, {"by": abs, "of": [-1]})) == [1]


def test_what_the_function_raises_is_its_own():
    """A `TypeError` of its code is no sign that nobody can tell its parameters."""

    def raises(a):
        raise TypeError(a)

    with pytest.raises(TypeError, match=r"^3$"):
        call_by_name(raises, {"a": 3})
