"""The command line: parse, one library call, write, exit code. The only room that imports click."""

from gradcheck_cli.cli.interrupts import quiet_interrupts

with quiet_interrupts():
    from gradcheck_cli.cli import commands as commands, sweeping as sweeping  # register the commands
    from gradcheck_cli.cli.entry import main as main
