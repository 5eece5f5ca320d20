"""The shape that a stack is to have: by the options, and by what stands already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_ops.errors import BadOption
from mlflow_ops.lifetime import durations
from mlflow_ops.reach.address import world_open
from mlflow_ops.shape import Shape

if TYPE_CHECKING:
    from mlflow_ops.settings import Options


def wanted(options: Options, standing: Shape | None) -> Shape:
    """Return the shape to make; what the options leave open stays as it stands.

    TLS and the login do not: without them is only who says so each time. Raises BadOption for
    options that contradict each other.
    """
    held = standing or Shape()
    taught = options.as_taught
    domain = options.domain or (held.domain if options.tls is None and not taught else "")
    tls = "acme" if domain else "own"
    if options.tls is False or (options.tls is None and taught and not options.domain):
        tls = "off"
    found = Shape(
        credentials=options.credentials or held.credentials,
        address=options.address or held.address,
        access=options.access or ("port" if taught else held.access),
        tls=tls,
        artifacts=options.artifacts or held.artifacts,
        login=not taught if options.login is None else options.login,
        taught=taught,
        elastic=held.elastic if options.elastic is None else options.elastic,
        domain=domain,
        ttl=_limit(options.ttl, held.ttl),
        idle=_limit(options.idle_stop, held.idle),
    )
    _check(options, found)
    return found


def _limit(asked: str | None, held: str) -> str:
    """Return a limit as it is to be: what was asked for, else what stands."""
    return held if asked is None else asked.removesuffix(durations.OFF)


def check_standing(options: Options, standing: Shape) -> None:
    """Raise BadOption for an option that an instance can only be launched with."""
    for name in ("address", "credentials"):
        asked, there = getattr(options, name), getattr(standing, name)
        if asked not in {None, there}:
            raise BadOption(
                f"The stack stands with --{name} {there}, which only a new instance can change: "
                f"`mlflow-ops down --keep-data`, then this `up` again, or leave --{name} out."
            )


def _check(options: Options, found: Shape) -> None:
    contrary = {
        "--domain needs TLS: leave --no-tls out": found.domain and found.tls == "off",
        "A certificate for --domain needs the public internet to reach the server: take "
        "--access port and --address public with it": found.domain
        and (found.access, found.address) != ("port", "public"),
        "--artifacts direct gives clients the server's access key, and with --credentials role "
        "there is none": found.artifacts == "direct" and found.credentials == "role",
        "An Elastic IP is a public address: leave --elastic-ip or --address private out": (
            found.elastic and found.address == "private"
        ),
        "--as-taught is an IAM user with keys: leave --credentials role out": options.as_taught
        and found.credentials == "role",
        "--no-auth would let everybody on the internet in to read and run things: name who may "
        "with a narrower --allow, or leave --no-auth out": not found.login
        and not options.as_taught
        and found.access == "port"
        and world_open(options.allow),
    }
    for sentence, wrong in contrary.items():
        if wrong:
            raise BadOption(f"{sentence}.{_unsaid(options, found)}")


def _unsaid(options: Options, found: Shape) -> str:
    """Say which of the choices nobody has named now, but the stack stands with."""
    usual = Shape()
    held = [
        f"--{name} {getattr(found, name)}"
        for name in ("credentials", "address", "access", "artifacts", "domain")
        if getattr(options, name) is None and getattr(found, name) != getattr(usual, name)
    ]
    return f" The stack stands with {', '.join(held)}." if held else ""
