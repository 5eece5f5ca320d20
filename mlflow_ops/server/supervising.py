"""What keeps programs up on a host without systemd: a script each, in a session of its own."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from mlflow_ops.commands import ENVIRONMENT


@dataclass(frozen=True)
class Supervisor:
    """The files of one script, below the user's home, and the folder in which its program runs.

    The program has `grace` seconds to end before it is killed.
    """

    script: str
    pid_file: str
    log_file: str
    folder: str
    grace: int = 5

    def text(self, what: str, command: list[str], remark: str, settings: list[str]) -> str:
        """Return the script that keeps `what` up; `settings` are lines that run before it."""
        lines = "".join(f"{line}\n" for line in settings)
        return f"""\
#!/bin/sh
# Keeps {what} up; the pause before a restart doubles up to 32 s.
{remark}
umask 077
echo $$ > "$HOME/{self.pid_file}"
cd "$HOME/{self.folder}" || exit 1
{lines}pause=1
while :; do
  {shlex.join(command)} >> "$HOME/{self.log_file}" 2>&1
  sleep "$pause"
  [ "$pause" -ge 32 ] || pause=$((pause * 2))
done
"""

    def running(self) -> str:
        """Return the command that prints `yes` while it runs."""
        return f'kill -0 "$(cat {self.pid_file} 2>/dev/null)" 2>/dev/null && echo yes'

    def stop(self) -> str:
        """Return the command that ends the script and its program, if they run."""
        # dash, the usual sh, takes a process group only after `-s SIGNAL --`.
        return f"""\
if old=$(cat {self.pid_file} 2>/dev/null) && kill -- "-$old" 2>/dev/null; then
  for _ in $(seq {self.grace * 5}); do kill -s 0 -- "-$old" 2>/dev/null || break; sleep 0.2; done
  kill -s KILL -- "-$old" 2>/dev/null
fi
rm -f {self.pid_file}
"""

    def start(self) -> str:
        """Return the command that (re)starts the script as the leader of a session of its own."""
        # `setsid` is not on every machine; the environment's Python is.
        lead = f'import os; os.setsid(); os.execvp("sh", ["sh", "{self.script}"])'
        # Only who has written down its process can be ended again.
        return f"""\
{self.stop()}\
{ENVIRONMENT}/bin/python -c {shlex.quote(lead)} </dev/null >/dev/null 2>&1 &
for _ in $(seq 50); do [ ! -s {self.pid_file} ] || break; sleep 0.1; done
"""


def either(unit: str, by_systemd: str, without: str) -> str:
    """Return the command for a host that has this unit, or for one that has a script instead."""
    return (
        f"if systemctl cat {unit} >/dev/null 2>&1; then\n{by_systemd}\nelse\n{without.rstrip()}\nfi"
    )
