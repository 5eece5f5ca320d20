"""What the doctor says of this machine, its clock, and what stands between it and the server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from mlflow_ops.doctor import account, check, machine, way
from mlflow_ops.errors import BadOption, MlflowOpsError
from mlflow_ops.settings import Options

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Cli

OWN = "203.0.113.7"
PASSWORD = "hunter2"


@pytest.mark.parametrize(
    ("ahead", "state", "words"),
    [
        (0.4, "ok", "within 60 s"),
        (-59, "ok", "within 60 s"),
        (-200, "warn", "200 s behind AWS's"),
        (301, "fail", "5 min ahead of AWS's"),
        (-3600, "fail", "60 min behind AWS's"),
    ],
)
def test_a_clock_is_told_by_how_far_it_is_off(ahead: float, state: str, words: str) -> None:
    found = account.by(ahead)
    assert (found.state, words in found.what) == (state, True)
    assert bool(found.cure) == (state != "ok")


def test_our_files_are_looked_for_and_none_is_made(tmp_path: Path) -> None:
    home = tmp_path / "not" / "yet" / "there"
    assert machine.files(home).state == machine.disk(home).state == "ok"
    assert list(tmp_path.iterdir()) == [tmp_path / "home"]
    (tmp_path / "not").write_text("a file")
    found = machine.files(home)
    assert (found.state, "is not a folder" in found.what) == ("fail", True)
    assert "MLFLOW_OPS_HOME" in found.cure


def test_a_machine_without_ssh_is_warned(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = machine.ssh()
    assert (found.state, "no `ssh` and no `scp` here" in found.what) == ("warn", True)
    program = tmp_path / "ssh"
    program.write_text("")
    program.chmod(0o755)
    assert "no `scp` here" in machine.ssh().what


def test_what_is_installed_is_told_with_its_versions() -> None:
    found = machine.python()
    assert (found.state, ", MLflow 3." in found.what) == ("ok", True)


def test_only_what_this_python_needs_has_to_be_installed() -> None:
    elsewhere = ["nowhere-1; python_version < '3'", "nowhere-2>=1; extra == 'sandbox'"]
    here = ["nowhere.3>=2; python_version >= '3'", "click>=8", "nowhere-4[x]==1"]
    assert machine.python([*elsewhere, "click>=8"]).state == "ok"
    found = machine.python([*elsewhere, *here])
    assert (found.state, ": nowhere.3, nowhere-4 is not installed." in found.what) == ("fail", True)


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "ALL_PROXY"])
def test_a_proxy_is_told_without_its_password(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, f"http://ann:{PASSWORD}@proxy.example:3128")
    found = way.before()
    assert (found.state, "the proxy proxy.example:3128 " in found.what) == ("warn", True)
    assert PASSWORD not in str(found)
    assert "NO_PROXY" in found.cure


@pytest.mark.parametrize(
    ("proxy", "told"),
    [
        (f"http://ann:{PASSWORD}#x@127.0.0.1:9", "127.0.0.1:9"),
        (f"http://ann:{PASSWORD}", "(whose address cannot be read)"),
        ("http://[bad", "(whose address cannot be read)"),
        ("http://[::1]:3128/", "[::1]:3128"),
    ],
)
def test_of_a_proxy_only_its_place_is_told_however_it_is_written(
    proxy: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    assert f"the proxy {told} " in way.before().what
    assert PASSWORD not in str(way.before())
    monkeypatch.setenv("NO_PROXY", "*")
    assert way.before().state == "ok"


def test_who_is_let_in_by_name_has_to_be_this_machine_too() -> None:
    named = Options(allow=("203.0.113.0/24",))
    assert way.address(seen(), named).state == "ok"
    found = way.address(seen("198.51.100.1"), named)
    assert (found.state, found.cure) == ("warn", "name it too: --allow 198.51.100.1/32")


def seen(own: str = OWN, here: str = "192.0.2.7") -> way.Sight:
    """Return how this machine is seen at an address, behind a router or not."""
    return way.Sight(lambda: own, lambda _: here)


def test_the_address_is_the_one_that_up_lets_in() -> None:
    assert way.address(seen(), Options()).what.startswith(f"{OWN}, which `up` lets in")


@pytest.mark.parametrize(
    ("here", "state"), [("100.64.3.4", "warn"), ("10.1.2.3", "ok"), ("", "ok")]
)
def test_an_address_that_a_carrier_shares_out_is_a_warning(here: str, state: str) -> None:
    assert way.address(seen(here=here), Options()).state == state


def test_an_address_that_a_proxy_shows_may_not_be_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "proxy.example:3128")
    found = way.address(seen(), Options())
    assert (found.state, "the proxy proxy.example:3128:" in found.what) == ("warn", True)


@pytest.mark.parametrize(
    ("sentence", "what", "cure"),
    [
        ("There is none in us-east-1: make one with `aws`.", "There is none in us-east-1.", "make"),
        (
            "arn:aws:iam::1:user/x may not: `mlflow-ops policy`.",
            "arn:aws:iam::1:user/x may not.",
            "`",
        ),
        ("No t3.micro is there. These would do.", "No t3.micro is there.", "These"),
        ("It did not work.", "It did not work.", ""),
        ("It is no (Said so. Go: to x): sign up.", "It is no (Said so. Go: to x).", "sign up"),
    ],
)
def test_a_sentence_of_ours_is_parted_into_what_it_is_and_what_to_do(
    sentence: str, what: str, cure: str
) -> None:
    def look() -> check.Finding:
        raise MlflowOpsError(sentence)

    found = check.told("name", look)
    assert (found.name, found.state, found.what) == ("name", "fail", what)
    assert found.cure.startswith(cure)
    assert bool(found.cure) == bool(cure)


def test_one_look_that_fails_takes_no_other_with_it() -> None:
    def look() -> check.Finding:
        raise errors.pop()

    errors = [BadOption("No"), ValueError("Invalid IPv6 URL")]
    while errors:
        assert check.told("x", look, check.UNKNOWN).state == "unknown"


def test_a_newcomer_without_credentials_hears_what_to_do_and_nothing_is_written(
    cli: Cli, tmp_path: Path
) -> None:
    # Nothing leaves this machine: the proxy is a port where nobody listens.
    ran = cli("doctor", "--json", HTTPS_PROXY="http://127.0.0.1:9")
    document = json.loads(ran.out)
    found = {each["name"]: each for each in document["checks"]}
    assert (ran.code, document["ready"]) == (3, False)
    assert (found["credentials"]["state"], found["address"]["state"]) == ("fail", "fail")
    assert found["permissions"]["state"] == found["url"]["state"] == "unknown"
    assert "run `aws configure`" in found["credentials"]["cure"]
    assert "--allow" in found["address"]["cure"]
    assert "To be cured first: credentials, address." in ran.err
    assert not (tmp_path / "ops").exists()


def test_a_profile_that_is_not_there_is_the_first_thing_to_be_cured(cli: Cli) -> None:
    ran = cli("doctor", AWS_PROFILE="nobody", HTTPS_PROXY="http://127.0.0.1:9")
    assert (ran.code, "✗ credentials" in ran.out) == (3, True)
    assert "aws configure list-profiles" in ran.out


def test_for_the_sandbox_this_machine_alone_is_looked_at_and_none_is_started(
    cli: Cli, tmp_path: Path
) -> None:
    ran = cli("doctor", "--sandbox")
    marks = [line.split()[:2] for line in ran.out.splitlines() if line[:1] in "✓!✗?"]
    assert ran.code == 0, ran.out
    assert [name for _, name in marks] == ["python", "ssh", "files", "disk", "sandbox"]
    assert "The sandbox asks no AWS account" in ran.out
    assert "`mlflow-ops up --sandbox` would work." in ran.out
    assert not (tmp_path / "ops").exists()
