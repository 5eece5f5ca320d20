"""Where AWS is, in the words of its own environment variables."""

from __future__ import annotations

import boto3
import pytest

from mlflow_ops.aws import Aws

ELSEWHERE, COMMON = "http://127.0.0.1:8", "http://127.0.0.1:9"


# https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
@pytest.mark.parametrize(
    ("client", "service"),
    [
        ("ec2", "EC2"),
        ("iam", "IAM"),
        ("instance_connect", "EC2_INSTANCE_CONNECT"),
        ("tagging", "RESOURCE_GROUPS_TAGGING_API"),
    ],
)
def test_a_service_is_where_the_variable_that_aws_names_after_it_says(
    monkeypatch: pytest.MonkeyPatch, client: str, service: str
) -> None:
    monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", ELSEWHERE)
    aws = Aws(boto3.Session("testing", "testing"), "us-east-1", COMMON)
    assert getattr(aws, client).meta.endpoint_url == ELSEWHERE
    assert aws.s3.meta.endpoint_url == COMMON
