"""A continuous backup, as its objects in the bucket tell of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from mlflow_ops.backup import layout

SECOND = timedelta(seconds=1)  # as fine as S3 tells the time; it leaves the fraction out
# As Litestream names what it has of a database: the first and the last transaction, hexadecimal.
LTX = re.compile(r"(?:ltx/)?[0-9a-f]{1,4}/(?P<first>[0-9a-f]{16})-(?P<last>[0-9a-f]{16})\.ltx")


@dataclass(frozen=True)
class Stream:
    """A continuous backup: every moment from `begin` to `end`, UTC, can be had back.

    `stamp` is its name, and `bytes` what it takes in the bucket. `end` is its newest change.
    """

    stamp: str
    begin: datetime
    end: datetime
    bytes: int = 0

    @property
    def born(self) -> datetime:
        """When it took over from the one before; what it had then may be gone by now."""
        return min(layout.moment(self.stamp), self.begin)

    @classmethod
    def of(cls, stamp: str, objects: list[Any]) -> Stream | None:
        """Return the stream that these objects are, if there is anything of it."""
        own = f"{layout.STREAM}/{stamp}/{layout.MLFLOW_DB}/"
        found = [
            (each, ltx) for each in objects if (ltx := LTX.fullmatch(each["Key"].removeprefix(own)))
        ]
        # Whole databases; what came after them is only good together with one.
        whole = [when(each) for each, ltx in found if int(ltx["first"], 16) == 1]
        if not whole or not _is_stamp(stamp):
            return None
        begin = min(whole) + SECOND
        newest = max(ltx["last"] for _, ltx in found)
        # The same change comes again in larger files, which are written later.
        end = min(when(each) for each, ltx in found if ltx["last"] == newest)
        return cls(stamp, begin, max(begin, end), sum(each["Size"] for each in objects))


def when(listed: Any) -> datetime:  # noqa: ANN401 - AWS's own description
    """Return when an object was written, in UTC, and not in this machine's own zone."""
    written: datetime = listed["LastModified"]
    return written.astimezone(timezone.utc)


def _is_stamp(text: str) -> bool:
    try:
        layout.moment(text)
    except ValueError:
        return False
    return True
