"""The watcher's commands, each of which prints one JSON document but `look`.

look        what runs each minute: power off when it is time
tell        say what the limits are, and how long it is yet
arm         take the limits {"ttl": seconds, "idle": seconds} on stdin, null for none
extend N    move the end N seconds later
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from mlflow_ops.lifetime.watcher import limits, sessions, uses
from mlflow_ops.lifetime.watcher.keeping import alone, number, read, write
from mlflow_ops.lifetime.watcher.machine import Script, Systemd, Unknown

# No end is further away, whatever it was extended by.
FURTHEST = 365 * 86_400
TOO_FAR = "That would be more than 365 days from now: extend it by less."
NO_LIMIT = "There is no time limit to extend."


class Watcher:
    """One look at a machine; `file` has the limits, `folder` what was seen since its boot."""

    def __init__(self, machine: Systemd | Script, file: Path, folder: Path) -> None:
        self.machine, self.file, self._memory = machine, file, folder / "memory.json"
        self.settings, self.memory = limits.kept(read(file)), read(self._memory)
        self.now = machine.now()

    def tell(self) -> dict[str, Any]:
        """Return how it stands, and remember what was seen."""
        left, quiet = self._left(), self._quiet()
        with suppress(OSError):  # then it is not idle, and its limit ends all the same
            write(self._memory, self.memory)
        until = None if left is None else round(self.now.wall + left)
        ttl, idle = self.settings["ttl"], self.settings["idle"]
        return {"ttl": ttl, "idle": idle, "left": left, "until": until, "quiet": quiet}

    def look(self) -> None:
        """Power off if it is time: at the limit's end before anything is asked that may hang."""
        over = limits.reason(self._left(), None, None)
        if why := over or limits.reason(None, self.settings["idle"], self.tell()["quiet"]):
            sys.stdout.write(f"<5>This machine stops itself: {why}.\n")
            sys.stdout.flush()
            subprocess.run(self.machine.off, check=True)

    def arm(self, wish: limits.Settings) -> dict[str, Any]:
        """Take other limits."""
        return self._take(limits.armed(wish, self.settings, self._left(), self.now))

    def extend(self, seconds: int) -> dict[str, Any]:
        """Move the end."""
        left = self._left()
        if left is None or left + seconds > FURTHEST:
            return {"error": NO_LIMIT if left is None else TOO_FAR}
        return self._take(limits.extended(self.settings, left, seconds, self.now))

    def _take(self, settings: dict[str, Any]) -> dict[str, Any]:
        """Keep these settings; who gives them is at work, so that idle time begins anew."""
        write(self.file, settings)
        self.settings, self.memory["last"] = settings, self.now.steady
        return self.tell()

    def _left(self) -> float | None:
        """Return the seconds until the time limit ends; None without one."""
        end = limits.end(self.settings, self.memory, self.now)
        self.memory |= {"limit": [self.settings["ttl"], self.settings["until"]], "end": end}
        return None if end is None else end - self.now.steady

    def _quiet(self) -> float | None:
        """Return for how long nobody has used the server; None where that cannot be told now.

        A memory that is lost has it begin now.
        """
        if not self.settings["idle"]:
            return None
        steady = self.now.steady
        seen, known = [number(self.memory.get("last")) or steady], True
        try:
            self._see(seen)
        except (Unknown, OSError, ValueError):
            known = False
        last = self.memory["last"] = min(steady, max(seen))
        return steady - last if known else None

    def _see(self, seen: list[float]) -> None:
        """Add the moments of use; raise Unknown, or OSError, when one of them may be lacking."""
        seen += self.machine.moments(self.now)
        moved = uses.moved(self.machine.connections())
        lines = list(self.machine.log(self.now))  # last: it tells nothing twice
        seen += (at for at, line in lines if uses.is_use(line))
        strangers = {uses.peer(line) for _, line in lines if not uses.is_use(line)}
        if uses.is_busy(self.memory.get("moved"), moved, strangers):
            seen.append(self.now.steady)
        self.memory["moved"] = moved


def main(words: list[str], processes: Path = sessions.PROCESSES) -> int:
    """Do one command, one at a time on this machine, and return the exit code.

    `processes` is where the kernel tells who is at work.
    """
    asked = _parser().parse_args(words)
    wish = json.load(sys.stdin) if asked.command == "arm" else {}  # nobody waits for who is slow
    with alone(asked.memory):
        machine = Script(asked.memory, asked.log, asked.since) if asked.log else None
        watcher = Watcher(machine or Systemd(asked.memory, processes), asked.settings, asked.memory)
        if asked.command == "look":
            watcher.look()
            return 0
        if asked.command == "extend":
            told = watcher.extend(asked.seconds)
        else:
            told = watcher.arm(wish) if asked.command == "arm" else watcher.tell()
    sys.stdout.write(f"{json.dumps(told)}\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lifetime")
    parser.add_argument("settings", type=Path)
    parser.add_argument("memory", type=Path)
    parser.add_argument("command", choices=["look", "tell", "arm", "extend"])
    parser.add_argument("seconds", type=int, nargs="?", default=0)
    parser.add_argument("--log", type=Path, help="the server's log, where there is no journal")
    parser.add_argument("--since", type=Path, action="append", default=[])
    return parser
