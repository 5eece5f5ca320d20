"""Where to look and for whose things, and how a command for the `aws` program must end to fit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from shlex import quote
from typing import TYPE_CHECKING, Any

from mlflow_ops import regions
from mlflow_ops.inventory.holding import Where, Whose, by_name, by_tags
from mlflow_ops.names import TAG, Names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from mlflow_ops.aws import Aws


@dataclass(frozen=True)
class Search:
    """A look into one region: for the things of one stack there, or for those of every stack.

    `now` is the time by AWS's clock. A thing of `only` one stack counts by its tag alone.
    """

    aws: Aws
    account: str
    now: datetime
    only: Names | None = None

    @cached_property
    def where(self) -> Where:
        """What a name of ours can tell of."""
        known = dict.fromkeys([*regions.known(self.aws.session), self.aws.region])
        return Where(self.account, tuple(known))

    def whose(
        self,
        tags: Mapping[str, str],
        name: str = "",
        form: Callable[[Names], str] | None = None,
        *,
        lies: str | None = None,
    ) -> Whose | None:
        """Return whose a thing is that `lies` in a region, or None for what this is not about.

        Where it lies counts more than its tag, which a copy has taken along from elsewhere.
        """
        named = by_name(form or base, name, self.where)
        tagged = by_tags(tags)
        if tagged and not tagged.region and named and named.stack == tagged.stack:
            tagged = Whose(tagged.stack, named.region, tagged=True)
        found = tagged or named
        return found if found and self._is_about(found, lies or found.region) else None

    def _is_about(self, whose: Whose, region: str | None) -> bool:
        if self.only is None:
            return True
        here = region in {self.only.region, None}
        return whose.tagged and whose.stack == self.only.stack and here

    def tag_filter(self) -> dict[str, Any]:
        """Return the EC2 filter that finds what carries the tag."""
        if self.only is None:
            return {"Name": "tag-key", "Values": [TAG]}
        return {"Name": f"tag:{TAG}", "Values": [self.only.stack]}

    def command(self, *calls: str) -> str:
        """Return the shell command that makes these calls with the `aws` program, in this order."""
        return " && ".join(f"aws {call}{self.options}" for call in calls)

    @property
    def options(self) -> str:
        """What leads the `aws` program where this search looks."""
        profile = self.aws.session.profile_name
        chosen = {
            "--region": self.aws.region,
            "--profile": profile if profile != "default" else None,
            "--endpoint-url": self.aws.endpoint,
        }
        return "".join(f" {option} {quote(value)}" for option, value in chosen.items() if value)


def base(names: Names) -> str:
    """Return the name that most things of a stack have."""
    return names.base


def tags_of(found: Mapping[str, Any]) -> dict[str, str]:
    """Return the tags of a thing that AWS describes."""
    tags = found.get("Tags") or found.get("TagSet") or found.get("TagList") or []
    return {tag["Key"]: tag["Value"] for tag in tags}


def paged(client: Any, ask: str, path: str, **which: Any) -> Iterator[Any]:  # noqa: ANN401 - any client, and AWS's own descriptions
    """Yield what stands at `path` in every page of an answer."""
    if client.can_paginate(ask):
        found = client.get_paginator(ask).paginate(**which).search(path)
    else:
        found = getattr(client, ask)(**which)
        for member in path.removesuffix("[]").split("."):
            found = found.get(member, [])
    for one in found if path.endswith("[]") else [found]:
        if one is not None:  # a page without the member
            yield one
