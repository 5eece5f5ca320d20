"""The last look of `down`: all that is left of a stack, and the command that removes each thing."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import boto3
from aws import remains
from cloud import backends
from cloud.wire import refusal
from doubles import aws_cli

from mlflow_ops import inventory
from mlflow_ops.names import IAM_PATH

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest
    from cloud.server import StrictCloud
    from cloud.wire import Answer, Ask, Call

    from mlflow_ops.stack import Stack

ALL = {**Counter(remains.EC2_KINDS + remains.USER_KINDS + ["bucket"])}
# The instance brings an interface and a disk; the role has policies too.
ALL |= {"network interface": 2, "volume": 2}


def denying(*operations: str) -> Callable[[Call, Ask], Answer]:
    """Return a rule that allows anything but these operations."""

    def rule(call: Call, ask: Ask) -> Answer:
        if call.ours and call.operation in operations:
            return refusal(call, "AccessDenied", f"not {call.operation}", 403)
        return ask()

    return rule


def test_pasting_the_commands_from_top_to_bottom_removes_all_that_is_left(
    stack: Stack, cloud: StrictCloud, tmp_path: Path
) -> None:
    remains.all_kinds(cloud, stack.names)
    left, unseen = inventory.leftovers(stack)
    found = Counter(holding.kind for holding in left)
    assert unseen == []
    assert found == Counter(ALL) + Counter(remains.ROLE_KINDS)
    with aws_cli.running(tmp_path / "aws-cli", cloud.client) as shell:
        ended = shell.paste([str(holding.command) for holding in left])
    # What the instance has taken along was named too.
    assert [line for line in ended.stderr.splitlines() if ".NotFound" not in line] == []
    assert inventory.leftovers(stack) == ([], [])
    kinds = cloud.holdings()
    default = kinds.pop("groups")
    assert (len(default), [kind for kind, found in kinds.items() if found]) == (1, [])


def test_a_versioned_bucket_of_any_size_is_emptied_by_its_command(
    stack: Stack, cloud: StrictCloud, tmp_path: Path
) -> None:
    remains.bucket(cloud, stack.names)
    for number in range(1_100):  # AWS takes a thousand at a time
        backends.s3().put_object(stack.names.bucket, f"{number}", b"")
    with aws_cli.running(tmp_path / "aws-cli", cloud.client) as shell:
        ended = shell.paste([str(each.command) for each in inventory.leftovers(stack)[0]])
    assert (ended.returncode, ended.stderr) == (0, "")
    assert cloud.holdings()["buckets"] == []


def test_a_failure_hides_nothing_but_what_it_is_about(stack: Stack, cloud: StrictCloud) -> None:
    remains.all_kinds(cloud, stack.names)
    with cloud.also(denying("DescribeVolumes", "ListAccessKeys", "ListRoles")):
        left, unseen = inventory.leftovers(stack)
    hidden = {"volume", "access key", "IAM role"}
    assert {holding.kind for holding in left} == {*ALL, *remains.ROLE_KINDS} - hidden
    assert all(what in " ".join(unseen) for what in ("volumes", "ListAccessKeys", "ListRoles"))
    assert all(each.startswith("the last look at ") for each in unseen)


def test_what_could_not_be_looked_at_is_a_failure_not_an_absence(
    stack: Stack, cloud: StrictCloud
) -> None:
    looks = ["Instances", "NetworkInterfaces", "Addresses", "Volumes", "Images", "Snapshots"]
    looks += ["SecurityGroups", "KeyPairs"]
    others = ["GetBucketTagging", "GetResources", "ListUsers", "ListRoles", "ListInstanceProfiles"]
    with cloud.also(denying(*(f"Describe{look}" for look in looks), *others)):
        left, unseen = inventory.leftovers(stack)
    assert left == []
    assert all(any(look in each for each in unseen) for look in (*looks, *others))


def test_what_is_another_stacks_or_another_regions_or_somebody_elses_is_not_left(
    stack: Stack, cloud: StrictCloud
) -> None:
    remains.all_kinds(cloud, replace(stack.names, stack="other"))
    remains.user(cloud, replace(stack.names, region="eu-west-1"))
    remains.lock(cloud, replace(stack.names, region="eu-west-1"), timedelta(0))
    # Of our names, without our tag:
    cloud.client("ec2").create_key_pair(KeyName=stack.names.base)
    cloud.client("iam").create_user(UserName=stack.names.base, Path=IAM_PATH)
    backends.s3().create_bucket(stack.names.bucket, "us-east-1")
    assert inventory.leftovers(stack) == ([], [])


def test_an_instance_that_is_terminated_is_not_left(stack: Stack, cloud: StrictCloud) -> None:
    instance = remains.instance(cloud, stack.names)
    ec2 = cloud.client("ec2")
    ec2.terminate_instances(InstanceIds=[instance])
    ec2.get_waiter("instance_terminated").wait(
        InstanceIds=[instance], WaiterConfig={"Delay": 0, "MaxAttempts": 40}
    )
    left, _ = inventory.leftovers(stack)
    assert "instance" not in {holding.kind for holding in left}


def test_what_else_carries_the_tag_is_found_by_the_tagging_api(
    stack: Stack, cloud: StrictCloud, tmp_path: Path
) -> None:
    ec2, s3 = cloud.client("ec2"), cloud.client("s3")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.0.0/24")["Subnet"]["SubnetId"]
    ec2.create_tags(Resources=[subnet], Tags=stack.names.tags)
    s3.create_bucket(Bucket="of-another-name")
    s3.put_bucket_tagging(Bucket="of-another-name", Tagging={"TagSet": stack.names.tags})
    left, _ = inventory.leftovers(stack)
    found = {(holding.kind, holding.id) for holding in left}
    assert found == {("subnet", subnet), ("bucket", "of-another-name")}
    with aws_cli.running(tmp_path / "aws-cli", cloud.client) as shell:
        shell.paste([str(holding.command) for holding in left])
    assert inventory.leftovers(stack) == ([], [])


def test_a_command_names_the_region_the_profile_and_the_endpoint(
    stack: Stack, cloud: StrictCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remains.lock(cloud, stack.names, timedelta(0))
    (tmp_path / "config").write_text("[profile 'at work']\n", encoding="utf-8")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    session = boto3.Session("testing", "testing", profile_name="at work")
    target = replace(stack.target, aws=replace(stack.aws, session=session))
    [lock], _ = inventory.leftovers(replace(stack, target=target))
    assert lock.command == (
        f"aws ec2 delete-key-pair --key-pair-id {lock.id} --region us-east-1 "
        f"--profile 'at work' --endpoint-url {cloud.endpoint}"
    )
