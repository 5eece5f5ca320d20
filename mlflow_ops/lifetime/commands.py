"""The shell commands that put the watcher on the host, ask it and take it away."""

from __future__ import annotations

from mlflow_ops.commands import FOLDER, sha256
from mlflow_ops.lifetime.units import (
    BY_SCRIPT,
    BY_SYSTEMD,
    MEMORY,
    OWN_MEMORY,
    OWN_PROGRAM,
    OWN_SETTINGS,
    PROGRAM,
    SCRIPT,
    SETTINGS,
    TIMER,
    TIMER_FILE,
    UNIT,
    UNIT_FILE,
    WAITING,
)

FACTS = ("systemd", "program", "unit", "timer", "active", "failed", "script", "running", "told")


def facts() -> str:
    """Return the command that prints what the lifetime step needs to know, as KEY=VALUE lines."""
    there, own = f"[ -e {SETTINGS} ]", f"[ -e {OWN_SETTINGS} ]"
    tell = f"if {there}; then sudo {BY_SYSTEMD} tell; elif {own}; then {BY_SCRIPT} tell; fi"
    return "\n".join(
        (
            'echo "systemd=$(systemctl is-system-running 2>/dev/null)"',
            f'echo "program=$({there} && {sha256(PROGRAM)} || {sha256(OWN_PROGRAM)})"',
            f'echo "unit=$({sha256(UNIT_FILE)})"',
            f'echo "timer=$({sha256(TIMER_FILE)})"',
            f'echo "active=$(systemctl is-active {TIMER} 2>/dev/null)"',
            f'echo "failed=$(systemctl is-failed {UNIT}.service 2>/dev/null)"',
            f'echo "script=$({sha256(SCRIPT.script)})"',
            f'echo "running=$({SCRIPT.running()})"',
            f'echo "told=$({tell} 2>/dev/null)"',
        )
    )


def install(*, systemd: bool) -> str:
    """Return the command that puts the program there, and what else waits in its files."""
    decode = f"base64 -d < {WAITING['program']} > {WAITING['program']}.pyz"
    if not systemd:
        return f"{decode} && mv {WAITING['program']}.pyz {OWN_PROGRAM}"
    places = {
        f"{WAITING['program']}.pyz": PROGRAM,
        WAITING["service"]: UNIT_FILE,
        WAITING["timer"]: TIMER_FILE,
    }
    put = " && ".join(f"sudo install -D -m 644 {new} {at}" for new, at in places.items())
    return f"{decode} && {put} && sudo systemctl daemon-reload && rm {FOLDER}/lifetime.*"


def begin(*, systemd: bool) -> str:
    """Return the command that has it look from now on."""
    if not systemd:  # with no memory, as after a boot
        return f"{SCRIPT.stop()}rm -rf {OWN_MEMORY}\n{SCRIPT.start()}"
    return f"sudo systemctl enable -q {TIMER} && sudo systemctl restart {TIMER}"


def run(command: str, *, systemd: bool) -> str:
    """Return the command line of one of the watcher's commands."""
    return f"sudo {BY_SYSTEMD} {command}" if systemd else f"{BY_SCRIPT} {command}"


def remove(*, systemd: bool) -> str:
    """Return the command that takes all of it away."""
    if not systemd:
        return f"{SCRIPT.stop()}rm -rf {FOLDER}/lifetime.* {SCRIPT.script}"
    files = f"{SETTINGS} {PROGRAM} {UNIT_FILE} {TIMER_FILE}"
    return (
        f"sudo systemctl disable -q {TIMER}; sudo systemctl stop {TIMER}; "
        f"sudo rm -rf /run/{MEMORY} {files} && sudo systemctl daemon-reload"
    )
