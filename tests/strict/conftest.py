"""The strict cloud, and clients that it takes for the product's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from cloud import account, server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloud.server import StrictCloud

    from .asking import Client


@pytest.fixture(scope="module")
def served() -> Iterator[StrictCloud]:
    """Serve a strict cloud for a module's tests."""
    with server.serving() as cloud:
        yield cloud


@pytest.fixture
def cloud(served: StrictCloud) -> StrictCloud:
    """Return an empty cloud whose rules are as they are at first."""
    served.reset()
    return served


@pytest.fixture(scope="module")
def clients() -> dict[tuple[Any, ...], Any]:
    """Hold the clients of a module: each takes longer to make than a test to run."""
    return {}


@pytest.fixture
def ours(cloud: StrictCloud, clients: dict[tuple[Any, ...], Any]) -> Client:
    """Make clients that sign and speak as the product does, but try each call once."""

    def make(service: Any, region: str = "us-east-1", key: tuple[str, str] = account.KEY) -> Any:  # noqa: ANN401 - any of boto3's clients
        if found := clients.get((service, region, key)):
            return found
        config = Config(
            region_name=region,
            user_agent_extra="mlflow-ops/0",
            retries={"mode": "standard", "total_max_attempts": 1},
            s3={"addressing_style": "path"},
        )
        session = cloud.session if key == account.KEY else boto3.Session(*key)
        client = session.client(service, endpoint_url=cloud.endpoint, config=config)
        return clients.setdefault((service, region, key), client)

    return make
