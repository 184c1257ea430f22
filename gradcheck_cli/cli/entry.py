"""`main`: the console script. It maps whatever happens to the five exit codes and to messages of at most six lines.

click's own main is not used: it ends with 1 for a traceback, for Ctrl-C and for a closed pipe, and here 1 means that
a gradient is wrong.
"""

from __future__ import annotations

import errno
import gc
import io
import os
import sys
import traceback
from collections.abc import Sequence

import click
from click.core import ParameterSource
from click.shell_completion import shell_complete

from gradcheck_cli.cli.interrupts import SAID, answer_interrupts, ignore_interrupts
from gradcheck_cli.cli.invocation import Invocation
from gradcheck_cli.cli.messages import say
from gradcheck_cli.cli.root import PROGRAM, cli
from gradcheck_cli.model import collector
from gradcheck_cli.model.errors import ExitCode, GradcheckError, UsageError
from gradcheck_cli.model.limits import OptionError

# The variable by which a shell asks click for completions; click takes the name from the program's.
COMPLETION = "_GRADCHECK_COMPLETE"
# Commands whose exit code is a verdict: an error in them is never to be read as "wrong".
JUDGES = ("run", "verify", "merge")
# What the system says where there is no room left, a disk fails, or a limit on the size of files is met.
DISK_TROUBLE = (errno.ENOSPC, errno.EIO, errno.EFBIG)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code (`gradcheck_cli.model.errors.ExitCode`).

    Args:
        arguments: without the program's name; those of the process by default.
    """
    tolerate_odd_characters()
    words = list(sys.argv[1:] if arguments is None else arguments)
    if COMPLETION in os.environ:
        return shell_complete(cli, {}, PROGRAM, COMPLETION, os.environ[COMPLETION])
    invocation = Invocation(is_process=arguments is None)
    if invocation.is_process:
        collector.seldom()
        answer_interrupts()
    code = flushed(_guarded(words, invocation))
    if arguments is None:
        ignore_interrupts()
        _leave_memory_to_the_system()
    return code


def _guarded(words: list[str], invocation: Invocation) -> int:
    try:
        return _invoke(words, invocation)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except (KeyboardInterrupt, click.Abort):
        if invocation.is_process:
            ignore_interrupts()
        say(SAID)
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        return _cut_short(invocation)
    except GradcheckError as error:
        say(f"Error: {_with_source(error, invocation)}")
    except click.ClickException as error:
        say(f"Error: {usage_text(error, invocation)}")
    except OSError as error:
        return _lost_output(error) if error.errno in DISK_TROUBLE and not error.filename else _bug(error, invocation)
    except MemoryError:
        say("Error: there is not enough memory.\n  hint: a smaller --size, --k or --out, or fewer pictures would do")
    except Exception as error:
        return _bug(error, invocation)
    return ExitCode.NOT_CHECKED


def _cut_short(invocation: Invocation) -> ExitCode:
    """Nobody reads on: that is well for help and explanations, but a check that was cut short has checked nothing."""
    is_check = invocation.context is not None and invocation.context.info_name in JUDGES
    return ExitCode.NOT_CHECKED if is_check else ExitCode.PASS


def _invoke(words: list[str], invocation: Invocation) -> int:
    with cli.make_context(PROGRAM, words, obj=invocation) as context:
        code: int | None = cli.invoke(context)
    return code or ExitCode.PASS


def _with_source(error: GradcheckError, invocation: Invocation) -> str:
    if not isinstance(error, OptionError):
        return error.text()
    return _sourced(error.text(), invocation, error.parameter)


def usage_text(error: click.ClickException, invocation: Invocation) -> str:
    """Click's message, where the option came from, and the help of the command that it was meant for."""
    context = invocation.context or getattr(error, "ctx", None)
    path = context.command_path if context else PROGRAM
    parameter = getattr(error, "param", None)
    message = _sourced(error.format_message(), invocation, parameter.name if parameter else None)
    return UsageError(message, see=f"{path} --help").text()


def _sourced(message: str, invocation: Invocation, parameter: str | None) -> str:
    """The message, and where the value came from when it was not typed."""
    source = invocation.source(parameter)
    if source is None or source.kind not in (ParameterSource.ENVIRONMENT, ParameterSource.DEFAULT_MAP):
        return message
    return f"{message}\n  from: {source.place}"


def _bug(error: Exception, invocation: Invocation) -> int:
    if invocation.debug:
        traceback.print_exc()
    summary = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    say(f"Error: a bug in gradcheck: {summary} (--debug shows the traceback; please report it)")
    return ExitCode.BUG


def tolerate_odd_characters() -> None:
    """A file name that is no UTF-8, or a terminal of another encoding, must never end in a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _leave_memory_to_the_system() -> None:
    """The interpreter would look through all of torch's objects once more before it ends: 0.4 s."""
    gc.freeze()


def flushed(code: int) -> int:
    """Write what is still buffered, here and not at the interpreter's end, where a closed pipe makes noise."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        drop_stdout()
    except OSError as error:
        return code or _lost_output(error)
    return code


def _lost_output(error: OSError) -> int:
    drop_stdout()
    say(f"Error: standard output cannot be written: {error.strerror}.")
    return ExitCode.NOT_CHECKED


def drop_stdout() -> None:
    """What is still buffered goes nowhere, so that the interpreter's end does not fail on it once more."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, sys.stdout.fileno())
    os.close(devnull)
