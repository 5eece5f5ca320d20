"""What the user reads when AWS says no: what, where, and what to do next."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import botocore.exceptions as sdk
import pytest
from botocore.stub import Stubber

from mlflow_ops import aws
from mlflow_ops.refusals import STATES, denials, explain, limits

if TYPE_CHECKING:
    from collections.abc import Mapping

WHO = "arn:aws:iam::123456789012:user/ann"
ENCODED = (
    "Encoded authorization failure message: VbdJrM7j1Czq6HEj1lZpnU-AWGICaaPZQs1K_-9U3hQcFpXimBHYHw"
)
RAISE = "aws service-quotas request-service-quota-increase --service-code"


def error(
    code: str,
    said: str = "",
    call: str = "RunInstances",
    service: str = "ec2",
    **met: object,
) -> sdk.ClientError:
    """Return an error as a client of ours in eu-west-1 raises it."""
    here = {"Region": "eu-west-1", "Service": service, **met}
    response: Any = {"Error": {"Code": code, "Message": said}, "ResponseMetadata": here}
    return sdk.ClientError(response, call)


def denied(action: str, resource: str = "", why: str = "") -> str:
    """Return what AWS says with a denial."""
    on = f" on resource: {resource}" if resource else ""
    why = why or f"no identity-based policy allows the {action} action"
    return f"User: {WHO} is not authorized to perform: {action}{on} because {why}"


def test_a_denied_launch_names_the_action_the_resource_the_caller_and_the_cure() -> None:
    where = "arn:aws:ec2:eu-west-1:123456789012:instance/*"
    said = (
        f"You are not authorized to perform this operation. {denied('ec2:RunInstances', where)}. "
    )
    sentence = str(explain(error("UnauthorizedOperation", said + ENCODED)))
    assert sentence == (
        f"AWS does not allow {WHO} to call ec2:RunInstances on {where}, because no identity-based "
        "policy allows the ec2:RunInstances action: `mlflow-ops policy up` prints the IAM policy "
        "that whoever runs the account can give."
    )


def test_ec2s_encoded_message_is_never_printed() -> None:
    old = f"You are not authorized to perform this operation. {ENCODED}"
    sentence = str(explain(error("UnauthorizedOperation", old)))
    assert "VbdJ" not in sentence
    assert "ec2:RunInstances" in sentence


@pytest.mark.parametrize("code", sorted(denials.DENIED))
def test_every_way_of_saying_no_leads_to_the_policy(code: str) -> None:
    said = denied("iam:CreateUser", f'"{WHO}"')
    sentence = str(explain(error(code, said, "CreateUser", "iam")))
    assert f"to call iam:CreateUser on {WHO}, because" in sentence
    assert "`mlflow-ops policy up`" in sentence


@pytest.mark.parametrize(
    ("call", "action", "cure"),
    [
        ("HeadBucket", "s3:ListBucket", "`mlflow-ops policy`"),
        ("HeadObject", "s3:GetObject", "`mlflow-ops policy`"),
        ("UploadPart", "s3:PutObject", "`mlflow-ops policy import`"),
        ("GetBucketEncryption", "s3:GetEncryptionConfiguration", "`mlflow-ops policy up`"),
        ("DeleteBucket", "s3:DeleteBucket", "`mlflow-ops policy down`"),
        ("PutBucketPolicy", "s3:PutBucketPolicy", "`mlflow-ops policy up`"),
    ],
)
def test_a_bare_403_of_s3_still_names_the_action(call: str, action: str, cure: str) -> None:
    sentence = str(explain(error("403", "Forbidden", call, "s3")))
    assert f"these credentials to call {action} (403)" in sentence
    assert cure in sentence


def test_an_explicit_deny_is_not_cured_by_a_policy() -> None:
    said = denied("ec2:RunInstances", why="with an explicit deny in a service control policy")
    sentence = str(explain(error("UnauthorizedOperation", said)))
    assert "whoever wrote that rule can lift it" in sentence
    assert "mlflow-ops policy" not in sentence


def test_the_vcpu_quota_is_named_with_the_command_that_raises_it() -> None:
    said = (
        "You have requested more vCPU capacity than your current vCPU limit of 16 allows for the "
        "instance bucket that the specified instance type belongs to."
    )
    sentence = str(explain(error("VcpuLimitExceeded", said)))
    assert "'Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances'" in sentence
    assert "(L-1216C47A) in eu-west-1" in sentence
    assert (
        f"`{RAISE} ec2 --quota-code L-1216C47A --desired-value 18 --region eu-west-1`" in sentence
    )


@pytest.mark.parametrize("code", sorted(limits.QUOTAS))
def test_every_quota_is_named_with_its_code_and_cure(code: str) -> None:
    quota = limits.QUOTAS[code]
    sentence = str(explain(error(code, "The maximum has been reached.")))
    region = "us-east-1" if quota.everywhere else "eu-west-1"
    assert f"{quota.name!r} ({quota.code})" in sentence
    assert f"{RAISE} {quota.service} --quota-code {quota.code} --desired-value " in sentence
    assert sentence.endswith(f" --region {region}`.")
    more = int(sentence.partition("--desired-value ")[2].split()[0])
    assert more > quota.usual


@pytest.mark.parametrize(
    ("said", "cure"),
    [
        ("Cannot exceed quota for AccessKeysPerUser: 2", "aws iam list-access-keys"),
        ("Cannot exceed quota for UsersPerAccount: 5000", "aws iam list-users"),
        ("Cannot exceed quota for PoliciesPerUser: 10", "reference_iam-quotas"),
    ],
)
def test_iams_limits_say_how_many_and_what_to_delete(said: str, cure: str) -> None:
    sentence = str(explain(error("LimitExceeded", said, "CreateUser", "iam")))
    assert said in sentence
    assert cure in sentence


def test_too_many_key_pairs_are_listed_in_their_region() -> None:
    sentence = str(explain(error("KeyPairLimitExceeded", "No more.", "ImportKeyPair")))
    assert "`aws ec2 describe-key-pairs --region eu-west-1`" in sentence


def test_the_free_plans_refusal_names_the_question_that_lists_what_it_has() -> None:
    said = "The specified instance type is not eligible for Free Tier. For a list of ..."
    sentence = str(explain(error("InvalidParameterCombination", said)))
    assert "free plan has no such instance type in eu-west-1" in sentence
    assert "Name=free-tier-eligible,Values=true" in sentence
    assert "--region eu-west-1`" in sentence


@pytest.mark.parametrize("code", sorted(set(STATES) - {"Free Tier"}))
def test_every_state_of_the_account_has_a_sentence_with_what_to_do(code: str) -> None:
    sentence = str(explain(error(code, "Said.")))
    assert "in eu-west-1" in sentence
    assert any(cure in sentence for cure in ("again", "https://", "choose another"))
    assert "{" not in sentence


@pytest.mark.parametrize(
    ("code", "region", "cure"),
    [
        (
            "InvalidClientTokenId",
            "af-south-1",
            "aws account enable-region --region-name af-south-1",
        ),
        ("AuthFailure", "ap-southeast-3", "enable-region --region-name ap-southeast-3"),
        ("InvalidClientTokenId", "eu-west-1", "`aws sts get-caller-identity`"),
        ("InvalidAccessKeyId", "us-west-2", "`aws sts get-caller-identity`"),
        ("ExpiredToken", "af-south-1", "aws sso login"),
        ("RequestExpired", "us-west-2", "aws sso login"),
    ],
)
def test_credentials_that_are_not_taken_have_a_cure(code: str, region: str, cure: str) -> None:
    assert cure in str(explain(error(code, "No.", Region=region)))


@pytest.mark.parametrize("code", ["RequestTimeTooSkewed", "AuthFailure", "RequestExpired"])
@pytest.mark.parametrize(("minutes", "way"), [(-12, "ahead of"), (12, "behind")])
def test_a_wrong_clock_is_seen_by_the_time_that_aws_tells(
    code: str, minutes: int, way: str
) -> None:
    theirs = datetime.now(timezone.utc) + timedelta(minutes=minutes)
    headers: Mapping[str, str] = {"date": format_datetime(theirs)}
    sentence = str(explain(error(code, "No.", HTTPHeaders=headers)))
    assert f"clock is 12 minutes {way} AWS's" in sentence


def test_a_throttle_that_stays_says_how_often_it_was_tried() -> None:
    sentence = str(explain(error("RequestLimitExceeded", "Slow.", RetryAttempts=7)))
    assert "still refused RunInstances at try 8" in sentence
    assert "wait a minute" in sentence


def test_errors_of_our_clients_know_their_region_and_service() -> None:
    import boto3  # noqa: PLC0415 - only this test makes clients

    clients = aws.Aws(boto3.Session("testing", "testing"), "eu-north-1", "http://127.0.0.1:9")
    with Stubber(clients.s3) as stubber:
        stubber.add_client_error("get_bucket_encryption", "AccessDenied", "Access Denied")
        with pytest.raises(sdk.ClientError) as raised:
            clients.s3.get_bucket_encryption(Bucket="any")
    assert "s3:GetEncryptionConfiguration" in str(explain(raised.value))
    with Stubber(clients.ec2) as stubber:
        stubber.add_client_error("run_instances", "VcpuLimitExceeded", "limit of 1")
        with pytest.raises(sdk.ClientError) as raised:
            clients.ec2.run_instances(MinCount=1, MaxCount=1)
    assert "--region eu-north-1`" in str(explain(raised.value))
