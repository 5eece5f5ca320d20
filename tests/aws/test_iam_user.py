"""The IAM user step."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from mlflow_ops import policies
from mlflow_ops.errors import NotOurs
from mlflow_ops.records import IamUser
from mlflow_ops.steps import iam_user

if TYPE_CHECKING:
    from botocore.model import OperationModel
    from cloud.server import StrictCloud

    from mlflow_ops.stack import Stack


def test_the_user_has_tags_a_path_and_the_buckets_policy_alone(
    stack: Stack, cloud: StrictCloud
) -> None:
    iam_user.create(stack)
    iam, name = cloud.client("iam"), stack.names.base
    user = iam.get_user(UserName=name)["User"]
    document = iam.get_user_policy(UserName=name, PolicyName=policies.SERVER_POLICY)
    assert user["Path"] == "/mlflow-ops/"
    assert iam.list_user_tags(UserName=name)["Tags"] == stack.names.tags
    assert document["PolicyDocument"] == policies.server_policy(stack.names.bucket)
    assert iam.list_attached_user_policies(UserName=name)["AttachedPolicies"] == []


def test_a_user_without_its_policy_is_found_as_incomplete_and_repaired(stack: Stack) -> None:
    iam_user.create(stack)
    iam = stack.aws.iam
    iam.delete_user_policy(UserName=stack.names.base, PolicyName=policies.SERVER_POLICY)
    found = iam_user.find(stack)
    assert found
    assert found.missing == ("policy",)
    iam_user.create(stack.knows(found))
    again = iam_user.find(stack)
    assert again
    assert again.missing == ()


def test_a_user_of_our_name_without_our_tag_is_not_touched(
    stack: Stack, cloud: StrictCloud
) -> None:
    cloud.client("iam").create_user(UserName=stack.names.base)
    with pytest.raises(NotOurs, match=stack.names.base):
        iam_user.find(stack)
    with pytest.raises(NotOurs, match=stack.names.base):
        iam_user.create(stack)
    assert cloud.client("iam").list_user_policies(UserName=stack.names.base)["PolicyNames"] == []


def test_a_stack_of_the_same_name_in_another_region_is_not_ours(
    stack: Stack, cloud: StrictCloud
) -> None:
    tags = [{"Key": "mlflow-ops:stack", "Value": "mlflow"}]
    tags.append({"Key": "mlflow-ops:region", "Value": "eu-west-1"})
    cloud.client("iam").create_user(UserName=stack.names.base, Tags=tags)
    with pytest.raises(NotOurs):
        iam_user.find(stack)


def test_whatever_hangs_on_the_user_does_not_keep_it_from_going(
    stack: Stack, cloud: StrictCloud
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


Answer = tuple[SimpleNamespace, dict[str, Any]]


class AwsUser:
    """A user with one of everything, which AWS does not delete before all of it is off."""

    SERIAL = "arn:aws:iam::123456789012:mfa/phone"
    ON_IT: ClassVar[dict[str, tuple[str, Any]]] = {
        "DeleteAccessKey": ("ListAccessKeys", {"AccessKeyMetadata": [{"AccessKeyId": "A" * 16}]}),
        "DeleteUserPolicy": ("ListUserPolicies", {"PolicyNames": ["own"]}),
        "DetachUserPolicy": (
            "ListAttachedUserPolicies",
            {"AttachedPolicies": [{"PolicyArn": "arn:aws:iam::aws:policy/PowerUserAccess"}]},
        ),
        "RemoveUserFromGroup": ("ListGroupsForUser", {"Groups": [{"GroupName": "readers"}]}),
        "DeactivateMFADevice": ("ListMFADevices", {"MFADevices": [{"SerialNumber": SERIAL}]}),
        "DeleteSigningCertificate": (
            "ListSigningCertificates",
            {"Certificates": [{"CertificateId": "C" * 24}]},
        ),
        "DeleteSSHPublicKey": (
            "ListSSHPublicKeys",
            {"SSHPublicKeys": [{"SSHPublicKeyId": "S" * 20}]},
        ),
        "DeleteServiceSpecificCredential": (
            "ListServiceSpecificCredentials",
            {"ServiceSpecificCredentials": [{"ServiceSpecificCredentialId": "N" * 20}]},
        ),
        "DeleteLoginProfile": ("", {}),
        "DeleteUserPermissionsBoundary": ("", {}),
        "DeleteVirtualMFADevice": ("", {}),
    }

    def __init__(self, *also: str) -> None:
        usual = {"DeleteUserPolicy"}
        self.held = {name: self.ON_IT[name] for name in (*usual, *also)}
        self.there = True
        self.calls: list[str] = []

    def __call__(self, model: OperationModel, **_: object) -> Answer:
        """Answer in AWS's place."""
        self.calls.append(model.name)
        if model.name == "DeleteUser" and self.there:
            return self._refused("DeleteConflict") if self.held else self._deleted()
        if model.name in self.held:
            del self.held[model.name]
            return SimpleNamespace(status_code=200), {}
        if model.name.startswith("List") and self.there:
            held = dict(self.held.values())
            empty: dict[str, Any] = {
                part: [] for ask, was in self.ON_IT.values() if ask == model.name for part in was
            }
            return SimpleNamespace(status_code=200), deepcopy(held.get(model.name, empty))
        return self._refused("NoSuchEntity")

    def _deleted(self) -> Answer:
        self.there = False
        return SimpleNamespace(status_code=200), {}

    @staticmethod
    def _refused(code: str) -> Answer:
        return SimpleNamespace(status_code=409), {"Error": {"Code": code, "Message": "no"}}


def answering(stack: Stack, user: AwsUser) -> None:
    """Let the user answer every IAM call; botocore still checks the call against its model."""
    events: Any = stack.aws.iam.meta.events
    events.register("before-call.iam", user)


@pytest.mark.parametrize("part", [*AwsUser.ON_IT, "all of them", ""])
def test_no_kind_of_thing_on_the_user_keeps_it_from_going(stack: Stack, part: str) -> None:
    user = AwsUser(*(AwsUser.ON_IT if part == "all of them" else filter(None, [part])))
    if part == "DeleteVirtualMFADevice":
        user = AwsUser("DeactivateMFADevice", part)
    answering(stack, user)
    iam_user.destroy(stack, IamUser(stack.names.base))
    assert not user.there
    iam_user.destroy(stack, IamUser(stack.names.base))


def test_the_usual_user_goes_in_five_calls(stack: Stack) -> None:
    user = AwsUser()
    answering(stack, user)
    iam_user.destroy(stack, IamUser(stack.names.base))
    assert len(user.calls) == 5, user.calls


def test_without_a_wish_nothing_is_missing(stack: Stack) -> None:
    iam_user.create(stack)
    stack.aws.iam.delete_user_policy(UserName=stack.names.base, PolicyName=policies.SERVER_POLICY)
    found = iam_user.find(replace(stack, wanted=None))
    assert found
    assert found.missing == ()
