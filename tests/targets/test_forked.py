"""A nursery that is forked from the command line's own process is what one is that starts by itself."""

import json
import subprocess
import sys

import pytest

from gradcheck_cli.targets import forked, nursery
from helpers import RIGHT, ROOT

TARGET = f"""
import gc, json, os, sys
FOUND = sorted(name for name in sys.modules if not name.startswith("gradcheck_cli"))
FOUND = [FOUND, sys.path, sys.modules["__main__"].__file__, len(os.listdir("/proc/self/fd")), os.getcwd()]
FOUND += [gc.get_threshold(), gc.isenabled()]
{RIGHT}
def backward(x, w, dout):
    print(json.dumps(FOUND))
    return right(x, w, dout)
"""
# The command line as far as it comes before a target is loaded, then the same target in a child of either kind.
BOTH = """
import os, sys
from gradcheck_cli.cli import main
from gradcheck_cli.model import collector
from gradcheck_cli.targets import forked, nursery

collector.seldom()
forked.fork_from_here()
from gradcheck_cli.model import ConvSpec
from gradcheck_cli.targets import Worker, resolve
from gradcheck_cli.targets.conventions.probes import integer_case
for _ in range(2):  # what is read on loading changes meanwhile, so that the second nursery starts by itself
    with Worker(resolve([sys.argv[1]])[0]) as worker:
        print(worker.backward(integer_case(ConvSpec(2, 2, 3, 6, 5, (3, 3))), calls="once").printed.strip())
        print(open(f"/proc/{nursery.nursery().number}/cmdline").read().split("\\0")[1])
    os.environ["OMP_UNREAD"] = "1"
"""


@pytest.mark.skipif(not nursery.LOADS_FIRST, reason="here each child loads by itself")
def test_a_child_finds_nothing_of_the_command_line(tmp_path):
    """The same modules, path, main module, files, folder and collector, whichever nursery it comes from."""
    file = tmp_path / "user.py"
    file.write_text(TARGET)
    command = [sys.executable, "-c", BOTH, f"{file}:backward"]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    first, of_first, second, of_second = ran.stdout.splitlines()

    assert ("-c", "-P") == (of_first, of_second)
    here, alone = json.loads(first), json.loads(second)
    assert set(here[0]) - set(alone[0]) == set()
    assert here[1:] == alone[1:]


def test_a_process_of_somebody_else_is_not_forked():
    """Nobody knows what is loaded here and which threads run."""
    before = nursery.nursery()
    forked.fork_with(())

    assert nursery.nursery() is before
