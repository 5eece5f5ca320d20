"""What `mlflow-ops policy` prints is enough for each command, and no part of it is too much.

Each command is run in a cloud that allows what was printed and nothing else, and must do its work.
Then it is run again without each single part (an action of a statement) that the first run took:
the cloud must have denied that very action, and the user must have lost something by it. Parts
that no run has taken are a failure too. `up` has a file of its own.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from cloud import by_hand
from cloud import by_hand_in_iam as in_iam
from cloud.needs_ec2 import Need
from cloud.permissions import Permissions, listed
from cloud.proof import NOTHING, Proof, empty, ready
from cloud.wire import answer, refusal

from mlflow_ops.iam import commands, permissions
from mlflow_ops.target import Ports

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloud.operator import Laptop
    from cloud.scene import Scene
    from cloud.server import StrictCloud
    from cloud.wire import Answer, Ask, Call

DOWN = ("down", "--yes")


def test_status_and_the_clients_need_all_of_their_policies(scene: Scene) -> None:
    laptop = ready(scene)
    status = Proof(scene, ("status",))
    status.show(lambda: laptop, "status", at_once=True)
    told = {"code": 3, "shows": "allow me` lets it in"}
    status.show(lambda: shut_out(laptop), "status", **told)
    status.show(partial(empty, scene), "status", code=3)
    status.check_complete()
    run, laptop = Proof(scene, ("run",)), ready(scene)
    run.show(lambda: laptop, "run", "--", "true")
    run.show(lambda: shut_out(laptop), "run", "--", "true", **told)
    run.show(partial(empty, scene), "run", "--", "true", code=3)
    run.check_complete()
    # Beside that these ask AWS for nothing: all end before they reach the server, without it.
    words_alone = ("train", "check", "runs", "models", "env", "open")
    clients = (*((word,) for word in words_alone), ("user", "list"))
    hands = (("ssh",), ("exec", "true"), ("logs",), ("cp", ":notes", "."))
    for words in (*clients, *hands):
        client = Proof(scene, words[:1])
        assert client.document == run.document
        denied = Permissions(NOTHING)
        with scene.cloud.also(denied.rule):
            assert scene.operator.run(laptop, *words).code == 1
        assert {need.action for need in denied.refused} == {"ec2:DescribeInstances"}


def shut_out(laptop: Laptop) -> Laptop:
    """Return the laptop as it is where the stack is at ports that nobody has opened."""
    return replace(laptop, ports=Ports(9, 9))


def test_audit_needs_all_of_its_policy(scene: Scene) -> None:
    laptop = empty(scene, in_iam.role, in_iam.user, by_hand.bucket, by_hand.address)
    proof = Proof(scene, ("audit",))
    proof.show(lambda: laptop, "audit", code=3, at_once=True)
    proof.show(lambda: laptop, "audit", "--all-regions", code=3, rule=one_region)
    proof.check_complete()


def test_extend_needs_all_of_its_policy(scene: Scene) -> None:
    laptop = empty(scene)
    assert scene.up(laptop, "--ttl", "8h").code == 0
    extend = Proof(scene, ("extend",))
    extend.show(lambda: laptop, "extend", "1h")
    told = {"code": 1, "shows": "allow me` lets it in"}
    extend.show(lambda: shut_out(laptop), "extend", "1h", **told)
    extend.show(partial(empty, scene), "extend", "1h", code=3)
    extend.check_complete()


def one_region(call: Call, ask: Ask) -> Answer:
    """Be an account that can use one region."""
    body = "<regionInfo><item><regionName>us-east-1</regionName></item></regionInfo>"
    asked = call.operation == "DescribeRegions"
    return answer(f"<DescribeRegionsResponse>{body}</DescribeRegionsResponse>") if asked else ask()


def test_down_needs_all_of_its_policy(scene: Scene) -> None:
    proof = Proof(scene, ("down",))
    for make in (by_hand.network, by_hand.bucket, by_hand.address, with_all):
        how = {"at_once": True, "lasting": True, "rule": in_iam.rare_parts}
        proof.show(partial(empty, scene, make), *DOWN, **how)
    proof.show(partial(empty, scene, in_iam.role_with_all), *DOWN, at_once=True, lasting=True)
    proof.show(partial(empty, scene, in_iam.phone), *DOWN, rule=in_iam.rare_parts)
    laptop = empty(scene, in_iam.user, in_iam.role)
    proof.show(lambda: laptop, *DOWN, code=3, at_once=True, rule=undeletable)
    proof.show(partial(empty, scene, backed_up), *DOWN, "--keep-data")
    proof.show(partial(empty, scene, still_tied), *DOWN, at_once=True)
    proof.show_renewal()
    proof.check_complete()


def still_tied(cloud: StrictCloud) -> None:
    """Make the stack's instance with an Elastic IP that is shown at it after its end, too."""
    instance, ec2 = by_hand.network(cloud), cloud.client("ec2")
    by_hand.address(cloud)
    [found] = ec2.describe_addresses()["Addresses"]
    [machine] = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"]
    interface = machine["NetworkInterfaces"][0]["NetworkInterfaceId"]
    ec2.create_tags(Resources=[interface], Tags=by_hand.TAGS)
    cloud.states.pending = cloud.states.unseen = cloud.addresses.unknown = 0
    ec2.associate_address(AllocationId=found["AllocationId"], InstanceId=instance)
    cloud.addresses.clings, cloud.addresses.frees = True, False


def backed_up(cloud: StrictCloud) -> None:
    """Make the stack's bucket with a backup in it, which says what the bucket holds."""
    by_hand.bucket(cloud)
    key = "backups/named/kept/manifest.json"
    cloud.client("s3").put_object(Bucket=by_hand.BUCKET, Key=key, Body=b"{}")


def with_all(cloud: StrictCloud) -> None:
    """Make the stack's user, and put on it what can be on one."""
    iam = in_iam.user(cloud)
    in_iam.policies(iam)
    in_iam.all_else(iam)


def undeletable(call: Call, ask: Ask) -> Answer:
    """Be an organisation whose users and roles are not deleted."""
    stays = call.ours and call.operation in {"DeleteUser", "DeleteRole"}
    return refusal(call, "AccessDenied", "Explicitly denied.", 403) if stays else ask()


def test_all_in_one_fits_and_covers_each_command(scene: Scene) -> None:
    everything = Proof(scene, ())
    assert permissions.length(everything.document) <= permissions.LONGEST
    allowed = Permissions(everything.document)
    for command in commands.COMMANDS:
        for statement in Proof(scene, (command,)).document["Statement"]:
            for need in as_needs(statement):
                assert allowed.allows(need), need


def as_needs(statement: dict[str, Any]) -> Iterator[Need]:
    """Yield one need for each action and resource that a statement allows."""
    conditions = statement.get("Condition", {}).values()
    context = {key: listed(value)[0] for keys in conditions for key, value in keys.items()}
    for action in listed(statement["Action"]):
        for resource in listed(statement["Resource"]):
            yield Need(action, resource, context)
