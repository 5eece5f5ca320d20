"""What every record has, and how a thing stands."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Record:
    """One AWS resource or one state of the host, as it was last seen.

    `missing` lists, in words, what `create` has still to do to make it as wanted.
    """

    id: str
    detail: str = field(default="", kw_only=True)
    missing: tuple[str, ...] = field(default=(), kw_only=True)


@dataclass(frozen=True)
class Readiness:
    """Whether a thing can be used yet: ready, pending, stopped, broken or unknown, and why.

    `record` is the thing as it is now, where looking has told more than was known.
    """

    state: str
    detail: str = ""
    record: Record | None = None


READY = Readiness("ready")
