"""Zones run out, quotas end, and plans allow some types alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloud.images import CANONICAL, UBUNTU

from .asking import launch, refused, said, subnet

if TYPE_CHECKING:
    from cloud.server import StrictCloud

    from .asking import Client

ELIGIBLE = [{"Name": "free-tier-eligible", "Values": ["true"]}]


def test_a_zone_without_room_says_so_and_the_others_launch(
    cloud: StrictCloud, ours: Client
) -> None:
    cloud.capacity.out = {"us-east-1a"}
    run = ours("ec2").run_instances
    told = said(run, **launch(subnet(cloud.client("ec2"), "us-east-1a")))
    assert "(InsufficientInstanceCapacity)" in told
    assert "choosing us-east-1b, us-east-1c" in told
    run(**launch(subnet(cloud.client("ec2"), "us-east-1b")))


def test_a_zone_that_lacks_the_type_does_not_support_it(cloud: StrictCloud, ours: Client) -> None:
    ec2 = ours("ec2")
    assert (
        refused(ec2.run_instances, **launch(subnet(cloud.client("ec2"), "us-east-1e")))
        == "Unsupported"
    )
    cloud.capacity.lacking = {("t3.micro", "us-east-1a")}
    assert (
        refused(ec2.run_instances, **launch(subnet(cloud.client("ec2"), "us-east-1a")))
        == "Unsupported"
    )
    of_type: Any = [{"Name": "instance-type", "Values": ["t3.micro"]}]
    offered = ec2.describe_instance_type_offerings(
        LocationType="availability-zone", Filters=of_type
    )["InstanceTypeOfferings"]
    assert {offer["Location"][-1] for offer in offered} == set("bcdf")


def test_the_quota_of_virtual_processors_ends_launches(cloud: StrictCloud, ours: Client) -> None:
    cloud.capacity.vcpus = 3
    run = ours("ec2").run_instances
    run(**launch())
    assert refused(run, **launch()) == "VcpuLimitExceeded"
    quota = ours("service-quotas").get_service_quota(ServiceCode="ec2", QuotaCode="L-1216C47A")
    assert quota["Quota"]["Value"] == 3


def test_the_free_plan_allows_its_own_types_alone(cloud: StrictCloud, ours: Client) -> None:
    cloud.capacity.free = ("t3.small", "t4g.small")
    ec2 = ours("ec2")
    told = said(ec2.run_instances, **launch())
    assert "(InvalidParameterCombination)" in told
    assert "not eligible for Free Tier" in told
    ec2.run_instances(**launch(InstanceType="t3.small"))
    found = ec2.describe_instance_types(Filters=ELIGIBLE)["InstanceTypes"]
    assert {each["InstanceType"] for each in found} == {"t3.small", "t4g.small"}
    cloud.reset()
    assert len(ec2.describe_instance_types(Filters=ELIGIBLE)["InstanceTypes"]) > 2


def test_canonical_s_image_is_found_by_parameter_and_by_name(ours: Client) -> None:
    name = "/aws/service/canonical/ubuntu/server/24.04/stable/current/{}/hvm/ebs-gp3/ami-id"
    for arch in ("amd64", "arm64"):
        found = ours("ssm").get_parameter(Name=name.format(arch))["Parameter"]["Value"]
        named: Any = [{"Name": "name", "Values": [f"ubuntu/images/*noble-24.04-{arch}-server-*"]}]
        images = ours("ec2").describe_images(Owners=[CANONICAL], Filters=named)["Images"]
        assert [image["ImageId"] for image in images] == [found] == [UBUNTU[arch]]


def test_nothing_is_the_account_s_own_before_it_is_made(cloud: StrictCloud) -> None:
    held = cloud.holdings()
    assert [kind for kind, found in held.items() if found] == ["groups"]
    assert len(held["groups"]) == 1


def test_a_pushed_key_is_kept_for_the_instance_it_is_for(cloud: StrictCloud, ours: Client) -> None:
    cloud.states.unseen = 0
    ec2, connect = ours("ec2"), ours("ec2-instance-connect")
    made = ec2.run_instances(**launch())["Instances"][0]["InstanceId"]
    push = {"InstanceId": made, "InstanceOSUser": "ubuntu", "SSHPublicKey": "ssh-rsa " + "A" * 90}
    assert refused(connect.send_ssh_public_key, **push) == "EC2InstanceStateInvalidException"
    for _ in range(2):
        ec2.describe_instances()
    assert connect.send_ssh_public_key(**push)["Success"]
    assert cloud.pushed_keys(made) == [push["SSHPublicKey"]]
    gone = push | {"InstanceId": "i-0123456789abcdef0"}
    assert refused(connect.send_ssh_public_key, **gone) == "EC2InstanceNotFoundException"
