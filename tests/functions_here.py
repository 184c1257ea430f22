"""Functions judged without a process of their own."""

import sys
import time

from gradcheck_cli.api import WORKER_MODULE
from gradcheck_cli.model import VerifyOptions
from gradcheck_cli.runs.verify.function import verify_function
from gradcheck_cli.targets import HowToCall, WorkerLimits
from gradcheck_cli.targets.functions.listing import every_layer
from gradcheck_cli.targets.here import WorkerHere
from gradcheck_cli.targets.resolve import resolve

# A process that has loaded it is taken for one that loads a user's file: other tests call `run` and `verify` here.
sys.modules.pop(WORKER_MODULE)


def function_here(target, **options):
    """The report of one target that is a function.

    Args:
        target: FILE.py:NAME, written by the test.
    """
    said = VerifyOptions((target,), **options)
    ref = resolve([target], every_layer)[0]
    worker = WorkerHere(ref, WorkerLimits(memory=None), HowToCall.of(said))
    return verify_function(ref, worker.describe_any(), worker, said, time.perf_counter() + said.timeout)
