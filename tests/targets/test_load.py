"""Loading: what is executed, once, under which name; and what is said of an import that fails."""

import sys

import pytest

from gradcheck_cli.targets import resolve
from gradcheck_cli.targets.load import LoadError, import_installed, lacking, load


@pytest.fixture(autouse=True)
def unchanged():
    """Loading changes where this process imports from; the next test must not see it."""
    before = list(sys.path), list(sys.meta_path), set(sys.modules)
    yield
    sys.path[:], sys.meta_path[:] = before[:2]
    for name in set(sys.modules) - before[2]:
        if not name.startswith(("gradcheck_cli", "numpy", "torch")):
            del sys.modules[name]


@pytest.fixture
def loaded(tmp_path, monkeypatch):
    """Write files, load one of them as a user in their folder would."""
    monkeypatch.chdir(tmp_path)

    def run(target, files, **options):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return load(resolve([target])[0], **options)

    return run


def refusal(run, *arguments):
    """(sentence, hint) of what cannot be loaded."""
    with pytest.raises(LoadError) as caught:
        run(*arguments)
    return caught.value.sentence, caught.value.hint


def consequence(of, error):
    """What `lacking` says of an error that calling the target raises."""
    with pytest.raises(error) as caught:
        of.target(1)
    found = lacking(caught.value, of)
    return found and found.sentence


SCRIPT = """from data_that_nobody_has import pictures
import json

def step(g):
    return json.dumps(g)

LEFT_OUT = pictures.load()
raise RuntimeError("training")
"""


def test_nothing_but_what_the_target_needs_is_executed_after_a_failure(loaded):
    """The first line that fails is told; the rest of the script part is left out."""
    found = loaded("net.py:step", {"net.py": SCRIPT})

    assert found.target(3) == "3"
    assert found.notes == (
        "the file's script part fails (ModuleNotFoundError at line 1); only what the target needs was executed",
    )


def test_nothing_is_executed_twice(loaded):
    """What ran before the line that fails stays as it is."""
    counter = "import collections\nRUNS = collections.Counter()\n"
    text = "import counting\ncounting.RUNS['top'] += 1\n\ndef step(g):\n    return counting.RUNS\n\n1 / 0\n"

    assert loaded("net.py:step", {"net.py": text, "counting.py": counter}).target(1) == {"top": 1}


def test_the_part_for_scripts_is_not_run(loaded):
    """`if __name__ == "__main__"` is false."""
    text = "def step(g):\n    return g\n\nif __name__ == '__main__':\n    step = None\n"

    assert loaded("net.py:step", {"net.py": text}).target(4) == 4


def test_future_imports_hold_for_every_statement(loaded):
    """Annotations of types that are not there are never looked at."""
    text = "from __future__ import annotations\n\ndef step(g: not_there.Array) -> Nothing:\n    return g\n"

    assert loaded("net.py:step", {"net.py": text}).target(4) == 4


def test_changes_of_the_search_path_are_needed(loaded):
    """Though nothing refers to them by name."""
    text = "import sys\n1 / 0\nsys.path.append('far/away')\nfrom distant import double\n\n"
    text += "def step(g):\n    return double(g)\n"
    files = {"net.py": text, "far/away/distant.py": "def double(g):\n    return 2 * g\n"}

    assert loaded("net.py:step", files).target(2) == 4


def test_star_imports_may_bring_what_the_target_needs(loaded):
    """They are executed though an import above them fails."""
    text = "import plots_that_nobody_has\nfrom tools import *\n\ndef step(g, by=scale):\n    return by * g\n"

    assert loaded("net.py:step", {"net.py": text, "tools.py": "scale = 3\n"}).target(2) == 6


def test_the_import_that_fails_is_told_where_it_stands(loaded):
    """In the helper, not where the helper is imported."""
    files = {
        "net.py": "from tools import *\n\nclass Layer:\n    def backward(self, g, by=scale):\n        return g\n",
        "tools.py": "\nimport nobody_has_this.deeply as d\nscale = 3\n",
    }
    assert refusal(loaded, "net.py", files) == (
        "tools.py:2 imports nobody_has_this, which is not installed.",
        "install nobody_has_this, or put it beside the file",
    )


@pytest.mark.parametrize(
    ("statement", "uses", "expected"),
    [
        ("from .absent import Base", "Base", "from .absent import Base: there is no absent.py beside the file."),
        ("from . import absent", "absent.Base", "from . import absent: there is no absent.py beside the file."),
        ("from .deep.er import Base", "Base", "from .deep.er import Base: there is no deep/er.py beside the file."),
        ("from ..up import Base", "Base", "from ..up import Base: there is no ../up.py."),
        ("from .present import Base", "Base", "from .present import Base: cannot import name 'Base' from 'present'."),
    ],
)
@pytest.mark.parametrize("package", [True, False])
def test_relative_imports_are_told_as_they_are_written(loaded, statement, uses, expected, package):
    """Whether the folder is a package or not; no name of ours is shown."""
    files = {
        "all/net/layer.py": f"{statement}\n\nclass Layer({uses}):\n    def backward(self, g):\n        return g\n",
        "all/net/present.py": "",
    }
    if package:
        files |= {"all/__init__.py": "", "all/net/__init__.py": ""}
    sentence, hint = refusal(loaded, "all/net/layer.py", files)

    assert (sentence.replace("'all.net.present'", "'present'"), hint) == (f"all/net/layer.py:1: {expected}", "")


def test_a_package_that_the_target_does_not_need_may_be_missing(loaded):
    """A method that plots needs matplotlib; backward does not."""
    text = "import nobody_plots as plt\n\ndef show(w):\n    plt.imshow(w)\n\n"
    text += "def step(g):\n    return g if g else show(g)\n"

    assert loaded("net.py:step", {"net.py": text}).target(4) == 4


def test_a_name_that_no_import_brought_is_a_missing_package(loaded):
    """When the target is called, too."""
    text = "import nobody_plots as plt\n\ndef step(g):\n    return plt.imshow(g)\n"

    assert consequence(loaded("net.py:step", {"net.py": text}), NameError) == (
        "net.py:1 imports nobody_plots, which is not installed."
    )


GUARDED = """
try:
    from fast.routines import fold
except ImportError:
    {instead}

def step(g):
    return fold(g)
"""


@pytest.mark.parametrize(("instead", "error"), [("print('build it')", NameError), ("fold = None", TypeError)])
def test_an_extension_that_was_not_built_is_told(loaded, instead, error):
    """The import is guarded; its name is not there, or is None, when the target is called."""
    found = loaded("net.py:step", {"net.py": GUARDED.format(instead=instead)})

    assert consequence(found, error) == "fast.routines is missing (line 3 imports fold)."


def test_a_slip_of_the_user_is_no_missing_package(loaded):
    """A name that no import should have brought; a None that is none of theirs."""
    text = GUARDED.format(instead="fold = lambda g: folded(g)")
    assert consequence(loaded("net.py:step", {"net.py": text}), NameError) is None
    assert (
        consequence(loaded("two.py:step", {"two.py": "none = None\ndef step(g):\n    return none(g)\n"}), TypeError)
        is None
    )


REGISTRY = """
known = []

def add(function):
    assert function.__name__ not in known, "twice"
    known.append(function.__name__)
    return function
"""
REGISTERED = "from {package}registry import add\n\n@add\ndef step(g):\n    return 2 * g\n"


@pytest.mark.parametrize("after", ["", "\nfrom nobody_has_this import anything\n1 / 0\n"])
def test_a_module_that_its_package_imports_is_executed_once(loaded, after):
    """By whoever comes first; also where its script part fails."""
    files = {
        "nets/__init__.py": "from . import steps\nfrom .steps import step as renamed\n",
        "nets/registry.py": REGISTRY,
        "nets/steps.py": REGISTERED.format(package="nets.") + after,
    }
    found = loaded("nets/steps.py:step", files)

    assert found.target(2) == 4
    assert sys.modules["nets.steps"] is found.module is sys.modules["nets"].steps


def test_a_module_that_its_helper_imports_back_is_executed_once(loaded):
    """Outside packages, under its plain name."""
    files = {
        "imported_back.py": REGISTERED.format(package="") + "\nimport helper\n",
        "registry.py": REGISTRY,
        "helper.py": "import imported_back\n",
    }
    found = loaded("imported_back.py:step", files)

    assert found.notes == ()
    assert sys.modules["imported_back"] is found.module


PACKAGE = {
    "kit/__init__.py": "from .base import Base\nfrom .plots import draw\nfrom .base import other\n",
    "kit/base.py": "class Base:\n    factor = 3\n\nother = 5\n",
    "kit/plots.py": "import nobody_plots\n\ndef draw(w): ...\n",
    "kit/deep/__init__.py": "",
}


def test_a_package_is_used_without_what_fails_in_its_init(loaded):
    """The lines before and after the one that imports what is not installed."""
    text = "from kit import Base, other\n\ndef step(g, kind=Base):\n    return kind.factor * g * other\n"

    assert loaded("kit/deep/steps.py:step", PACKAGE | {"kit/deep/steps.py": text}).target(1) == 15


def test_what_a_package_lacks_is_told_where_it_fails(loaded):
    """Not as a name that cannot be imported from the package."""
    text = "from kit import draw\n\ndef step(g, how=draw):\n    return g\n"

    sentence, _ = refusal(loaded, "kit/deep/steps.py:step", PACKAGE | {"kit/deep/steps.py": text})
    assert sentence == "kit/plots.py:1 imports nobody_plots, which is not installed."


@pytest.mark.parametrize("folder", ["json", "numpy", "code"])
def test_a_folder_named_like_an_installed_package_shadows_nothing(loaded, folder):
    """Its own relative imports work all the same."""
    files = {
        f"{folder}/__init__.py": "",
        f"{folder}/helper.py": "def double(g):\n    return 2 * g\n",
        f"{folder}/steps.py": "import json\nimport numpy\nfrom .helper import double\n\ndef step(g):\n"
        "    return json.loads(str(double(g))) + numpy.zeros(1)\n",
    }
    assert loaded(f"{folder}/steps.py:step", files).target(2) == 4


def test_siblings_never_win_over_the_library(loaded):
    """random.py and numpy.py beside the file."""
    files = {
        "steps.py": "import random, numpy\n\ndef step(g):\n    return random.Random, numpy.zeros\n",
        "random.py": "1 / 0\n",
        "numpy.py": "1 / 0\n",
    }
    assert loaded("steps.py:step", files).notes == ()


def test_a_target_may_be_named_like_a_module_of_the_library(loaded):
    """`random.py:step` is loaded, and `import random` inside it means Python's."""
    found = loaded("random.py:step", {"random.py": "import random\n\ndef step(g):\n    return random.Random\n"})

    assert found.target(1).__module__ == "random"
    assert sys.modules["random"] is not found.module


def test_a_name_that_the_file_does_not_define_after_all(loaded):
    """Defined in a branch that is not taken."""
    sentence, _ = refusal(loaded, "net.py:step", {"net.py": "if not 1:\n    def step(g): ...\n"})

    assert sentence.endswith("net.py defines no step when it is executed.")


def test_a_part_of_an_installed_package_is_imported_before_any_time_is_counted(tmp_path):
    """`from scipy import signal` and `import scipy.signal` take seconds; here parts of Python that nobody else uses."""
    (tmp_path / "user.py").write_text(
        "from wsgiref import headers\nimport xmlrpc.client\ndef f():\n    import lib2to3.btm_utils\n"
    )
    before = {"wsgiref.headers", "xmlrpc.client"} & set(sys.modules)
    import_installed(resolve([f"{tmp_path / 'user.py'}:f"])[0])
    assert not before
    assert {"wsgiref.headers", "xmlrpc.client"} <= set(sys.modules)
    assert "lib2to3.btm_utils" not in sys.modules
