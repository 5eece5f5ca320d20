"""The metadata service of the sandbox's host: keys of its role, by version 2 alone."""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import boto3
import pytest

from mlflow_ops import policies, sandbox
from mlflow_ops.sandbox.metadata import CONTAINER, KEYS, LIFETIME_HEADER, TOKEN, TOKEN_HEADER
from sandbox.cloud import IMAGE, Cloud, make_pem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME = "mlflow-ops-mlflow-us-east-1"
ROLE_KEYS = f"{KEYS}{NAME}"
ASK_BOTO3 = (
    "import boto3; s3 = boto3.client('s3', region_name='us-east-1', endpoint_url='{endpoint}'); "
    "found = boto3.Session().get_credentials(); print(found.method, len(s3.list_buckets()))"
)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """Start a sandbox with an instance that has a role."""
    folder: Path = tmp_path_factory.mktemp("role")
    made = Cloud(sandbox.start(folder), make_pem())
    iam = made.client("iam")
    trust = json.dumps(policies.trust_policy())
    iam.create_role(RoleName=NAME, Path="/mlflow-ops/", AssumeRolePolicyDocument=trust)
    iam.create_instance_profile(InstanceProfileName=NAME, Path="/mlflow-ops/")
    iam.add_role_to_instance_profile(InstanceProfileName=NAME, RoleName=NAME)
    material = f"ssh-ed25519 {made.key.get_base64()}".encode()
    made.ec2.import_key_pair(KeyName="own", PublicKeyMaterial=material)
    profile = {"Name": NAME}
    how = {"ImageId": IMAGE, "KeyName": "own", "MinCount": 1, "MaxCount": 1}
    made.ec2.run_instances(**how, IamInstanceProfile=profile)  # type: ignore[arg-type]  # a dict of several types
    yield made
    sandbox.stop(folder)


def ask(
    cloud: Cloud, path: str, method: str = "GET", base: str = "", **headers: str
) -> tuple[int, str]:
    """Ask the service; return the status and what it says."""
    place = urlsplit(base or cloud.sandbox.metadata)
    line = http.client.HTTPConnection(place.netloc, timeout=60)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    line.request(method, f"{place.path}/{path}", headers=named)
    answer = line.getresponse()
    said = answer.read().decode()
    line.close()
    return answer.status, said


def with_token(cloud: Cloud, path: str) -> tuple[int, str]:
    """Ask as version 2 asks."""
    lifetime = {LIFETIME_HEADER.replace("-", "_"): "60"}
    status, token = ask(cloud, TOKEN, "PUT", **lifetime)
    assert status == 200
    return ask(cloud, path, **{TOKEN_HEADER.replace("-", "_"): token})


def test_whoever_runs_on_the_host_gets_the_keys_of_its_role(cloud: Cloud) -> None:
    assert with_token(cloud, KEYS) == (200, NAME)
    status, said = with_token(cloud, ROLE_KEYS)
    keys = json.loads(said)
    assert (status, keys["Code"]) == (200, "Success")
    assert json.loads(with_token(cloud, ROLE_KEYS)[1]) == keys, "the same while they last"
    sts = boto3.client(
        "sts",
        region_name="us-east-1",
        endpoint_url=cloud.sandbox.endpoint,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["Token"],
    )
    assert f"assumed-role/{NAME}/i-" in sts.get_caller_identity()["Arn"]


def test_boto3_on_the_host_finds_them_by_itself(cloud: Cloud) -> None:
    (cloud.home / "ask.py").write_text(ASK_BOTO3.format(endpoint=cloud.sandbox.endpoint))
    status, out, errors = cloud.run("mlflow/.venv/bin/python ask.py")
    assert (status, out.split()[0]) == (0, "iam-role"), errors


def test_version_1_is_refused(cloud: Cloud) -> None:
    assert ask(cloud, KEYS)[0] == 401
    assert ask(cloud, ROLE_KEYS)[0] == 401
    assert ask(cloud, ROLE_KEYS, X_aws_ec2_metadata_token="guessed")[0] == 401


@pytest.mark.parametrize("lifetime", ["", "0", "21601", "-5", "²", "9" * 30, "1e3"])
def test_a_token_lasts_from_a_second_to_six_hours(cloud: Cloud, lifetime: str) -> None:
    given = {LIFETIME_HEADER.replace("-", "_"): lifetime.encode().decode("latin-1")}
    assert ask(cloud, TOKEN, "PUT", **given)[0] == 400


def test_nobody_gets_keys_without_the_secret_path(cloud: Cloud) -> None:
    for secret in ("", "x" * 64):
        base = cloud.sandbox.metadata.replace(cloud.sandbox.metadata_secret, secret)
        lifetime = {LIFETIME_HEADER.replace("-", "_"): "60"}
        assert ask(cloud, TOKEN, "PUT", base=base, **lifetime)[0] == 403
        assert ask(cloud, ROLE_KEYS, base=base)[0] == 403


def test_what_comes_through_a_proxy_on_the_host_is_refused(cloud: Cloud) -> None:
    lifetime = {LIFETIME_HEADER.replace("-", "_"): "60", "X_Forwarded_For": "192.0.2.1"}
    assert ask(cloud, TOKEN, "PUT", **lifetime)[0] == 403


def test_other_paths_and_methods_are_not_there(cloud: Cloud) -> None:
    assert with_token(cloud, f"{KEYS}other")[0] == 404
    assert with_token(cloud, "latest/user-data")[0] == 404
    assert ask(cloud, TOKEN)[0] == 405
    assert ask(cloud, KEYS, "POST")[0] == 405


def test_without_a_role_there_are_no_keys(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.remove_role_from_instance_profile(InstanceProfileName=NAME, RoleName=NAME)
    try:
        assert with_token(cloud, KEYS)[0] == 404
        assert with_token(cloud, ROLE_KEYS)[0] == 404
    finally:
        iam.add_role_to_instance_profile(InstanceProfileName=NAME, RoleName=NAME)


def test_litestream_writes_with_the_hosts_role_although_its_sdk_loses_part_of_the_address(
    cloud: Cloud,
) -> None:
    cloud.client("s3", "us-east-1").create_bucket(Bucket="of-the-role")
    fill = "import sqlite3; sqlite3.connect('a.db').execute('CREATE TABLE t (i)')"
    cloud.run(f'mlflow/.venv/bin/python -c "{fill}"')
    where = f"endpoint={cloud.sandbox.endpoint}&force-path-style=true&region=us-east-1"
    program = "AWS_REGION=us-east-1 mlflow/tools/bin/litestream"
    status, *said = cloud.run(f"{program} replicate -once a.db 's3://of-the-role/a?{where}'")
    assert status == 0, said
    assert cloud.client("s3", "us-east-1").list_objects_v2(Bucket="of-the-role")["KeyCount"]


def test_keys_as_a_containers_are_given_by_the_secret_path_alone(cloud: Cloud) -> None:
    assert json.loads(ask(cloud, CONTAINER)[1]) == json.loads(with_token(cloud, ROLE_KEYS)[1])
    other = cloud.sandbox.metadata[:-1] + ("0" if cloud.sandbox.metadata[-1] != "0" else "1")
    assert ask(cloud, CONTAINER, base=other)[0] == 403
