"""A machine's network: a namespace with one wire to this computer and one to the world.

A namespace of its own, because a server in the machine binds 0.0.0.0:5000, and sshd 0.0.0.0:22,
which would clash with a second machine, or with this computer's own sshd.

The wire to this computer carries loopback addresses (`route_localnet`): 127.9.<slot>.2 and up is
the machine, 127.9.<slot>.1 this computer. They are routed to the wire while it exists and are
plain loopback when it does not, so that no packet meant for a machine can ever leave. A closed
port refuses, as on a real host, and a server on the machine's 127.0.0.1 is not to be reached.

A stranger has a namespace too, 127.9.<slot>.254, with a wire to the machine and one to this
computer, where AWS is, and to nothing else.

The wire to the world is slirp4netns: what the machine sends leaves as this process's own
connections would. No forwarding, no packet filter, nothing to undo: when the process that holds
the namespace ends, all of it is gone.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

SUBNET = "172.31.9.0/24"  # of the default VPC's range; seen only inside the namespace
ROUTER = "172.31.9.2"
NAMESERVER = "172.31.9.3"

HOLD = ["unshare", "--net", "sh", "-c", "ip link set lo up && exec sleep infinity"]


@dataclass(frozen=True)
class Wire:
    """The wire between this computer and the machine of one slot, in its nth life."""

    slot: int
    life: int

    @property
    def address(self) -> str:
        """The machine's end."""
        return f"127.9.{self.slot}.{2 + self.life % 250}"

    @property
    def gateway(self) -> str:
        """The end at this computer."""
        return f"127.9.{self.slot}.1"

    @property
    def stranger(self) -> str:
        """The stranger's address, which no life of the machine ever has."""
        return f"127.9.{self.slot}.254"

    @property
    def name(self) -> str:
        """The interface here."""
        return f"mlflow-ops-{self.slot}"

    @property
    def stranger_name(self) -> str:
        """The interface here of the stranger's own wire."""
        return f"stranger-{self.slot}"

    @property
    def places(self) -> list[Path]:
        """Where both interfaces are to be seen while they exist."""
        return [Path("/sys/class/net", name) for name in (self.name, self.stranger_name)]

    def next(self) -> Wire:
        """Return the wire of the machine's next life."""
        return replace(self, life=self.life + 1)

    def lay(self, holder: int) -> list[list[str]]:
        """Return the commands that lay it to the namespace held by this process."""
        return [
            _veth(self.name, "host0", ["netns", str(holder)]),
            ["sh", "-c", _end(self.name, self.gateway, self.address)],
            [*inside(holder), "sh", "-c", _end("host0", self.address, self.gateway)],
        ]

    def lay_to_stranger(self, holder: int, stranger: int) -> list[list[str]]:
        """Return the commands that lay two to a stranger's: from the machine's, and from here."""
        own, here, there = self.stranger_name, ["netns", str(stranger)], ["sh", "-c"]
        return [
            [*inside(holder), *_veth("host1", "host0", here)],
            [*inside(holder), *there, _end("host1", self.address, self.stranger)],
            [*inside(stranger), *there, _end("host0", self.stranger, self.address)],
            _veth(own, "host1", here),
            [*there, _end(own, self.gateway, self.stranger)],
            [*inside(stranger), *there, _end("host1", self.stranger, self.gateway)],
        ]


def held(holder: int) -> bool:
    """Whether this process has a network of its own by now."""
    with suppress(OSError):
        return Path(f"/proc/{holder}/ns/net").readlink() != Path("/proc/self/ns/net").readlink()
    return False


def inside(holder: int) -> list[str]:
    """Return what to put before a command of this computer to run it in that network."""
    return ["nsenter", "--net", "--target", str(holder)]


def _veth(name: str, other: str, place: list[str]) -> list[str]:
    """Return the command that makes a wire, its other end in that place."""
    return ["ip", "link", "add", name, "type", "veth", "peer", "name", other, *place]


def _end(interface: str, own: str, other: str) -> str:
    """Return the shell commands that set up one end of a wire."""
    return (
        f"ip link set {interface} up && "
        f"echo 1 > /proc/sys/net/ipv4/conf/{interface}/route_localnet && "
        f"ip route add {other}/32 dev {interface} src {own} table local"
    )


def world(holder: int) -> list[str]:
    """Return the command that connects the namespace to the world, running until it is ended."""
    options = ["--configure", "--mtu=65520", "--disable-host-loopback", f"--cidr={SUBNET}"]
    return ["slirp4netns", *options, "--netns-type=path", f"/proc/{holder}/ns/net", "ens5"]


def route(verb: str) -> list[str]:
    """Return the command, to be run inside, that adds or deletes the way out."""
    return ["ip", "route", verb, "default", "via", ROUTER, "dev", "ens5"]
