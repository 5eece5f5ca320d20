"""Showing that a policy is enough for a command, and that none of its parts is too much."""

from __future__ import annotations

import json
import re
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from mlflow_ops.lease import lock

from . import by_hand, here
from .permissions import Permissions, Used, listed

if TYPE_CHECKING:
    from collections.abc import Callable

    from .needs_ec2 import Need
    from .operator import Laptop, Run
    from .scene import Scene
    from .server import StrictCloud
    from .wire import Rule

NOTHING: dict[str, list[dict[str, object]]] = {"Statement": []}


@dataclass(frozen=True)
class Trial:
    """How a command is tried: it must end with `code`, and say `shows`, when nothing is denied it.

    With `at_once` all parts are left out together, as long as the user is told of each that is
    denied; what the denial of others has kept the command from comes after. What is `lasting` is
    not prepared anew: a run that ends where it is denied leaves it for the next.
    """

    words: tuple[str, ...]
    code: int = 0
    shows: str = ""
    at_once: bool = False
    lasting: bool = False
    rule: Rule | None = None

    def tells(self, run: Run, need: Need) -> bool:
        """Whether the user has heard of a denial, or has not heard what there was to say."""
        missed = self.shows not in run.output
        said = rf"call (?:[\w:-]+, )*{need.action}[ ,]"
        return missed or re.search(said, run.output) is not None


@dataclass
class Proof:
    """What is shown of the policy that `mlflow-ops policy WORDS` prints."""

    scene: Scene
    words: tuple[str, ...]
    shown: set[Used] = field(default_factory=set)

    def __post_init__(self) -> None:
        run = self._run(Permissions(NOTHING), self.scene.laptop(), ("policy", *self.words), None)
        assert run.code == 0, run.output
        self.document = json.loads(run.output)
        self.parts = {
            Used(statement["Sid"], action)
            for statement in self.document["Statement"]
            for action in listed(statement["Action"])
        }

    def show(self, prepare: Callable[[], Laptop], *words: str, **how: Any) -> None:  # noqa: ANN401 - a Trial's own fields
        """Run a command with all that the policy allows, then without the parts that this took.

        The first run must end as `Trial` says, and nothing may be denied it. Without a part the
        very thing that hung on it must be denied, and the command must end otherwise or say so.
        """
        trial = Trial(words, **how)
        full = Permissions(self.document)
        run = self._run(full, prepare(), words, trial.rule)
        assert (run.code, full.refused) == (trial.code, []), run.output
        assert trial.shows in run.output
        left = [each for each in full.used if each not in self.shown]
        laptop = prepare()
        at_once = trial.at_once
        while left:
            out = left if at_once else left[:1]
            less = full.without(*out)
            run = self._run(less, laptop, words, trial.rule)
            assert "Traceback" not in run.output, run.output
            lost = {part for need in less.refused for part in full.parts_for(need)}
            told = {
                part
                for need in less.refused
                for part in full.parts_for(need)
                if trial.tells(run, need)
            }
            lost = told if at_once or run.code == trial.code else lost
            assert at_once or lost.issuperset(out), f"without {out} nothing is lost: {run.output}"
            at_once = bool(lost) and at_once
            self.shown |= lost
            left = [each for each in left if each not in lost]
            laptop = laptop if trial.lasting else prepare()
            by_hand.unlock(self.scene.cloud)

    def _run(
        self, permissions: Permissions, laptop: Laptop, words: tuple[str, ...], rule: Rule | None
    ) -> Run:
        with ExitStack() as stack:
            for each in (rule, permissions.rule):
                if each:
                    stack.enter_context(self.scene.cloud.also(each))
            return self.scene.operator.run(laptop, *words)

    def show_renewal(self) -> None:
        """Show what it takes to renew the lock, which a run does only after a minute."""
        stack = here.stack_on(self.scene, self.scene.laptop())
        lock.acquire(stack, "somebody", ("token",))
        held, full = lock.holder(stack), Permissions(self.document)
        assert held
        with self.scene.cloud.also(full.rule):
            assert lock.extend(stack, held)
        for used in set(full.used) - self.shown:
            less = full.without(used)
            with self.scene.cloud.also(less.rule), pytest.raises(ClientError, match=used.action):
                lock.extend(stack, held)
            self.shown.add(used)

    def check_complete(self) -> None:
        """See that every part of the policy was shown to be needed."""
        assert self.parts == self.shown, self.parts ^ self.shown


def empty(scene: Scene, *make: Callable[[StrictCloud], object]) -> Laptop:
    """Return a new laptop beside an account in which only this was made."""
    scene.begin()
    for each in make:
        each(scene.cloud)
    return scene.laptop()


def ready(scene: Scene) -> Laptop:
    """Return a laptop from which a stack was made."""
    laptop = empty(scene)
    assert scene.up(laptop).code == 0
    return laptop
