"""The instance step."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.stub import Stubber

from mlflow_ops.ec2 import launches
from mlflow_ops.ec2.launches import Launch
from mlflow_ops.errors import BadOption
from mlflow_ops.names import SHAPE_TAG
from mlflow_ops.records import Instance
from mlflow_ops.shape import Shape
from mlflow_ops.steps import instance
from mlflow_ops.target import Ports
from mlflow_ops.wait import Clock

if TYPE_CHECKING:
    from cloud.server import StrictCloud
    from doubles.ssh import SshDouble

    from mlflow_ops.stack import Stack

SHAPE = Shape().tag


def test_the_request_is_the_smallest_safe_machine(grouped: Stack) -> None:
    asked = launches.request(grouped, Launch("token", "subnet-1", "t3.micro", "ami-1", SHAPE))
    disk = asked["BlockDeviceMappings"][0]["Ebs"]
    assert asked["ClientToken"] == "token"
    assert asked["MetadataOptions"] == {"HttpTokens": "required", "HttpPutResponseHopLimit": 1}
    assert (disk["VolumeSize"], disk["VolumeType"]) == (8, "gp3")
    assert disk["DeleteOnTermination"]
    assert asked["CreditSpecification"] == {"CpuCredits": "standard"}
    kinds = {spec["ResourceType"] for spec in asked["TagSpecifications"]}
    assert kinds == {"instance", "volume", "network-interface"}
    assert all(grouped.names.own(spec["Tags"]) for spec in asked["TagSpecifications"])


def test_the_token_is_on_disk_before_the_call_and_the_id_right_after(grouped: Stack) -> None:
    made = instance.create(grouped)
    asked, answered = (grouped.journal.last("instance", event) for event in ("asked", "made"))
    assert asked
    assert answered
    assert len(asked["token"]) == 32
    assert answered["id"] == made.id
    assert grouped.journal.open_question("instance") is None


def test_a_launch_that_was_never_answered_is_repeated_word_for_word(grouped: Stack) -> None:
    before = Launch("f" * 32, "subnet-9", "t4g.micro", "ami-9", SHAPE)
    with grouped.journal.asking("instance", **asdict(before)):
        pass  # the process was killed here
    with Stubber(grouped.aws.ec2) as stubber:
        stubber.add_response("describe_instances", {"Reservations": []})
        stubber.add_response("run_instances", launched(), launches.request(grouped, before))
        instance.create(grouped)
        stubber.assert_no_pending_responses()


def test_a_launch_of_another_shape_is_repeated_as_it_was_and_then_told_what_it_is(
    grouped: Stack,
) -> None:
    taught = Shape(tls="off", login=False).tag
    before = Launch("f" * 32, "subnet-9", "t3.micro", "ami-9", taught)
    with grouped.journal.asking("instance", **asdict(before)):
        pass
    answer = launched()
    answer["Instances"][0]["Tags"][0]["Value"] = taught
    # That the server asks for a login is told once it does.
    true = Shape(login=False).tag
    told = {"Resources": ["i-1"], "Tags": [{"Key": SHAPE_TAG, "Value": true}]}
    with Stubber(grouped.aws.ec2) as stubber:
        stubber.add_response("describe_instances", {"Reservations": []})
        stubber.add_response("run_instances", answer, launches.request(grouped, before))
        stubber.add_response("create_tags", {}, told)
        instance.create(grouped)
        stubber.assert_no_pending_responses()


def test_a_launch_that_only_another_one_could_change_is_not_repeated(grouped: Stack) -> None:
    before = Launch("f" * 32, "subnet-9", "t3.micro", "ami-9", Shape(address="private").tag)
    with grouped.journal.asking("instance", **asdict(before)):
        pass
    with Stubber(grouped.aws.ec2) as stubber:
        stubber.add_response("describe_instances", {"Reservations": []})
        with pytest.raises(BadOption, match="--address private"):
            instance.create(grouped)


@pytest.mark.parametrize("code", ["IdempotentInstanceTerminated", "IdempotentParameterMismatch"])
def test_a_used_up_token_is_replaced(grouped: Stack, code: str) -> None:
    with grouped.journal.asking("instance", token="f" * 32):
        pass
    with Stubber(grouped.aws.ec2) as stubber:
        stubber.add_response("describe_instances", {"Reservations": []})
        stubber.add_client_error("run_instances", code)
        stubber.add_response("describe_instances", {"Reservations": []})
        stubber.add_response("run_instances", launched())
        assert instance.create(grouped).id == "i-1"


def launched(state: str = "pending") -> dict[str, Any]:
    tags = [{"Key": SHAPE_TAG, "Value": SHAPE}]
    found = {
        "InstanceId": "i-1",
        "InstanceType": "t3.micro",
        "State": {"Name": state},
        "Tags": tags,
    }
    return {"Instances": [found]}


def test_an_instance_whose_tags_do_not_show_yet_is_found_by_the_id_we_were_told(
    grouped: Stack,
) -> None:
    with grouped.journal.asking("instance", token="t") as made:
        made("i-1")
    found = launched("running")["Instances"][0]
    with Stubber(grouped.aws.ec2) as stubber:
        stubber.add_response("describe_instances", {"Reservations": []})
        stubber.add_response(
            "describe_instances",
            {"Reservations": [{"Instances": [found]}]},
            {"InstanceIds": ["i-1"]},
        )
        assert instance.find(grouped) == Instance(
            "i-1", detail="t3.micro, running", type="t3.micro", state="running"
        )


def test_a_group_that_ec2_does_not_know_everywhere_yet_is_waited_for(grouped: Stack) -> None:
    clock = Clock(grouped.clock.now, lambda _: None)
    with Stubber(grouped.aws.ec2) as stubber:
        stubber.add_response("describe_instances", {"Reservations": []})
        stubber.add_client_error("run_instances", "InvalidGroup.NotFound")
        stubber.add_client_error("run_instances", "InvalidKeyPair.NotFound")
        stubber.add_response("run_instances", launched())
        assert instance.create(replace(grouped, clock=clock)).id == "i-1"


@pytest.mark.parametrize(
    ("kind", "billed"), [("t3.micro", True), ("t4g.small", True), ("trn1.2xlarge", False)]
)
def test_only_burstable_types_are_given_a_credit_specification(
    grouped: Stack, kind: str, *, billed: bool
) -> None:
    asked = launches.request(grouped, Launch("t", "subnet-1", kind, "ami-1", SHAPE))
    assert ("CreditSpecification" in asked) == billed


def test_ready_means_running_checked_and_answering_over_ssh(
    grouped: Stack, host: SshDouble
) -> None:
    made = instance.create(grouped)
    not_yet = [instance.ready(grouped, made) for _ in range(3)]
    assert [one.state for one in not_yet] == ["pending"] * 3
    assert [one.detail for one in not_yet[:2]] == ["not seen by AWS yet", "pending"]
    assert "does not let us in" in not_yet[2].detail
    stack = replace(grouped, target=replace(grouped.target, ports=Ports(host.port, 9)))
    ready = instance.ready(stack, made)
    assert ready.state == "ready"
    assert isinstance(ready.record, Instance)
    assert ready.record.address == "127.0.0.1"
    stack.hang_up()


@pytest.mark.parametrize(
    ("state", "checks", "expected"),
    [
        ("pending", None, "pending"),
        ("stopped", None, "pending"),
        ("shutting-down", None, "broken"),
        ("terminated", None, "broken"),
        ("running", "initializing", "pending"),
        ("running", "impaired", "broken"),
    ],
)
def test_an_instance_is_not_ready_before_aws_says_so(
    grouped: Stack, state: str, checks: str | None, expected: str
) -> None:
    found = launched(state)["Instances"][0] | {"PublicIpAddress": "127.0.0.1"}
    with Stubber(grouped.aws.ec2) as stubber:
        stubber.add_response("describe_instances", {"Reservations": [{"Instances": [found]}]})
        if checks:
            both = {kind: {"Status": checks} for kind in ("InstanceStatus", "SystemStatus")}
            stubber.add_response("describe_instance_status", {"InstanceStatuses": [both]})
        assert instance.ready(grouped, Instance("i-1")).state == expected


def test_an_id_that_aws_does_not_know_yet_is_waited_for(grouped: Stack) -> None:
    with Stubber(grouped.aws.ec2) as stubber:
        stubber.add_client_error("describe_instances", "InvalidInstanceID.NotFound")
        assert instance.ready(grouped, Instance("i-1")).state == "pending"


def test_a_stopped_instance_is_started_not_doubled(grouped: Stack, cloud: StrictCloud) -> None:
    made = instance.create(grouped)
    cloud.client("ec2").stop_instances(InstanceIds=[made.id])
    found = instance.find(grouped)
    assert found
    assert found.missing == ("it is stopped",)
    instance.create(grouped)
    assert cloud.holdings()["instances"] == [made.id]
    again = instance.find(grouped)
    assert again
    assert again.state == "pending"


def test_destroying_twice_takes_the_disk_and_the_interface_too(
    grouped: Stack, cloud: StrictCloud
) -> None:
    made = instance.create(grouped)
    instance.destroy(grouped, made)
    instance.destroy(grouped, made)
    holdings = cloud.holdings()
    assert (holdings["instances"], holdings["volumes"]) == ([], [])
    assert instance.find(grouped) is None
