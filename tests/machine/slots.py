"""One slot per machine that runs at the same time: it decides address, interface and disk.

A slot belongs to whoever holds the lock on its file, which the kernel gives back when a test run
dies, however it dies. Whoever takes a slot first sweeps up what a killed run left in it.
"""

from __future__ import annotations

import fcntl
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from mlflow_ops import wait

from .cgroup import Group
from .network import Wire
from .shell import MachineFailed, do

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Not under /tmp: it may be memory, and an overlay wants a real file system. Root's alone.
BASE = Path("/var/lib/mlflow-ops-tests")
SLOTS = range(16)


@dataclass(frozen=True)
class Slot:
    """The place of one machine on this computer."""

    number: int

    @property
    def group(self) -> Group:
        """The group of its processes."""
        return Group(f"mlflow-ops-{self.number}")

    @property
    def disk(self) -> Path:
        """The folder of its disk and console."""
        return BASE / str(self.number)

    @property
    def image(self) -> Path:
        """The folder of the image that its next disks are made from, if there is one."""
        return BASE / f"{self.number}.image"

    @property
    def away(self) -> Path:
        """The folder of disks that nobody needs any more."""
        return BASE / f"{self.number}.away"

    def wire(self) -> Wire:
        """Return its wire to this computer, before the machine's first life."""
        return Wire(self.number, -1)

    def still(self) -> None:
        """End what runs in it; harmless when nothing does.

        Mounts and network live in namespaces of these processes. The kernel takes a network
        apart in its own time, so this waits for that too.
        """
        self.group.end()
        wires = self.wire().places
        gone = lambda: not any(wire.exists() for wire in wires)  # noqa: E731
        wait.until(f"{wires} to go", gone, deadline=10, pause=0.01)

    def sweep(self) -> None:
        """End what runs in it and put its disk away; harmless when it is empty."""
        self.still()
        self.group.remove()
        if self.disk.exists():
            self.away.mkdir(exist_ok=True)
            self.disk.rename(self.away / str(time.time_ns()))

    def clear(self) -> None:
        """Delete the disks that were put away: a hundred thousand files, which takes a while."""
        self.sweep()
        do("rm", "-rf", "--one-file-system", str(self.away), str(self.image))


@contextmanager
def taken(numbers: Iterable[int] = SLOTS) -> Iterator[Slot]:
    """Hold a free one of these slots, swept before and after."""
    BASE.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _free(numbers) as number:
        slot = Slot(number)
        slot.clear()
        try:
            yield slot
        finally:
            slot.clear()


@contextmanager
def _free(numbers: Iterable[int]) -> Iterator[int]:
    """Hold the lock on the first slot nobody else holds."""
    for number in numbers:
        with (BASE / f"{number}.lock").open("w") as file:
            if _ours(file):
                yield number
                return
    raise MachineFailed("All machines of this computer are in use.")


def _ours(file: IO[str]) -> bool:
    """Whether the lock was free, and is ours now."""
    with suppress(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False
