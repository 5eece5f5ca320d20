"""A stack is stopped and started, with an Elastic IP and without, and killed on the way."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from cloud import backends, standing, trap
from cloud import by_hand_in_iam as in_iam
from cloud.scene import MAKE
from cloud.wire import refusal

from mlflow_ops.names import RAN_TAG

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cloud.operator import Laptop, Run
    from cloud.scene import Scene
    from cloud.wire import Answer, Ask, Call

ELASTIC = ("--elastic-ip",)
UP = ("up", "--yes", *MAKE, *ELASTIC)
OTHER = "127.0.0.2"
NEVER = 10_000
WITH_ADDRESS = {**standing.ONE_OF_EACH, "addresses": 1}


def run(scene: Scene, laptop: Laptop, *words: str, code: int = 0) -> Run:
    """Run a command, which must end with this exit code."""
    ended = scene.operator.run(laptop, *words)
    assert ended.code == code, f"{words}: {ended.output}"
    return ended


def state(scene: Scene, laptop: Laptop, code: int = 0) -> Any:  # noqa: ANN401 - one JSON document
    """Return what `status --json` tells."""
    said = run(scene, laptop, "status", "--json", code=code).output
    return json.loads(said[said.index("{") :])


def counts(scene: Scene) -> dict[str, int]:
    return {kind: len(ids) for kind, ids in scene.holds().items()}


def test_a_stopped_stack_comes_back_at_its_new_address_with_all_it_had(scene: Scene) -> None:
    laptop = scene.ready_laptop()
    before, folder = state(scene, laptop), scene.host.need().home.folder
    (folder / "mlflow" / "data" / "mlflow.db").write_text("all my runs")
    said = run(scene, laptop, "stop").output
    assert "mlflow-ops start" in said
    assert "0.02 USD a day" in said
    assert "Elastic IP" not in said
    told = state(scene, laptop, code=3)
    assert (told["state"], told["tracking_uri"]) == ("stopped", None)
    assert "is stopped" in run(scene, laptop, "env", code=3).output
    scene.cloud.lent = OTHER
    said = run(scene, laptop, "start").output
    uri = f"https://{OTHER}:{laptop.ports.server}"
    assert RAN_TAG in standing.tags(scene.host.need().instance)  # for what it has cost
    assert f"ready: {uri}" in said
    # The certificate that its clients check names the new address, too.
    now = state(scene, laptop)
    assert (now["state"], now["tracking_uri"]) == ("ready", uri)
    assert ids(now, "certificate", "instance") == ids(before, "certificate", "instance")
    assert uri in run(scene, laptop, "env").output
    assert f"--allowed-hosts {OTHER},{OTHER}:{laptop.ports.server}," in scene.host.need().home.unit
    assert (folder / "mlflow" / "data" / "mlflow.db").read_text() == "all my runs"
    assert counts(scene) == standing.ONE_OF_EACH


def ids(document: Any, *steps: str) -> list[str]:  # noqa: ANN401 - as above
    return [each["id"] for each in document["steps"] if each["step"] in steps]


def test_stopping_or_starting_again_changes_nothing(scene: Scene) -> None:
    laptop = scene.ready_laptop()
    for word in ("start", "stop"):
        run(scene, laptop, word)
        again: trap.Trap = trap.Trap(NEVER, trap.killed_before)
        ended = scene.trapped(again, laptop, word)
        assert ended.code == 0, ended.output
        changes = [each for each in again.done if each.endswith(("Instances", "Address"))]
        assert {*changes} <= {"DescribeInstances"}
    assert "is stopped already" in ended.output
    run(scene, laptop, "start")
    assert state(scene, laptop)["state"] == "ready"


def test_what_is_not_there_is_neither_stopped_nor_started(scene: Scene) -> None:
    laptop = scene.laptop()
    assert "no stack" in run(scene, laptop, "stop", code=3).output
    assert "`mlflow-ops up` makes one" in run(scene, laptop, "start", code=3).output
    assert counts(scene) == {}


def test_a_stack_is_not_stopped_without_a_last_backup_unless_told_so(scene: Scene) -> None:
    laptop = scene.ready_laptop()
    scene.host.passing = lambda command, go: (1, b"") if " take" in command else go()
    try:
        said = run(scene, laptop, "stop", code=1).output
        assert "No backup could be taken" in said
        assert "`mlflow-ops stop --no-backup`" in said
        assert state(scene, laptop)["state"] == "ready"
        run(scene, laptop, "stop", "--no-backup")
    finally:
        scene.host.passing = None
    assert state(scene, laptop, code=3)["state"] == "stopped"


def test_a_machine_whose_host_does_not_answer_is_stopped_all_the_same(scene: Scene) -> None:
    laptop = scene.ready_laptop()
    scene.host.need().on = False
    said = run(scene, laptop, "stop").output
    assert "Its disk keeps everything" in said
    assert state(scene, laptop, code=3)["state"] == "stopped"


def as_it_stands(scene: Scene) -> dict[str, object]:
    """Return all of a stack that a user has a say in: its doors, rights, settings and shape.

    How long the machine has run by now, which a tag keeps, is not one of those.
    """
    ec2, iam = scene.client("ec2"), scene.client("iam")
    [group] = scene.holds()["groups"]
    asked = {"Filters": [{"Name": "group-id", "Values": [group]}]}
    rules = ec2.describe_security_group_rules(**asked)["SecurityGroupRules"]
    [user], [bucket], [instance] = (scene.holds()[k] for k in ("users", "buckets", "instances"))
    names = iam.list_user_policies(UserName=user)["PolicyNames"]
    held = backends.s3().buckets[bucket]
    home = scene.host.need().home
    return {
        "rules": sorted(map(str, rules)),
        "attached": iam.list_attached_user_policies(UserName=user)["AttachedPolicies"],
        "policies": [
            iam.get_user_policy(UserName=user, PolicyName=name)["PolicyDocument"] for name in names
        ],
        "bucket": (held.policy, str(vars(held.public_access_block or object)), held.encryption),
        "tags": {k: v for k, v in standing.tags(instance).items() if k != "mlflow-ops:ran"},
        "unit": home.unit,
        "stream": home.stream,
        "caddy": [path.read_text() for path in sorted(home.folder.rglob("Caddyfile*"))],
    }


ELSEWHERE = ("--allow", "203.0.113.0/24", "--allow", "127.0.0.0/8")


@pytest.mark.parametrize(
    "words",
    [
        ("--as-taught", *ELSEWHERE),
        ("--as-taught", "--auth", "--tls"),
        (*ELSEWHERE, "--no-auth", "--no-tls"),
        ("--artifacts", "direct", "--access", "tunnel"),
    ],
)
def test_starting_a_stack_changes_nothing_of_it(scene: Scene, words: tuple[str, ...]) -> None:
    in_iam.administrators(scene.cloud)
    laptop = scene.laptop()
    assert scene.up(laptop, *words).code == 0
    run(scene, laptop, "allow", "198.51.100.7")
    before = as_it_stands(scene)
    run(scene, laptop, "stop", "--no-backup")
    run(scene, laptop, "start")
    assert as_it_stands(scene) == before


def test_an_elastic_ip_keeps_the_address_and_down_from_anywhere_gives_it_back(
    scene: Scene,
) -> None:
    laptop, scene.cloud.addresses.drawn = scene.laptop(), OTHER
    assert scene.up(laptop, *ELASTIC).code == 0
    assert counts(scene) == WITH_ADDRESS
    uri = state(scene, laptop)["tracking_uri"]
    assert OTHER in uri
    assert "its Elastic IP (0.12 USD a day)" in run(scene, laptop, "stop").output
    assert f"ready: {uri}" in run(scene, laptop, "start").output
    assert scene.up(laptop).code == 0  # which nobody has told of it
    assert (counts(scene), state(scene, laptop)["tracking_uri"]) == (WITH_ADDRESS, uri)
    ended = scene.down(scene.laptop())
    assert ended.code == 0, ended.output
    assert counts(scene) == {}


def test_a_standing_stack_gets_one_and_gives_it_back(scene: Scene) -> None:
    laptop, scene.cloud.addresses.drawn = scene.ready_laptop(), OTHER
    assert scene.up(laptop, *ELASTIC).code == 0
    assert OTHER in state(scene, laptop)["tracking_uri"]
    assert scene.up(laptop, "--no-elastic-ip").code == 0
    assert counts(scene) == standing.ONE_OF_EACH
    assert "127.0.0.1" in state(scene, laptop)["tracking_uri"]


def test_an_address_that_somebody_took_away_is_told_and_put_back(scene: Scene) -> None:
    laptop, scene.cloud.addresses.drawn = scene.laptop(), OTHER
    assert scene.up(laptop, *ELASTIC).code == 0
    ec2 = scene.client("ec2")
    [found] = ec2.describe_addresses()["Addresses"]
    ec2.disassociate_address(AssociationId=found["AssociationId"])
    run(scene, laptop, "status", code=3)  # AWS gives another address later
    said = run(scene, laptop, "status", code=3).output
    assert f"its Elastic IP {OTHER} is not tied to it" in said
    assert scene.up(laptop).code == 0
    assert (counts(scene), state(scene, laptop)["state"]) == (WITH_ADDRESS, "ready")


def test_without_room_for_it_a_stack_says_so_and_stays_stopped(scene: Scene) -> None:
    laptop = scene.ready_laptop()
    run(scene, laptop, "stop")

    def full(call: Call, ask: Ask) -> Answer:
        if call.operation != "StartInstances":
            return ask()
        return refusal(call, "InsufficientInstanceCapacity", "No room in us-east-1a.")

    with scene.cloud.also(full):
        said = run(scene, laptop, "start", code=1).output
    assert "has no t3.micro to give now" in said
    assert "mlflow-ops down --keep-data" in said
    assert state(scene, laptop, code=3)["state"] == "stopped"


TURNS = (
    *("AllocateAddress", "AssociateAddress", "RunInstances", "ReleaseAddress"),
    *("StopInstances", "StartInstances"),
)
BOTH = (trap.killed_before, trap.killed_after)


def killed(
    scene: Scene,
    words: tuple[str, ...],
    laptop_of: Callable[[], Laptop],
    kills: tuple[Any, ...] = BOTH,
) -> Iterator[tuple[Laptop, str]]:
    """Kill a run at each of its turns, and yield each way it was left."""
    scene.afresh()
    whole: trap.Trap = trap.Trap(NEVER, trap.killed_before)
    laptop = laptop_of()
    assert scene.trapped(whole, laptop, *words).code == 0
    scene.wipe(laptop)
    turns = [at for at, what in enumerate(whole.seen, 1) if what.partition(":")[2] in TURNS]
    assert turns, whole.seen
    for at in turns:
        for kill in kills:
            scene.afresh()
            laptop = laptop_of()
            spring: trap.Trap = trap.Trap(at, kill)
            ended = scene.trapped(spring, laptop, *words)
            assert ended.code == -9, f"{spring.where}: {ended.output}"
            yield laptop, f"{words[0]} {kill.__name__} {spring.where}"


def test_an_up_killed_at_the_address_leaves_nothing_that_down_does_not_find(scene: Scene) -> None:
    for laptop, where in killed(scene, UP, scene.laptop, BOTH[1:]):
        scene.cloud.lag.asks = 2
        ended = scene.down(laptop)
        assert ended.code == 0, f"{where}: {ended.output}"
        scene.check_empty(where, laptop)


def test_an_up_killed_at_the_address_goes_on_and_makes_no_second_one(scene: Scene) -> None:
    for laptop, where in killed(scene, UP, scene.laptop):
        scene.cloud.lag.asks = 2
        ended = scene.up(laptop, *ELASTIC)
        assert ended.code == 0, f"{where}: {ended.output}"
        assert counts(scene) == WITH_ADDRESS, where
        scene.wipe(laptop)


def elastic_laptop(scene: Scene) -> Laptop:
    laptop = scene.laptop()
    ended = scene.up(laptop, *ELASTIC)
    assert ended.code == 0, ended.output
    return laptop


def test_giving_it_back_killed_anywhere_is_done_by_the_next_plain_up(scene: Scene) -> None:
    words = ("up", "--yes", *MAKE, "--no-elastic-ip")
    for laptop, where in killed(scene, words, lambda: elastic_laptop(scene)):
        ended = scene.up(laptop, "--no-elastic-ip")
        assert ended.code == 0, f"{where}: {ended.output}"
        assert counts(scene) == standing.ONE_OF_EACH, where
        scene.wipe(laptop)


@pytest.mark.parametrize("word", ["stop", "start"])
def test_a_stop_or_start_killed_anywhere_goes_on(scene: Scene, word: str) -> None:
    def before() -> Laptop:
        laptop = elastic_laptop(scene)
        if word == "start":
            run(scene, laptop, "stop")
        return laptop

    for laptop, where in killed(scene, (word,), before):
        run(scene, laptop, word)
        told = state(scene, laptop, code=3 if word == "stop" else 0)["state"]
        assert told == ("stopped" if word == "stop" else "ready"), where
        assert counts(scene) == WITH_ADDRESS, where
        scene.wipe(laptop)
