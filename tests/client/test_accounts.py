"""Teammates' accounts, on a real MLflow server with its login app."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

import trainer
from mlflow_ops import files
from mlflow_ops.errors import BadOption, CommandFailed, MlflowOpsError, Refused
from mlflow_ops.folder import Folder
from mlflow_ops.reach.tracking import Tracking
from mlflow_ops.server import accounts, vault
from mlflow_ops.server.accounts import Account, Accounts
from mlflow_ops.server.admin import Admin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from client.conftest import Server

FIRST, GOOD = "the-first-password", "a-password-that-will-do"


class Killed(BaseException):
    """The end of the process, wherever it is."""


@dataclass
class LocalHost:
    """The server's own machine, whose commands run here; it may end us at any of them."""

    home: Path
    calls: int = 0
    ends_at: int | None = None
    commands: list[str] = field(default_factory=list)

    def _call(self) -> None:
        if self.calls == self.ends_at:
            raise Killed
        self.calls += 1

    def run(self, command: str, *, stdin: str = "", deadline: float = 60.0) -> str:
        self._call()
        self.commands.append(command)
        words = ["sh", "-c", command]
        ended = subprocess.run(
            words,
            input=stdin,
            cwd=self.home,
            env=os.environ | {"HOME": str(self.home)},
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode:
            raise CommandFailed(ended.stdout + ended.stderr)
        return ended.stdout

    ask = run

    def put(self, path: str, text: str) -> None:
        self._call()
        files.write_private(self.home / path, text)

    def get(self, path: str) -> str:
        self._call()
        return files.text(self.home / path)


@dataclass
class Scene:
    """The server, its host, and a stack's local files."""

    server: Server
    folder: Folder
    host: LocalHost

    @property
    def tracking(self) -> Tracking:
        return Tracking(self.server.uri, "admin", files.text(self.folder.admin_password), None, 20)

    @property
    def users(self) -> Accounts:
        return Accounts(self.tracking)

    def as_user(self, name: str, password: str) -> Tracking:
        return replace(self.tracking, username=name, password=password)

    def set_admin(self, password: str, host: LocalHost | None = None) -> None:
        Admin(self.tracking, self.folder, lambda: host or self.host).set_password(password)  # type: ignore[arg-type,return-value]  # the double has what is called of a host


@pytest.fixture
def scene(login_server: Server, tmp_path: Path) -> Iterator[Scene]:
    """Give the server with the first password, and with no other user."""
    folder = Folder(tmp_path / "stack")
    files.write_private(folder.admin_password, FIRST)
    host = LocalHost(login_server.folder.parent)
    host.put(f"{vault.FOLDER}/{vault.ADMIN_PASSWORD}", FIRST)
    scene = Scene(login_server, folder, host)
    yield scene
    if not Accounts(scene.as_user("admin", FIRST)).is_let_in():
        scene.set_admin(FIRST)
    users = Accounts(scene.as_user("admin", FIRST))
    for user in users.all():
        if user.name != "admin":
            users.remove(user.name)


def status(tracking: Tracking, path: str, body: dict[str, object] | None = None) -> int:
    """Return the HTTP status of an answer."""
    try:
        tracking.call("POST" if body else "GET", path, body)
    except Refused as error:
        return error.status
    return 200


def test_a_teammate_logs_runs_sees_all_and_rules_nothing(scene: Scene) -> None:
    scene.users.add("maria", GOOD, admin=False)
    maria = scene.as_user("maria", GOOD)
    others = scene.tracking.ask("/experiments/create", {"name": accounts.generated()})
    assert status(maria, "/runs/create", {"experiment_id": "0"}) == 403
    theirs = {"experiment_id": others["experiment_id"]}
    assert status(maria, f"/experiments/get?experiment_id={others['experiment_id']}") == 200
    assert status(maria, "/runs/create", theirs) == 403
    assert status(maria, "/experiments/delete", theirs) == 403
    own = maria.ask("/experiments/create", {"name": accounts.generated()})
    assert status(maria, "/runs/create", {"experiment_id": own["experiment_id"]}) == 200
    assert status(maria, "/experiments/delete", {"experiment_id": own["experiment_id"]}) == 200
    with pytest.raises(MlflowOpsError, match="'maria' is no admin: ask one"):
        Accounts(maria).add("eve", GOOD, admin=True)


def test_a_teammate_trains_beside_the_one_who_owns_the_model(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = trainer.data.load("sample")
    results = []
    for name in ("maria", "paul"):
        scene.users.add(name, GOOD, admin=False)
        monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", name)
        monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", GOOD)
        own = trainer.Training(experiment=accounts.generated())
        results.append(trainer.run(data, own, tracking_uri=scene.server.uri))
    assert [result.model_name for result in results] == ["ElasticnetWineModel", None]


def test_users_are_listed_added_and_removed(scene: Scene) -> None:
    scene.users.add("maria", GOOD, admin=False)
    scene.users.add("root", GOOD, admin=True)
    assert scene.users.all() == [
        Account("admin", is_admin=True),
        Account("maria", is_admin=False),
        Account("root", is_admin=True),
    ]
    Accounts(scene.as_user("root", GOOD)).remove("maria")
    assert status(scene.as_user("maria", GOOD), "/users/current") == 401
    assert [user.name for user in scene.users.all()] == ["admin", "root"]


def test_what_cannot_be_is_said_in_one_sentence(scene: Scene) -> None:
    scene.users.add("root", GOOD, admin=True)
    with pytest.raises(MlflowOpsError, match="a user 'root' already: `mlflow-ops user password"):
        scene.users.add("root", GOOD, admin=False)
    for act in (scene.users.remove, lambda name: scene.users.set_password(name, GOOD)):
        with pytest.raises(MlflowOpsError, match="There is no user 'eve"):
            act("eve\x1b[31m\n")
    with pytest.raises(MlflowOpsError, match="'admin' stays: mlflow-ops itself"):
        Accounts(scene.as_user("root", GOOD)).remove("admin")
    with pytest.raises(MlflowOpsError, match="'root' stays"):
        Accounts(scene.as_user("root", GOOD)).remove("root")
    with pytest.raises(MlflowOpsError, match="does not take the password of 'admin'"):
        Accounts(scene.as_user("admin", "another-password")).all()


def test_a_new_password_takes_the_place_of_the_old_one_at_once(scene: Scene) -> None:
    scene.users.add("maria", GOOD, admin=False)
    maria = scene.as_user("maria", GOOD)
    assert status(maria, "/users/current") == 200
    scene.users.set_password("maria", "another-password")
    assert status(maria, "/users/current") == 401
    changed = scene.as_user("maria", "another-password")
    assert status(changed, "/users/current") == 200


def in_hand(scene: Scene) -> set[str]:
    held = scene.server.folder.parent / vault.FOLDER / vault.ADMIN_PASSWORD
    return {files.text(scene.folder.admin_password), files.text(held)}


def test_the_admins_password_changes_here_and_on_the_host(scene: Scene) -> None:
    old = scene.tracking
    scene.set_admin(GOOD)
    assert in_hand(scene) == {GOOD}
    assert (status(old, "/users/current"), status(scene.tracking, "/users/current")) == (401, 200)
    assert scene.folder.admin_password.stat().st_mode & 0o777 == 0o600
    assert not scene.folder.pending_password.exists()


def test_a_kill_at_any_point_leaves_a_way_on(scene: Scene) -> None:
    for position in range(10):
        dying = LocalHost(scene.host.home, ends_at=position)
        try:
            scene.set_admin(f"{GOOD}-{position}", dying)
        except Killed:
            again = f"{GOOD}-{position}"
            scene.set_admin(again)
            assert in_hand(scene) == {again}
            assert scene.users.is_let_in()
        else:
            assert position > 1
            return
    pytest.fail("it never came to its end")


def test_a_password_that_another_machine_has_set_is_taken_from_the_vault(scene: Scene) -> None:
    scene.set_admin(GOOD)
    files.write_private(scene.folder.admin_password, FIRST)
    scene.set_admin("yet-another-password")
    assert in_hand(scene) == {"yet-another-password"}
    assert not any("sqlite3" in command for command in scene.host.commands)


def test_a_password_that_nobody_knows_is_reset_on_the_host(scene: Scene) -> None:
    scene.users.set_password("admin", "what-a-stranger-chose")
    stranger = scene.as_user("admin", "what-a-stranger-chose")
    assert status(stranger, "/users/current") == 200
    scene.set_admin(GOOD)
    assert scene.users.is_let_in()
    assert in_hand(scene) == {GOOD}
    # Also where the server has just let it in, and would remember that for a minute.
    assert status(stranger, "/users/current") == 401
    assert not any(GOOD in command for command in scene.host.commands)


def test_an_admin_whom_another_admin_has_removed_is_there_again(scene: Scene) -> None:
    scene.users.add("root", GOOD, admin=True)
    root = scene.as_user("root", GOOD)
    root.call("DELETE", "/users/delete", {"username": "admin"})
    scene.set_admin("yet-another-password")
    assert Account("admin", is_admin=True) in scene.users.all()


def test_a_reset_that_fails_says_so_and_changes_nothing(scene: Scene) -> None:
    scene.users.set_password("admin", GOOD)
    database = scene.server.folder / "data" / "basic_auth.db"
    away = database.rename(database.with_name("away.db"))
    try:
        with pytest.raises(
            MlflowOpsError, match="(?s)none of the admin's passwords.*no database of users"
        ):
            scene.set_admin("yet-another-password")
    finally:
        away.rename(database)
    assert files.text(scene.folder.admin_password) == FIRST
    files.write_private(scene.folder.admin_password, GOOD)


def problem(check: Callable[[str], str], text: str) -> str:
    """Return what is said against it, if anything."""
    try:
        check(text)
    except BadOption as error:
        return str(error)
    return ""


@given(st.text(max_size=80))
def test_a_good_name_needs_no_quotes_anywhere(name: str) -> None:
    if said := problem(accounts.checked, name):
        assert said.isascii()
        assert said.isprintable()
    else:
        assert name.isascii()
        assert all(c.isalnum() or c in "._@+-" for c in name)
        assert name[0].isalnum()


@pytest.mark.parametrize("name", ["", "-x", "a:b", "a b", "a/b", "a\nb", "a\x1b[0m", "x" * 65, "é"])
def test_a_hostile_name_is_refused(name: str) -> None:
    assert "will not do" in problem(accounts.checked, name)


@given(st.text(alphabet=st.characters(exclude_categories=["Ll"]), max_size=30))
def test_a_bad_password_is_refused_without_being_shown(password: str) -> None:
    said = problem(accounts.good, password)
    assert bool(said) == (len(password) < 12 or not password.isprintable())
    assert len(password) < 4 or password not in said


def test_a_generated_password_is_long_and_new() -> None:
    made = {accounts.generated() for _ in range(100)}
    assert len(made) == 100
    assert min(map(len, made)) >= 20
