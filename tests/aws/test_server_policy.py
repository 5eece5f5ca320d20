"""What the server's keys can do: its work on its own bucket, and nothing else that is tried.

moto enforces IAM here: it checks each request's signature and what the key's policies allow.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError
from cloud import account
from cloud.needs_ec2 import Need
from cloud.permissions import Permissions
from moto.core.authorization import enable_iam_authentication

from mlflow_ops import key_file, policies
from mlflow_ops.steps import access_key, bucket, iam_user, role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aws.conftest import StackOf
    from cloud.server import StrictCloud

    from mlflow_ops.stack import Stack

BUCKET, OTHER = "mlflow-ops-mlflow-123456789012-us-east-1-an", "somebodys"
BASE = "mlflow-ops-mlflow-us-east-1"
MEGABYTE = 1024 * 1024
REFUSED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403"}


def keys_of_user(stack: Stack, cloud: StrictCloud) -> dict[str, str]:
    """Return the access key that the product makes for the server."""
    stack = stack.knows(iam_user.create(stack))
    access_key.create(stack)
    found = key_file.read(stack.folder.access_key)
    assert found
    cloud.keys.unknown = 0
    return {"aws_access_key_id": found[0], "aws_secret_access_key": found[1]}


def keys_of_role(stack: Stack, cloud: StrictCloud) -> dict[str, str]:
    """Return the keys that an instance gets for the role that the product makes."""
    role.create(stack)
    arn = cloud.client("iam").get_role(RoleName=BASE)["Role"]["Arn"]
    taken = cloud.client("sts").assume_role(RoleArn=arn, RoleSessionName="i-1")["Credentials"]
    cloud.keys.unknown = 0
    return {
        "aws_access_key_id": taken["AccessKeyId"],
        "aws_secret_access_key": taken["SecretAccessKey"],
        "aws_session_token": taken["SessionToken"],
    }


@pytest.fixture(params=[keys_of_user, keys_of_role], ids=["key", "role"])
def keys(
    request: pytest.FixtureRequest, stack_of: StackOf, cloud: StrictCloud
) -> Iterator[dict[str, str]]:
    """Return the server's keys, in an account with its bucket and another, enforced."""
    stack = stack_of()
    bucket.create(stack)
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=OTHER)
    for name in (BUCKET, OTHER):
        s3.put_object(Bucket=name, Key="there", Body=b"1")
    found = request.param(stack, cloud)
    with enable_iam_authentication():
        yield found


@pytest.fixture
def client(keys: dict[str, str], cloud: StrictCloud) -> Callable[[str], Any]:
    """Make the clients that somebody with the server's keys can make."""

    def make(service: Any) -> Any:  # noqa: ANN401 - any service
        return boto3.client(service, "us-east-1", endpoint_url=cloud.endpoint, **keys)  # type: ignore[call-overload]  # keys are of several names

    return make


def test_mlflow_itself_can_store_list_read_and_delete_artifacts(
    keys: dict[str, str], cloud: StrictCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ENDPOINT_URL", "MLFLOW_S3_ENDPOINT_URL"):
        monkeypatch.setenv(name, cloud.endpoint)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE", "path")
    from mlflow.store.artifact import s3_artifact_repo  # noqa: PLC0415 - takes seconds to load

    given = {name.removeprefix("aws_"): value for name, value in keys.items()}
    repo: Any = s3_artifact_repo.S3ArtifactRepository(f"s3://{BUCKET}/1/run/artifacts", **given)
    (tmp_path / "small").write_bytes(b"1")
    (tmp_path / "large").write_bytes(bytes(9 * MEGABYTE))  # more than boto3 sends in one piece
    for name in ("small", "large"):
        repo.log_artifact(str(tmp_path / name), "model")
    assert {each.path for each in repo.list_artifacts("model")} == {"model/large", "model/small"}
    got = repo.download_artifacts("model/large", str(tmp_path))
    assert Path(got).stat().st_size == 9 * MEGABYTE
    upload = repo.create_multipart_upload("large", num_parts=1, artifact_path="model")
    repo.abort_multipart_upload("large", upload.upload_id, "model")
    for each in repo.list_artifacts("model"):  # moto holds DeleteObjects against the bucket's ARN
        repo._get_s3_client().delete_object(Bucket=BUCKET, Key=f"1/run/artifacts/{each.path}")  # noqa: SLF001 - its own client
    assert repo.list_artifacts("model") == []


OBJECT = {"Bucket": BUCKET, "Key": "there"}
OWN: dict[str, Any] = {"Bucket": BUCKET}
OPEN: Any = {"BlockPublicAcls": False}
TRIED: list[tuple[str, str, dict[str, Any]]] = [
    ("s3", "list_buckets", {}),
    ("s3", "create_bucket", {"Bucket": "new"}),
    ("s3", "list_objects_v2", {"Bucket": OTHER}),
    ("s3", "head_bucket", {"Bucket": OTHER}),
    ("s3", "get_object", {"Bucket": OTHER, "Key": "there"}),
    ("s3", "put_object", {"Bucket": OTHER, "Key": "new", "Body": b"1"}),
    ("s3", "delete_object", {"Bucket": OTHER, "Key": "there"}),
    ("s3", "delete_bucket", OWN),
    ("s3", "get_bucket_policy", OWN),
    ("s3", "put_bucket_policy", {**OWN, "Policy": "{}"}),
    ("s3", "delete_bucket_policy", OWN),
    ("s3", "put_bucket_acl", {**OWN, "ACL": "public-read"}),
    ("s3", "put_public_access_block", {**OWN, "PublicAccessBlockConfiguration": OPEN}),
    ("s3", "delete_public_access_block", OWN),
    ("s3", "delete_bucket_encryption", OWN),
    ("s3", "delete_bucket_tagging", OWN),
    ("s3", "delete_bucket_ownership_controls", OWN),
    ("s3", "put_bucket_versioning", {**OWN, "VersioningConfiguration": {"Status": "Suspended"}}),
    ("s3", "list_object_versions", OWN),
    ("s3", "put_object_acl", {**OBJECT, "ACL": "public-read"}),
    ("s3", "get_object_acl", OBJECT),
    ("iam", "list_users", {}),
    ("iam", "create_user", {"UserName": "new"}),
    ("iam", "create_access_key", {"UserName": BASE}),
    ("iam", "list_access_keys", {"UserName": BASE}),
    ("iam", "put_user_policy", {"UserName": BASE, "PolicyName": "p", "PolicyDocument": "{}"}),
    ("iam", "put_role_policy", {"RoleName": BASE, "PolicyName": "p", "PolicyDocument": "{}"}),
    ("iam", "list_roles", {}),
    ("ec2", "describe_instances", {}),
    ("ec2", "run_instances", {"ImageId": account.IMAGE, "MinCount": 1, "MaxCount": 1}),
    ("ec2", "describe_key_pairs", {}),
    (
        "sts",
        "assume_role",
        {"RoleArn": f"arn:aws:iam::123456789012:role/{BASE}", "RoleSessionName": "somebody"},
    ),
    ("ssm", "describe_parameters", {}),
]


def test_nothing_else_is_allowed(client: Callable[[str], Any]) -> None:
    got_through = []
    for service, operation, parameters in TRIED:
        try:
            getattr(client(service), operation)(**parameters)
            got_through.append((service, operation))
        except ClientError as error:
            if error.response["Error"]["Code"] not in REFUSED:
                got_through.append((service, f"{operation}: {error}"))
    assert got_through == []


@pytest.mark.parametrize(
    "need",
    [
        Need("s3:DeleteObjectVersion", f"arn:aws:s3:::{BUCKET}/there"),
        Need("s3:GetObjectVersion", f"arn:aws:s3:::{BUCKET}/there"),
        Need("s3:PutObjectTagging", f"arn:aws:s3:::{BUCKET}/there"),
        Need("s3:BypassGovernanceRetention", f"arn:aws:s3:::{BUCKET}/there"),
        Need("s3:ListBucketVersions", f"arn:aws:s3:::{BUCKET}"),
        Need("s3:GetObject", f"arn:aws:s3:::{BUCKET}-2/there"),
        Need("s3:ListBucket", f"arn:aws:s3:::{BUCKET}-2"),
        Need("iam:PassRole", f"arn:aws:iam::123456789012:role/mlflow-ops/{BASE}"),
        Need("sts:AssumeRole", f"arn:aws:iam::123456789012:role/mlflow-ops/{BASE}"),
    ],
    ids=lambda need: need.action,
)
def test_nor_is_what_moto_does_not_tell_apart(need: Need) -> None:
    document = policies.server_policy(BUCKET)
    named = [{**each, "Sid": "S"} for each in document["Statement"]]
    allowed = Permissions({**document, "Statement": named})
    assert not allowed.allows(need)
    assert allowed.allows(Need("s3:GetObject", f"arn:aws:s3:::{BUCKET}/there"))
