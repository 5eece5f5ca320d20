"""Exports and imports between buckets and files, byte for byte."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cloud.wire import Answer, Ask, Call, refusal

from mlflow_ops.backup import artifacts, exported, layout, putting, unpacking, uris
from mlflow_ops.backup.archive import Entry
from mlflow_ops.backup.exporting import Export
from mlflow_ops.backup.importing import Import
from mlflow_ops.backup.manifest import Counts, File, Manifest
from mlflow_ops.errors import BadOption, MlflowOpsError, NotReady
from mlflow_ops.records import Instance
from mlflow_ops.shape import Shape
from mlflow_ops.stack import Voice
from mlflow_ops.steps import bucket

if TYPE_CHECKING:
    from aws.conftest import StackOf
    from cloud.server import StrictCloud

    from mlflow_ops.backup import sources
    from mlflow_ops.stack import Stack

NOW = datetime(2026, 11, 23, 21, 42, tzinfo=timezone.utc)
FILES = {
    "artifacts/1/a/artifacts/model.pkl": b"\0\1" * 700_000,
    "artifacts/1/a/artifacts/\u00fc b+c%20.txt": b"hello",
    "artifacts/1/b/artifacts/empty": b"",
    **{f"artifacts/2/{n}/artifacts/x": str(n).encode() for n in range(6)},
}


@pytest.fixture
def full(stack: Stack, tmp_path: Path) -> Stack:
    """Return a stack whose bucket has artifacts and one named backup."""
    stack = replace(stack.knows(bucket.create(stack)), wanted=None)
    path = tmp_path / "source.db"
    with closing(sqlite3.connect(path)) as made, made:
        made.execute("PRAGMA journal_mode = WAL")
        made.execute("CREATE TABLE runs (artifact_uri TEXT)")
        direct = f"{uris.direct(stack.names.bucket)}1/a/artifacts"
        made.execute("INSERT INTO runs VALUES (?)", (direct,))
    back_up(stack, path.read_bytes())
    for key, body in FILES.items():
        put(stack, key, body)
    put(stack, "artifacts/1/", b"")  # a folder, as the console makes them
    return stack


def put(stack: Stack, key: str, body: bytes) -> None:
    stack.aws.s3.put_object(Bucket=stack.names.bucket, Key=key, Body=body)


def back_up(stack: Stack, database: bytes, name: str = "good") -> Manifest:
    known = {layout.MLFLOW_DB: File(hashlib.sha256(database).hexdigest(), len(database))}
    made = Manifest(name, "manual", NOW, "3.17.2", "abc", Counts(runs=1), 7, known)
    put(stack, f"{layout.NAMED}/{name}/{layout.MLFLOW_DB}.gz", gzip.compress(database))
    put(stack, f"{layout.NAMED}/{name}/{layout.MANIFEST}", json.dumps(made.document).encode())
    return made


def export(stack: Stack, path: Path) -> None:
    with exported.backup(stack, None) as manifest:
        Export(stack, manifest, path).write()


def held(stack: Stack, prefix: str) -> dict[str, bytes]:
    """Return the objects below a prefix."""
    s3, name = stack.aws.s3, stack.names.bucket
    listed = s3.list_objects_v2(Bucket=name, Prefix=prefix).get("Contents", [])
    return {o["Key"]: s3.get_object(Bucket=name, Key=o["Key"])["Body"].read() for o in listed}


def uris_in(database: Path) -> list[str]:
    with closing(sqlite3.connect(database)) as opened:
        return [row[0] for row in opened.execute("SELECT artifact_uri FROM runs")]


@pytest.mark.parametrize("end", ["folder", "one.tar.gz"])
@pytest.mark.parametrize("way", ["proxied", "direct"])
def test_what_one_bucket_holds_comes_into_another_byte_for_byte(
    full: Stack, stack_of: StackOf, tmp_path: Path, end: str, way: str
) -> None:
    export(full, tmp_path / end)
    if end == "folder":
        found = {
            f"artifacts/{p.relative_to(tmp_path / end / 'artifacts')}": p.read_bytes()
            for p in (tmp_path / end / "artifacts").rglob("*")
            if p.is_file()
        }
        assert found == FILES
        assert uris_in(tmp_path / end / "mlflow.db") == ["mlflow-artifacts:/1/a/artifacts"]
    other = stack_of("other")
    bucket.create(other)
    other = replace(other, wanted=None).knows(Instance("i-1", shape=Shape(artifacts=way)))
    source = unpacking.opened(tmp_path / end)
    (tmp_path / "passing").mkdir()
    sent = Import(other, source, source.checked(), tmp_path / "passing").send()
    assert held(other, "artifacts/") == FILES
    assert sent.manifest
    packed = held(other, f"backups/named/{sent.name}/")
    whole = gzip.decompress(packed[f"backups/named/{sent.name}/mlflow.db.gz"])
    assert hashlib.sha256(whole).hexdigest() == sent.manifest.files["mlflow.db"].sha256
    assert Manifest.of(packed[f"backups/named/{sent.name}/manifest.json"]) == sent.manifest
    (tmp_path / "there.db").write_bytes(whole)
    root = uris.PROXIED if way == "proxied" else uris.direct(other.names.bucket)
    assert uris_in(tmp_path / "there.db") == [f"{root}1/a/artifacts"]


def test_an_object_of_many_parts_comes_and_goes_whole(stack: Stack, tmp_path: Path) -> None:
    bucket.create(stack)
    s3, name = stack.aws.s3, stack.names.bucket
    path = tmp_path / "big"
    with path.open("wb") as file:
        file.truncate(artifacts.ONE_REQUEST + 1)
    entry = Entry(hashlib.sha256(path.read_bytes()).hexdigest(), artifacts.ONE_REQUEST + 1)
    putting.put(s3, name, "artifacts/big", path, entry)
    assert "-" in s3.head_object(Bucket=name, Key="artifacts/big")["ETag"]  # no MD5 of anything
    (tmp_path / "to").mkdir()
    objects = artifacts.listed(s3, name)
    [(key, _, got)] = artifacts.fetched(s3, name, objects, tmp_path / "to")
    assert (key, got) == ("artifacts/big", entry)


def test_s3_is_told_the_manifests_own_sha256_to_hold_each_file_against(
    stack: Stack, cloud: StrictCloud, tmp_path: Path
) -> None:
    bucket.create(stack)
    (tmp_path / "file").write_bytes(b"hello")
    entry = Entry(hashlib.sha256(b"another").hexdigest(), 5)
    told: list[str] = []

    def listens(call: Call, ask: Ask) -> Answer:
        told.extend(filter(None, [call.parameters.get("ChecksumSHA256")]))
        return ask()  # where S3 would answer BadDigest, moto does not

    with cloud.also(listens):
        putting.put(stack.aws.s3, stack.names.bucket, "artifacts/f", tmp_path / "file", entry)
    assert told == [base64.b64encode(bytes.fromhex(entry.sha256)).decode()]


def taken_in(stack: Stack, path: Path) -> sources.Source:
    """Import the export at this path."""
    source = unpacking.opened(path)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        return Import(stack, source, source.checked(), Path(folder)).send()


def test_an_import_never_writes_over_an_artifact_that_is_another(
    full: Stack, stack_of: StackOf, tmp_path: Path
) -> None:
    export(full, tmp_path / "folder")
    other = stack_of("other")
    bucket.create(other)
    mine = {
        "artifacts/1/a/artifacts/model.pkl": b"\1\0" * 700_000,  # as many bytes
        "artifacts/2/0/artifacts/x": b"longer",
    }
    for key, body in mine.items():
        put(other, key, body)
    with pytest.raises(MlflowOpsError, match=r"another artifacts/1/a.* and 1 more than") as error:
        taken_in(replace(other, wanted=None), tmp_path / "folder")
    assert "another --name" in str(error.value)
    assert held(other, "") == mine


@pytest.mark.parametrize("known", [True, False], ids=["by its hash", "by reading it"])
def test_what_is_there_byte_for_byte_is_not_sent_again(
    full: Stack,
    cloud: StrictCloud,
    tmp_path: Path,
    known: bool,  # noqa: FBT001 - pytest gives it by name
) -> None:
    export(full, tmp_path / "one.tar.gz")
    hashed: Any = {"ChecksumAlgorithm": "SHA256"} if known else {}
    for key, body in FILES.items():
        full.aws.s3.put_object(
            Bucket=full.names.bucket,
            Key=key,
            Body=body,
            **hashed,
        )
    calls: list[tuple[str, str]] = []

    def listens(call: Call, ask: Ask) -> Answer:
        calls.append((call.operation, call.parameters.get("Key", "")))
        return ask()

    with cloud.also(listens):
        sent = taken_in(full, tmp_path / "one.tar.gz")
    of_artifacts = [op for op, key in calls if key.startswith("artifacts/")]
    assert "PutObject" not in of_artifacts
    assert ("GetObject" in of_artifacts) is not known
    assert f"backups/named/{sent.name}/manifest.json" in held(full, "backups/")


@pytest.mark.parametrize("size", [5, artifacts.ONE_REQUEST + 1], ids=["one", "parts"])
def test_what_comes_in_between_is_not_written_over_either(
    stack: Stack, cloud: StrictCloud, tmp_path: Path, size: int
) -> None:
    bucket.create(stack)
    path = tmp_path / "file"
    with path.open("wb") as file:
        file.truncate(size)
    entry = Entry(hashlib.sha256(path.read_bytes()).hexdigest(), size)

    def as_s3(call: Call, ask: Ask) -> Answer:
        last = call.operation in {"PutObject", "CompleteMultipartUpload"}
        if last and call.parameters.get("IfNoneMatch") == "*":
            return refusal(call, "PreconditionFailed", "It is there.", 412)
        return ask()

    put(stack, "artifacts/x", b"theirs")
    with cloud.also(as_s3), pytest.raises(MlflowOpsError, match="has another artifacts/x than"):
        putting.put(stack.aws.s3, stack.names.bucket, "artifacts/x", path, entry)
    assert held(stack, "") == {"artifacts/x": b"theirs"}
    put(stack, "artifacts/x", path.read_bytes())
    with cloud.also(as_s3):  # the answer to the first try was lost
        putting.put(stack.aws.s3, stack.names.bucket, "artifacts/x", path, entry)


def test_a_connection_that_breaks_in_the_middle_is_begun_again(
    full: Stack, cloud: StrictCloud, tmp_path: Path
) -> None:
    broken: list[str] = []

    def breaks(call: Call, ask: Ask) -> Answer:
        answer = ask()
        key = call.parameters.get("Key", "")
        if call.operation == "GetObject" and key.endswith("model.pkl") and len(broken) < 2:
            broken.append(key)
            return replace(answer, body=answer.body[:1000])
        return answer

    with cloud.also(breaks):
        export(full, tmp_path / "folder")
    assert len(broken) == 2
    model = tmp_path / "folder" / "artifacts/1/a/artifacts/model.pkl"
    assert model.read_bytes() == FILES["artifacts/1/a/artifacts/model.pkl"]


def test_an_artifact_that_goes_meanwhile_is_left_out(
    full: Stack, cloud: StrictCloud, tmp_path: Path
) -> None:
    def gone(call: Call, ask: Ask) -> Answer:
        if call.parameters.get("Key", "").endswith("empty"):
            return refusal(call, "NoSuchKey", "It is gone.", 404)
        return ask()

    with cloud.also(gone):
        export(full, tmp_path / "folder")
    said = unpacking.opened(tmp_path / "folder").checked()
    assert FILES.keys() - said.artifacts.keys() == {"artifacts/1/b/artifacts/empty"}


@pytest.mark.parametrize("key", ["artifacts/../x", "artifacts//x", "artifacts/a/./b"])
def test_a_key_that_can_be_no_file_is_said_before_anything_is_written(
    full: Stack, tmp_path: Path, key: str
) -> None:
    put(full, key, b"x")
    with pytest.raises(MlflowOpsError, match="can be no file's name"):
        export(full, tmp_path / "folder")
    assert not (tmp_path / "folder").exists()


@pytest.mark.parametrize("harm", [b"not gzip", gzip.compress(b"another", mtime=0), b""])
def test_a_backup_that_is_damaged_in_the_bucket_is_not_exported(
    full: Stack, tmp_path: Path, harm: bytes
) -> None:
    put(full, f"{layout.NAMED}/good/{layout.MLFLOW_DB}.gz", harm)
    with pytest.raises(MlflowOpsError, match="The backup good is damaged"):
        export(full, tmp_path / "folder")
    assert not (tmp_path / "folder").exists()


def test_what_the_continuous_backup_alone_has_is_said_to_be_missing(
    full: Stack, tmp_path: Path
) -> None:
    said: list[str] = []
    stack = replace(full, voice=Voice(said.append))
    put(full, f"{layout.STREAM}/20261123T214253Z/mlflow.db/ltx/0000/{1:016x}-{2:016x}.ltx", b"x")
    export(stack, tmp_path / "folder")
    assert said[0] == "No instance runs: the newest backup is exported, good."
    assert "is in the continuous backup alone" in said[1]


def test_what_is_not_there_cannot_be_exported(stack: Stack) -> None:
    with pytest.raises(NotReady, match="There is nothing to export"), exported.backup(stack, None):
        pass
    bucket.create(stack)
    with pytest.raises(BadOption, match="There is no backup"), exported.backup(stack, "unknown"):
        pass
