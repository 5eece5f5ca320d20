"""A host that is only told what it would do: what it answers, and what it shows of secrets."""

from __future__ import annotations

import hashlib

import pytest

from mlflow_ops import commands
from mlflow_ops.backup import keeping, litestream
from mlflow_ops.errors import NotReady
from mlflow_ops.host import Host
from mlflow_ops.plan import Row, total
from mlflow_ops.prices import Planned
from mlflow_ops.rehearsing.answers import LAUNCHED, MADE, Answers
from mlflow_ops.rehearsing.host import Rehearsal
from mlflow_ops.rehearsing.told import SECRET
from mlflow_ops.server import asking, serving, vault
from mlflow_ops.ssh import sshd
from mlflow_ops.target import UBUNTU

PASSWORD = "correct-horse-battery"


class RealHost(Host):
    """A host that stands: it answers, and fails the test that would change anything on it."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def ask(self, command: str, *, deadline: float = 60.0) -> str:
        self.asked.append(command)
        return "unit=of-the-host\nsystemd=degraded\n"

    def run(self, command: str, *, deadline: float = 60.0, stdin: str = "") -> str:
        raise AssertionError(command)

    def get(self, path: str) -> str:
        return PASSWORD if path == f"{vault.FOLDER}/{vault.ADMIN_PASSWORD}" else ""


def fresh() -> Rehearsal:
    return Rehearsal(Answers(UBUNTU), None)


def facts(host: Host, command: str) -> dict[str, str]:
    return commands.parse_facts(host.ask(command))


def test_a_fresh_host_has_systemd_and_a_home_and_nothing_else() -> None:
    assert facts(fresh(), asking.facts()) == {"systemd": "running", "home": UBUNTU["home"]}
    assert fresh().ask(commands.sha256("mlflow/x")) == ""


def test_a_file_that_was_put_is_found_by_who_looks_later() -> None:
    host = fresh()
    host.put(".aws/config", "text")
    digest = hashlib.sha256(b"text").hexdigest()
    assert facts(host, asking.facts())["config"] == digest
    assert facts(host, litestream.facts())["config"] == digest
    assert "credentials" not in facts(host, asking.facts())
    assert (host.get(".aws/config"), host.get("other")) == ("text", "")


def test_a_standing_host_answers_for_itself_but_for_what_would_be_new() -> None:
    real = RealHost()
    host = Rehearsal(Answers({}, "K"), real)
    host.put("mlflow/auth.ini", "text")
    found = facts(host, asking.facts())
    assert (found["unit"], found["systemd"]) == ("of-the-host", "degraded")
    assert found["auth"] == hashlib.sha256(b"text").hexdigest()
    assert real.asked == [asking.facts()]
    host.run("rm -rf /")
    assert host.shown == "K"


def test_a_host_that_has_made_its_key_shows_that() -> None:
    host = fresh()
    assert (host.shown, facts(host, sshd.facts())["key"]) == (LAUNCHED, LAUNCHED)
    assert MADE in host.run(sshd.generate())
    host.run(sshd.install())
    found = facts(host, sshd.facts())
    assert (host.shown, found["key"], found["settings"]) == (MADE, MADE, sshd.in_force())


def test_the_keeper_is_put_there_before_it_is_asked() -> None:
    host = fresh()
    answer = keeping.ask_host(host, "stage")
    assert "mlflow.db" in answer["files"]
    keeping.ask_host(host, "settle")
    run = [each.what for each in host.told]
    assert [what == keeping.placing() for what in run] == [False, True, False, False]


def test_no_secret_is_shown_wherever_it_is_put() -> None:
    host = Rehearsal(Answers(UBUNTU), RealHost())
    key = "-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----\n"
    vault.put(host, vault.CA_KEY, key)
    host.put(serving.PEM, key)
    host.put(".aws/credentials", commands.aws_credentials("AKIA", "wJalrXUtnFEMI"))
    password = vault.get(host, vault.ADMIN_PASSWORD)
    host.put(serving.AUTH_INI, serving.auth_ini(password))
    host.put("note", f"it is {password}")
    host.run(f"echo {password}")
    shown = repr(host.all_told({}))
    for secret in ("MIGH", "wJalr", PASSWORD):
        assert secret not in shown
    assert f"admin_password = {SECRET}" in shown
    assert "aws_access_key_id = AKIA" in shown


def test_nothing_answers_on_a_host_that_is_not_there() -> None:
    with pytest.raises(NotReady, match="127.0.0.1:5000"):
        fresh().line("127.0.0.1", 5000)


def test_a_price_that_is_not_known_makes_no_sum() -> None:
    free, dear = Planned("a", "x", 0.0), Planned("b", "y", 2.5)
    assert total([free, dear]) == 2.5
    assert total([dear, Planned("c", "z", None)]) is None
    assert str(Row("a", "make", "it", None)) == "it; its price is not known"
    assert str(Row("a", "make", "it", 2.5)) == "it; 2.50 USD a month"
    assert str(Row("a", "make", "it")) == "it"
