"""A sandbox for the test's own command lines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Cli, Ran


@pytest.fixture
def sandboxed(cli: Cli) -> Iterator[Cli]:
    """Run commands on a sandbox that is gone after the test, whatever became of it."""

    def run(command: str, *words: str, **more: Any) -> Ran:  # noqa: ANN401 - as `cli` takes them
        return cli(command, "--sandbox", *words, **more)

    try:
        yield run
    finally:
        run("down", "--yes")


def document(ran: Ran) -> Any:  # noqa: ANN401 - one JSON document
    """Return what stands on stdout, which must be one JSON document and nothing else."""
    return json.loads(ran.out)
