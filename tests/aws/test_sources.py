"""What there is to restore from, by the bucket alone."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from cloud import backends

from mlflow_ops.backup import layout, leaving, sources
from mlflow_ops.errors import BadOption
from mlflow_ops.steps import bucket

if TYPE_CHECKING:
    from mlflow_ops.backup.sources import Source
    from mlflow_ops.stack import Stack

NOW = datetime.now(timezone.utc).replace(microsecond=0)
FILES = {"mlflow.db": {"sha256": "a" * 64, "size": 9}}


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def put(stack: Stack, key: str, when: datetime, text: str = "x") -> None:
    """Put an object there that is as old."""
    stack.aws.s3.put_object(Bucket=stack.names.bucket, Key=key, Body=text.encode())
    backends.s3().get_object(stack.names.bucket, key).last_modified = when.replace(tzinfo=None)


def named(stack: Stack, folder: str, when: datetime, **changes: Any) -> None:  # noqa: ANN401 - of a manifest
    """Put a backup's manifest there."""
    told: dict[str, Any] = {
        "name": folder,
        "kind": "manual",
        "taken": when.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    told |= {"mlflow": "3.17.2", "revision": "abc", "bytes": 10, "files": FILES}
    told |= {"counts": {"runs": 3}, "damaged": False} | changes
    put(stack, f"{layout.NAMED}/{folder}/{layout.MANIFEST}", when, json.dumps(told))


def change(stack: Stack, begin: datetime, when: datetime, change: str, level: str = "0000") -> None:
    """Put a change of a stream's runs there, `FIRST-LAST`."""
    first, last = (f"{int(each):016x}" for each in change.split("-"))
    key = f"{layout.STREAM}/{layout.stamp(begin)}/mlflow.db/{level}/{first}-{last}.ltx"
    put(stack, key, when)


@pytest.fixture
def stack(stack: Stack) -> Stack:
    """Return a stack that has a bucket."""
    bucket.create(stack)
    return stack


def chosen(stack: Stack, which: str) -> tuple[str, str]:
    source = sources.chosen(stack, which)
    return source.kind, source.name


def test_the_newest_comes_first_and_what_cannot_be_read_is_told_apart(stack: Stack) -> None:
    named(stack, "old", ago(days=2))
    named(stack, "new", ago(days=1))
    named(stack, "elsewhere", ago(days=1), name="another")
    put(stack, f"{layout.NAMED}/killed/mlflow.db.gz", ago(days=1))
    put(stack, f"{layout.NAMED}/garbage/{layout.MANIFEST}", ago(days=1), "{")
    put(stack, f"{layout.NAMED}/large/{layout.MANIFEST}", ago(days=1), " " * 100_000)
    assert [each.name for each in sources.named(stack)] == ["new", "old"]
    assert sources.every(stack).unreadable == ("elsewhere", "garbage", "large")


def test_a_stream_is_from_its_first_whole_database_to_its_newest_change(stack: Stack) -> None:
    begin = ago(days=3)
    # What came before the oldest whole database cannot be had back any more.
    change(stack, begin, ago(hours=20), "1-50", "0009")
    change(stack, begin, ago(hours=2), "1-70", "0009")
    change(stack, begin, ago(minutes=40), "71-71")
    change(stack, begin, ago(minutes=30), "72-72")
    # The same changes, written again later.
    change(stack, begin, ago(minutes=25), "71-72", "0001")
    [found] = sources.streams(stack)
    assert found.stamp == layout.stamp(begin)
    assert found.begin == ago(hours=20) + timedelta(seconds=1)
    assert found.end == ago(minutes=30)
    assert found.bytes == 5


def test_a_stream_that_has_no_whole_database_is_none(stack: Stack) -> None:
    change(stack, ago(days=1), ago(hours=2), "5-6")
    put(stack, f"{layout.STREAM}/nonsense/mlflow.db/0000/1.ltx", ago(hours=1))
    put(stack, f"{layout.STREAM}/{layout.stamp(ago(days=2))}/basic_auth.db/0000/1.ltx", ago(days=2))
    assert sources.streams(stack) == []


def test_the_latest_is_the_newest_of_all_that_is_good(stack: Stack) -> None:
    assert sources.latest(stack) is None
    named(stack, "before", ago(hours=3))
    assert chosen(stack, "latest") == ("named", "before")
    change(stack, ago(days=1), ago(hours=2), "1-9")
    stream = ("stream", layout.stamp(ago(days=1)))
    assert chosen(stack, "latest") == stream
    named(stack, "same-second", ago(hours=2))
    assert chosen(stack, "latest") == stream  # which may have what came after that within it
    named(stack, "after", ago(hours=1))
    named(stack, "broken", NOW, damaged=True)
    assert chosen(stack, "latest") == ("named", "after")


def test_what_is_gone_back_to_without_a_name_is_a_backup_and_not_the_present(stack: Stack) -> None:
    change(stack, ago(days=1), ago(minutes=1), "1-9")
    for minutes, kind in enumerate(("before-restore", "before-upgrade", "import", "export"), 1):
        named(stack, f"aside-{minutes}", ago(minutes=minutes), kind=kind)
    named(stack, "broken", ago(minutes=9), damaged=True)
    with pytest.raises(BadOption, match="name one.*`mlflow-ops backups`"):
        sources.newest_named(stack)
    for hours, kind in ((4, "manual"), (3, "daily"), (2, "stop"), (1, "kept")):
        named(stack, kind, ago(hours=hours), kind=kind)
        assert sources.newest_named(stack).settings == {"named": kind}


def test_the_end_of_a_stream_is_asked_for_without_a_time(stack: Stack) -> None:
    change(stack, ago(days=1), ago(hours=4), "1-9")
    change(stack, ago(days=1), ago(hours=2), "10-10")
    latest = sources.latest(stack)
    assert latest
    assert latest.settings == {"stream": layout.stamp(ago(days=1))}
    assert sources.chosen(stack, ago(hours=2).isoformat()).settings == latest.settings


def test_a_time_is_that_of_the_stream_which_was_written_then(stack: Stack) -> None:
    first, second = ago(days=2), ago(hours=5)
    change(stack, first, ago(hours=40), "1-9")
    change(stack, first, ago(hours=6), "10-10")
    change(stack, second, ago(hours=5), "1-1")
    change(stack, second, ago(hours=1), "2-2")

    def at(moment: datetime) -> Source:
        return sources.chosen(stack, moment.strftime("%Y-%m-%dT%H:%M:%S"))

    assert at(ago(hours=10)).settings == {
        "stream": layout.stamp(first),
        "at": ago(hours=10).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    assert at(ago(hours=5, minutes=30)).name == layout.stamp(first)
    assert at(ago(hours=4)).name == layout.stamp(second)
    assert at(ago(seconds=10)).moment == ago(seconds=10)
    zoned = f"{ago(hours=8):%Y-%m-%dT%H:%M:%S}+02:00"  # ten hours ago
    assert sources.chosen(stack, zoned).moment == ago(hours=10)


@pytest.mark.parametrize(
    ("which", "said"),
    [
        ("nothing-of-that-name", "no backup 'nothing-of-that-name', and it is no time"),
        ("../named", "it is no time"),
        ("2020-01-01", "There is no backup for 2020-01-01 00:00:00 UTC"),
        ("9020-01-01T00:00Z", "is still to come"),
        ("0001-01-01T00:00+14:00", "it is no time"),
        ("broken", "holds a damaged database"),
    ],
)
def test_what_cannot_be_had_back_is_refused_with_what_can(
    stack: Stack, which: str, said: str
) -> None:
    change(stack, ago(days=1), ago(hours=2), "1-9")
    named(stack, "good", ago(hours=3))
    named(stack, "broken", ago(hours=3), damaged=True)
    with pytest.raises(BadOption) as error:
        sources.chosen(stack, which)
    assert said in str(error.value)
    assert "the continuous backup from" in str(error.value)
    assert "good" in str(error.value)


def test_an_empty_bucket_says_that_there_is_nothing(stack: Stack) -> None:
    with pytest.raises(BadOption, match="holds no backup that can be read"):
        sources.chosen(stack, "latest")


def test_without_a_bucket_there_is_nothing_to_restore_from(stack: Stack) -> None:
    stack.aws.s3.delete_bucket(Bucket=stack.names.bucket)
    assert sources.every(stack) == sources.Backups()
    assert sources.latest(stack) is None


def test_a_moment_that_is_gone_is_refused_and_no_older_stream_stands_in_for_it(
    stack: Stack,
) -> None:
    first, second = ago(days=12), ago(days=9)
    change(stack, first, ago(days=12), "1-9")
    change(stack, first, ago(days=10), "10-10")
    # What it held before, Litestream keeps for a day alone.
    change(stack, second, ago(hours=24), "1-50", "0009")
    change(stack, second, ago(hours=1), "51-51")
    for days in (5, 4, 2, 1):
        named(stack, f"daily-{days}", ago(days=days), kind="daily")
    with pytest.raises(BadOption) as error:
        sources.chosen(stack, ago(days=3).isoformat())
    said = str(error.value)
    assert f"no backup for {ago(days=3):%Y-%m-%d %H:%M:%S} UTC" in said
    for begin, end in ((ago(days=12), ago(days=10)), (ago(hours=24), ago(hours=1))):
        since = begin + timedelta(seconds=1)
        assert f"from {since:%Y-%m-%d %H:%M:%S} UTC to {end:%Y-%m-%d %H:%M:%S} UTC" in said
    assert [days for days in (5, 4, 2, 1) if f"daily-{days}" in said] == [4, 2]
    assert chosen(stack, ago(days=11).isoformat()) == ("stream", layout.stamp(first))
    # Between the two nothing was written, and what was there had stayed.
    assert chosen(stack, ago(days=9, hours=12).isoformat()) == ("stream", layout.stamp(first))
    assert chosen(stack, ago(hours=2).isoformat()) == ("stream", layout.stamp(second))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("imported-20261123t214253z", "import"),
        ("export-20261123t214253z", "export"),
        ("left-20261123t214253z", "before-restore"),
    ],
)
def test_what_the_server_never_held_is_not_the_latest_but_can_be_named(
    stack: Stack, name: str, kind: str
) -> None:
    named(stack, name, ago(hours=1), kind=kind)
    assert sources.latest(stack) is None
    named(stack, "left-by-the-user", ago(hours=2))
    named(stack, "kept", ago(hours=3), kind="kept")
    assert chosen(stack, "latest") == ("named", "left-by-the-user")
    newest = leaving.newest(stack)
    assert newest
    assert newest.name == "left-by-the-user"
    assert chosen(stack, name) == ("named", name)
    with pytest.raises(BadOption) as error:
        sources.chosen(stack, "unknown")
    assert name not in str(error.value)


def test_a_host_whose_clock_is_fast_has_no_backup_that_is_newer_than_it_is(stack: Stack) -> None:
    change(stack, ago(days=1), ago(hours=2), "1-9")
    named(stack, "fast", ago(hours=3))
    late = ago(hours=1).strftime("%Y-%m-%dT%H:%M:%SZ")
    put_manifest = f"{layout.NAMED}/fast/{layout.MANIFEST}"
    text = stack.aws.s3.get_object(Bucket=stack.names.bucket, Key=put_manifest)["Body"].read()
    told = json.loads(text) | {"taken": late}
    put(stack, put_manifest, ago(hours=3), json.dumps(told))
    assert chosen(stack, "latest") == ("stream", layout.stamp(ago(days=1)))
    assert sources.chosen(stack, "fast").moment == ago(hours=3)
