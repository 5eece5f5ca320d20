"""Runs a keeper's command again and again, killed at each of its file operations, and judges.

A process of its own, since it forks. Prints what is wrong, and at how many points it was killed.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable

from backup import scene, states

from mlflow_ops.backup import layout
from mlflow_ops.backup.keeper import databases, places, placing

TOUCHES = {
    *("os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree"),
    *("open", "sqlite3.connect"),
}
OLD, NEW = {"old", "in the WAL"}, {"new"}
State = Callable[[], object]


def run_killed(command: State, at: int) -> bool:
    """Run a command that is killed at its n-th touch; return whether it was."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    left = at

    def hook(event: str, _: object) -> None:
        nonlocal left
        left -= event in TOUCHES
        if left < 0:
            os._exit(9)

    sys.addaudithook(hook)
    command()
    os._exit(0)


def judged(before: State, command: State, good: Callable[[], str]) -> dict[str, object]:
    """Kill a command at each point in turn; return what `good` finds wrong."""
    wrong = list[str]()
    at = 0
    while True:
        before()
        if not run_killed(command, at):
            break
        if said := good():
            wrong.append(f"killed at {at}: {said}")
        at += 1
    return {"wrong": wrong, "points": at}


def either() -> str:
    """Judge that one of both is there, whole, and both ways lead on from here."""
    kept = shutil.copytree(places.home(), places.home().with_name("copy"), dirs_exist_ok=True)
    seen = scene.runs(places.data())
    if seen not in (OLD, NEW):
        return f"a server sees {seen}"
    placing.place()
    if (seen := scene.runs(places.data())) != NEW:
        return f"placed again, it has {seen}"
    for folder, back in ((places.home(), "after"), (kept, "without")):
        if folder == kept:
            shutil.rmtree(places.home())
            kept.rename(places.home())
        placing.put_back()
        if (seen := scene.runs(places.data())) != OLD:
            return f"put back {back} placing again, it has {seen}"
        if databases.fault(places.data() / layout.USERS_DB):
            return "the users are damaged"
    return ""


def back() -> str:
    """Judge that putting back again leads to what was there; a server sees one of both."""
    if (seen := scene.runs(places.data())) not in (OLD, NEW, NEW | {"later"}):
        return f"a server sees {seen}"
    placing.put_back()
    seen = scene.runs(places.data())
    return "" if seen == OLD else f"put back again, it has {seen}"


def as_damaged() -> str:
    """Judge that a damaged database comes back with its WAL, and the new one is whole."""
    placing.place()
    if scene.runs(places.data()) != NEW:
        return "the new one is not whole"
    placing.put_back()
    found = states.bytes_of(places.data())
    return "" if found == states.DAMAGED else f"there is {sorted(found)}"


def as_it_was() -> str:
    """Judge that putting back again leads to what was there, whatever lies in the way."""
    placing.put_back()
    seen = scene.runs(places.data())
    return "" if seen == OLD else f"put back again, it has {seen}"


if __name__ == "__main__":
    os.umask(0o077)
    told = {
        "place": judged(states.fresh, placing.place, either),
        "put-back": judged(states.placed, placing.put_back, back),
        "spoilt": judged(states.spoilt, placing.put_back, as_it_was),
        "damaged": judged(states.damaged, placing.place, as_damaged),
    }
    sys.stdout.write(json.dumps(told))
