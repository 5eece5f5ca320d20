"""How the server runs on the host: its command, its files and its unit, as text."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from mlflow_ops.commands import ENVIRONMENT, FOLDER, sha256

UNIT = "mlflow-server"
UNIT_FILE = f"/etc/systemd/system/{UNIT}.service"
SUPERVISOR = f"{FOLDER}/serve"
PID_FILE = f"{FOLDER}/server.pid"
LOG_FILE = f"{FOLDER}/server.log"
FACTS = (
    *("systemd", "unit", "active", "supervisor", "running"),
    *("credentials", "config", "home"),
)


def facts() -> str:
    """Return the command that prints what the server step needs to know, as KEY=VALUE lines."""
    return "\n".join(
        (
            'echo "systemd=$(systemctl is-system-running 2>/dev/null)"',
            f'echo "unit=$({sha256(UNIT_FILE)})"',
            f'echo "active=$(systemctl is-active {UNIT} 2>/dev/null)"',
            f'echo "supervisor=$({sha256(SUPERVISOR)})"',
            f'echo "running=$(kill -0 "$(cat {PID_FILE} 2>/dev/null)" 2>/dev/null && echo yes)"',
            f'echo "credentials=$({sha256(".aws/credentials")})"',
            f'echo "config=$({sha256(".aws/config")})"',
            'echo "home=$HOME"',
        )
    )


@dataclass(frozen=True)
class Serving:
    """How the server is to run: where it listens, by which names, and where artifacts go."""

    bucket: str
    bind: str
    port: int
    names: tuple[str, ...]
    direct: bool = False
    emulated: bool = False

    def command(self) -> list[str]:
        """Return the server's argument list; its program is relative to the mlflow folder."""
        artifacts = "--default-artifact-root" if self.direct else "--artifacts-destination"
        hosts = [*self.names, "localhost", "127.0.0.1"]
        both = [name for host in hosts for name in (host, f"{host}:{self.port}")]
        origins = [f"http://{host}:{self.port}" for host in hosts]
        return [
            *(".venv/bin/mlflow", "server"),
            *("--backend-store-uri", "sqlite:///mlflow.db"),
            *(artifacts, f"s3://{self.bucket}"),
            *("--host", self.bind, "--port", str(self.port)),
            # Four workers do not fit into 1 GiB, and the job runner neither.
            *("--workers", "1"),
            # Since 3.5 the server answers 403 to any name or origin that is not listed.
            *("--allowed-hosts", ",".join(dict.fromkeys(both))),
            *("--cors-allowed-origins", ",".join(dict.fromkeys(origins))),
        ]

    def environment(self) -> dict[str, str]:
        """Return the variables that the server runs with, none of them secret."""
        found = {
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            "MLFLOW_DISABLE_TELEMETRY": "true",
        }
        return found | ({"MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE": "path"} if self.emulated else {})


UNIT_TEXT = """\
[Unit]
Description=MLflow tracking server
After=network-online.target
Wants=network-online.target
StartLimitIntervalSec=0

[Service]
User=ubuntu
WorkingDirectory={folder}
{variables}
ExecStart={line}
Restart=always
# The pause before a restart grows from 1 s to 30 s, where systemd is 254 or newer.
RestartSec=1
RestartSteps=5
RestartMaxDelaySec=30
NoNewPrivileges=yes
CapabilityBoundingSet=
PrivateTmp=yes
PrivateDevices=yes
ProtectSystem=strict
ProtectHome=read-only
ReadWritePaths={folder}
ProtectControlGroups=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictSUIDSGID=yes
LockPersonality=yes
UMask=0077

[Install]
WantedBy=multi-user.target
"""


def unit(serving: Serving, home: str) -> str:
    """Return the systemd unit that keeps the server up, across crashes and reboots."""
    folder = f"{home}/{FOLDER}"
    program, *arguments = serving.command()
    return UNIT_TEXT.format(
        folder=folder,
        variables="\n".join(f"Environment={k}={v}" for k, v in serving.environment().items()),
        line=shlex.join([f"{folder}/{program}", *arguments]).replace("%", "%%"),
    )


def supervisor(serving: Serving) -> str:
    """Return the script that keeps the server up on a host without systemd."""
    variables = "\n".join(f"export {k}={shlex.quote(v)}" for k, v in serving.environment().items())
    return f"""\
#!/bin/sh
# Keeps the MLflow server up; the pause before a restart doubles up to 32 s.
cd "$HOME/{FOLDER}" || exit 1
echo $$ > server.pid
{variables}
pause=1
while :; do
  {shlex.join(serving.command())} >> server.log 2>&1
  sleep "$pause"
  [ "$pause" -ge 32 ] || pause=$((pause * 2))
done
"""


def start_unit() -> str:
    """Return the command that installs the unit, waiting in its .new file, and (re)starts it."""
    return (
        f"sudo install -m 644 {FOLDER}/unit.new {UNIT_FILE} && rm {FOLDER}/unit.new && "
        f"sudo systemctl daemon-reload && sudo systemctl enable -q {UNIT} && "
        f"sudo systemctl restart {UNIT}"
    )


def start_supervisor() -> str:
    """Return the command that (re)starts the supervisor as the leader of a session of its own."""
    # `setsid` is not on every machine; the environment's Python is.
    lead = 'import os; os.setsid(); os.execvp("sh", ["sh", "mlflow/serve"])'
    # dash, the usual sh, takes a process group only after `-s SIGNAL --`.
    return f"""\
if old=$(cat {PID_FILE} 2>/dev/null) && kill -- "-$old" 2>/dev/null; then
  for _ in 1 2 3 4 5 6 7 8 9 10; do kill -s 0 -- "-$old" 2>/dev/null || break; sleep 0.5; done
  kill -s KILL -- "-$old" 2>/dev/null
fi
{ENVIRONMENT}/bin/python -c {shlex.quote(lead)} </dev/null >/dev/null 2>&1 &
"""


def log(lines: int = 20) -> str:
    """Return the command that prints the server's last words."""
    return (
        f"journalctl -u {UNIT} -n {lines} --no-pager -o cat 2>/dev/null | grep . || "
        f"tail -n {lines} {LOG_FILE}"
    )
