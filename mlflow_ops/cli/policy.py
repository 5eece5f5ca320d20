"""`mlflow-ops policy`."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from mlflow_ops.cli.command import Call, stack_command
from mlflow_ops.cli.stream import complain
from mlflow_ops.errors import BadOption
from mlflow_ops.iam import permissions
from mlflow_ops.iam.commands import COMMANDS
from mlflow_ops.names import Names
from mlflow_ops.refusals import FAILURES, words

if TYPE_CHECKING:
    from mlflow_ops.target import Target

ANY = "*"
HALVES = (
    (
        "doctor up status cost train run check runs models env open ssh exec logs cp user allow "
        "backup backups restore upgrade extend stop start"
    ),
    "down list audit export import",
)


@stack_command(
    example="$ mlflow-ops policy up down > policy.json\n"
    "(the least that an operator needs for these two, for `aws iam create-policy`)"
)
@click.argument("commands", metavar="[COMMAND]...", nargs=-1, type=click.Choice(COMMANDS))
@click.option("--account", help="Account number  [default: the credentials' own, else any: *].")
@click.option(
    "--credentials",
    type=click.Choice(["keys", "role"]),
    default="keys",
    help="What the stack's server has, as with `up`  [default: keys].",
)
@click.option("--as-taught", is_flag=True, help="Allow `up --as-taught` too.")
def command(
    call: Call, *, commands: tuple[str, ...], account: str | None, credentials: str, as_taught: bool
) -> None:
    """Print the least IAM policy that an operator needs for these commands, or for all of them.

    It allows them on the one stack of this name, account and region, as JSON. An operator can
    write the policy of the server's IAM user or role: give it to people you would trust with as
    much.
    """
    if call.settings.sandbox:
        complain("This policy is for AWS: the sandbox checks no permissions.")
    target = replace(call, settings=replace(call.settings, sandbox=False)).target()
    region = target.aws.region
    names = Names(call.settings.name, _account(target, account), region)
    partition = target.aws.session.get_partition_for_region(region)
    chosen = commands or tuple(COMMANDS)
    how: Any = {"credentials": credentials, "as_taught": as_taught}
    document = permissions.policy(chosen, names, partition, **how)
    click.echo(json.dumps(document, indent=2))
    if (length := permissions.length(document)) > permissions.LONGEST:
        halves = " and ".join(f"`mlflow-ops policy {half}`" for half in HALVES)
        limit = f"It is {length:,} characters long, and IAM takes {permissions.LONGEST:,}"
        complain(f"{limit}: make two, of {halves}.")


def _account(target: Target, named: str | None) -> str:
    """Return the account as named, else the credentials' own, else any."""
    if named is not None:
        if named != ANY and not re.fullmatch(r"\d{12}", named):
            raise BadOption(f"--account {named!r} is not an account number: it has 12 digits.")
        return named
    try:
        if target.aws.session.get_credentials():
            return target.account
        why = "There are no AWS credentials here"
    except FAILURES as error:
        why = words(error).rstrip(".")
    complain(f"{why}: the policy is for any account; say --account to name one.")
    return ANY
