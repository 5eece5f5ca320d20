"""One slot per machine that runs at the same time: it decides address, interface and disk.

A slot belongs to whoever holds the lock on its file, which the kernel gives back when a test run
dies, however it dies. Whoever takes a slot first sweeps up what a killed run left in it.
"""

from __future__ import annotations

import fcntl
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

# Not under /tmp: it may be memory, which would count as the machine's own. Root's alone.
BASE = Path("/var/lib/mlflow-ops-tests")
SLOTS = range(16)
# Of its file system, of which only what is written takes room.
SIZE = "30G"
# It outlives no power cut, and so it needs no journal; nor does anybody want its blocks back.
FORMAT = ("mkfs.ext4", "-q", "-F", "-m", "0", "-O", "^has_journal", "-E", "nodiscard")


@dataclass(frozen=True)
class Slot:
    """The place of one machine on this computer."""

    number: int

    @property
    def group(self) -> Group:
        """The group of its processes."""
        return Group(f"mlflow-ops-{self.number}")

    @property
    def place(self) -> Path:
        """Where its own file system is mounted, in which 30,000 files are deleted within seconds.

        On a disk with a journal and online discard that takes minutes.
        """
        return BASE / str(self.number)

    @property
    def file(self) -> Path:
        """The file that has this file system in it."""
        return BASE / f"{self.number}.ext4"

    @property
    def disk(self) -> Path:
        """The folder of its disk and console."""
        return self.place / "disk"

    @property
    def image(self) -> Path:
        """The folder of the image that its next disks are made from, if there is one."""
        return self.place / "image"

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
        wait.until(f"{wires} to go", gone, deadline=60, pause=0.01)

    def sweep(self) -> None:
        """End what runs in it and delete its disk; harmless when it is empty."""
        self.still()
        self.group.remove()
        do("rm", "-rf", "--one-file-system", str(self.disk))

    def prepare(self) -> None:
        """Give it a file system of its own, where this computer has a device for that."""
        self.place.mkdir()
        if not Path("/dev/loop-control").exists():
            return
        do("truncate", "-s", SIZE, str(self.file))
        do(*FORMAT, str(self.file))
        # Past this computer's page cache, which would count as the machine's memory once more.
        device = do("losetup", "--find", "--show", "--direct-io=on", str(self.file)).strip()
        do("mount", "-o", "noatime", device, str(self.place))
        do("losetup", "--detach", device)  # as soon as nobody has it mounted

    def clear(self) -> None:
        """Sweep it, and take its file system away; harmless when there is none."""
        self.sweep()
        # Before it is unmounted, which would write out all that nobody has yet.
        do("rm", "-rf", "--one-file-system", str(self.image))
        if self.place.is_mount():
            do("umount", str(self.place))
        self.file.unlink(missing_ok=True)
        do("rm", "-rf", "--one-file-system", str(self.place))


@contextmanager
def taken(numbers: Iterable[int] = SLOTS) -> Iterator[Slot]:
    """Hold a free one of these slots, swept before and after."""
    BASE.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _free(numbers) as number:
        slot = Slot(number)
        slot.clear()
        try:
            slot.prepare()
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
