"""`mlflow-ops user`: who of the team may log in."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from mlflow_ops.cli import COMMANDS, passwords
from mlflow_ops.cli.command import Call, stack_command
from mlflow_ops.cli.options import SHARED
from mlflow_ops.cli.passwords import Wish
from mlflow_ops.cli.sentences import ended_with
from mlflow_ops.cli.show import Screen
from mlflow_ops.errors import BadOption
from mlflow_ops.reach import connection, reaching, shut_out
from mlflow_ops.server import accounts, serving
from mlflow_ops.server.accounts import Accounts
from mlflow_ops.server.admin import Admin

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mlflow_ops.reach.tracking import Tracking
    from mlflow_ops.stack import Stack

EXAMPLE = "$ mlflow-ops user add maria\n(her password, once, on stdout: she can log in with it)"


@click.group("user", short_help=COMMANDS["user"])
def command() -> None:
    """Manage who may log in to the server, as its admin.

    A teammate may see everything, make experiments and models, and change what they have made. The
    Default experiment is the admins': a teammate's script names one of its own, or the shell does
    with MLFLOW_EXPERIMENT_NAME.
    """


@stack_command(example=EXAMPLE, name="add")
@click.argument("who", metavar="NAME")
@click.option("--admin", is_flag=True, help="One who may do everything, and add others.")
@passwords.options
def add(call: Call, *, who: str, admin: bool, typed: bool, file: Path | None) -> None:
    """Add a user, and show the generated password once, on stdout."""
    beside = Screen(as_json=True)  # on stderr: the password stands alone on stdout
    wish = Wish(typed, file)
    accounts.checked(who)
    wish.check_shown(as_json=call.json)
    with wish.password() as password, _server(call) as (_, server):
        Accounts(server).add(who, password, admin=admin)
    own = "as an admin" if admin else f"to log runs with MLFLOW_EXPERIMENT_NAME={who}, say"
    beside.say(f"The user {who} may log in, {own}.")
    wish.show(password)
    _result(call, who, file)


@stack_command(example="$ mlflow-ops user list\nadmin  (admin)\nmaria", name="list")
def every(call: Call) -> None:
    """Show who may log in."""
    screen = call.screen()
    with _server(call) as (_, server):
        users = Accounts(server).all()
    for user in users:
        screen.row(f"{user.name}{'  (admin)' if user.is_admin else ''}")
    screen.result({"users": [{"name": user.name, "admin": user.is_admin} for user in users]})


@stack_command(
    example="$ mlflow-ops user remove maria\nThe user maria may not log in any more.", name="remove"
)
@click.argument("who", metavar="NAME")
def remove(call: Call, *, who: str) -> None:
    """Remove a user; the runs and models stay."""
    screen = call.screen()
    with _server(call) as (_, server):
        Accounts(server).remove(who)
    screen.row(f"The user {who} may not log in any more.")
    screen.result({"user": who})


@stack_command(
    example="$ mlflow-ops user password maria\n(the new password, once, on stdout)", name="password"
)
@click.argument("who", metavar="NAME")
@passwords.options
def password(call: Call, *, who: str, typed: bool, file: Path | None) -> None:
    """Give a user a new password, and show it once, on stdout.

    That of the stack's own admin is kept in a private file, and not shown. If the server takes no
    password known here any more, it gets the new one over SSH.
    """
    wish, own = Wish(typed, file), who == serving.ADMIN
    if not own:
        wish.check_shown(as_json=call.json)
    with wish.password() as chosen, _server(call, login=not own) as (stack, server):
        if own:
            Admin(server, stack.folder, stack.host).set_password(chosen)
            file = file or stack.folder.admin_password
        else:
            Accounts(server).set_password(who, chosen)
    Screen(as_json=True).row(f"The user {who} has a new password{f', in {file}' if file else ''}.")
    if not own:
        wish.show(chosen)
    _result(call, who, file)


def _result(call: Call, who: str, file: Path | None) -> None:
    call.screen().result({"user": who, "password_file": str(file) if file else None})


@contextmanager
def _server(call: Call, *, login: bool = True) -> Iterator[tuple[Stack, Tracking]]:
    """Give the stack and its server; raise BadOption for one without a login, as `held` else."""
    stack = connection.located(call.stack(), call.settings)
    if not stack.shape.login:
        raise BadOption(
            f"The stack {stack.names.stack!r} has no login: `mlflow-ops up --auth` gives it one."
        )
    try:
        with shut_out.explained(stack):
            connection.check_known(stack, login=login)
            with reaching.tracking(stack) as server:
                yield stack, server
    finally:
        stack.hang_up()


for each in (add, every, remove, password):
    command.add_command(each)
*SOME, LAST = [max(each.opts, key=len) for each in add.params if each.name in SHARED]
OPTIONS = f"Each takes {', '.join(SOME)} and {LAST}, too."
command.epilog = f"{OPTIONS}\n\n{ended_with(EXAMPLE)}"
