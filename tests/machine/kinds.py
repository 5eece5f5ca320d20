"""What a machine can do, whatever it is made of, and the choice of what to make it of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from . import nspawn
from .shell import ENVIRONMENT

if TYPE_CHECKING:
    from contextlib import AbstractContextManager


class Memory(Protocol):
    """A machine's memory, counted since power on, in bytes.

    What the machine itself says of its memory (`free`, /proc/meminfo) may be this computer's.
    """

    @property
    def limit(self) -> int:
        """The most it may use, page cache included."""

    def used(self) -> int:
        """Return what its processes hold now, page cache not included."""

    def peak(self) -> int:
        """Return the most it ever used, page cache included."""

    def oom_kills(self) -> int:
        """Return how many processes the kernel ended for want of memory."""


class Machine(Protocol):
    """One computer with an Ubuntu-like host on it, off until it is booted."""

    @property
    def address(self) -> str:
        """The public address, a loopback one; it changes on power off and on, as on EC2."""

    @property
    def gateway(self) -> str:
        """The address of this computer, the same seen from the machine and from the tests."""

    @property
    def memory(self) -> Memory:
        """Its memory: 1 GiB and no swap."""

    def boot(self, public_key: str, user_data: str) -> None:
        """Start on a fresh disk, as RunInstances does; returns before sshd answers."""

    def halt(self) -> None:
        """End it and forget its disk, as TerminateInstances does; harmless when it is off."""

    def reboot(self) -> None:
        """Ask its systemd to restart, as RebootInstances does; returns at once, keeps the disk."""

    def power_off(self) -> None:
        """Shut it down in order, as StopInstances does; keeps the disk."""

    def power_on(self) -> None:
        """Start it again on the disk it had, as StartInstances does."""

    def is_over(self) -> bool:
        """Whether it has shut itself down since it was powered on."""

    def pull_plug(self) -> None:
        """Take its power away without a warning; keeps the disk."""

    def make_image(self, *without: str) -> None:
        """Take its power, and let the next boots begin with its disk, as CreateImage does.

        Without what these patterns match, relative to the root.
        """

    def run(self, command: str, deadline: float = 30, stdin: str = "") -> str:
        """Return what a shell command prints, run as root inside without SSH.

        For the tests' own looking and breaking. Seconds; raises `MachineFailed` with the output.
        """

    def stranger(self) -> list[str]:
        """Return what to put before a command of this computer to run it on another one.

        From there, until the next power off, the machine's `address` is reached and the `gateway`,
        where AWS is, and nothing else.
        """

    def cut_off(self) -> None:
        """Let it reach nothing but the tests and the test cloud: no registry, no mirror."""

    def reconnect(self) -> None:
        """Undo `cut_off`."""

    def console(self) -> str:
        """Return everything it printed since its disk was new."""


class Kind(Protocol):
    """A module that can make machines."""

    def available(self) -> str | None:
        """Return None, or the reason why such a machine cannot run here."""

    def machine(self) -> AbstractContextManager[Machine]:
        """Take a free machine, and halt it and give it back at the end."""


KINDS: dict[str, Kind] = {"nspawn": nspawn}


def choose() -> tuple[Kind | None, str]:
    """Return the first kind that can run here, or None and every kind's reason."""
    wanted = ENVIRONMENT.get("MLFLOW_OPS_TEST_MACHINE")
    kinds = {wanted: KINDS[wanted]} if wanted else KINDS
    reasons = {name: kind.available() for name, kind in kinds.items()}
    found = next((kinds[name] for name, reason in reasons.items() if reason is None), None)
    return found, "; ".join(f"{name}: {reason}" for name, reason in reasons.items())
