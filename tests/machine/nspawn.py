"""A machine made by systemd-nspawn: a real systemd, sshd and cloud-init, without the hardware.

Its disk is an overlay over the cached root, so each boot is a fresh machine at once. The overlay
is mounted in a namespace of the machine's own supervisor, a shell, and ends with it.
"""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mlflow_ops import wait

from . import image, inherited, network, seed, slots, supervisor, tools
from .shell import do

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from .cgroup import Group

available = tools.available

MEMORY = 1 << 30
# https://man7.org/linux/man-pages/man1/systemd.1.html#SIGNALS
POWER_OFF = signal.SIGRTMIN + 4
REBOOT = signal.SIGRTMIN + 5


@contextmanager
def machine(numbers: Iterable[int] = slots.SLOTS) -> Iterator[NspawnMachine]:
    """Take the machine of a free one of these slots, and halt it at the end."""
    tools.install()
    root = image.root()
    with slots.taken(numbers) as slot:
        taken = NspawnMachine(slot, root)
        try:
            yield taken
        finally:
            taken.halt()


class NspawnMachine:
    """A `kinds.Machine` in one slot of this computer."""

    def __init__(self, slot: slots.Slot, root: Path) -> None:
        self._slot = slot
        self._group = slot.group
        self._disk = supervisor.Disk(root, slot.disk, slot.image)
        self._wire = slot.wire()
        self._children: list[subprocess.Popen[bytes]] = []

    @property
    def address(self) -> str:
        """The machine's end of the wire; a new one after each power on."""
        return self._wire.address

    @property
    def gateway(self) -> str:
        """The end of the wire at this computer."""
        return self._wire.gateway

    @property
    def memory(self) -> Group:
        """The memory of its group of processes."""
        return self._group

    def boot(self, public_key: str, user_data: str) -> None:
        """Start on a fresh disk with this key and user data."""
        self.halt()
        settings = seed.settings(inherited.environment(self.gateway), network.NAMESERVER)
        self._disk.make(seed.nocloud(public_key, user_data) | settings)
        self.power_on()

    def halt(self) -> None:
        """End it and delete its disk."""
        self.pull_plug()
        self._slot.sweep()

    def reboot(self) -> None:
        """Ask its systemd to restart; the supervisor starts it again."""
        os.kill(self._leader(), REBOOT)

    def power_off(self) -> None:
        """Ask its systemd to shut down, and wait until it has."""
        os.kill(self._leader(), POWER_OFF)
        wait.until("the machine to shut down", self._off, deadline=90)
        self.pull_plug()

    def power_on(self) -> None:
        """Start it on the disk it had, with a new address."""
        self.pull_plug()
        self._group.remove()
        self._group.make(MEMORY)
        self._wire = self._wire.next()
        holder, stranger = self._namespace(), self._namespace()
        for command in (*self._wire.lay(holder), *self._wire.lay_to_stranger(holder, stranger)):
            do(*command)
        self._start(network.world(holder))
        self._start(supervisor.command(self._disk, holder, self._group.enter("machine")))

    def is_over(self) -> bool:
        """Whether its own systemd has shut it down."""
        return bool(self._children) and self._off()

    def pull_plug(self) -> None:
        """Kill all of it: its systemd first, so that nspawn sees it go and buries it."""
        if leader := supervisor.leader(self._group.pids("machine")):
            os.kill(leader, signal.SIGKILL)
            wait.until("the machine to end", self._off, deadline=60, pause=0.01)
        self._slot.still()
        for child in self._children:
            child.wait()
        self._children.clear()

    def make_image(self, *without: str) -> None:
        """Take its power, and let the next boots begin with its disk, but for these paths."""
        self.pull_plug()
        do("cp", "-a", str(self._disk.upper), str(self._disk.image))
        for pattern in without:
            for path in self._disk.image.glob(pattern):
                do("rm", "-rf", str(path))

    def run(self, command: str, deadline: float = 30, stdin: str = "") -> str:
        """Return what a root shell inside prints."""
        inside = supervisor.inside(self._leader(), self._group, command)
        return do(*inside, deadline=deadline, stdin=stdin)

    def stranger(self) -> list[str]:
        """Return what puts a command into the stranger's network, which goes at power off."""
        return network.inside(self._children[1].pid)

    def cut_off(self) -> None:
        """Take its way to the world."""
        do(*network.inside(self._children[0].pid), *network.route("delete"))

    def reconnect(self) -> None:
        """Give it back."""
        do(*network.inside(self._children[0].pid), *network.route("add"))

    def console(self) -> str:
        """Return what it printed."""
        return self._disk.console.read_text(errors="replace")

    def _start(self, command: list[str]) -> int:
        """Start a process beside the machine, and return its id."""
        entered = ["sh", "-c", self._group.enter("outside") + 'exec "$@"', "sh", *command]
        self._children.append(supervisor.started(entered, self._disk))
        return self._children[-1].pid

    def _namespace(self) -> int:
        """Return the id of a new process that holds a network of its own."""
        holder = self._start(network.HOLD)
        wait.until("a network namespace", lambda: network.held(holder), deadline=60, pause=0.01)
        return holder

    def _off(self) -> bool:
        """Whether the supervisor has nothing more to do."""
        return self._children[-1].poll() is not None

    def _leader(self) -> int:
        """Return the id its systemd has here, as soon as it runs."""
        look = lambda: supervisor.leader(self._group.pids("machine"))  # noqa: E731
        return wait.until("the machine's systemd", look, deadline=60)
