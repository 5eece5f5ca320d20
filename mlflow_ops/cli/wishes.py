"""The options of `up` that say what the stack is to be like, for whichever command takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

from mlflow_ops.cli.owned import OfUp

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., Any]")


def like_up(function: F) -> F:
    """Give a command these options, from the same table of a file and the same variables."""
    for option in reversed(OPTIONS):
        function = option(function)
    return function


def _option(*names: str, **settings: Any) -> Callable[[F], F]:  # noqa: ANN401 - click's own
    return click.option(*names, cls=OfUp, **settings)


OPTIONS = (
    _option("--as-taught", is_flag=True, help="The tutorial's choices, open to the world."),
    _option(
        "--allow",
        multiple=True,
        metavar="CIDR",
        help="Who may reach the server and SSH; may be repeated  "
        "[default: those let in so far, and this machine's address].",
    ),
    _option("--vpc-id", help="VPC to use  [default: the default VPC]."),
    _option("--subnet-id", help="Subnet to use  [default: one that has the instance type]."),
    _option("--ami", help="Ubuntu image to use  [default: the newest Ubuntu 24.04]."),
    _option(
        "--instance-type",
        help="Type of the machine  [default: t3.micro; t2.micro with --as-taught].",
    ),
    _option(
        "--artifacts",
        type=click.Choice(["proxied", "direct"]),
        help="Clients reach artifacts through the server, or in the bucket with keys of their own  "
        "[default: as it stands, at first proxied].",
    ),
    _option(
        "--auth/--no-auth",
        "login",
        default=None,
        help="Ask every client for a login  [default: auth; no-auth with --as-taught].",
    ),
    _option(
        "--tls/--no-tls",
        default=None,
        help="HTTPS with a certificate from the stack's own CA  [default: tls; no-tls with "
        "--as-taught].",
    ),
    _option(
        "--domain",
        metavar="NAME",
        help="HTTPS with a public certificate for this domain  "
        "[default: as it stands, at first none].",
    ),
    _option(
        "--acme-directory",
        metavar="URL",
        help="ACME directory that issues the domain's certificate  [default: Let's Encrypt].",
    ),
    _option(
        "--access",
        type=click.Choice(["port", "tunnel"]),
        help="Reach the server by its port, or through SSH alone, with no port 5000 open  "
        "[default: as it stands, at first port].",
    ),
    _option(
        "--address",
        type=click.Choice(["public", "private"]),
        help="Private: no public address, for those inside the VPC or on its VPN  "
        "[default: as it stands, at first public].",
    ),
    _option(
        "--credentials",
        type=click.Choice(["keys", "role"]),
        help="Role: an instance profile gives the server its right to the bucket, and no key lies "
        "on the host  [default: as it stands, at first keys].",
    ),
    _option(
        "--elastic-ip/--no-elastic-ip",
        "elastic",
        default=None,
        help="Keep the public address across stop and start, at its price while stopped too  "
        "[default: as it stands, at first no-elastic-ip].",
    ),
)
