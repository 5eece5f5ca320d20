"""What the continuous backup's files on the host should say, and whether they do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mlflow_ops import commands, lock
from mlflow_ops.backup import litestream, units
from mlflow_ops.server import server_files

if TYPE_CHECKING:
    from mlflow_ops.stack import Stack

Facts = dict[str, str]
PROCESS = "a running process"


def facts(stack: Stack) -> Facts:
    """Ask the host what the backup step needs to know; what it does not say is empty."""
    known = dict.fromkeys(litestream.FACTS, "")
    return known | commands.parse_facts(stack.host().ask(litestream.facts()))


def lacking(stack: Stack, facts: Facts) -> list[str]:
    """Return in words what is not as wanted on a host with these facts."""
    right = {
        "its program": has_program(facts),
        "its settings": facts["settings"] == commands.digest(settings(stack, facts)),
        "the daily one's settings": facts["keeping"] == commands.digest(daily(stack)),
        "the present key": facts["credentials"] == commands.digest(server_files.credentials(stack)),
        "its region": facts["config"] == commands.digest(server_files.config(stack)),
        **_kept_up(facts),
    }
    return [name for name, good in right.items() if not good]


def runs(facts: Facts) -> bool:
    """Whether it runs on a host with these facts."""
    return _kept_up(facts)[PROCESS]


def daily_failed(facts: Facts) -> bool:
    """Whether the last daily backup failed; systemd forgets that when the next one succeeds."""
    return facts["failed"] == "failed"


def has_program(facts: Facts) -> bool:
    """Whether the program that is installed is the pinned one."""
    return facts["lock"] == commands.digest(lock.text(lock.LITESTREAM))


def settings(stack: Stack, facts: Facts) -> str:
    """Return the settings of the stream that the facts name."""
    stream = litestream.Stream(
        facts["stream"],
        stack.names.bucket,
        stack.names.region,
        facts["home"],
        stack.aws.endpoint or "",
        server_files.key_id(stack),
    )
    return stream.settings()


def daily(stack: Stack) -> str:
    """Return what the daily backup is told, as every command of the keeper is."""
    told = {
        "bucket": stack.names.bucket,
        "region": stack.names.region,
        "endpoint": stack.aws.endpoint,
    }
    return f"{json.dumps(told)}\n"


def _kept_up(facts: Facts) -> dict[str, bool]:
    return _systemd_has(facts) if server_files.has_systemd(facts) else _script_has(facts)


def _systemd_has(facts: Facts) -> dict[str, bool]:
    wanted = zip(("unit", "daily", "timer"), units.units(facts["home"]).values(), strict=True)
    return {
        "its units": all(facts[name] == commands.digest(text) for name, text in wanted),
        PROCESS: (facts["active"], facts["awake"]) == ("active", "active"),
    }


def _script_has(facts: Facts) -> dict[str, bool]:
    return {
        "its script": facts["script"] == commands.digest(units.script()),
        PROCESS: facts["running"] == "yes",
    }
