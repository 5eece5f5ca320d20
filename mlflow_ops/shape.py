"""What kind of stack it is: how its server is reached, proven and signed for.

A tag of the instance keeps it, so that every machine knows, also one without local files.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import Any

from mlflow_ops.lifetime import durations

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
LIMITS = ("ttl", "idle")
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
    `ttl` is how long its host runs, `8h`, and `idle` how long it does without a request; empty for
    no end.
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
    ttl: str = ""
    idle: str = ""

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
        found |= {name: durations.kept(said.get(name, "")) for name in LIMITS}
        return cls(**found, domain=domain)
