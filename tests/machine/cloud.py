"""A test cloud: the strict cloud, with a real machine behind the instance it runs.

One more rule in front of the strict cloud's own boots the machine when RunInstances succeeds, with
the launched key and user data, and halts, stops, starts and reboots it as the instance is. It
gives the machine's address as the instance's, and its console as GetConsoleOutput.

There is one machine: a second instance at the same time gets InsufficientInstanceCapacity. The
cloud listens on the machine's gateway, so that S3 is at one address for the tests and the machine.
moto keeps its state in the process: one test cloud per process, and it starts empty.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cloud import server

from .instance import Instance

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .kinds import Machine

REGION = "us-east-1"


@dataclass(frozen=True)
class Cloud:
    """A running test cloud: where it is, and the machine it has to give."""

    strict: server.StrictCloud
    machine: Machine

    @property
    def endpoint(self) -> str:
        """The address of AWS's API."""
        return self.strict.endpoint

    def environment(self) -> dict[str, str]:
        """Return the standard AWS variables that lead here, past any proxy."""
        direct = f"localhost,127.0.0.1,{self.machine.gateway}"
        return {
            **self.strict.environment(),
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": direct,
            "no_proxy": direct,
        }


@contextmanager
def running(machine: Machine) -> Iterator[Cloud]:
    """Serve a test cloud that has this machine to give, on a free port of the gateway."""
    with (
        server.serving(machine.address, machine.gateway) as strict,
        strict.also(Instance(machine, strict)),
    ):
        yield Cloud(strict, machine)
