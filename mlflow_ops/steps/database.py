"""The server's database: a new and empty one, or that of a backup."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_ops import commands
from mlflow_ops.backup import layout, loss, restoring, sources
from mlflow_ops.ec2 import lost
from mlflow_ops.errors import BadOption
from mlflow_ops.records import READY, Bucket, Database, Instance, Readiness, Record
from mlflow_ops.server import server_files, serving

if TYPE_CHECKING:
    from mlflow_ops.backup.sources import Source
    from mlflow_ops.iam.scopes import Allows
    from mlflow_ops.stack import Stack
    from mlflow_ops.wanted import Wanted

PURPOSE = "the server's database, empty or from a backup"
PLACE = "host"
DEADLINE = 30.0
ALLOWS: Allows = {"create": sources.ALLOWS["find"]}
FILE = f"{serving.DATA}/{layout.MLFLOW_DB}"
# What the user named when this host's database was begun with a backup.
BEGUN_WITH = f"{commands.FOLDER}/begun-with"
FRESH = "--fresh"
_CURES = {
    False: ("--restore", "`mlflow-ops restore {which}` does, and takes a backup of it first"),
    True: (FRESH, "`mlflow-ops down --keep-data` first, or leave it out"),
}
FACTS = f"""\
[ -e {FILE} ] && echo there=yes
echo "unsettled=$({restoring.UNSETTLED})"
echo "begun=$(cat {BEGUN_WITH} 2>/dev/null)"
"""


def find(stack: Stack) -> Database | None:
    """Return the database that the host has; None when it has none.

    Raises BadOption when it has one and `up` was told to begin with a backup.
    """
    if stack.get(Instance) is None:
        return None
    facts = commands.parse_facts(stack.host().ask(FACTS))
    unsettled = facts.get("unsettled") == "yes"
    if not (unsettled or facts.get("there")):
        return None
    which = _named(stack.wanted) if stack.wanted else ""
    if which and not unsettled and which != facts.get("begun"):
        option, cure = _CURES[which == FRESH]
        raise BadOption(
            f"The stack {stack.names.stack!r} has a database already, which {option} does not "
            f"replace: {cure.format(which=which)}."
        )
    return Database(
        layout.MLFLOW_DB, missing=("the end of a restore that was cut off",) if unsettled else ()
    )


def plan(stack: Stack) -> str:
    """Say what would be made."""
    source = _source(stack)
    return f"from {source}" if source else "a new, empty one"


def create(stack: Stack) -> Database:
    """End what a killed restore has left; then, where there is no database, take the backup's."""
    restoring.mend(stack)
    source = None if find(stack) else _source(stack)
    if source is None:
        if stack.want().fresh:
            stack.host().put(BEGUN_WITH, FRESH)
        return Database(layout.MLFLOW_DB)
    server_files.give_access(stack, server_files.facts(stack))
    stack.host().put(BEGUN_WITH, stack.want().which)
    staged = restoring.begin(stack, source)
    stack.voice.say(f"restored from {source.title}")
    ended = lost.last(stack)
    newest = stack.want().which in {"", sources.LATEST}
    stack.voice.say(loss.said(source, ended.ended if ended else None, newest=newest))
    return Database(layout.MLFLOW_DB, detail=f"with {staged.counts}")


def ready(stack: Stack, record: Record) -> Readiness:  # noqa: ARG001 - the server's step tries it
    """Tell that it is as it should be."""
    return READY


def destroy(stack: Stack, record: Record) -> None:
    """Do nothing: it goes with the host, and what is backed up with the bucket."""


def _named(wanted: Wanted) -> str:
    """Return what the user named for the database to begin with."""
    return FRESH if wanted.fresh else wanted.which


def _source(stack: Stack) -> Source | None:
    """Return the backup to begin with: the one that was named, or the newest that there is."""
    wanted = stack.want()
    if wanted.source or wanted.fresh or stack.get(Bucket) is None:
        return wanted.source
    return sources.latest(stack)
