"""No secret that a stack makes stands anywhere but where it has to: printed, logged or shown."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from journey import secrets, watch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Cli, Ran

FOLDER = "sandbox/mlflow"
STACK = f"{FOLDER}/stack/123456789012.us-east-1"
HOST = f"{FOLDER}/cloud/host"
# Where each secret may stand: in its own file here, and in the host's where that needs it.
PLACES = {
    "accessKeys.csv": {
        f"{STACK}/accessKeys.csv",
        f"{FOLDER}/aws/credentials",
        f"{HOST}/.aws/credentials",
    },
    "id_ed25519": {f"{STACK}/id_ed25519"},
    "launch_host_ed25519_key": {f"{STACK}/launch_host_ed25519_key"},
    "ca.key": {f"{STACK}/ca.key", f"{HOST}/.mlflow-ops/ca.key"},
    "admin-password": {f"{STACK}/admin-password", f"{HOST}/.mlflow-ops/admin-password"},
    "mlflow/tls.pem": {f"{HOST}/mlflow/tls.pem"},
    "mlflow/session-key": {f"{HOST}/mlflow/session-key"},
    "sandbox token": {f"{FOLDER}/cloud/sandbox.json"},
}
# What tells a secret because that is what it was asked for.
TELLING = {"env": {"admin-password"}, "user": {"ann"}}
IN_A_URL = "password in a URL"
ANOTHER = "another-secret-than-the-right-one"


@dataclass
class Journey:
    """The command lines of a journey, what they printed, and the secrets there were."""

    cli: Cli
    said: dict[str, str] = field(default_factory=dict)
    known: list[secrets.Secret] = field(default_factory=list)

    def go(self, *words: str, well: bool | None = True, **more: str) -> Ran:
        """Run a command line that ends well, or badly, or as it likes."""
        ran = self.cli(*words, MLFLOW_OPS_SANDBOX="1", **more)
        assert well is None or (ran.code == 0) == well, (words, ran.out, ran.err)
        self.said[" ".join(words)] = ran.out + ran.err
        return ran

    def told(self) -> dict[str, set[str]]:
        """Return the command lines that gave away what they were not asked for."""
        found = {line: secrets.given_away(self.known, said) for line, said in self.said.items()}
        return {
            line: names - TELLING.get(line.split()[0], set())
            for line, names in found.items()
            if names - TELLING.get(line.split()[0], set())
        }


@pytest.fixture
def open_mask() -> Iterator[None]:
    """Let files be born as open as whoever makes them says."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows all arguments in /proc")
@pytest.mark.usefixtures("open_mask", "sandboxed")
def test_no_secret_stands_anywhere_but_where_it_has_to(cli: Cli) -> None:
    ops = Path(os.environ["MLFLOW_OPS_HOME"])
    journey = Journey(cli)
    with watch.watching(ops) as seen:
        made(journey, ops)
        used(journey)
        failing(journey, ops)
    assert journey.told() == {}
    # What the test itself has put on a command line is the one that it sees there.
    assert secrets.given_away(journey.known, b"\0".join(seen.arguments)) == {IN_A_URL}
    held = secrets.holding(journey.known, ops)
    assert {(name, path) for path, names in held.items() for name in names} == {
        (secret.name, path) for secret in journey.known for path in PLACES.get(secret.name, ())
    }
    assert seen.open_to_others() == {}
    assert {path: oct((ops / path).stat().st_mode & 0o777) for path in held} == dict.fromkeys(
        held, "0o600"
    )
    down(journey)


def made(journey: Journey, ops: Path) -> None:
    """Make the stack, and learn its secrets."""
    journey.go("up", "--yes", "--debug")
    token = json.loads((ops / FOLDER / "cloud" / "sandbox.json").read_text())["token"]
    journey.known += [
        *secrets.of_stack(ops / STACK, ops / HOST),
        secrets.of("sandbox token", token),
    ]
    assert {each.name for each in journey.known} >= PLACES.keys() - {"launch_host_ed25519_key"}


def used(journey: Journey) -> None:
    """Go through all that a user does with it."""
    journey.go("up", "--yes", "--json", "--debug")
    journey.go("up", "--dry-run")
    journey.go("status", "--debug")
    journey.go("status", "--json")
    journey.go("train", "--data", "sample", "--debug")
    journey.go("run", "--debug", "--", "true")
    journey.go("audit", "--json", well=None)
    clients(journey)


def clients(journey: Journey) -> None:
    """Ask for what tells a secret, and for what does not with the same words."""
    [password] = secrets.given_away(journey.known, journey.go("env").out)
    assert password == "admin-password"
    added = journey.go("user", "add", "ann").out
    words = [word for word in added.split() if len(word) >= 20]
    assert words, added
    journey.known.append(secrets.of("ann", words[-1]))
    journey.go("user", "list", "--json")
    journey.go("user", "add", "ann", "--debug", well=False)
    journey.go("user", "remove", "ann", "--debug")


def failing(journey: Journey, ops: Path) -> None:
    """Fail in all the ways in which an error could tell too much."""
    journey.go("status", "--region", "mars-1", "--debug", well=False)
    url = "http://admin:the-password-in-a-url@127.0.0.1:9"
    journey.known.append(secrets.of(IN_A_URL, "the-password-in-a-url"))
    journey.go("train", "--tracking-uri", url, "--data", "sample", "--debug", well=False)
    journey.go("train", "--data", f"{url}/x.csv", "--debug", well=False)
    journey.known.append(secrets.of("another", ANOTHER))
    for path in (ops / STACK / name for name in ("admin-password", "ca.key")):
        kept = path.read_bytes()
        path.write_text(ANOTHER)
        journey.go("check", "--debug", well=path.name == "ca.key")
        journey.go("status", "--debug", well=None)
        path.write_bytes(kept)


def down(journey: Journey) -> None:
    """Take it away, telling nothing either."""
    journey.go("down", "--dry-run", "--json")
    journey.go("down", "--yes", "--debug")
    assert journey.told() == {}
