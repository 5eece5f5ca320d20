"""What a look has come to: the things that were seen, and what could not be looked at."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import botocore.exceptions as sdk

from mlflow_ops.errors import MlflowOpsError
from mlflow_ops.refusals import FAILURES, words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlflow_ops.inventory.holding import Holding

T = TypeVar("T")
# The action, where a sentence of ours says that AWS does not allow it.
DENIED = re.compile(r"(?<=\bcall )([\w-]+:\w+)")


@dataclass
class Findings:
    """What one place holds; `place` is a region, or IAM, which is in none."""

    place: str
    holdings: list[Holding] = field(default_factory=list)
    unseen: set[str] = field(default_factory=set)
    _failed: list[tuple[str, str]] = field(default_factory=list)
    _silent: set[str] = field(default_factory=set)

    def seen(self, service: str, what: str, look: Iterable[T]) -> list[T]:
        """Return what one look sees; its failure is noted, and hides nothing of another look.

        What was not seen to the end is among the `unseen`. A service that was not to be reached is
        not asked again, since each try takes minutes.
        """
        found: list[T] = []
        if service in self._silent:
            self.unseen.add(what)
            return found
        try:
            for one in look:
                found.append(one)  # noqa: PERF402 - what was seen before a failure counts
        except (MlflowOpsError, *FAILURES) as error:
            if isinstance(error, (sdk.ConnectionError, sdk.HTTPClientError)):
                self._silent.add(service)
            self.unseen.add(what)
            self._failed.append((what, words(error)))
        return found

    @property
    def failures(self) -> list[str]:
        """What was not seen and why; what is denied in the same words is one sentence."""
        groups: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
        for what, why in self._failed:
            before, *rest = DENIED.split(why, maxsplit=1)
            groups.setdefault((before, *rest[1:]), []).append((what, *rest[:1]))
        return [
            f"{_named(each[0] for each in alike)} in {self.place}: "
            f"{before}{_named(each[-1] for each in alike if rest)}{''.join(rest)}"
            for (before, *rest), alike in groups.items()
        ]


def _named(words: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(words))
