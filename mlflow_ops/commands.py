"""The shell commands and files for the host, as text; nothing here runs anything."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

FOLDER = "mlflow"
ENVIRONMENT = f"{FOLDER}/.venv"
LOCK = f"{FOLDER}/requirements.txt"
UNIT = "mlflow-server"
UNIT_FILE = f"/etc/systemd/system/{UNIT}.service"
SUPERVISOR = f"{FOLDER}/serve"
PID_FILE = f"{FOLDER}/server.pid"
LOG_FILE = f"{FOLDER}/server.log"
PACKAGES = ("python3-pip", "pipenv", "virtualenv")

APT = "sudo DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=a apt-get -q -y"

# cloud-init ends with 2 when it is done but had something to complain about.
WAIT_FOR_FIRST_BOOT = (
    "! command -v cloud-init >/dev/null || cloud-init status --wait >/dev/null || [ $? -eq 2 ]"
)
# A reboot in the middle of apt leaves packages unpacked that dpkg has to finish first. The
# recommended packages would bring a compiler: 128 packages instead of 15.
APT_INSTALL = (
    f"sudo dpkg --configure -a && {APT} update && "
    f"{APT} install --no-install-recommends {' '.join(PACKAGES)}"
)
# From nothing each time: what a power cut has left of an environment is not to be trusted.
MAKE_ENVIRONMENT = (
    f"mkdir -p {FOLDER} && cd {FOLDER} && rm -rf .venv requirements.txt && "
    "PIPENV_VENV_IN_PROJECT=1 PIPENV_YES=1 pipenv --python /usr/bin/python3"
)
INSTALL_UV = (
    f"cd {FOLDER} && .venv/bin/python -m pip install -q --no-input --disable-pip-version-check "
    "--no-cache-dir --only-binary :all: --require-hashes -r uv.txt"
)
# The lock gets its name last, so that its presence says that all of it is on the disk.
INSTALL_LOCK = (
    f"cd {FOLDER} && VIRTUAL_ENV=.venv .venv/bin/uv pip install --system-certs --no-cache "
    "--only-binary :all: --require-hashes -r requirements.new && "
    "sync && mv requirements.new requirements.txt && sync"
)
# What the last lines of a failed command mean, for one sentence about it.
MEANINGS = {
    "its disk is full": ("No space left on device",),
    "it has no network": (
        "Temporary failure resolving",
        "Could not resolve",
        "Network is unreachable",
        "Could not connect to",
        "NewConnectionError",
        "error sending request",
        "No matching distribution found",
    ),
}
LOCKED = ("Could not get lock", "frontend lock", "dpkg was locked")


def meaning(printed: str) -> str:
    """Return in words what the output of a failed command means, or an empty string."""
    found = (words for words, signs in MEANINGS.items() if any(sign in printed for sign in signs))
    return next(found, "")


def facts() -> str:
    """Return the command that prints what the software step needs to know, as KEY=VALUE lines."""
    return "\n".join(
        (
            *(f'echo "{name}=$(command -v {name})"' for name in ("pipenv", "virtualenv")),
            f'echo "environment=$(ls {ENVIRONMENT}/bin/mlflow 2>/dev/null)"',
            f'echo "lock=$({_sha256(LOCK)})"',
        )
    )


SERVER_FACTS = (
    *("systemd", "unit", "active", "supervisor", "running"),
    *("credentials", "config", "home"),
)


def server_facts() -> str:
    """Return the command that prints what the server step needs to know, as KEY=VALUE lines."""
    return "\n".join(
        (
            'echo "systemd=$(systemctl is-system-running 2>/dev/null)"',
            f'echo "unit=$({_sha256(UNIT_FILE)})"',
            f'echo "active=$(systemctl is-active {UNIT} 2>/dev/null)"',
            f'echo "supervisor=$({_sha256(SUPERVISOR)})"',
            f'echo "running=$(kill -0 "$(cat {PID_FILE} 2>/dev/null)" 2>/dev/null && echo yes)"',
            f'echo "credentials=$({_sha256(".aws/credentials")})"',
            f'echo "config=$({_sha256(".aws/config")})"',
            'echo "home=$HOME"',
        )
    )


def _sha256(path: str) -> str:
    # With a brace, not a parenthesis: after `$(` that would begin arithmetic.
    return f"{{ sha256sum {path} || shasum -a 256 {path}; }} 2>/dev/null | cut -d' ' -f1"


def parse_facts(printed: str) -> dict[str, str]:
    """Return the KEY=VALUE lines of a facts command as a mapping."""
    return dict(line.split("=", 1) for line in printed.splitlines() if "=" in line)


def aws_credentials(key_id: str, secret: str) -> str:
    """Return the host's ~/.aws/credentials as `aws configure` writes it."""
    return f"[default]\naws_access_key_id = {key_id}\naws_secret_access_key = {secret}\n"


def aws_config(region: str, endpoint: str | None) -> str:
    """Return the host's ~/.aws/config as `aws configure` writes it, with an emulator's endpoint."""
    text = f"[default]\nregion = {region}\noutput = json\n"
    return text + (f"endpoint_url = {endpoint}\n" if endpoint else "")


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
        found = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
        return found | ({"MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE": "path"} if self.emulated else {})


def unit(serving: Serving, home: str) -> str:
    """Return the systemd unit that keeps the server up, across crashes and reboots."""
    program, *arguments = serving.command()
    line = shlex.join([f"{home}/{FOLDER}/{program}", *arguments]).replace("%", "%%")
    variables = "\n".join(f"Environment={k}={v}" for k, v in serving.environment().items())
    return f"""\
[Unit]
Description=MLflow tracking server
After=network-online.target
Wants=network-online.target
StartLimitIntervalSec=0

[Service]
User=ubuntu
WorkingDirectory={home}/{FOLDER}
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
ReadWritePaths={home}/{FOLDER}
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


def server_log(lines: int = 20) -> str:
    """Return the command that prints the server's last words."""
    return (
        f"journalctl -u {UNIT} -n {lines} --no-pager -o cat 2>/dev/null | grep . || "
        f"tail -n {lines} {LOG_FILE}"
    )
