"""What runs the watcher on the host: a timer of systemd's, or a script where there is none."""

from __future__ import annotations

import base64
import shlex

from mlflow_ops import packed
from mlflow_ops.commands import ENVIRONMENT, FOLDER, digest
from mlflow_ops.server import supervising
from mlflow_ops.server.serving import LOG_FILE, PID_FILE

# All of it belongs to root, so that nobody but who may switch the machine off changes it.
PROGRAM = "/usr/local/lib/mlflow-ops/lifetime.pyz"
SETTINGS = "/etc/mlflow-ops/lifetime.json"
MEMORY = "mlflow-lifetime"
UNIT, TIMER = "mlflow-lifetime", "mlflow-lifetime.timer"
UNIT_FILE, TIMER_FILE = (f"/etc/systemd/system/{name}" for name in (f"{UNIT}.service", TIMER))
WAITING = {name: f"{FOLDER}/lifetime.{name}" for name in ("program", "service", "timer")}
OURS = ("__init__.py", "lifetime/__init__.py")
# Where there is no systemd, below the user's home.
OWN_PROGRAM, OWN_SETTINGS = f"{FOLDER}/lifetime.pyz", f"{FOLDER}/lifetime.json"
OWN_MEMORY = f"{FOLDER}/lifetime.seen"
SCRIPT = supervising.Supervisor(
    f"{FOLDER}/watch", f"{FOLDER}/lifetime.pid", f"{FOLDER}/lifetime.log", "."
)
BY_SYSTEMD = f"/usr/bin/python3 -I {PROGRAM} {SETTINGS} /run/{MEMORY}"
BY_SCRIPT = (
    f"{ENVIRONMENT}/bin/python -I {OWN_PROGRAM} {OWN_SETTINGS} {OWN_MEMORY} --log={LOG_FILE} "
    f"--since={SCRIPT.pid_file} --since={PID_FILE}"
)
UNIT_TEXT = f"""\
[Unit]
Description=Stops this machine at its time limit, or when nobody uses its MLflow server

[Service]
Type=oneshot
ExecStart={BY_SYSTEMD} look
RuntimeDirectory={MEMORY}
# What was seen is kept until the next boot.
RuntimeDirectoryPreserve=yes
TimeoutStartSec=55
# Else the journal would tell each minute that it was started and has ended.
LogLevelMax=notice
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RestrictAddressFamilies=AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictSUIDSGID=yes
LockPersonality=yes
"""
TIMER_TEXT = f"""\
[Unit]
Description=Looks each minute whether this machine is to stop

[Timer]
OnActiveSec=1min
OnUnitActiveSec=1min
AccuracySec=5s
Unit={UNIT}.service

[Install]
WantedBy=timers.target
"""


def program() -> bytes:
    """Return the watcher, as one zip file that Python runs."""
    return packed.program("lifetime/watcher", *OURS)


def program_text() -> str:
    """Return the same as text that goes through a shell."""
    return base64.encodebytes(program()).decode()


def script() -> str:
    """Return the script that looks again and again."""
    return SCRIPT.text("the watcher", [*shlex.split(BY_SCRIPT), "look"], "# no remark", [])


def right(*, systemd: bool) -> dict[str, str]:
    """Return what the facts say of a host on which all of it is as it should be."""
    if not systemd:
        return {"program": digest(program()), "script": digest(script()), "running": "yes"}
    return {
        "program": digest(program()),
        "unit": digest(UNIT_TEXT),
        "timer": digest(TIMER_TEXT),
        "active": "active",
    }
