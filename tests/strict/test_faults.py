"""Calls of ours fail as AWS lets them fail: throttled, broken, unanswered, cut off, denied."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError, HTTPClientError
from cloud import faults

from .asking import TAGS, refused, said

if TYPE_CHECKING:
    from cloud.server import StrictCloud

    from .asking import Client

CALLS = {
    "ec2": "describe_vpcs",
    "iam": "list_users",
    "s3": "list_buckets",
    "sts": "get_caller_identity",
    "ssm": "describe_parameters",
}
THROTTLED = {
    "ec2": ("RequestLimitExceeded", 503),
    "iam": ("Throttling", 400),
    "s3": ("SlowDown", 503),
    "sts": ("Throttling", 400),
    "ssm": ("ThrottlingException", 400),
}
DENIED = {
    "ec2": "UnauthorizedOperation",
    "iam": "AccessDenied",
    "s3": "AccessDenied",
    "ssm": "AccessDeniedException",
}
EXPIRED = {
    "ec2": "RequestExpired",
    "iam": "ExpiredToken",
    "s3": "ExpiredToken",
    "sts": "ExpiredToken",
    "ssm": "ExpiredTokenException",
}


@pytest.mark.parametrize("service", THROTTLED)
def test_a_service_throttles_in_its_own_dialect_once(
    cloud: StrictCloud, ours: Client, service: str
) -> None:
    do = getattr(ours(service), CALLS[service])
    with cloud.also(faults.nth(2, faults.THROTTLE)) as _:
        do()
        with pytest.raises(ClientError) as caught:
            do()
        do()
    error = caught.value.response
    status = error["ResponseMetadata"]["HTTPStatusCode"]
    assert (error["Error"]["Code"], status) == THROTTLED[service]


@pytest.mark.parametrize("service", CALLS)
def test_a_service_breaks_with_a_500(cloud: StrictCloud, ours: Client, service: str) -> None:
    with cloud.also(faults.nth(1, faults.BROKEN)), pytest.raises(ClientError) as caught:
        getattr(ours(service), CALLS[service])()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500


@pytest.mark.parametrize(("kind", "made"), [(faults.LOST, ["u"]), (faults.RESET, [])])
def test_a_lost_answer_comes_after_the_deed_and_a_reset_before(
    cloud: StrictCloud, ours: Client, kind: str, made: list[str]
) -> None:
    with (
        cloud.also(faults.on("CreateUser", kind)),
        pytest.raises(HTTPClientError),
    ):
        ours("iam").create_user(UserName="u", Tags=TAGS)
    assert cloud.holdings()["users"] == made


def test_a_fault_meets_its_operation_as_often_as_told(cloud: StrictCloud, ours: Client) -> None:
    fault = faults.on("ListUsers", faults.THROTTLE, times=2)
    iam = ours("iam")
    with cloud.also(fault):
        iam.list_groups()
        assert [refused(iam.list_users) for _ in range(2)] == ["Throttling"] * 2
        iam.list_users()
    assert [call.operation for call in fault.met] == ["ListUsers"] * 2


def test_the_tests_own_calls_meet_no_fault(cloud: StrictCloud) -> None:
    with cloud.also(faults.nth(1, faults.RESET)), cloud.also(faults.expired(1)):
        cloud.client("iam").list_users()


@pytest.mark.parametrize("service", DENIED)
def test_a_denied_call_names_caller_and_action(
    cloud: StrictCloud, ours: Client, service: str
) -> None:
    name = "".join(word.capitalize() for word in CALLS[service].split("_"))
    with cloud.also(faults.denying(name)):
        told = said(getattr(ours(service), CALLS[service]))
    assert f"({DENIED[service]})" in told
    assert f"user/operator is not authorized to perform: {service}:{name}" in told


@pytest.mark.parametrize("service", EXPIRED)
def test_an_expired_session_stays_expired(cloud: StrictCloud, ours: Client, service: str) -> None:
    do = getattr(ours(service), CALLS[service])
    with cloud.also(faults.expired(2)):
        do()
        assert [refused(do), refused(do)] == [EXPIRED[service]] * 2


def test_any_other_code_can_be_had(cloud: StrictCloud, ours: Client) -> None:
    with cloud.also(faults.refusing("DescribeVpcs", "PendingVerification")):
        assert refused(ours("ec2").describe_vpcs) == "PendingVerification"
