"""Children are forked from a process that has loaded what they need, and are as fresh as if started by themselves."""

import itertools
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gradcheck_cli.model import ConvSpec
from gradcheck_cli.targets import Worker, WorkerLimits, nursery as nursery_module, resolve
from gradcheck_cli.targets.conventions.probes import integer_case
from gradcheck_cli.targets.nursery import FEW, LOADS_FIRST, nursery
from helpers import PATIENCE, RIGHT, ROOT, soon

SPEC = ConvSpec(2, 2, 3, 6, 5, (3, 3))
TARGET = """
def backward(x, w, dout):
    print(STATE)
    return right(x, w, dout)
"""


def state(folder, first_lines):
    """What the first lines of a target's file find, under the name STATE, when it is loaded."""
    file = folder / "user.py"
    file.write_text(f"{first_lines}\n{RIGHT}{TARGET}")
    with Worker(resolve([f"{file}:backward"])[0], WorkerLimits(timeout=PATIENCE)) as worker:
        outcome = worker.backward(integer_case(SPEC), calls="once")
    assert outcome.error == ""
    return outcome.printed.strip()


@pytest.fixture
def first_child(monkeypatch):
    """As if this process had asked for no child yet."""
    monkeypatch.setattr(nursery_module, "children_asked_for", itertools.count(1))


@pytest.mark.skipif(not LOADS_FIRST, reason="here each child loads by itself")
def test_where_many_are_judged_what_names_a_mistake_is_loaded_once(tmp_path, first_child):
    """The first few do not wait for torch; from then on it is there for all."""
    loaded = [state(tmp_path, "import sys\nSTATE = 'torch' in sys.modules") for _ in range(FEW + 2)]

    assert loaded == ["False"] * FEW + ["True"] * 2


@pytest.mark.skipif(not LOADS_FIRST, reason="here each child loads by itself")
def test_what_a_target_imports_and_takes_seconds_is_loaded_before_it(tmp_path, first_child):
    """torch is there when the file of the target begins."""
    assert state(tmp_path, "import sys\nSTATE = 'torch' in sys.modules\nimport torch") == "True"
    assert state(tmp_path, "import sys\nSTATE = 'torch' in sys.modules") == "False"


def test_a_child_has_the_folder_and_the_environment_of_the_moment(tmp_path, monkeypatch):
    """Not those in which the nursery was started."""
    state(tmp_path, "STATE = 'started'")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLOUR_OF_THE_DAY", "blue")

    found = state(tmp_path, "import os\nSTATE = os.getcwd(), os.environ['COLOUR_OF_THE_DAY'], os.getenv('PATH')")

    assert found == str((os.getcwd(), "blue", os.getenv("PATH")))


def test_a_child_waits_for_its_own_children_and_has_a_session_of_its_own(tmp_path):
    """The nursery ignores the ends of its children; a child does not inherit that."""
    lines = "import os, signal\nSTATE = signal.getsignal(signal.SIGCHLD) == signal.SIG_DFL, os.getsid(0) == os.getpid()"

    assert state(tmp_path, lines) == "(True, True)"


@pytest.mark.skipif(not LOADS_FIRST, reason="here each child loads by itself")
def test_what_every_target_is_looked_up_in_is_made_once_for_all_but_the_first(tmp_path, first_child):
    """The tables of layouts are there when the file of the second target begins; a lone one does not wait for them."""
    lines = "from gradcheck_cli.targets.conventions import layouts\nSTATE = layouts.usual.cache_info().currsize"
    nursery().close()
    first, second = state(tmp_path, lines), state(tmp_path, lines)

    assert (int(first), int(second) > 0) == (0, True)


def test_a_nursery_that_was_killed_is_replaced(tmp_path, first_child):
    """Nobody notices."""
    state(tmp_path, "STATE = 'started'")
    os.kill(nursery().number, signal.SIGKILL)

    assert state(tmp_path, "STATE = 'well'") == "well"


def test_a_module_that_cannot_be_loaded_is_left_to_the_target(tmp_path, monkeypatch):
    """The child that imports it says so; those that do not are judged."""
    (tmp_path / "torch.py").write_text("raise SystemError('half of it is missing')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    lines = "try:\n    import torch\nexcept SystemError as error:\n    STATE = str(error)"

    assert state(tmp_path, lines) == "half of it is missing"


def test_what_is_read_on_loading_asks_for_a_new_nursery(monkeypatch):
    """Python looks at its variables when it starts, and numerical libraries at theirs when they are loaded."""
    before = nursery()
    monkeypatch.setenv("UNRELATED", "1")
    same = nursery()
    monkeypatch.setenv("OMP_NUM_THREADS", os.environ.get("OMP_NUM_THREADS", "") + "1")

    assert before is same
    assert nursery() is not before


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="processes are found by /proc")
def test_it_ends_with_the_process_that_started_it():
    """Also where that ends without a word."""
    text = "import os\nfrom gradcheck_cli.targets import nursery, process\nprocess.Child(None, 100).kill()\n"
    text += "print(nursery.nursery().number, flush=True)\nos._exit(0)"
    started = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, cwd=ROOT, check=True)

    assert soon(lambda: not Path(f"/proc/{int(started.stdout)}").exists())
