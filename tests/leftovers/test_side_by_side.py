"""Several stacks side by side: each command touches the one that it names, and no other."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cloud import host as hosts
from cloud import standing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloud.host import Host
    from cloud.operator import Laptop
    from cloud.scene import Scene
    from cloud.wire import Answer, Ask, Call

STACK = "mlflow-ops:stack"


def launched_for(call: Call, name: str, region: str) -> bool:
    """Whether a launch is that of the stack of this name in this region."""
    specifications: Any = call.parameters.get("TagSpecifications", [])
    tags = [(tag["Key"], tag["Value"]) for each in specifications for tag in each["Tags"]]
    return (STACK, name) in tags and call.region == region


@contextmanager
def another_host(scene: Scene, name: str, region: str) -> Iterator[Host]:
    """Serve another host, for the instances of this stack; the first host leaves them alone."""
    scene.host.mine = lambda call: not launched_for(call, name, region)
    with hosts.running(Path(tempfile.mkdtemp(dir=scene.folder))) as made:
        made.mine = lambda call: launched_for(call, name, region)
        try:
            with scene.cloud.also(made.rule):
                yield made
        finally:
            scene.host.mine = lambda _: True


def files(laptop: Laptop) -> dict[str, bytes]:
    """Return every file on a laptop but the log of what was asked of the host."""
    found = [path for path in laptop.folder.rglob("*") if path.is_file()]
    found = [path for path in found if path.name != "host.log"]
    return {str(path.relative_to(laptop.folder)): path.read_bytes() for path in found}


@pytest.mark.parametrize(
    ("name", "region"), [("mlflow-2", "us-east-1"), ("mlflow", "eu-west-1"), ("m", "eu-west-1")]
)
def test_two_stacks_do_not_touch_each_other(scene: Scene, name: str, region: str) -> None:
    words = ("--name", name, "--region", region)
    laptop = scene.ready_laptop()
    alone, kept = scene.holds(), files(laptop)
    with another_host(scene, name, region) as host:
        beside = type(laptop)(laptop.folder, host.ports)
        made = scene.up(beside, *words)
        assert made.code == 0, made.output
        assert len(host.launched) == 1
        assert scene.operator.run(laptop, "status", "--region", "us-east-1").code == 0
        assert scene.operator.run(beside, "status", *words).code == 0
        gone = scene.down(beside, *words)
        assert gone.code == 0, gone.output
    assert scene.holds() == alone
    assert files(laptop) == kept
    assert scene.operator.run(laptop, "status").code == 0
    assert scene.down(laptop).code == 0
    scene.check_empty("down", laptop)


def test_downing_the_first_of_two_stacks_leaves_the_second(scene: Scene) -> None:
    laptop = scene.ready_laptop()
    words = ("--name", "mlflow-2")
    with another_host(scene, "mlflow-2", "us-east-1") as host:
        beside = type(laptop)(laptop.folder, host.ports)
        made = scene.up(beside, *words)
        assert made.code == 0, made.output
        gone = scene.down(laptop)
        assert gone.code == 0, gone.output
        assert {kind: len(ids) for kind, ids in scene.holds().items()} == standing.ONE_OF_EACH
        assert scene.operator.run(beside, "status", *words).code == 0
        assert scene.down(beside, *words).code == 0
    scene.check_empty("down", laptop)


@pytest.mark.parametrize("command", ["up --yes", "down --yes", "status"])
def test_a_stack_known_from_another_region_is_not_guessed_at(scene: Scene, command: str) -> None:
    laptop = scene.ready_laptop()
    before, kept = scene.holds(), files(laptop)
    refused = scene.operator.run(laptop, *command.split(), AWS_REGION="eu-west-1")
    assert refused.code == 1, refused.output
    assert "us-east-1" in refused.output
    assert "--region" in refused.output
    assert (scene.holds(), files(laptop)) == (before, kept)


@pytest.mark.parametrize(
    "command", ["up --yes", "up --dry-run", "down --yes", "down --dry-run", "status", "run true"]
)
def test_a_laptop_without_our_files_is_told_in_which_region_the_stack_stands(
    scene: Scene, command: str
) -> None:
    scene.ready_laptop()
    before, other = scene.holds(), scene.laptop()
    refused = scene.operator.run(other, *command.split(), AWS_REGION="eu-west-1")
    assert refused.code == 1, refused.output
    assert "stands in us-east-1" in refused.output
    assert "--region us-east-1" in refused.output
    assert scene.holds() == before
    meant = scene.operator.run(other, "down", "--yes", "--region", "eu-west-1")
    assert meant.code == 0, meant.output
    assert scene.holds() == before


@pytest.mark.parametrize("command", ["up --yes", "down --yes", "status"])
def test_a_stack_known_from_another_account_is_not_guessed_at(scene: Scene, command: str) -> None:
    laptop = scene.ready_laptop()
    before, kept = scene.holds(), files(laptop)

    def rule(call: Call, ask: Ask) -> Answer:
        answer = ask()
        if call.operation != "GetCallerIdentity":
            return answer
        return answer.saying(b"123456789012", b"210987654321")

    with scene.cloud.also(rule):
        refused = scene.operator.run(laptop, *command.split())
    assert refused.code == 1, refused.output
    assert "123456789012" in refused.output
    assert "--profile" in refused.output
    assert (scene.holds(), files(laptop)) == (before, kept)
