"""In which ways a function may be called: none of them twice."""

import ast

import pytest

from gradcheck_cli.targets.conventions.callee import Callee
from gradcheck_cli.targets.conventions.function_search import function_candidates
from gradcheck_cli.targets.conventions.layouts import PICTURES, usual
from gradcheck_cli.targets.conventions.source import Source


@pytest.mark.parametrize("bias", ["", ", b"])
def test_several_shapes_of_a_bias_are_tried_only_where_a_bias_reaches_the_function(bias):
    """Where none does, each of them would be the same call again."""
    text, scope = f"def backward(dout, cache):\n    x, w{bias} = cache\n    return dout, x, w", {}
    exec(text, scope)
    callee = Callee(scope["backward"], "backward", Source(ast.parse(text).body[0]))
    found = [each.form.bias for each in function_candidates(callee, None, usual(PICTURES)[:1], ("numpy",))]

    assert (len(set(found)) > 1) == bool(bias)
