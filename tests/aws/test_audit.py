"""`mlflow-ops audit`: all of ours that an account holds, and whether a live stack owns it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from aws import remains
from cloud import backends
from cloud.wire import refusal

from mlflow_ops import audit as audits
from mlflow_ops.inventory.ec2 import lock_name
from mlflow_ops.names import IAM_PATH, KEPT_TAG, REGION_TAG, TAG, Names

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloud.server import StrictCloud
    from cloud.wire import Answer, Ask, Call

    from mlflow_ops.aws import Aws
    from mlflow_ops.stack import Stack

HERE, THERE = "us-east-1", "eu-west-1"
NAMES = Names("mlflow", backends.ACCOUNT, HERE)


@pytest.fixture
def aws(stack: Stack) -> Aws:
    """Return the product's clients."""
    return stack.aws


def failing(operation: str, region: str) -> Callable[[Call, Ask], Answer]:
    """Return a rule by which an operation fails in one region."""

    def rule(call: Call, ask: Ask) -> Answer:
        if (call.operation, call.region) == (operation, region):
            return refusal(call, "AuthFailure", "not in this region", 403)
        return ask()

    return rule


def owners(found: audits.Audit) -> dict[tuple[str, str | None], set[str | None]]:
    """Return who owns what there is of each stack."""
    return {
        (stack.stack, stack.region): {owned.owner for owned in stack.holdings}
        for stack in found.stacks
    }


def test_everything_of_a_stack_whose_instance_stands_is_owned(aws: Aws, cloud: StrictCloud) -> None:
    remains.all_kinds(cloud, NAMES)
    found = audits.audit(aws, [HERE])
    [stack] = found.stacks
    assert (stack.state, found.orphans, found.failures) == ("live", 0, ())
    kinds = {owned.holding.kind for owned in stack.holdings}
    assert kinds == {*remains.EC2_KINDS, *remains.USER_KINDS, *remains.ROLE_KINDS, "bucket"}


def test_a_stack_without_an_instance_is_an_orphan_once_nobody_holds_its_lock(
    aws: Aws, cloud: StrictCloud
) -> None:
    remains.user(cloud, NAMES)
    remains.lock(cloud, NAMES, timedelta(minutes=2))
    assert owners(audits.audit(aws, [HERE])) == {("mlflow", HERE): {"busy"}}
    ec2 = cloud.client("ec2")
    ec2.delete_key_pair(KeyName=lock_name(NAMES))
    remains.lock(cloud, NAMES, timedelta(minutes=-2))
    assert owners(audits.audit(aws, [HERE])) == {("mlflow", HERE): {None}}


def test_a_bucket_that_was_kept_is_no_orphan_but_what_is_with_it_is(
    aws: Aws, cloud: StrictCloud
) -> None:
    remains.bucket(cloud, NAMES, KEPT_TAG)
    [stack] = audits.audit(aws, [HERE]).stacks
    assert (stack.state, stack.holdings[0].owner) == ("kept", "kept")
    remains.user(cloud, NAMES)
    [stack] = audits.audit(aws, [HERE]).stacks
    assert {owned.owner for owned in stack.holdings} == {"kept", None}
    assert stack.state == "orphan"


def test_what_has_only_a_name_of_ours_goes_with_the_stack_of_that_name(
    aws: Aws, cloud: StrictCloud
) -> None:
    cloud.client("ec2").create_key_pair(KeyName=NAMES.base)
    cloud.client("iam").create_user(UserName=NAMES.base, Path=IAM_PATH)
    [stack] = audits.audit(aws, [HERE]).stacks
    assert [owned.holding.stack for owned in stack.holdings] == [None, None]
    assert stack.state == "orphan"
    remains.instance(cloud, NAMES)
    assert audits.audit(aws, [HERE]).orphans == 0


def test_what_is_somebody_elses_raises_no_alarm(aws: Aws, cloud: StrictCloud) -> None:
    ec2, iam, s3 = cloud.client("ec2"), cloud.client("iam"), cloud.client("s3")
    for name in ("mlflow-ops-of-somebody-else", "mlflow-ops-x-111122223333-us-east-1-an"):
        backends.s3().create_bucket(name, HERE)
    s3.create_bucket(Bucket="mlflow-ops-mlflow-us-east-1")
    for name in ("mlflow-ops-of-somebody-else", "mlflow-ops-x-moon-east-1", "mlflow-ops-us-east-1"):
        ec2.create_key_pair(KeyName=name)
        ec2.create_security_group(GroupName=name, Description="theirs")
        iam.create_user(UserName=name, Path=IAM_PATH)
    ec2.create_key_pair(KeyName=replace(NAMES, region=THERE).base)
    iam.create_user(UserName="somebody", Path=IAM_PATH)
    iam.create_user(UserName=NAMES.base)
    iam.create_role(RoleName="somebody", Path=IAM_PATH, AssumeRolePolicyDocument=remains.DOCUMENT)
    found = audits.audit(aws, [HERE])
    assert (found.stacks, found.failures) == ((), ())


def test_a_region_that_cannot_be_seen_is_reported_and_nothing_there_is_called_an_orphan(
    aws: Aws, cloud: StrictCloud
) -> None:
    there = replace(NAMES, region=THERE)
    remains.user(cloud, there)
    remains.bucket(cloud, there)
    with cloud.also(failing("DescribeInstances", THERE)):
        found = audits.audit(aws, [HERE, THERE])
    assert owners(found) == {("mlflow", THERE): {"unknown"}}
    assert (found.orphans, len(found.failures)) == (0, 1)
    assert f"instances in {THERE}" in found.failures[0]
    assert audits.audit(aws, [HERE, THERE]).orphans == len(remains.USER_KINDS) + 1


def test_a_user_leads_to_the_region_that_its_stack_stands_in(aws: Aws, cloud: StrictCloud) -> None:
    there = replace(NAMES, region=THERE)
    remains.user(cloud, there)
    remains.instance(cloud, there)
    found = audits.audit(aws, [HERE])
    assert (found.regions, found.orphans) == ((HERE, THERE), 0)


def test_a_tag_without_a_region_is_owned_by_any_stack_of_that_name(
    aws: Aws, cloud: StrictCloud
) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="handmade", Path=IAM_PATH, Tags=[{"Key": TAG, "Value": "mlflow"}])
    assert owners(audits.audit(aws, [HERE])) == {("mlflow", None): {None}}
    remains.instance(cloud, NAMES)
    assert owners(audits.audit(aws, [HERE]))["mlflow", None] == {"live"}
    nowhere = [{"Key": TAG, "Value": "x"}, {"Key": REGION_TAG, "Value": "moon-east-1"}]
    iam.create_user(UserName="odd", Path=IAM_PATH, Tags=nowhere)
    assert owners(audits.audit(aws, [HERE]))["x", "moon-east-1"] == {None}
