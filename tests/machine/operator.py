"""The person at the command line, with a machine behind the cloud that they are given."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlflow_ops import wait
from mlflow_ops.errors import NotReady
from mlflow_ops.reach.tracking import Tracking

from . import cloud, kinds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

OURS = ("MLFLOW_", "AWS_")
UP = ("up", "--yes", "--json", "--allow", "127.0.0.0/8")


@dataclass(frozen=True)
class Ran:
    """What a run of the command line came to."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:  # noqa: ANN401 - one JSON document
        """What stands on stdout."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Operator:
    """Runs `mlflow-ops` as a user does, with files of its own.

    `before` is put before the command, and `more` is in its environment besides.
    """

    cloud: cloud.Cloud
    folder: Path
    before: tuple[str, ...] = ()
    more: Mapping[str, str] = field(default_factory=dict)

    @property
    def machine(self) -> kinds.Machine:
        """The machine behind the instance."""
        return self.cloud.machine

    @property
    def environment(self) -> dict[str, str]:
        """The environment of the command line."""
        home = {"HOME": str(self.folder), "MLFLOW_OPS_HOME": str(self.folder / "ops")}
        return os.environ | home | self.cloud.environment() | dict(self.more)

    @property
    def files(self) -> Path:
        """The folder of the one stack's local files."""
        [found] = (self.folder / "ops" / "stacks" / "mlflow" / "stack").glob("*.*")
        return found

    def exports(self) -> dict[str, str]:
        """Return what a shell has in its environment after `eval "$(mlflow-ops env)"`."""
        printed = self("env", "--shell", "bash")
        assert printed.code == 0, printed.err
        shell = ["env", "-i", "bash", "--noprofile", "--norc", "-c", 'eval "$(cat)"; env -0']
        done = subprocess.run(shell, input=printed.out, capture_output=True, text=True, check=True)
        found = dict(line.split("=", 1) for line in done.stdout.split("\0") if line)
        return {name: value for name, value in found.items() if name.startswith(OURS)}

    def tracking(self, deadline: float = 5) -> Tracking:
        """Return the server's API at the machine's present address, asked as the admin."""
        password = (self.files / "admin-password").read_text(encoding="utf-8")
        uri = f"https://{self.machine.address}:5000"
        return Tracking(uri, "admin", password, self.files / "ca.crt", deadline)

    def serves(self) -> bool:
        """Whether a client gets an answer through the public URL."""
        try:
            self.tracking(deadline=2).look()
        except NotReady:
            return False
        return True

    def main_pid(self, unit: str) -> str:
        """Return the id of a unit's main process on the machine."""
        return self.machine.run(f"systemctl show -p MainPID --value {unit}").strip()

    def inside(self, unit: str, script: str) -> str:
        """Run a script as a unit's process could, in all of its namespaces and as its user."""
        user = "-S $(id -u ubuntu) -G $(id -g ubuntu)"
        enter = f"HOME=/home/ubuntu nsenter -t {self.main_pid(unit)} -a {user}"
        return self.machine.run(f"{enter} sh -c '{script}'")

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start a command and do not wait for its end."""
        program = str(Path(sys.executable).with_name("mlflow-ops"))
        return subprocess.Popen(
            [*self.before, program, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.folder,
            env=self.environment,
        )

    def __call__(self, *words: str, deadline: float = 300) -> Ran:
        """Run a command to its end."""
        with self.start(*words) as process:
            try:
                out, err = process.communicate(timeout=deadline)
            except BaseException:
                process.kill()
                raise
        return Ran(process.returncode, out, err)

    def said(self) -> str:
        """Return all that the commands on the host have printed."""
        logs = (self.folder / "ops" / "stacks" / "mlflow" / "stack").glob("*/host.log")
        return "".join(log.read_text(encoding="utf-8") for log in logs)

    def printed(self, text: str, deadline: float = 120) -> None:
        """Wait until a command on the host has printed this."""
        wait.until(
            f"{text!r} in the host's log",
            lambda: text in self.said(),
            deadline=deadline,
            longest=0.2,
        )


@contextmanager
def working(kind: kinds.Kind, folder: Path) -> Iterator[Operator]:
    """Give an operator a cloud with a machine that is off; halt it at the end."""
    with kind.machine() as machine, cloud.running(machine) as running:
        yield Operator(running, folder)
