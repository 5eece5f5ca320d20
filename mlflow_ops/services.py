"""The AWS services that a run may speak to, each by a client of its own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from mlflow_ops.aws import Aws

C = TypeVar("C")


class Service(Generic[C]):
    """The client of one service, made when it is first used, in the stack's region or its own."""

    def __init__(self, name: str, region: str | None = None) -> None:
        self._asked, self._attribute = (name, region), name

    def __set_name__(self, _: type[Aws], attribute: str) -> None:
        """Learn the name that it goes by among the clients."""
        self._attribute = attribute

    def __get__(self, aws: Aws, _: type[Aws]) -> C:
        """Make the client, and leave it where it is found before this is asked again."""
        made: C = aws._client(*self._asked)  # noqa: SLF001 - it is a part of that class
        vars(aws)[self._attribute] = made
        return made


def endpoint(service: str) -> str | None:
    """Return where the environment says that a service is, by AWS's own variable for it."""
    from botocore import utils  # noqa: PLC0415 - 0.1 s, which is for who asks AWS alone

    named = utils.CLIENT_NAME_TO_HYPHENIZED_SERVICE_ID_OVERRIDES.get(service, service)
    return os.environ.get(f"AWS_ENDPOINT_URL_{named.replace('-', '_').upper()}")
