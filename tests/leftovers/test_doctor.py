"""`doctor`, and what `up` has of it, as somebody runs them in an account with little to give."""

from __future__ import annotations

import json
import shutil
from functools import partial
from typing import TYPE_CHECKING, Any

from cloud import by_hand, denials, faults
from cloud.plans import planned
from cloud.proof import Proof, empty
from cloud.wire import answer, refusal

if TYPE_CHECKING:
    from cloud.operator import Laptop
    from cloud.scene import Scene
    from cloud.server import StrictCloud
    from cloud.wire import Answer, Ask, Call

NO_ROOM = "Nothing was begun: end what you do not need, or ask for more: `aws service-quotas"


def test_doctor_needs_all_of_its_policy(scene: Scene) -> None:
    proof = Proof(scene, ("doctor",))
    everything, how = partial(empty, scene, standing), {"at_once": True, "lasting": True}
    vpc = by_hand.vpc(scene.cloud)
    proof.show(scene.laptop, "doctor", "--vpc-id", vpc, "--elastic-ip", rule=no_listing, **how)
    proof.show(scene.laptop, "doctor", rule=no_parameter, **how)
    told = {"code": 3, "shows": "allow me` lets it in", "rule": no_parameter}
    proof.show(everything, "doctor", **told, **how)
    proof.check_complete()


def standing(cloud: StrictCloud) -> None:
    """Make a machine that runs, and beside it what it takes to look at a bucket."""
    by_hand.network(cloud)
    by_hand.bucket(cloud)
    cloud.states.pending = cloud.states.unseen = 0


def no_listing(call: Call, ask: Ask) -> Answer:
    """Be a region that lists none of Canonical's images, so that only the parameter tells one."""
    body = "<DescribeImagesResponse><imagesSet/></DescribeImagesResponse>"
    return answer(body) if call.operation == "DescribeImages" else ask()


def no_parameter(call: Call, ask: Ask) -> Answer:
    """Be a region in which Canonical publishes no parameter."""
    lacking = call.operation == "GetParameter"
    return refusal(call, "ParameterNotFound", "No such parameter.") if lacking else ask()


def test_doctor_tells_everything_as_a_document_and_changes_nothing(scene: Scene) -> None:
    laptop = scene.laptop()
    good = scene.operator.run(laptop, "doctor")
    assert (good.code, "\n`mlflow-ops up` would work." in good.output) == (0, True), good.output
    assert "\n✓ permissions    All " in good.output
    scene.cloud.capacity.vcpus = 1
    bad = scene.operator.run(laptop, "doctor", "--json")
    document = json.loads(bad.output.splitlines()[-1])
    states = {each["name"]: each["state"] for each in document["checks"]}
    assert (bad.code, document["ready"]) == (3, False)
    assert [name for name, state in states.items() if state == "fail"] == ["vcpu quota"]
    assert all(each["cure"] for each in document["checks"] if each["state"] != "ok")
    assert (scene.holds(), laptop.ops.exists()) == ({}, False)


def test_what_nobody_would_tell_is_not_said_to_be_well(scene: Scene) -> None:
    laptop = scene.laptop()
    with scene.cloud.also(faults.denying("SimulatePrincipalPolicy")):
        said = scene.operator.run(laptop, "doctor")
        document = answered(scene, laptop)
    assert (said.code, "would work" in said.output) == (0, False), said.output
    assert "\nNothing found against it; not known: permissions." in said.output
    assert (document["ready"], document["unknown"]) == (True, ["permissions"])


def answered(scene: Scene, laptop: Laptop, *words: str, **environment: str) -> dict[str, Any]:
    """Return the doctor's document."""
    run = scene.operator.run(laptop, "doctor", "--json", *words, **environment)
    document: dict[str, Any] = json.loads(run.output.splitlines()[-1])
    assert run.code == (0 if document["ready"] else 3), run.output
    return document


def failed(document: dict[str, Any]) -> list[str]:
    """Return the names of the checks that fail."""
    return [each["name"] for each in document["checks"] if each["state"] == "fail"]


def test_a_stack_that_stands_asks_for_no_more_than_it_has(scene: Scene) -> None:
    laptop = scene.laptop()
    assert scene.up(laptop, "--elastic-ip", "--credentials", "role").code == 0
    scene.cloud.capacity.vcpus, scene.cloud.addresses.most = 2, 1
    document = answered(scene, laptop)
    assert failed(document) == []
    names = {each["name"] for each in document["checks"]}
    assert ("elastic ip" in names, "aws files" in names) == (True, False)  # as it stands
    assert failed(answered(scene, laptop, "--address", "private")) == ["options"]
    assert scene.operator.run(laptop, "stop").code == 0
    scene.cloud.capacity.vcpus = 1
    assert failed(answered(scene, laptop)) == ["vcpu quota"]
    assert NO_ROOM in scene.up(laptop).output


def test_doctor_is_told_what_up_is_told(scene: Scene) -> None:
    laptop = scene.laptop()
    file = laptop.folder / "mlflow-ops.toml"
    file.write_text('[up]\ninstance-type = "t9.huge"\nttl = "8h"\n')
    named = {"MLFLOW_OPS_CONFIG": str(file)}
    assert failed(answered(scene, laptop, **named)) == ["instance type", "vcpu quota"]
    there = {"MLFLOW_OPS_CONFIG": "/dev/null", "MLFLOW_OPS_UP_SUBNET_ID": "subnet-00000000"}
    assert failed(answered(scene, laptop, **there)) == ["network", "instance type"]
    wrong = ("--domain", "example.org", "--no-tls", "--config", "/dev/null")
    assert failed(answered(scene, laptop, *wrong)) == ["options"]
    shown = scene.operator.run(laptop, "config", "doctor", "--json", **named)
    options = json.loads(shown.output.splitlines()[-1])["options"]
    [row] = [each for each in options if each["option"] == "instance-type"]
    assert (row["value"], row["where"]) == ("t9.huge", str(file))


def test_aws_files_that_cannot_be_written_are_seen(scene: Scene) -> None:
    laptop = scene.laptop()
    shutil.rmtree(laptop.aws)
    laptop.aws.write_text("a file")
    assert failed(answered(scene, laptop)) == ["aws files"]
    assert failed(answered(scene, laptop, "--credentials", "role")) == []


def test_a_clock_that_is_wrong_is_told_before_anything_is_made(scene: Scene) -> None:
    laptop = scene.laptop()
    said = scene.operator.run(laptop, "doctor", AHEAD="720")
    assert (said.code, "clock is 12 min behind AWS's" in said.output) == (3, True), said.output
    assert "timedatectl" in said.output
    said = scene.up(laptop, AHEAD="720")
    assert (said.code, "clock is 12 min behind AWS's" in said.output) == (1, True), said.output
    assert scene.holds() == {}


def test_up_makes_nothing_where_the_quota_leaves_no_room(scene: Scene) -> None:
    scene.cloud.capacity.vcpus = 1
    laptop = scene.laptop()
    said = scene.up(laptop)
    assert (said.code, NO_ROOM in said.output) == (1, True), said.output
    assert scene.holds() == {}
    scene.cloud.capacity.vcpus = 2
    assert scene.up(laptop).code == 0
    scene.cloud.capacity.vcpus = 1  # what stands is not asked for room again
    assert scene.up(laptop).code == 0


def test_up_and_its_plan_know_what_the_doctor_knows(scene: Scene) -> None:
    laptop = scene.laptop()
    scene.cloud.addresses.most = 0
    said = scene.up(laptop, "--elastic-ip")
    assert (said.code, "Elastic IPs are in use" in said.output) == (1, True), said.output
    plan = planned(scene, laptop, "up", "--elastic-ip")
    assert "`up` would not begin. 0 of 0 Elastic IPs" in plan["remarks"][0]
    scene.cloud.capacity.free, scene.cloud.quotas.expired = ("t3.micro",), True
    said = scene.up(laptop)
    assert (said.code, "which has expired" in said.output) == (1, True), said.output
    assert scene.holds() == {}


def test_up_goes_on_where_the_quota_cannot_be_asked(scene: Scene) -> None:
    with scene.cloud.also(no_quota):
        said = scene.up(scene.laptop())
    assert said.code == 0, said.output
    assert "to call servicequotas:GetServiceQuota" in said.output
    assert "`mlflow-ops policy up`" in said.output


def no_quota(call: Call, ask: Ask) -> Answer:
    """Deny that quotas are read."""
    asked = call.operation == "GetServiceQuota"
    return denials.denied(call, "servicequotas:GetServiceQuota") if asked else ask()


def test_up_asks_three_things_more_for_its_own_good(scene: Scene) -> None:
    asked: list[str] = []

    def listening(call: Call, ask: Ask) -> Answer:
        asked.append(call.operation)
        return ask()

    with scene.cloud.also(listening):
        assert scene.up(scene.laptop()).code == 0
    assert asked.count("GetServiceQuota") == asked.count("GetAccountPlanState") == 1
    assert asked.count("DescribeInstanceTypes") == 1
