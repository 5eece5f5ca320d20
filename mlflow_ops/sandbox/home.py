"""The host's home folder, made as a machine image that has the software already, and wiped."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import sysconfig
import venv
from importlib import metadata
from pathlib import Path

from mlflow_ops import commands, environments, lock
from mlflow_ops.backup import units
from mlflow_ops.sandbox.control import PROGRAM
from mlflow_ops.sandbox.metadata import CONTAINER, POWER_OFF

# A developer's laptop has real ones, which no command of the host may ever reach.
OFFLINE = (
    '[ "$1" = is-system-running ] && echo offline && exit 1\n'
    'echo "System has not been booted with systemd as init system (PID 1). Can\'t operate." >&2\n'
    "exit 1\n"
)
REFUSED = 'echo "${0##*/}: not available in the sandbox" >&2\nexit 1\n'
# Go's SDK takes of the metadata service's address the host and port alone, and no path.
KEYS_OF_THE_ROLE = f"""\
[ -z "$AWS_EC2_METADATA_SERVICE_ENDPOINT" ] ||
  export AWS_CONTAINER_CREDENTIALS_FULL_URI="$AWS_EC2_METADATA_SERVICE_ENDPOINT/{CONTAINER}"
"""
FIRST_BOOT_DONE = "echo 'status: done'\n"
# A real machine's power is EC2's to see; here the sandbox is told, at the host's own secret place.
POWERED_OFF = f"""\
exec "$MLFLOW_OPS_PYTHON" -c 'import sys, urllib.request as web
direct = web.build_opener(web.ProxyHandler({{}}))
direct.open(web.Request(sys.argv[1], method="POST"), timeout=10).close()' \\
  "$AWS_EC2_METADATA_SERVICE_ENDPOINT/{POWER_OFF}"
"""
SHIMS = {
    **dict.fromkeys(("systemctl", "loginctl"), OFFLINE),
    **dict.fromkeys(("sudo", "apt-get", "apt", "dpkg", "journalctl"), REFUSED),
    **dict.fromkeys(("shutdown", "reboot", "halt"), REFUSED),
    "poweroff": POWERED_OFF,
    "cloud-init": FIRST_BOOT_DONE,
}


def prepare(home: Path) -> None:
    """Fill the home with `mlflow/.venv`, whose lock is the shipped one, and shims in `bin`."""
    folder = home / environments.shipped().folder
    folder.mkdir(parents=True, exist_ok=True)
    _make_environment(folder / ".venv")
    (folder / "requirements.txt").write_text(lock.text(lock.MLFLOW), encoding="utf-8")
    (home / commands.ENVIRONMENT).symlink_to(Path("environments", *folder.parts[-2:], ".venv"))
    _give_tools(home / units.PROGRAM)
    (home / "bin").mkdir(exist_ok=True)
    for name, lines in SHIMS.items():
        _write_script(home / "bin" / name, lines)


def environment(home: Path) -> dict[str, str]:
    """Return what every command of the host finds in its environment, and nothing else."""
    path = [str(home / "bin"), sysconfig.get_path("scripts"), "/usr/local/bin", "/usr/bin", "/bin"]
    if sys.platform == "darwin":
        path.append("/opt/homebrew/bin")
    kept = {name: os.environ[name] for name in ("TMPDIR", "TZ") if name in os.environ}
    user = {"USER": "ubuntu", "LOGNAME": "ubuntu", "HOME": str(home)}
    python = {"MLFLOW_OPS_PYTHON": sys.executable}  # which every environment is made with
    return {**kept, **user, **python, "LANG": "C.UTF-8", "PATH": os.pathsep.join(path)}


def wipe(home: Path) -> None:
    """Remove the home and all that is in it, and nothing that a link in it points to."""
    if home.is_symlink():
        home.unlink()
    if not home.exists():
        return
    for folder, inner, _ in os.walk(home):
        for path in (Path(folder, name) for name in inner):
            if not path.is_symlink():
                path.chmod(0o700)
    shutil.rmtree(home)


def _give_tools(program: Path) -> None:
    """Put the backup program there as it is installed here, and its lock as if it was from that."""
    program.parent.mkdir(parents=True, exist_ok=True)
    [own] = (each for each in metadata.files(PROGRAM) or () if each.name == program.name)
    there = shlex.quote(str(Path(own.locate()).resolve()))
    _write_script(program, f'{KEYS_OF_THE_ROLE}exec {there} "$@"\n')
    (program.parents[1] / lock.LITESTREAM).write_text(lock.text(lock.LITESTREAM), encoding="utf-8")


def _make_environment(folder: Path) -> None:
    """Make a virtual environment that sees the packages mlflow-ops itself runs with."""
    venv.create(folder, symlinks=True, with_pip=False)
    [own] = (folder / "lib").glob("python3*/site-packages")
    packages = [
        entry for entry in sys.path if Path(entry).name in {"site-packages", "dist-packages"}
    ]
    listed = "\n".join(dict.fromkeys(packages)) + "\n"
    (own / "mlflow-ops.pth").write_text(listed, encoding="utf-8")
    python = shlex.quote(str(folder / "bin" / "python"))
    _write_script(folder / "bin" / "mlflow", f'exec {python} -m mlflow "$@"\n')
    uv = Path(sysconfig.get_path("scripts")) / "uv"
    _write_script(folder / "bin" / "uv", f'exec {shlex.quote(str(uv))} "$@"\n')


def _write_script(path: Path, lines: str) -> None:
    path.write_text(f"#!/bin/sh\n{lines}", encoding="utf-8")
    path.chmod(0o755)
