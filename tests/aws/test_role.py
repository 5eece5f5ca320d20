"""The role step: a role and an instance profile for the host, in the place of an access key."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from cloud.wire import Answer, Ask, Call, Dropped

from mlflow_ops import policies
from mlflow_ops.errors import NotOurs, TimedOut
from mlflow_ops.iam import role_parts
from mlflow_ops.records import Role
from mlflow_ops.shape import Shape
from mlflow_ops.steps import instance, role
from mlflow_ops.wait import Clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloud.server import StrictCloud

    from mlflow_ops.stack import Stack

BASE = "mlflow-ops-mlflow-us-east-1"
OTHER = json.dumps(policies.server_policy("other"))


@pytest.fixture
def with_role(stack: Stack) -> Stack:
    """Return a stack that wants a role; its waits pass at once."""
    clock = Clock(stack.clock.now, lambda _: None)
    wanted = replace(stack.want(), shape=Shape(credentials="role"))
    return replace(stack, wanted=wanted, clock=clock)


def lacks(stack: Stack) -> tuple[str, ...]:
    """Return what a look finds missing."""
    found = role.find(stack)
    assert found
    return found.missing


def mended(stack: Stack) -> Role:
    """Let `create` mend what a look finds."""
    found = role.find(stack)
    assert found
    made = role.create(stack.knows(found))
    assert lacks(stack) == ()
    return made


def test_a_new_role_is_ec2s_alone_with_the_buckets_policy_alone(
    with_role: Stack, cloud: StrictCloud
) -> None:
    assert role.find(with_role) is None
    made = role.create(with_role)
    assert made == role.find(with_role)
    assert made.missing == ()
    iam = cloud.client("iam")
    held, profile = iam.get_role(RoleName=BASE)["Role"], iam.get_instance_profile
    assert held["Path"] == "/mlflow-ops/"
    assert held["AssumeRolePolicyDocument"] == policies.trust_policy()
    assert with_role.names.own(held["Tags"])
    assert iam.list_role_policies(RoleName=BASE)["PolicyNames"] == [policies.SERVER_POLICY]
    document = iam.get_role_policy(RoleName=BASE, PolicyName=policies.SERVER_POLICY)
    assert document["PolicyDocument"] == policies.server_policy(with_role.names.bucket)
    assert iam.list_attached_role_policies(RoleName=BASE)["AttachedPolicies"] == []
    found = profile(InstanceProfileName=BASE)["InstanceProfile"]
    assert found["Path"] == "/mlflow-ops/"
    assert with_role.names.own(found["Tags"])
    assert [each["RoleName"] for each in found["Roles"]] == [BASE]
    assert made.profile == found["InstanceProfileId"]


def add_policies(iam: Any) -> None:  # noqa: ANN401 - a client
    iam.put_role_policy(RoleName=BASE, PolicyName="own", PolicyDocument=OTHER)
    made = iam.create_policy(PolicyName="somebodys", PolicyDocument=OTHER)
    iam.attach_role_policy(RoleName=BASE, PolicyArn=made["Policy"]["Arn"])


def trust_anybody(iam: Any) -> None:  # noqa: ANN401 - a client
    anybody = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [anybody]})
    iam.update_assume_role_policy(RoleName=BASE, PolicyDocument=document)


def empty_profile(iam: Any) -> None:  # noqa: ANN401 - a client
    iam.remove_role_from_instance_profile(InstanceProfileName=BASE, RoleName=BASE)


def fill_with_another(iam: Any) -> None:  # noqa: ANN401 - a client
    empty_profile(iam)
    iam.create_role(RoleName="other", AssumeRolePolicyDocument=json.dumps(policies.trust_policy()))
    iam.add_role_to_instance_profile(InstanceProfileName=BASE, RoleName="other")


def delete_profile(iam: Any) -> None:  # noqa: ANN401 - a client
    empty_profile(iam)
    iam.delete_instance_profile(InstanceProfileName=BASE)


def delete_role(iam: Any) -> None:  # noqa: ANN401 - a client
    empty_profile(iam)
    iam.delete_role_policy(RoleName=BASE, PolicyName=policies.SERVER_POLICY)
    iam.delete_role(RoleName=BASE)


BREAK: dict[Callable[[Any], None], tuple[str, ...]] = {
    add_policies: ("policy",),
    trust_anybody: ("trust",),
    empty_profile: ("role in the profile",),
    fill_with_another: ("role in the profile",),
    delete_profile: ("instance profile", "role in the profile"),
    delete_role: ("role", "policy", "role in the profile"),
}


@pytest.mark.parametrize("breaking", BREAK, ids=lambda each: each.__name__)
def test_what_a_hand_has_changed_is_put_right(
    with_role: Stack, cloud: StrictCloud, breaking: Callable[[Any], None]
) -> None:
    role.create(with_role)
    breaking(cloud.client("iam"))
    assert lacks(with_role) == BREAK[breaking]
    assert lacks(replace(with_role, wanted=None)) == ()
    mended(with_role)


@pytest.mark.parametrize("breaking", [*BREAK, lambda _: None])
def test_whatever_hangs_on_it_does_not_keep_it_from_going(
    with_role: Stack, cloud: StrictCloud, breaking: Callable[[Any], None]
) -> None:
    made, iam = role.create(with_role), cloud.client("iam")
    breaking(iam)
    role.destroy(with_role, made)
    role.destroy(with_role, made)
    assert role.find(with_role) is None
    left = {each["RoleName"] for each in iam.list_roles()["Roles"]}
    assert left <= {"other"}
    assert iam.list_instance_profiles()["InstanceProfiles"] == []


def test_what_hangs_on_it_for_good_is_told(with_role: Stack, cloud: StrictCloud) -> None:
    made, iam, passed = role.create(with_role), cloud.client("iam"), [0.0]

    def sleep(seconds: float) -> None:
        passed[0] += seconds

    empty_profile(iam)
    iam.create_instance_profile(InstanceProfileName="somebodys")
    iam.add_role_to_instance_profile(InstanceProfileName="somebodys", RoleName=BASE)
    waiting = replace(with_role, clock=Clock(lambda: passed[0], sleep))
    with pytest.raises(TimedOut, match=f"aws iam delete-role --role-name {BASE}"):
        role.destroy(waiting, made)


@pytest.mark.parametrize("kind", ["role", "instance profile"])
def test_a_thing_of_our_name_without_our_tag_is_not_touched(
    with_role: Stack, cloud: StrictCloud, kind: str
) -> None:
    iam, trust = cloud.client("iam"), json.dumps(policies.trust_policy())
    if kind == "role":
        iam.create_role(RoleName=BASE, AssumeRolePolicyDocument=trust)
    else:
        iam.create_instance_profile(InstanceProfileName=BASE)
    for do in (role.find, role.create):
        with pytest.raises(NotOurs, match=f"IAM {kind} {BASE}"):
            do(with_role)
    if kind == "role":
        assert iam.list_role_policies(RoleName=BASE)["PolicyNames"] == []
    else:
        assert iam.get_instance_profile(InstanceProfileName=BASE)["InstanceProfile"]["Roles"] == []


@pytest.mark.parametrize(
    "operation", ["CreateRole", "CreateInstanceProfile", "AddRoleToInstanceProfile"]
)
def test_an_answer_that_was_lost_is_asked_for_again_and_ends_right(
    with_role: Stack, cloud: StrictCloud, operation: str
) -> None:
    lost = ["the answer"]

    def losing(call: Call, ask: Ask) -> Answer:
        answer = ask()
        if call.operation == operation and lost:
            lost.pop()
            raise Dropped
        return answer

    with cloud.also(losing):
        role.create(with_role)
    assert (lacks(with_role), lost) == ((), [])


def test_every_part_is_tried() -> None:
    assert {part for parts in BREAK.values() for part in parts} == set(role_parts.PARTS)


def launched(stack: Stack) -> Stack:
    """Return the stack with its role and an instance that has it."""
    stack = stack.knows(role.create(stack))
    return stack.knows(instance.create(stack))


@pytest.fixture
def standing(grouped: Stack, with_role: Stack) -> Stack:
    """Return a stack with all that an instance needs, which wants a role."""
    return replace(grouped, wanted=with_role.wanted, clock=with_role.clock)


def test_the_instance_is_launched_with_the_role_once_ec2_knows_it(
    standing: Stack, cloud: StrictCloud
) -> None:
    cloud.profiles.unknown = 3
    stack = launched(standing)
    there = instance.find(stack)
    assert there
    assert there.missing == ()
    assert there.profile == stack.need(Role).profile
    assert len(cloud.holdings()["instances"]) == 1


def test_a_profile_that_was_made_anew_is_given_to_the_instance_again(
    standing: Stack, cloud: StrictCloud
) -> None:
    stack = launched(standing)
    delete_profile(cloud.client("iam"))
    stack = stack.knows(mended(stack))
    there = instance.find(stack)
    assert there
    assert there.missing == ("its role",)
    instance.create(stack.knows(there))
    again = instance.find(stack)
    assert again
    assert again.missing == ()


def test_a_role_that_somebody_took_off_the_instance_is_given_to_it_again(
    standing: Stack, cloud: StrictCloud
) -> None:
    stack, ec2 = launched(standing), cloud.client("ec2")
    [held] = ec2.describe_iam_instance_profile_associations()["IamInstanceProfileAssociations"]
    ec2.disassociate_iam_instance_profile(AssociationId=held["AssociationId"])
    there = instance.find(stack)
    assert there
    assert there.missing == ("its role",)
    instance.create(stack.knows(there))
    again = instance.find(stack)
    assert again
    assert again.profile == stack.need(Role).profile
