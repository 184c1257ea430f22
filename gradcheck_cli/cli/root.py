"""The group `gradcheck` and what its commands have in common: defaults from files and variables, the version."""

from __future__ import annotations

from typing import Any

import click

from gradcheck_cli.cli.config import read_defaults, refuse_unknown_variables, variable_names
from gradcheck_cli.cli.invocation import Invocation
from gradcheck_cli.cli.slips import meant_command, meant_options
from gradcheck_cli.model.errors import UsageError

PROGRAM = "gradcheck"
HELP_OPTIONS = ("-h", "--help")
SETTINGS: dict[str, Any] = {"help_option_names": list(HELP_OPTIONS), "max_content_width": 100}


class Command(click.Command):
    """A command whose options have defaults in pyproject.toml and in the environment."""

    def __init__(self, name: str, **attributes: Any) -> None:
        super().__init__(name, **attributes)
        for parameter in self.params:
            if isinstance(parameter, click.Option):
                parameter.envvar = variable_names(name, parameter)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take the defaults first; help and completion need none, and must not fail for want of them."""
        if not ctx.resilient_parsing and not set(HELP_OPTIONS) & set(args):
            self._take_defaults(ctx)
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            known = [name for parameter in self.params for name in parameter.opts if name.startswith("--")]
            meant = "".join(f" Did you mean {name!r}?" for name in meant_options(error.option_name, known))
            raise click.UsageError(f"No such option {error.option_name!r}.{meant}", ctx) from error

    def _take_defaults(self, ctx: click.Context) -> None:
        invocation = ctx.ensure_object(Invocation)
        invocation.context = ctx
        refuse_unknown_variables(cli.commands)
        defaults = read_defaults(str(self.name), cli.commands)
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
    """Is this convolution backward right, and if not, what is the mistake?

    \b
    Examples:
      gradcheck run --in 3 --out 3 --k 32 images/coffee.jpg
      gradcheck run --backward my_layers.py:conv_backward images/coffee.jpg
      gradcheck verify 'submissions/*.py:conv_backward'
      gradcheck explain batch-mean

    \b
    Exit codes:
      0  everything asked was checked and holds
      1  a check failed
      2  it could not be checked
      3  a bug of gradcheck
      130  interrupted
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help(), err=True)
        context.exit(2)
