"""The keeper's way to the host, and what it answers there."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mlflow_ops.backup import keeping
from mlflow_ops.backup.keeper import places
from mlflow_ops.errors import CommandFailed, HostFailed

if TYPE_CHECKING:
    from mlflow_ops.backup.keeper.bucket import Bucket


@dataclass
class LocalHost:
    """A host whose commands run here; `says` is what it prints instead."""

    says: str | None = None
    commands: list[str] = field(default_factory=list)

    def run(self, command: str, *, stdin: str = "", deadline: float = 60.0) -> str:
        self.commands.append(command)
        if self.says is not None:
            return self.says
        ended = subprocess.run(
            ["/bin/sh", "-c", command],
            input=stdin,
            cwd=Path.home(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=deadline,
            check=False,
        )
        if ended.returncode:
            raise CommandFailed(ended.stdout)
        return ended.stdout

    ask = run


@pytest.fixture
def host(home: Path) -> LocalHost:
    """Return a host with an environment that knows nothing of mlflow-ops."""
    python = home / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    site = next(Path(each) for each in sys.path if Path(each).name == "site-packages")
    # Without the links to what is not installed there, the keeper has only what it brings along.
    python.write_text(f'#!/bin/sh\nPYTHONPATH={site} exec {sys.executable} -S "$@"\n')
    python.chmod(0o755)
    return LocalHost()


def ask(host: LocalHost, what: str, **settings: object) -> dict[str, Any]:
    return keeping.ask_host(host, what, **settings)  # type: ignore[arg-type]  # the double has what is called of a host


def test_the_keeper_is_put_there_once_and_works_by_itself(host: LocalHost, bucket: Bucket) -> None:
    told = {"bucket": bucket.name, "region": bucket.region, "endpoint": bucket.endpoint}
    assert ask(host, "look")["data"] == ["mlflow.db", "basic_auth.db"]
    assert len(host.commands) == 3  # asked, put and asked again
    taken = ask(host, "take", name="manual-1", kind="manual", mlflow="3.17.2", **told)
    assert len(host.commands) == 4
    assert taken["counts"]["runs"] == 2
    with pytest.raises(HostFailed, match="^There is a backup 'manual-1' already: choose another"):
        ask(host, "take", name="manual-1", kind="manual", **told)


def test_another_keeper_is_replaced_by_ours(host: LocalHost, home: Path) -> None:
    (home / "keeper.pyz").write_text("an older one, or half of one")
    ask(host, "look")
    assert (home / "keeper.pyz").read_bytes() == keeping.program()
    assert (home / "keeper.pyz").stat().st_mode & 0o777 == 0o600


def test_it_is_the_same_program_whoever_packs_it() -> None:
    command = "from mlflow_ops.backup import keeping; print(keeping.digest())"
    told = subprocess.run(
        [sys.executable, "-c", command], capture_output=True, text=True, check=True, env=os.environ
    )
    assert told.stdout.strip() == keeping.digest()


def test_a_password_is_in_no_command_and_in_no_error(host: LocalHost) -> None:
    assert ask(host, "admin", password="a-secret-word", place="data") == {"set": True}
    with pytest.raises(HostFailed) as error:
        ask(host, "stage", password="a-secret-word")
    assert "a-secret-word" not in str(error.value)
    assert not any("a-secret-word" in command for command in host.commands)


@pytest.mark.parametrize("says", ["", "Killed", "[1]", '{"half":', "\x1b[31m"])
def test_a_host_that_answers_something_else_is_said_to(says: str) -> None:
    with pytest.raises(CommandFailed, match="The keeper on the host gave no answer to `look`") as e:
        ask(LocalHost(says), "look")
    assert str(e.value).isprintable()


def test_what_others_print_before_the_answer_is_passed_over() -> None:
    assert ask(LocalHost('a warning\n{"staged": []}\n'), "look") == {"staged": []}
    with pytest.raises(HostFailed, match="^the disk is full$"):
        ask(LocalHost('{"error": "the disk is full"}'), "look")


@pytest.mark.usefixtures("home")
def test_while_one_keeper_is_at_work_another_one_waits() -> None:
    with (
        places.alone(),
        pytest.raises(places.Failed, match="Another backup is at work"),
        places.alone(patience=0.0),
    ):
        pass
    with places.alone(patience=0.0):
        pass
