"""From what is typed to targets, without executing anything."""

import pytest

from gradcheck_cli.model.errors import TargetError
from gradcheck_cli.targets import resolve

SOURCE = """raise SystemExit  # never executed


def conv_backward(dout, cache):
    return dout


class Conv:
    def backward(self, g):
        return g
"""


@pytest.fixture
def file(tmp_path):
    """A file with a function and a class."""
    path = tmp_path / "my_layers.py"
    path.write_text(SOURCE)
    return path


def message(*texts):
    """The text of the TargetError that `texts` give."""
    with pytest.raises(TargetError) as caught:
        resolve(texts)
    return str(caught.value)


@pytest.mark.parametrize(("name", "line"), [("conv_backward", 4), ("Conv", 8), ("Conv.backward", 9)])
def test_a_name_is_found_with_its_line(file, name, line):
    """Functions, classes and methods."""
    (ref,) = resolve([f"{file}:{name}"])
    assert (ref.file, ref.name, ref.line, ref.text) == (str(file), name, line, f"{file}:{name}")


def test_a_glob_is_expanded_in_order_and_targets_come_once(tmp_path):
    """Our own globs, sorted; a file named twice is one target."""
    for name in ("b.py", "a.py"):
        (tmp_path / name).write_text(SOURCE)
    refs = resolve([f"{tmp_path}/*.py:Conv", f"{tmp_path}/a.py:Conv"])
    assert [ref.text for ref in refs] == [f"{tmp_path}/a.py:Conv", f"{tmp_path}/b.py:Conv"]


def test_a_glob_without_a_match_says_so(tmp_path, monkeypatch):
    """Nothing to check is an error, not a pass."""
    monkeypatch.chdir(tmp_path)
    assert message("none/*.py:f") == (
        f"no file matches none/*.py.\n  typed   none/*.py:f\n  folder  {tmp_path}\n"
        "  hint: patterns are read from this folder; `**/` goes into those below"
    )


def test_a_file_alone_needs_one_candidate(file, tmp_path):
    """Two candidates are named; one is taken."""
    assert message(str(file)) == (
        f"{file} holds 2 candidates.\n  they are  Conv, conv_backward\n  hint: name one: {file}:Conv"
    )
    single = tmp_path / "single.py"
    single.write_text("def helper(x): pass\n\ndef conv_backward(dout, cache): pass\n")
    assert resolve([str(single)])[0].name == "conv_backward"


def test_an_absent_name_shows_what_is_there(tmp_path):
    """Also what no one would take for a convolution's backward."""
    (tmp_path / "norms.py").write_text("class MyNorm:\n    def forward(self, x):\n        return x\n")
    assert message(f"{tmp_path}/norms.py:zzz") == (
        f"{tmp_path}/norms.py has no zzz.\n  it holds  MyNorm\n  hint: {tmp_path}/norms.py:MyNorm"
    )


def test_an_absent_name_shows_the_near_ones(file):
    """By difflib."""
    assert message(f"{file}:conv_backwrd") == (
        f"{file} has no conv_backwrd.\n  similar  conv_backward, Conv.backward\n  hint: {file}:conv_backward"
    )


@pytest.mark.parametrize(("name", "found"), [("affine", "affine_backward"), ("relu", "backward_relu"), ("norm", "")])
def test_a_layer_s_name_means_its_backward(tmp_path, name, found):
    """Where one backward of that name and its forward stand in the file, and no function is called so."""
    path = tmp_path / "layers.py"
    functions = (
        "affine_forward",
        "affine_backward",
        "forward_relu",
        "backward_relu",
        "norm_forward",
        "norm_backward_a",
    )
    path.write_text("".join(f"def {each}(x):\n    return x\n" for each in (*functions, "norm_backward")))
    if found:
        assert [ref.name for ref in resolve([f"{path}:{name}"])] == [found]
    else:
        path.write_text(path.read_text().replace("norm_forward", "norm"))
        assert [ref.name for ref in resolve([f"{path}:{name}"])] == [name]


def test_a_name_that_is_not_there_is_told_with_what_is(tmp_path):
    """Also where nothing of it looks like a backward; methods are found by their class."""
    path = tmp_path / "net.py"
    path.write_text("class Net:\n    def forward(self, x):\n        return x\n")
    assert message(f"{path}:Qx") == f"{path} has no Qx.\n  it holds  Net\n  hint: {path}:Net"


def test_a_syntax_error_gives_file_and_line(tmp_path):
    """One sentence, the line itself below."""
    path = tmp_path / "broken.py"
    path.write_text("x = 1\ndef f(:\n")
    assert message(f"{path}:f") == f"{path}:2 is not valid Python: invalid syntax.\n  line  def f(:\n  hint: " + MEND


MEND = "Python itself cannot run the file: mend this line first"


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("a.py", b"def f(:\n", f"a.py:1 is not valid Python: invalid syntax.\n  line  def f(:\n  hint: {MEND}"),
        (
            "a.pyc",
            b"\xa7\r\r\n\0\0",
            "a.pyc is not Python source: it holds null bytes.\n"
            "  hint: probably a compiled or packed file: name the .py file",
        ),
        (
            "a.ipynb",
            b"{}",
            "a.ipynb is a notebook, and verify takes Python files.\n"
            "  hint: in the notebook: gradcheck_cli.verify(my_function); or jupyter nbconvert --to script a.ipynb",
        ),
        (
            "a.py",
            b"",
            "nothing in a.py looks like a backward.\n  it holds  no function and no class\n"
            "  hint: name the file that holds your backward",
        ),
        (
            "a.py",
            b"def f(x): return x\ndef g(x): return x\n",
            "nothing in a.py looks like a backward.\n  it holds  f, g\n  hint: name the function: a.py:f; or say how "
            "it is called: --call, or gradcheck_call() in the file (gradcheck explain calling)",
        ),
        (
            "a.py",
            b"class Conv:\n    def forward(self, x): return x\nclass Pool:\n    def __call__(self, x): return x\n"
            b"class Options: pass\n",
            "nothing in a.py looks like a backward: Conv has no backward, Pool has no backward.\n"
            "  hint: write one, or name the file that holds it",
        ),
        (
            "a.py",
            b"from torch import nn\nclass Net(nn.Module):\n    def forward(self, x): return x\n",
            "nothing in a.py looks like a backward: Net has no backward (torch computes its gradients).\n"
            "  hint: write one, or name the file that holds it",
        ),
        (
            "a.py",
            b"class Module:\n    pass\nclass Net(Module):\n    def forward(self, x):\n"
            b"        def _backward(): x.grad = 1\n        return x\n"
            b"class Plain(Module):\n    def forward(self, x): return x\n",
            "nothing in a.py looks like a backward: Net has no backward that can be called (a function inside its "
            "forward goes back), Plain has no backward.\n"
            "  hint: call it yourself: gradcheck_call() in the file returns the gradients (gradcheck explain calling)",
        ),
    ],
    ids=[
        "no Python",
        "compiled",
        "notebook",
        "empty",
        "without a backward",
        "forwards",
        "a module",
        "a function inside",
    ],
)
def test_a_file_without_a_target_says_what_it_is(tmp_path, monkeypatch, name, content, text):
    """By the path that was typed, with the next step."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(content)
    assert message(name) == text


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        (
            "link.py:f",
            "link.py is a link to lost.py, which is not there.\n  hint: name the file itself, or make the link anew",
        ),
        ("a.py:f ", "'f ' is no name of a function or class.\n  hint: a.py:f"),
        ("a.py:f:x", "'f:x' is no name of a function or class.\n  hint: a.py:f"),
        ("a.py:f()", "'f()' is no name of a function or class.\n  hint: a.py:f"),
    ],
)
def test_what_is_nearly_a_place_is_told_for_what_it_is(tmp_path, monkeypatch, typed, text):
    """A link without its file, and a word behind the colon that names nothing."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link.py").symlink_to("lost.py")
    (tmp_path / "a.py").write_text("def f(x):\n    return x\n")
    assert message(typed) == text


def test_a_missing_file_shows_similar_ones(file):
    """A typing error in the file name."""
    wanted = file.with_name("my_layer.py")
    assert message(f"{wanted}:f") == (
        f"there is no file {wanted}.\n  similar  my_layers.py\n  hint: probably {file.with_name('my_layers.py')}"
    )
    lost = file.with_name("nothing_like_it.py")
    assert message(f"{lost}:f") == (
        f"there is no file {lost}.\n  folder  {file.parent}\n  hint: a path from here, as in folder/file.py:name"
    )


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        (
            "nothing_like_it",
            "there is no file and no module nothing_like_it.\n  hint: FILE.py:NAME, or PACKAGE.MODULE:NAME",
        ),
        (
            "nothing_like_it:f",
            "there is no file and no module nothing_like_it.\n  typed  nothing_like_it:f\n"
            "  hint: FILE.py:NAME, or PACKAGE.MODULE:NAME",
        ),
        ("json.dumps", "there is no file and no module json.dumps.\n  hint: json:dumps"),
    ],
    ids=["neither", "with a name", "a name with a dot"],
)
def test_what_is_no_module_is_told_with_how_one_is_written(typed, text):
    """A colon parts the module from the name; where a dot stands in its place, the place is shown."""
    assert message(typed) == text


def test_a_module_is_found_by_its_dotted_name():
    """package.module:name"""
    (ref,) = resolve(["gradcheck_cli.model.errors:TargetError"])
    assert (ref.module, ref.name, ref.file.endswith("gradcheck_cli/model/errors.py")) == (
        "gradcheck_cli.model.errors",
        "TargetError",
        True,
    )


def test_a_missing_module_is_one_clear_message():
    """Neither a file nor a module."""
    assert message("no_such.module:f") == (
        "there is no file and no module no_such.module.\n  typed  no_such.module:f\n"
        "  hint: FILE.py:NAME, or PACKAGE.MODULE:NAME"
    )


@pytest.mark.parametrize("length", [300, 5000])
def test_a_name_that_no_file_system_takes_is_an_absent_file(length):
    """OSError 36 from the system is no bug of ours."""
    name = "x" * length
    assert message(f"{name}.py:f").startswith(f"there is no file {name}.py.")
    assert message(f"{name}:f").startswith(f"there is no file and no module {name}.")


def test_a_method_that_goes_back_beside_a_forward_makes_a_layer(tmp_path):
    """However it is called; a callback beside no forward makes none."""
    file = tmp_path / "net.py"
    file.write_text(
        "class Conv:\n    def forward(self, x): ...\n    def backdrop(self, g): ...\n\n"
        "class Watch:\n    def backup(self, g): ...\n\n\ndef relu(x): ...\n"
    )
    assert [ref.name for ref in resolve([str(file)])] == ["Conv"]
