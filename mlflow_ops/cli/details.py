"""The details of a plan, line by line: settings, IAM documents, and what the host will be told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mlflow_ops.iam.documents import Document
    from mlflow_ops.rehearsing import Rehearsed
    from mlflow_ops.rehearsing.told import Told

# Files with more lines, which are the locks that ship with us, are in the JSON document alone.
LONGEST = 150
WORDS = (
    "Words in capitals stand for what AWS or the host will give, and no secret is shown. The host "
    "is asked questions in between, which change nothing."
)

WRITING = (
    "`put PATH` writes a file that only its owner may read: by `umask 077 && cat > PATH.part && "
    "mv -- PATH.part PATH`, fed with its text."
)


def told_document(told: Told) -> dict[str, str]:
    """Return one command with what it is fed, or one file with its text."""
    name = "text" if told.verb == "put" else "stdin"
    more = {name: told.text} if told.verb == "put" or told.text else {}
    return {"step": told.step, told.verb: told.what, **more}


def settings(rehearsed: Rehearsed) -> Iterator[str]:
    """Yield the lines about what will be made outside the host."""
    if any(rehearsed.settings.values()):
        yield from ("", "Settings of what will be made or mended:")
    for step, held in rehearsed.settings.items():
        if held:
            yield f"  {step}"
        for name, value in held.items():
            lines = (value if isinstance(value, str) else json.dumps(value)).splitlines()
            yield f"    {name}: {'' if len(lines) > 1 else ''.join(lines)}".rstrip()
            yield from (f"      {line}" for line in lines if len(lines) > 1)


def documents(said: Iterable[Document]) -> Iterator[str]:
    """Yield the lines about who may do what."""
    for each in said:
        yield from ("", f"The {each.title}:{f' {each.arn}' if each.arn else ''}")
        if each.document:
            yield from (f"  {line}" for line in json.dumps(each.document, indent=2).split("\n"))


def remarks(rehearsed: Rehearsed) -> Iterator[str]:
    """Yield the lines that tell what is particular about this plan."""
    for remark in rehearsed.remarks:
        yield from ("", remark)


def commands(all_told: Sequence[Told]) -> Iterator[str]:
    """Yield the lines about what the host will be told, in order."""
    if all_told:
        yield from ("", f"On the host, in order. {WORDS}")
    if any(told.verb == "put" for told in all_told):
        yield WRITING
    step = ""
    for told in all_told:
        if told.step != step:
            step = told.step
            yield from ("", f"# {step}")
        yield from (_file(told) if told.verb == "put" else _command(told))


def _command(told: Told) -> Iterator[str]:
    """Yield the lines of a command, and of what it is fed."""
    yield from told.what.split("\n")
    if told.text:
        yield f"    fed on stdin: {told.text}"


def _file(told: Told) -> Iterator[str]:
    """Yield the lines of a file."""
    lines = told.text.rstrip("\n").split("\n")
    size = f"{len(lines)} line{'' if len(lines) == 1 else 's'}"
    if len(lines) > LONGEST:
        yield f"put {told.what} ({size}, which --json shows)"
        return
    yield f"put {told.what} ({size}):"
    yield from (f"    {line}".rstrip() for line in lines)
