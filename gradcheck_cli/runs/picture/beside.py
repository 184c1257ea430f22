"""The torch-free half of a run, begun in a second process while this one loads torch.

`import torch` takes a second and holds the interpreter's lock; on a second core that is enough for nearly all that a
run computes by itself. The process is forked before anything else is done, reads the pictures itself, draws the weights
as torch will and takes G from its own float64 forward. Nothing of this is believed: when torch has given X, F, b and G,
they are compared bit for bit, and where one of them differs the process is ended and everything is computed here.
"""

from __future__ import annotations

import os
import pickle
import signal
import stat
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager, suppress
from hashlib import blake2b
from queue import SimpleQueue
from typing import Any, BinaryIO, NoReturn

import numpy as np

from gradcheck_cli.model import Loss, RunOptions
from gradcheck_cli.model.options import setting_of
from gradcheck_cli.numbers.arithmetic import Judged
from gradcheck_cli.oracles import losses, numeric
from gradcheck_cli.oracles.drawing_of_torch import draw_as_torch
from gradcheck_cli.oracles.forward import forward
from gradcheck_cli.oracles.layer import Layer
from gradcheck_cli.runs.picture.data import Data, load_data
from gradcheck_cli.runs.picture.judged import judged_code
from gradcheck_cli.runs.picture.own_half import PIECES, OwnHalf
from gradcheck_cli.runs.plan import Plan
from gradcheck_cli.runs.price import GIB

# Beyond it both processes together could need more memory than the plan says, and G is seldom foretold to the last
# sign.
MOST_SECONDS = 20.0
MOST_BYTES = GIB
# What is sent first.
DATA = "data"


class SecondProcess:
    """The other process, as the source of what it computes. It is ended with `close`."""

    def __init__(self, number: int, answers: BinaryIO) -> None:
        """A process that was forked, and the pipe on which it writes; `number` is 0 when it has ended."""
        self.number, self._answers = number, answers
        self._arrived: dict[str, Any] = {}
        self._ended = False

    def fits(self, half: OwnHalf) -> bool:
        """Does it compute on this very data, to the last bit? If not, it is ended."""
        foretold = self.take(DATA)
        if not foretold or foretold[0] != fingerprint(half):
            self.close()
            return False
        return True

    def take(self, name: str) -> list[Any]:
        """The piece called so, when it is there; nothing if it never comes."""
        while name not in self._arrived and not self._ended:
            try:
                key, value = pickle.load(self._answers)
            except (EOFError, OSError, pickle.UnpicklingError):
                self._ended = True
            else:
                self._arrived[key] = value
        return [self._arrived.pop(name)] if name in self._arrived else []

    def close(self) -> None:
        """End it, whatever it is at; what has arrived stays."""
        self._ended = True
        if self.number:
            self._answers.close()
            with suppress(ProcessLookupError):
                os.kill(self.number, signal.SIGKILL)
            with suppress(ChildProcessError):
                os.waitpid(self.number, 0)
            self.number = 0


@contextmanager
def begun_beside(options: RunOptions, plan: Plan) -> Iterator[SecondProcess | None]:
    """A process that is computing already, for as long as the block lasts; None where there is no use for one."""
    beside = _fork(options) if is_of_use(options, plan) else None
    try:
        yield beside
    finally:
        if beside is not None:
            beside.close()


def is_of_use(options: RunOptions, plan: Plan) -> bool:
    """Can the torch-free half be begun before torch is there, and is there a core for it?

    What cannot be foretold: G of a loss whose slope is rounded, what torch rounds to another number format, and what
    is read from a pipe or written by the user.
    """
    # Another thread may hold a lock that no thread of the fork would release.
    can_fork = sys.platform == "linux" and threading.active_count() == 1 and (os.cpu_count() or 1) > 1
    setting = setting_of(options)
    foretold = options.loss == "l1" and options.backward == "direct" and setting.precision == "float32"
    plain = setting.device == "cpu" and setting.autocast == "off"
    small = not plan.is_cut and plan.seconds <= MOST_SECONDS and plan.price.bytes <= MOST_BYTES
    names = (*options.images, *([] if options.reference == "gray" else [options.reference]))
    return can_fork and foretold and plain and small and all(map(_is_file, names))


def _is_file(name: str) -> bool:
    with suppress(OSError, ValueError):
        return stat.S_ISREG(os.stat(name).st_mode)
    return False


def _fork(options: RunOptions) -> SecondProcess | None:
    reads, writes = os.pipe()
    try:
        number = os.fork()
    except OSError:
        os.close(reads)
        os.close(writes)
        return None
    if not number:
        os.close(reads)
        _compute(options, writes)
    os.close(writes)
    return SecondProcess(number, os.fdopen(reads, "rb"))


def _compute(options: RunOptions, writes: int) -> NoReturn:
    """All pieces, one after the other, as long as nothing fails: what is missing is computed where it can be told."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        silence = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(silence, standard)
        with _sending(writes) as answers:
            for answer in answers_of(load_data(options), options):
                answers.put(answer)
    finally:
        # Nothing of the other process is to be flushed or cleaned up here.
        os._exit(0)


@contextmanager
def _sending(writes: int) -> Iterator[SimpleQueue[Any]]:
    """A queue that is written to the pipe by a thread: a pipe holds little, and nobody reads while torch is loaded."""
    answers: SimpleQueue[Any] = SimpleQueue()

    def send() -> None:
        try:
            with os.fdopen(writes, "wb") as pipe:
                for answer in iter(answers.get, None):
                    pickle.dump(answer, pipe, protocol=pickle.HIGHEST_PROTOCOL)
                    pipe.flush()
        except OSError:
            # Nobody listens any more, however that came.
            os._exit(0)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield answers
    finally:
        answers.put(None)
        thread.join()


def answers_of(data: Data, options: RunOptions) -> Iterator[tuple[str, Any]]:
    """What is sent, one after the other: the data's fingerprint, then each piece."""
    cores = options.threads or os.cpu_count() or 1
    with judged_code(options) as code, numeric.workers(max(1, cores - 1)) as pool:
        half = foretold_half(data, options, code.judged, pool)
        yield DATA, fingerprint(half)
        for name in PIECES:
            yield name, getattr(half, name)


def foretold_half(data: Data, options: RunOptions, judged: Judged, pool: Executor) -> OwnHalf:
    """The half as it will be if torch draws and rounds as it is known to do, in float32."""
    weight, bias = draw_as_torch(data.spec, options.seed, options.bias)
    loss = Loss(options.loss, options.reduction)
    x, weight, bias = (np.asarray(array, np.float64) for array in (data.x, weight, bias))
    layer = Layer(x, weight, bias, data.reference, data.spec, loss, options.seed)
    output = forward(x, weight, bias, data.spec)
    # torch divides by the number of outputs in float32.
    upstream = losses.grad_output(output, data.reference, loss, options.seed).astype(np.float32).astype(np.float64)
    return OwnHalf(data.x, layer, upstream, setting_of(options), judged, pool)


def fingerprint(half: OwnHalf) -> bytes:
    """Of all arrays that pieces are made of."""
    case = half.case
    arrays = (half.x, case.x, case.weight, case.bias, case.grad_output, half.layer.reference)
    return b"".join(blake2b(array.tobytes()).digest() for array in arrays)
