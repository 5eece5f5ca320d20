"""Environments side by side, and a trial on a copy: their commands, by a real `sh`."""

from __future__ import annotations

import shlex
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from hostile.test_shell import run

from mlflow_ops import commands, environments, lock
from mlflow_ops.backup import layout
from mlflow_ops.errors import BadOption, HostFailed
from mlflow_ops.upgrading import choosing, note, trial
from mlflow_ops.upgrading.note import Note

OLD, NEW = environments.shipped(), environments.of("3.20.0", "f" * 64)


def plant(
    home: Path, environment: environments.Environment, text: str = "mlflow==3.20.0 \\\n"
) -> None:
    """Put an environment of nothing but its lock and a Python into the home."""
    folder = home / environment.folder
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / "bin" / "mlflow").touch()
    (folder / ".venv" / "bin" / "python").symlink_to(sys.executable)
    (folder / "Pipfile").write_text("[packages]\n")
    (folder / "requirements.txt").write_text(text)


def facts(home: Path) -> dict[str, str]:
    """Return what the software step is told."""
    return commands.parse_facts(run(commands.facts(), home))


def test_the_id_tells_the_version_and_the_lock() -> None:
    assert OLD.id.startswith(f"{OLD.version}-")
    assert environments.from_lock(lock.text(lock.MLFLOW) + "\n").id != OLD.id
    assert environments.ID.fullmatch(OLD.id)


def test_the_link_leads_to_the_one_in_use_and_is_moved_to_another(tmp_path: Path) -> None:
    for each in (OLD, NEW):
        plant(tmp_path, each, f"mlflow=={each.version} \\\n")
    for each in (OLD, NEW, NEW, OLD):
        run(environments.use(each), tmp_path)
        link = tmp_path / commands.ENVIRONMENT
        assert link.readlink() == Path("environments", each.id, "mlflow", ".venv")
        assert facts(tmp_path)["mlflow"] == each.version
    assert (tmp_path / "mlflow" / "Pipfile").exists()


def test_an_environment_counts_only_with_its_lock(tmp_path: Path) -> None:
    half = environments.of("3.20.0", "e" * 64)
    for each in (half, NEW):
        plant(tmp_path, each)
    (tmp_path / half.folder / "requirements.txt").unlink()
    assert run(environments.complete("3.20.0"), tmp_path).split() == [NEW.id]
    run(environments.use(half), tmp_path)
    assert facts(tmp_path)["lock"] == ""


def test_all_but_the_named_ones_are_removed(tmp_path: Path) -> None:
    third = environments.of("3.9.0", "a" * 64)
    for each in (OLD, NEW, third):
        plant(tmp_path, each)
    run(environments.remove_all_but(OLD, NEW), tmp_path)
    assert {path.name for path in (tmp_path / environments.ALL).iterdir()} == {OLD.id, NEW.id}
    run(environments.remove_all_but(OLD), tmp_path)
    assert {path.name for path in (tmp_path / environments.ALL).iterdir()} == {OLD.id}


def test_a_lock_that_the_host_made_says_so(tmp_path: Path) -> None:
    for text, said in (("mlflow==3.20.0\n", "0"), (environments.resolved("mlflow==3.20.0\n"), "1")):
        made = environments.from_lock(text)
        plant(tmp_path, made, text)
        run(environments.use(made), tmp_path)
        found = facts(tmp_path)
        assert found["unpinned"] == said
        assert environments.of(found["mlflow"], found["lock"]) == made


@pytest.mark.parametrize(
    "word", ["", "3", "3.17.2; reboot", "$(x)", "3.17.*", "-3.1", "3.1\n", "v3.1"]
)
def test_what_is_no_version_reaches_no_host(word: str) -> None:
    with pytest.raises(BadOption, match="is no version of MLflow, such as 3"):
        choosing.check(word)


@pytest.mark.parametrize("word", ["3.17.1", "3.18.0rc0", "2.22.5"])
def test_a_version_is_one(word: str) -> None:
    choosing.check(word)
    assert f"'mlflow[auth]=={word}' 'awscli' 'boto3'" in environments.resolve(word)


@pytest.mark.parametrize(
    "line", ["", "trying 3.1.0-x y", "trying ../.. ../..", f"gone {OLD.id} {NEW.id}"]
)
def test_a_note_that_is_damaged_is_not_followed(line: str) -> None:
    with pytest.raises(HostFailed, match="upgrading is damaged"):
        Note.of(line)
    assert Note.of(f"{note.PLACING} {OLD.id} {NEW.id}") == Note(note.PLACING, OLD, NEW)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a home whose database has one run, written down in its log of changes alone."""
    plant(tmp_path, OLD)
    run(environments.use(OLD), tmp_path)
    (tmp_path / "mlflow" / "data").mkdir()
    return tmp_path


def runs(path: Path) -> list[str]:
    """Return the runs that a database holds."""
    with closing(sqlite3.connect(path)) as database:
        return [str(row[0]) for row in database.execute("SELECT id FROM runs")]


def test_the_copy_has_what_stands_in_the_write_ahead_log(home: Path) -> None:
    path = home / "mlflow" / "data" / "mlflow.db"
    with closing(sqlite3.connect(path)) as server:
        server.execute("PRAGMA journal_mode = WAL")
        server.execute("CREATE TABLE runs (id)")
        server.execute("INSERT INTO runs VALUES ('first')")
        server.commit()
        run(trial.copy(), home)
    assert runs(home / "mlflow" / "staged" / "mlflow.db") == ["first"]
    assert (home / "mlflow" / "staged" / "id").read_text()
    assert run(trial.difference("mlflow/data", "mlflow/staged"), home) == ""


def test_a_copy_that_lost_a_run_is_told_from_the_original(home: Path) -> None:
    for folder, count in (("data", 2), ("staged", 1)):
        (home / "mlflow" / folder).mkdir(exist_ok=True)
        with closing(sqlite3.connect(home / "mlflow" / folder / "mlflow.db")) as database:
            database.execute("CREATE TABLE runs (id)")
            database.executemany("INSERT INTO runs VALUES (?)", [("one",)] * count)
            database.commit()
    assert "(2,), (1,)" in run(trial.difference("mlflow/data", "mlflow/staged"), home)


@pytest.mark.parametrize("name", ["mlflow.db", "mlflow.db-wal", "basic_auth.db-journal"])
def test_no_link_is_followed_that_a_server_has_planted_in_its_folder(home: Path, name: str) -> None:
    data = home / "mlflow" / "data"
    for base in layout.DATABASES:
        with closing(sqlite3.connect(data / base)) as database:
            database.execute("CREATE TABLE runs (id)")
    (home / "ca.key").write_text("secret")
    (data / name).unlink(missing_ok=True)
    (data / name).symlink_to(home / "ca.key")
    for command in (trial.copy(), trial.difference("mlflow/data", "mlflow/data")):
        with pytest.raises(subprocess.CalledProcessError) as refused:
            run(command, home)
        assert f"{name} is a link" in str(refused.value.stderr)


def test_what_is_no_database_of_ours_is_not_looked_at(home: Path) -> None:
    (home / "mlflow" / "data" / "more.db").symlink_to("/dev/null")
    run(trial.copy(), home)
    assert [each.name for each in (home / "mlflow" / "staged").iterdir()] == ["id"]


def test_the_trial_is_made_with_the_new_environment_in_the_folder_of_the_copies() -> None:
    said = trial.migrate(NEW)
    folder, _, rest = said.partition(" && ")
    assert shlex.split(folder) == ["cd", "mlflow/staged"]
    assert (
        f"../environments/{NEW.id}/mlflow/.venv/bin/mlflow db upgrade sqlite:///mlflow.db" in rest
    )
    assert "-m mlflow.server.auth db upgrade --url sqlite:///basic_auth.db" in rest
