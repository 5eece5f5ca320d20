"""What keeps the server up on the host: a systemd unit, or a script where there is no systemd."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from mlflow_ops.commands import ENVIRONMENT, FOLDER
from mlflow_ops.server import systemd, vault
from mlflow_ops.server.serving import DATA, LOG_FILE, PID_FILE, SESSION_KEY, UNIT, UNIT_FILE

if TYPE_CHECKING:
    from mlflow_ops.server.serving import Serving

# Sockets of those who would do for the server what it may not.
HIDDEN = ("/run/user", "/run/dbus", "/run/lxd-installer.socket", "/var/snap/lxd")
UNIT_TEXT = """\
[Unit]
Description=MLflow tracking server
After=network-online.target
Wants=network-online.target
StartLimitIntervalSec=0

[Service]
{remark}
User=ubuntu
WorkingDirectory={home}/{data}
{variables}
ExecStart={line}
# Idle TLS connections would hold up the end of a server for 30 s.
TimeoutStopSec=5
Restart=always
# The pause before a restart grows from 1 s to 30 s, where systemd is 254 or newer.
RestartSec=1
RestartSteps=5
RestartMaxDelaySec=30
NoNewPrivileges=yes
CapabilityBoundingSet=
PrivateTmp=yes
PrivateDevices=yes
# Else /proc/PID/root of any process of the same user leads past all that is hidden below:
# https://man7.org/linux/man-pages/man7/user_namespaces.7.html
PrivateUsers=yes
ProtectSystem=strict
ProtectHome=read-only
ReadWritePaths={home}/{data}
InaccessiblePaths=-{home}/{vault} -{home}/.ssh {hidden}
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
    program, *arguments = serving.command()
    program = program.removeprefix("../")
    variables = [f"Environment={k}={v}" for k, v in serving.environment().items()]
    secret = [f"EnvironmentFile={home}/{SESSION_KEY}"] if serving.login else []
    return UNIT_TEXT.format(
        home=systemd.home(home),
        data=DATA,
        vault=vault.FOLDER,
        hidden=" ".join(f"-{path}" for path in HIDDEN),
        remark=serving.remark,
        variables="\n".join([*variables, *secret]),
        line=systemd.command_line([f"{home}/{FOLDER}/{program}", *arguments]),
    )


def supervisor(serving: Serving) -> str:
    """Return the script that keeps the server up on a host without systemd."""
    variables = [f"export {k}={shlex.quote(v)}" for k, v in serving.environment().items()]
    secret = [f'set -a; . "$HOME/{SESSION_KEY}"; set +a'] if serving.login else []
    environment = "\n".join([*variables, *secret])
    return f"""\
#!/bin/sh
# Keeps the MLflow server up; the pause before a restart doubles up to 32 s.
{serving.remark}
umask 077
echo $$ > "$HOME/{PID_FILE}"
cd "$HOME/{DATA}" || exit 1
{environment}
pause=1
while :; do
  {shlex.join(serving.command())} >> "$HOME/{LOG_FILE}" 2>&1
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
