"""Steps, watchers and stacks written by hand, for tests of what walks over them."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlflow_ops.records import Readiness, Record
from mlflow_ops.stack import Stack, Voice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow_ops.iam.scopes import Allows


@dataclass
class FakeStep:
    """A step whose thing is a line in `world`; `calls` is shared by all steps of a test."""

    name: str
    calls: list[str]
    world: set[str] = field(default_factory=set)
    readiness: list[Readiness] = field(default_factory=list)
    error: Exception | None = None
    incomplete: bool = False
    PURPOSE: str = "something"
    PLACE: str = "aws"
    DEADLINE: float = 10.0
    ALLOWS: Allows = field(default_factory=dict)

    def _record(self, *, missing: tuple[str, ...] = ()) -> Record:
        kind: type[Record] = type(self.name, (Record,), {})
        return kind(f"{self.name}-1", missing=missing)

    def find(self, stack: Stack) -> Record | None:
        """Look in the world."""
        self.calls.append(f"find {self.name}")
        if self.error:
            raise self.error
        if self.name not in self.world:
            return None
        return self._record(missing=("a part",) if self.incomplete else ())

    def plan(self, stack: Stack) -> str:
        """Say what would be made."""
        return f"a {self.name}"

    def create(self, stack: Stack) -> Record:
        """Put it into the world."""
        self.calls.append(f"create {self.name}")
        self.world.add(self.name)
        return self._record()

    def ready(self, stack: Stack, record: Record) -> Readiness:
        """Answer as the test says, then ready."""
        return self.readiness.pop(0) if self.readiness else Readiness("ready")

    def destroy(self, stack: Stack, record: Record) -> None:
        """Take it out of the world."""
        self.calls.append(f"destroy {self.name}")
        if self.error:
            raise self.error
        self.world.discard(self.name)


@dataclass
class FakeWatch:
    """Writes down what it is shown."""

    seen: list[str] = field(default_factory=list)

    @contextmanager
    def step(self, name: str, doing: str) -> Iterator[Voice]:
        """Note the step."""
        self.seen.append(f"{doing} {name}")
        yield Voice(say=self.seen.append)

    def note(self, text: str) -> None:
        """Note a word beside the steps."""
        self.seen.append(text)

    def done(self, what: str) -> None:
        """Note its end."""
        self.seen.append(f"done {what}")
