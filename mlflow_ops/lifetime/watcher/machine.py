"""What the machine tells: when it came up, what its server has logged, and who is at work on it."""

from __future__ import annotations

import re
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from mlflow_ops.lifetime.watcher import sessions
from mlflow_ops.lifetime.watcher.keeping import number, read, write
from mlflow_ops.lifetime.watcher.limits import Now

if TYPE_CHECKING:
    from collections.abc import Iterator

UNIT = "mlflow-server"
# The server's, and that behind the proxy of a stack with a domain.
PORTS = (5000, 5001)
JOURNAL = ("journalctl", "-a", "-q", "-u", UNIT, "-o", "short-monotonic", "--no-pager")
TIMED = re.compile(r"\[ *([\d.]+)\] (.*)")
# https://github.com/openssh/openssh-portable/blob/master/session.c: how sshd names its processes
SESSION = re.compile(rb"sshd(?:-session)?: \S+@(notty|pts/\d+)")
# Seconds; all of them together are less than what the unit has for a look.
SHORT, LONG = 7.0, 30.0
# Seconds before the last look that are read again: what is told twice counts once.
OVERLAP = 60.0


class Unknown(Exception):
    """What a program of the machine should have told, and has not."""


class Systemd:
    """A machine with systemd; `folder` has what is known since its boot, `processes` is /proc."""

    off = ("systemctl", "poweroff", "-i")

    def __init__(self, folder: Path, processes: Path = sessions.PROCESSES) -> None:
        self._looked, self._processes = folder / "looked.json", processes

    def now(self) -> Now:
        """Return this moment."""
        booted = 0
        with suppress(Unknown):
            [booted] = _shown("UserspaceTimestampMonotonic")
        return Now(time.time(), time.monotonic(), booted / 1e6)

    def moments(self, now: Now) -> Iterator[float]:
        """Yield when somebody has started the server, and has worked on the machine over SSH."""
        started, restarts = _shown("ActiveEnterTimestampMonotonic", "NRestarts", unit=UNIT)
        if not restarts:  # else it has come back by itself
            yield started / 1e6
        asking = set(sessions.ancestors())  # who asks over SSH how long it is yet is no use of it
        for process in self._processes.glob("[0-9]*"):
            if process.name in asking:
                continue
            try:
                found = SESSION.match((process / "cmdline").read_bytes())
                if found:
                    yield from worked(process, found[1].decode(), now)
            except OSError:  # it has ended
                continue

    def log(self, now: Now) -> Iterator[tuple[float, str]]:
        """Yield the lines of the server's log since the last look, with their moments."""
        # Not by a cursor file, with which journalctl fails where there is nothing new to tell.
        # Nor by `-b`: the unit's own view of /proc may show another boot's id, as in containers.
        before = number(read(self._looked).get("steady")) or now.boot
        ago = min(now.steady - before + OVERLAP, now.steady - now.boot)
        printed = _run(*JOURNAL, f"--since=-{ago:.0f}s", deadline=LONG)
        write(self._looked, {"steady": now.steady})
        for line in printed.splitlines():
            found = TIMED.match(line)
            if found and float(found[1]) <= now.steady + OVERLAP:
                yield float(found[1]), found[2]

    def connections(self) -> str:
        """Return what is told of the connections to the server."""
        ports = " or ".join(f"sport = :{port}" for port in PORTS)
        return _run("ss", "-OtinH", "state", "established", f"( {ports} )")


class Script:
    """A machine without systemd: the server's log is a file, and the ages of files tell starts."""

    off = ("poweroff",)

    def __init__(self, folder: Path, log: Path, since: list[Path]) -> None:
        self._place, self._log, self._since = folder / "place.json", log, since

    def now(self) -> Now:
        """Return this moment; the first file is as old as the machine is up."""
        wall, steady = time.time(), time.monotonic()
        return Now(wall, steady, next(self._starts(wall, steady), steady))

    def moments(self, now: Now) -> Iterator[float]:
        """Yield when its programs were started."""
        yield from self._starts(now.wall, now.steady)

    def log(self, now: Now) -> Iterator[tuple[float, str]]:
        """Yield the lines of the server's log since the last look, as of now."""
        size = self._log.stat().st_size if self._log.exists() else 0
        seen = read(self._place).get("size", 0)
        if size:
            with self._log.open(encoding="utf-8", errors="replace") as log:
                log.seek(seen if isinstance(seen, int) and 0 <= seen <= size else 0)
                yield from ((now.steady, line) for line in log.read(size).splitlines())
        write(self._place, {"size": size})

    def connections(self) -> str:
        """Return nothing: it is not told."""
        return ""

    def _starts(self, wall: float, steady: float) -> Iterator[float]:
        for path in self._since:
            if path.exists():
                yield steady - max(0.0, wall - path.stat().st_mtime)


def _shown(*names: str, unit: str = "") -> list[int]:
    """Return numbers that systemd shows of itself or of a unit; 0 for what it does not."""
    printed = _run("systemctl", "show", *([unit] if unit else []), "-p", ",".join(names))
    found = dict(line.partition("=")[::2] for line in printed.splitlines())
    return [int(text) if (text := found.get(name, "")).isdigit() else 0 for name in names]


def worked(session: Path, terminal: str, now: Now) -> Iterator[float]:
    """Yield when somebody was last at work in an SSH session: now, while a program runs in it.

    In a terminal with nothing but shells it was when a key was last pressed. Raises OSError when
    the session has ended.
    """
    typed = terminal != "notty"
    if sessions.is_at_work(session, typed=typed):
        yield now.steady
    elif typed:
        yield now.steady - max(0.0, now.wall - (Path("/dev") / terminal).stat().st_atime)


def _run(*command: str, deadline: float = SHORT) -> str:
    """Return what a program prints; raise Unknown when it does not end well, or is not there."""
    try:
        done = subprocess.run(command, capture_output=True, timeout=deadline, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise Unknown(command[0]) from error
    return done.stdout.decode("utf-8", "replace")
