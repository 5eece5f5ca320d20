"""Keys take a moment to be known, and users go last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from .asking import refused, said

if TYPE_CHECKING:
    from cloud.server import StrictCloud

    from .asking import Client

CALLS = {
    "sts": ("get_caller_identity", "InvalidClientTokenId"),
    "iam": ("list_users", "InvalidClientTokenId"),
    "ec2": ("describe_vpcs", "AuthFailure"),
    "s3": ("list_buckets", "InvalidAccessKeyId"),
    "ssm": ("describe_parameters", "UnrecognizedClientException"),
}


def new_key(cloud: StrictCloud) -> tuple[str, str]:
    iam = cloud.client("iam")
    iam.create_user(UserName="u")
    made = iam.create_access_key(UserName="u")["AccessKey"]
    return made["AccessKeyId"], made["SecretAccessKey"]


@pytest.mark.parametrize("service", CALLS)
def test_a_new_key_is_unknown_at_first_in_the_service_s_own_words(
    cloud: StrictCloud, ours: Client, service: str
) -> None:
    cloud.keys.unknown = 2
    operation, code = CALLS[service]
    do = getattr(ours(service, key=new_key(cloud)), operation)
    assert [refused(do), refused(do)] == [code, code]
    do()


def test_a_deleted_key_and_one_that_never_was_are_refused(cloud: StrictCloud, ours: Client) -> None:
    cloud.keys.unknown = 0
    key = new_key(cloud)
    ours("sts", key=key).get_caller_identity()
    cloud.client("iam").delete_access_key(UserName="u", AccessKeyId=key[0])
    code = "InvalidClientTokenId"
    assert refused(ours("sts", key=key).get_caller_identity) == code
    assert refused(ours("sts", key=("AKIANEVERWAS", "x")).get_caller_identity) == code


POLICY = """{"Version": "2012-10-17", "Statement": {
    "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}"""
HELD: dict[str, dict[str, Any]] = {
    "access keys": {"create_access_key": {}},
    "policies": {"put_user_policy": {"PolicyName": "p", "PolicyDocument": POLICY}},
    "login profile": {"create_login_profile": {"Password": "correct horse battery"}},
    "users from group": {
        "create_group": {"GroupName": "g", "UserName": None},
        "add_user_to_group": {"GroupName": "g"},
    },
    "SSH public keys": {"upload_ssh_public_key": {"SSHPublicKeyBody": "ssh-rsa AAAA"}},
}


@pytest.mark.parametrize("thing", HELD)
def test_a_user_with_anything_left_cannot_be_deleted(
    cloud: StrictCloud, ours: Client, thing: str
) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="u")
    for operation, given in HELD[thing].items():
        parameters = {"UserName": "u"} | given
        getattr(iam, operation)(**{k: v for k, v in parameters.items() if v is not None})
    told = said(ours("iam").delete_user, UserName="u")
    assert "(DeleteConflict)" in told
    assert thing in told
    assert cloud.holdings()["users"] == ["u"]


def test_a_user_with_nothing_left_goes(cloud: StrictCloud, ours: Client) -> None:
    cloud.client("iam").create_user(UserName="u")
    ours("iam").delete_user(UserName="u")
    assert cloud.holdings()["users"] == []
