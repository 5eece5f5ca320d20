"""What keeps the server up on the host: a systemd unit, or a script where there is no systemd."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from mlflow_ops.commands import FOLDER
from mlflow_ops.server import supervising, systemd
from mlflow_ops.server.serving import (
    DATA,
    LOG_FILE,
    PID_FILE,
    SESSION_KEY,
    SUPERVISOR,
    UNIT,
    UNIT_FILE,
)

if TYPE_CHECKING:
    from mlflow_ops.server.serving import Serving

SCRIPT = supervising.Supervisor(SUPERVISOR, PID_FILE, LOG_FILE, DATA)
AGO = re.compile(r"\d+(s|min|m|h|d|w)")
NO_JOURNAL = "This host has no journal but a file, from which --since cannot choose: leave it out."
UNIT_TEXT = """\
[Unit]
Description=MLflow tracking server
# Stopped before the backup is, which then sees all of its changes.
After=network-online.target mlflow-backup.service
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
ReadWritePaths={home}/{data}
{hardening}
[Install]
WantedBy=multi-user.target
"""


def unit(serving: Serving, home: str) -> str:
    """Return the systemd unit that keeps the server up, across crashes and reboots."""
    program, *arguments = serving.command()
    program = program.removeprefix("../")
    variables = [systemd.variable(*each) for each in serving.environment().items()]
    secret = [f"EnvironmentFile={home}/{SESSION_KEY}"] if serving.login else []
    return UNIT_TEXT.format(
        home=systemd.home(home),
        data=DATA,
        hardening=systemd.hardening(home),
        remark=serving.remark,
        variables="\n".join([*variables, *secret]),
        line=systemd.command_line([f"{home}/{FOLDER}/{program}", *arguments]),
    )


def supervisor(serving: Serving) -> str:
    """Return the script that keeps the server up on a host without systemd."""
    variables = [f"export {k}={shlex.quote(v)}" for k, v in serving.environment().items()]
    secret = [f'set -a; . "$HOME/{SESSION_KEY}"; set +a'] if serving.login else []
    settings = [*variables, *secret]
    return SCRIPT.text("the MLflow server", serving.command(), serving.remark, settings)


def start_unit() -> str:
    """Return the command that installs the unit, waiting in its .new file, and (re)starts it."""
    return (
        f"sudo install -m 644 {FOLDER}/unit.new {UNIT_FILE} && rm {FOLDER}/unit.new && "
        f"sudo systemctl daemon-reload && sudo systemctl enable -q {UNIT} && "
        f"sudo systemctl restart {UNIT}"
    )


def start_supervisor() -> str:
    """Return the command that (re)starts the supervisor as the leader of a session of its own."""
    return SCRIPT.start()


def stop() -> str:
    """Return the command that stops the server, if it runs, until it is started again."""
    return supervising.either(UNIT, f"sudo systemctl stop {UNIT}", SCRIPT.stop())


def start() -> str:
    """Return the command that starts the server as it was when it was stopped."""
    # How often it was restarted counts from here, for whoever asks whether it works:
    # https://www.freedesktop.org/software/systemd/man/latest/systemctl.html#reset-failed%20PATTERN%E2%80%A6
    fresh = f"sudo systemctl reset-failed {UNIT} 2>/dev/null; sudo systemctl start {UNIT}"
    return supervising.either(UNIT, fresh, SCRIPT.start())


def log(lines: int = 20) -> str:
    """Return the command that prints the server's last words."""
    return (
        f"journalctl -u {UNIT} -n {lines} --no-pager -o cat 2>/dev/null | grep . || "
        f"tail -n {lines} {LOG_FILE}"
    )


def shown(lines: int | None, since: str | None, *, follow: bool = False) -> str:
    """Return the command that prints the server's log with its times, for a person who reads it.

    That is its last lines, or all of them, from a time on, and with `follow` what comes for ever,
    also from a server that was started anew.
    """
    count = "all" if lines is None else str(lines)
    # -a: else a line with a control character in it is a number of bytes.
    journal = [*shlex.split(f"journalctl -a --no-pager --no-hostname -o short-iso -u {UNIT}")]
    journal += ["-n", count, *(["-f"] if follow else [])]
    if since is not None:
        journal.append(f"--since={'-' if AGO.fullmatch(since) else ''}{since}")
    file = ["tail", "-n", "+1" if lines is None else count, *(["-F"] if follow else []), LOG_FILE]
    plain = f"echo {shlex.quote(NO_JOURNAL)}; exit 1" if since is not None else shlex.join(file)
    return f"exec 2>&1\n{supervising.either(UNIT, shlex.join(journal), plain)}"
