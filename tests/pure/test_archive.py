"""Exports: what is written, what is believed, and what is refused."""

from __future__ import annotations

import io
import json
import os
import sqlite3
import stat
import tarfile
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from mlflow_ops.backup import archive, packing, unpacking, uris
from mlflow_ops.backup.archive import Archive
from mlflow_ops.errors import BadOption, MlflowOpsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CONTENT = {
    "mlflow.db": b"a database",
    "artifacts/1/abc/artifacts/model.pkl": b"\0" * 3_000_000,
    "artifacts/1/abc/artifacts/a name \u00fc " + "x" * 200: b"",
}
ENDS = ("folder", "export.tar", "export.tar.gz", "EXPORT.TGZ")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return an empty folder."""
    (tmp_path / "place").mkdir()
    return tmp_path / "place"


def entries() -> dict[str, archive.Entry]:
    return {name: archive.entry(io.BytesIO(content)) for name, content in CONTENT.items()}


def write(path: Path) -> Archive:
    made = Archive("mlflow", {"name": "export-1"}, entries())
    with packing.writing(path) as (pack, on_the_way):
        for name, content in CONTENT.items():
            (on_the_way / "one").write_bytes(content)
            pack.add(name, on_the_way / "one")
        packing.seal(pack, on_the_way, made.text)
    return made


@pytest.mark.parametrize("end", ENDS)
def test_what_was_written_is_read_again_byte_for_byte(place: Path, end: str) -> None:
    made = write(place / end)
    source = unpacking.opened(place / end)
    assert source.checked() == made
    (place / "out").mkdir()
    read = {n: p.read_bytes() for n, p in source.files(place / "out", set(CONTENT))}
    assert read == CONTENT
    assert {path.name for path in place.iterdir()} == {end, "out"}


@pytest.mark.parametrize("end", ENDS[:2])
def test_nobody_else_may_read_an_export(place: Path, end: str) -> None:
    write(place / end)
    for path in (place / end, *(place / end).rglob("*")):
        assert stat.S_IMODE(path.lstat().st_mode) & 0o077 == 0, path


@pytest.mark.parametrize("end", ENDS[:2])
def test_an_export_that_fails_leaves_nothing(place: Path, end: str) -> None:
    def fail() -> None:
        with packing.writing(place / end) as (pack, on_the_way):
            (on_the_way / "one").write_bytes(b"half of it")
            pack.add("mlflow.db", on_the_way / "one")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert list(place.iterdir()) == []


def test_what_a_kill_has_left_is_in_nobodys_way(place: Path) -> None:
    left = place / ".folder.mlflow-ops-export" / "whole"
    left.mkdir(parents=True)
    (left / "mlflow.db").write_bytes(b"half")
    assert unpacking.opened(write_to(place / "folder")).checked().files == entries()
    assert [path.name for path in place.iterdir()] == ["folder"]


def write_to(path: Path) -> Path:
    write(path)
    return path


def test_nothing_that_is_there_is_replaced(place: Path) -> None:
    (place / "full").mkdir()
    (place / "full" / "thesis.txt").touch()
    (place / "file.tar").touch()
    (place / "link").symlink_to(place / "nowhere")
    for name in ("full", "file.tar", "link", "no-such-folder/export"):
        with pytest.raises(BadOption):
            packing.check_free(place / name)
    (place / "empty").mkdir()
    assert write(place / "empty")


def test_names_that_the_disk_does_not_tell_apart_are_an_error_and_not_a_loss(
    place: Path,
) -> None:
    with packing.writing(place / "folder") as (pack, on_the_way):
        for name in ("artifacts/a", "artifacts/b"):
            (on_the_way / "one").touch()
            pack.add(name, on_the_way / "one")
        for name in ("artifacts/a", "artifacts/b/c"):
            (on_the_way / "one").touch()
            with pytest.raises(MlflowOpsError, match=r"export to a \.tar file"):
                pack.add(name, on_the_way / "one")


def change(path: Path) -> None:
    (path / "artifacts/1/abc/artifacts/model.pkl").write_bytes(b"\1" * 3_000_000)


def lose(path: Path) -> None:
    (path / "artifacts/1/abc/artifacts/model.pkl").unlink()


def add(path: Path) -> None:
    (path / "artifacts/new").touch()


def use(path: Path) -> None:
    (path / "mlflow.db-wal").touch()


def link(path: Path) -> None:
    lose(path)
    (path / "artifacts/1/abc/artifacts/model.pkl").symlink_to("/etc/passwd")


def pipe(path: Path) -> None:
    os.mkfifo(path / "artifacts/pipe")


def unseal(path: Path) -> None:
    (path / "manifest.json").unlink()


@pytest.mark.parametrize("harm", [change, lose, add, use, link, pipe, unseal])
def test_a_folder_that_is_not_as_it_was_written_is_refused(
    place: Path, harm: Callable[[Path], None]
) -> None:
    write(place / "folder")
    harm(place / "folder")
    with pytest.raises(MlflowOpsError, match="is not an export as it was written"):
        unpacking.opened(place / "folder").checked()


@pytest.mark.parametrize("end", ENDS[1:3])
@pytest.mark.parametrize("part", [0.0, 0.3, 0.7, 0.99])
def test_a_tar_cut_short_anywhere_is_refused(place: Path, end: str, part: float) -> None:
    write(place / end)
    whole = (place / end).read_bytes()
    # A tar ends with blocks of zeros, of which none has to be there.
    used = len(whole.rstrip(b"\0"))
    (place / end).write_bytes(whole[: int(used * part)])
    with pytest.raises(MlflowOpsError, match="is not an export as it was written"):
        unpacking.opened(place / end).checked()


def tar_of(path: Path, *members: tuple[str, bytes, bytes]) -> Path:
    with tarfile.open(path, "w") as tar:
        for name, kind, content in members:
            info = tarfile.TarInfo(name)
            info.type, info.linkname, info.size = kind, "/etc/passwd", len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


MANIFEST = Archive("mlflow", {}, entries()).text.encode()
WHOLE = [(name, tarfile.REGTYPE, content) for name, content in CONTENT.items()]


@pytest.mark.parametrize("root", ["", "./", "anything/", "./anything/"])
def test_a_tar_packed_by_hand_will_do(place: Path, root: str) -> None:
    files = [*WHOLE, ("manifest.json", tarfile.REGTYPE, MANIFEST)]
    folder = (root or "artifacts", tarfile.DIRTYPE, b"")
    members = [(f"{root}{name}", kind, content) for name, kind, content in files]
    path = tar_of(place / "x.tar", folder, *members)
    assert unpacking.opened(path).checked().files == entries()


@pytest.mark.parametrize(
    "hostile",
    [
        ("../mlflow.db", tarfile.REGTYPE, b""),
        ("/mlflow.db", tarfile.REGTYPE, b""),
        ("/etc/passwd", tarfile.REGTYPE, b""),
        ("artifacts/../../x", tarfile.REGTYPE, b""),
        ("artifacts//x", tarfile.REGTYPE, b""),
        ("artifacts/link", tarfile.SYMTYPE, b""),
        ("artifacts/hard", tarfile.LNKTYPE, b""),
        ("artifacts/device", tarfile.CHRTYPE, b""),
        ("artifacts/pipe", tarfile.FIFOTYPE, b""),
        ("artifacts/sparse", tarfile.GNUTYPE_SPARSE, b""),
        ("mlflow.db", tarfile.REGTYPE, b"a second one"),
        ("backups/named/x", tarfile.REGTYPE, b""),
    ],
)
@pytest.mark.parametrize("at", [0, 4])
def test_a_hostile_tar_is_refused(place: Path, hostile: tuple[str, bytes, bytes], at: int) -> None:
    files = [*WHOLE, ("manifest.json", tarfile.REGTYPE, MANIFEST)]
    members = [*files[:at], hostile, *files[at:]]
    with pytest.raises(MlflowOpsError, match="is not an export as it was written"):
        unpacking.opened(tar_of(place / "x.tar", *members)).checked()


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"[" * 100_000,
        b'{"format": "mlflow-ops export 2", "files": {}, "stack": "x", "backup": {}}',
        MANIFEST.replace(b"artifacts/1", b"artifacts/.."),
        MANIFEST.replace(b'"size": 10', b'"size": -1'),
        MANIFEST.replace(b'"size": 10', b'"size": true'),
        MANIFEST.replace(b'"mlflow.db"', b'"basic_auth.db"'),
        MANIFEST.replace(b'"backup": {}', b'"backup": 7'),
    ],
)
def test_a_manifest_that_no_export_has_is_refused(place: Path, said: bytes) -> None:
    members = [*WHOLE, ("manifest.json", tarfile.REGTYPE, said)]
    with pytest.raises(MlflowOpsError, match="is not an export as it was written"):
        unpacking.opened(tar_of(place / "x.tar", *members)).checked()


def test_nothing_at_the_path_is_a_bad_option(place: Path) -> None:
    with pytest.raises(BadOption, match="There is no export at"):
        unpacking.opened(place / "nowhere")


def test_artifact_uris_move_to_another_server_and_back_and_nothing_else_does(
    place: Path,
) -> None:
    database, mine = place / "mlflow.db", uris.direct("bucket")
    rows = [f"{mine}1/run/artifacts", "s3://another/artifacts/1", "models:/m-1", None]
    with closing(sqlite3.connect(database)) as made, made:
        made.execute("PRAGMA journal_mode = WAL")
        made.execute("CREATE TABLE runs (artifact_uri TEXT)")
        made.execute("CREATE TABLE trace_tags (key TEXT, value TEXT)")
        made.execute("CREATE TABLE _litestream_seq (id INTEGER)")
        made.executemany("INSERT INTO runs VALUES (?)", [(row,) for row in rows])
        made.execute("INSERT INTO trace_tags VALUES ('mlflow.artifactLocation', ?)", rows[:1])
    before = all_of(database)
    assert uris.move(database, mine, uris.PROXIED) == 2
    assert all_of(database)[0][0] == ("mlflow-artifacts:/1/run/artifacts",)
    assert uris.move(database, uris.PROXIED, mine) == 2
    assert all_of(database) == before
    uris.standalone(database)
    with closing(sqlite3.connect(database)) as held:
        tables = {row[0] for row in held.execute("SELECT name FROM sqlite_master")}
    assert (tables, [each.name for each in place.iterdir()]) == (
        {"runs", "trace_tags"},
        ["mlflow.db"],
    )


def test_what_is_no_database_is_said_in_a_sentence(place: Path) -> None:
    (place / "mlflow.db").write_bytes(b"no database " * 100)
    with pytest.raises(MlflowOpsError, match=r"mlflow\.db is no database"):
        uris.move(place / "mlflow.db", uris.PROXIED, "s3://x/")


def all_of(database: Path) -> list[list[tuple[object, ...]]]:
    with closing(sqlite3.connect(database)) as held:
        return [
            list(held.execute(ask)) for ask in ("SELECT * FROM runs", "SELECT * FROM trace_tags")
        ]


def test_the_manifest_says_what_plain_json_can(place: Path) -> None:
    made = write(place / "folder")
    said = json.loads((place / "folder" / "manifest.json").read_text())
    assert said["files"]["mlflow.db"]["size"] == len(CONTENT["mlflow.db"])
    assert made.size == sum(len(content) for content in CONTENT.values())
