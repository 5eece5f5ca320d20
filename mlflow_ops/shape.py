"""What kind of stack it is: how its server is reached, proven and signed for.

A tag of the instance keeps it, so that every machine knows, also one without local files.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from mlflow_ops.errors import BadOption
from mlflow_ops.reach.address import world_open

if TYPE_CHECKING:
    from mlflow_ops.settings import Options

WORDS = {True: "on", False: "off"}
CHOICES = {
    "credentials": ("keys", "role"),
    "address": ("public", "private"),
    "access": ("port", "tunnel"),
    "tls": ("own", "acme", "off"),
    "artifacts": ("proxied", "direct"),
}
# What is said with "on" or "off"; the tag tells only of those that are not as usual.
SWITCHES = {"login": True, "taught": False, "elastic": False}
# https://datatracker.ietf.org/doc/html/rfc1123#section-2, with at least one dot
LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
# A shorter one than DNS takes, so that the shape fits into the 256 characters of a tag:
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions
DOMAIN = re.compile(rf"(?=.{{1,120}}\Z)({LABEL}\.)+(?=[a-z]){LABEL}")


@dataclass(frozen=True)
class Shape:
    """The choices of a stack that its clients have to know.

    `credentials` is where the server has its right to the bucket from: "keys" or "role";
    `address` is "public" or "private"; `access` says whether the server's "port" is open or only
    an SSH "tunnel" leads to it; `tls` is by the stack's "own" CA, by "acme" for `domain`, or "off".
    `artifacts` reach the bucket "proxied" by the server, or "direct" from clients with its key.
    `taught` is a stack by the tutorial's own choices, and `elastic` one that keeps its address.
    """

    credentials: str = "keys"
    address: str = "public"
    access: str = "port"
    tls: str = "own"
    artifacts: str = "proxied"
    login: bool = True
    taught: bool = False
    elastic: bool = False
    domain: str = ""

    @property
    def scheme(self) -> str:
        """The tracking URI's scheme."""
        return "http" if self.tls == "off" else "https"

    @property
    def tag(self) -> str:
        """The value of the tag: `name=value` pairs, those that say nothing left out."""
        held = {each.name: getattr(self, each.name) for each in fields(self)}
        told = {name: value for name, value in held.items() if value != SWITCHES.get(name, "")}
        return " ".join(f"{name}={WORDS.get(value, value)}" for name, value in told.items())

    @classmethod
    def of(cls, tag: str) -> Shape:
        """Return what a tag says; the default is what it does not say, or in unknown words."""
        said = dict(pair.split("=", 1) for pair in tag.split() if "=" in pair)
        known = {name: said[name] for name, words in CHOICES.items() if said.get(name) in words}
        named = said.get("domain", "")
        domain = named if DOMAIN.fullmatch(named) else ""
        words = {word: value for value, word in WORDS.items()}
        switched = {name: words.get(said.get(name, ""), usual) for name, usual in SWITCHES.items()}
        found: dict[str, Any] = {**known, **switched}
        return cls(**found, domain=domain)


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
    )
    _check(options, found)
    return found


def check_standing(options: Options, standing: Shape) -> None:
    """Raise BadOption for an option that an instance can only be launched with."""
    for name in ("address", "credentials"):
        asked, there = getattr(options, name), getattr(standing, name)
        if asked not in {None, there}:
            raise BadOption(
                f"The stack stands with --{name} {there}, which only a new instance can change: "
                f"`mlflow-ops down` first, or leave --{name} out."
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
