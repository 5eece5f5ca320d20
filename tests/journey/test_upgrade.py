"""Another MLflow on the sandbox: taken, failed, and broken off, with all data there each time.

The other versions are the installed one under another number, some with a fault. A version that
the package index has is installed on a real machine.
"""

from __future__ import annotations

import os
import shlex
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from journey.conftest import document
from journey.teammate import Teammate

from mlflow_ops import commands, environments
from mlflow_ops.wait import until

if TYPE_CHECKING:
    from conftest import Cli

SHIPPED = environments.shipped()


@dataclass(frozen=True)
class Scene:
    """A stack on the sandbox, its host's home, and who looks at what the server holds."""

    run: Cli
    home: Path
    admin: Teammate

    def plant(self, version: str, **faults: str) -> environments.Environment:
        """Put an environment onto the host; a fault comes before a command of its mlflow."""
        text = f"mlflow=={version}\n"
        made = environments.from_lock(text)
        programs = self.home / made.folder / ".venv" / "bin"
        programs.mkdir(parents=True)
        python = self.home / SHIPPED.folder / ".venv" / "bin" / "python"
        cases = "".join(f"{command}) {fault} ;;\n" for command, fault in faults.items())
        mlflow = f'case $1 in\n{cases}esac\nexec {shlex.quote(str(python))} -m mlflow "$@"\n'
        for name, lines in (
            ("mlflow", mlflow),
            ("python", f'exec {shlex.quote(str(python))} "$@"\n'),
        ):
            (programs / name).write_text(f"#!/bin/sh\n{lines}")
            (programs / name).chmod(0o755)
        (self.home / made.folder / "requirements.txt").write_text(text)
        return made

    @property
    def used(self) -> str:
        """The id of the environment in use."""
        return (self.home / commands.ENVIRONMENT).readlink().parts[1]

    def broken_off(self, version: str, sign: Path) -> None:
        """Begin an upgrade, and kill it once this file is there."""
        words = ("upgrade", "--sandbox", "--mlflow", version)
        program = str(Path(sys.executable).with_name("mlflow-ops"))
        with subprocess.Popen([program, *words], stdout=subprocess.PIPE, text=True) as process:
            until("the sign", sign.exists, deadline=60, longest=0.1)
            process.kill()
            process.communicate()
        assert (self.home / commands.UPGRADING).exists()

    def log_behind_the_servers_back(self) -> None:
        """Have one more tag in the database that is in place, which no count of runs tells of."""
        with closing(sqlite3.connect(self.home / "mlflow" / "data" / "mlflow.db")) as database:
            database.execute("CREATE TEMP TABLE late AS SELECT * FROM tags LIMIT 1")
            database.execute("UPDATE late SET key = 'late'")
            database.execute("INSERT INTO tags SELECT * FROM late")
            database.commit()

    def mended(self, said: str = "") -> str:
        """Let `up` end what broke off, and return what it says of the software."""
        up = self.run("up", "--yes", "--json")
        assert (up.code, said in up.err) == (0, True), up.err
        assert not (self.home / commands.UPGRADING).exists()
        steps = {each["step"]: each for each in document(up)["steps"]}
        return str(steps["software"]["detail"])


@pytest.fixture
def scene(sandboxed: Cli) -> Scene:
    """Give a stack on the sandbox with runs and a model in it."""
    made = sandboxed("up", "--yes", "--json")
    assert made.code == 0, made.err
    ours = Path(os.environ["MLFLOW_OPS_HOME"]) / "sandbox" / "mlflow"
    folder = next(ours.rglob("id_ed25519")).parent
    password = (folder / "admin-password").read_text().strip()
    admin = Teammate(document(made)["tracking_uri"], "admin", password, folder / "ca.crt")
    admin.log("wine", "first", "second")
    admin.register("quality", next(iter(admin.sees()["runs"])))
    return Scene(sandboxed, ours / "cloud" / "host", admin)


def test_an_upgrade_is_taken_fails_and_is_broken_off_and_no_data_is_lost(
    scene: Scene, tmp_path: Path
) -> None:
    before = scene.admin.sees()
    bad = scene.run("upgrade", "--mlflow", "newest")
    assert (bad.code, "is no version of MLflow" in bad.err) == (2, True)
    same = scene.run("upgrade", "--json")
    assert (same.code, document(same)["changed"]) == (0, False)

    scene.plant("9.0.1", db="echo 'cannot do that'; exit 3")
    failed = scene.run("upgrade", "--mlflow", "9.0.1")
    assert failed.code == 1
    assert "9.0.1 was not taken: it cannot bring the database up to date." in failed.err
    assert "| cannot do that" in failed.err
    assert f"runs with MLflow {SHIPPED.version} again, and all data as before." in failed.err
    assert (scene.used, scene.admin.sees()) == (SHIPPED.id, before)

    sign = tmp_path / "migrating"
    scene.plant("9.0.2", db=f"touch {sign}; sleep 3")
    scene.broken_off("9.0.2", sign)
    assert scene.mended() == f"mlflow {SHIPPED.version}"
    assert (scene.used, scene.admin.sees()) == (SHIPPED.id, before)

    sign = tmp_path / "serving"
    new = scene.plant("9.0.3", server=f"touch {sign}")
    scene.broken_off("9.0.3", sign)
    assert scene.mended().startswith("mlflow 9.0.3, from another lock: `mlflow-ops upgrade`")
    assert (scene.used, scene.admin.sees()) == (new.id, before)

    sign = tmp_path / "refusing"
    fault = f'touch {sign}; set -- "$@" --allowed-hosts nobody.example'
    scene.plant("9.0.4", server=fault)
    scene.broken_off("9.0.4", sign)
    scene.log_behind_the_servers_back()
    assert scene.mended("meanwhile is in the backup left-").startswith("mlflow 9.0.3")
    assert (scene.used, scene.admin.sees()) == (new.id, before)

    back = scene.run("upgrade", "--json")
    assert (back.code, document(back)["mlflow"]) == (0, SHIPPED.version), back.err
    assert (scene.used, scene.admin.sees()) == (SHIPPED.id, before)
