"""The worker against code that hangs, crashes, exits, hoards, prints, forks and cheats."""

import itertools
import os
from threading import Timer

import numpy as np
import pytest

from gradcheck_cli.layers import conv
from gradcheck_cli.model import ConvSpec
from gradcheck_cli.model.errors import TargetError
from gradcheck_cli.targets import Worker, WorkerLimits, nursery, resolve
from gradcheck_cli.targets.conventions.probes import integer_case
from helpers import PATIENCE, RIGHT, asked_within, soon

SPEC = ConvSpec(3, 2, 4, 8, 7, (3, 3))
BIG = ConvSpec(2, 2, 3, 16, 15, (3, 3))
WHEN_BIG = "    if x.shape[2] == 16:\n        "


@pytest.fixture
def outcome(tmp_path):
    """What a target does on a case that it was not recognised with; `trick` runs there only."""

    def ask(trick, limits=None, spec=BIG, before="", seconds=PATIENCE):
        file = tmp_path / "user.py"
        body = f"def backward(x, w, dout):\n{WHEN_BIG}{trick}\n    return right(x, w, dout)\n"
        file.write_text(RIGHT + before + "\n" + body)
        with Worker(resolve([f"{file}:backward"])[0], limits or WorkerLimits(timeout=PATIENCE)) as worker:
            first = asked_within(worker, integer_case(spec), seconds)
            after = worker.backward(integer_case(SPEC))
            expected = conv.backward(integer_case(SPEC))
            assert np.array_equal(after.gradients.weight, expected.weight)
            return first

    return ask


def summary(outcome):
    """(kind, sentence) of what went wrong."""
    return outcome.error_kind, outcome.error


def test_what_a_function_cannot_be_told_is_refused_without_a_call(tmp_path):
    """In the words in which a call on it is refused; "" where it is called."""
    file = tmp_path / "user.py"
    file.write_text(RIGHT)
    strided = ConvSpec(2, 2, 3, 9, 8, (3, 3), stride=(2, 2))
    with Worker(resolve([f"{file}:right"])[0]) as worker:
        told = worker.refusals([SPEC, strided])
        called = worker.backward(integer_case(strided))

    assert ["", "it has no parameter for stride"] == told
    assert (told[1], "refused", False) == (called.error, called.error_kind, called.supported)


def test_an_endless_loop_is_ended_and_the_next_case_answered(outcome):
    """The time limit holds, and a new child serves the next case."""
    found = outcome("while True: pass", seconds=3)
    assert summary(found) == ("timeout", "no answer within 3 s")


def test_code_that_ignores_sigterm_is_ended_too(outcome):
    """Only SIGKILL is used, and nothing can ignore it."""
    trick = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
    assert summary(outcome(trick, seconds=3)) == ("timeout", "no answer within 3 s")


def test_a_segmentation_fault_is_a_crash(outcome):
    """The signal is named."""
    trick = "import ctypes; ctypes.string_at(0)"
    assert summary(outcome(trick)) == ("crashed", "the process was ended by SIGSEGV")


def test_os_exit_is_told_apart_from_a_crash(outcome):
    """The exit status is given."""
    assert summary(outcome("import os; os._exit(0)")) == ("exited", "the code ended the process (exit status 0)")


def test_sys_exit_is_an_error_of_this_call_only(outcome):
    """SystemExit does not end the worker."""
    found = outcome("raise SystemExit(3)")
    assert summary(found) == ("exited", "SystemExit: 3")
    assert found.error_line == 15


def test_a_memory_hog_is_stopped(outcome):
    """The memory limit turns into a MemoryError in the user's code."""
    found = outcome("hog = [np.ones(2**27) for _ in range(64)]", WorkerLimits(timeout=PATIENCE, memory=2**31))
    assert found.error_kind == "memory"


def test_an_exception_comes_with_the_users_line(outcome):
    """A crash inside numpy is reported at the user's own line."""
    found = outcome("np.zeros(2) + np.zeros(3)")
    assert found.error_kind == "raised"
    assert found.error == ("ValueError: operands could not be broadcast together with shapes (2,) (3,)")
    assert (found.error_line, found.supported) == (15, True)


@pytest.mark.parametrize(
    "trick", ["raise NotImplementedError('no', 16)", "assert False, 'no'", "raise ValueError('no')"]
)
def test_the_users_own_refusal_is_not_a_failure(outcome, trick):
    """NotImplementedError, an assertion or a ValueError of the user's own mean: not supported."""
    found = outcome(trick)
    assert (found.supported, found.error_kind) == (False, "refused")


def test_prints_are_captured_at_both_levels_and_bounded(outcome):
    """print and writes to file descriptor 1 come back as text; a flood is cut."""
    found = outcome("import os; print('from python', flush=True); os.write(1, b'from C'); print('x' * 10**6)")
    assert found.printed.startswith("from python\nfrom C")
    assert len(found.printed) < 70_000
    assert found.error == ""


def test_changed_inputs_are_found(outcome):
    """The result is right, and yet the function changed what it was given."""
    found = outcome("result = right(x, w, dout); x += 1; dout *= 2; return result")
    assert found.mutated == ("x", "grad_output")


def test_a_second_call_that_differs_is_kept(outcome):
    """Accumulation between calls shows as twice the gradient."""
    found = outcome("kept.append(right(x, w, dout)[1]); return right(x, w, dout)[0], sum(kept)", before="kept = []")
    assert np.array_equal(found.second.weight, 2 * found.gradients.weight)


def test_global_random_numbers_are_the_same_in_both_calls(outcome):
    """Seeding is ours; using random numbers is no fault."""
    found = outcome("return right(x, w, dout)[0], right(x, w, dout)[1] + np.random.rand()")
    assert np.array_equal(found.second.weight, found.gradients.weight)


def test_a_wrong_shape_is_named(outcome):
    """The gradient is handed over as returned."""
    found = outcome("return right(x, w, dout)[0][:, :, 1:], right(x, w, dout)[1], dout.sum((0, 2, 3))")
    assert summary(found) == ("misshapen", "grad_input has shape (2, 2, 15, 15) instead of (2, 2, 16, 15)")
    assert found.gradients.input.shape == (2, 2, 15, 15)


def test_processes_left_behind_are_ended(outcome, tmp_path):
    """A forked child dies with the worker."""
    mark = tmp_path / "pid"
    outcome(f"import subprocess; open({str(mark)!r}, 'w').write(str(subprocess.Popen(['sleep', '600']).pid))")
    assert soon(lambda: gone(int(mark.read_text())))


def gone(pid):
    """Whether a process has ended."""
    try:
        os.kill(pid, 0)
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except (ProcessLookupError, FileNotFoundError):
        return True


def describe_and_interrupt(ref):
    """Ctrl-C while a worker is open."""
    with Worker(ref) as worker:
        worker.describe()
        raise KeyboardInterrupt


def test_an_interrupt_in_the_parent_leaves_no_child(tmp_path):
    """Leaving the `with` by an exception kills the child."""
    file = tmp_path / "user.py"
    file.write_text(RIGHT + "\nimport os\nopen(__file__ + '.pid', 'w').write(str(os.getpid()))\n")
    with pytest.raises(KeyboardInterrupt):
        describe_and_interrupt(resolve([f"{file}:right"])[0])
    assert soon(lambda: gone(int((tmp_path / "user.py.pid").read_text())))


def test_a_worker_that_was_ended_starts_no_other_child(tmp_path):
    """Whatever is asked of it afterwards: the run is being ended, and its time is not the target's."""
    file = tmp_path / "user.py"
    file.write_text(RIGHT)
    with Worker(resolve([f"{file}:right"])[0]) as worker:
        worker.describe()
        worker.end()
        with pytest.raises(InterruptedError):
            worker.backward(integer_case(BIG))


def test_a_call_at_work_ends_when_its_worker_is_ended(tmp_path):
    """From another thread, as an interrupt comes; the child is gone and no other one takes its place."""
    file = tmp_path / "user.py"
    file.write_text(
        RIGHT + "\nimport time\ndef backward(x, w, dout):\n    time.sleep(600)\n    return right(x, w, dout)\n"
    )
    worker = Worker(resolve([f"{file}:backward"])[0], WorkerLimits(timeout=600))
    Timer(0.5, worker.end).start()
    with pytest.raises(InterruptedError):
        worker.backward(integer_case(BIG))


def test_a_dead_worker_is_restarted_only_so_often(tmp_path):
    """Code that dies on every case is given up after the allowed restarts."""
    file = tmp_path / "user.py"
    file.write_text(
        RIGHT
        + "\nimport os\ndef backward(x, w, dout):\n    if x.shape[2] == 16: os._exit(1)\n    return right(x, w, dout)\n"
    )
    with Worker(resolve([f"{file}:backward"])[0], WorkerLimits(timeout=PATIENCE, restarts=1)) as worker:
        errors = [worker.backward(integer_case(BIG)).error for _ in range(3)]
    assert errors == ["the code ended the process (exit status 1)"] * 2 + ["not tried: it died too often before"]


def test_a_numpy_target_does_not_wait_for_torch(tmp_path, monkeypatch):
    """torch is not imported in the worker unless the user's file imports it, or many targets are asked."""
    monkeypatch.setattr(nursery, "children_asked_for", itertools.count(1))
    file = tmp_path / "user.py"
    file.write_text(
        RIGHT
        + "\ndef backward(x, w, dout):\n    import sys\n    print('torch' in sys.modules)\n"
        + "    return right(x, w, dout)\n"
    )
    with Worker(resolve([f"{file}:backward"])[0]) as worker:
        assert worker.backward(integer_case(SPEC), calls="once").printed == "False\n"


def test_siblings_never_shadow_installed_packages_and_still_import(tmp_path):
    """A numpy.py and an html.py beside the target are not taken; its own helper is."""
    (tmp_path / "numpy.py").write_text("raise RuntimeError('shadowed')\n")
    (tmp_path / "html.py").write_text("raise RuntimeError('shadowed')\n")
    (tmp_path / "my_helper.py").write_text(RIGHT)
    file = tmp_path / "user.py"
    file.write_text(
        "import html\nimport numpy as np\nfrom my_helper import right\n\n"
        "def backward(x, w, dout):\n    return right(x, w, dout)\n"
    )
    with Worker(resolve([f"{file}:backward"])[0]) as worker:
        assert worker.backward(integer_case(SPEC)).error == ""


@pytest.mark.parametrize("package", [True, False])
def test_relative_imports_work(tmp_path, package):
    """`from .helper import right` inside a package, and in a folder that is none."""
    folder = tmp_path / "mypackage"
    folder.mkdir()
    if package:
        (folder / "__init__.py").write_text("")
    (folder / "helper.py").write_text(RIGHT)
    (folder / "user.py").write_text(
        "from .helper import right\n\ndef backward(x, w, dout):\n    return right(x, w, dout)\n"
    )
    with Worker(resolve([f"{folder}/user.py:backward"])[0]) as worker:
        assert worker.backward(integer_case(SPEC)).error == ""


def test_a_script_part_that_fails_is_left_out(tmp_path):
    """Training code below the functions does not keep them from being checked."""
    file = tmp_path / "user.py"
    file.write_text(RIGHT + "\ndata = open('/nowhere/train.csv')\n")
    with Worker(resolve([f"{file}:right"])[0]) as worker:
        notes = worker.describe().notes
    assert notes == (
        "the file's script part fails (FileNotFoundError at line 13); only what the target needs was executed",
    )


def test_a_missing_import_is_one_clear_message(tmp_path):
    """File, line and the package to install."""
    file = tmp_path / "user.py"
    file.write_text(
        "import no_such_package\n\ndef backward(x, w, dout):\n    return no_such_package.conv(x, w, dout)\n"
    )
    with Worker(resolve([f"{file}:backward"])[0]) as worker, pytest.raises(TargetError) as caught:
        worker.describe()
    assert str(caught.value) == (
        f"{file}:1 imports no_such_package, which is not installed.\n"
        "  hint: install no_such_package, or put it beside the file"
    )


def test_autograd_in_the_file_is_noted(tmp_path):
    """The report can say that the file asks autograd itself."""
    file = tmp_path / "user.py"
    file.write_text(RIGHT + "\ndef cheat(loss):\n    loss.backward()\n")
    with Worker(resolve([f"{file}:right"])[0]) as worker:
        notes = worker.describe().notes
    assert notes == ("line 14 calls loss.backward: the file itself uses automatic differentiation",)
