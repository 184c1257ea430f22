"""The group `gradcheck` and what its commands have in common: defaults from files and variables, the version."""

from __future__ import annotations

from typing import Any

import click

from gradcheck_cli.cli.config import read_defaults, refuse_unknown_variables, variable_names
from gradcheck_cli.cli.invocation import Invocation
from gradcheck_cli.cli.param_types import Length
from gradcheck_cli.cli.slips import had_by, meant_command, meant_options
from gradcheck_cli.model.errors import ExitCode, UsageError

PROGRAM = "gradcheck"
HELP_OPTIONS = ("-h", "--help")
SIZES = (
    "N|VxH: one number for all directions, or vertical x horizontal, rows before columns: 3x5 is 3 high, 5 wide. "
    "A layer of one axis takes one number, one of three takes DxVxH."
)
SETTINGS: dict[str, Any] = {"help_option_names": list(HELP_OPTIONS), "max_content_width": 100}


class Command(click.Command):
    """A command whose options have defaults in pyproject.toml and in the environment."""

    def __init__(self, name: str, **attributes: Any) -> None:
        super().__init__(name, **attributes)
        for parameter in self.params:
            if isinstance(parameter, click.Option):
                parameter.envvar = variable_names(name, parameter)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """What sizes look like, below the options of a command that takes some."""
        if any(isinstance(parameter.type, Length) for parameter in self.params):
            formatter.write_paragraph()
            formatter.write_text(SIZES)
        super().format_epilog(ctx, formatter)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take the defaults first; help and completion need none, and must not fail for want of them."""
        if not ctx.resilient_parsing and not set(HELP_OPTIONS) & set(args):
            self._take_defaults(ctx)
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            typed = error.option_name
            raise click.UsageError(f"No such option {typed!r}.{self._meant(typed)}", ctx) from error

    def _meant(self, typed: str) -> str:
        """What an unknown option stands for, as the end of a sentence: one of ours, else one of another command."""
        meant = meant_options(typed, _long_options(self))
        if meant:
            return f" Did you mean {meant[0]!r}?"
        flag, commands = had_by(typed, {name: _long_options(command) for name, command in every_command(cli).items()})
        if not commands:
            return ""
        # One of a group is named where no other has the option: `sweep run` has most of what `run` has.
        commands = [name for name in commands if " " not in name] or commands
        said = " and ".join(f"`{PROGRAM} {name}`" for name in commands)
        return f" {said} {'have' if len(commands) > 1 else 'has'} {'it' if flag == typed else repr(flag)}."

    def _take_defaults(self, ctx: click.Context) -> None:
        invocation = ctx.ensure_object(Invocation)
        invocation.context = ctx
        commands = every_command(cli)
        refuse_unknown_variables(commands)
        defaults = read_defaults(str(self.name), commands)
        if defaults is not None:
            ctx.default_map = dict(defaults.values)
            invocation.files = dict.fromkeys(defaults.values, defaults.file)


class CommandGroup(click.Group):
    """The commands; a file in the place of one is told what it could be given to."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click's own.

        Raises:
            UsageError: the first word is a picture or a file of code.
        """
        meant = None if ctx.resilient_parsing or args[0] in self.commands else meant_command(args[0])
        if meant:
            raise UsageError(f"{args[0]} stands where a command is due.", hint=meant)
        return super().resolve_command(ctx, args)


def every_command(group: click.Group) -> dict[str, click.Command]:
    """Its commands and groups, and those of the groups by their whole names: "sweep run"; theirs come last."""
    found = dict(group.commands)
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            found |= {f"{name} {below}": each for below, each in every_command(command).items()}
    return found


def _long_options(command: click.Command) -> list[str]:
    return [name for parameter in command.params for name in parameter.opts if name.startswith("--")]


def refuse_to_do_nothing(context: click.Context) -> None:
    """A group without a command checked nothing: its help on standard error, and the exit code that says so."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help(), err=True)
        context.exit(ExitCode.NOT_CHECKED)


def _show_version(context: click.Context, _: click.Parameter, value: bool) -> None:
    if value and not context.resilient_parsing:
        from gradcheck_cli import __version__

        click.echo(f"{PROGRAM} {__version__}")
        context.exit()


@click.group(PROGRAM, cls=CommandGroup, context_settings=SETTINGS, invoke_without_command=True)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and exit.",
)
@click.pass_context
def cli(context: click.Context) -> None:
    """Is this gradient right, of a convolution or of any function, and if not, what is the mistake?

    \b
    Examples:
      gradcheck run --in 3 --out 3 --k 32 images/coffee.jpg
      gradcheck run --backward my_layers.py:conv_backward images/coffee.jpg
      gradcheck verify my_layers.py 'submissions/*.py:conv_backward'
      gradcheck explain batch-mean

    \b
    Exit codes:
      0  everything asked was checked and holds
      1  a check failed
      2  it could not be checked
      3  a bug of gradcheck
      130  interrupted
    """
    refuse_to_do_nothing(context)
