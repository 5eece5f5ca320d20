"""What others on this machine could see while commands run: arguments, and files being born."""

from __future__ import annotations

import contextlib
import stat
import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PROCESSES = Path("/proc")
PAUSE = 0.02
# Looks after which a process has long been what it is to be.
ENOUGH = 20


@dataclass
class Seen:
    """The arguments of every process that was seen, and the modes that each path ever had."""

    arguments: set[bytes] = field(default_factory=set)
    modes: dict[str, set[int]] = field(default_factory=dict)
    _looks: Counter[str] = field(default_factory=Counter)

    def look(self, folder: Path) -> None:
        """Look at all processes, and at the folder's files once more."""
        for pid in filter(str.isdigit, (each.name for each in PROCESSES.iterdir())):
            if (looks := self._looks[pid]) < ENOUGH:
                self._looks[pid] = looks + 1
                with contextlib.suppress(OSError):
                    self.arguments.add((PROCESSES / pid / "cmdline").read_bytes())
        self._into(folder, folder)

    def _into(self, folder: Path, top: Path) -> None:
        """Look at a folder's files; what is below a host's home is that machine's own."""
        with contextlib.suppress(OSError):
            for path in folder.iterdir():
                mode = path.lstat().st_mode
                if stat.S_ISLNK(mode):
                    continue
                known = self.modes.setdefault(str(path.relative_to(top)), set())
                known.add(stat.S_IMODE(mode))
                if stat.S_ISDIR(mode) and path.name != "host":
                    self._into(path, top)

    def open_to_others(self) -> dict[str, set[str]]:
        """Return the paths that others could ever read or write, and their modes."""
        return {
            path: {oct(mode) for mode in modes}
            for path, modes in self.modes.items()
            if any(mode & 0o077 for mode in modes)
        }


@contextmanager
def watching(folder: Path) -> Iterator[Seen]:
    """Look again and again while the context lasts."""
    seen, over = Seen(), threading.Event()

    def body() -> None:
        while not over.wait(PAUSE):
            seen.look(folder)

    thread = threading.Thread(target=body)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()
