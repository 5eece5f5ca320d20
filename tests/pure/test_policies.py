"""The IAM documents, by equality."""

from __future__ import annotations

import pytest

from mlflow_ops import policies

ARN = "arn:aws:s3:::b"
TLS_ONLY = {
    "Sid": "MlflowOpsTlsOnly",
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": [ARN, f"{ARN}/*"],
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}
THEIRS = {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteBucket", "Resource": ARN}
OLD = {**TLS_ONLY, "Effect": "Allow"}


def test_the_server_may_do_what_it_does_on_its_own_bucket_alone() -> None:
    assert policies.server_policy("b") == {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": "arn:aws:s3:::b"},
            {
                "Effect": "Allow",
                "Action": [
                    "s3:AbortMultipartUpload",
                    "s3:DeleteObject",
                    "s3:GetObject",
                    "s3:PutObject",
                ],
                "Resource": "arn:aws:s3:::b/*",
            },
        ],
    }


@pytest.mark.parametrize(
    ("partition", "service"),
    [
        ("aws", "ec2.amazonaws.com"),
        ("aws-us-gov", "ec2.amazonaws.com"),
        ("aws-cn", "ec2.amazonaws.com.cn"),
    ],
)
def test_only_ec2_may_take_the_role(partition: str, service: str) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
    }
    made = policies.trust_policy(partition)
    assert made == {"Version": "2012-10-17", "Statement": [statement]}


@pytest.mark.parametrize(
    ("held", "asked", "wanted"),
    [
        ({}, "TLS only", [TLS_ONLY]),
        ({}, "open", None),
        ({"Statement": [TLS_ONLY]}, "TLS only", [TLS_ONLY]),
        ({"Statement": [TLS_ONLY]}, "open", None),
        ({"Statement": [OLD]}, "TLS only", [TLS_ONLY]),
        ({"Statement": [THEIRS]}, "TLS only", [THEIRS, TLS_ONLY]),
        ({"Statement": THEIRS}, "TLS only", [THEIRS, TLS_ONLY]),
        ({"Statement": [THEIRS]}, "open", [THEIRS]),
        ({"Statement": [TLS_ONLY, THEIRS]}, "open", [THEIRS]),
    ],
)
def test_of_the_buckets_policy_one_statement_is_ours(
    held: dict[str, object], asked: str, wanted: list[object] | None
) -> None:
    made = policies.bucket_policy("b", "aws", held, tls_only=asked == "TLS only")
    assert made == ({"Version": "2012-10-17", "Statement": wanted} if wanted else {})


def test_what_else_the_users_policy_says_stays() -> None:
    held = {"Version": "2008-10-17", "Id": "mine", "Statement": [THEIRS]}
    made = policies.bucket_policy("b", "aws", held, tls_only=True)
    assert made == {**held, "Statement": [THEIRS, TLS_ONLY]}
