"""The plan of `up`, as it is shown and as it is given in JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from mlflow_ops import plan as plans
from mlflow_ops.cli.show import WIDTH
from mlflow_ops.iam.documents import documents
from mlflow_ops.reach import address
from mlflow_ops.steps import taken

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlflow_ops.cli.show import Screen
    from mlflow_ops.iam.documents import Document
    from mlflow_ops.rehearsing import Rehearsed
    from mlflow_ops.rehearsing.told import Told
    from mlflow_ops.stack import Stack
    from mlflow_ops.walk import Found

# Files with more lines, which are the locks that ship with us, are in the JSON document alone.
LONGEST = 150
WORDS = (
    "Words in capitals stand for what AWS or the host will give, and no secret is shown. The host "
    "is asked questions in between, which change nothing."
)


def plan(screen: Screen, stack: Stack, found: Found) -> None:
    """Show what `up` is about to do, where, and what it costs."""
    screen.say(
        f"Stack {stack.names.stack!r} in account {stack.names.account}, {stack.names.region} "
        f"({stack.target.kind}):"
    )
    for row in plans.rows(stack, taken(stack.shape), found):
        screen.row(f"  {row.step:<{WIDTH}} {row.action:<7} {row}")
    screen.say(plans.cost(stack))
    if stack.shape.access == "port" and address.world_open(stack.want().allow):
        screen.say(
            f"Warning: anyone on the internet will be able to reach the server, which asks for "
            f"{'a' if stack.shape.login else 'no'} login. Name who may with --allow CIDR."
        )


def dry_run(
    screen: Screen, stack: Stack, found: Found, from_file: dict[str, Any] | None = None
) -> None:
    """Show the whole plan: what the question before `up` shows, and all that it will say and do."""
    from mlflow_ops import rehearsing  # noqa: PLC0415 - a question needs it not, and paramiko takes 0.3 s to load

    rehearsed, said = rehearsing.rehearse(stack, found), documents(stack)
    plan(screen, stack, found)
    details = (*_settings(rehearsed), *_documents(said), *_commands(rehearsed))
    for line in () if screen.as_json else details:
        screen.row(line)
    screen.say("\nNothing was changed.")
    screen.result({**document(stack, found, rehearsed, said), "from_file": from_file})


def document(
    stack: Stack, found: Found, rehearsed: Rehearsed, said: Iterable[Document]
) -> dict[str, Any]:
    """Return what `up --dry-run --json` prints."""
    rows = plans.rows(stack, taken(stack.shape), found)
    settings = rehearsed.settings
    return {
        "stack": stack.names.stack,
        "target": stack.target.kind,
        "account": stack.names.account,
        "region": stack.names.region,
        "plan": [asdict(row) | {"settings": settings.get(row.step, {})} for row in rows],
        "cost": plans.cost(stack),
        "usd_month": plans.total(plans.costs(stack)),
        "documents": [asdict(each) for each in said],
        "commands": [_told(each) for each in rehearsed.told],
        "remarks": list(rehearsed.remarks),
    }


def _told(told: Told) -> dict[str, str]:
    """Return one command, or one file with its text."""
    found = {"step": told.step, told.verb: told.what}
    return found | ({"text": told.text} if told.verb == "put" else {})


def _settings(rehearsed: Rehearsed) -> Iterator[str]:
    """Yield the lines about what will be made outside the host."""
    if any(rehearsed.settings.values()):
        yield from ("", "Settings of what will be made:")
    for step, held in rehearsed.settings.items():
        if held:
            yield f"  {step}"
        for name, value in held.items():
            yield f"    {name}: {value if isinstance(value, str) else json.dumps(value)}"


def _documents(said: Iterable[Document]) -> Iterator[str]:
    """Yield the lines about who may do what."""
    for each in said:
        yield from ("", f"The {each.title}:{f' {each.arn}' if each.arn else ''}")
        if each.document:
            yield from (f"  {line}" for line in json.dumps(each.document, indent=2).split("\n"))


def _commands(rehearsed: Rehearsed) -> Iterator[str]:
    """Yield the lines about what the host will be told, in order."""
    yield from (f"\n{remark}" for remark in rehearsed.remarks)
    if rehearsed.told:
        yield from ("", f"On the host, in order. {WORDS}")
    step = ""
    for told in rehearsed.told:
        if told.step != step:
            step = told.step
            yield from ("", f"# {step}")
        yield from (_file(told) if told.verb == "put" else told.what.split("\n"))


def _file(told: Told) -> Iterator[str]:
    """Yield the lines of a file."""
    lines = told.text.rstrip("\n").split("\n")
    size = f"{len(lines)} line{'' if len(lines) == 1 else 's'}"
    if len(lines) > LONGEST:
        yield f"put {told.what} ({size}, which --json shows)"
        return
    yield f"put {told.what} ({size}):"
    yield from (f"    {line}".rstrip() for line in lines)
