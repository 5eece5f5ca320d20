"""What a look has come to: the things that were seen, and what could not be looked at."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import botocore.exceptions as sdk

from mlflow_ops.errors import MlflowOpsError
from mlflow_ops.refusals import FAILURES, words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlflow_ops.inventory.holding import Holding

T = TypeVar("T")


@dataclass
class Findings:
    """What one place holds; `place` is a region, or IAM, which is in none."""

    place: str
    holdings: list[Holding] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    unseen: set[str] = field(default_factory=set)
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
            self.failures.append(f"{what} in {self.place}: {words(error)}")
        return found
