"""Elastic IPs are few, unknown at first, and stay with what they are tied to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .asking import TAGS, launch, refused, said, subnet

if TYPE_CHECKING:
    from cloud.server import StrictCloud

    from .asking import Client

TAGGED = [{"ResourceType": "elastic-ip", "Tags": TAGS}]
ELASTIC = "127.0.0.3"


def allocated(ec2: Any) -> str:  # noqa: ANN401 - boto3's client
    return str(ec2.allocate_address(Domain="vpc", TagSpecifications=TAGGED)["AllocationId"])


def running(cloud: StrictCloud, ec2: Any, **more: Any) -> str:  # noqa: ANN401 - likewise, and parameters of RunInstances
    cloud.states.unseen = cloud.states.pending = cloud.addresses.unknown = 0
    cloud.addresses.drawn = ELASTIC
    network = {"DeviceIndex": 0, "SubnetId": subnet(ec2), "AssociatePublicIpAddress": True}
    asked = launch(NetworkInterfaces=[network | more])
    return str(ec2.run_instances(**asked)["Instances"][0]["InstanceId"])


def address(ec2: Any, instance: str) -> str:  # noqa: ANN401 - likewise
    found = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    return str(found.get("PublicIpAddress", ""))


def tie(ec2: Any, identifier: str) -> str:  # noqa: ANN401 - likewise
    [found] = ec2.describe_addresses(AllocationIds=[identifier])["Addresses"]
    return str(found.get("AssociationId") or "")


def test_an_address_without_our_tag_is_not_given(ours: Client) -> None:
    assert refused(ours("ec2").allocate_address, Domain="vpc") == "UntaggedCreate"


def test_the_account_has_only_so_many(cloud: StrictCloud, ours: Client) -> None:
    cloud.addresses.most = 1
    ec2 = ours("ec2")
    allocated(ec2)
    ask = {"Domain": "vpc", "TagSpecifications": TAGGED}
    assert refused(ec2.allocate_address, **ask) == "AddressLimitExceeded"


def test_a_new_address_is_unknown_at_first(cloud: StrictCloud, ours: Client) -> None:
    ec2 = ours("ec2")
    instance, made = running(cloud, ec2), allocated(ec2)
    cloud.addresses.unknown = 1
    ask = {"AllocationId": made, "InstanceId": instance}
    assert refused(ec2.associate_address, **ask) == "InvalidAllocationID.NotFound"
    ec2.associate_address(**ask)
    assert address(ec2, instance) == ELASTIC


def test_nothing_is_tied_to_a_pending_instance(cloud: StrictCloud, ours: Client) -> None:
    ec2 = ours("ec2")
    cloud.states.unseen, cloud.addresses.unknown = 0, 0
    made = allocated(ec2)
    instance = ec2.run_instances(**launch())["Instances"][0]["InstanceId"]
    words = said(ec2.associate_address, AllocationId=made, InstanceId=instance)
    assert "(InvalidInstanceID)" in words
    assert "The pending instance" in words


def test_an_address_stays_at_a_stopped_instance(cloud: StrictCloud, ours: Client) -> None:
    ec2 = ours("ec2")
    instance, made = running(cloud, ec2), allocated(ec2)
    ec2.associate_address(AllocationId=made, InstanceId=instance)
    cloud.states.stopping = cloud.states.pending = 1
    ec2.stop_instances(InstanceIds=[instance])
    assert [address(ec2, instance) for _ in range(3)] == [ELASTIC] * 3
    ec2.start_instances(InstanceIds=[instance])
    assert [address(ec2, instance) for _ in range(3)] == [ELASTIC] * 3


def test_who_loses_it_gets_another_one_a_little_later(cloud: StrictCloud, ours: Client) -> None:
    ec2 = ours("ec2")
    instance, made = running(cloud, ec2), allocated(ec2)
    ec2.associate_address(AllocationId=made, InstanceId=instance)
    ec2.disassociate_address(AssociationId=tie(ec2, made))
    assert [address(ec2, instance) for _ in range(2)] == ["", "127.0.0.1"]
    gone = ec2.disassociate_address
    assert refused(gone, AssociationId="eipassoc-0") == "InvalidAssociationID.NotFound"


def test_who_was_launched_without_one_gets_none(cloud: StrictCloud, ours: Client) -> None:
    ec2 = ours("ec2")
    instance = running(cloud, ec2, AssociatePublicIpAddress=False)
    made = allocated(ec2)
    ec2.associate_address(AllocationId=made, InstanceId=instance)
    ec2.release_address(AllocationId=made)
    assert [address(ec2, instance) for _ in range(3)] == [""] * 3


def test_beside_the_default_vpc_it_is_not_released_while_it_is_tied(
    cloud: StrictCloud, ours: Client
) -> None:
    ec2, theirs = ours("ec2"), cloud.client("ec2")
    vpc = theirs.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    # Not every zone has every type, on AWS and on moto.
    where = {"VpcId": vpc, "AvailabilityZone": "us-east-1a"}
    other = theirs.create_subnet(CidrBlock="10.9.0.0/24", **where)["Subnet"]["SubnetId"]
    instance, made = running(cloud, ec2, SubnetId=other), allocated(ec2)
    ec2.associate_address(AllocationId=made, InstanceId=instance)
    assert refused(ec2.release_address, AllocationId=made) == "InvalidIPAddress.InUse"
    theirs.terminate_instances(InstanceIds=[instance])
    ec2.release_address(AllocationId=made)
    assert refused(ec2.release_address, AllocationId=made) == "InvalidAllocationID.NotFound"
