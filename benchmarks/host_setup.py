"""The tutorial's commands and ours, each on a bare machine of its own, one after the other.

    make bench-host

Needs root on Linux, and builds the tests' machine when there is none yet. Prints a table; asserts
nothing, since timings vary by machine, network and hour.
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from cryptography.hazmat.primitives import serialization as form
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mlflow_ops import commands, environments, files, wait
from mlflow_ops.host import Host, Login, connect
from mlflow_ops.server import asking

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from machine import kinds, launch
from machine.cgroup import Group
from machine.operator import UP, Operator, working

ROWS = (
    ("the machine's memory", "{:.0f} GiB", ""),
    ("apt", "{:.1f} s", ""),
    ("environment", "{:.1f} s", ""),
    ("server ready", "{:.1f} s", ""),
    ("first command to ready", "{:.1f} s", "≤ 0.12×"),
    ("packages from apt", "{:.0f}", ""),
    ("their download", "{:.1f} MB", "≤ 0.5×"),
    ("server's processes", "{:.0f}", ""),
    ("server's memory (PSS)", "{:.0f} MiB", "≤ 0.2×"),
)
ROOMY = 4 << 30  # The literal server does not come up in the 1 GiB that ours has.
INSTALLS = ("mlflow==3.17.2", "awscli", "boto3")  # The same mlflow as in our lock.
SERVE = "pipenv run mlflow server -h 0.0.0.0 --default-artifact-root s3://bucket"
LOOK = "import urllib.request; urllib.request.urlopen('http://127.0.0.1:5000/health')"
HEALTHY = f'until python3 -c "{LOOK}" 2>/dev/null; do sleep 0.1; done'
LITERAL = {
    "apt": ("sudo apt update", "sudo apt install -y python3-pip pipenv virtualenv"),
    "environment": ("mkdir mlflow", *(f"cd mlflow; pipenv install {name}" for name in INSTALLS)),
    "server ready": (f"cd mlflow; setsid {SERVE} > server.log 2>&1 < /dev/null &", HEALTHY),
}
OURS = {  # How the first command of each phase begins.
    "apt": commands.facts().split("\n", maxsplit=1)[0],
    "environment": environments.make(environments.shipped())[:40],
    "server ready": asking.facts().split("\n", maxsplit=1)[0],
}
PSS = (
    'for p in /proc/[0-9]*; do case "$(readlink $p/exe) $(stat -c %U $p 2>/dev/null)" in '
    "*python*ubuntu) grep ^Pss: $p/smaps_rollup 2>/dev/null;; esac; done; true"
)


def literal(kind: kinds.Kind, folder: Path) -> list[float]:
    """Run the tutorial's commands as they stand; the server is ready when /health answers."""
    began: dict[str, float] = {}
    with kind.machine() as machine:
        host, printed = _logged_in(machine, folder), ""
        for phase, lines in LITERAL.items():
            began[phase] = time.monotonic()
            printed += "".join(host.run(line, deadline=900) for line in lines)
        return _measured(machine, began, printed)


def ours(kind: kinds.Kind, folder: Path) -> list[float]:
    """Run `mlflow-ops up`; it ends when the API answers through the public URL."""
    with working(kind, folder) as operator:
        return _measured(operator.machine, _up(operator), operator.said())


def _up(operator: Operator) -> dict[str, float]:
    """Return when each phase began, as the host's log tells."""
    began: dict[str, float] = {}

    def over() -> bool:
        said = operator.said()
        for phase, line in OURS.items():
            if f"$ {line}" in said:
                began.setdefault(phase, time.monotonic())
        return process.poll() is not None

    with operator.start(*UP) as process:
        wait.until("`up`", over, deadline=900, pause=0.05, longest=0.05)
        if process.returncode:
            raise SystemExit(process.communicate()[1])
    return began


def _measured(machine: kinds.Machine, began: dict[str, float], printed: str) -> list[float]:
    """Return the rows of one column: the phases end now, when the server is ready."""
    times, held = [*began.values(), time.monotonic()], _held(machine)
    packages = sum(map(int, re.findall(r"(\d+) newly installed", printed)))
    sizes = re.findall(r"Need to get ([\d.,]+) ([kM])B", printed)
    megabytes = sum(float(n.replace(",", "")) / {"k": 1000, "M": 1}[unit] for n, unit in sizes)
    took = (*(end - start for start, end in pairwise(times)), times[-1] - times[0])
    limit = machine.memory.limit / (1 << 30)
    return [limit, *took, packages, megabytes, len(held), sum(held) / 1024]


def _held(machine: kinds.Machine) -> list[int]:
    """Return the KiB of each of the server's processes, once their sum grows no more."""
    now: list[int] = []

    def settled() -> bool:
        before = sum(now)
        now[:] = [int(line.split()[1]) for line in machine.run(PSS).splitlines()]
        return abs(sum(now) - before) < before / 100

    wait.until("the memory to settle", settled, deadline=120, pause=3, longest=3)
    return now


def _logged_in(machine: kinds.Machine, folder: Path) -> Host:
    """Boot a machine with room for the literal server, and log in as soon as it lets us in."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.OpenSSH, form.NoEncryption())
    files.write_private(folder / "key", private.decode())
    public = key.public_key().public_bytes(form.Encoding.OpenSSH, form.PublicFormat.OpenSSH)
    machine.boot(public.decode(), "")
    assert isinstance(machine.memory, Group)  # noqa: S101 - nspawn's, the only kind so far
    (machine.memory.memory / "machine" / machine.memory.files.limit).write_text(str(ROOMY))
    launch.answering(machine)
    machine.run("cloud-init status --wait || true", deadline=60)
    shown = machine.run("cut -d' ' -f2 /etc/ssh/ssh_host_ed25519_key.pub").strip()
    known = folder / "known_hosts"
    return connect(Login("literal", machine.address, 22, folder / "key", known, (shown,)))


def main() -> None:
    """Measure and print."""
    kind, reasons = kinds.choose()
    if kind is None:
        raise SystemExit(f"No test machine can run here: {reasons}")
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        theirs, own = literal(kind, Path(one)), ours(kind, Path(two))
    print(
        "| | the tutorial's commands | `mlflow-ops up`, with HTTPS and a login | ratio | target |"
    )
    print("|---|---|---|---|---|")
    for (name, shape, target), his, its in zip(ROWS, theirs, own, strict=True):
        both = f"{shape.format(his)} | {shape.format(its)} | {its / his:.2f}×"
        print(f"| {name} | {both} | {target} |")


if __name__ == "__main__":
    main()
