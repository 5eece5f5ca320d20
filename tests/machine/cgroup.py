"""The group of a machine's processes: its memory limit, and who to end when it is over.

Membership is also how a killed test run's processes are known again: no pid file, no mistake.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mlflow_ops import wait

ROOT = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Files:
    """What one version of cgroups calls its files."""

    limit: str
    swap: str
    peak: str
    events: str
    used: str


V1 = Files(
    limit="memory.limit_in_bytes",
    swap="memory.swappiness",
    peak="memory.max_usage_in_bytes",
    events="memory.oom_control",
    used="total_rss",
)
V2 = Files("memory.max", "memory.swap.max", "memory.peak", "memory.events", "anon")


class Group:
    """The processes of one machine (`machine`) and of its network (`outside`), by name."""

    def __init__(self, name: str) -> None:
        first = (ROOT / "memory").is_dir()
        self.files = V1 if first else V2
        self.memory = (ROOT / "memory" if first else ROOT) / name
        # systemd in the machine makes groups below the one it starts in, so it needs its own.
        trees = [ROOT / tree / name for tree in ("systemd", "unified") if (ROOT / tree).is_dir()]
        self.trees = [self.memory, *trees] if first else [self.memory]

    def make(self, limit: int) -> None:
        """Create the group, its machine limited to so many bytes and no swap."""
        for tree in self.trees:
            (tree / "machine").mkdir(parents=True)
        (self.memory / "outside").mkdir()
        if self.files is V2:
            for folder in (ROOT, self.memory):
                (folder / "cgroup.subtree_control").write_text("+memory")
        self._write(self.files.limit, limit)
        self._write(self.files.swap, 0)

    def enter(self, part: str) -> str:
        """Return the shell commands that move the shell into `machine` or `outside`.

        In version 2 that is a new leaf each time: systemd hands controllers on to groups below
        its own, and a group that does so may have no process of its own.
        """
        if self.files is V2:
            leaf = f"$(mktemp -d {self.memory / part}/XXXXXX)"
            return f"leaf={leaf}; echo $$ > $leaf/cgroup.procs; "
        trees = self.trees if part == "machine" else [self.memory]
        return "".join(f"echo $$ > {tree / part}/cgroup.procs; " for tree in trees)

    def pids(self, part: str = ".") -> list[int]:
        """Return the processes in one part, or in all."""
        found: list[int] = []
        for path in (self.memory / part).rglob("cgroup.procs"):
            with suppress(OSError):
                found += map(int, path.read_text().split())
        return found

    def end(self, part: str = ".") -> None:
        """Kill every process in one part, or in all, and wait until it is gone."""
        wait.until(f"the processes of {self.memory}", lambda: self._killed(part), deadline=60)

    def _killed(self, part: str) -> bool:
        """Kill what is there; say whether nothing was."""
        pids = self.pids(part)
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return not pids

    def remove(self) -> None:
        """Remove the group with everything below it; harmless when there is none."""
        for tree in self.trees:
            wait.until(f"{tree} to be empty", partial(_removed, tree), deadline=60)

    @property
    def limit(self) -> int:
        """The machine's limit in bytes."""
        return int(self._read(self.files.limit))

    def peak(self) -> int:
        """Return the most the machine ever used, in bytes."""
        return int(self._read(self.files.peak))

    def used(self) -> int:
        """Return what the machine's processes hold, in bytes."""
        return self._line("memory.stat", self.files.used)

    def oom_kills(self) -> int:
        """Return how many processes of the machine ran out of memory."""
        return self._line(self.files.events, "oom_kill")

    def _read(self, name: str) -> str:
        """Return the content of one file of the machine's group."""
        return (self.memory / "machine" / name).read_text()

    def _write(self, name: str, value: int) -> None:
        """Write a number to one file of the machine's group."""
        path = self.memory / "machine" / name
        # A kernel without swap has no file to forbid it.
        if path.exists():
            path.write_text(str(value))

    def _line(self, name: str, key: str) -> int:
        """Return the number after a word in one file of the machine's group."""
        lines = (line.split() for line in self._read(name).splitlines())
        return next(int(value) for word, value in lines if word == key)


def _removed(tree: Path) -> bool:
    """Remove a group and all below it; say whether it is gone."""
    with suppress(OSError):
        for folder, _, _ in os.walk(tree, topdown=False):
            Path(folder).rmdir()
    return not tree.exists()
