"""The IAM user step."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from mlflow_ops import policies
from mlflow_ops.errors import NotOurs
from mlflow_ops.steps import iam_user

if TYPE_CHECKING:
    from doubles.moto_cloud import MotoCloud

    from mlflow_ops.stack import Stack


def test_the_user_has_tags_a_path_and_the_buckets_policy_alone(
    stack: Stack, cloud: MotoCloud
) -> None:
    iam_user.create(stack)
    iam, name = cloud.client("iam"), stack.names.base
    user = iam.get_user(UserName=name)["User"]
    document = iam.get_user_policy(UserName=name, PolicyName=policies.USER_POLICY)
    assert user["Path"] == "/mlflow-ops/"
    assert iam.list_user_tags(UserName=name)["Tags"] == stack.names.tags
    assert document["PolicyDocument"] == policies.server_policy(stack.names.bucket)
    assert iam.list_attached_user_policies(UserName=name)["AttachedPolicies"] == []


def test_a_user_without_its_policy_is_found_as_incomplete_and_repaired(stack: Stack) -> None:
    iam_user.create(stack)
    iam = stack.aws.iam
    iam.delete_user_policy(UserName=stack.names.base, PolicyName=policies.USER_POLICY)
    found = iam_user.find(stack)
    assert found
    assert found.missing == ("policy",)
    iam_user.create(stack.knows(found))
    again = iam_user.find(stack)
    assert again
    assert again.missing == ()


def test_a_user_of_our_name_without_our_tag_is_not_touched(stack: Stack, cloud: MotoCloud) -> None:
    cloud.client("iam").create_user(UserName=stack.names.base)
    with pytest.raises(NotOurs, match=stack.names.base):
        iam_user.find(stack)
    with pytest.raises(ClientError, match="EntityAlreadyExists"):
        iam_user.create(stack)
    assert cloud.client("iam").list_user_policies(UserName=stack.names.base)["PolicyNames"] == []


def test_a_stack_of_the_same_name_in_another_region_is_not_ours(
    stack: Stack, cloud: MotoCloud
) -> None:
    tags = [{"Key": "mlflow-ops:stack", "Value": "mlflow"}]
    tags.append({"Key": "mlflow-ops:region", "Value": "eu-west-1"})
    cloud.client("iam").create_user(UserName=stack.names.base, Tags=tags)
    with pytest.raises(NotOurs):
        iam_user.find(stack)


def test_whatever_hangs_on_the_user_does_not_keep_it_from_going(
    stack: Stack, cloud: MotoCloud
) -> None:
    user, iam = iam_user.create(stack), cloud.client("iam")
    iam.create_group(GroupName="readers")
    iam.add_user_to_group(GroupName="readers", UserName=user.id)
    document = json.dumps(policies.server_policy("other"))
    policy = iam.create_policy(PolicyName="own", PolicyDocument=document)["Policy"]["Arn"]
    iam.attach_user_policy(UserName=user.id, PolicyArn=policy)
    iam_user.destroy(stack, user)
    iam_user.destroy(stack, user)
    assert cloud.holdings()["users"] == []
    assert iam.get_group(GroupName="readers")["Users"] == []


def test_without_a_wish_nothing_is_missing(stack: Stack) -> None:
    iam_user.create(stack)
    stack.aws.iam.delete_user_policy(UserName=stack.names.base, PolicyName=policies.USER_POLICY)
    found = iam_user.find(replace(stack, wanted=None))
    assert found
    assert found.missing == ()
