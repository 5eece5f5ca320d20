"""One thing that the account holds, and whose it is: by its tag, or else by its name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from mlflow_ops.errors import BadOption
from mlflow_ops.inventory.charged import NOTHING, Charged
from mlflow_ops.names import REGION_TAG, TAG, Names, checked

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


UNKNOWN = "unknown"


@dataclass(frozen=True)
class Where:
    """The account, and every region that a name of ours can end with."""

    account: str
    regions: tuple[str, ...]


@dataclass(frozen=True)
class Whose:
    """The stack that a thing belongs to; a region of None is not known."""

    stack: str
    region: str | None
    tagged: bool


@dataclass(frozen=True)
class Machine:
    """What is special of an instance: AWS's word for its state, its address, and its limits."""

    state: str
    address: str = ""
    until: str = ""
    idle: str = ""


@dataclass(frozen=True)
class Holding:
    """One thing of ours; times are ISO 8601 in UTC.

    `alive` says why its stack is no orphan: "live" for an instance that stands, "busy" for a lock
    that is held, "kept" for a bucket that was left on purpose, "unknown" for what did not show
    its tags. A `command` of None: AWS has none that is known here.
    """

    kind: str
    id: str
    region: str | None
    whose: Whose
    name: str = ""
    made: str | None = None
    charged: Charged = NOTHING
    command: str | None = None
    alive: str = ""
    machine: Machine | None = None

    @property
    def stack(self) -> str | None:
        """The stack that its tag names; None without the tag."""
        return self.whose.stack if self.whose.tagged else None


def by_tags(tags: Mapping[str, str]) -> Whose | None:
    """Return whose a thing with these tags is."""
    return Whose(tags[TAG], tags.get(REGION_TAG), tagged=True) if TAG in tags else None


def by_name(form: Callable[[Names], str], name: str, where: Where) -> Whose | None:
    """Return whose a thing is that has a name of this form, to the last letter."""
    for region in where.regions:
        before, after = form(Names("\0", where.account, region)).split("\0")
        if name.startswith(before) and name.endswith(after):
            stack = name[len(before) : -len(after)]
            return Whose(stack, region, tagged=False) if _good(stack) else None
    return None


def _good(stack: str) -> bool:
    try:
        return bool(checked(stack))
    except BadOption:
        return False


def when(made: datetime | str | None) -> str | None:
    """Return a time of AWS's as ISO 8601 in UTC."""
    if not made:
        return None
    text = made.replace("Z", "+00:00") if isinstance(made, str) else made.isoformat()
    moment = datetime.fromisoformat(text).astimezone(timezone.utc)
    return moment.isoformat(timespec="seconds")
