"""The keeper's commands: one JSON object on stdin, one on the last line of stdout."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from typing import TYPE_CHECKING, Any

from mlflow_ops.backup.keeper import (
    admin,
    daily,
    following,
    places,
    placing,
    staging,
    state,
    taking,
)
from mlflow_ops.backup.keeper.bucket import Bucket
from mlflow_ops.backup.keeper.places import Failed

if TYPE_CHECKING:
    from collections.abc import Callable

Told = dict[str, Any]


def _bucket(told: Told) -> Bucket:
    return Bucket(told["bucket"], told["region"], told.get("endpoint"))


def _take(told: Told) -> Told:
    wish = taking.Wish(told["name"], told["kind"], told.get("mlflow", ""))
    return taking.take(_bucket(told), wish)


def _stage(told: Told) -> Told:
    which = {key: told[key] for key in ("named", "stream", "at") if key in told}
    return staging.stage(_bucket(told), **which)


COMMANDS: dict[str, Callable[[Told], Told]] = {
    "sync": lambda told: following.sync(_bucket(told), float(told.get("timeout", 5.0))),
    "take": _take,
    "stage": _stage,
    "place": lambda _: placing.place(),
    "put-back": lambda _: placing.put_back(),
    "settle": lambda _: placing.settle(),
    "look": lambda _: state.look(),
    "daily": lambda told: daily.daily(_bucket(told)),
    "admin": lambda told: admin.admin(told["password"], told.get("place", "staged")),
}
# What nobody has to wait for while a backup is taken.
AT_ANY_TIME = ("sync", "look", "admin")


def main(arguments: list[str]) -> int:
    """Do one command; return the exit code: 1 for an error that is told in one sentence."""
    os.umask(0o077)
    [command] = arguments
    code, answer = answered(command, sys.stdin.read())
    sys.stdout.write(f"{json.dumps(answer)}\n")
    return code


def answered(command: str, text: str) -> tuple[int, Told]:
    """Do one command, which is told this much on stdin; return the exit code and the answer."""
    try:
        return 0, _answer(command, json.loads(text or "{}"))
    except Exception as error:  # noqa: BLE001 - the one place where every error becomes a sentence
        return 1, {"error": sentence(error)}


def _answer(command: str, told: Told) -> Told:
    if command in AT_ANY_TIME:
        return COMMANDS[command](told)
    with places.alone():
        return COMMANDS[command](told)


def sentence(error: Exception) -> str:
    """Return one sentence about an error, without anything that was told on stdin."""
    if isinstance(error, Failed):
        return str(error)
    if isinstance(error, OSError) and error.errno in {28, 122}:  # ENOSPC, EDQUOT on Linux
        return "The host's disk is full: make room there, and run the same command again."
    if isinstance(error, sqlite3.Error):
        return f"The host's database cannot be used just now: {error}."
    return f"The host's keeper failed: {type(error).__name__}: {error}."
