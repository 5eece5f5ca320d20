"""The host is known before the first connection, on every laptop, and another is never let at."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import asyncssh
import pytest
from cloud import standing

from mlflow_ops.ssh import ssh_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloud.operator import Laptop
    from cloud.scene import Scene
    from cloud.wire import Answer, Ask, Call

TAG = "mlflow-ops:host-key"
BETWEEN = "somebody may be in between"


@contextmanager
def stranger(scene: Scene, after: str) -> Iterator[str]:
    """Let somebody else answer for the host as soon as this was asked of AWS; give their key."""
    key = asyncssh.generate_private_key("ssh-ed25519")

    def rule(call: Call, ask: Ask) -> Answer:
        answer = ask()
        if call.ours and call.operation == after:
            scene.host.listeners.show(key)
        return answer

    with scene.cloud.also(rule):
        yield key.export_public_key().decode().split()[1]


def retag(scene: Scene, value: str) -> None:
    """Write another value into the tag, as whoever may do so in the account."""
    asked = {"Resources": [scene.host.need().instance], "Tags": [{"Key": TAG, "Value": value}]}
    scene.client("ec2").create_tags(**asked)


def pinned(laptop: Laptop) -> str:
    """Return the file of pins."""
    return "".join(path.read_text() for path in laptop.ops.rglob("known_hosts"))


def test_a_stranger_at_the_first_connection_hears_no_command(scene: Scene) -> None:
    laptop = scene.laptop()
    with stranger(scene, after="RunInstances"):
        run = scene.up(laptop)
    assert run.code == 1
    assert BETWEEN in run.output
    assert "Traceback" not in run.output
    assert scene.host.commands == []
    assert pinned(laptop) == ""


@pytest.mark.parametrize("tagged", [False, True])
def test_a_changed_key_is_refused_whatever_the_tag_says_then(scene: Scene, *, tagged: bool) -> None:
    laptop = scene.ready_laptop()
    before, pins = len(scene.host.commands), pinned(laptop)
    with stranger(scene, after="DescribeInstances") as key:
        if tagged:
            retag(scene, key)
        run = scene.up(laptop)
    assert run.code == 1
    assert BETWEEN in run.output
    assert len(scene.host.commands) == before
    assert pinned(laptop) == pins


def test_another_laptop_knows_the_host_by_the_tag(scene: Scene) -> None:
    first = scene.ready_laptop()
    with stranger(scene, after="SendSSHPublicKey"):
        run = scene.up(scene.laptop())
    assert run.code == 1
    assert BETWEEN in run.output
    scene.host.listeners.show(scene.host.need().host_key)
    second = scene.laptop()
    assert scene.up(second).code == 0
    assert pinned(second) == pinned(first)


def test_a_host_that_nothing_tells_of_is_not_called_until_its_pin_restores_the_tag(
    scene: Scene,
) -> None:
    first, second = scene.ready_laptop(), scene.laptop()
    right = standing.tags(scene.host.need().instance)[TAG]
    for wrong in ("", "ssh-rsa AAAA", "launch", "launch AAAA"):
        retag(scene, wrong)
        run = scene.up(second)
        assert run.code == 1
        assert "no key is taken unseen" in run.output
    assert scene.up(first).code == 0
    assert standing.tags(scene.host.need().instance)[TAG] == right
    assert scene.up(second).code == 0


def test_the_launchs_key_opens_nothing_once_it_is_replaced(scene: Scene) -> None:
    laptop = scene.ready_laptop()
    machine = scene.host.need()
    scene.host.listeners.show(machine.born_with)
    run = scene.up(laptop)
    assert run.code == 1
    assert BETWEEN in run.output
    found = [path for path in machine.home.folder.rglob("ssh_host_*") if path.suffix != ".pub"]
    assert [asyncssh.read_private_key(path) for path in found] == [machine.host_key]


def test_no_two_launches_are_given_the_same_key(scene: Scene) -> None:
    laptop = scene.ready_laptop()
    first = scene.host.need().born_with
    [instance] = scene.holds()["instances"]
    scene.client("ec2").terminate_instances(InstanceIds=[instance])
    assert scene.up(laptop).code == 0
    assert scene.host.need().born_with != first
    scene.check_host_key("a new launch", laptop)


def test_settings_that_let_passwords_in_are_put_right_by_the_next_up(scene: Scene) -> None:
    laptop = scene.ready_laptop()
    home = scene.host.need().home
    [drop_in] = (home.folder / "etc" / "ssh").rglob("00-mlflow-ops.conf")
    right = drop_in.read_text()
    drop_in.write_text(right.replace("PasswordAuthentication no", "PasswordAuthentication yes"))
    before = scene.host.need().host_key
    assert scene.up(laptop).code == 0
    assert drop_in.read_text() == right
    assert scene.host.need().host_key == before


def test_a_forgotten_launch_key_is_cleared_away_by_the_next_up(scene: Scene) -> None:
    laptop = scene.ready_laptop()
    [known] = laptop.ops.rglob("known_hosts")
    ssh_key.generate(known.with_name("launch_host_ed25519_key"))
    assert scene.up(laptop).code == 0
    scene.check_host_key("up", laptop)
