"""Instances take their time, and what is in use cannot be deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .asking import launch, refused, run, subnet

if TYPE_CHECKING:
    from cloud.server import StrictCloud

    from .asking import Client

NOTHING = "InvalidInstanceID.NotFound"


def states(ec2: Any, identifier: str, times: int) -> list[str]:  # noqa: ANN401 - boto3's client
    """Return what so many questions find."""
    found = []
    for _ in range(times):
        try:
            answer = ec2.describe_instances(InstanceIds=[identifier])
        except ec2.exceptions.ClientError as error:
            found.append(error.response["Error"]["Code"])
            continue
        instance = answer["Reservations"][0]["Instances"][0]
        found.append(f"{instance['State']['Name']} {instance.get('PublicIpAddress', '')}".strip())
    return found


def test_a_new_instance_is_unknown_then_pending_then_running(
    cloud: StrictCloud, ours: Client
) -> None:
    cloud.states.unseen, cloud.states.pending = 2, 2
    ec2 = ours("ec2")
    made = run(ec2)
    expected = [NOTHING, NOTHING, "pending", "pending", "running 127.0.0.1", "running 127.0.0.1"]
    assert states(ec2, made, 6) == expected


def test_an_unknown_instance_is_in_no_list(ours: Client) -> None:
    ec2 = ours("ec2")
    run(ec2)
    assert ec2.describe_instances()["Reservations"] == []
    assert len(ec2.describe_instances()["Reservations"]) == 1


def test_terminating_takes_questions_too(cloud: StrictCloud, ours: Client) -> None:
    cloud.states.unseen, cloud.states.pending, cloud.states.dying = 0, 0, 2
    ec2 = ours("ec2")
    made = ec2.run_instances(**launch())["Instances"][0]["InstanceId"]
    change = ec2.terminate_instances(InstanceIds=[made])["TerminatingInstances"][0]
    assert change["CurrentState"] == {"Code": 32, "Name": "shutting-down"}
    assert change["PreviousState"]["Name"] == "running"
    held = cloud.holdings()
    assert (len(held["instances"]), len(held["volumes"]), len(held["interfaces"])) == (1, 1, 1)
    assert states(ec2, made, 3) == ["shutting-down", "shutting-down", "terminated"]
    held = cloud.holdings()
    assert (held["instances"], held["volumes"], held["interfaces"]) == ([], [], [])


def test_stopping_and_starting_take_questions_too(cloud: StrictCloud, ours: Client) -> None:
    cloud.states.unseen = cloud.states.pending = 0
    ec2 = ours("ec2")
    made = ec2.run_instances(**launch())["Instances"][0]["InstanceId"]
    cloud.states.pending = 1
    ec2.stop_instances(InstanceIds=[made])
    assert refused(ec2.start_instances, InstanceIds=[made]) == "IncorrectInstanceState"
    assert states(ec2, made, 2) == ["stopping", "stopped"]
    ec2.start_instances(InstanceIds=[made])
    assert states(ec2, made, 2) == ["pending", "running 127.0.0.1"]


def test_the_tests_own_calls_act_at_once_and_move_nothing(cloud: StrictCloud, ours: Client) -> None:
    theirs, ec2 = cloud.client("ec2"), ours("ec2")
    made = run(ec2)
    assert states(theirs, made, 3) == ["pending"] * 3
    theirs.terminate_instances(InstanceIds=[made])
    assert states(ec2, made, 1) == ["terminated"]


def test_switched_off_an_instance_runs_at_once(cloud: StrictCloud, ours: Client) -> None:
    cloud.states.unseen = cloud.states.pending = 0
    ec2 = ours("ec2")
    made = ec2.run_instances(**launch())["Instances"][0]["InstanceId"]
    assert states(ec2, made, 1) == ["running 127.0.0.1"]


def test_a_group_in_use_stays_until_the_instance_is_gone(ours: Client, cloud: StrictCloud) -> None:
    ec2 = ours("ec2")
    group = cloud.client("ec2").create_security_group(GroupName="g", Description="d")["GroupId"]
    interface = {"DeviceIndex": 0, "SubnetId": subnet(ec2), "Groups": [group]}
    made = run(ec2, NetworkInterfaces=[interface])
    delete = ec2.delete_security_group
    assert refused(delete, GroupId=group) == "DependencyViolation"
    ec2.terminate_instances(InstanceIds=[made])
    assert refused(delete, GroupId=group) == "DependencyViolation"
    delete(GroupId=group)


def test_a_group_on_an_interface_stays(cloud: StrictCloud) -> None:
    ec2 = cloud.client("ec2")
    group = ec2.create_security_group(GroupName="g", Description="d")["GroupId"]
    made = ec2.create_network_interface(SubnetId=subnet(ec2), Groups=[group])["NetworkInterface"]
    assert refused(ec2.delete_security_group, GroupId=group) == "DependencyViolation"
    ec2.delete_network_interface(NetworkInterfaceId=made["NetworkInterfaceId"])
    ec2.delete_security_group(GroupId=group)


def test_an_interface_or_volume_in_use_cannot_be_deleted(cloud: StrictCloud) -> None:
    ec2 = cloud.client("ec2")
    ec2.run_instances(**launch())
    held = cloud.holdings()
    volume, interface = held["volumes"][0], held["interfaces"][0]
    assert refused(ec2.delete_volume, VolumeId=volume) == "VolumeInUse"
    delete = ec2.delete_network_interface
    assert refused(delete, NetworkInterfaceId=interface) == "InvalidParameterValue"


def test_new_tags_show_late_when_asked_to(cloud: StrictCloud, ours: Client) -> None:
    cloud.lag.asks = 2
    cloud.states.unseen = 0
    ec2 = ours("ec2")
    run(ec2)
    by_tag = [{"Name": "tag:mlflow-ops:stack", "Values": ["mlflow"]}]
    found = [len(ec2.describe_instances(Filters=by_tag)["Reservations"]) for _ in range(3)]
    assert found == [0, 0, 1]


def test_a_key_pair_goes_by_its_id_too(cloud: StrictCloud) -> None:
    ec2 = cloud.client("ec2")
    made = ec2.create_key_pair(KeyName="k", KeyType="ed25519")
    ec2.delete_key_pair(KeyPairId=made["KeyPairId"])
    assert cloud.holdings()["key_pairs"] == []
