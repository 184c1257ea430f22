"""What a file hands to its own function: the statements that a call rests on are executed, and no others."""

import ast
import inspect

import numpy as np
import pytest
from functions_here import function_here

from gradcheck_cli.model import Sample, Verdict
from gradcheck_cli.model.errors import TargetError
from gradcheck_cli.targets.functions.find import forms_of
from gradcheck_cli.targets.functions.inputs.as_called import guess_as_called, is_meant_otherwise
from gradcheck_cli.targets.functions.inputs.own_calls import by_name, entries, own_calls
from gradcheck_cli.targets.functions.inputs.proving import is_derivative
from gradcheck_cli.targets.functions.total_loss import ready_forms
from gradcheck_cli.targets.load import load
from gradcheck_cli.targets.resolve import resolve

# No name tells that `plan` lists matrices, each with its factor, nor that `route` is a word of the table.
CHAIN = """
import numpy as np

ROUTES = {"short": 1.0, "long": 3.0}

def chain(plan, x, route):
    h = x
    for step in plan["steps"]:
        h = h @ step["mat"] * step["by"]
    return h * ROUTES[route], (plan, x, route)

def chain_backward(up, cache):
    plan, x, route = cache
    g = up * ROUTES[route]
    for step in ORDER:
        g = g @ step["mat"].T * step["by"]
    return g

def make_plan(rng):
    return {"steps": [{"mat": rng.normal(size=(4, 4)), "by": 2.0}, {"mat": rng.normal(size=(4, 4)), "by": 0.5}]}

def train(rows=5, epochs=10**9):
    rng = np.random.default_rng(1)
    plan = make_plan(rng)
    history = []
    for epoch in range(epochs):
        for start in range(0, 40, rows):
            x = DATA
            out, cache = chain(plan, x, "long")
            history.append(chain_backward(out, cache))
            while True:
                pass

if __name__ == "__main__":
    train()
"""
FORWARDS, REVERSED = 'plan["steps"]', 'plan["steps"][::-1]'
DRAWN = "rng.normal(size=(rows, 4))"
TABLE = """
import numpy as np

class Blend:
    def __init__(self, spec):
        if spec["kind"] != "linear":
            raise ValueError(spec)
        self.scale = spec["scale"]
        self.w = np.zeros((spec["rows"], 5))

    def forward(self, q, mode):
        assert mode in ("once", "twice")
        self.q, self.times = q, 1 if mode == "once" else 2
        return q @ self.w * self.scale * self.times

    def backward(self, up):
        self.dw = self.q.T @ up * self.scale FACTOR
        return up @ self.w.T * self.scale * self.times

if __name__ == "__main__":
    layer = Blend({"kind": "linear", "rows": 3, "scale": 1.5})
    y = layer.forward(np.random.randn(7, 3), "twice")
"""


# The keys are no words of weights, and no other function of the file makes the dict.
OPENED = """
import numpy as np

def mix(sheets, x):
    mid = np.tanh(x @ sheets["inner"])
    return mid @ sheets["outer"], (sheets, x, mid)

def mix_backward(up, cache):
    sheets, x, mid = cache
    g = up @ sheets["outer"].T SLOPE
    return {"inner": x.T @ g, "outer": mid.T @ up}

if __name__ == "__main__":
    rng = np.random.default_rng(0)
    sheets = dict(inner=rng.normal(size=(3, 4)), outer=rng.normal(size=(4, 2)))
    out, cache = mix(sheets, rng.normal(size=(5, 3)))
"""


def written(tmp_path, text, order=REVERSED, data=DRAWN):
    """The file of the chain."""
    file = tmp_path / "chain.py"
    file.write_text(text.replace("ORDER", order).replace("DATA", data))
    return file


def as_called(file, name):
    """What is found on the calls of a file alone."""
    loaded = load(resolve([f"{file}:{name}"], lambda _tree, _path: (name,))[0])
    return guess_as_called(forms_of(loaded), loaded, 0)


def test_what_no_guess_fits_is_asked_on_what_its_file_hands_it(tmp_path):
    """In two draws; the training around the call, which has no end, is not run."""
    report = function_here(f"{written(tmp_path, CHAIN)}:chain_backward")

    assert report.verdict is Verdict.PASS
    assert report.inputs == "steps ({mat 4x4, by 2}, {mat 4x4, by 0.5}), x 5x4, route long (own call)"
    assert "asked on what line 29 of its file hands it" in " ".join(report.notes)
    assert len(report.samples) == 2


@pytest.mark.parametrize(("order", "is_right"), [(REVERSED, True), (FORWARDS, False)])
def test_a_backward_is_judged_on_what_its_file_hands_it(tmp_path, order, is_right):
    """One goes through the matrices in the order of the forward."""
    found = as_called(written(tmp_path, CHAIN, order=order), "chain_backward")
    assert is_right is is_derivative(found.form, found.samples[0])


@pytest.mark.parametrize("data", ["np.load('rows.npy')", "read_rows()", "open('rows').read()"])
def test_a_call_that_rests_on_what_is_outside_is_not_made(tmp_path, data):
    """Nor where a function of the file is what reads."""
    np.save(tmp_path / "rows.npy", np.ones((5, 4)))
    text = CHAIN + f"\n\ndef read_rows():\n    return np.load({str(tmp_path / 'rows.npy')!r})\n"
    assert as_called(written(tmp_path, text, data=data), "chain_backward") is None


@pytest.mark.parametrize(("slope", "is_right"), [("* (1 - mid**2)", True), ("", False)])
def test_a_gradient_is_given_of_each_array_of_a_dict(tmp_path, slope, is_right):
    """Each is an argument of its own."""
    file = tmp_path / "mix.py"
    file.write_text(OPENED.replace("SLOPE", slope))

    found = as_called(file, "mix_backward")

    assert {"sheets_inner", "sheets_outer", "x"} == set(found.samples[0].differentiated)
    assert is_right is is_derivative(found.form, found.samples[0])


@pytest.mark.parametrize(("factor", "is_right"), [("* self.times", True), ("", False)])
def test_an_object_is_made_as_its_file_makes_it(tmp_path, factor, is_right):
    """Where no argument that was guessed is taken by its constructor."""
    file = tmp_path / "blend.py"
    file.write_text(TABLE.replace("FACTOR", factor))

    found = as_called(file, "Blend")

    assert {"q": (7, 3), "w": (3, 5)} == {name: found.samples[0].array(name).shape for name in ("q", "w")}
    assert is_right is is_derivative(found.form, found.samples[0])


def values(text, name="f", seed=0):
    """The arguments of the first call of a function of one argument in a text."""
    signature = inspect.signature(lambda x: x)
    call = next(own_calls(ast.parse(text), by_name(name)))
    found = call.arguments({"np": np, "range": range}, signature, {}, seed)
    return None if found is None else found["x"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a = 3\nb = boom()\nf(a)", 3),
        ("for n in (4, 5):\n    f(n)", 4),
        ("def g(n, m=2):\n    f(n * m)\ng(5)", 10),
        ("def g(n=7):\n    if n > 100:\n        f(n)", 7),
        ("w = []\nw.append(8)\nf(w)", [8]),
        ("d = {}\nd['k'] = 9\nprint(boom)\nf(d)", {"k": 9}),
        ("def g():\n    with boom():\n        a, b = 1, 2\n        f(b)\n", 2),
        ("f(x=6)", 6),
        ("input = 4\nload = input + 1\nf(load)", 5),
        ("a = input()\nf(a)", None),
        ("a = boom()\nf(a)", None),
        ("def g(n):\n    f(n)", None),
    ],
)
def test_the_statements_before_a_call_tell_its_argument(text, value):
    """The first turn of a loop, the defaults and the callers of a function around it; nothing that it does not need."""
    assert value == values(text)


def test_another_seed_stands_in_the_place_of_each(tmp_path):
    """Two draws of what a file draws from one seed."""
    text = "rng = np.random.default_rng(5)\nf(rng.normal(size=3))"
    assert not np.array_equal(values(text, seed=0), values(text, seed=1))
    assert np.array_equal(values(text, seed=1), values(text, seed=1))


ROW = """
import numpy as np

def blend(row, w):
    return np.sum(row) * w, (row, w)

def blend_backward(up, cache):
    row, w = cache
    return np.sum(up * w) * np.ones_like(row), np.sum(row) GRADIENT

if __name__ == "__main__":
    y, cache = blend(np.array([1.0, 2.0, 4.0]), HANDED)
"""


@pytest.mark.parametrize(
    ("gradient", "handed", "is_other"),
    [("* up", "2.0", False), ("* 2 * up", "np.ones((2, 3))", True), ("* 2 * up", "np.float64(2)", False)],
)
def test_only_what_is_wrong_and_of_another_kind_is_meant_otherwise(tmp_path, gradient, handed, is_other):
    """What is right is; what is wrong on the kind that the file hands over is wrong."""
    file = tmp_path / "blend.py"
    file.write_text(ROW.replace("GRADIENT", gradient).replace("HANDED", handed))
    loaded = load(resolve([f"{file}:blend_backward"], lambda _tree, _path: ("blend_backward",))[0])
    form = next(iter(forms_of(loaded)))
    sample = Sample({"row": np.array([1.0, -2.0]), "w": np.array(3.0)}, ("row", "w"))
    ready = next(ready_forms(form, sample))

    assert is_meant_otherwise(ready, sample, loaded) is is_other


# Each node of a tree knows its parent: no end is reached by walking from one to what it holds.
TREE = """
import numpy as np

class Twig:
    def __init__(self, bend, parent=None):
        self.bend, self.parent, self.twigs = bend, parent, []
        if parent is not None:
            parent.twigs.append(self)

def sway(root, x):
    for twig in root.twigs:
        x = x @ twig.bend
    return x, (root, x)

def sway_backward(up, cache):
    root, x = cache
    for twig in root.twigs[::-1]:
        up = up @ twig.bend.T
    return up

root = Twig(np.eye(3))
Twig(np.eye(3), root)
out, kept = sway(root, np.ones((2, 3)))
"""


def test_objects_that_refer_to_one_another_end_in_no_recursion(tmp_path):
    """What cannot be taken apart is refused as anything else is."""
    file = tmp_path / "tree.py"
    file.write_text(TREE)

    with pytest.raises(TargetError, match="its forward runs on no inputs that were tried"):
        function_here(f"{file}:sway_backward")


def test_the_numbers_of_a_list_that_holds_itself_are_counted_once():
    """Beside those of an array in it."""
    ring = [np.zeros((2, 3)), 1.0]
    ring.append({"ring": ring})
    assert entries(ring) == 7
