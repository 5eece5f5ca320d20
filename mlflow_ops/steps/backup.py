"""The continuous backup of the server's databases to the stack's bucket, and the daily one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow_ops.backup import installing, keeping, layout, litestream, stream_files, streams, units
from mlflow_ops.errors import HostFailed
from mlflow_ops.records import Backup, Instance, Readiness, Record
from mlflow_ops.server import server_files

if TYPE_CHECKING:
    from mlflow_ops.iam.scopes import Allows
    from mlflow_ops.stack import Stack

PURPOSE = "continuous backup of the database to the bucket"
PLACE = "host"
DEADLINE = 60.0
# Seconds that it may be behind before `status` warns, and that it is given to catch up.
STALE, PATIENCE = 10.0, 5
STOPPED = "it does not run on the host"
ALLOWS: Allows = {}


def find(stack: Stack) -> Backup | None:
    """Return the backup; None when the host's databases go nowhere."""
    if stack.get(Instance) is None:
        return None
    facts = stream_files.facts(stack)
    if not streams.is_stamp(facts["stream"]):
        return None
    failed = stream_files.daily_failed(facts)
    if stack.wanted is None:
        runs = stream_files.runs(facts)
        return Backup(facts["stream"], stale=not runs, daily_failed=failed)
    missing = tuple(stream_files.lacking(stack, facts))
    return Backup(facts["stream"], missing=missing, daily_failed=failed)


def plan(stack: Stack) -> str:
    """Say what would be made."""
    return f"each change within 5 s in s3://{stack.names.bucket}/{layout.STREAM}, and a daily one"


def create(stack: Stack) -> Backup:
    """Install and (re)start it, going on with the stream that there is or beginning one."""
    host, facts = stack.host(), stream_files.facts(stack)
    server_files.give_access(stack, facts)
    installing.install(stack, facts)
    keeping.put(stack)
    host.put(units.KEEPER_SETTINGS, stream_files.daily(stack))
    if not streams.is_stamp(facts["stream"]):
        host.run(f"{litestream.STOP}\n{litestream.FORGET}", deadline=streams.STOP_DEADLINE)
        facts["stream"] = streams.next_stamp(stack)
    _start(stack, facts)
    return Backup(facts["stream"])


def ready(stack: Stack, record: Record) -> Readiness:
    """Tell how far it is behind; only `status` minds, for `up` has a server to bring up."""
    told = _told(stack, record)
    behind = told.get("behind")
    stale = not isinstance(behind, (int, float)) or behind > STALE
    late = f"{behind:.0f} s behind" if isinstance(behind, (int, float)) else ""
    words = f"stale: {', '.join(filter(None, (late, str(told['why']))))}" if stale else late
    failed = isinstance(record, Backup) and record.daily_failed
    now = Backup(record.id, detail=words, behind=behind, stale=stale, daily_failed=failed)
    return Readiness("pending" if stale and stack.wanted is None else "ready", words, now)


def destroy(stack: Stack, record: Record) -> None:
    """Do nothing: it goes with the host, and what it has written with the bucket."""


def _told(stack: Stack, record: Record) -> dict[str, Any]:
    """Ask the host how far it is behind, and why."""
    if isinstance(record, Backup) and record.stale:
        return {"behind": None, "why": STOPPED}
    try:
        return keeping.ask(stack, "sync", timeout=PATIENCE)
    except HostFailed as error:
        return {"behind": None, "why": str(error).splitlines()[0].rstrip(".")}


def _start(stack: Stack, facts: dict[str, str]) -> None:
    host = stack.host()
    host.run(f"{litestream.PREPARE} && rm -f {litestream.PAUSED}")
    host.put(units.CONFIG, stream_files.settings(stack, facts))
    if server_files.has_systemd(facts):
        for file, text in units.units(facts["home"]).items():
            host.put(litestream.WAITING[file], text)
        host.run(litestream.PLACE_UNITS)
    else:
        host.put(units.SCRIPT.script, units.script())
    host.run(litestream.START, deadline=streams.STOP_DEADLINE)
