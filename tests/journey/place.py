"""Where a journey goes: the strict cloud on this machine, or a real AWS account."""

from __future__ import annotations

import os
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
import pytest
from cloud.account import Account

from mlflow_ops.names import Names

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

NAME = "test-aws"
CHOSEN = pytest.StashKey["Place"]()  # by whoever said --aws


@dataclass(frozen=True)
class Place:
    """An account and region, the environment and options that lead there, and what is behind.

    `machine` stands in for the instance's host while its context lasts, in a folder that it is
    given; on AWS there is a real one.
    """

    account: Account
    names: Names
    environment: dict[str, str]
    options: tuple[str, ...]
    machine: Callable[[Path], AbstractContextManager[object]]
    is_real: bool = False


def real() -> Place:
    """Return the account and region that the standard AWS environment leads to."""
    session = boto3.Session()
    region = session.region_name or "us-east-1"
    number = session.client("sts", region_name=region).get_caller_identity()["Account"]
    names, given = Names(NAME, number, region), variables(session, region)
    account = Account(given["AWS_ENDPOINT_URL"], session)
    return Place(account, names, given, (), lambda _: nullcontext(), is_real=True)


def variables(session: boto3.Session, region: str) -> dict[str, str]:
    """Return the environment that gives another program the session's credentials."""
    found = session.get_credentials()
    assert found, "There are no AWS credentials here."
    frozen = found.get_frozen_credentials()
    token = {"AWS_SESSION_TOKEN": frozen.token} if frozen.token else {}
    return {
        "AWS_ACCESS_KEY_ID": str(frozen.access_key),
        "AWS_SECRET_ACCESS_KEY": str(frozen.secret_key),
        "AWS_REGION": region,
        **token,
        # The tests' own environment leads nowhere; an empty one leads to AWS.
        "AWS_ENDPOINT_URL": os.environ.get("AWS_ENDPOINT_URL", ""),
    }
