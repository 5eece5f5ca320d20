"""A data set in a bucket is read by MLflow's own means, in the standard AWS environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
import pytest
from moto.server import ThreadedMotoServer

from trainer import data
from trainer.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(aws: str, csv: bytes, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "example")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    s3 = boto3.client("s3", endpoint_url=aws, region_name="us-east-1")
    s3.create_bucket(Bucket="cellar")
    s3.put_object(Bucket="cellar", Key="red/wine.csv", Body=csv)
    s3.close()
    return "s3://cellar"


@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL", "MLFLOW_S3_ENDPOINT_URL"])
def test_an_object_is_read_through_the_endpoint_of_the_environment(
    bucket: str, aws: str, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, aws)
    loaded = data.load(f"{bucket}/red/wine.csv")
    assert (len(loaded.frame), loaded.source) == (40, "s3://cellar/red/wine.csv")


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("/red/gone.csv", r"Unable to download the data from s3://cellar/red/gone.csv: .*404"),
        ("s/x.csv", r"Unable to download the data from s3://cellars/x.csv: "),
        ("/red", "is a folder in a bucket; name the file in it"),
        ("/red/", "is a folder in a bucket; name the file in it"),
        ("/", "is a folder in a bucket; name the file in it"),
        ("", "is a folder in a bucket; name the file in it"),
    ],
)
def test_what_is_no_object_is_said(
    bucket: str, aws: str, key: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_S3_ENDPOINT_URL", aws)
    with pytest.raises(DataError, match=sentence):
        data.load(bucket + key)


def test_an_endpoint_where_nobody_answers_is_said(
    bucket: str, closed_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_S3_ENDPOINT_URL", f"http://127.0.0.1:{closed_port}")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(DataError, match="Unable to download the data from s3://cellar/red/wine"):
        data.load(f"{bucket}/red/wine.csv")
