"""`mlflow-ops up`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mlflow_ops import places, target
from mlflow_ops.cli import making, planned, report
from mlflow_ops.cli.command import Call, stack_command
from mlflow_ops.settings import Options

if TYPE_CHECKING:
    from mlflow_ops.cli.show import Screen
    from mlflow_ops.stack import Stack


@stack_command(
    example="$ mlflow-ops up --allow 203.0.113.7/32\n"
    "(what is made and its price are shown; after a yes the tracking URI, some 3 minutes later)"
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Show what would be made, and make nothing.")
@click.option("--as-taught", is_flag=True, help="The tutorial's choices, open to the world.")
@click.option(
    "--allow",
    multiple=True,
    metavar="CIDR",
    help="Who may reach the server and SSH; may be repeated  [default: this machine's address].",
)
@click.option("--vpc-id", help="VPC to use  [default: the default VPC].")
@click.option("--subnet-id", help="Subnet to use  [default: one that has the instance type].")
@click.option("--ami", help="Ubuntu image to use  [default: the newest Ubuntu 24.04].")
@click.option("--instance-type", help="[default: t3.micro; t2.micro with --as-taught]")
@click.option(
    "--artifacts",
    type=click.Choice(["proxied", "direct"]),
    help="Clients reach artifacts through the server, or in the bucket with keys of their own  "
    "[default: proxied].",
)
@click.option(
    "--auth/--no-auth",
    "login",
    default=None,
    help="Ask every client for a login  [default: auth; no-auth with --as-taught].",
)
@click.option(
    "--tls/--no-tls",
    default=None,
    help="HTTPS with a certificate from the stack's own CA  [default: tls; no-tls with "
    "--as-taught].",
)
@click.option("--domain", metavar="NAME", help="HTTPS with a public certificate for this domain.")
@click.option(
    "--acme-directory", metavar="URL", help="Whom to ask for it  [default: Let's Encrypt]."
)
@click.option(
    "--access",
    type=click.Choice(["port", "tunnel"]),
    help="Reach the server by its port, or through SSH alone, with no port 5000 open  "
    "[default: port].",
)
@click.option(
    "--address",
    type=click.Choice(["public", "private"]),
    help="Private: no public address, for those inside the VPC or on its VPN  [default: public].",
)
@click.option(
    "--credentials",
    type=click.Choice(["keys", "role"]),
    help="Role: an instance profile gives the server its right to the bucket, and no key lies "
    "on the host  [default: keys].",
)
@click.option(
    "--elastic-ip/--no-elastic-ip",
    "elastic",
    default=None,
    help="Keep the public address across stop and start, at its price while stopped too  "
    "[default: no-elastic-ip].",
)
@click.option(
    "--restore",
    metavar="WHICH",
    help="Begin with this backup: a name, a time, or latest  [default: latest, if there is one].",
)
@click.option(
    "--ttl",
    metavar="LENGTH",
    help="Stop the machine so long after it was started, 8h or 2d: by itself, with all its data "
    "kept. `off` for no limit  [default: as it stands, at first off].",
)
@click.option(
    "--idle-stop",
    metavar="LENGTH",
    help="Stop it when nobody has asked the server anything for so long, but health checks  "
    "[default: as it stands, at first off].",
)
@click.option("--fresh", is_flag=True, help="Begin empty, whatever backups the bucket holds.")
def command(call: Call, **options: Any) -> int:  # noqa: ANN401 - as click has parsed them
    """Make the stack, or what is missing of it, and print the tracking URI.

    Shows what will be made, where, and what it costs; asks, unless --yes is given. Continues
    after any failure, and changes nothing on a healthy stack.
    """
    ask, dry_run = not options.pop("yes"), options.pop("dry_run")
    wish = Options(**options)
    started = call.settings.sandbox and target.start_sandbox(call.settings)
    try:
        return _up(call, call.screen(), wish, ask=ask, dry_run=dry_run)
    finally:
        if started and not places.known(call.settings):  # nothing was made
            target.stop_sandbox(call.settings)


def _up(call: Call, screen: Screen, wish: Options, *, ask: bool, dry_run: bool) -> int:
    """Plan, show, ask, make and report; return the exit code."""
    stack = call.stack()
    try:
        if dry_run:
            stack, found = making.planned(call, planned.looking(stack), wish)
            planned.dry_run(screen, stack, found, call.from_file)
            return 0
        if ask:
            _ask(call, screen, stack, wish)
        stack, standing = making.Making(call, screen).make(stack, wish, show=not ask)
    finally:
        stack.hang_up()
    return report.after_up(call, screen, stack, standing)


def _ask(call: Call, screen: Screen, stack: Stack, wish: Options) -> None:
    """Show what is missing of the stack, if anything is, and ask whether to make it."""
    stack, found = making.planned(call, stack, wish)
    if not making.complete(stack, found):
        making.Making(call, screen).check(stack, found)
        planned.plan(screen, stack, found)
        screen.confirm("Make it?")
