"""What runs the backups on the host: their systemd units, or a script where there is no systemd."""

from __future__ import annotations

from mlflow_ops.backup import keeping
from mlflow_ops.commands import FOLDER
from mlflow_ops.server import supervising, systemd
from mlflow_ops.server.serving import DATA

UNIT, DAILY = "mlflow-backup", "mlflow-backup-daily"
UNITS = "/etc/systemd/system"
UNIT_FILE = f"{UNITS}/{UNIT}.service"
DAILY_FILE, TIMER_FILE = f"{UNITS}/{DAILY}.service", f"{UNITS}/{DAILY}.timer"
PROGRAM = f"{FOLDER}/tools/bin/litestream"
CONFIG = f"{FOLDER}/litestream.yml"
# The program's own: what it knows of the databases, and what it has made of their changes.
STREAM = f"{FOLDER}/stream"
KEEPER_SETTINGS = f"{FOLDER}/keeper.json"
# As long as its last changes may take to the bucket, and some seconds more.
GRACE = 20
SCRIPT = supervising.Supervisor(
    f"{FOLDER}/back-up", f"{FOLDER}/backup.pid", f"{FOLDER}/backup.log", FOLDER, grace=GRACE
)
# It refuses to start with AWS_CA_BUNDLE. Go's collector grows to twice what it needs, which a host
# of 1 GiB does not have to spare.
UNIT_TEXT = """\
[Unit]
Description=Continuous backup of the MLflow databases
After=network-online.target
Wants=network-online.target
StartLimitIntervalSec=0
# Taken away while the databases are replaced: no stream goes on with another one's changes.
ConditionPathExists={home}/{config}

[Service]
User=ubuntu
WorkingDirectory={home}/{folder}
Environment=GOMEMLIMIT=64MiB
UnsetEnvironment=AWS_CA_BUNDLE
ExecStart={home}/{program} replicate -config {home}/{config} -no-expand-env
TimeoutStopSec={grace}
Restart=always
RestartSec=1
RestartSteps=5
RestartMaxDelaySec=30
ReadWritePaths={home}/{data} {home}/{stream}
{hardening}
[Install]
WantedBy=multi-user.target
"""
DAILY_TEXT = """\
[Unit]
Description=Daily backup of the MLflow databases
After=network-online.target {unit}.service
Wants=network-online.target
ConditionPathExists={home}/{config}

[Service]
Type=oneshot
User=ubuntu
WorkingDirectory={home}
ExecStart={home}/{keeper}
StandardInput=file:{home}/{settings}
Nice=10
IOSchedulingClass=idle
TimeoutStartSec=1h
ReadWritePaths={home}/{folder}
{hardening}"""
TIMER_TEXT = """\
[Unit]
Description=Daily backup of the MLflow databases

[Timer]
OnCalendar=daily
RandomizedDelaySec=1h
# One that a stopped machine has missed is taken when it is started.
Persistent=true

[Install]
WantedBy=timers.target
"""


def units(home: str) -> dict[str, str]:
    """Return the texts of the units, by their files."""
    words = {
        "home": systemd.home(home),
        "config": CONFIG,
        "folder": FOLDER,
        "program": PROGRAM,
        "grace": str(GRACE),
        "data": DATA,
        "stream": STREAM,
        "keeper": keeping.command("daily"),
        "settings": KEEPER_SETTINGS,
        "unit": UNIT,
        "hardening": systemd.hardening(home),
    }
    return {
        UNIT_FILE: UNIT_TEXT.format_map(words),
        DAILY_FILE: DAILY_TEXT.format_map(words),
        TIMER_FILE: TIMER_TEXT,
    }


def script() -> str:
    """Return the script that keeps the continuous backup up on a host without systemd."""
    command = ["tools/bin/litestream", "replicate", "-config", "litestream.yml", "-no-expand-env"]
    settings = ["unset AWS_CA_BUNDLE", "export GOMEMLIMIT=64MiB"]
    return SCRIPT.text("the continuous backup", command, "# no remark", settings)
